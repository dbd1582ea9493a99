"""Plain text for a mail: names cleaned and shortened, sentences wrapped, and nothing that b4 takes for its own.

b4 splits a cover letter at a line that ends in three dashes, and moves lines of the first and the last paragraph that
look like trailers (`Word: text`), indented or not.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

INDENT = "  "
_TRAILER = re.compile(r"^(\s*\S+):(?=\s+\S)")


def clean(text: str) -> str:
    """Text from outside as one line: no control characters, no three dashes in a row, no start of an encoded word."""
    line = " ".join(text.split())
    printable = "".join(char if char.isprintable() else "?" for char in line)
    return re.sub(r"-{3,}", "--", printable).replace("=?", "= ?")


def shortened(text: str, width: int) -> str:
    """Text that fits into a width, with `..` for its middle where it does not."""
    if len(text) <= width:
        return text
    kept = max(width - 2, 0)
    tail = kept // 2
    return (text[: kept - tail] + ".." + text[len(text) - tail :])[: max(width, 0)]


def wrapped(text: str, width: int, first: str = INDENT, rest: str = INDENT) -> list[str]:
    """Cleaned text in lines of at most `width` columns with their indents; a word that is wider is broken."""
    return textwrap.wrap(clean(text), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False) or [
        first.rstrip()
    ]


def points(sentences: Iterable[str], width: int) -> list[str]:
    """Sentences as a list, each once."""
    return [
        line
        for sentence in dict.fromkeys(map(clean, sentences))
        for line in wrapped(sentence, width, INDENT + "* ", INDENT + "  ")
    ]


def block(paragraphs: Sequence[Sequence[str]]) -> str:
    """Paragraphs as one text, a blank line between them; the first and the last have no line like a trailer."""
    there = [[line.rstrip() for line in lines] for lines in paragraphs if lines]
    for edge in (there[0], there[-1]) if there else ():
        # A comma takes the place of the colon, so that columns stay where they are.
        edge[:] = [_TRAILER.sub(r"\1,", line) for line in edge]
    return "\n\n".join("\n".join(lines) for lines in there)
