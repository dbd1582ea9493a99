"""The text of a reply: sentences wrapped for mail, and lines from outside made ones that do nothing. Pure."""

from __future__ import annotations

import re
import textwrap

from credseries.mail.text import WIDTH

INSTEAD = "\ufffd"  # stands for a character that is not repeated
# Controls, what ends a line for some readers (b4 takes trailers from what `str.splitlines` gives it: a part of a quoted
# line would be the reviewer's own word), what turns the direction of writing, and halves of characters.
_ACTING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# What a mailbox, a mail reader, git or b4 takes for a mark of its own at the beginning of a line.
_MARK = re.compile(r"[ \t]?(?:>|\||[A-Z]{1,4}>)|From |-- ?$|---|diff -|Index: |@@ |\+\+\+ ")
_TRAILER = re.compile(r"(-by):(?=\s)", re.IGNORECASE)
_SPAN = re.compile(r"`[^`]{1,60}`")
_BLANK = "\x00"


def inert(line: str) -> str:
    """A line without characters that a terminal or a mail reader would act on: U+FFFD stands for them."""
    return _ACTING.sub(INSTEAD, line)


def wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Sentences as lines of at most 72 columns; what is in backticks is not broken, nor is a word that is too long.

    No line of the result is a mark of mailboxes, mail readers, git or b4, and none can be taken for a trailer, which is
    the reviewer's to give.
    """
    text = _TRAILER.sub(r"\1 :", text)
    whole = _SPAN.sub(lambda found: found.group().replace(" ", _BLANK), " ".join(inert(text).split()))
    lines = textwrap.wrap(
        whole, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [_unmarked(line.replace(_BLANK, " ")) for line in lines]


def shown(text: str, indent: str = "  ", width: int = WIDTH) -> str:
    """A line of code or of a log by itself: as it is, and cut where it does not fit."""
    line = inert(text.expandtabs()).strip()
    room = width - len(indent)
    return indent + (line if len(line) <= room else line[: room - 3] + "...")


def _unmarked(line: str) -> str:
    return f"  {line}" if _MARK.match(line) else line
