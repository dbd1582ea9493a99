"""What people said of the versions of a series: each remark with its place, its kind and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a remark is; `OTHER` is what no rule recognises, and is shown as such."""

    REQUEST = "request"
    QUESTION = "question"
    PRAISE = "praise"
    NIT = "nit"
    TRAILER = "trailer"
    BOT = "bot report"
    OTHER = "other"


class State(StrEnum):
    """What became of a remark. Praise and trailers have none of these to wait for: they are `NONE`."""

    OPEN = "open"
    ANSWERED = "answered"
    ADDRESSED = "addressed"
    DECLINED = "declined"
    NONE = "none"


@dataclass(frozen=True)
class Place:
    """Where in a version a remark belongs: `patch` is a number from 1, or 0 for the cover letter.

    `file`, `function` and `line` are empty or 0 when the quote does not tell. `line` counts from 1 in the file after
    the patch; for a line that the patch removes (`removed`) in the file before it.
    """

    version: int
    patch: int
    file: str = ""
    function: str = ""
    line: int = 0
    removed: bool = False


@dataclass(frozen=True)
class Remark:
    """One remark of one person.

    `id` stays the same each time that the same mails are read (`MESSAGE-ID#N`, N from 1 in the message). `date` is ISO
    8601 with its offset, or empty. `place` is None when nothing says which patch is meant. `quote` is what it is about,
    `text` what it says. `answers` are the ids of remarks of the series' author that answer it; `why` says in words how
    its state is known (`answered in <..>`, `patch 3 changed in v2 where it points`, `declined: LINK`).
    """

    id: str
    message_id: str
    name: str
    address: str
    date: str
    place: Place | None
    kind: Kind
    state: State
    quote: tuple[str, ...]
    text: str
    answers: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Authors:
    """Those who sent a series: their `addresses` in lower case, and their `names`, for who writes from another one."""

    addresses: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()

    def has(self, name: str, address: str) -> bool:
        """Whether somebody is one of them."""
        if address and address.casefold() in self.addresses:
            return True
        return bool(name) and name.casefold() in {known.casefold() for known in self.names}

    def made(self, remark: Remark) -> bool:
        """Whether a remark is by one of them."""
        return self.has(remark.name, remark.address)

    def __or__(self, other: Authors) -> Authors:
        """These and others."""
        return Authors(self.addresses | other.addresses, tuple(dict.fromkeys((*self.names, *other.names))))
