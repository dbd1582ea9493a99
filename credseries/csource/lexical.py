"""Comments, strings and preprocessor lines: found, and blanked without moving a byte."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
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


# A line that ends in a backslash goes on, also when blanks stand behind the backslash; compilers agree on that.
_ESCAPED = rb"\\(?:[ \t\f\v\r]*\n|.|\Z)"
_BLOCK = rb"\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"  # a comment, behind its first slash
_LINE = rb"/(?:[^\n\\]++|%b)*+" % _ESCAPED
# A literal behind its quote: one that is never closed takes the rest of its line with it.
_QUOTED = rb'(?:(?<=")(?:[^"\\\n]++|%b)*+(?:"|(?=\n)|\Z)|(?<=\')(?:[^\'\\\n]++|%b)*+(?:\'|(?=\n)|\Z))' % (
    _ESCAPED,
    _ESCAPED,
)
# One alternation, so that whichever starts first wins: a quote in a comment is no string, and the reverse. The set
# comes first because the search then skips, at once, what cannot begin any of them. Nothing is tried twice (`++`, `*+`)
# so that the time that a text takes grows with its length, whatever is in it.
_NOT_CODE = re.compile(
    rb"""[/"'\#](?:
    (?P<comment>(?<=/)(?:%b|%b))
    |(?P<string>%b)
    |(?P<directive>(?<=\#)))"""
    % (_BLOCK, _LINE, _QUOTED),
    re.DOTALL | re.VERBOSE,
)
# A directive behind its `#` runs over continuation lines, and over a comment that starts on it: that may span lines.
_DIRECTIVE = re.compile(
    rb"""(?:[^\n\\/"']++|%b|/(?:%b|%b|(?![/*]))|["']%b)*+""" % (_ESCAPED, _BLOCK, _LINE, _QUOTED), re.DOTALL
)
_COMMENT = re.compile(rb"""/(?:%b|%b)|["']%b""" % (_BLOCK, _LINE, _QUOTED), re.DOTALL)
_CONTINUED = re.compile(rb"\\[ \t\f\v\r]*\n")
_WHITE = b" \t\f\v"
_BLANKS = bytes(byte if byte in b"\n" else 0x20 for byte in range(256))
_REGIONS = {region.value: region for region in Region}


def blanked(match: bytes) -> bytes:
    """Spaces of the same length; newlines stay."""
    return match.translate(_BLANKS)


@dataclass(frozen=True)
class Lexed:
    """A file with everything that is not code blanked.

    `code` has the length of the source; string and character literals keep their quotes and become `x` inside. One that
    is never closed goes as far as its line, and has no second quote.
    """

    code: bytes
    spans: tuple[Span, ...]

    def span_at(self, offset: int) -> Span | None:
        """What is not code around a byte offset, or None for code."""
        index = bisect_right(self.spans, offset, key=lambda span: span.start) - 1
        return self.spans[index] if index >= 0 and offset < self.spans[index].end else None

    def region_at(self, offset: int) -> Region | None:
        """The kind of text at a byte offset, or None for code."""
        span = self.span_at(offset)
        return span.region if span is not None else None

    def directives(self, start: int, end: int) -> list[Span]:
        """The preprocessor lines that lie in a byte range."""
        first = bisect_left(self.spans, start, key=lambda span: span.start)
        last = bisect_left(self.spans, end, lo=first, key=lambda span: span.start)
        return [span for span in self.spans[first:last] if span.region is Region.DIRECTIVE]


def _not_code(source: bytes) -> Iterator[Span]:
    at = 0
    line, fresh = 0, True  # where the line that is read begins, or its text behind comments; whether it is blank so far
    while match := _NOT_CODE.search(source, at):
        start, end = match.span()
        newline = source.rfind(b"\n", at, start) + 1
        if newline:
            line, fresh = newline, True
        fresh = fresh and not source[max(line, at) : start].strip(_WHITE)
        region = _REGIONS[match.lastgroup or ""]
        if region is Region.DIRECTIVE:
            if not fresh:
                at = end  # a `#` within a line begins nothing
                continue
            start, end = line, _directive_end(source, end)
        elif region is Region.STRING:
            fresh = False
        at = line = end
        yield Span(start, end, region)


def _directive_end(source: bytes, at: int) -> int:
    match = _DIRECTIVE.match(source, at)
    return match.end() if match is not None else at


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
            closed = end - start > 1 and source[end - 1 : end] == quote
            pieces.append(quote + b"x" * (end - start - 1 - closed) + quote * closed)
        else:
            pieces.append(source[start:end].translate(_BLANKS))
        done = end
    pieces.append(source[done:])
    return Lexed(b"".join(pieces), spans)


def uncommented(text: bytes) -> bytes:
    """A directive as one line, as the preprocessor reads it: continued lines joined, and a blank for each comment."""
    joined = _CONTINUED.sub(b"", text) if b"\\" in text else text
    return _COMMENT.sub(_without_comment, joined) if b"/" in joined else joined


def _without_comment(match: re.Match[bytes]) -> bytes:
    return b" " if match.group().startswith(b"/") else match.group()


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
