"""Split: a survey becomes a branch. Objects first, then one atomic ref update, then b4's tracking."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from credseries.creds.proof import ASSUMPTIONS
from credseries.errors import BranchExists, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.values import Identity, NewCommit, RefChange
from credseries.rewrite.plan import Judged
from credseries.series.build import Builder, PlannedPatch
from credseries.series.model import PatchRecord, SeriesRecord, SiteRecord, TopicRecord
from credseries.series.recipe import Recipe
from credseries.series.scan import Survey

Enrol = Callable[[SeriesRecord], None]


@dataclass(frozen=True)
class Stamp:
    """What a split takes from outside: the time of its commits, and 12 hexadecimal digits for the change-id."""

    when: datetime
    token: str


def check_branch(repo: Repository, branch: str) -> None:
    """Raises UsageError for a name that git cannot work with, BranchExists when it is taken."""
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


def _patch_records(
    repo: Repository, base: str, ids: Sequence[str], patches: Sequence[PlannedPatch]
) -> tuple[PatchRecord, ...]:
    records = []
    for index, (parent, commit, patch) in enumerate(zip([base, *ids], ids, patches, strict=False), 1):
        stats = repo.diffstat(parent, commit)
        records.append(
            PatchRecord(
                index,
                commit,
                patch.subject,
                patch.topic.name,
                patch.topic.tree,
                tuple(stat.path for stat in stats),
                sum(stat.added for stat in stats),
                sum(stat.removed for stat in stats),
                tuple(site_record(item) for item in patch.sites),
                patch.topic.lists,
            )
        )
    return tuple(records)


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


def split(repo: Repository, survey: Survey, recipe: Recipe, branch: str, stamp: Stamp, enrol: Enrol) -> SeriesRecord:
    """Commit the series to a new branch and enrol it; the user's work tree, index and branches stay as they are.

    When `enrol` fails, the branch is deleted again. Raises BranchExists, MissingIdentity, ProofError, SourceError.
    """
    check_branch(repo, branch)
    author, committer = repo.identity("author"), repo.identity("committer")

    builder = make_builder(repo, survey, recipe, author)
    patches = builder.patches()
    commits = [NewCommit(patch.message, patch.changes) for patch in patches]
    ids = repo.write_commits(survey.commit, commits, author=author, committer=committer, when=stamp.when)
    used = {patch.topic.name for patch in patches}
    record = SeriesRecord(
        branch=branch,
        recipe=recipe.origin or recipe.name,
        title=recipe.title,
        summary=recipe.summary,
        base=survey.commit,
        tip=ids[-1],
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
        patches=_patch_records(repo, survey.commit, ids, patches),
        refused=tuple(site_record(item) for item in builder.sites if item.choice is None),
        assumptions=ASSUMPTIONS,
    )
    ref = f"refs/heads/{branch}"
    try:
        repo.update_refs([RefChange(ref, ids[-1], repo.zero_id)], f"credseries split: {recipe.name}")
        enrol(record)
    except BaseException:
        # an interrupt can come when the branch is just made; somebody else's branch of that name is left alone
        if repo.branch_tip(branch) == ids[-1]:
            repo.update_refs([RefChange(ref, repo.zero_id, ids[-1])], "credseries split: not enrolled")
        raise
    return record
