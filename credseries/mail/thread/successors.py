"""What became of the patches of a version in a later one, told from the mails alone, as git range-diff would. Pure.

A patch goes on in the one with the same subject, with the same changes, or with most of them; and in all others that
have changes of it which nobody had before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from credseries.mail.thread.patch_text import PatchLine, What
from credseries.mail.thread.posted import Posted, Version

_MOST = 0.5  # of its changed lines
_PART = 0.1
_TELLING = 4  # characters: shorter lines (`}`) are in every patch
_NEAR = 2  # changed lines above and below the one that is pointed at
_CLOSE = 6  # lines of the patch's text
_Line = tuple[str, str]


@dataclass(frozen=True)
class Became:
    """A patch, and those that it goes on in; `moved` says that it comes before one that it came after."""

    old: Posted
    new: tuple[Posted, ...]
    is_same: bool
    moved: bool = False


class Later:
    """A version and a later one, compared when it is asked for."""

    def __init__(self, old: Version, new: Version) -> None:
        self.old = old
        self.new = new

    @property
    def is_comparable(self) -> bool:
        """Whether both have patches that are there."""
        return any(mail.text for mail in self.old.patches) and any(mail.text for mail in self.new.patches)

    @property
    def is_whole(self) -> bool:
        """Whether all patches of the later one are there, so that what is not among them is gone."""
        return sum(1 for mail in self.new.patches if mail.text) >= self.new.total > 0

    @cached_property
    def became(self) -> Mapping[int, Became]:
        """What became of each patch of the older one, by its number."""
        olds = [mail for mail in self.old.patches if mail.text]
        news = [mail for mail in self.new.patches if mail.text]
        changes = {id(mail): _changes(mail) for mail in (*olds, *news)}
        partners = _partners(olds, news, changes)
        inherited = {id(partners[old.number]): changes[id(old)] for old in olds if old.number in partners}
        found: dict[int, Became] = {}
        for old in olds:
            mine = changes[id(old)]
            parts = [
                new
                for new in news
                if partners.get(old.number) is new
                or _has_part(mine, changes[id(new)] - inherited.get(id(new), Counter[_Line]()))
            ]
            same = len(parts) == 1 and changes[id(parts[0])] == mine
            found[old.number] = Became(old, tuple(parts), same, _is_moved(old, partners))
        return found


def _changes(mail: Posted) -> Counter[_Line]:
    """The changed lines of a patch, each with its file."""
    return Counter((line.file, _key(line)) for line in mail.placed.lines if _is_change(line))


def _is_change(line: PatchLine) -> bool:
    return line.what is What.DIFF and line.text[:1] in ("+", "-")


def _key(line: PatchLine) -> str:
    return "".join(line.text.split())


def _partners(
    olds: Sequence[Posted], news: Sequence[Posted], changes: Mapping[int, Counter[_Line]]
) -> dict[int, Posted]:
    """The patch that each goes on in first of all, by the old number."""
    found: dict[int, Posted] = {}
    left = list(news)
    tests: tuple[Callable[[Posted, Posted], bool], ...] = (
        lambda old, new: _title(old) == _title(new),
        lambda old, new: bool(changes[id(old)]) and changes[id(old)] == changes[id(new)],
        lambda old, new: _share(changes[id(old)], changes[id(new)]) >= _MOST,
    )
    for same in tests:
        for old in olds:
            shares = [
                (_share(changes[id(old)], changes[id(new)]), -number, new)
                for number, new in enumerate(left)
                if old.number not in found and same(old, new)
            ]
            if shares:
                best = max(shares, key=lambda item: item[:2])[2]
                found[old.number] = best
                left.remove(best)
    return found


def _title(mail: Posted) -> str:
    return " ".join(mail.title.casefold().split())


def _share(one: Counter[_Line], two: Counter[_Line]) -> float:
    """How much of what a patch changes another one changes too: 0 to 1."""
    return (one & two).total() / one.total() if one else 0.0


def _has_part(old: Counter[_Line], fresh: Counter[_Line]) -> bool:
    """Whether changes that are new in a patch are, to a good part, those of another one."""
    telling = Counter({key: count for key, count in (old & fresh).items() if len(key[1]) >= _TELLING})
    return telling.total() >= max(1, round(old.total() * _PART)) and telling.total() >= round(fresh.total() * _MOST)


def _is_moved(old: Posted, partners: Mapping[int, Posted]) -> bool:
    """Whether a patch comes before one that it came after."""
    now = partners.get(old.number)
    return now is not None and any(
        number < old.number and other.number > now.number for number, other in partners.items()
    )


# -- what a remark points at


def changed_there(old: Posted, positions: Sequence[int], new: Sequence[Posted]) -> bool:
    """Whether what stands around a line of a patch, by its position in the mail, is another in those that follow it.

    Of a line of the message, whether it is there any more. All positions that may be meant must have changed.
    """
    return bool(positions) and all(_changed_at(old, position, new) for position in positions)


def _changed_at(old: Posted, position: int, new: Sequence[Posted]) -> bool:
    line = old.placed.lines[position]
    if line.what is What.MESSAGE:
        return not any(mail.placed.has_line(line.text) for mail in new)
    before = _compared(old.placed.lines, line)
    after = [_key(other) for mail in new for other in _compared(mail.placed.lines, line).values()]
    places = list(before)
    near = [number for number, place in enumerate(places) if abs(place - position) <= _CLOSE]
    if not near:
        return False
    middle = min(near, key=lambda number: abs(places[number] - position))
    window = [number for number in near if abs(number - middle) <= _NEAR]
    return not _goes_on([_key(other) for other in before.values()], after, window[0], window[-1] + 1)


def _compared(lines: Sequence[PatchLine], pointed: PatchLine) -> dict[int, PatchLine]:
    """The changed lines of a file, and those like the one that is pointed at: context moves with the base."""
    key = _key(pointed)
    return {
        number: line
        for number, line in enumerate(lines)
        if line.what is What.DIFF and line.file == pointed.file and (_is_change(line) or (key and _key(line) == key))
    }


def _goes_on(old: Sequence[str], new: Sequence[str], start: int, end: int) -> bool:
    """Whether the lines from `start` to `end` stand together in the new text too."""
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        if block.a <= start and end <= block.a + block.size:
            return True
    return False
