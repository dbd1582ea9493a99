"""C in pieces that a reader tells apart: words of the language, comments, texts, and what changes credentials. Pure.

Lines are looked at one by one, as they stand in a diff; all that is remembered from one to the next is an open comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum


class Token(Enum):
    """What a piece of a line is."""

    PLAIN = "plain"
    WORD = "word"
    COMMENT = "comment"
    TEXT = "text"
    CREDENTIALS = "credentials"


_WORDS = (
    "auto break case const continue default do else enum extern for goto if inline register return sizeof static "
    "struct switch typedef union volatile while bool char double float int long short signed unsigned void"
)
_TOKEN = re.compile(
    r"(?P<comment>/\*.*?(?:\*/|$)|//.*$)"
    r"|(?P<text>\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?)"
    r"|(?P<credentials>\b(?:scoped_)?guard(?=\(cred\b)|\b\w*(?:override|revert)_creds\w*)"
    rf"|(?P<word>\b(?:{'|'.join(_WORDS.split())})\b|^[ \t]*#[ \t]*\w+)"
)
_END = "*/"


class Tokens:
    """Takes lines apart; `inside` says that the next one begins in a comment."""

    def __init__(self) -> None:
        self.inside = False

    def of(self, line: str) -> Iterator[tuple[Token, str]]:
        """The pieces of a line: together they are the line."""
        start = 0
        if self.inside:
            end = line.find(_END)
            self.inside = end < 0
            start = len(line) if self.inside else end + len(_END)
            yield Token.COMMENT, line[:start]
        for match in _TOKEN.finditer(line, start):
            if match.start() > start:
                yield Token.PLAIN, line[start : match.start()]
            start = match.end()
            token = Token(match.lastgroup)
            if token is Token.COMMENT and match[0].startswith("/*"):
                self.inside = not (match[0].endswith(_END) and len(match[0]) >= 4)
            yield token, match[0]
        if start < len(line):
            yield Token.PLAIN, line[start:]
