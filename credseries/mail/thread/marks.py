"""The marks that mailers put before quoted lines, and what stands behind them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

# A space before the mark is format=flowed's, read by no one; initials (`AG> `) are those of whom they quote.
_ANGLES = re.compile(r" ?>(?: ?(?:[A-Z]{1,4})?>)*")
_INITIALS = re.compile(r"(?P<who>[A-Z]{1,4})>(?: ?(?:[A-Z]{1,4})?>)*")
_BARS = re.compile(r"\|(?: ?\|)*(?=\s|$)")


def split_marks(line: str) -> tuple[int, str]:
    """How deep a line is quoted with `>`, and the line without these marks and the space after them."""
    marks = _ANGLES.match(line)
    if marks is None:
        return 0, line
    return marks.group().count(">"), line[marks.end() :].removeprefix(" ")


def read_marks(lines: Sequence[str], introduces: Callable[[str], bool]) -> list[tuple[int, str]]:
    """(depth, words) of each line of a letter; `introduces` tells whether a line says that a quote follows.

    `|` and initials are marks only where a letter uses them as such: bars below a line that introduces a quote, and
    from then on where they are no table; initials there too, or when several lines have the same.
    """
    read = [split_marks(line) for line in lines]
    for start, block in _blocks(lines, _INITIALS):
        if len({_initials(line) for line in block}) == 1 and (
            len(block) > 1 or _is_introduced(lines, start, introduces)
        ):
            _replace(read, start, block, _INITIALS, ">")
    bars = _blocks(lines, _BARS)
    if any(_is_introduced(lines, start, introduces) for start, _ in bars):
        for start, block in bars:
            if not any("|" in line[_end(_BARS, line) :] for line in block):
                _replace(read, start, block, _BARS, "|")
    return read


def _blocks(lines: Sequence[str], mark: re.Pattern[str]) -> list[tuple[int, list[str]]]:
    """Runs of lines that begin with a mark, each with the index of its first line."""
    found = []
    for is_marked, run in groupby(enumerate(lines), key=lambda item: mark.match(item[1]) is not None):
        block = list(run)
        if is_marked:
            found.append((block[0][0], [line for _, line in block]))
    return found


def _initials(line: str) -> str:
    found = _INITIALS.match(line)
    return found["who"] if found else ""


def _end(mark: re.Pattern[str], line: str) -> int:
    found = mark.match(line)
    return found.end() if found else 0


def _is_introduced(lines: Sequence[str], start: int, introduces: Callable[[str], bool]) -> bool:
    above = [line for line in lines[max(start - 3, 0) : start] if line.strip()]
    return bool(above) and introduces(above[-1])


def _replace(read: list[tuple[int, str]], start: int, block: list[str], mark: re.Pattern[str], sign: str) -> None:
    for index, line in enumerate(block, start=start):
        end = _end(mark, line)
        read[index] = (line[:end].count(sign), line[end:].removeprefix(" "))
