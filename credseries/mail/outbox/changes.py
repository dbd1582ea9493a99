"""What differs between messages that are stored and those that would be built now. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from credseries.mail.attest import HEADERS
from credseries.mail.outbox.model import Entry, Outbox
from credseries.words import many

_SIGNATURE = re.compile(
    rb"^(?:" + b"|".join(name.encode() for name in HEADERS) + rb"):[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.MULTILINE | re.IGNORECASE,
)
_NAMED = 3  # addresses that are named before the others are counted


def changes(stored: Outbox, now: Outbox) -> list[str]:
    """A line for each thing that differs; none when the very same would go out.

    `now` must have been built with the stamp of what is stored. Signatures have times of their own and do not count.
    """
    lines = [
        f"{then.branch} is at {here.tip[:12]} now, the messages were built from {then.tip[:12]}"
        for then in stored.series
        for here in now.series
        if here.change_id == then.change_id and here.tip != then.tip
    ]
    before, after = _by_place(stored), _by_place(now)
    lines += [f"no longer there: {before[place].message.subject}" for place in before if place not in after]
    lines += [f"new: {after[place].message.subject}" for place in after if place not in before]
    for place in (place for place in after if place in before):
        lines += _entry_changes(before[place], after[place])
    if stored.sender != now.sender:
        lines.append(f"the envelope's sender was {stored.sender}, and is {now.sender}")
    if stored.signed != now.signed:
        lines.append("the messages are signed now" if now.signed else "the messages are not signed any more")
    return lines


def _by_place(outbox: Outbox) -> dict[tuple[str, int], Entry]:
    return {(entry.series, entry.message.index): entry for entry in outbox.entries}


def _entry_changes(then: Entry, now: Entry) -> list[str]:
    name = f"message {now.number}"
    lines = []
    if then.message.subject != now.message.subject:
        lines.append(f"{name} was {then.message.subject!r}, and is {now.message.subject!r}")
    gone = [address for address in then.recipients if address not in now.recipients]
    new = [address for address in now.recipients if address not in then.recipients]
    if new:
        lines.append(f"{name} goes to {_named(new)} as well")
    if gone:
        lines.append(f"{name} goes to {_named(gone)} no more")
    if not lines and unsigned(then.message.data) != unsigned(now.message.data):
        lines.append(f"{name} has another text: {now.message.subject}")
    return lines


def _named(people: Sequence[str]) -> str:
    more = len(people) - _NAMED
    return ", ".join(people[:_NAMED]) + (f" and {many(more, 'other')}" if more > 0 else "")


def unsigned(data: bytes) -> bytes:
    """A message without the headers of its attestation."""
    head, rest = data[: data.find(b"\n\n") + 1], data[data.find(b"\n\n") + 1 :]
    return _SIGNATURE.sub(b"", head) + rest
