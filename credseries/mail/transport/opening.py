"""A connection to an SMTP server: made, greeted, and encrypted where that is asked for, or not there at all."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from credseries.mail.text import one_line
from credseries.mail.transport.failures import TIMEOUT_HINT, is_slow, no_connection, reason
from credseries.mail.transport.model import NotTaken
from credseries.mail.transport.settings import Encryption, Server


def connect(server: Server) -> smtplib.SMTP:
    """A connection over which the server and this side have greeted each other; raises NotTaken.

    With STARTTLS everything that was said before is said again (RFC 3207, 4.2); a server that does not offer it gets
    nothing.
    """
    with _explained(server):
        smtp = _connected(server)
    try:
        with _explained(server):
            _greet(server, smtp)
            if server.encryption == Encryption.STARTTLS:
                _encrypt(server, smtp)
                _greet(server, smtp)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _connected(server: Server) -> smtplib.SMTP:
    domain = server.domain or None
    if server.encryption == Encryption.SSL:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, domain, timeout=server.timeout, context=trust(server)
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, domain, timeout=server.timeout)
    assert smtp.sock is not None
    # The dot at a message's end is a packet of its own, which shall not wait for the one before it.
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def trust(server: Server) -> ssl.SSLContext:
    """Which certificates are good: those of the configured authorities, else the system's, or all. Raises NotTaken."""
    path = server.certificates
    if path == "":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if path is None:
        return ssl.create_default_context()
    try:
        is_directory = Path(path).is_dir()
        return ssl.create_default_context(cafile=None if is_directory else path, capath=path if is_directory else None)
    except OSError as error:
        raise NotTaken(
            f"the certificates in {path} cannot be read: {reason(error)}",
            hint="sendemail.smtpSSLCertPath is a file in PEM, or a directory that `openssl rehash` has prepared",
            lasting=True,
        ) from error


def _greet(server: Server, smtp: smtplib.SMTP) -> None:
    """EHLO, or HELO for a server that does not know it. Raises NotTaken."""
    code, said = smtp.ehlo()
    if code in (500, 501, 502, 504, 550):
        code, said = smtp.helo()
    if code != 250:
        raise _no_welcome(server, code, said)


def _encrypt(server: Server, smtp: smtplib.SMTP) -> None:
    if not smtp.has_extn("starttls"):
        raise NotTaken(
            f"{server.address} offers no STARTTLS, and sendemail.smtpEncryption asks for it: nothing was said to it",
            hint="it may be at another sendemail.smtpServerPort (587), or encrypted from the start (ssl, at 465)",
            lasting=True,
        )
    smtp.starttls(context=trust(server))


def _no_welcome(server: Server, code: int, said: bytes | str) -> NotTaken:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    what = f"{code} {text}" if code > 0 else f"what is no SMTP: {text!r}"
    return NotTaken(f"{server.address} does not want to talk: {one_line(what)}", lasting=code // 100 == 5)


@contextlib.contextmanager
def _explained(server: Server) -> Iterator[None]:
    """Raises NotTaken for what goes wrong with the connection in the block."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _no_welcome(server, error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPException as error:
        raise NotTaken(
            f"{server.address} does not welcome anybody: {reason(error)}", hint=TIMEOUT_HINT if is_slow(error) else ""
        ) from error
    except OSError as error:
        raise no_connection(server, error) from error
