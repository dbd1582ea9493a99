"""Where in a patch's mail something is to be said: below the line that it is about, or as near as there is one. Pure.

Hunks say numbers of the sender's tree. Where the patch was applied at an offset, or merged, lines have other numbers:
each hunk is looked for in the file as it is after the patch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property
from itertools import groupby

from credseries.mail.thread.patch_text import PatchLine, What
from credseries.series.observations import Observation

_AROUND = 400  # lines before and after a hunk's place among which a merged hunk is looked for


class Nearness(Enum):
    """How near a place is to what is meant: the line itself, the hunk of its function, or the list of files; or the end
    of the message, for what is about the patch as a whole."""

    LINE = "line"
    FUNCTION = "function"
    FILES = "files"
    MESSAGE = "message"


@dataclass(frozen=True)
class Hunk:
    """A hunk of a mail: the positions of its head and of its first and last line."""

    file: str
    head: int
    first: int
    last: int


@dataclass(frozen=True)
class Place:
    """A line of a mail, by position, below which something is to be said."""

    position: int
    nearness: Nearness


class PatchMail:
    """The lines of a patch's mail, with the files as they are after the patch where those are known."""

    def __init__(self, lines: Sequence[PatchLine], after: dict[str, Sequence[str]] | None = None) -> None:
        self.lines = lines
        self._after = after or {}

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """The hunks, in order."""
        return tuple(_hunks(self.lines))

    @cached_property
    def numbers(self) -> dict[Hunk, dict[int, int]]:
        """For each hunk its lines after the patch: the number in the file, and the position in the mail."""
        return {hunk: _numbers(self.lines, hunk, self._after.get(hunk.file, ())) for hunk in self.hunks}

    def hunk_at(self, position: int) -> Hunk | None:
        """The hunk that a position is in."""
        return next((hunk for hunk in self.hunks if hunk.head <= position <= hunk.last), None)

    def position(self, file: str, number: int) -> int | None:
        """Where a line of a file after the patch stands in the mail, or None when no hunk has it."""
        for hunk in self.hunks:
            if hunk.file == file and number in self.numbers[hunk]:
                return self.numbers[hunk][number]
        return None

    def place(self, item: Observation) -> Place:
        """Where an observation belongs."""
        if not item.file:
            return Place(self.message_end, Nearness.MESSAGE)
        for exact in (self._taken_away(item), self._first_added(item), self.position(item.file, item.line)):
            if exact is not None:
                return Place(exact, Nearness.LINE)
        near = self._of_function(item)
        return Place(near, Nearness.FUNCTION) if near is not None else Place(self.files_end, Nearness.FILES)

    def _first_added(self, item: Observation) -> int | None:
        """The first line that the patch adds, or shows, of those that an observation is about, where they are several;
        or None."""
        if item.last <= item.line:
            return None
        found = [
            at
            for hunk in self.hunks
            if hunk.file == item.file
            for number, at in self.numbers[hunk].items()
            if item.line <= number <= item.last
        ]
        added = [at for at in found if self.lines[at].text.startswith("+")]
        return min(added or found, default=None)

    def _taken_away(self, item: Observation) -> int | None:
        """The removed line that an observation is about, or None."""
        gone = item.gone
        if gone is None:
            return None
        found = [
            (abs(line.line - gone.number), at)
            for at, line in enumerate(self.lines)
            if line.removed and line.file == item.file and gone.text in " ".join(line.text[1:].split())
        ]
        return min(found)[1] if found else None

    def _of_function(self, item: Observation) -> int | None:
        """The last line of an observation's function in that hunk with some of it which is nearest to its line."""
        first, last = item.extent
        found: list[tuple[int, int]] = []
        for hunk in self.hunks:
            if hunk.file != item.file:
                continue
            inside = {number: at for number, at in self.numbers[hunk].items() if first <= number <= last}
            if inside:
                nearest = min(abs(number - item.line) for number in inside)
                found.append((nearest, inside[max(inside)]))
            elif not last and item.function:
                named = [at for at in range(hunk.first, hunk.last + 1) if self.lines[at].function == item.function]
                found += [(abs(self.lines[named[-1]].line - item.line), named[-1])] if named else []
        return min(found)[1] if found else None

    @cached_property
    def diff_start(self) -> int:
        """Where the diff begins."""
        return next((at for at, line in enumerate(self.lines) if line.what is not What.MESSAGE), len(self.lines))

    @cached_property
    def files(self) -> range:
        """The list of changed files above the diff: its lines, with the one that sums them up. It may be empty."""
        end = self.diff_start
        rows = [at for at in range(end) if _is_row(self.lines[at].text)]
        if not rows:
            return range(end, end)
        last = rows[-1]
        if last + 1 < end and " changed" in self.lines[last + 1].text:
            last += 1
        first = last
        while first and (_is_row(self.lines[first - 1].text)):
            first -= 1
        return range(first, last + 1)

    @cached_property
    def message_end(self) -> int:
        """The last line of the commit message."""
        texts = [line.text for line in self.lines[: self.diff_start]]
        end = next((at for at, text in enumerate(texts) if text.rstrip() == "---"), len(texts))
        return next((at for at in reversed(range(end)) if texts[at].strip()), 0)

    @cached_property
    def files_end(self) -> int:
        """The line below which is said what has no place in the diff."""
        if self.files:
            return self.files[-1]
        return self.message_end


def _is_row(text: str) -> bool:
    name, bar, change = text.partition(" | ")
    return bool(bar and name[:1] == " " and name.strip() and change.strip()[:1].isdigit()) or " | Bin" in text


def _hunks(lines: Sequence[PatchLine]) -> Iterator[Hunk]:
    position = 0
    head, file = -1, ""
    for what, run in groupby(lines, key=lambda line: line.what):
        found = list(run)
        if what is What.HUNK:
            head, file = position + len(found) - 1, found[-1].file
        elif what is What.DIFF:
            yield Hunk(file, head, position, position + len(found) - 1)
        position += len(found)


def _numbers(lines: Sequence[PatchLine], hunk: Hunk, after: Sequence[str]) -> dict[int, int]:
    there = [
        at for at in range(hunk.first, hunk.last + 1) if not lines[at].removed and not lines[at].text.startswith("\\")
    ]
    said = {lines[at].line: at for at in there}
    if not there or not after:
        return said
    texts = [lines[at].text[1:].rstrip() for at in there]
    start = _find(texts, after, lines[there[0]].line - 1)
    if start is not None:
        return {start + number: at for number, at in enumerate(there, 1)}
    return _aligned(texts, there, after, lines[there[0]].line - 1)


def _find(texts: Sequence[str], after: Sequence[str], stated: int) -> int | None:
    """The index nearest to the stated one at which a file has some lines."""
    size = len(texts)
    starts = (at for at in range(len(after) - size + 1) if after[at].rstrip() == texts[0])
    whole = [at for at in starts if all(after[at + n].rstrip() == text for n, text in enumerate(texts))]
    return min(whole, key=lambda at: abs(at - stated), default=None)


def _aligned(texts: Sequence[str], there: Sequence[int], after: Sequence[str], stated: int) -> dict[int, int]:
    """The lines of a hunk that was merged, as far as the file has them in this order."""
    start = max(stated - _AROUND, 0)
    part = [line.rstrip() for line in after[start : stated + len(texts) + _AROUND]]
    blocks = SequenceMatcher(None, texts, part, autojunk=False).get_matching_blocks()
    return {start + block.b + n + 1: there[block.a + n] for block in blocks for n in range(block.size)}
