"""The lines of a letter, each told for what it is: a quote, what introduces one, or the sender's words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from credseries.mail.thread.attributions import LINES, attribution_start, introduces, whose
from credseries.mail.thread.marks import read_marks
from credseries.mail.thread.originals import Block, read_block

_DEEPEST = 40  # mails below one another without marks


class Part(Enum):
    """What a line of a letter is."""

    BLANK = "blank"
    WORDS = "words"
    QUOTE = "quote"
    INTRODUCTION = "introduction"


@dataclass(frozen=True)
class Line:
    """A line: `words` are without marks, `depth` is how deep it is quoted (0: the sender's own).

    `whose` is the writer of a quote, or the one whom an introduction names. `guessed`: no mark says that it is a quote.
    `joins`: the sender's mailer broke it off the line above.
    """

    number: int
    part: Part
    depth: int
    words: str
    whose: str = ""
    guessed: bool = False
    joins: bool = False


def read_lines(text: str) -> list[Line]:
    """The lines of a letter's text, from 1, as far as marks, introductions and blocks of fields tell.

    Blank is a line without anything, or marks, on it; a quoted empty line is a quote.
    """
    raw = text.removesuffix("\n").split("\n")
    lines = [
        Line(number, _part(depth, words, line), depth, words)
        for number, ((depth, words), line) in enumerate(zip(read_marks(raw, introduces), raw, strict=True), start=1)
    ]
    return _named(_below_blocks(_introduced(lines), raw))


def _part(depth: int, words: str, line: str) -> Part:
    if depth:
        return Part.QUOTE
    return Part.WORDS if words.strip() and line.strip() else Part.BLANK


def _introduced(lines: list[Line]) -> list[Line]:
    """Lines that introduce a deeper quote marked as such; mailers wrap them, at the cost of the mark at times."""
    done = list(lines)
    for index, line in enumerate(lines):
        if not line.words.rstrip().endswith((":", "\uff1a")) or not _is_quoted_below(lines, index):
            continue
        start = _start(done, index)
        if start is None:
            continue
        name = whose(" ".join(item.words for item in done[start : index + 1])) or ""
        depth = max(item.depth for item in done[start : index + 1])
        for at in range(start, index + 1):
            done[at] = replace(done[at], part=Part.INTRODUCTION, whose=name, depth=depth)
    return done


def _is_quoted_below(lines: Sequence[Line], index: int) -> bool:
    """Whether the next line with anything on it, at most three lines below, is quoted deeper."""
    for line in lines[index + 1 : index + 4]:
        if line.depth > lines[index].depth:
            return True
        if line.words.strip():
            return False
    return False


def _start(lines: Sequence[Line], index: int) -> int | None:
    """Where the introduction begins that ends with a line."""
    first = index
    while first > 0 and index - first < LINES - 1 and _goes_on(lines[first - 1], lines[index]):
        first -= 1
    found = attribution_start([line.words for line in lines[first : index + 1]])
    if found is None:
        return None
    if any(line.depth != lines[index].depth for line in lines[first + found : index]) and (
        lines[index].words.lstrip()[:1] != "<"
    ):
        return index if whose(lines[index].words) is not None else None
    return first + found


def _goes_on(above: Line, last: Line) -> bool:
    if not above.words.strip() or above.part is Part.INTRODUCTION:
        return False
    return above.depth == last.depth or above.depth == last.depth + 1


def _below_blocks(lines: list[Line], raw: Sequence[str]) -> list[Line]:
    """Below a block of fields the rest is another mail, without marks; but if it has marks, the block says whose."""
    done = list(lines)
    level, index = 0, 0
    while index < len(lines):
        line = lines[index]
        block = read_block(raw, index) if line.part is Part.WORDS else None
        if block is not None and block.lines:
            _mark_block(done, index, block, level)
            index += block.lines
            if not _is_quoted_next(lines, index):
                level = min(level + 1, _DEEPEST)
            continue
        if level:
            part = Part.INTRODUCTION if line.part is Part.INTRODUCTION else Part.QUOTE
            done[index] = replace(line, part=part, depth=line.depth + level, guessed=True)
        index += 1
    return done


def _mark_block(done: list[Line], start: int, block: Block, level: int) -> None:
    for at in range(start, start + block.lines):
        if done[at].words.strip():
            done[at] = replace(done[at], part=Part.INTRODUCTION, whose=block.whose, depth=level)


def _is_quoted_next(lines: Sequence[Line], index: int) -> bool:
    below = next((line for line in lines[index:] if line.words.strip() or line.depth), None)
    return below is not None and below.depth > 0


def _named(lines: list[Line]) -> list[Line]:
    """Quotes with the name of whoever the introductions above them say."""
    names: dict[int, str] = {}
    done = []
    for line in lines:
        if line.part is Part.INTRODUCTION:
            names = {depth: name for depth, name in names.items() if depth <= line.depth}
            names[line.depth + 1] = line.whose
        done.append(replace(line, whose=names.get(line.depth, "")) if line.part is Part.QUOTE else line)
    return done
