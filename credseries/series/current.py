"""A series as its branch is now, next to what credseries made: people amend, reword, add, drop and reorder commits."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from credseries.errors import NotASeries, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.values import CommitInfo, FileChange
from credseries.series.model import PatchRecord, SeriesRecord
from credseries.series.prep import is_cover, read_cover
from credseries.series.told import Told

_LIMIT = 1000  # commits; a branch with more than that after its start has been moved


@dataclass(frozen=True)
class Current:
    """A series as it is (`record`) and as credseries made it (`pristine`).

    `cover` is the commit of the cover letter and `cover_message` its message, both empty when somebody dropped it.
    `same` says that the patches are those that were made, in their order; their messages may be other ones. `added` and
    `edited` are patches of the record, `dropped` are of the pristine one.
    """

    record: SeriesRecord
    pristine: SeriesRecord
    cover: str | None
    cover_message: str
    same: bool
    added: tuple[PatchRecord, ...] = ()
    dropped: tuple[PatchRecord, ...] = ()
    edited: tuple[PatchRecord, ...] = ()


@dataclass(frozen=True)
class Side:
    """A commit as it is compared; `text` is its diff without line numbers, empty when nobody needs to look at it."""

    subject: str
    changes: tuple[FileChange, ...]
    text: bytes = b""

    @property
    def files(self) -> tuple[str, ...]:
        """The paths that it changes."""
        return tuple(change.path for change in self.changes)


@dataclass(frozen=True)
class Pair:
    """Two commits that are the same patch, by their positions; `edited` when what they change is not the same."""

    made: int
    now: int
    edited: bool


def pair_up(made: Sequence[Side], now: Sequence[Side]) -> list[Pair]:
    """Which commit of now is which of those that were made, in the order of now.

    The same contents or the same diff make the same patch; then the same subject does, edited; and of what is left, in
    order, a file that both change.
    """
    pairs: list[Pair] = []
    keys: tuple[tuple[Callable[[Side], Hashable], bool], ...] = (
        (lambda side: side.changes, False),
        (lambda side: side.text or None, False),
        (lambda side: side.subject, True),
    )
    for key, edited in keys:
        left_made, left_now = _left(len(made), (pair.made for pair in pairs)), _left(len(now), (p.now for p in pairs))
        waiting: dict[Hashable, list[int]] = {}
        for number in left_made:
            waiting.setdefault(key(made[number]), []).append(number)
        for number in left_now:
            name = key(now[number])
            if name and waiting.get(name):
                pairs.append(Pair(waiting[name].pop(0), number, edited))
    left_now = _left(len(now), (pair.now for pair in pairs))
    for old in _left(len(made), (pair.made for pair in pairs)):
        found = next((new for new in left_now if set(made[old].files) & set(now[new].files)), None)
        if found is not None:
            pairs.append(Pair(old, found, True))
            left_now = [new for new in left_now if new > found]
    return sorted(pairs, key=lambda pair: pair.now)


def _left(count: int, taken: Iterable[int]) -> list[int]:
    gone = set(taken)
    return [number for number in range(count) if number not in gone]


def read_current(repo: Repository, pristine: SeriesRecord, tip: str) -> Current:
    """The series on its branch, whose tip this is. Raises NotASeries when the branch is no such series any more."""
    commits = repo.commits(pristine.start, tip, limit=_LIMIT)
    covers = [info for info in commits if is_cover(info.message)]
    _check_chain(pristine, commits)
    cover = covers[-1] if covers else None
    record, pairs, patches = replace(pristine, tip=tip), [], [info for info in commits if not is_cover(info.message)]
    if tip == pristine.tip:
        pairs = [Pair(number, number, False) for number in range(len(pristine.patches))]
    else:
        changes = repo.changes([info.id for info in commits])
        by_commit = dict(zip((info.id for info in commits), changes, strict=True))
        _check_covers(pristine, covers, by_commit)
        made, now = _sides(repo, pristine, patches, by_commit)
        pairs = pair_up(made, now)
        _check_start(pristine, commits, patches, pairs)
        record = replace(record, patches=_patches(pristine, patches, by_commit, pairs))
    known = {pair.now for pair in pairs}
    return Current(
        record=_as_b4_has_it(record, cover),
        pristine=pristine,
        cover=cover.id if cover is not None else None,
        cover_message=cover.message if cover is not None else "",
        same=pairs == [Pair(number, number, False) for number in range(max(len(pristine.patches), len(patches)))],
        added=tuple(patch for number, patch in enumerate(record.patches) if number not in known),
        dropped=tuple(pristine.patches[number] for number in _left(len(pristine.patches), (p.made for p in pairs))),
        edited=tuple(patch for patch in record.patches if patch.edited),
    )


# -- what the branch must be


def _moved(record: SeriesRecord, what: str) -> NotASeries:
    hint = f"`credseries refresh` moves a series to another base; to go back: git branch -f {record.branch} "
    return NotASeries(f"branch {record.branch} {what}", hint=hint + record.tip[:12])


def _check_chain(record: SeriesRecord, commits: Sequence[CommitInfo]) -> None:
    """The branch must be a plain chain of commits on the series' start."""
    if not commits:
        raise _moved(record, "has no commit of its series any more")
    parent = record.start
    for info in commits:
        if info.parents != (parent,):
            raise _moved(record, f"no longer starts at {record.start[:12]}, or holds merges")
        parent = info.id


def _check_covers(
    record: SeriesRecord,
    covers: Sequence[CommitInfo],
    changes: dict[str, tuple[FileChange, ...]],
) -> None:
    for info in covers:
        if changes[info.id]:
            raise NotASeries(
                f"the commit with the cover letter of {record.branch}, {info.id[:12]}, changes files: "
                "b4 would mail nothing of that",
                hint=f"move these changes into a patch: git rebase -i {record.start[:12]} {record.branch}",
            )


def _check_start(
    record: SeriesRecord, commits: Sequence[CommitInfo], patches: Sequence[CommitInfo], pairs: Sequence[Pair]
) -> None:
    """Something must be left of what was made.

    What comes before the cover letter is no part of the series for b4: there must be nothing, or a series' patch.
    """
    if not pairs:
        raise _moved(record, "has no patch of its series any more")
    first_cover = next((number for number, info in enumerate(commits) if is_cover(info.message)), 0)
    ours = {patches[pair.now].id for pair in pairs}
    before = [info.id for info in commits[:first_cover]]
    if before and not ours.intersection(before):
        raise _moved(record, f"has been rebased: its series no longer starts at {record.start[:12]}")


# -- reading


def _sides(
    repo: Repository,
    pristine: SeriesRecord,
    patches: Sequence[CommitInfo],
    changes: dict[str, tuple[FileChange, ...]],
) -> tuple[list[Side], list[Side]]:
    """Both sides of the comparison, with the diffs of those that are not found by their contents."""
    made_ids = [patch.commit for patch in pristine.patches]
    made_changes = dict(zip(made_ids, repo.changes(made_ids), strict=True))
    now_changes = {info.id: changes[info.id] for info in patches}
    common = set(made_changes.values()) & set(now_changes.values())
    alone = [commit for side in (made_changes, now_changes) for commit, change in side.items() if change not in common]
    texts = {commit: without_places(text) for commit, text in repo.diffs(alone).items()}
    made = [Side(item.subject, made_changes[item.commit], texts.get(item.commit, b"")) for item in pristine.patches]
    now = [Side(info.subject, now_changes[info.id], texts.get(info.id, b"")) for info in patches]
    return made, now


def without_places(text: bytes) -> bytes:
    """A diff without what differs when an earlier patch has changed: line numbers, and blob ids where there is text."""
    text = re.sub(rb"^@@ -[0-9,]+ \+[0-9,]+ @@.*$", b"@@", text, flags=re.MULTILINE)
    return re.sub(rb"^index [0-9a-f.]+(?: [0-7]+)?\n(?!Binary files )", b"", text, flags=re.MULTILINE)


def _patches(
    pristine: SeriesRecord,
    commits: Sequence[CommitInfo],
    changes: dict[str, tuple[FileChange, ...]],
    pairs: Sequence[Pair],
) -> tuple[PatchRecord, ...]:
    """The records of the commits that are there now."""
    by_now = {pair.now: pair for pair in pairs}
    found: list[PatchRecord] = []
    for number, info in enumerate(commits):
        changed = changes[info.id]
        pair = by_now.get(number)
        old = pristine.patches[pair.made] if pair is not None else _added(pristine, found, changed)
        found.append(
            replace(
                old,
                index=number + 1,
                commit=info.id,
                subject=info.subject,
                files=tuple(change.path for change in changed),
                added=sum(change.added for change in changed),
                removed=sum(change.removed for change in changed),
                edited=pair is not None and pair.edited,
            )
        )
    return tuple(found)


def _added(pristine: SeriesRecord, before: Sequence[PatchRecord], changed: Sequence[FileChange]) -> PatchRecord:
    """What is known of somebody's own patch: it goes where patches of the same files go, or with the one before it."""
    files = {change.path for change in changed}
    related = [patch for patch in pristine.patches if files & set(patch.files)]
    near = [*related, *reversed(before), *pristine.patches][0]
    return replace(near, sites=(), key="")


def _as_b4_has_it(record: SeriesRecord, cover: CommitInfo | None) -> SeriesRecord:
    """The record with what b4's own commands change in the cover letter's commit."""
    if cover is None:
        return record
    try:
        series = read_cover(cover.message).tracking["series"]
    except UsageError:
        return record
    # What was told of the version before is not told of the one that b4 has gone on to.
    told = record.told if series["revision"] == record.revision else Told()
    return replace(record, revision=series["revision"], prefixes=tuple(series.get("prefixes", ())), told=told)
