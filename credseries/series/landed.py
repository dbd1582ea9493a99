"""Which patches of a series are in somebody's tree: as they were sent, changed by whoever took them, or in other words.

A patch is looked for by its own commit, by what it changes (git-patch-id(1)), by links to its mail and its change-id in
commit messages (`b4 am -l` and `b4 shazam` write them), by its subject, and last by what the tree contains (see
`merged`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from credseries.kernel.git import Repository
from credseries.kernel.other_trees import OtherTree
from credseries.kernel.tags import list_tags
from credseries.kernel.values import CommitInfo
from credseries.series.current import Current, pair_up, without_places
from credseries.series.history import Version, patches_of, sent_versions
from credseries.series.merged import Merged
from credseries.series.model import SeriesRecord
from credseries.series.sent import known_ids, sides
from credseries.series.versions import lines_apart

Look = Callable[[SeriesRecord, str], Mapping[str, Merged]]

_REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{12,64})", re.MULTILINE)
_SHORT = 12  # digits of a commit id that a message names


class How(Enum):
    """By what a commit was recognised, the surest first."""

    COMMIT = "the commit itself"
    PATCH = "the same patch"
    MESSAGE = "a link to its mail"
    CHANGE = "its change-id"
    SUBJECT = "the same subject"
    TITLE = "the same subject after the prefix, and the same files"


@dataclass(frozen=True)
class Wanted:
    """A patch as it is looked for.

    `number` counts from 1 in the series as it is, 0 for a patch that only an earlier version had (`version`). The rest
    is from all versions: `commits` with the version of each (0: the branch as it is), `patch_ids` likewise, the
    Message-Ids (bare).
    """

    number: int
    subject: str
    key: str
    version: int
    files: frozenset[str]
    commits: Mapping[str, int]
    patch_ids: Mapping[str, int]
    subjects: frozenset[str]
    message_ids: frozenset[str]


@dataclass(frozen=True)
class Landing:
    """A commit that is a patch.

    `version` is the one that it is the same as (0: the branch as it is), None when it differs from all; then `added`
    and `removed` count the changed lines that only it, and only the patch, has. `tag` is the first release that has
    it, `reverted` the commit that took it out again.
    """

    commit: str
    subject: str
    committer: str
    date: str
    how: How
    version: int | None
    added: int = 0
    removed: int = 0
    tag: str = ""
    reverted: str = ""


@dataclass(frozen=True)
class PatchLanding:
    """What a tree has of a patch: a commit, or (without one) how much of what it does; None when nobody can tell."""

    wanted: Wanted
    landing: Landing | None
    content: Merged | None = None

    @property
    def state(self) -> str:
        """In one word or two: landed, changed, reverted, other (in other words), partly, or missing."""
        if self.landing is not None:
            if self.landing.reverted:
                return "reverted"
            return "landed" if self.landing.version is not None else "changed"
        if self.content is not None and self.content.there:
            return "other" if self.content.whole else "partly"
        return "missing"


@dataclass(frozen=True)
class TreeLanding:
    """What a tree has of a series; `searched` counts the commits that were looked at, `merges` are those whose messages
    name the series."""

    tree: OtherTree
    patches: tuple[PatchLanding, ...]
    searched: int
    merges: tuple[str, ...] = field(default=())


def wanted_patches(repo: Repository, current: Current) -> list[Wanted]:
    """The patches of a series as they are and as they were sent, those first that it has now."""
    record = current.record
    infos = {info.id: info for info in repo.commits(record.start, record.tip)}
    now = [infos[patch.commit] for patch in record.patches]
    ids = repo.patch_ids([info.id for info in now])
    found = [
        Wanted(
            *(patch.index, patch.subject, patch.key, 0, frozenset(patch.files)),
            commits={patch.commit: 0},
            patch_ids={ids[patch.commit]: 0} if patch.commit in ids else {},
            subjects=frozenset([patch.subject]),
            message_ids=frozenset(),
        )
        for patch in record.patches
    ]
    for version in reversed(sent_versions(current, list_tags(repo, "sent"))):
        found = _with_version(repo, current, version, found)
    return found


def _with_version(repo: Repository, current: Current, version: Version, known: Sequence[Wanted]) -> list[Wanted]:
    """The patches with what an earlier version had of them, and those that it had alone."""
    sent = patches_of(repo, current, version)
    if sent is None:
        return list(known)
    links = known_ids(repo, current.record.change_id, version.version, version.message_ids, len(sent))
    before = sides(repo, [(info.id, info.subject) for info in sent])
    now = sides(repo, [(next(iter(item.commits)), item.subject) for item in known])
    pairs = {pair.made: pair.now for pair in pair_up(before, now)}
    patch_ids = repo.patch_ids([info.id for info in sent])
    found = list(known)
    for number, (info, side) in enumerate(zip(sent, before, strict=True)):
        mine = Wanted(
            *(0, info.subject, "", version.version, frozenset(side.files)),
            commits={info.id: version.version},
            patch_ids={patch_ids[info.id]: version.version} if info.id in patch_ids else {},
            subjects=frozenset([info.subject]),
            message_ids=frozenset([links[number + 1]]) if number + 1 in links else frozenset(),
        )
        if number in pairs:
            found[pairs[number]] = _both(found[pairs[number]], mine)
        else:
            found.append(mine)
    return found


def _both(now: Wanted, before: Wanted) -> Wanted:
    return replace(
        now,
        commits={**before.commits, **now.commits},
        patch_ids={**before.patch_ids, **now.patch_ids},
        subjects=now.subjects | before.subjects,
        message_ids=now.message_ids | before.message_ids,
    )


def find_landed(
    repo: Repository, current: Current, wanted: Sequence[Wanted], tree: OtherTree, look: Look
) -> TreeLanding:
    """What a tree has of a series; `look` says what a commit contains of it, and is asked for what no commit is."""
    record = current.record
    files = sorted({file for item in wanted for file in item.files})
    infos = repo.changing(record.base, tree.commit, files)
    ids = repo.patch_ids([info.id for info in infos])
    found = recognise(wanted, infos, ids, record.change_id, _files_of(repo, wanted, infos))
    reverts = _reverts(infos)
    commits = {number: _standing(candidates, reverts) for number, candidates in found.items()}
    tags = repo.first_tags([info.id for info, _, _ in commits.values()])
    apart = _apart(repo, wanted, commits)
    contents: Mapping[str, Merged] = {}
    if any(number not in commits and item.key for number, item in enumerate(wanted)):
        contents = look(record, tree.commit)
    patches = []
    for number, item in enumerate(wanted):
        if number not in commits:
            patches.append(PatchLanding(item, None, contents.get(item.key) if item.key else None))
            continue
        info, how, version = commits[number]
        added, removed = apart.get(number, (0, 0))
        landing = Landing(
            *(info.id, info.subject, info.committer.name, _day(info), how, version, added, removed),
            tag=tags.get(info.id, ""),
            reverted=reverts.get(info.id, ""),
        )
        patches.append(PatchLanding(item, landing))
    ids_of_series = [record.change_id, *(text for item in wanted for text in sorted(item.message_ids))]
    merges = repo.merges_that_say(record.base, tree.commit, [text for text in ids_of_series if text])
    return TreeLanding(tree, tuple(patches), len(infos), tuple(info.id for info in merges))


Candidate = tuple[CommitInfo, How, int | None]


def recognise(
    wanted: Sequence[Wanted],
    infos: Sequence[CommitInfo],
    patch_ids: Mapping[str, str],
    change_id: str,
    files: Mapping[str, frozenset[str]],
) -> dict[int, list[Candidate]]:
    """For the position of each patch that some commits are, these commits (the surest kind that there is, in the order
    given), each with how it was recognised and the version that it is the same patch as. Pure.

    `patch_ids` are those of the commits, `files` what the commits with the same subject after the prefix change.
    """
    found: dict[int, list[Candidate]] = {}
    for number, item in enumerate(wanted):
        kinds: dict[How, list[Candidate]] = {}
        for info in infos:
            version = item.commits.get(info.id, item.patch_ids.get(patch_ids.get(info.id, "-")))
            how = _how(item, info, version, change_id, files)
            if how is not None:
                kinds.setdefault(how, []).append((info, how, version))
        titled = kinds.get(How.TITLE, [])
        if len(titled) > 1:  # it could be any of them
            del kinds[How.TITLE]
        if kinds:
            found[number] = kinds[min(kinds, key=list(How).index)]
    return found


def _how(
    item: Wanted, info: CommitInfo, version: int | None, change_id: str, files: Mapping[str, frozenset[str]]
) -> How | None:
    if info.id in item.commits:
        return How.COMMIT
    if version is not None:
        return How.PATCH
    if any(_names(info.message, message_id) for message_id in item.message_ids):
        return How.MESSAGE
    if info.subject in item.subjects:
        return How.CHANGE if change_id and change_id in info.message else How.SUBJECT
    titles = {_title(subject) for subject in item.subjects}
    if _title(info.subject) in titles and files.get(info.id, frozenset()) & item.files:
        return How.TITLE
    return None


def _names(message: str, message_id: str) -> bool:
    """Whether a message has this Message-Id, as a link or in a trailer, and no longer one that it is a part of."""
    return re.search(rf"(?<![\w.+-]){re.escape(message_id)}(?![\w.-])", message) is not None


def _title(subject: str) -> str:
    """A subject without the prefix that says which part of the kernel it is about; maintainers change that."""
    return subject.rpartition(": ")[2].strip().lower()


def _files_of(repo: Repository, wanted: Sequence[Wanted], infos: Sequence[CommitInfo]) -> dict[str, frozenset[str]]:
    titles = {_title(subject) for item in wanted for subject in item.subjects}
    alike = [info.id for info in infos if _title(info.subject) in titles]
    return {
        commit: frozenset(change.path for change in changes)
        for commit, changes in zip(alike, repo.changes(alike), strict=True)
    }


def _reverts(infos: Iterable[CommitInfo]) -> dict[str, str]:
    """The commits that later ones take out, with those."""
    infos = list(infos)
    named = [(match[1], info.id) for info in infos if (match := _REVERTS.search(info.message))]
    by_start = {info.id[:_SHORT]: info.id for info in infos}
    found = {}
    for start, revert in named:
        commit = by_start.get(start[:_SHORT], "")
        if commit.startswith(start):
            found[commit] = revert
    return {commit: revert for commit, revert in found.items() if revert not in found}  # a revert that was reverted


def _standing(candidates: Sequence[Candidate], reverts: Mapping[str, str]) -> Candidate:
    """The newest commit that was not taken out again, or else the newest."""
    standing = [item for item in candidates if item[0].id not in reverts]
    return (standing or candidates)[-1]


def _apart(repo: Repository, wanted: Sequence[Wanted], commits: Mapping[int, Candidate]) -> dict[int, tuple[int, int]]:
    """How far the commits that are no version of their patches are from the newest one."""
    changed = {number: info.id for number, (info, _, version) in commits.items() if version is None}
    newest = {number: _newest(wanted[number]) for number in changed}
    diffs = {commit: without_places(text) for commit, text in repo.diffs([*changed.values(), *newest.values()]).items()}
    return {
        number: lines_apart(diffs.get(newest[number], b""), diffs.get(commit, b""))
        for number, commit in changed.items()
    }


def _newest(item: Wanted) -> str:
    """The commit of a patch as it is on the branch, or as it was sent last."""
    return max(item.commits, key=lambda commit: (item.commits[commit] == 0, item.commits[commit]))


def _day(info: CommitInfo) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(info.committed, UTC).date().isoformat()
