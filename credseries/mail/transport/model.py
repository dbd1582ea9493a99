"""What a way out of the machine is asked to do, and what it can say of the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from credseries.errors import EnvironmentProblem


@dataclass(frozen=True)
class Envelope:
    """A message for a server: `sender` and `recipients` are bare addresses, `data` has lines that end in LF."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


@dataclass(frozen=True)
class Delivery:
    """A message that was taken: what the server `answered`, and the recipients that it `refused`, each with why."""

    answer: str
    refused: Mapping[str, str] = field(default_factory=dict)


class NotTaken(EnvironmentProblem):
    """The server certainly did not take the message. With `lasting` it would not take it later either (a 5xx answer);
    `connected` says whether the connection can be used for the next message."""

    def __init__(self, message: str, *, hint: str = "", lasting: bool = False, connected: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.lasting = lasting
        self.connected = connected


class FateUnknown(EnvironmentProblem):
    """The whole message went out and no answer came back: the server may have taken it or not (RFC 5321, 6.1)."""


class Transport(Protocol):
    """An open way out; it is closed by whoever opened it."""

    @property
    def description(self) -> str:
        """Where messages go, for a person: `smtp.example.org:587 (STARTTLS, as dev@example.org)`."""

    def deliver(self, envelope: Envelope, committing: Callable[[], None]) -> Delivery:
        """Hand over one message.

        `committing` is called right before the first moment at which the other side may take it: whatever ends the
        program before that call, the message was not taken. Raises NotTaken, and after that call FateUnknown.
        """

    def close(self) -> None:
        """Say goodbye; never raises."""
