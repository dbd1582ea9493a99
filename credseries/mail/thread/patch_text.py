"""The text of a patch as it was mailed, line by line, each line with its place in the files. Pure.

Hunks are read by the counts of their headers (the unified format of diff), so that a line of a file which looks like a
header is none, and `-- ` below the last hunk is no removed line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_HUNK = re.compile(
    r"^@@ -(?P<old>\d{1,9})(?:,(?P<olds>\d{1,9}))? \+(?P<new>\d{1,9})(?:,(?P<news>\d{1,9}))? @@(?P<function>.*)$"
)
_GIT = re.compile(r"^diff --git (?:\"?a/)(?P<old>.+?)\"? (?P<quote>\"?)b/(?P<name>.+?)\"?$")
_OLD = re.compile(r"^--- (?P<quote>\"?)(?:a/)?(?P<name>(?:\\.|[^\t\n\"])+)\"?(?:\t.*)?$")
_NEW = re.compile(r"^\+\+\+ (?P<quote>\"?)(?:b/)?(?P<name>(?:\\.|[^\t\n\"])+)\"?(?:\t.*)?$")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_DEFINED = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*\(")
_START = re.compile(r"^[A-Za-z_][^;=]*\([^;]*$")  # a definition, as diff looks for one: a name in column 0
_LABEL = re.compile(r"^\w+:")
_NO_FUNCTION = ("if", "while", "for", "switch", "return", "sizeof", "__attribute__", "__acquires", "__releases")
_C = (".c", ".h")  # files in which a name in column 0 begins a function
_NOWHERE = "/dev/null"


class What(Enum):
    """What a line of a mailed patch belongs to."""

    MESSAGE = "message"
    HEADER = "header"
    HUNK = "hunk"
    DIFF = "diff"


@dataclass(frozen=True)
class PatchLine:
    """A line of a patch's mail.

    `line` counts from 1 in the file after the patch, for a line that it removes (`removed`) in the file before it; it
    is 0 outside of hunks. `function` is what encloses the line as far as the hunk tells, else empty.
    """

    text: str
    what: What
    file: str = ""
    function: str = ""
    line: int = 0
    removed: bool = False


@dataclass
class _Hunk:
    """A hunk that is being read: what is left of it, and where it has come to.

    `is_head` says that the head of `function` was read, and not yet its brace: it may be a declaration.
    """

    old: int
    new: int
    olds: int
    news: int
    function: str
    is_head: bool = False

    @property
    def is_done(self) -> bool:
        return self.olds <= 0 and self.news <= 0


def patch_lines(text: str) -> tuple[PatchLine, ...]:
    """The lines of a patch's mail, in order."""
    return tuple(_lines(text.split("\n")))


def _lines(lines: Sequence[str]) -> Iterator[PatchLine]:
    file, in_header, hunk = "", False, None
    for number, line in enumerate(lines):
        if hunk is not None and not hunk.is_done and (line[:1] in "+- \\" or not line):
            yield _in_hunk(line, file, hunk)
            continue
        hunk = None
        if named := _header_file(lines, number):
            file, in_header = named, True
            yield PatchLine(line, What.HEADER, file)
        elif file and (match := _HUNK.match(line)):
            in_header, hunk = False, _hunk(match, file)
            yield PatchLine(line, What.HUNK, file, hunk.function)
        elif in_header:
            yield PatchLine(line, What.HEADER, file)
        else:
            yield PatchLine(line, What.MESSAGE)


def _header_file(lines: Sequence[str], number: int) -> str:
    """The file whose header a line begins or goes on with, or nothing."""
    line = lines[number]
    if match := _GIT.match(line):
        return _name(match)
    following = lines[number + 1] if number + 1 < len(lines) else ""
    before = lines[number - 1] if number else ""
    old, new = (line, following) if line.startswith("--- ") else (before, line)
    one, two = _OLD.match(old), _NEW.match(new)
    if one is None or two is None:
        return ""
    return _name(one) if two["name"] == _NOWHERE else _name(two)


def _name(match: re.Match[str]) -> str:
    """The name of a file; git quotes those with odd characters as C does (core.quotePath)."""
    if not match["quote"]:
        return match["name"]
    return _ESCAPE.sub(_meant, match["name"].encode()).decode("utf-8", "replace")


def _meant(escape: re.Match[bytes]) -> bytes:
    code = escape.group(1)
    return bytes([int(code, 8) & 0xFF]) if code.isdigit() else _ESCAPED.get(code, code)


def _hunk(match: re.Match[str], file: str) -> _Hunk:
    olds, news = (int(match[name]) if match[name] is not None else 1 for name in ("olds", "news"))
    function = _function(match["function"].strip()) if file.endswith(_C) else ""
    return _Hunk(int(match["old"]), int(match["new"]), olds, news, function)


def _in_hunk(line: str, file: str, hunk: _Hunk) -> PatchLine:
    sign, rest = line[:1] or " ", line[1:]
    if sign == "\\":  # "\ No newline at end of file" is no line
        return PatchLine(line, What.DIFF, file, hunk.function)
    if file.endswith(_C):
        _enter(rest.rstrip(), hunk)
    place = hunk.old if sign == "-" else hunk.new
    found = PatchLine(line, What.DIFF, file, hunk.function, place, removed=sign == "-")
    if rest.startswith("}"):
        hunk.function = ""
    if sign != "+":
        hunk.old, hunk.olds = hunk.old + 1, hunk.olds - 1
    if sign != "-":
        hunk.new, hunk.news = hunk.new + 1, hunk.news - 1
    return found


def _enter(text: str, hunk: _Hunk) -> None:
    """Note what a line of the file says about the function that it is in; git takes names in column 0 for one."""
    if text.startswith("{"):
        hunk.is_head = False
    elif hunk.is_head and text.endswith(";"):
        hunk.function, hunk.is_head = "", False
    elif (text[:1].isalpha() or text[:1] == "_") and not _LABEL.match(text):
        hunk.function = _function(text)
        hunk.is_head = bool(hunk.function) and not text.endswith("{")


def _function(text: str) -> str:
    """The name of the function that a line defines, or nothing when it is another thing, or a macro makes the name."""
    if not _START.match(text):
        return ""
    names = [match["name"] for match in _DEFINED.finditer(text) if match["name"] not in _NO_FUNCTION]
    if len(names) > 1 and names[0].startswith("__"):  # an attribute with arguments
        names = names[1:]
    return names[0] if names and names[0] != names[0].upper() else ""


def files_of(lines: Iterable[PatchLine]) -> tuple[str, ...]:
    """The files that a patch changes, in order."""
    return tuple(dict.fromkeys(line.file for line in lines if line.file))
