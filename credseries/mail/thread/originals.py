"""Mails that stand whole and without marks below an answer, with a block of fields above them (Outlook's way). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from credseries.mail.thread.tongues import FIELDS, ORIGINAL

_NAMES = {name.casefold(): kind for kind, names in FIELDS.items() for name in names}
_FIELD = re.compile(
    r"[ \t]{0,4}\*{0,2}(?P<name>[^\W\d_][\w -]{0,14}?)\s?(?:\*{1,2}\s?:|:\*{0,2}|\uff1a)\s?(?P<value>.*)"
)
_RULE = re.compile(r"\s*[_-]{10,}\s*")
_LONGEST = 2000  # characters of a field; of To and Cc there may be many on a line
_CONTINUED = 12  # lines


@dataclass(frozen=True)
class Block:
    """A block of fields: how many `lines` it takes, with the rule above it, and whose mail is below."""

    lines: int
    whose: str


def read_block(lines: Sequence[str], start: int) -> Block | None:
    """The block that starts with a line, or None.

    It needs a sender and two more fields (a mark as `-----Original Message-----` counts for one), of which one tells
    when it was sent or to whom: `git format-patch` writes the others above a patch that is pasted.
    """
    at = _after_marks(lines, start)
    marked = any(ORIGINAL.fullmatch(line.strip()) for line in lines[start:at])
    kinds: list[str] = []
    whose = ""
    continued = 0
    for line in lines[at : at + 40]:
        found = _FIELD.fullmatch(line[:_LONGEST])
        kind = _NAMES.get(found["name"].casefold().strip()) if found else None
        if found and kind and (kinds or kind == "from"):
            whose = whose or (_person(found["value"]) if kind == "from" else "")
            kinds.append(kind)
            continued = 0
        elif kinds and line.strip() and continued < _CONTINUED and _continues(line, kinds[-1]):
            continued += 1
        else:
            break
        at += 1
    enough = len(set(kinds)) + marked >= 3 and (marked or "to" in kinds or _says_sent(lines[start:at]))
    if kinds and kinds[0] == "from" and enough:
        return Block(at - start, whose)
    return Block(at - start, "") if marked and not kinds else None


def _after_marks(lines: Sequence[str], start: int) -> int:
    at = start
    while at < min(len(lines), start + 4) and (
        ORIGINAL.fullmatch(lines[at].strip()) or _RULE.fullmatch(lines[at]) or (at > start and not lines[at].strip())
    ):
        at += 1
    return at


def _continues(line: str, kind: str) -> bool:
    """Whether a line goes on with a list of addresses, or with a subject that was folded."""
    return line[:1] in " \t" or (kind in {"to", "cc"} and ("@" in line or line.rstrip().endswith((";", ","))))


def _says_sent(lines: Sequence[str]) -> bool:
    """Whether a field tells the time in another word than `Date`, which patches have too."""
    for line in lines:
        found = _FIELD.fullmatch(line[:_LONGEST])
        if found and _NAMES.get(found["name"].casefold().strip()) == "sent" and found["name"].casefold() != "date":
            return True
    return False


def _person(value: str) -> str:
    """The name in a field, or the address when there is no name."""
    name = re.split(r"\s*[<\[(]", value.strip().strip("*").strip())[0].strip(" \"'")
    return name or value.strip(" <>[]*")
