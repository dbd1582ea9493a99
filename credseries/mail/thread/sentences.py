"""The words of a mail as paragraphs, items of lists, and sentences: the smallest things that can be asked for. Pure.

Lines of code and of tables stay whole: they are no sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_ITEM = re.compile(r"^\s{0,8}(?:\(?(?P<number>\d{1,2}|[a-z])[.)]|#(?P<hash>\d{1,2})[:.)]|[-*+\u2022])\s+(?=\S)")
_CODE = re.compile(
    r"^(?:\t|\s{4,}\S)|^\s*[-+]\s{2,}\S|^[-+]\t|^\s*(?:[{}]|#\s*(?:include|define|if|endif|else)\b|/\*|\*/|\$ |@@ )"
    r"|^(?:diff --git|---|\+\+\+) \S|[;{}]\s*$|^\s*\[\s*\d+\.\d+\]|^\s*\S+\s*\|\s+\d+\s*[-+]*$"
)
_TABLE = re.compile(r"\S(?:\s{3,}|\t+|\s*\|\s*)\S.*(?:\s{3,}|\t+|\|)\s*\S")
_NUMBERS = re.compile(r"\d[\d.,]*%?")
_END = re.compile(r"(?P<end>[.!?]+|:(?=\n|$))(?P<close>[\"')\]]*)(?=\s|$)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|w\.r\.t|resp|approx|Dr|Mr|Ms|St|Inc|Ltd|no|fig|sec)|\.\.)\.$", re.I
)
_LONGEST = 12  # characters that tell whether a full stop is one
_LETTERS = re.compile(r"[^\W\d_]")


class Shape(Enum):
    """What a block of lines is."""

    TEXT = "text"
    ITEM = "item"
    CODE = "code"


@dataclass(frozen=True)
class Block:
    """Lines that belong together; `paragraph` counts those that blank lines part, `mark` is what an item begins with
    (`1`, `a`, `-`)."""

    shape: Shape
    lines: tuple[str, ...]
    paragraph: int
    mark: str = ""

    @property
    def text(self) -> str:
        """Its lines as they are."""
        return "\n".join(self.lines)


def blocks(words: str) -> list[Block]:
    """The blocks of some words, in order: no line of them is lost, but blank ones."""
    found: list[Block] = []
    for number, lines in enumerate(_paragraphs(words.split("\n"))):
        for shape, mark, mine in _shapes(lines):
            found.append(Block(shape, tuple(mine), number, mark))
    return found


def _paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    here: list[str] = []
    for line in lines:
        if line.strip():
            here.append(line.rstrip())
        elif here:
            yield here
            here = []
    if here:
        yield here


def _shapes(lines: Sequence[str]) -> Iterator[tuple[Shape, str, list[str]]]:
    shape, mark, here = Shape.TEXT, "", list[str]()
    for line in lines:
        item = _ITEM.match(line)
        if item is not None and not _is_code(line):
            now, name = Shape.ITEM, item.group("number") or item.group("hash") or line.strip()[0]
        elif shape is Shape.ITEM and here and (line[:1].isspace() or not _is_code(line)):
            here.append(line)  # an item goes on, indented or as a mailer has wrapped it
            continue
        else:
            now, name = (Shape.CODE if _is_code(line) else Shape.TEXT), ""
        if here and (now is not shape or now is Shape.ITEM):
            yield shape, mark, here
            here = []
        shape, mark = now, name
        here.append(line)
    if here:
        yield shape, mark, here


def _is_code(line: str) -> bool:
    """Whether a line is one of a program, of a diff, of a log or of a table."""
    if _CODE.search(line) or _TABLE.search(line):
        return True
    words = line.split()
    numbers = sum(1 for word in words if _NUMBERS.fullmatch(word))
    return (len(words) >= 3 and numbers * 2 > len(words)) or not _LETTERS.search(line)


def sentences(text: str) -> list[str]:
    """The sentences of a block of text, each with its line ends as they are; what has no end is one."""
    found, start, seen, depth = list[str](), 0, 0, 0
    for match in _END.finditer(text):
        depth += text.count("(", seen, match.end()) - text.count(")", seen, match.end())
        seen = match.end()
        if _goes_on(text, match) or depth > 0:  # what ends inside of brackets is part of the sentence around them
            continue
        found.append(text[start : match.end()].strip())
        start, depth = match.end(), 0
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _goes_on(text: str, end: re.Match[str]) -> bool:
    """Whether it is no end: `e.g. this`, `fs/foo.c. and`, `wait ... what`."""
    if not end.group("end").startswith("."):
        return False
    if end.group("end") == "." and _ABBREVIATION.search(text, max(0, end.start() - _LONGEST), end.end("end")):
        return True
    rest = text[end.end() : end.end() + _LONGEST].lstrip()
    return bool(rest) and rest[0].islower()
