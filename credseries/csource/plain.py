"""What compilers read in another way than it looks, or than each other: a text that has it is not analysed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from credseries.csource.lexical import Lexed, Region

# A comment's two characters on two lines, which a backslash makes one.
_PARTED = re.compile(rb"[*/](?:\\[ \t\f\v\r]*\n)+[*/]")
_DIGRAPH = re.compile(rb"%:|<%|%>|<:|:>")
_CODE = re.compile(rb"[^\t\n\f\x20-\x7e]|[\\$@`]")


@dataclass(frozen=True)
class Oddity:
    """What is odd, as a person would say it after "it has", and at which byte offset."""

    offset: int
    what: str


def misread(source: bytes, lexed: Lexed) -> Oddity | None:
    """What makes it uncertain where comments, literals and directives of a whole file begin and end, or None.

    A carriage return is harmless within a comment of the old kind: nothing ends at it, for any compiler.
    """
    found = [*_outside_comments(source, lexed, b"\r"), *_outside_comments(source, lexed, b"\0")]
    parted = _PARTED.search(source) if b"\\" in source else None
    if parted is not None:
        found.append(Oddity(parted.start(), "a comment's end or beginning on two lines"))
    digraph = _DIGRAPH.search(lexed.code)
    if digraph is not None:
        found.append(Oddity(digraph.start(), f"the digraph {digraph.group().decode()}"))
    return min(found, key=lambda item: item.offset, default=None)


def _outside_comments(source: bytes, lexed: Lexed, byte: bytes) -> list[Oddity]:
    """The first place where a control character is no part of a comment of the old kind."""
    at = source.find(byte)
    while at >= 0:
        span = lexed.span_at(at)
        if span is None or span.region is not Region.COMMENT or source.startswith(b"//", span.start):
            return [Oddity(at, "a carriage return" if byte == b"\r" else "a zero byte")]
        at = source.find(byte, span.end)
    return []


def strange(code: bytes) -> Oddity | None:
    """What stands in code (comments, literals and directives blank) that is not as C is written, or None."""
    match = _CODE.search(code)
    if match is None:
        return None
    if match.group() == b"\\":
        return Oddity(match.start(), "a backslash in its code")
    return Oddity(match.start(), f"the byte {match.group()[0]:#04x} in its code")
