"""The way out: every message that waits is handed over in order, and what became of it is written down.

A thread with a hole is worse than half a thread: whatever keeps a message back keeps back those after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from credseries.errors import EnvironmentProblem
from credseries.mail.outbox.interrupts import Interrupts
from credseries.mail.outbox.model import Dispatch, Entry, Fate, Outbox
from credseries.mail.outbox.pace import Pace
from credseries.mail.text import one_line
from credseries.mail.transport.model import FateUnknown, NotTaken, Transport
from credseries.words import many


class NotAllSent(EnvironmentProblem):
    """Some messages are not out; `outbox` says which."""

    def __init__(self, message: str, outbox: Outbox, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.outbox = outbox


class Undecided(NotAllSent):
    """Nobody knows whether a message was taken, and its author has not decided yet."""


class Journal(Protocol):
    """Where it is written down what became of a message."""

    def record(self, entry: Entry) -> None:
        """Write it down; durable when it returns."""


class Observer(Protocol):
    """Whoever watches the messages go."""

    def sending(self, entry: Entry) -> None:
        """A message is about to be handed over."""

    def settled(self, entry: Entry) -> None:
        """Its fate is written down."""

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing will happen for some seconds."""


@dataclass(frozen=True)
class Outside:
    """What is outside of the program: `connect` opens a way out (it raises NotTaken when there is none), `clock` gives
    the time, `sleep` waits so many seconds."""

    connect: Callable[[], Transport]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    interrupts: Interrupts = field(default_factory=Interrupts)


class Watching:
    """An observer that says nothing."""

    def sending(self, entry: Entry) -> None: ...
    def settled(self, entry: Entry) -> None: ...
    def waiting(self, seconds: float, why: str) -> None: ...


def send_all(
    outbox: Outbox, journal: Journal, outside: Outside, pace: Pace | None = None, observer: Observer | None = None
) -> Outbox:
    """Hand over every message that is not out, in order, and give the outbox as it is then: all of it is out.

    A message that was refused is tried once more. Raises Undecided when a message's fate is unknown, before anything is
    sent or in the middle, and NotAllSent when one is not taken; the messages after it are not tried then.
    """
    unknown = outbox.having(Fate.UNKNOWN)
    if unknown:
        raise undecided(outbox, unknown)
    return _Sending(outbox, journal, outside, pace or Pace(), observer or Watching()).run()


def undecided(outbox: Outbox, unknown: Sequence[Entry]) -> Undecided:
    """The error that says which messages' fates are unknown, and how their author decides."""
    lines = [f"  {entry.number}: {entry.message.subject} {entry.message_id}" for entry in unknown]
    number = unknown[0].number
    return Undecided(
        f"nobody knows whether {many(len(unknown), 'message')} arrived: the server had all of it, and no answer was "
        "seen:\n" + "\n".join(lines),
        outbox,
        hint="look for it in your mailbox or on the list's archive, then: credseries send --resume with --seen MAILBOX "
        f"(looks for it there), --arrived {number} (it is there) or --again {number} (it is not: send it once more)",
    )


def refused_for_now(refused: Mapping[str, str]) -> tuple[str, ...]:
    """Those of some recipients, given with the server's answers, whom it may take later (RFC 5321, 4.2.1)."""
    return tuple(address for address, why in refused.items() if why.startswith("4"))


class _Sending:
    """One run through an outbox."""

    def __init__(self, outbox: Outbox, journal: Journal, outside: Outside, pace: Pace, observer: Observer) -> None:
        self._outbox = outbox
        self._journal = journal
        self._outside = outside
        self._pace = pace
        self._observer = observer
        self._transport: Transport | None = None
        self._handed_over = 0

    def run(self) -> Outbox:
        try:
            for entry in self._outbox.having(Fate.WAITING, Fate.REFUSED):
                self._deliver(entry)
        finally:
            self._disconnect()
        return self._outbox

    def _deliver(self, entry: Entry) -> None:
        """Hand over one message, again after what has an end by itself. Raises NotAllSent, Undecided."""
        self._observer.sending(entry)
        dropped, busy = iter(self._pace.dropped), iter(self._pace.busy)
        while (failure := self._attempt(entry)) is not None:
            wait = next(busy if failure.connected else dropped, None)
            if failure.lasting or wait is None:
                raise self._stopped(entry, failure)
            self._wait(wait, failure.message)

    def _attempt(self, entry: Entry) -> NotTaken | None:
        """Hand it over once and write down what became of it; gives why it was not taken. Raises Undecided."""
        try:
            transport = self._connected()
        except NotTaken as error:
            return error

        def committing() -> None:
            # From here on an interrupt waits for the answer; and a kill leaves what is true then.
            self._outside.interrupts.begin()
            self._settle(entry, Fate.UNKNOWN, "it was handed over, and no answer was seen")

        failure: NotTaken | FateUnknown | None = None
        try:
            delivery = transport.deliver(entry.envelope(self._outbox.sender), committing)
        except FateUnknown as error:
            failure = error
            self._settle(entry, Fate.UNKNOWN, error.message)
        except NotTaken as error:
            failure = error
            self._settle(entry, Fate.REFUSED if error.lasting else Fate.WAITING, error.message)
            if not error.connected:
                self._disconnect()
        else:
            self._handed_over += 1
            sent = self._settle(entry, Fate.SENT, delivery.answer, delivery.refused)
        self._outside.interrupts.end()
        if isinstance(failure, FateUnknown):
            raise undecided(self._outbox, self._outbox.having(Fate.UNKNOWN)) from failure
        if failure is None:
            self._observer.settled(self._once_more_for(sent))
        return failure

    def _once_more_for(self, entry: Entry) -> Entry:
        """Hand a message that is out to those alone whom the server refused for now (a 4xx answer), a few times.

        It is not for them that a thread stops: who is refused to the last is told of, and gets nothing twice.
        """
        for wait in self._pace.busy:
            left = refused_for_now(entry.dispatch.refused)
            if not left:
                break
            self._wait(wait, f"the server does not take {', '.join(left)} now")
            entry = self._handed_to(entry, left)
        return entry

    def _handed_to(self, entry: Entry, recipients: tuple[str, ...]) -> Entry:
        others = {address: why for address, why in entry.dispatch.refused.items() if address not in recipients}
        envelope = replace(entry.envelope(self._outbox.sender), recipients=recipients)
        try:
            delivery = self._connected().deliver(envelope, self._outside.interrupts.begin)
            refused = dict(delivery.refused)
            self._handed_over += 1
        except FateUnknown as error:
            refused = dict.fromkeys(recipients, f"nobody knows: {error.message}")
            self._disconnect()
        except NotTaken as error:
            refused = {address: entry.dispatch.refused[address] for address in recipients}
            if not error.connected:
                self._disconnect()
        entry = self._settle(entry, Fate.SENT, entry.dispatch.answer, {**others, **refused})
        self._outside.interrupts.end()
        return entry

    def _settle(self, entry: Entry, fate: Fate, answer: str, refused: Mapping[str, str] | None = None) -> Entry:
        dispatch = Dispatch(fate, self._outside.clock(), one_line(answer), dict(refused or {}))
        now = replace(entry, dispatch=dispatch)
        self._journal.record(now)
        self._outbox = self._outbox.with_entry(now)
        return now

    def _connected(self) -> Transport:
        """The connection, a new one when there is none or when it has taken its batch."""
        if self._transport is not None and self._pace.full(self._handed_over):
            self._disconnect()
            self._wait(self._pace.pause, f"the server takes {many(self._pace.batch, 'message')} at a time")
        if self._transport is None:
            self._transport = self._outside.connect()
            self._handed_over = 0
        return self._transport

    def _disconnect(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _wait(self, seconds: float, why: str) -> None:
        if seconds > 0:
            self._observer.waiting(seconds, why)
            self._outside.sleep(seconds)

    def _stopped(self, entry: Entry, failure: NotTaken) -> NotAllSent:
        """The error for a message that was not taken, and those after it."""
        left = self._outbox.having(Fate.WAITING, Fate.REFUSED)
        out = len(self._outbox.entries) - len(left)
        how = "is refused" if self._outbox.having(Fate.REFUSED) else "was not taken"
        more = f", and the {many(len(left) - 1, 'message')} after it are kept back" if len(left) > 1 else ""
        hints = [failure.hint] if failure.hint else []
        hints.append("`credseries send --resume` goes on from there, `credseries send --abandon` gives it up")
        return NotAllSent(
            f"message {entry.number} ({entry.message.subject}) {how}: {failure.message}{more}; "
            f"{out} of {len(self._outbox.entries)} are out",
            self._outbox,
            hint="; ".join(hints),
        )
