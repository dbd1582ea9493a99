"""Telling an SMTP server who sends (RFC 4954), by the ways that are common: PLAIN (RFC 4616), LOGIN
(draft-murchison-sasl-login), CRAM-MD5 (RFC 2195) and XOAUTH2, whose token takes the password's place.

smtplib knows the first three; it cannot be told which to use, and fails with passwords that are not ASCII.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Say = Callable[[str], tuple[int, str]]

OFFERED_MORE = 334
WELCOME = (235, 503)  # 503: the server knows already
WRONG_WAY = (504, 534)  # not this mechanism, perhaps another

# What shows the password goes first where nobody else can read it: servers often know no more than its hash, with
# which they cannot do CRAM-MD5 though they offer it.
_READABLE = ("PLAIN", "LOGIN")


@dataclass(frozen=True)
class Account:
    """Whom to tell a server of."""

    user: str
    password: str = field(repr=False)


def mechanisms(offered: Sequence[str], wanted: Sequence[str], *, secret: bool) -> list[str]:
    """The mechanisms to try, in order: those that are offered, and only the `wanted` when there are any.

    Without a `secret` connection none that shows the password; a token is sent only when it is wanted by name.
    """
    names = {name.upper() for name in offered}
    known = (*_READABLE, "CRAM-MD5") if secret else ("CRAM-MD5",)
    order = [name for name in wanted if secret or name in known] if wanted else known
    return [name for name in order if name in names]


def authenticate(mechanism: str, account: Account, say: Say) -> tuple[int, str]:
    """Go through the exchange of a mechanism; gives the server's last word."""
    first = _FIRST.get(mechanism)
    opening = f"AUTH {mechanism}"
    code, text = say(f"{opening} {_encoded(first(account))}" if first else opening)
    for answer in _ANSWERS.get(mechanism, (_nothing,)):
        if code != OFFERED_MORE:
            break
        code, text = say(_encoded(answer(account, text)))
    return code, text


def scrubbed(text: str, account: Account) -> str:
    """The server's words without the password, should it repeat what it was told."""
    shown = [account.password, _encoded(account.password.encode())]
    shown += [_encoded(first(account)) for first in _FIRST.values()]
    for secret in filter(None, shown):
        text = text.replace(secret, "***")
    return text


def _plain(account: Account) -> bytes:
    return f"\0{account.user}\0{account.password}".encode()


def _token(account: Account) -> bytes:
    return f"user={account.user}\x01auth=Bearer {account.password}\x01\x01".encode()


def _user(account: Account, _: str) -> bytes:
    return account.user.encode()


def _password(account: Account, _: str) -> bytes:
    return account.password.encode()


def _digest(account: Account, challenge: str) -> bytes:
    try:
        asked = base64.b64decode(challenge)
    except binascii.Error:
        asked = b""  # the server will not like the answer, and say so
    return f"{account.user} {hmac.new(account.password.encode(), asked, 'md5').hexdigest()}".encode()


def _nothing(_account: Account, _challenge: str) -> bytes:
    """After a token that is not taken a server tells why, and wants an empty line before it says no."""
    return b""


_FIRST = {"PLAIN": _plain, "XOAUTH2": _token}
_ANSWERS = {"LOGIN": (_user, _password), "CRAM-MD5": (_digest,)}


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
