"""Messages for ways out, and a way out to an SMTP server of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from credseries.mail.transport.credentials import Credentials
from credseries.mail.transport.model import Delivery, Envelope, Transport
from credseries.mail.transport.settings import Encryption, Server
from credseries.mail.transport.smtp import SmtpTransport, open_smtp
from tests.smtpserver import HOST, SmtpServer, certificates

SENDER = "dev@example.org"
LIST = "linux-fsdevel@vger.kernel.org"


def letter(number: int = 1, *, to: tuple[str, ...] = (LIST,), body: str = "int a;\n", sender: str = SENDER) -> Envelope:
    """A message with a Message-Id of its own."""
    head = f"From: Dev <{SENDER}>\nTo: {', '.join(to)}\nSubject: [PATCH {number}/9] x\nMessage-Id: {message_id(number)}"
    return Envelope(sender, to, f"{head}\n\n{body}".encode())


def message_id(number: int) -> str:
    return f"<{number}@example.org>"


def server_of(server: SmtpServer, **more: object) -> Server:
    """What would be configured for this server."""
    encryption = {"": Encryption.NONE, "starttls": Encryption.STARTTLS, "ssl": Encryption.SSL}[server.manner.tls]
    authority = str(certificates().authority) if encryption != Encryption.NONE else None
    given: dict[str, object] = {"encryption": encryption, "certificates": authority, "domain": "laptop.example.org"}
    return Server(HOST, server.port, **(given | more))  # type: ignore[arg-type]


@contextmanager
def connection(server: SmtpServer, credentials: Credentials | None = None, **more: object) -> Iterator[SmtpTransport]:
    """A way out to this server, closed at the end."""
    transport = open_smtp(server_of(server, **more), credentials)
    try:
        yield transport
    finally:
        transport.close()


@dataclass
class Handing:
    """Messages handed over one after the other, and whether the last had come so far that it may have been taken."""

    transport: Transport
    committed: list[bool] = field(default_factory=list)

    def deliver(self, envelope: Envelope) -> Delivery:
        self.committed.append(False)

        def committing() -> None:
            assert not self.committed[-1], "it is said once"
            self.committed[-1] = True

        return self.transport.deliver(envelope, committing)
