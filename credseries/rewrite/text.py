"""Collects the changes to one function's text: statements replaced, lines dropped, lines indented, blanks tidied."""

from __future__ import annotations

import re

from credseries.csource.function import Function
from credseries.csource.splice import Edit, Insert, Spliced, splice

TAB_WIDTH = 8
MAX_COLUMNS = 100  # what the kernel's checkpatch.pl accepts


class Changes:
    """Edits to a function's text, by statement or by whole line (1-based within the text)."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.source = function.source
        self.lines = function.lines
        self._edits: list[Edit] = []
        self._dropped: set[int] = set()
        self._indented: set[int] = set()

    def line_text(self, number: int) -> bytes:
        """A line without its newline."""
        return self.source[self.lines.start(number) : self.lines.start(number + 1)].rstrip(b"\n")

    def edit(self, edit: Edit) -> None:
        """Add a change within a line or over lines."""
        self._edits.append(edit)

    def drop_line(self, number: int) -> None:
        """Remove a whole line."""
        self._dropped.add(number)

    def drop(self, start: int, end: int) -> None:
        """Remove a statement: with its lines when it has them to itself, else only its text."""
        first, last = self.lines.number(start), self.lines.number(end - 1)
        before = self.source[self.lines.start(first) : start]
        after = self.source[end : self.lines.start(last + 1)]
        if before.strip() == b"" and after.strip() == b"":
            self._dropped.update(range(first, last + 1))
        elif before.strip() == b"":
            spaces = len(after) - len(after.lstrip(b" \t"))
            self._edits.append(Edit(start, end + spaces))
        else:
            spaces = len(before) - len(before.rstrip(b" \t"))
            self._edits.append(Edit(start - spaces, end))

    def indent(self, first: int, last: int) -> None:
        """Give the lines one more tab; blank lines and preprocessor lines stay."""
        self._indented.update(range(first, last + 1))

    def _survives(self, number: int, step: int) -> int:
        count = self.lines.number(len(self.source))
        while 0 < number <= count and number in self._dropped:
            number += step
        return number

    def _tidy(self) -> None:
        """Where lines went, leave no blank line that does not separate two things."""
        for number in sorted(self._dropped):
            previous = self._survives(number, -1)
            following = self._survives(number, 1)
            before, after = self.line_text(previous).strip(), self.line_text(following).strip()
            if after == b"" and (before == b"" or before.endswith((b"{", b":"))):
                self._dropped.add(following)
            elif before == b"" and after.startswith(b"}"):
                self._dropped.add(previous)

    def spliced(self) -> Spliced:
        """The text with all changes made. Raises ValueError when two of them contradict each other."""
        self._tidy()
        edits = list(self._edits)
        for number in sorted(self._dropped):
            edits.append(Edit(self.lines.start(number), self.lines.start(number + 1)))
        for number in sorted(self._indented - self._dropped):
            text = self.line_text(number)
            if text.strip() and not text.startswith(b"#"):
                start = self.lines.start(number)
                edits.append(Edit(start, start, (Insert(b"\t", start),)))
                edits += self._rewrapped(number)
        inside = [edit for edit in edits if not self._within_dropped(edit)]
        return splice(self.source, inside)

    def _rewrapped(self, number: int) -> list[Edit]:
        """Line breaks for a line that one more tab makes too long; none when another edit is in it already."""
        start, end = self.lines.start(number), self.lines.start(number) + len(self.line_text(number))
        if columns(self.line_text(number)) > MAX_COLUMNS or any(start <= edit.start <= end for edit in self._edits):
            return []
        code = self.function.code[start:end]
        return [
            Edit(start + at, start + at + length, (Insert(b"\n" + white, start + at),))
            for at, length, white in breaks(b"\t" + self.line_text(number), b"\t" + code, 1)
        ]

    def _within_dropped(self, edit: Edit) -> bool:
        """Whether an edit lies in lines that are dropped anyway (and is not the dropping itself)."""
        number = self.lines.number(edit.start)
        at_start = edit.start == self.lines.start(number)
        # what is put before a dropped line is no part of it
        whole = at_start and edit.end in (edit.start, self.lines.start(number + 1))
        return number in self._dropped and not whole


# Where the kernel breaks a line: after a comma, a semicolon of a `for`, or an operator between spaces.
_BREAKABLE = re.compile(rb"[,;](?= )|(?<= )(?:&&|\|\||<<|>>|[=!<>]=|[|&^+*/%?:<>-])(?= )")


def breaks(line: bytes, code: bytes, shift: int = 0) -> list[tuple[int, int, bytes]]:
    """Where to break a line that is too long, in kernel style.

    `code` is the line with comments and literals blanked. Gives, for each break, the offset (less `shift`) and the
    number of blanks that it replaces, and the white space that the next line begins with: as far as the innermost
    bracket that is open there; a continuation line stays where it is, anything else moves a tab in. Breaks stand as far
    outside of brackets as possible, and then as far right. What is too long only because of a comment, or cannot be
    broken, stays.
    """
    found: list[tuple[int, int, bytes]] = []
    begin, margin = 0, b""
    while columns(margin + code[begin:].rstrip()) > MAX_COLUMNS:
        chosen = _break_in(line, code, begin, margin)
        if chosen is None:
            return found
        at, length, white = chosen
        found.append((at - shift, length, white))
        begin, margin = at + length, white
    return found


def _break_in(line: bytes, code: bytes, begin: int, margin: bytes) -> tuple[int, int, bytes] | None:
    candidates = []
    own = line[: len(line) - len(line.lstrip(b" \t"))]
    for match in _BREAKABLE.finditer(code, begin):
        at = match.end()
        if columns(margin + line[begin:at]) > MAX_COLUMNS:
            break
        opened = _open_brackets(code, begin, at)
        length = len(line[at:]) - len(line[at:].lstrip(b" "))
        if not code[at + length :].strip() or line[at : at + length] != code[at : at + length]:
            continue
        if opened:
            white = alignment(columns(margin + line[begin : opened[-1] + 1]))
        elif margin:
            white = margin
        else:
            white = own if code.count(b")") > code.count(b"(") else own + b"\t"
        candidates.append((-len(opened), at, length, white))
    if not candidates:
        return None
    _, at, length, white = max(candidates)
    return at, length, white


def _open_brackets(code: bytes, begin: int, end: int) -> list[int]:
    opened: list[int] = []
    for at in range(begin, end):
        if code[at] in b"([{":
            opened.append(at)
        elif code[at] in b")]}" and opened:
            opened.pop()
    return opened


def columns(line: bytes) -> int:
    """The width of a line on a terminal, tabs to multiples of eight."""
    width = 0
    for character in line.decode("utf-8", "replace"):
        width += TAB_WIDTH - width % TAB_WIDTH if character == "\t" else 1
    return width


def alignment(width: int) -> bytes:
    """White space of a width in columns, as the kernel aligns: tabs, then spaces."""
    return b"\t" * (width // TAB_WIDTH) + b" " * (width % TAB_WIDTH)
