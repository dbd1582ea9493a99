"""What a message and its envelope look like to whom they are handed over, and what cannot be handed over at all."""

from __future__ import annotations

import re

from credseries.mail.transport.model import Envelope, NotTaken

_CANNOT = re.compile(rb"[\r\0]")


def check_envelope(envelope: Envelope) -> None:
    """Raises NotTaken for an address that is none: whatever ends a line, or a path, could begin another command."""
    if not envelope.recipients:
        raise NotTaken("the message has no recipient", lasting=True, connected=True)
    for address in (envelope.sender, *envelope.recipients):
        local, _, domain = address.rpartition("@")
        if not (local and domain and address.isprintable()) or re.search(r"[\s<>]", address) or address[0] == "-":
            raise NotTaken(
                f"{address!r} is no mail address",
                hint="the sender is sendemail.envelopeSender, sendemail.from or user.email; `credseries recipients` "
                "says where each recipient comes from",
                lasting=True,
                connected=True,
            )


def wire_form(data: bytes) -> bytes:
    """The message as it goes over SMTP without the dot at its end: lines end in CRLF, dots are stuffed (RFC 5321,
    4.5.2).

    Raises NotTaken for characters that would not arrive as they are.
    """
    found = _CANNOT.search(data)
    if found is not None:
        line = data.count(b"\n", 0, found.start()) + 1
        what = "a carriage return" if found[0] == b"\r" else "a NUL"
        raise NotTaken(
            f"line {line} of the message has {what}, which mail cannot carry as it is",
            hint="the text must be encoded: quoted-printable or base64",
            lasting=True,
            connected=True,
        )
    body = data if data.endswith(b"\n") else data + b"\n"
    return re.sub(rb"(?m)^\.", b"..", body).replace(b"\n", b"\r\n")
