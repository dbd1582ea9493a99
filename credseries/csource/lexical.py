"""Comments, strings and preprocessor lines: found, and blanked without moving a byte."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property


class Region(Enum):
    """What a stretch of source text is, when it is not code."""

    COMMENT = "comment"
    STRING = "string"
    DIRECTIVE = "directive"


@dataclass(frozen=True)
class Span:
    """A half-open byte range of one kind."""

    start: int
    end: int
    region: Region


# One alternation, so that whichever starts first wins: a quote in a comment is no string, and the reverse. A directive
# runs over continuation lines and over a comment that starts on it, because that comment may span lines. The set comes
# first because the search then skips, at once, what cannot begin any of them.
_NOT_CODE = re.compile(
    rb"""[/"'\#](?:
    (?P<comment>(?<=/)(?:\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/|\Z)|/[^\n\\]*(?:\\.[^\n\\]*)*))
    |(?P<string>(?<=")[^"\\\n]*(?:\\.[^"\\\n]*)*"|(?<=')[^'\\\n]*(?:\\.[^'\\\n]*)*')
    |(?P<directive>(?<=\#)[^\n\\/]*(?:(?:/(?!\*)|/\*.*?(?:\*/|\Z)|\\.)[^\n\\/]*)*))""",
    re.DOTALL | re.VERBOSE,
)
_BLANKS = bytes(byte if byte in b"\n" else 0x20 for byte in range(256))
_REGIONS = {region.value: region for region in Region}


def blanked(match: bytes) -> bytes:
    """Spaces of the same length; newlines stay."""
    return match.translate(_BLANKS)


@dataclass(frozen=True)
class Lexed:
    """A file with everything that is not code blanked.

    `code` has the length of the source; string and character literals keep their quotes and become `x` inside.
    """

    code: bytes
    spans: tuple[Span, ...]

    def region_at(self, offset: int) -> Region | None:
        """The kind of text at a byte offset, or None for code."""
        index = bisect_right(self.spans, offset, key=lambda span: span.start) - 1
        if index >= 0 and offset < self.spans[index].end:
            return self.spans[index].region
        return None

    def directives(self, start: int, end: int) -> list[Span]:
        """The preprocessor lines that lie in a byte range."""
        first = bisect_right(self.spans, start - 1, key=lambda span: span.start)
        found = []
        for span in self.spans[first:]:
            if span.start >= end:
                break
            if span.region is Region.DIRECTIVE:
                found.append(span)
        return found


def _not_code(source: bytes) -> Iterator[Span]:
    at = 0
    while match := _NOT_CODE.search(source, at):
        start, at = match.span()
        region = _REGIONS[match.lastgroup or ""]
        if region is Region.DIRECTIVE:
            line = source.rfind(b"\n", 0, start) + 1
            if source[line:start].strip(b" \t"):
                at = start + 1  # a `#` within a line begins nothing
                continue
            start = line
        yield Span(start, at, region)


def lex(source: bytes) -> Lexed:
    """Blank comments, literals and directives of C source."""
    spans = tuple(_not_code(source))
    pieces: list[bytes] = []
    done = 0
    for span in spans:
        start, end, region = span.start, span.end, span.region
        pieces.append(source[done:start])
        if region is Region.STRING:
            quote = source[start : start + 1]
            pieces.append(quote + b"x" * (end - start - 2) + quote)
        else:
            pieces.append(source[start:end].translate(_BLANKS))
        done = end
    pieces.append(source[done:])
    return Lexed(b"".join(pieces), spans)


class Lines:
    """Byte offsets to line numbers (1-based) and back; the newlines are looked up when something is asked for."""

    def __init__(self, source: bytes) -> None:
        self._source = source

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(b"\n", self._source))]

    def number(self, offset: int) -> int:
        """The 1-based line that holds a byte offset."""
        return self._source.count(b"\n", 0, offset) + 1

    def start(self, number: int) -> int:
        """The offset of a line's first byte; past the last line, the length of the text."""
        return self._starts[number - 1] if number <= len(self._starts) else len(self._source)

    def start_of(self, offset: int) -> int:
        """The offset of the first byte of the line that holds `offset`."""
        return self._source.rfind(b"\n", 0, offset) + 1

    def end_of(self, offset: int) -> int:
        """The offset just past the newline that ends the line of `offset`."""
        return self.start(self.number(offset) + 1)
