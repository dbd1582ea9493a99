"""Whom a commit message names in its trailers, and who made the commits that it fixes. Pure.

As b4 has it (0.16, `LoreTrailer`), every trailer with an address and without a link names a person who gets the patch
as Cc. `To:` is taken at its word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from credseries.mail.message import Address
from credseries.mail.recipients.address import find_addresses, make_address
from credseries.mail.recipients.model import Concern, Fixed, Note
from credseries.mail.text import one_line
from credseries.series.trailers import Trailer, parse_trailer, trailers_of

# b4 0.16, `LoreTrailer._utility`: what names no person, whatever it looks like.
_UTILITY = frozenset(
    ["fixes", "link", "buglink", "closes", "obsoleted-by", "message-id", "change-id", "base-commit", "based-on"]
)
_OF_PEOPLE = re.compile(r"(?:to|cc|.+-by)\Z", re.IGNORECASE)
_FIXES = re.compile(r"[0-9a-f]{6,64}\b", re.IGNORECASE)
_SHOWN_DIGITS = 12


@dataclass(frozen=True)
class Credited:
    """Somebody whom a commit message names, and whether it names him as To."""

    person: Address
    is_to: bool


def credited(trailers: Iterable[Trailer], where: str = "") -> Iterator[Credited]:
    """The people in some trailers; `where` (` of the cover letter`) is added to the reason."""
    for trailer in trailers:
        if _names_nobody(trailer):
            continue
        for person in find_addresses(trailer.value, f"{one_line(trailer.name)}{where}"):
            yield Credited(person, trailer.name.lower() == "to")


def without_address(trailers: Iterable[Trailer], index: int) -> Iterator[Note]:
    """A note for every trailer that names a person without an address that mail can go to."""
    for trailer in trailers:
        if _OF_PEOPLE.match(trailer.name) and "://" not in trailer.value and not find_addresses(trailer.value, ""):
            text = f"{one_line(str(trailer))!r} has no mail address, and nobody gets mail for it"
            yield Note(Concern.NO_ADDRESS, text, patches=(index,))


def people_trailers(message: str) -> tuple[Trailer, ...]:
    """The trailers of a message: those of its last paragraph, and of each one that has nothing else.

    (`Fixes:` is often set off from the rest by an empty line.)
    """
    *above, _ = message.strip("\n").split("\n\n") if "\n\n" in message else [""]
    found: list[Trailer] = []
    for paragraph in above[1:]:
        lines = [parse_trailer(line) for line in paragraph.strip("\n").split("\n")]
        if all(line is not None for line in lines):
            found += filter(None, lines)
    return (*found, *trailers_of(message))


def fixes(message: str) -> tuple[str, ...]:
    """The ids, whole or not, of the commits that a message says its patch fixes."""
    named = (trailer.value for trailer in people_trailers(message) if trailer.name.lower() == "fixes")
    return tuple(dict.fromkeys(match[0].lower() for value in named if (match := _FIXES.match(value))))


def authors_of_fixed(message: str, known: Mapping[str, Fixed | None]) -> Iterator[Address]:
    """Who wrote the commits that a message's patch fixes, of those that are known."""
    for commit in fixes(message):
        found = known.get(commit)
        if found is not None:
            yield make_address(found.name, found.address, f"wrote {commit[:_SHOWN_DIGITS]}, which this fixes")


def unknown_fixed(message: str, known: Mapping[str, Fixed | None], index: int) -> Iterator[Note]:
    """A note for every commit that a patch says it fixes and the repository does not have."""
    for commit in fixes(message):
        if commit in known and known[commit] is None:
            text = (
                f"Fixes: {commit[:_SHOWN_DIGITS]} names a commit that this repository does not have (or several): who "
                "wrote and signed it is not known"
            )
            yield Note(Concern.UNKNOWN_COMMIT, text, patches=(index,))


def _names_nobody(trailer: Trailer) -> bool:
    return trailer.name.lower() in _UTILITY or "://" in trailer.value
