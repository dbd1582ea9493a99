"""What is told of a version beyond what can be compared. It is part of the record of the series that it is told of, so
a branch that never got its new version has nothing told of it either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Credit:
    """Somebody who asked for something, in a reply to a patch that was sent (0: to the cover letter); `said` are the
    author's words on what was done about it, where there are any."""

    patch: int
    name: str
    message_id: str
    said: str = ""


@dataclass(frozen=True)
class Fact:
    """A trailer and what has become of it: `kept`, `added` (it was not in the version that was sent) or `dropped`.

    `patch` is the number in the new version, `old` are the patches of the version that was sent which became it;
    `message_id` is that of the reply that it came in, or empty.
    """

    what: str
    trailer: str
    patch: int
    old: tuple[int, ...]
    reason: str = ""
    message_id: str = ""


@dataclass(frozen=True)
class PatchReview:
    """A patch of the version in the making, and whether it has a Reviewed-by or an Acked-by."""

    number: int
    subject: str
    reviewed: bool


@dataclass(frozen=True)
class Told:
    """What is told of a version until it has been sent: who asked for what, what the author says of a patch that was
    sent (0: of the series), trailers that were dropped, and which patches had a review when the letter was made."""

    credits: tuple[Credit, ...] = ()
    because: Mapping[int, str] = field(default_factory=dict)
    dropped: tuple[Fact, ...] = ()
    reviews: tuple[PatchReview, ...] = ()


def told_from_json(data: dict[str, Any]) -> Told:
    """What `dataclasses.asdict` gave, from JSON; raises KeyError, TypeError or ValueError on anything else."""
    return Told(
        tuple(Credit(**item) for item in data["credits"]),
        {int(number): text for number, text in data["because"].items()},
        tuple(Fact(**{**item, "old": tuple(item["old"])}) for item in data["dropped"]),
        tuple(PatchReview(**item) for item in data.get("reviews", ())),
    )
