"""Whom a reply to all goes to: who sent the mail that is answered, and everybody else whom it went to. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from credseries.errors import UnknownRecipient
from credseries.mail.message import Address
from credseries.mail.recipients.address import parse_address
from credseries.mail.thread.charsets import decode_text
from credseries.mail.thread.decode import read_field
from credseries.mail.thread.model import Letter

_MARK = re.compile(r'\\.|[",]', re.DOTALL)


@dataclass(frozen=True)
class Addressees:
    """Who gets a reply; each address is there once."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...]


def reply_to_all(letter: Letter, own: Collection[str]) -> Addressees:
    """The people and lists that a reply to all goes to, without the addresses in `own`.

    To is where the sender wants replies (Reply-To, else From); who answers his own mail answers those it went to.
    """
    mine = {address.casefold() for address in own}
    seen = set(mine)
    sender = list(_new(_people(letter, "reply-to"), seen)) or list(_new(_people(letter, "from"), seen))
    others = [person for name in ("from", "to", "cc") for person in _new(_people(letter, name), seen)]
    return Addressees(tuple(sender), tuple(others)) if sender else Addressees(tuple(others), ())


def _new(people: Iterator[Address], seen: set[str]) -> Iterator[Address]:
    for person in people:
        if person.address.casefold() not in seen:
            seen.add(person.address.casefold())
            yield person


def _people(letter: Letter, name: str) -> Iterator[Address]:
    """Those whom a field names, as far as what it has are addresses."""
    value = decode_text(read_field(letter, name).encode("utf-8", "surrogateescape")).text
    for part in _parts(value):
        with suppress(UnknownRecipient):
            yield parse_address(part.strip(), name)


def _parts(text: str) -> Iterator[str]:
    """The parts of a list with commas between them; a comma in quotation marks is none, unless they never close."""
    start, opened, pending = 0, -1, list[int]()
    commas: list[int] = []
    for mark in _MARK.finditer(text):
        if mark.group() == '"':
            opened, pending = (mark.start() if opened < 0 else -1), []
        elif mark.group() == ",":
            (commas if opened < 0 else pending).append(mark.start())
    for comma in (*commas, *pending):
        yield text[start:comma]
        start = comma + 1
    yield text[start:]
