"""Ways out that record what they are given and fail where a test says, and outboxes for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from credseries.mail.message import Address, Message
from credseries.mail.outbox.model import Outbox, OutgoingSeries, line_up
from credseries.mail.outbox.sending import Outside
from credseries.mail.transport.model import Delivery, Envelope, FateUnknown, NotTaken

CHANGE_ID = "20261123-ovl-creds-0123456789ab"
BEGIN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class Killed(BaseException):
    """What a SIGKILL is to the program: it ends, and nothing of it runs any more."""


class Fault(StrEnum):
    """What happens to a message on its way: before the other side can take it, while it can, or when it answered.

    The names say whether the message `arrives`; only a killed program, and a broken connection, can leave that open.
    """

    FINE = "fine"
    NO_CONNECTION = "no connection"
    DROPPED_BEFORE = "the connection breaks before the message is whole"
    BUSY = "a 4xx answer"
    LASTING = "a 5xx answer"
    LOST_ARRIVES = "the connection breaks when it was taken"
    LOST_VANISHES = "the connection breaks, and it was not taken"
    KILLED_BEFORE = "killed before the message is whole"
    KILLED_ARRIVES = "killed when it was taken"
    KILLED_VANISHES = "killed in the balance, and it was not taken"
    KILLED_AFTER = "killed when its fate is written down"


OPEN = (Fault.LOST_ARRIVES, Fault.LOST_VANISHES, Fault.KILLED_ARRIVES, Fault.KILLED_VANISHES)


@dataclass
class Server:
    """What the other side has got, and what happens to each try, in order; then all goes well."""

    faults: Iterator[Fault]
    arrived: list[Envelope] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    slept: list[float] = field(default_factory=list)
    after: Callable[[], None] | None = None

    @classmethod
    def with_faults(cls, faults: Iterable[Fault] = ()) -> Server:
        return cls(iter(faults))

    def outside(self) -> Outside:
        ticks = iter(range(10**9))
        return Outside(
            connect=lambda: RecordingTransport(self),
            clock=lambda: BEGIN + timedelta(seconds=next(ticks)),
            sleep=self.slept.append,
        )


class RecordingTransport:
    """A way out to a Server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._fault = next(server.faults, Fault.FINE)
        self._broken = self._first = self._fault == Fault.NO_CONNECTION
        if self._broken:
            raise NotTaken("connection refused")
        self._first = True
        server.connections += 1
        server.open += 1

    @property
    def description(self) -> str:
        return "a recorder"

    def deliver(self, envelope: Envelope, committing: Callable[[], None]) -> Delivery:
        assert not self._broken, "a connection that is broken is not used again"
        fault = self._fault if self._first else next(self._server.faults, Fault.FINE)
        self._first = False
        if fault in (Fault.NO_CONNECTION, Fault.DROPPED_BEFORE):
            self._broken = True
            raise NotTaken("the server hung up")
        if fault == Fault.KILLED_BEFORE:
            raise Killed
        committing()
        if fault == Fault.BUSY:
            raise NotTaken("451 try again later", connected=True)
        if fault == Fault.LASTING:
            raise NotTaken("554 no", connected=True, lasting=True)
        if fault in (Fault.FINE, Fault.KILLED_AFTER, Fault.LOST_ARRIVES, Fault.KILLED_ARRIVES):
            self._server.arrived.append(envelope)
        if fault in (Fault.LOST_ARRIVES, Fault.LOST_VANISHES):
            self._broken = True
            raise FateUnknown("the connection broke")
        if fault in (Fault.KILLED_ARRIVES, Fault.KILLED_VANISHES):
            raise Killed
        if fault == Fault.KILLED_AFTER:
            assert self._server.after is not None
            self._server.after()
        return Delivery("250 ok")

    def close(self) -> None:
        self._server.open -= 1


def message(number: int, title: str = "") -> Message:
    """A message of a series; 0 is its cover letter."""
    identifier = f"<20261123-ovl-creds-v1-{number}-c0ffee123456@example.org>"
    subject = f"[PATCH {number}/9] {title or f'Change {number}'}"
    people = (Address("Miklos", "miklos@szeredi.hu", ("test",)), Address("", f"list-{number}@example.org", ("test",)))
    data = f"From: dev@example.org\nSubject: {subject}\nMessage-Id: {identifier}\n\nbody of {number}\n".encode()
    commit = f"{number:040x}" if number else ""
    return Message(number, commit, subject, title or f"Change {number}", identifier, people[:1], people[1:], data)


def outbox(messages: int = 4) -> Outbox:
    """An outbox with a cover letter and patches, nothing of it out."""
    return Outbox(
        key=f"{CHANGE_ID}-v1",
        series=(OutgoingSeries("ovl-creds", CHANGE_ID, 1, "b" * 40),),
        entries=line_up([(CHANGE_ID, [message(number) for number in range(messages)])]),
        sender="dev@example.org",
        created=BEGIN,
        token="c0ffee123456",
    )
