"""Refresh: a series made anew on another base, or by another recipe, with all that people did to it by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from credseries.errors import ProofError
from credseries.kernel.git import Repository
from credseries.kernel.merge import merge_texts
from credseries.kernel.values import CommitInfo, NewCommit
from credseries.series import saved
from credseries.series.assemble import Letter, Made, Naming, assemble, make_builder
from credseries.series.build import Builder
from credseries.series.carry import Carried, Conflict, carry
from credseries.series.changelog import join_letter, merge_logs, split_letter
from credseries.series.compare import Changes, Converted, compare
from credseries.series.current import Current
from credseries.series.model import Selection, SeriesRecord
from credseries.series.prep import CoverMessage, committer, is_cover, read_cover
from credseries.series.publish import Edited, Placing, publish
from credseries.series.recipe import Recipe
from credseries.series.reviews import with_reviews
from credseries.series.scan import Survey
from credseries.series.split import make_threads

PREVIOUS = "refs/credseries/previous/"
CONFLICTS = "refs/credseries/conflicts/"


@dataclass(frozen=True)
class Remade:
    """A series made anew next to what it was: `old` on its branch, `made` and `carried` to go there.

    `present` are the sites that the new base has converted already.
    """

    old: Current
    made: Made
    carried: Carried
    changes: Changes
    present: tuple[Converted, ...] = ()

    @property
    def edited(self) -> bool:
        """Whether the branch gets something else than what credseries made."""
        return self.carried.commits != self.made.commits


@dataclass(frozen=True)
class Refreshed:
    """A series that was put on its branch anew; `kept` are refs that hold what did not fit, with the conflicts."""

    remade: Remade
    record: SeriesRecord
    remarks: tuple[str, ...]
    kept: tuple[tuple[str, Conflict], ...] = ()


def remake(
    repo: Repository,
    series: Sequence[Current],
    surveys: Callable[[str], Survey],
    recipe: Recipe,
    when: datetime,
    *,
    squash: bool,
    revisions: Mapping[str, int] | None = None,
    selection: Selection | None = None,
) -> list[Remade]:
    """Make series anew (one, or all threads of several); `surveys` gives the survey of a tree's new base.

    `revisions` has the new versions, by branch, of those that get another one. Nothing is put on a branch. Raises
    ProofError when nothing is left to convert, and as `split` does.
    """
    builders: dict[str, Builder] = {}

    def builder(tree: str) -> Builder:
        if tree not in builders:
            builders[tree] = make_builder(repo, surveys(tree), recipe, selection or series[0].pristine.selection)
        return builders[tree]

    by_tree = {item.pristine.thread.tree: item for item in series if item.pristine.thread is not None}

    def naming(tree: str) -> Naming:
        record = (by_tree.get(tree) or series[0]).record
        return Naming(
            record.branch, record.change_id, (revisions or {}).get(record.branch, record.revision), record.title
        )

    thread = series[0].pristine.thread
    if thread is None:
        made = [assemble(repo, builder(""), naming(""), when)]
    else:
        trees = [tree for tree in thread.trees if tree in by_tree]
        made = make_threads(repo, builder, trees, naming, thread.umbrella, when)
    found = []
    for current, anew in zip(series, made, strict=True):
        given = current.pristine
        record = replace(anew.record, numbers=given.numbers, measured=given.measured, note=given.note, told=given.told)
        item = replace(anew, record=record)
        survey = surveys(item.record.thread.tree if item.record.thread else "")
        carried = carry(repo, current, item, squash=squash)
        present = converted(survey)
        changes = compare(current.pristine, item.record, present)
        found.append(Remade(current, item, carried, changes, tuple(present)))
    return found


def converted(survey: Survey) -> list[Converted]:
    """The sites that a tree has converted already."""
    sites = (site for analysis in survey.analyses for site in analysis.sites)
    return [Converted(site.function.path, site.function.name, site.converted) for site in sites if site.converted]


def check_conflicts(remade: Sequence[Remade]) -> None:
    """Raises ProofError that names every conflict with what was done by hand."""
    found = [conflict for item in remade for conflict in item.carried.conflicts]
    if not found:
        return
    lines = "\n".join(f"  {item.deed.commit[:12]} {item.deed.subject}: {item.reason}" for item in found)
    raise ProofError(
        f"what was done by hand does not fit onto the series made anew; nothing was changed:\n{lines}",
        hint="undo it on the branch, or run this again with --set-aside: then each is kept as a commit of its own "
        f"below {CONFLICTS}",
    )


def put(
    repo: Repository,
    remade: Sequence[Remade],
    letter: Letter,
    when: datetime,
    reflog: str,
    more: Callable[[Remade, CoverMessage], CoverMessage] | None = None,
    refs: Mapping[str, str] | None = None,
) -> list[Refreshed]:
    """Put series made anew on their branches, all in one step; what they were stays below refs/credseries/previous/.

    `refs` are more refs to be set in that step. A changelog that `letter` gives (see `changelog`) takes the place of
    the one that credseries wrote last, and the author's lines stay; without one, all of it stays. `more` gives the last
    touch to a cover letter. Conflicts are kept below refs/credseries/conflicts/.
    Raises as `publish` does.
    """
    placings, keep, remarks, kept = [], dict(refs or {}), [], []
    for item in remade:
        placing, said = _placing(repo, item, letter, more)
        placings.append(placing)
        remarks.append((*item.carried.remarks, *said))
        keep[PREVIOUS + saved.escaped(item.old.record.branch)] = _tip(repo, item.old)
        aside = _set_aside(repo, item, when)
        keep |= {ref: commit for ref, commit, _ in aside}
        kept.append(tuple((ref, conflict) for ref, _, conflict in aside))
    records = publish(repo, placings, when=when, reflog=reflog, keep=keep)
    return [Refreshed(*parts) for parts in zip(remade, records, remarks, kept, strict=True)]


def _tip(repo: Repository, current: Current) -> str:
    return repo.branch_tip(current.record.branch) or current.record.tip


def _placing(
    repo: Repository,
    item: Remade,
    letter: Letter,
    more: Callable[[Remade, CoverMessage], CoverMessage] | None,
) -> tuple[Placing, list[str]]:
    """How a series goes onto its branch: with its cover letter made anew, and what its author wrote into that."""
    old = item.old
    record = with_reviews(item.made.record, [commit.message for commit in item.carried.commits])
    fresh, log = split_letter(letter(record))
    tracking = _tracking(old, record)
    text, notes, remarks = fresh, log, []
    if old.cover is not None:
        before, log_before = split_letter(pristine_letter(repo, old))
        now, notes = split_letter(read_cover(old.cover_message).letter)
        merged = merge_texts(repo, before, fresh, now)
        if merged is None:
            remarks.append("the cover letter is kept as you wrote it, although what it tells has changed")
        text = now if merged is None else merged
        notes, log = merge_logs(log_before, log, notes) if log else notes, log or log_before
    pristine = CoverMessage(join_letter(fresh, log), tracking)
    mine = CoverMessage(join_letter(text, notes), tracking)
    if more is not None:
        pristine, mine = more(item, pristine), more(item, mine)
    edited = None
    if item.edited or mine != pristine:
        edited = Edited(mine.text, item.carried.commits)
    return Placing(record, pristine.text, item.made.commits, _tip(repo, old), edited), remarks


def _tracking(old: Current, record: SeriesRecord) -> dict[str, object]:
    """b4's tracking data with what changes when a series is made anew."""
    from credseries.series.prep import new_tracking

    known = read_cover(old.cover_message).tracking if old.cover is not None else {"series": {}}
    fresh = new_tracking(record)["series"]
    kept = {key: value for key, value in known["series"].items() if key != "prerequisites"}
    return {**known, "series": {**kept, **fresh, "prefixes": kept.get("prefixes", fresh["prefixes"])}}


def pristine_letter(repo: Repository, old: Current) -> str:
    """The cover letter as credseries made it."""
    infos: list[CommitInfo] = repo.commits(old.pristine.start, old.pristine.tip)
    return next((read_cover(info.message).letter for info in infos if is_cover(info.message)), "")


def _set_aside(repo: Repository, item: Remade, when: datetime) -> list[tuple[str, str, Conflict]]:
    """What does not fit, each as a commit that `git cherry-pick` can try again, and the ref that will hold it.

    What was set aside before stays where it is: the numbers go on.
    """
    found: list[tuple[str, str, Conflict]] = []
    place, who = f"{CONFLICTS}{saved.escaped(item.old.record.branch)}/", committer(repo)
    taken = [ref.removeprefix(place) for ref in repo.refs(place)]
    first = max((int(number) for number in taken if number.isdigit()), default=0) + 1
    for conflict in item.carried.conflicts:
        deed = conflict.deed
        if deed.info is None:
            continue  # a dropped patch holds nothing
        author = deed.info.author
        chain = [
            NewCommit(f"What '{deed.subject}' was changed from\n", tree=deed.old),
            replace(NewCommit(deed.info.message, tree=deed.new), author=author, author_date=deed.info.author_date),
        ]
        ids = repo.write_commits(item.old.record.start, chain, author=author, committer=who, when=when)
        found.append((f"{place}{first + len(found)}", ids[-1], conflict))
    return found
