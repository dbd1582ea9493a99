"""Two versions of a series, patch by patch: what has become of each patch that was sent, and what is new. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

from credseries.series.current import Side, pair_up
from credseries.series.model import SiteRecord
from credseries.series.trailers import Trailer

FIXES = ("fixup! ", "squash! ", "amend! ")  # subjects of commits that are parts of others (git-commit(1))
_SiteName = tuple[str, str, str, int]


class Fate(Enum):
    """What has become of a patch. Reworded is one with the same diff and another message."""

    UNCHANGED = "unchanged"
    REWORDED = "reworded"
    CHANGED = "changed"
    SPLIT = "split"
    MERGED = "merged"
    REGROUPED = "regrouped"
    DROPPED = "dropped"
    NEW = "new"


@dataclass(frozen=True)
class VersionPatch:
    """A patch of a version; `number` counts from 1, `text` is its message without subject and trailers.

    `key` and `sites` are those of its record, empty for somebody's own. `patch_id` is git's (git-patch-id(1)), `side`
    has its diff, `commit` is the id of the commit. `open` says that `fixup!` commits wait behind it.
    """

    number: int
    subject: str
    text: str
    key: str
    sites: tuple[SiteRecord, ...]
    patch_id: str
    side: Side
    trailers: tuple[Trailer, ...] = ()
    commit: str = ""
    open: bool = False


@dataclass(frozen=True)
class Became:
    """What has become of patches of the older version (`old`, by number): the patches `new` of the newer one.

    `subject` is that of the first of them, `now` the new subject where it is another. `added` and `removed` count the
    changed lines (+ and - lines of a diff) that only the new and only the old patch has. `forms` are sites that got
    another form, as sentences, `each` says what every part of a split patch is about (a function, a file, or nothing in
    common), `reason` why one was dropped, or counts as changed. `moved` says that it is elsewhere among the others.
    """

    fate: Fate
    old: tuple[int, ...]
    new: tuple[int, ...]
    subject: str
    now: str = ""
    added: int = 0
    removed: int = 0
    forms: tuple[str, ...] = ()
    each: str = ""
    reason: str = ""
    moved: bool = False

    @property
    def keeps_reviews(self) -> bool:
        """Whether what reviewers said of the old patch holds for the new one."""
        return self.fate in (Fate.UNCHANGED, Fate.REWORDED)

    @property
    def is_news(self) -> bool:
        """Whether there is anything to tell of it."""
        return self.fate is not Fate.UNCHANGED or self.moved

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {**asdict(self), "fate": self.fate.value}


def compare_versions(
    old: Sequence[VersionPatch], new: Sequence[VersionPatch], reasons: Mapping[int, str] | None = None
) -> list[Became]:
    """What has become of each patch of a version, in its order, and then the patches that are new.

    `reasons` say, by number, why patches were dropped. A patch is found by its key, by the sites that it converts, and
    by its contents or its subject, in this order.
    """
    groups = [group for group in _groups(old, new) if group[0] or group[1]]
    found = [_became(old, new, *group, reasons or {}) for group in groups]
    moved = _moved([item for item in found if len(item.old) == len(item.new) == 1])
    found = [_with(item, moved=item.old in moved) for item in found]
    return sorted(found, key=lambda item: (not item.old, item.old or item.new))


def _groups(old: Sequence[VersionPatch], new: Sequence[VersionPatch]) -> list[tuple[list[int], list[int]]]:
    """Which positions belong together: the connected parts of what old patches and new ones have in common."""
    links = _links(old, new)
    left_old = [n for n in range(len(old)) if not any(link[0] == n for link in links)]
    left_new = [n for n in range(len(new)) if not any(link[1] == n for link in links)]
    for pair in pair_up([old[n].side for n in left_old], [new[n].side for n in left_new]):
        one, two = left_old[pair.made], left_new[pair.now]
        if not pair.edited or old[one].subject == new[two].subject:  # a file in common makes no patch the same
            links.add((one, two))
    groups: list[tuple[list[int], list[int]]] = []
    waiting_old, waiting_new = list(range(len(old))), list(range(len(new)))
    while waiting_old:
        olds, news = _connected(links, waiting_old[0])
        groups.append((olds, news))
        waiting_old = [n for n in waiting_old if n not in olds]
        waiting_new = [n for n in waiting_new if n not in news]
    return groups + [([], [n]) for n in waiting_new]


def _links(old: Sequence[VersionPatch], new: Sequence[VersionPatch]) -> set[tuple[int, int]]:
    """Pairs with the same key, and pairs that share a site which neither shares with its partner by key."""
    by_key = {patch.key: number for number, patch in enumerate(new) if patch.key}
    partners = {number: by_key[patch.key] for number, patch in enumerate(old) if patch.key in by_key and patch.key}
    links = set(partners.items())
    taken = {two: one for one, two in partners.items()}
    names_old, names_new = site_names(old), site_names(new)
    for one, mine in enumerate(names_old):
        for two, theirs in enumerate(names_new):
            if taken.get(two, one) != one and one in partners:
                continue  # both have partners of their own
            shared = mine & theirs
            shared -= names_new[partners[one]] if one in partners and partners[one] != two else set()
            shared -= names_old[taken[two]] if two in taken and taken[two] != one else set()
            if shared:
                links.add((one, two))
    return links


def site_names(patches: Sequence[VersionPatch]) -> list[set[_SiteName]]:
    """The sites of each patch by names that stay when lines move: file, function, override, and which of those."""
    lines: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for patch in patches:
        for site in patch.sites:
            lines[site.file, site.function, site.override].add(site.line)
    order = {name: sorted(found) for name, found in lines.items()}

    def name(site: SiteRecord) -> _SiteName:
        key = (site.file, site.function, site.override)
        return (*key, order[key].index(site.line))

    return [{name(site) for site in patch.sites} for patch in patches]


def _connected(links: Iterable[tuple[int, int]], start: int) -> tuple[list[int], list[int]]:
    olds, news = {start}, set[int]()
    while True:
        more_news = {two for one, two in links if one in olds}
        more_olds = olds | {one for one, two in links if two in more_news}
        if (more_olds, more_news) == (olds, news):
            return sorted(olds), sorted(news)
        olds, news = more_olds, more_news


def _became(
    old: Sequence[VersionPatch],
    new: Sequence[VersionPatch],
    olds: Sequence[int],
    news: Sequence[int],
    reasons: Mapping[int, str],
) -> Became:
    before, after = [old[n] for n in olds], [new[n] for n in news]
    numbers = tuple(patch.number for patch in before), tuple(patch.number for patch in after)
    if not before:
        return Became(Fate.NEW, *numbers, after[0].subject)
    subject = before[0].subject
    if not after:
        return Became(Fate.DROPPED, *numbers, subject, reason=reasons.get(before[0].number, ""))
    if len(before) == len(after) == 1:
        return _pair(before[0], after[0])
    if len(before) == 1:
        return Became(Fate.SPLIT, *numbers, subject, each=_each(after))
    fate, now = (Fate.MERGED, after[0].subject) if len(after) == 1 else (Fate.REGROUPED, "")
    return Became(fate, *numbers, subject, now)


def _pair(old: VersionPatch, new: VersionPatch) -> Became:
    numbers = ((old.number,), (new.number,))
    now = new.subject if new.subject != old.subject else ""
    if old.patch_id == new.patch_id and not new.open:
        fate = Fate.UNCHANGED if (old.subject, old.text) == (new.subject, new.text) else Fate.REWORDED
        return Became(fate, *numbers, old.subject, now)
    added, removed = lines_apart(old.side.text, new.side.text)
    reason = "fixup! commits are behind it" if new.open else ""
    return Became(Fate.CHANGED, *numbers, old.subject, now, added, removed, _forms(old, new), reason=reason)


def lines_apart(old: bytes, new: bytes) -> tuple[int, int]:
    """How many changed lines (+ and - lines) only the new one of two diffs has, and how many only the old one."""
    before, after = Counter(_changed_lines(old)), Counter(_changed_lines(new))
    return (after - before).total(), (before - after).total()


def _changed_lines(diff: bytes) -> list[tuple[bytes, bytes]]:
    """The lines of a diff that are added or removed, each with the file."""
    found: list[tuple[bytes, bytes]] = []
    file, in_hunk = b"", False
    for line in diff.split(b"\n"):
        if line.startswith(b"diff --git "):
            file, in_hunk = line, False
        elif line.startswith(b"@@"):
            in_hunk = True
        elif in_hunk and line[:1] in (b"+", b"-"):
            found.append((file, line))
    return found


def _forms(old: VersionPatch, new: VersionPatch) -> tuple[str, ...]:
    """The sites of both patches that got another form."""

    def by_name(patch: VersionPatch) -> dict[tuple[str, str, str], list[str]]:
        forms: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for site in sorted(patch.sites, key=lambda site: site.line):
            forms[site.file, site.function, site.override].append(site.form)
        return forms

    before, after = by_name(old), by_name(new)
    found = []
    for key, forms in after.items():
        pairs = zip(before.get(key, ()), forms, strict=False)
        found += [f"{key[1]}() is {two} now, was {one}" for one, two in pairs if one != two]
    return tuple(dict.fromkeys(found))


def _each(parts: Sequence[VersionPatch]) -> str:
    functions = [{(site.file, site.function) for site in part.sites} for part in parts]
    if all(len(found) == 1 for found in functions) and len(set.union(*functions)) == len(parts):
        return "function"
    files = [set(part.side.files) for part in parts]
    if all(len(found) == 1 for found in files) and len(set.union(*files)) == len(parts):
        return "file"
    return ""


def _moved(pairs: Sequence[Became]) -> set[tuple[int, ...]]:
    """The pairs that are not in the order of the others: as few as possible."""
    ordered = sorted(pairs, key=lambda item: item.old)
    heads: list[int] = []  # for each length, the last of the best increasing run of new numbers, and how it came about
    ends: list[int] = []
    before: list[int] = []
    for number, item in enumerate(ordered):
        length = bisect_left(heads, item.new[0])
        before.append(ends[length - 1] if length else -1)
        heads[length : length + 1], ends[length : length + 1] = [item.new[0]], [number]
    stay, number = set(), ends[-1] if ends else -1
    while number >= 0:
        stay.add(ordered[number].old)
        number = before[number]
    return {item.old for item in ordered} - stay


def _with(item: Became, *, moved: bool) -> Became:
    return replace(item, moved=moved) if moved else item
