"""A message that came in, as data: what it says about itself, and its text as quotes and words of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Letter:
    """One message, decoded.

    `message_id`, `in_reply_to` and `references` are bare (no angle brackets); `subject` is on one line; `name` and
    `address` are those of From. `date` is None when the header cannot be read. `text` is the part that people read,
    with lines ending in LF; `attached` are patches and logs in parts of their own, as (file name or "", text).
    `headers` are the decoded headers that tell a program's mail from a person's, by lower-case name. `problems` says
    what could not be understood, each with what is lost by that: nothing is dropped without a word here. `raw` is the
    message as it came.
    """

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    subject: str
    name: str
    address: str
    date: datetime | None
    text: str
    attached: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    raw: bytes = b""


@dataclass(frozen=True)
class Quote:
    """Lines that a message repeats from another one, without their marks.

    `depth` is the number of marks (1: the message that is answered). `whose` is the name or address in the line that
    introduces it (`On .., Amir wrote:`), or empty. `guessed` says that marks were missing or broken and the words
    themselves told, or the fields that mailers write above a mail. `introduction` is what introduces it, whole: the
    first quote below a line has it.
    """

    depth: int
    lines: tuple[str, ...]
    whose: str = ""
    guessed: bool = False
    introduction: str = ""


@dataclass(frozen=True)
class Exchange:
    """A remark and what it is about: the quotes that stand before it since the remark before, in the order of the
    text, and the words of the sender.

    `line` is where the words start in the letter's text, counted from 1. Quotes that nothing follows have empty
    `words`, and the line is theirs. Top-posting has no `quotes` before its words, and `below` holds what follows.
    """

    quotes: tuple[Quote, ...]
    words: str
    line: int
    below: tuple[Quote, ...] = ()
