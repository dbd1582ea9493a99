"""Why a connection cannot be had, or broke, in words for a person."""

from __future__ import annotations

import smtplib
import socket
import ssl

from credseries.mail.text import one_line
from credseries.mail.transport.model import NotTaken
from credseries.mail.transport.settings import Encryption, Server

TIMEOUT_HINT = "credseries.smtpTimeout says how many seconds an answer may take"


def cause(error: BaseException) -> BaseException:
    """The first of the errors that led to this one: smtplib tells of a broken connection and not of why it broke."""
    while isinstance(error, smtplib.SMTPServerDisconnected) and error.__context__ is not None:
        error = error.__context__
    return error


def reason(error: BaseException) -> str:
    """What happened."""
    first = cause(error)
    if is_slow(first):
        return "no answer came in time"
    if isinstance(first, smtplib.SMTPServerDisconnected | EOFError | ssl.SSLEOFError):
        return "it was closed by the other side"
    if isinstance(first, OSError) and first.strerror:
        return first.strerror
    return one_line(str(first)) or type(first).__name__


def is_slow(error: BaseException) -> bool:
    """Whether it is about time."""
    return isinstance(cause(error), TimeoutError)


def no_connection(server: Server, error: OSError) -> NotTaken:
    """The error for a server to which there is no connection."""
    where = server.address
    if isinstance(error, socket.gaierror):
        return NotTaken(
            f"there is no host {server.host}: {reason(error)}", hint="see sendemail.smtpServer, and the network"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotTaken(
            f"{where} shows a certificate that is not to be trusted: {error.verify_message}",
            hint="sendemail.smtpSSLCertPath names the authorities to trust; sendemail.smtpServer must be the name in "
            "the certificate",
            lasting=True,
        )
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        other = "tls" if server.encryption == Encryption.SSL else "ssl"
        return NotTaken(
            f"{where} does not speak TLS there",
            hint=f"git config sendemail.smtpEncryption {other}, or another sendemail.smtpServerPort: ssl is usually "
            "at 465, tls at 587",
            lasting=True,
        )
    hint = "see sendemail.smtpServer and sendemail.smtpServerPort"
    if is_slow(error):
        hint = f"{hint}; {TIMEOUT_HINT}"
        return NotTaken(f"{where} does not answer", hint=hint)
    return NotTaken(f"there is no connection to {where}: {reason(error)}", hint=hint)
