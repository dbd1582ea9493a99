"""Text from mail or code with what nobody would see made visible: controls, direction marks, bytes that are no text.

A direction mark can make code read as something else than a compiler sees, a control can hide a part of a line, and
neither is of any use in a page. Both are written as C writes them: `\\x1b`, `\\u202e`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_OTHER = re.compile(r"[^\t\n -~]")  # most text has none of these
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode's categories, UAX #44
_BYTES = range(0xDC80, 0xDD00)  # PEP 383: bytes that are not UTF-8


def visible(text: str) -> str:
    """The text with escapes in the place of what cannot be seen; tabs and newlines stay."""
    return _OTHER.sub(lambda match: escape(match[0]) if is_hidden(match[0]) else match[0], text)


def parts(text: str) -> Iterator[tuple[bool, str]]:
    """The pieces of a text, and whether each is an escape that stands for something that cannot be seen."""
    start = 0
    for match in _OTHER.finditer(text):
        if is_hidden(match[0]):
            if match.start() > start:
                yield False, text[start : match.start()]
            yield True, escape(match[0])
            start = match.end()
    if start < len(text):
        yield False, text[start:]


def is_hidden(character: str) -> bool:
    """Whether a character shows nothing by itself, and is no tab or newline."""
    return character not in "\t\n" and unicodedata.category(character) in _HIDDEN


def escape(character: str) -> str:
    """How a character is written where it must be seen."""
    code = ord(character)
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
