"""What became of messages whose fate only their author can know. Pure, but for reading a mailbox."""

from __future__ import annotations

import mailbox
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.header import decode_header
from pathlib import Path

from credseries.errors import UsageError
from credseries.mail.outbox.model import Dispatch, Entry, Fate, Outbox
from credseries.words import many


@dataclass(frozen=True)
class Decisions:
    """What an author says: the messages with these numbers `arrived`, those are to be sent `again`; and all Message-Ids
    that were `seen` in a mailbox, which is called `place`."""

    arrived: tuple[int, ...] = ()
    again: tuple[int, ...] = ()
    seen: frozenset[str] = frozenset()
    place: str = ""


def decide(outbox: Outbox, decisions: Decisions, when: datetime) -> list[Entry]:
    """The entries that are decided now, as they are then.

    A message that is refused, or waits, may be said to have arrived too: somebody sent it in another way. Raises
    UsageError for a number that the outbox has not, for one that is said to be both, for one that is to be sent again
    although a server has taken it, and for a message to be sent again that was seen.
    """
    both = set(decisions.arrived) & set(decisions.again)
    if both:
        raise UsageError(f"message {min(both)} cannot have arrived and be sent again", hint="give one of the two")
    decided = []
    for entry in outbox.having(Fate.UNKNOWN, Fate.WAITING, Fate.REFUSED):
        if entry.message_id in decisions.seen:
            decided.append(_settled(entry, Fate.SENT, f"it is in {decisions.place}", when))
    for number in decisions.arrived:
        entry = _entry(outbox, number)
        if entry.fate != Fate.SENT and entry.message_id not in decisions.seen:
            decided.append(_settled(entry, Fate.SENT, "it arrived, its author says", when))
    for number in decisions.again:
        entry = _entry(outbox, number)
        if entry.fate == Fate.SENT or entry.message_id in decisions.seen:
            why = f"it is in {decisions.place}" if entry.message_id in decisions.seen else entry.dispatch.answer
            raise UsageError(
                f"message {number} is out already ({why}), and is not sent again",
                hint="a new version of the series has new messages: credseries reroll",
            )
        decided.append(_settled(entry, Fate.WAITING, "it did not arrive, its author says", when))
    return decided


def _settled(entry: Entry, fate: Fate, answer: str, when: datetime) -> Entry:
    return replace(entry, dispatch=Dispatch(fate, when, answer, entry.dispatch.refused))


def _entry(outbox: Outbox, number: int) -> Entry:
    entry = outbox.entry(number)
    if entry is None:
        numbers = [entry.number for entry in outbox.entries]
        raise UsageError(
            f"there is no message {number} in the outbox, which has {many(len(numbers), 'message')}",
            hint=f"the numbers are {numbers[0]} to {numbers[-1]}, as `credseries send --resume` shows them",
        )
    return entry


def message_ids(places: Sequence[Path]) -> frozenset[str]:
    """The Message-Ids, with brackets, of all messages in mailboxes: mboxes and maildirs.

    Raises UsageError for a place that is neither.
    """
    return frozenset(identifier for place in places for identifier in _ids_in(place))


def _ids_in(place: Path) -> list[str]:
    hint = "give an mbox or a maildir, such as the one that your sent mail or the list is kept in"
    if place.is_dir():
        if not all((place / part).is_dir() for part in ("cur", "new")):
            raise UsageError(f"{place} is a directory and no maildir", hint=hint)
        found: mailbox.Mailbox = mailbox.Maildir(place, create=False)
    elif place.is_file():
        with place.open("rb") as stream:
            if stream.read(5) not in (b"From ", b""):
                raise UsageError(f"{place} is no mbox: it does not begin with a line `From `", hint=hint)
        found = mailbox.mbox(place, create=False)
    else:
        raise UsageError(f"{place} is not there", hint=hint)
    try:
        return [_bare(str(header)) for message in found for header in message.get_all("Message-Id", [])]
    finally:
        found.close()


def _bare(header: str) -> str:
    """A Message-Id as it is written in headers that were folded, or encoded by somebody."""
    text = "".join(
        part.decode(charset or "ascii", "replace") if isinstance(part, bytes) else part
        for part, charset in decode_header(header)
    )
    return "".join(text.split())
