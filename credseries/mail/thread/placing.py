"""Where in a patch a quote is from. Pure.

A remark stands below what it is about, so the place of a quote is that of its last line. Lines repeat in a patch; the
lines quoted above tell which of them is meant: the longest tail of the quote that the patch has is looked for, as it
is, and without regard to white space and to where a mailer has broken lines. When several places are left, only
what they have in common is said.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from credseries.mail.thread.patch_text import PatchLine, What, patch_lines

_LEFT_OUT = re.compile(
    r"^\s*(?:[\[<(]\s*(?:\.{2,}|\u2026|snip\w*|cut|skip\w*|trim\w*|\d+ (?:more )?lines[^\]>)]*)\s*[\]>)]"
    r"|\.{3,}|\u2026|-{2,}\s*8<.*|8<.*)\s*$",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")
_LINES = 80  # of a quote that are looked at: more of them tell no more
_SHORT = 12  # characters without white space: less is found anywhere


@dataclass(frozen=True)
class Spot:
    """A place in a patch; what is not known, or not the same for all lines that could be meant, is empty or 0.

    `sure` says that the quote is in the patch at all, `lines` are the positions where it may end.
    """

    file: str = ""
    function: str = ""
    line: int = 0
    removed: bool = False
    sure: bool = False
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Text:
    """The lines of a patch as one text, and where each begins and ends in it."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


class Placed:
    """A patch (or cover letter) in which quotes are looked for."""

    def __init__(self, text: str) -> None:
        self._source = text

    @cached_property
    def lines(self) -> tuple[PatchLine, ...]:
        """The lines of the mail."""
        return patch_lines(self._source)

    @cached_property
    def _exact(self) -> _Text:
        return _joined(self.lines, _as_it_is)

    @cached_property
    def _squeezed(self) -> _Text:
        return _joined(self.lines, _without_space)

    def find(self, quoted: Sequence[str]) -> Spot:
        """Where lines that were quoted, without their marks, end."""
        tail = _tail(quoted)
        if not tail:
            return Spot()
        exact, squeezed = (
            _positions(self._exact, [_as_it_is(line) for line in tail]),
            _positions(self._squeezed, [_without_space(line) for line in tail]),
        )
        length, found = max(exact, squeezed, key=lambda item: item[0])
        return _common([self.lines[number] for number in found], found) if length else Spot()

    def has_line(self, text: str) -> bool:
        """Whether a line, or what it says as a part of others, is there, without regard to white space."""
        key = _without_space(text)
        return key in self._squeezed.text if len(key) >= _SHORT else key in self._keys

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(_without_space(line.text) for line in self.lines)

    def has(self, quoted: Sequence[str]) -> bool:
        """Whether all of some lines, in a row, are in the patch, without regard to white space."""
        text = "".join(_without_space(line) for line in quoted)
        return len(text) >= _SHORT and text in self._squeezed.text


def _as_it_is(line: str) -> str:
    return line.rstrip() + "\n"


def _without_space(line: str) -> str:
    return _SPACE.sub("", line)


def _joined(lines: Sequence[PatchLine], key: Callable[[str], str]) -> _Text:
    parts = [key(line.text) for line in lines]
    starts, place = [], 0
    for part in parts:
        starts.append(place)
        place += len(part)
    return _Text("".join(parts), tuple(starts), (*starts[1:], place))


def _tail(quoted: Sequence[str]) -> list[str]:
    """The last lines of a quote, from where something was left out, without blank ones at its end."""
    lines = list(quoted[-_LINES:])
    while lines and not lines[-1].strip():
        lines.pop()
    for number in range(len(lines) - 1, -1, -1):
        if _LEFT_OUT.match(lines[number]):
            return lines[number + 1 :]
    return lines


def _positions(text: _Text, keys: Sequence[str]) -> tuple[int, list[int]]:
    """How long the longest tail of `keys` is that a text has, in lines, and the lines at which it may end."""
    if not keys or not keys[-1].strip():
        return 0, []
    low, high = 0, len(keys)  # a tail that is there has tails that are there
    while low < high:
        middle = (low + high + 1) // 2
        if text.text.find("".join(keys[-middle:])) >= 0:
            low = middle
        else:
            high = middle - 1
    for length in range(low, 0, -1):
        found = _ends(text, "".join(keys[len(keys) - length :]))
        if found:
            return length, found
    return 0, []


def _ends(text: _Text, tail: str) -> list[int]:
    """The lines that end where `tail` ends, each time that it begins with a line."""
    found, place = list[int](), text.text.find(tail) if tail else -1
    starts = text.starts
    while place >= 0:
        end = place + len(tail)
        first, last = bisect_left(starts, place), bisect_left(text.ends, end)
        is_start = first < len(starts) and starts[first] == place
        if is_start and last < len(text.ends) and text.ends[last] == end:
            found.append(last)
        place = text.text.find(tail, place + 1)
    return found


def _common(lines: Sequence[PatchLine], positions: Sequence[int]) -> Spot:
    """What all lines that may be meant have in common."""
    first = lines[0]
    same_file = all(line.file == first.file for line in lines)
    if not same_file or first.what is What.MESSAGE:
        return Spot(sure=True, lines=tuple(positions))
    same_function = all(line.function == first.function for line in lines)
    alone = len(lines) == 1 and first.what is What.DIFF
    return Spot(
        first.file,
        first.function if same_function else "",
        first.line if alone else 0,
        first.removed if alone else False,
        sure=True,
        lines=tuple(positions),
    )
