"""From a builder's patches to a series that is ready for its branch: objects are written, no ref is moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from credseries.creds.proof import ASSUMPTIONS
from credseries.kernel.git import Repository
from credseries.kernel.subjects import common_prefix
from credseries.kernel.values import NewCommit
from credseries.rewrite.plan import Judged
from credseries.series.build import Builder, PlannedPatch
from credseries.series.drafts import Draft
from credseries.series.model import PatchRecord, Selection, SeriesRecord, SiteRecord, Thread, TopicRecord
from credseries.series.prep import CoverMessage, committer, new_tracking
from credseries.series.publish import Placing
from credseries.series.recipe import Recipe, Topic
from credseries.series.scan import Survey
from credseries.series.symbols import FindName

Letter = Callable[[SeriesRecord], str]


@dataclass(frozen=True)
class Naming:
    """What a series is called: its branch, its change-id (the same in every version), its version, and its title."""

    branch: str
    change_id: str
    revision: int
    title: str


@dataclass(frozen=True)
class Made:
    """A series that is made: its record, which has no ids of commits yet, and the commits that it goes in as."""

    record: SeriesRecord
    commits: tuple[NewCommit, ...]

    def placing(self, letter: Letter) -> Placing:
        """How it goes onto a new branch, with a cover letter."""
        cover = CoverMessage(letter(self.record), new_tracking(self.record)).text
        return Placing(self.record, cover, self.commits)


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


def write_patches(
    repo: Repository, start: str, patches: Sequence[PlannedPatch], when: datetime
) -> tuple[list[NewCommit], tuple[PatchRecord, ...]]:
    """The patches as commits that have their trees, and as records that have all but the ids of their commits.

    They are written onto `start`, as objects that no ref names: the trees stay when they are committed again.
    """
    commits = [NewCommit(patch.message, patch.changes) for patch in patches]
    author = repo.identity("author")
    ids = repo.write_commits(start, commits, author=author, committer=committer(repo), when=when)
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
            patch.key,
        )
        for index, (patch, changed) in enumerate(zip(patches, changes, strict=True), 1)
    )
    return [NewCommit(info.message, tree=info.tree) for info in infos], records


def finder(repo: Repository, commit: str) -> FindName:
    """How the C files of a commit, below a directory, that mention a name are found."""

    def find(name: str, place: str) -> dict[str, bytes]:
        if not repo.exists(commit, place):
            return {}
        found = [item for item in repo.grep_files(commit, [name], [place]) if item.endswith((".c", ".h"))]
        return repo.read_files(commit, found)

    return find


def make_builder(repo: Repository, survey: Survey, recipe: Recipe, selection: Selection | None = None) -> Builder:
    """A builder that reads from the repository, at the surveyed commit."""

    def read(path: str) -> bytes:
        known = survey.program.files.get(path)
        return known.source if known is not None else repo.read_files(survey.commit, [path])[path]

    @cache
    def prefix(path: str) -> str:
        return common_prefix(repo.subjects(survey.commit, path))

    author = repo.identity("author")
    return Builder(survey, recipe, read, finder(repo, survey.commit), str(author), selection, prefix)


def assemble(
    repo: Repository,
    builder: Builder,
    naming: Naming,
    when: datetime,
    *,
    before: Sequence[Draft] = (),
    own: Sequence[Draft] | None = None,
    thread: Thread | None = None,
    prerequisites: Sequence[str] = (),
) -> Made:
    """Write the patches of a builder (or those of `own`, on top of those of `before`) as objects.

    Raises ProofError, ImpossibleOrder, SourceError and MissingIdentity.
    """
    recipe, survey = builder.recipe, builder.survey
    chosen = list(own) if own is not None else builder.drafts
    planned = builder.patches([*before, *chosen])
    first, patches = planned[: len(before)], planned[len(before) :]
    start = survey.commit
    if first:
        who = committer(repo)
        commits = [NewCommit(patch.message, patch.changes) for patch in first]
        start = repo.write_commits(start, commits, author=repo.identity("author"), committer=who, when=when)[-1]
    made, records = write_patches(repo, start, patches, when)
    names = {patch.topic.name for patch in patches}
    topics = [topic for topic in recipe.topics if topic.name in names]
    refused = [item for item in builder.sites if item.choice is None and _covers(topics, item)]
    record = SeriesRecord(
        branch=naming.branch,
        recipe=recipe.origin or recipe.name,
        title=naming.title,
        summary=recipe.summary,
        base=survey.commit,
        tip="",
        base_version=survey.version,
        change_id=naming.change_id,
        revision=naming.revision,
        prefixes=recipe.prefixes,
        counts_references=survey.interface.counts_references is not False,
        topics=tuple(TopicRecord(topic.name, topic.title, topic.tree, topic.after, topic.note) for topic in topics),
        patches=records,
        refused=tuple(site_record(item) for item in refused),
        assumptions=ASSUMPTIONS,
        start=start,
        prerequisites=tuple(prerequisites),
        selection=builder.selection,
        thread=thread,
    )
    return Made(record, tuple(made))


def _covers(topics: Sequence[Topic], item: Judged) -> bool:
    """Whether one of some topics covers a site."""
    return any(topic.covers(item.site.function.path) for topic in topics)
