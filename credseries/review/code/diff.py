"""A patch's diff in files, hunks and lines, each with its numbers on both sides. Pure.

It is the text that git writes with `a/` and `b/` before names (git-diff(1), "Generating patch text with -p").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$")
_ESCAPED = re.compile(r"\\([0-7]{3}|.)")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NOTES = (
    (re.compile(r"^new file mode"), "new"),
    (re.compile(r"^deleted file mode"), "deleted"),
    (re.compile(r"^(?:rename|copy) from (.*)"), "was {0}"),
    (re.compile(r"^new mode (\d+)"), "mode {0}"),
    (re.compile(r"^Binary files "), "binary"),
)


@dataclass(frozen=True)
class DiffLine:
    """A line: `mark` is +, - or a space; `old` and `new` are its numbers, 0 on a side that has it not. `ends` says that
    a newline follows it."""

    mark: str
    text: str
    old: int
    new: int
    ends: bool = True


@dataclass(frozen=True)
class Hunk:
    """Lines that stand together; `head` is what git writes of the function around them."""

    head: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True)
class FileDiff:
    """What changes in a file; `path` is that after the patch, or before it where the file goes.

    `notes` are words: new, deleted, binary, its old name, its new mode.
    """

    path: str
    hunks: tuple[Hunk, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[DiffLine, ...]:
        """The lines of all hunks."""
        return tuple(line for hunk in self.hunks for line in hunk.lines)

    @property
    def added(self) -> tuple[DiffLine, ...]:
        """The lines that are new."""
        return tuple(line for line in self.lines if line.mark == "+")

    @property
    def removed(self) -> tuple[DiffLine, ...]:
        """The lines that go."""
        return tuple(line for line in self.lines if line.mark == "-")


def parse_diff(data: bytes) -> tuple[FileDiff, ...]:
    """The files of a diff; bytes that are not UTF-8 become surrogates (PEP 383)."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    found: list[FileDiff] = []
    start = None
    hunk_ends = 0
    for number, line in enumerate(lines):
        if number < hunk_ends:
            continue
        match = _HUNK.match(line)
        if match is not None:
            hunk_ends = number + 1 + _length(lines[number + 1 :], int(match[2] or 1), int(match[4] or 1))
        elif line.startswith("diff --git "):
            if start is not None:
                found.append(_file(lines[start:number]))
            start = number
    if start is not None:
        found.append(_file(lines[start:]))
    return tuple(found)


def _length(lines: Sequence[str], old: int, new: int) -> int:
    """How many lines a hunk has that says how many there are on each side."""
    for number, line in enumerate(lines):
        if old <= 0 and new <= 0 and not line.startswith("\\"):
            return number
        old -= line[:1] in (" ", "-", "")
        new -= line[:1] in (" ", "+", "")
    return len(lines)


def _file(lines: Sequence[str]) -> FileDiff:
    first = next((number for number, line in enumerate(lines) if _HUNK.match(line)), len(lines))
    head = lines[:first]
    names = {line[:3]: _name(line[4:]) for line in head if line.startswith(("--- ", "+++ "))}
    path = names.get("+++") or names.get("---") or _named(head)
    return FileDiff(path, tuple(_hunks(lines[first:])), tuple(_notes(head)))


def _notes(head: Sequence[str]) -> Iterator[str]:
    for line in head:
        for pattern, words in _NOTES:
            match = pattern.match(line)
            if match is not None:
                yield words.format(*(_unquoted(group) for group in match.groups()))


def _name(text: str) -> str:
    """The path that a line `---` or `+++` names; empty for /dev/null."""
    name = _unquoted(text.split("\t", maxsplit=1)[0])
    return "" if name == "/dev/null" else name[2:]


def _named(head: Sequence[str]) -> str:
    """The path of a file of which no line changes."""
    for line in head:
        if line.startswith(("rename to ", "copy to ")):
            return _unquoted(line.partition(" to ")[2])
    rest = head[0].removeprefix("diff --git ")
    half = len(rest) // 2  # `a/X b/X`: both names are the same
    return _unquoted(rest[half + 1 :])[2:]


def _unquoted(text: str) -> str:
    """A path as it is, where git has quoted it (git-config(1), core.quotePath)."""
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return text

    def byte(match: re.Match[str]) -> str:
        return chr(int(match[1], 8)) if len(match[1]) == 3 else _LETTERS.get(match[1], match[1])

    try:
        return _ESCAPED.sub(byte, text[1:-1]).encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # core.quotePath is off: only what must be is quoted
        return _ESCAPED.sub(byte, text[1:-1])


def _hunks(lines: Sequence[str]) -> Iterator[Hunk]:
    head, old, new = "", 0, 0
    found: list[DiffLine] = []
    left = (0, 0)
    for number, line in enumerate(lines):
        if left == (0, 0):
            match = _HUNK.match(line)
            if match is None:
                continue
            if found:
                yield Hunk(head, tuple(found))
            found, head = [], match[5]
            old, new = int(match[1]), int(match[3])
            left = int(match[2] or 1), int(match[4] or 1)
            continue
        mark, text = line[:1] or " ", line[1:]
        if mark not in "+- ":
            continue
        ends = not (number + 1 < len(lines) and lines[number + 1].startswith("\\"))
        found.append(DiffLine(mark, text, 0 if mark == "+" else old, 0 if mark == "-" else new, ends))
        left = left[0] - (mark != "+"), left[1] - (mark != "-")
        old, new = old + (mark != "+"), new + (mark != "-")
    if found:
        yield Hunk(head, tuple(found))
