"""Where series stand: what was changed by hand, what was sent, what a tree has merged, and what waits for what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from credseries.errors import CredseriesError, UnknownRevision
from credseries.kernel.git import Repository
from credseries.kernel.tags import NamedTag, list_tags
from credseries.series import saved
from credseries.series.current import Current
from credseries.series.history import Difference, Version, difference, sent_versions
from credseries.series.model import Needed, SeriesRecord

if TYPE_CHECKING:
    from credseries.series.merged import Merged  # it reads C, which few have to wait for

# What a commit has merged of a series, by the keys of its patches.
Look: TypeAlias = "Callable[[SeriesRecord, str], Mapping[str, Merged]]"


class State(Enum):
    """How far a topic is."""

    DRAFT = "draft"
    SENT = "sent"
    CHANGED = "changed"
    PARTLY = "partly-merged"
    MERGED = "merged"


@dataclass(frozen=True)
class TopicStatus:
    """A topic: its patches (numbers), and how far they are.

    `version` is the last one that was sent, 0 for none; `compared` says that its patches are known. `merged` counts
    patches, `sites` what these convert or add; `of_sites` are all of them. `waits` are topics that are not merged yet.
    """

    name: str
    title: str
    tree: str
    patches: tuple[int, ...]
    state: State
    version: int = 0
    compared: bool = True
    merged: int = 0
    sites: int = 0
    of_sites: int = 0
    waits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Waiting:
    """A thread of several that waits for patches (subjects) of another tree's series."""

    tree: str
    subjects: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class Target:
    """What a series is looked for in: a commit, and how it was named. `has_base` says that it has the series' base."""

    name: str
    commit: str
    has_base: bool


@dataclass(frozen=True)
class SeriesStatus:
    """Where a series stands. `gone` are the subjects of patches that the last version had; `target` is None when there
    is nothing that it could be merged into."""

    current: Current
    versions: tuple[Version, ...]
    gone: tuple[str, ...]
    topics: tuple[TopicStatus, ...]
    target: Target | None = None
    waits: tuple[Waiting, ...] = ()

    @property
    def record(self) -> SeriesRecord:
        """The series as it is on its branch."""
        return self.current.record


@dataclass(frozen=True)
class Unreadable:
    """A branch whose series cannot be told anything about, and why."""

    branch: str
    error: CredseriesError


def read_status(
    repo: Repository, branches: Sequence[str], onto: str | None, look: Look
) -> list[SeriesStatus | Unreadable]:
    """Where the series on some branches stand, those of one conversion next to each other.

    `onto` is what they are looked for in (None: HEAD, if that is no series itself and goes beyond a series' base);
    `look` says what a commit has merged, and is asked only when there can be something. Raises UnknownRevision.
    """
    found: list[Current | Unreadable] = [_current(repo, branch) for branch in branches]
    series = [item for item in found if isinstance(item, Current)]
    named = _Named(onto, repo.resolve(onto)) if onto is not None else _head(repo, series)
    tags = list_tags(repo, "sent") if series else []
    records = [item.record for item in series]
    done = [item if isinstance(item, Unreadable) else _status(repo, item, named, tags, look) for item in found]
    return in_order(_waiting(done, [*records, *_others(repo, branches, series)], look))


def _current(repo: Repository, branch: str) -> Current | Unreadable:
    try:
        return saved.current(repo, branch)
    except CredseriesError as error:
        return Unreadable(branch, error)


def in_order(found: Sequence[SeriesStatus | Unreadable]) -> list[SeriesStatus | Unreadable]:
    """Threads of one conversion where the first of them stands, in the order in which they can be merged."""
    first: dict[str, int] = {}
    places = []
    for number, item in enumerate(found):
        thread = item.record.thread if isinstance(item, SeriesStatus) else None
        if thread is None:
            places.append((number, 0))
        else:
            places.append((first.setdefault(thread.umbrella, number), thread.trees.index(thread.tree)))
    return [item for _, item in sorted(zip(places, found, strict=True), key=lambda pair: pair[0])]


# -- what it is looked for in


@dataclass(frozen=True)
class _Named:
    name: str
    commit: str
    asked: bool = True


def _head(repo: Repository, series: Sequence[Current]) -> _Named | None:
    """HEAD, unless there is none or it has a series in it: that would be merged by itself."""
    try:
        head = repo.resolve("HEAD")
    except UnknownRevision:
        return None
    first = [item.record.patches[0].commit for item in series if item.record.patches]
    if repo.current_branch() in [item.record.branch for item in series] or any(_has(repo, head, id_) for id_ in first):
        return None
    return _Named("HEAD", head, asked=False)


def _has(repo: Repository, commit: str, ancestor: str) -> bool:
    return commit == ancestor or repo.merge_base(ancestor, commit) == ancestor


def _target(repo: Repository, record: SeriesRecord, named: _Named | None) -> Target | None:
    if named is None:
        return None
    has_base = _has(repo, named.commit, record.base)
    if not named.asked and (named.commit == record.base or (not has_base and _has(repo, record.base, named.commit))):
        return None
    return Target(named.name, named.commit, has_base)


# -- a series


def _status(
    repo: Repository, current: Current, named: _Named | None, tags: Sequence[NamedTag], look: Look
) -> SeriesStatus:
    record = current.record
    versions = sent_versions(current, tags)
    found = difference(repo, current, versions[-1]) if versions else None
    target = _target(repo, record, named)
    merged = look(record, target.commit) if target is not None else {}
    topics = _topics(record, versions[-1].version if versions else 0, found, merged)
    return SeriesStatus(current, tuple(versions), found.gone if found is not None else (), topics, target)


def _topics(
    record: SeriesRecord, version: int, found: Difference | None, merged: Mapping[str, Merged]
) -> tuple[TopicStatus, ...]:
    """The topics that have patches, in the order of the series."""
    known = {topic.name: topic for topic in record.topics}
    numbers: dict[str, list[int]] = {}
    for number, patch in enumerate(record.patches):
        numbers.setdefault(patch.topic, []).append(number)
    done: dict[str, TopicStatus] = {}
    for name, mine in numbers.items():
        patches = [record.patches[number] for number in mine]
        counts = [merged[patch.key] for patch in patches if patch.key in merged]
        topic = known.get(name)
        status = TopicStatus(
            name,
            topic.title if topic is not None else name,
            patches[0].tree,
            tuple(patch.index for patch in patches),
            _sent_state(version, found, mine),
            version,
            found is not None,
            sum(1 for item in counts if item.whole),
            sum(item.there for item in counts),
            sum(item.of for item in counts),
        )
        if status.merged == len(patches):
            status = replace(status, state=State.MERGED)
        elif status.sites:
            status = replace(status, state=State.PARTLY)
        done[name] = status
    return tuple(
        replace(item, waits=_waits(known[item.name].after, done))
        if item.name in known and item.state is not State.MERGED
        else item
        for item in done.values()
    )


def _sent_state(version: int, found: Difference | None, numbers: Sequence[int]) -> State:
    if not version:
        return State.DRAFT
    return State.CHANGED if found is not None and found.changed.intersection(numbers) else State.SENT


def _waits(after: Sequence[str], done: Mapping[str, TopicStatus]) -> tuple[str, ...]:
    """The topics of the series that have to be merged first and are not."""
    return tuple(name for name in after if name in done and done[name].state is not State.MERGED)


# -- threads


def _others(repo: Repository, branches: Sequence[str], series: Sequence[Current]) -> list[SeriesRecord]:
    """The series that nobody asked for, when some that somebody did ask for need patches of others."""
    if not any(item.record.thread is not None and item.record.thread.needs for item in series):
        return []
    found = [_current(repo, branch) for branch in saved.branches(repo) if branch not in branches]
    return [item.record for item in found if isinstance(item, Current)]


def _waiting(
    done: Sequence[SeriesStatus | Unreadable], records: Sequence[SeriesRecord], look: Look
) -> list[SeriesStatus | Unreadable]:
    """With what each thread waits for: patches of another one that the target has not, as far as that can be told."""
    threads = {(item.thread.umbrella, item.thread.tree): item for item in records if item.thread is not None}
    found: list[SeriesStatus | Unreadable] = []
    for item in done:
        if isinstance(item, SeriesStatus) and item.record.thread is not None:
            needs = item.record.thread.needs
            left = [
                _left(need, threads.get((item.record.thread.umbrella, need.tree)), item.target, look) for need in needs
            ]
            found.append(replace(item, waits=tuple(wait for wait in left if wait.subjects)))
        else:
            found.append(item)
    return found


def _left(need: Needed, other: SeriesRecord | None, target: Target | None, look: Look) -> Waiting:
    """What is left of what a thread needs of another one."""
    merged = look(other, target.commit) if other is not None and target is not None else {}
    pairs = zip(need.keys, need.subjects, strict=True)
    subjects = tuple(subject for key, subject in pairs if key not in merged or not merged[key].whole)
    return Waiting(need.tree, subjects, need.whole and len(subjects) == len(need.keys))
