"""What is left to do in a series' discussion: for its author, and whom he still waits for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from credseries.series.remarks import Authors, Kind, Remark, State
from credseries.series.trailers import Trailer

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Person:
    """Somebody, and why he is named here: a phrase."""

    name: str
    address: str
    why: str = ""


@dataclass(frozen=True)
class PatchSeen:
    """A patch of a version, with the trailers that it was sent with."""

    version: int
    number: int
    subject: str
    trailers: tuple[Trailer, ...] = ()


@dataclass(frozen=True)
class Heard:
    """A mail of somebody, about a version (0: nobody knows which)."""

    version: int
    name: str
    address: str
    message_id: str
    in_reply_to: str = ""


@dataclass(frozen=True)
class Given:
    """A trailer that came in a reply to patch `patch` of a version (0: to its cover letter, for all patches).

    `missing` are the patches on the branch, by number, that should have it and do not.
    """

    version: int
    patch: int
    trailer: Trailer
    name: str
    message_id: str
    missing: tuple[int, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known besides remarks: `version` was sent last, `patches` are those of all versions, `asked` who was
    written to (To) and is no list, `heard` all mails that came, and `authors` who sent the series."""

    version: int
    patches: tuple[PatchSeen, ...]
    asked: tuple[Person, ...]
    heard: tuple[Heard, ...]
    given: tuple[Given, ...]
    authors: Authors


@dataclass(frozen=True)
class Todo:
    """What waits for the author: remarks that are `open` (reports of `bots` apart) and trailers to be picked up; and
    what he waits for: answers to his questions, those who were asked and said nothing, those who spoke of an earlier
    version and not of this one, and reviews of patches."""

    open: tuple[Remark, ...]
    bots: tuple[Remark, ...]
    trailers: tuple[Given, ...]
    questions: tuple[Remark, ...]
    silent: tuple[Person, ...]
    not_back: tuple[Person, ...]
    unreviewed: tuple[PatchSeen, ...]


def todo(remarks: Sequence[Remark], facts: Facts) -> Todo:
    """The to-do list that follows from remarks and facts."""
    waiting = [item for item in remarks if item.state is State.OPEN and not facts.authors.made(item)]
    return Todo(
        open=tuple(item for item in waiting if item.kind is not Kind.BOT),
        bots=tuple(item for item in waiting if item.kind is Kind.BOT),
        trailers=tuple(item for item in facts.given if item.missing),
        questions=tuple(item for item in remarks if _is_unanswered(item, remarks, facts)),
        silent=_silent(facts),
        not_back=_not_back(remarks, facts),
        unreviewed=tuple(patch for patch in facts.patches if _lacks_review(patch, facts)),
    )


def by_patch(remarks: Iterable[Remark]) -> list[tuple[tuple[int, int] | None, list[Remark]]]:
    """Remarks by (version, patch), the newest version first and its cover letter first; without a place last."""

    def key(remark: Remark) -> tuple[int, int] | None:
        return (remark.place.version, remark.place.patch) if remark.place is not None else None

    groups = _grouped(remarks, key)
    return sorted(groups, key=lambda group: (group[0] is None, -group[0][0] if group[0] else 0, group[0] or (0, 0)))


def by_person(remarks: Iterable[Remark]) -> list[tuple[Person, list[Remark]]]:
    """Remarks by who made them, in the order in which they appear."""
    groups = _grouped(remarks, lambda remark: remark.address.casefold())
    return [(Person(_name(mine), mine[0].address), mine) for _, mine in groups]


def _grouped(remarks: Iterable[Remark], key: Callable[[Remark], _Key]) -> list[tuple[_Key, list[Remark]]]:
    found: dict[_Key, list[Remark]] = {}
    for remark in remarks:
        found.setdefault(key(remark), []).append(remark)
    return list(found.items())


def _name(remarks: Sequence[Remark]) -> str:
    return next((remark.name for remark in remarks if remark.name), "")


# -- questions of the author


def _is_unanswered(remark: Remark, remarks: Sequence[Remark], facts: Facts) -> bool:
    if remark.kind is not Kind.QUESTION or not facts.authors.made(remark):
        return False
    if remark.state in (State.ANSWERED, State.ADDRESSED, State.DECLINED):
        return False
    replies = {
        heard.message_id
        for heard in facts.heard
        if heard.in_reply_to == remark.message_id and not facts.authors.has(heard.name, heard.address)
    }
    said = [other for other in remarks if other.message_id in replies]
    # Who answers without a quote answers all of it; a mail that is a trailer and no more answers nothing.
    return not any(not other.quote or _quotes(other, remark) for other in said if other.kind is not Kind.TRAILER)


def _quotes(reply: Remark, remark: Remark) -> bool:
    quoted, asked = _words("\n".join(reply.quote)), _words(remark.text)
    return bool(quoted) and (asked in quoted or quoted in asked)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


# -- people


def _silent(facts: Facts) -> tuple[Person, ...]:
    spoke = {heard.address.casefold() for heard in facts.heard}
    found: dict[str, Person] = {}
    for person in facts.asked:
        if person.address.casefold() not in spoke and not facts.authors.has(person.name, person.address):
            found.setdefault(person.address.casefold(), person)
    return tuple(found.values())


def _not_back(remarks: Sequence[Remark], facts: Facts) -> tuple[Person, ...]:
    """Those who said something of an earlier version and nothing of the last one, with the last one they spoke of."""
    people = {remark.address.casefold() for remark in remarks if remark.kind is not Kind.BOT}
    latest: dict[str, Heard] = {}
    for heard in facts.heard:
        address = heard.address.casefold()
        if facts.authors.has(heard.name, address) or address not in people:
            continue
        if address not in latest or latest[address].version <= heard.version:
            latest[address] = heard
    return tuple(
        Person(heard.name, heard.address, f"said something of v{heard.version}")
        for heard in latest.values()
        if 0 < heard.version < facts.version
    )


# -- reviews


def _lacks_review(patch: PatchSeen, facts: Facts) -> bool:
    if patch.version != facts.version or patch.number == 0:
        return False
    said = [item.trailer for item in facts.given if item.version == patch.version and item.patch in (0, patch.number)]
    return not any(trailer.is_approval for trailer in (*patch.trailers, *said))
