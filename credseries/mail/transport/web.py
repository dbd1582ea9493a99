"""b4's web endpoint as a way out: each message is a POST of its own, so that the fate of each is known.

The protocol is that of b4 0.16 (`send_mail`, and `misc/send-receive.py` of its source, which is the other side): JSON
with an `action` and `messages`; the answer has a `result`, "success" or "error", and a `message`. An error means that
nothing was sent, as all is checked before. The endpoint sends to whom To and Cc name, whatever an envelope says, and
only what its author has signed with a key that it knows.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from email import message_from_bytes, policy
from email.utils import getaddresses
from typing import TYPE_CHECKING

from credseries.mail.text import one_line
from credseries.mail.transport.failures import TIMEOUT_HINT
from credseries.mail.transport.model import Delivery, Envelope, FateUnknown, NotTaken
from credseries.mail.transport.settings import Endpoint
from credseries.mail.transport.wire import check_envelope

if TYPE_CHECKING:
    import requests

SIGNATURE = b"x-developer-signature:"
_LATER = (408, 425, 429)  # statuses that say: not now
_AUTHENTICATION = "b4 send --web-auth-new tells the endpoint of your key (once), b4 send --web-auth-verify proves it"
_SHOWN = 300  # characters


class WebTransport:
    """The way out through an endpoint; with `reflect` it sends everything to the author alone."""

    def __init__(self, endpoint: Endpoint, *, reflect: bool = False) -> None:
        self._endpoint = endpoint
        self._action = "reflect" if reflect else "receive"

    @property
    def description(self) -> str:
        """Where messages go, for a person."""
        return self._endpoint.description

    def deliver(self, envelope: Envelope, committing: Callable[[], None]) -> Delivery:
        """Hand over one message; see Transport."""
        import requests

        check_envelope(envelope)
        self._check_message(envelope)
        request = {"action": self._action, "messages": [_text(envelope.data)]}
        body = _Body(json.dumps(request).encode(), committing)
        try:
            # A connection for each: one that was kept open may be closed just when the next message is on it.
            response = requests.post(
                self._endpoint.url,
                data=body,
                headers={"Content-Type": "application/json", "Connection": "close", "User-Agent": "credseries"},
                timeout=self._endpoint.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise self._failed(error, body) from error
        return self._outcome(response)

    def close(self) -> None:
        """Nothing stays open."""

    def _check_message(self, envelope: Envelope) -> None:
        """Raises NotTaken for a message that the endpoint would refuse, or send to others than the envelope has."""
        head, _, _ = envelope.data.partition(b"\n\n")
        if not any(line.lower().startswith(SIGNATURE) for line in head.split(b"\n")):
            raise _impossible(
                "the endpoint takes signed messages only, and this one is not",
                "make a key with `patatt genkey` (or set user.signingKey), then b4 send --web-auth-new",
            )
        if self._action == "reflect":
            return
        message = message_from_bytes(head, policy=policy.compat32)
        named = getaddresses([str(value) for name in ("to", "cc") for value in message.get_all(name, [])])
        reached = {address.casefold() for _, address in named}
        wanted = {address.casefold() for address in envelope.recipients}
        if reached != wanted:
            other = ", ".join(sorted(reached ^ wanted))
            raise _impossible(
                f"the endpoint sends to whom To and Cc name, and these are others than were chosen: {other}",
                "send through an SMTP server: git config sendemail.smtpServer ...",
            )

    def _failed(self, error: requests.RequestException, body: _Body) -> BaseException:
        """The error for a request that got no answer."""
        import requests

        if body.failure is not None:
            return body.failure
        url, why = self._endpoint.url, _reason(error)
        hint = TIMEOUT_HINT if isinstance(error, requests.Timeout) else ""
        if body.committed:
            return FateUnknown(f"{url} has the whole message and did not say whether it takes it: {why}", hint=hint)
        lasting = isinstance(error, requests.exceptions.SSLError | requests.exceptions.InvalidURL)
        return NotTaken(
            f"the message did not get to {url}: {why}", hint=hint or "see b4.send-endpoint-web", lasting=lasting
        )

    def _outcome(self, response: requests.Response) -> Delivery:
        """What the answer means. Raises NotTaken, FateUnknown."""
        url, status = self._endpoint.url, response.status_code
        result, said = _read(response)
        if result == "success" and response.ok:
            return Delivery(said or "success")
        if result == "error":
            raise NotTaken(
                f"{url} does not take the message: {said}",
                hint=_AUTHENTICATION if "web auth" in said or "No match" in said else "",
                lasting=True,
                connected=True,
            )
        if 300 <= status < 400:
            where = one_line(response.headers.get("Location", ""))
            raise NotTaken(f"{url} is elsewhere: {where}", hint="see b4.send-endpoint-web", lasting=True)
        if 400 <= status < 500:
            raise NotTaken(
                f"{url} does not take the message: {status} {said}",
                hint="" if status in _LATER else "see b4.send-endpoint-web",
                lasting=status not in _LATER,
                connected=True,
            )
        raise FateUnknown(f"{url} has the whole message, and its answer says nothing: {status} {said}")


class _Body(io.BytesIO):
    """A request's body that says when the last of it is about to be sent."""

    def __init__(self, data: bytes, committing: Callable[[], None]) -> None:
        super().__init__(data)
        self._size = len(data)
        self._committing = committing
        self.committed = False
        self.failure: BaseException | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        is_last = size is None or size < 0 or self.tell() + size >= self._size
        if is_last and not self.committed:
            try:
                self._committing()
            except BaseException as error:  # what is below would take it for one of the connection's
                self.failure = error
                raise
            self.committed = True
        return super().read(size)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _impossible(
            f"the message is not UTF-8 ({error.reason} at byte {error.start}), and the endpoint takes nothing else",
            "send through an SMTP server: git config sendemail.smtpServer ...",
        ) from error


def _read(response: requests.Response) -> tuple[str, str]:
    """The result, empty when there is none, and what was said."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("result"), str):
        return answer["result"], one_line(str(answer.get("message", "")))[:_SHOWN]
    return "", one_line(response.text or response.reason or "")[:_SHOWN]


def _reason(error: BaseException) -> str:
    """What happened first of all that led to this."""
    found: BaseException = error
    while (before := found.__cause__ or found.__context__) is not None:
        found = before
    if isinstance(found, TimeoutError):
        return "no answer came in time"
    return (found.strerror if isinstance(found, OSError) else "") or one_line(str(found)) or type(found).__name__


def _impossible(what: str, hint: str) -> NotTaken:
    return NotTaken(what, hint=hint, lasting=True, connected=True)
