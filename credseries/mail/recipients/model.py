"""Who gets which message of a series, and what a person should know about that."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

from credseries.mail.message import Address
from credseries.mail.text import one_line

Policy = Literal["owners", "topic", "all"]
POLICIES: tuple[Policy, ...] = get_args(Policy)


@dataclass(frozen=True)
class Change:
    """A patch as far as its recipients depend on it.

    `index` counts from 1. `patch` is what `git format-patch` writes of it, or empty where only its files are known;
    `message` its commit message. `topic` and `tree` are those of its recipe, `lists` the lists that one names; all
    three are empty for a patch that belongs to none.
    """

    index: int
    subject: str
    files: tuple[str, ...]
    topic: str = ""
    tree: str = ""
    lists: tuple[str, ...] = ()
    message: str = ""
    patch: bytes = b""

    @property
    def label(self) -> str:
        """What it is called where something is said of it; without a subject it is just files."""
        return f"patch {self.index} ({one_line(self.subject)})" if self.subject else ", ".join(self.files)


@dataclass(frozen=True)
class Fixed:
    """A commit that a patch fixes, as the repository has it: its id, and who wrote it."""

    commit: str
    name: str
    address: str


@dataclass(frozen=True)
class Reviewer:
    """Somebody who has looked at an earlier version of a series; `reason` says how that is known."""

    name: str
    address: str
    reason: str


@dataclass(frozen=True)
class Settings:
    """What git's configuration says about recipients: b4's settings, and the policy.

    `to` and `cc` are b4.send-series-to and -cc, `excluded` the patterns of b4.email-exclude. `me_too` says that the
    sender is to get what others get: only if b4.send-me-too is set to something other than no (b4 itself takes it as
    set).
    """

    policy: Policy = "owners"
    to: str = ""
    cc: str = ""
    excluded: tuple[str, ...] = ()
    me_too: bool = False


class Concern(StrEnum):
    """What a note is about."""

    MODERATED = "moderated"
    SUBSCRIBERS_ONLY = "subscribers-only"
    ORPHANED = "orphaned"
    GONE = "gone"
    REFUSED = "refused"
    EXCLUDED = "excluded"
    UNKNOWN_COMMIT = "unknown-commit"
    NO_ADDRESS = "no-address"
    ALIASES = "aliases"


@dataclass(frozen=True)
class Note:
    """A sentence for whoever is about to send; `address` is empty where it is about none, `patches` are numbers."""

    concern: Concern
    text: str
    address: str = ""
    patches: tuple[int, ...] = ()


@dataclass(frozen=True)
class Recipients:
    """The addresses of one message; `index` is 0 for the cover letter, else the patch's number."""

    index: int
    to: tuple[Address, ...]
    cc: tuple[Address, ...]

    @property
    def everybody(self) -> tuple[Address, ...]:
        """All who get the message."""
        return self.to + self.cc


@dataclass(frozen=True)
class RecipientPlan:
    """The addresses of every message of a series, what to know about them, and which of them are mailing lists (in
    lower case)."""

    cover: Recipients
    patches: tuple[Recipients, ...]
    notes: tuple[Note, ...] = ()
    lists: frozenset[str] = field(default=frozenset(), compare=False)
    policy: Policy = "owners"

    def of(self, index: int) -> Recipients:
        """The addresses of the patch with this number, or of the cover letter for 0."""
        return self.patches[index - 1] if index else self.cover
