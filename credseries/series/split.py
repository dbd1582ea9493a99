"""Split: a survey becomes a branch, with its cover letter, in one step."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from credseries.creds.proof import ASSUMPTIONS
from credseries.errors import BranchExists, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.values import Identity, NewCommit
from credseries.rewrite.plan import Judged
from credseries.series.build import Builder, PlannedPatch
from credseries.series.model import PatchRecord, SeriesRecord, SiteRecord, TopicRecord
from credseries.series.prep import CoverMessage, check_branch_name, check_namesakes, committer, new_tracking
from credseries.series.publish import publish
from credseries.series.recipe import Recipe
from credseries.series.scan import Survey

Letter = Callable[[SeriesRecord], str]


@dataclass(frozen=True)
class Stamp:
    """What a split takes from outside: the time of its commits, and 12 hexadecimal digits for the change-id."""

    when: datetime
    token: str


def check_branch(repo: Repository, branch: str) -> None:
    """Raises UsageError for a name that git or b4 cannot work with, BranchExists when it is taken."""
    if not repo.valid_branch_name(branch):
        hint = "see `git help check-ref-format`, or use letters, digits and '-'"
        raise UsageError(f"{branch!r} cannot be the name of a branch", hint=hint)
    if repo.branch_tip(branch) is not None:
        hint = f"choose another with --branch NAME, or delete it: git branch -D {branch}"
        raise BranchExists(f"branch {branch} exists already", hint=hint)
    above = branch
    while "/" in above:
        above = above.rpartition("/")[0]
        if repo.branch_tip(above) is not None:
            hint = "choose another with --branch NAME: git keeps no branch below another one"
            raise BranchExists(f"branch {above} exists already, so there can be no {branch}", hint=hint)
    check_branch_name(branch)
    check_namesakes(repo, branch)


def site_record(item: Judged) -> SiteRecord:
    """The record of a site and its verdict."""
    site = item.site
    moved = tuple((moved.line, moved.call) for verdict in item.verdicts for moved in verdict.moved)
    return SiteRecord(
        site.function.path,
        site.line,
        site.function.name,
        site.override,
        site.source,
        site.kind.value,
        item.choice.value if item.choice is not None else "refused",
        item.reason,
        moved,
    )


def _change_id(recipe: Recipe, stamp: Stamp) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", recipe.title.lower()).strip("-")[:40].rstrip("-")
    return f"{stamp.when:%Y%m%d}-{slug}-{stamp.token}"


def write_patches(
    repo: Repository, start: str, patches: Sequence[PlannedPatch], stamp: Stamp
) -> tuple[list[NewCommit], tuple[PatchRecord, ...]]:
    """The patches as commits that have their trees, and as records that have all but the ids of their commits.

    They are written onto `start`, as objects that no ref names: the trees stay when they are committed again.
    """
    commits = [NewCommit(patch.message, patch.changes) for patch in patches]
    author = repo.identity("author")
    ids = repo.write_commits(start, commits, author=author, committer=committer(repo), when=stamp.when)
    infos, changes = repo.commits(start, ids[-1]), repo.changes(ids)
    records = tuple(
        PatchRecord(
            index,
            "",
            patch.subject,
            patch.topic.name,
            patch.topic.tree,
            tuple(change.path for change in changed),
            sum(change.added for change in changed),
            sum(change.removed for change in changed),
            tuple(site_record(item) for item in patch.sites),
            patch.topic.lists,
        )
        for index, (patch, changed) in enumerate(zip(patches, changes, strict=True), 1)
    )
    return [NewCommit(info.message, tree=info.tree) for info in infos], records


def make_builder(repo: Repository, survey: Survey, recipe: Recipe, author: Identity) -> Builder:
    """A builder that reads from the repository, at the surveyed commit."""

    def read(path: str) -> bytes:
        known = survey.program.files.get(path)
        return known.source if known is not None else repo.read_files(survey.commit, [path])[path]

    def find(name: str, path: str) -> dict[str, bytes]:
        # what a file sees comes from its own directory or from the headers that all share
        places = [place for place in (str(PurePosixPath(path).parent), "include") if repo.exists(survey.commit, place)]
        found = [item for item in repo.grep_files(survey.commit, [name], places) if item.endswith((".c", ".h"))]
        return repo.read_files(survey.commit, found)

    return Builder(survey, recipe, read, find, str(author))


def split(repo: Repository, survey: Survey, recipe: Recipe, branch: str, stamp: Stamp, letter: Letter) -> SeriesRecord:
    """Commit the series to a new branch; the user's work tree, index and branches stay as they are.

    `letter` gives the text of the cover letter for the record, which has no ids of commits yet. Raises BranchExists,
    MissingIdentity, ProofError, SourceError.
    """
    check_branch(repo, branch)
    builder = make_builder(repo, survey, recipe, repo.identity("author"))
    patches = builder.patches()
    commits, records = write_patches(repo, survey.commit, patches, stamp)
    used = {patch.topic.name for patch in patches}
    record = SeriesRecord(
        branch=branch,
        recipe=recipe.origin or recipe.name,
        title=recipe.title,
        summary=recipe.summary,
        base=survey.commit,
        tip="",
        base_version=survey.version,
        change_id=_change_id(recipe, stamp),
        revision=1,
        prefixes=recipe.prefixes,
        counts_references=survey.interface.counts_references is not False,
        topics=tuple(
            TopicRecord(topic.name, topic.title, topic.tree, topic.after, topic.note)
            for topic in recipe.topics
            if topic.name in used
        ),
        patches=records,
        refused=tuple(site_record(item) for item in builder.sites if item.choice is None),
        assumptions=ASSUMPTIONS,
        start=survey.commit,
    )
    cover = CoverMessage(letter(record), new_tracking(record)).text
    reflog = f"credseries split: {recipe.name}"
    return publish(repo, record, cover, commits, replaces=None, when=stamp.when, reflog=reflog)
