"""Messages on their way out, and what became of each. Pure.

A message's fate is written down before and after the moment in which the other side may take it. In between it is
UNKNOWN: that is what is true of it for whoever finds the journal after the program was killed there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from credseries.mail.message import Address, Message
from credseries.mail.transport.model import Envelope


class Fate(StrEnum):
    """What became of a message.

    WAITING: certainly with nobody yet. SENT: a server has taken it, or its author says that it arrived. REFUSED: a
    server does not take it, now or later. UNKNOWN: the server had all of it, and its answer is not known.
    """

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Dispatch:
    """The last that is known of a message: its fate, since when, in which words, and whom the server `refused`, with
    why, although it took the message for others."""

    fate: Fate = Fate.WAITING
    when: datetime | None = None
    answer: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A message in the outbox.

    `number` counts the messages in the order in which they go out, and is what a person calls them by: 0 is the cover
    letter (or the letter over several series) where there is one. `series` is the change-id of the series that it
    belongs to, empty for a letter over several. `recipients` are bare addresses, those of the envelope.
    """

    number: int
    series: str
    message: Message
    recipients: tuple[str, ...]
    dispatch: Dispatch = field(default_factory=Dispatch)

    @property
    def fate(self) -> Fate:
        """What became of it."""
        return self.dispatch.fate

    @property
    def message_id(self) -> str:
        """Its Message-Id, with brackets."""
        return self.message.message_id

    def envelope(self, sender: str) -> Envelope:
        """What a server gets."""
        return Envelope(sender, self.recipients, self.message.data)


@dataclass(frozen=True)
class OutgoingSeries:
    """A series in the outbox: its branch, and which version of it, as it was at which commit; `generated` is the id
    that its record is kept under."""

    branch: str
    change_id: str
    revision: int
    tip: str
    generated: str = ""


@dataclass(frozen=True)
class Overridden:
    """A check that failed and that the author has overridden by name: what it had found, and when that was."""

    name: str
    detail: str
    when: datetime


class State(StrEnum):
    """OPEN: something is still to be done. SENT: everything went out and the version is tagged. ABANDONED: its author
    has given it up when some of it was out already."""

    OPEN = "open"
    SENT = "sent"
    ABANDONED = "abandoned"


@dataclass(frozen=True)
class Outbox:
    """The messages of one version of a series, or of several below one letter, under a `key` that names the version.

    `token` is the random part of its Message-Ids, `sender` the address that a server gets as the sender's, `route`
    where they go, for a person. `signed` says whether the messages are attested, `again` that the version was
    sent before: then nothing is to be tagged.
    """

    key: str
    series: tuple[OutgoingSeries, ...]
    entries: tuple[Entry, ...]
    sender: str
    created: datetime
    token: str
    signed: bool = False
    again: bool = False
    route: str = ""
    overridden: tuple[Overridden, ...] = ()
    state: State = State.OPEN

    def having(self, *fates: Fate) -> list[Entry]:
        """The entries with one of these fates, in order."""
        return [entry for entry in self.entries if entry.fate in fates]

    @property
    def begun(self) -> bool:
        """Whether something went out, or may have."""
        return bool(self.having(Fate.SENT, Fate.UNKNOWN))

    @property
    def all_out(self) -> bool:
        """Whether every message is out."""
        return len(self.having(Fate.SENT)) == len(self.entries)

    def entry(self, number: int) -> Entry | None:
        """The entry that a person calls by this number."""
        return next((entry for entry in self.entries if entry.number == number), None)

    def with_entry(self, entry: Entry) -> Outbox:
        """The outbox with one of its entries as it is now."""
        return replace(self, entries=tuple(entry if old.number == entry.number else old for old in self.entries))

    def message_ids(self, change_id: str) -> dict[int, str]:
        """The Message-Ids (without brackets) of a series' messages by number of the patch, 0 for its cover letter."""
        mine = (entry.message for entry in self.entries if entry.series == change_id)
        return {message.index: message.message_id.strip("<>") for message in mine}


def version_key(change_id: str, revision: int) -> str:
    """The key of the outbox of a version of a series, or of all below the letter with this change-id."""
    return f"{change_id}-v{revision}"


def addresses(*groups: Sequence[Address]) -> tuple[str, ...]:
    """The addresses for an envelope, in order, each once whatever its case."""
    found: dict[str, str] = {}
    for person in (person for group in groups for person in group):
        found.setdefault(person.address.casefold(), person.address)
    return tuple(found.values())


def line_up(parts: Sequence[tuple[str, Sequence[Message]]]) -> tuple[Entry, ...]:
    """Messages of series, given with their change-ids, as entries in the order in which they go out.

    A single patch that has no cover letter is number 1, as it is anywhere else.
    """
    messages = [(series, message) for series, part in parts for message in part]
    first = messages[0][1].index if messages else 0
    return tuple(
        Entry(number, series, message, addresses(message.to, message.cc))
        for number, (series, message) in enumerate(messages, start=first)
    )
