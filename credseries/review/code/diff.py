"""The lines of a git diff with their numbers on both sides. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_FILE = re.compile(r"^diff --git .*$", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(frozen=True)
class DiffLine:
    """A line of a hunk: `mark` is `+`, `-` or a space; `old` and `new` are line numbers, 0 on a side that lacks it."""

    mark: str
    text: str
    old: int
    new: int


@dataclass(frozen=True)
class FileDiff:
    """What changes in a file; `path` is that after the patch, or before it where the file goes."""

    path: str
    lines: tuple[DiffLine, ...]

    @property
    def added(self) -> tuple[DiffLine, ...]:
        """The lines that are new."""
        return tuple(line for line in self.lines if line.mark == "+")

    @property
    def removed(self) -> tuple[DiffLine, ...]:
        """The lines that go."""
        return tuple(line for line in self.lines if line.mark == "-")


def parse_diff(data: bytes) -> tuple[FileDiff, ...]:
    """The files of a diff as git writes it (`--src-prefix=a/ --dst-prefix=b/`); bytes that are not UTF-8 become
    surrogates."""
    text = data.decode("utf-8", "surrogateescape")
    starts = [*(match.start() for match in _FILE.finditer(text)), len(text)]
    return tuple(_file(text[start:end]) for start, end in pairwise(starts))


def _file(text: str) -> FileDiff:
    lines = text.split("\n")
    names = [line[4:].split("\t")[0] for line in lines[:12] if line.startswith(("--- ", "+++ "))][:2]
    paths = [_path(name) for name in reversed(names)]
    path = next((name for name in paths if name), "") or _from_head(lines[0])
    return FileDiff(path, tuple(_hunks(lines)))


def _path(name: str) -> str:
    """The path in a `---` or `+++` line; empty for /dev/null."""
    if name.startswith('"') and name.endswith('"'):
        name = _unquoted(name[1:-1])
    return "" if name == "/dev/null" else name[2:]


def _from_head(line: str) -> str:
    """The path of a file whose contents do not change, from `diff --git a/X b/X`."""
    rest = line.removeprefix("diff --git ")
    if rest.endswith('"'):
        return _unquoted(rest[rest.rindex(' "b/') + 4 : -1]) if ' "b/' in rest else ""
    return (
        rest[len(rest) // 2 + 3 :]
        if rest[: len(rest) // 2][2:] == rest[len(rest) // 2 + 3 :]
        else rest.rpartition(" b/")[2]
    )


def _unquoted(text: str) -> str:
    """A path that git has quoted as C would (git-config(1), core.quotePath)."""

    def byte(match: re.Match[str]) -> str:
        found = match.group(1)
        return chr(int(found, 8)) if len(found) == 3 else _LETTERS.get(found, found)

    plain = _ESCAPE.sub(byte, text)
    return plain.encode("latin-1", "surrogateescape").decode("utf-8", "surrogateescape") if "\\" in text else text


def _hunks(lines: list[str]) -> Iterator[DiffLine]:
    old = new = olds = news = 0
    for line in lines:
        if olds <= 0 and news <= 0:
            head = _HUNK.match(line)
            if head is not None:
                old, new = int(head[1]), int(head[3])
                olds, news = int(head[2] or 1), int(head[4] or 1)
            continue
        mark, text = line[:1] or " ", line[1:]
        if mark == "\\":
            continue
        yield DiffLine(mark, text, old if mark != "+" else 0, new if mark != "-" else 0)
        if mark != "+":
            old, olds = old + 1, olds - 1
        if mark != "-":
            new, news = new + 1, news - 1
