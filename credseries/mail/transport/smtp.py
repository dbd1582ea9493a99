"""An SMTP server as a way out (RFC 5321): a connection, and messages that it takes, one after the other.

smtplib does the connection, the greeting and TLS. The transaction is done here, as the caller must know on which side
of one moment things went wrong: before the dot that ends a message the server cannot take it, after it the server may
have taken it whatever else happens.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credseries.mail.text import one_line
from credseries.mail.transport.authentication import WELCOME, WRONG_WAY, Account, authenticate, mechanisms, scrubbed
from credseries.mail.transport.failures import TIMEOUT_HINT, is_slow, reason
from credseries.mail.transport.model import Delivery, Envelope, FateUnknown, NotTaken
from credseries.mail.transport.opening import connect
from credseries.mail.transport.settings import Encryption, Server
from credseries.mail.transport.wire import check_envelope, wire_form

if TYPE_CHECKING:
    from credseries.mail.transport.credentials import Credentials

_GOODBYE_SECONDS = 5.0
_LEAVING = 421
_HINTS = {
    530: "the server wants to know who sends: git config sendemail.smtpUser you@example.org",
    535: "see sendemail.smtpUser and the password (sendemail.smtpPass, or what `git credential` keeps)",
    552: "the server does not take messages of this size",
    553: "the server wants another sender: git config sendemail.envelopeSender you@example.org",
}


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    code: int
    text: str

    @property
    def good(self) -> bool:
        """Whether it did what was asked."""
        return self.code // 100 == 2

    @property
    def lasting(self) -> bool:
        """Whether it would say the same later."""
        return self.code // 100 == 5

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


def open_smtp(server: Server, credentials: Credentials | None) -> SmtpTransport:
    """A connection that is ready for messages; raises NotTaken."""
    transport = SmtpTransport(server, connect(server))
    try:
        if server.user and credentials is not None:
            transport.log_in(credentials)
    except BaseException:
        transport.close()
        raise
    return transport


class SmtpTransport:
    """A connection to a server, greeted and encrypted as it has to be."""

    def __init__(self, server: Server, smtp: smtplib.SMTP) -> None:
        self._server = server
        self._smtp = smtp
        self._idle = True  # nothing is under way, so that QUIT would be understood
        self._account: Account | None = None

    @property
    def description(self) -> str:
        """Where messages go, for a person."""
        return self._server.description

    @property
    def size_limit(self) -> int:
        """The largest message that the server takes, in bytes, 0 when it does not say (RFC 1870)."""
        text = self._smtp.esmtp_features.get("size", "")
        return int(text) if text.isascii() and text.isdigit() else 0

    def log_in(self, credentials: Credentials) -> None:
        """Tell the server who sends. Raises NotTaken."""
        server = self._server
        secret = server.encryption != Encryption.NONE or server.is_local
        offered = self._smtp.esmtp_features.get("auth", "").split()
        names = mechanisms(offered, server.mechanisms, secret=secret)
        if not names:
            raise self._no_mechanism(offered, secret=secret)
        account = self._account = Account(server.user, credentials.password())
        for name in names:
            answer = self._answer(*authenticate(name, account, self._say_secretly))
            code = answer.code
            if code in WELCOME:
                credentials.approve()
                return
            if code not in WRONG_WAY:
                break
        if answer.lasting:
            credentials.reject()
        raise self._refused(f"does not take {server.user}'s password ({name})", answer, connected=False, hint=535)

    def deliver(self, envelope: Envelope, committing: Callable[[], None]) -> Delivery:
        """Hand over one message; see Transport."""
        check_envelope(envelope)
        data = wire_form(envelope.data)
        parameters = self._parameters(envelope, data)
        refused = self._address(envelope, parameters)
        self._send_body(data)
        committing()
        answer = self._commit()
        self._idle = True
        if answer.code == _LEAVING:
            self._drop()
        if not answer.good:
            raise self._refused("does not take the message", answer, connected=answer.code != _LEAVING)
        return Delivery(one_line(str(answer)), refused)

    def close(self) -> None:
        """Say goodbye, if the server would understand it; never raises."""
        with contextlib.suppress(OSError, smtplib.SMTPException, ValueError):
            if self._idle and self._smtp.sock is not None:
                self._smtp.sock.settimeout(min(_GOODBYE_SECONDS, self._server.timeout))
                self._smtp.quit()
        self._drop()

    def _parameters(self, envelope: Envelope, data: bytes) -> list[str]:
        """What MAIL says of the message. Raises NotTaken when the server cannot take such a one."""
        limit = self.size_limit
        if limit and len(data) > limit:
            raise self._impossible(
                f"takes messages of {limit} bytes, and this one has {len(data)}", "make the patch smaller"
            )
        parameters = [f"SIZE={len(data)}"] if "size" in self._smtp.esmtp_features else []
        if not data.isascii():
            if not self._smtp.has_extn("8bitmime"):
                # It would cut the highest bit off, and the patch would not apply.
                raise self._impossible(
                    "takes ASCII alone (no 8BITMIME), and the message has other letters",
                    "send by a program that encodes it (sendemail.sendmailCmd), or another server",
                )
            parameters.append("BODY=8BITMIME")
        odd = [address for address in (envelope.sender, *envelope.recipients) if not address.isascii()]
        if odd:
            if not self._smtp.has_extn("smtputf8"):
                raise self._impossible(
                    f"takes no addresses such as {odd[0]} (no SMTPUTF8)", "leave it out, or use an ASCII one"
                )
            parameters.append("SMTPUTF8")
        self._smtp.command_encoding = "utf-8" if odd else "ascii"
        return parameters

    def _address(self, envelope: Envelope, parameters: list[str]) -> dict[str, str]:
        """MAIL and RCPT, up to where the server waits for the message; gives whom it refused, and why."""
        answer = self._ask(" ".join([f"MAIL FROM:<{envelope.sender}>", *parameters]))
        if not answer.good:
            raise self._given_up(f"does not take mail from {envelope.sender}", answer)
        refused: dict[str, Answer] = {}
        for recipient in envelope.recipients:
            answer = self._ask(f"RCPT TO:<{recipient}>")
            if not answer.good:
                refused[recipient] = answer
        if len(refused) == len(set(envelope.recipients)):
            # Whoever of them is refused for now may be taken later.
            answer = next((answer for answer in refused.values() if not answer.lasting), answer)
            who = ", ".join(refused)
            raise self._given_up(f"does not take {'any of ' if len(refused) > 1 else ''}{who}", answer)
        answer = self._ask("DATA")
        if answer.code != 354:
            raise self._given_up("does not want the message", answer)
        return {recipient: one_line(str(answer)) for recipient, answer in refused.items()}

    def _send_body(self, data: bytes) -> None:
        """All of the message but the dot. Raises NotTaken."""
        self._idle = False  # whatever is said from here on is text of the message
        sock = self._smtp.sock
        assert sock is not None
        try:
            sock.sendall(data)
            said = self._unasked()
        except OSError as error:
            raise self._broken("in the middle of the message", error) from error
        if said is not None:
            self._drop()
            raise NotTaken(f"{self._server.address} ended the connection in the middle of the message{said}")

    def _unasked(self) -> str | None:
        """What the server says although it was not asked, and empty when it has hung up; None when it waits."""
        sock = self._smtp.sock
        assert sock is not None
        sock.settimeout(0)
        try:
            said = sock.recv(1000)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        finally:
            sock.settimeout(self._server.timeout)
        return f": {one_line(said.decode('utf-8', 'replace'))}" if said else ""

    def _commit(self) -> Answer:
        """The dot, and what the server says to it. Raises NotTaken when the dot was not sent, else FateUnknown."""
        sock = self._smtp.sock
        assert sock is not None
        try:
            sock.sendall(b".\r\n")
        except ConnectionError as error:
            # The kernel took none of it.
            raise self._broken("at the end of the message", error) from error
        except OSError as error:
            raise self._lost(error) from error
        try:
            code, text = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise self._lost(error) from error
        answer = self._answer(code, text.decode("utf-8", "replace"))
        if code // 100 not in (2, 4, 5):
            raise self._lost(f"it said: {one_line(str(answer))}")
        return answer

    def _ask(self, command: str) -> Answer:
        """Say a command; gives the answer. Raises NotTaken when there is none or the server takes leave."""
        code, text = self._say(command, command.partition(":")[0])
        answer = self._answer(code, text)
        if code == _LEAVING:
            self._drop()
            raise self._refused("takes leave", answer, connected=False)
        return answer

    def _answer(self, code: int, text: str) -> Answer:
        return Answer(code, scrubbed(text, self._account) if self._account is not None else text)

    def _say(self, command: str, shown: str) -> tuple[int, str]:
        try:
            code, text = self._smtp.docmd(command)
        except (OSError, smtplib.SMTPException) as error:
            raise self._broken(f"at {shown}", error) from error
        if code < 0:
            self._drop()
            raise NotTaken(f"{self._server.address} answers {shown} with what is no SMTP: {one_line(repr(text))}")
        return code, text.decode("utf-8", "replace")

    def _say_secretly(self, command: str) -> tuple[int, str]:
        return self._say(command, "AUTH")

    def _given_up(self, what: str, answer: Answer) -> NotTaken:
        """The error for a transaction that the server refused; the connection is made ready for the next."""
        connected = True
        try:
            connected = self._ask("RSET").good
        except NotTaken:
            connected = False
        if not connected:
            self._drop()
        return self._refused(what, answer, connected=connected)

    def _refused(self, what: str, answer: Answer, *, connected: bool, hint: int = 0) -> NotTaken:
        return NotTaken(
            f"{self._server.address} {what}: {one_line(str(answer))}",
            hint=_HINTS.get(hint or answer.code, ""),
            lasting=answer.lasting,
            connected=connected,
        )

    def _impossible(self, what: str, hint: str) -> NotTaken:
        return NotTaken(f"{self._server.address} {what}", hint=hint, lasting=True, connected=True)

    def _no_mechanism(self, offered: list[str], *, secret: bool) -> NotTaken:
        if not secret and offered:
            return NotTaken(
                f"the connection to {self._server.address} is not encrypted: everybody on the way would read "
                f"{self._server.user}'s password",
                hint="git config sendemail.smtpEncryption tls (often with sendemail.smtpServerPort 587)",
                lasting=True,
            )
        ways = f"by {', '.join(offered)}" if offered else "at all"
        return NotTaken(
            f"{self._server.address} asks for no password {ways} that is known here or allowed"
            if offered
            else f"{self._server.address} asks for no password, and sendemail.smtpUser is {self._server.user}",
            hint="git config sendemail.smtpAuth names the ways that are allowed, `none` sends without a password",
            lasting=True,
        )

    def _broken(self, where: str, error: Exception) -> NotTaken:
        self._drop()
        return NotTaken(
            f"the connection to {self._server.address} broke {where}: {reason(error)}",
            hint=TIMEOUT_HINT if is_slow(error) else "",
        )

    def _lost(self, why: Exception | str) -> FateUnknown:
        self._drop()
        what = why if isinstance(why, str) else reason(why)
        return FateUnknown(f"{self._server.address} has the whole message and did not say whether it takes it: {what}")

    def _drop(self) -> None:
        self._idle = False
        with contextlib.suppress(OSError):
            self._smtp.close()
