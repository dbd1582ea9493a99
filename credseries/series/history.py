"""The versions of a series that were sent, as tags and b4's notes tell, and what of the series is as it was then.

For the last one a reroll wants to know much more, see `sent`; here it is all of them, read in one go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.kernel.tags import NamedTag
from credseries.kernel.values import CommitInfo
from credseries.series.current import Current, pair_up
from credseries.series.prep import is_cover, read_cover
from credseries.series.sent import sides
from credseries.series.sent_tag import tag_name

_LIMIT = 1000  # commits; more are no series


@dataclass(frozen=True)
class Version:
    """A version that was sent: `tag` names its last patch and `base` the commit that everybody has.

    `date` is that of the tag. What of this is not known, because there is no tag, is empty; so are `message_ids` when
    b4 did not note any.
    """

    version: int
    tag: str = ""
    commit: str = ""
    date: str = ""
    base: str = ""
    message_ids: tuple[str, ...] = ()


def sent_versions(current: Current, tags: Sequence[NamedTag]) -> list[Version]:
    """The versions of a series that were sent, the first one first."""
    found: dict[int, Version] = {}
    for tag in tags:
        number = tag.name.rpartition("-v")[2]
        version = int(number) if number.isdecimal() else 0
        if tag.name == tag_name(current.record.change_id, version):
            base = re.search(r"^base-commit:\s*(\S+)$", tag.message, re.MULTILINE | re.IGNORECASE)
            found[version] = Version(version, tag.name, tag.commit, tag.date, base[1] if base is not None else "")
    for version, ids in _history(current).items():
        known = found.get(version, Version(version))
        found[version] = Version(version, known.tag, known.commit, known.date, known.base, ids)
    return [found[version] for version in sorted(found)]


def _history(current: Current) -> dict[int, tuple[str, ...]]:
    """The message ids that b4 notes for each version that it sends."""
    if current.cover is None:
        return {}
    try:
        history: Any = read_cover(current.cover_message).tracking["series"].get("history", {})
        return {int(key.removeprefix("v")): tuple(map(str, ids)) for key, ids in dict(history).items()}
    except (UsageError, ValueError, TypeError, AttributeError):
        return {}


@dataclass(frozen=True)
class Difference:
    """A series next to a version that was sent: the positions of patches that differ, the subjects of those gone."""

    changed: frozenset[int]
    gone: tuple[str, ...]


def difference(repo: Repository, current: Current, sent: Version) -> Difference | None:
    """What has changed in the patches since a version was sent, whatever their messages say; None without its tag."""
    before = patches_of(repo, current, sent)
    if before is None:
        return None
    infos: Mapping[str, CommitInfo] = {
        info.id: info for info in repo.commits(current.record.start, current.record.tip, limit=_LIMIT)
    }
    now = [infos[patch.commit] for patch in current.record.patches]
    pairs = pair_up(*(sides(repo, [(info.id, info.subject) for info in side]) for side in (before, now)))
    same = {pair.now for pair in pairs if not pair.edited}
    left = set(range(len(before))) - {pair.made for pair in pairs}
    thread = current.record.thread
    others = {subject for item in (thread.needs if thread is not None else ()) for subject in item.subjects}
    gone = (before[number].subject for number in sorted(left))
    return Difference(frozenset(range(len(now))) - same, tuple(subject for subject in gone if subject not in others))


def patches_of(repo: Repository, current: Current, sent: Version) -> list[CommitInfo] | None:
    """The patches of a version that was sent (and, where other series come first, maybe theirs before them); None
    without its tag."""
    if not sent.commit:
        return None
    for base in dict.fromkeys((current.record.start, sent.base, current.record.base)):
        if base and repo.merge_base(base, sent.commit) == base:
            infos = repo.commits(base, sent.commit, limit=_LIMIT)
            return [info for info in infos if not is_cover(info.message) and len(info.parents) == 1]
    return None
