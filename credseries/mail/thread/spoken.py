"""Trailers that are not given, but spoken of: `You can add my Reviewed-by: .. if you rename it`. Pure.

By b4's rules a line of a reply that looks like a trailer is one. But people wrap their sentences, and then a condition,
a refusal or a wish is read as a review. What is around the line tells: the end of the sentence above it, what stands
behind it, and how the line below goes on. In doubt it is given, as it is for b4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from credseries.mail.thread.kind_rules import PARTICIPLES
from credseries.mail.thread.kinds import judge
from credseries.mail.thread.sentences import sentences
from credseries.series.trailers import Trailer, parse_trailer

GOES_ON = re.compile(r"\s+\S|<\S+@\S+>\s*$|\[[^]]*\]\s*$")
"""A line below a trailer that belongs to it."""

_FIXED = rf"(?:\S+ ){{0,6}}?(?:{PARTICIPLES}|gone|done|resolved|sorted out|in place|taken care of)\b"
# what follows is no condition: `if you want`, `if that helps`, `if you respin`
_IF = (
    r"if(?! (?:(?:it|that|this) (?:helps|matters|is (?:any|of|worth))|you(?:'d| would)? (?:want|like|wish|care|re-?spin"
    r"|re-?send|send|post|need (?:it|one|that))|there(?:'s| is| will))\b)"
)
_CONDITION = rf"(?:with|when) {_FIXED}"
_CLAUSE = rf"(?:{_IF}|once|unless|until|provided|providing|assuming|as long as|so long as|only (?:if|when|after))\b"
_TAIL = re.compile(rf"\W{{0,3}}(?:{_CLAUSE}|(?:when|after)\b|{_CONDITION})")
_LEAD = re.compile(rf"\b(?:{_CLAUSE}|{_CONDITION})", re.IGNORECASE)
_ONLY_LEAD = re.compile(rf"\W*(?:(?:and|but|so|then) )?(?:{_CLAUSE}|{_CONDITION})[^,;]*[,:]?\Z", re.IGNORECASE)
_OFFER = re.compile(
    r"\b(?:feel free|(?:can|may|could|will|would|i'll|i'd|happy to) (?:also |then |still )?(?:add|have|take|carry|keep"
    r"|use|get|give|offer)|gets?|you have)\b",
    re.IGNORECASE,
)
_HANGING = re.compile(r"\b(?:my|our|your|his|her|their|own|a|an|the|any|no|another|without)\Z", re.IGNORECASE)
_GIVING = re.compile(
    r"\b(?:(?:here(?:'s| is| are)|ha(?:ve|s)|takes?|gets?|gives? (?:it|this|you)) (?:my|our|a|an|the)"
    r"|(?:adds?|carry|keep|include|pick up|use|with) (?:my|our))\Z",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"n't\b|\b(?:not|cannot|never|no longer|without|drop|dropped|remove|removed|lose|lost|strip|delete|withdraw|retract"
    r"|revoke|take back|forgot|missing|why|did|where)\b",
    re.IGNORECASE,
)
_TAKING_BACK = re.compile(
    r"\b(?:drop|remove|lose|strip|delete|withdraw|retract|revoke|take back)\b[^.:]*:?\Z", re.IGNORECASE
)
_EXAMPLE = re.compile(r"\b(?:for example|e\.g\.|such as|in (?:this|that) order|looks? like|formatted?)[^.]*:\Z", re.I)
_LINES, _CHARACTERS = 20, 400  # of a sentence that are looked at: nobody writes longer ones around a trailer
_LOOKS = re.compile(r"\s*[\w-]+:\s")
_NAMED = re.compile(r"\s*(?:[\w-]+-by|Fixes|Closes|Link|Bugzilla|Cc):\s", re.IGNORECASE)


@dataclass(frozen=True)
class _Line:
    """A line that looks like a trailer, and the words around it in one line each."""

    text: str
    lead: str
    rest: str
    tail: str


def spoken_lines(text: str) -> frozenset[str]:
    """The lines of a text that look like trailers and are only spoken of, wherever they stand in it."""
    spoken: set[str] = set()
    given: set[str] = set()
    for line in _lines(text.split("\n")):
        (spoken if _is_spoken(line) else given).add(line.text)
    return frozenset(spoken - given)


def spoken_of(trailers: Iterable[Trailer], text: str) -> tuple[Trailer, ...]:
    """Those of some trailers that the text of their mail only speaks of."""
    lines = [*spoken_lines(text), *(line for line in text.split("\n") if _NAMED.match(line) and not _is_trailer(line))]
    found = [spoken for line in lines if (spoken := parse_trailer(line)) is not None]
    return tuple(trailer for trailer in trailers if any(_is_of(trailer, line) for line in found))


def _is_of(trailer: Trailer, line: Trailer) -> bool:
    """Whether a trailer was read from a line, of which what is no address may have been left out."""
    name, value = trailer.identity
    return name == line.name.lower() and line.value.lower().startswith(value)


def _is_spoken(line: _Line) -> bool:
    lead = line.lead
    if _TAIL.match(line.rest) or _TAIL.match(line.tail) or _TAKING_BACK.search(lead) or _EXAMPLE.search(lead):
        return True
    is_conditional = _LEAD.search(lead) is not None
    if _HANGING.search(lead):
        return is_conditional or _GIVING.search(lead) is None or _NOT.search(lead) is not None
    return is_conditional and (_ONLY_LEAD.match(lead) is not None or _OFFER.search(lead) is not None)


def _lines(lines: Sequence[str]) -> Iterator[_Line]:
    """What looks like a trailer, several of which may share the words above and below them."""
    number = 0
    while number < len(lines):
        first = number
        while number < len(lines) and (_is_trailer(lines[number]) or (number > first and GOES_ON.match(lines[number]))):
            number += 1
        if number == first:
            number += 1
            continue
        lead, tail = _above(lines[max(0, first - _LINES) : first]), _below(lines[number : number + 2])
        for line in filter(_is_trailer, lines[first:number]):
            yield _Line(line.rstrip(), lead, line.rpartition(">")[2].strip() if ">" in line else "", tail)


def _is_trailer(line: str) -> bool:
    return _LOOKS.match(line) is not None and judge(line).rule == "a trailer"


def _above(lines: Sequence[str]) -> str:
    """The sentence that leads to a line, as far as it is not at its end above it."""
    paragraph: list[str] = []
    for line in reversed(lines):
        if line.startswith(">") or (not line.strip() and paragraph) or _is_trailer(line):
            break
        if line.strip():
            paragraph.insert(0, line.strip())
    last = next(reversed(sentences("\n".join(paragraph))), "")
    return "" if last.endswith((".", "!", "?", ")")) else " ".join(last.split())[-_CHARACTERS:]


def _below(lines: Sequence[str]) -> str:
    """The line that goes on below a line; one that begins like a sentence does not."""
    for line in lines:
        if line.strip():
            return "" if line.startswith(">") else line.strip()[:_CHARACTERS]
    return ""
