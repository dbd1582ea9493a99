"""Addresses from outside made ones that a header can have: nothing in them ends a line, or an address before its end.

They come from MAINTAINERS, commit messages, alias files, git's configuration and the command line. Names are cleaned,
and quoted or encoded later, where the header is written (`b4adapter.format_addresses`); what is no address is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from credseries.errors import UnknownRecipient
from credseries.kernel.aliases import split_addresses
from credseries.mail.message import Address
from credseries.mail.text import one_line

_LONGEST = 254  # characters of an address (RFC 5321, 4.5.3.1.3, without the angle brackets)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
# Programs that take addresses as arguments take one that starts with a dash for an option.
_ADDRESS = re.compile(rf"(?!-){_ATOM}+@{_LABEL}(?:\.{_LABEL})*")
_NAMED = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>\s*", re.DOTALL)
_COMMENTED = re.compile(r"(?P<address>[^\s<>()]+)\s*\((?P<name>[^()]*)\)\s*")
_REMARK = re.compile(r"\s+#.*|(?<=[\s>])\[[^]]*\]\s*\Z", re.DOTALL)
_LAYERS = 3  # more often than twice nobody encodes a name by mistake
_ENCODED = re.compile(r"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", re.IGNORECASE)
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def make_address(name: str, address: str, reason: str) -> Address:
    """A recipient with a name that fits a header; raises UnknownRecipient for an address that no mail can have."""
    if len(address) > _LONGEST or not _ADDRESS.fullmatch(address):
        raise UnknownRecipient(
            f"{one_line(address) or one_line(reason)!r} is not a mail address",
            hint="write it as Name <local@domain>",
        )
    return Address(clean_name(name), address, (one_line(reason),))


def parse_address(text: str, reason: str) -> Address:
    """A recipient from an address as people write it: bare, `Name <address>`, or `address (Name)`.

    Raises UnknownRecipient for what is none.
    """
    # parseaddr() makes an address of nearly everything, and drops what it does not understand.
    match = _NAMED.fullmatch(text) or _COMMENTED.fullmatch(text)
    return make_address(match["name"], match["address"].strip(), reason) if match else make_address("", text, reason)


def parse_addresses(text: str, reason: str) -> Iterator[Address]:
    """The recipients in a list with commas between them; raises UnknownRecipient where one is no address."""
    for part in split_addresses(text) or (text,):
        yield parse_address(part.strip(), reason)


def find_addresses(text: str, reason: str) -> list[Address]:
    """The recipients that the value of a trailer names, mostly one, whatever stands behind (`# v6.1+`, `[on x86]`);
    what is no address is left out."""
    found = []
    for part in _with_at(split_addresses(_REMARK.sub("", text.strip()))):
        with suppress(UnknownRecipient):
            found.append(parse_address(part.strip(), reason))
    return found


def _with_at(parts: Iterable[str]) -> Iterator[str]:
    """Parts of a list with an @ in each: before a comma there may be a part of a name."""
    pending: list[str] = []
    for part in parts:
        pending.append(part)
        if "@" in part:
            yield ", ".join(pending)
            pending = []


def clean_name(name: str) -> str:
    """A name as one line without control characters, marks of writing direction, and quotation marks around it.

    A name that some program has encoded for a header (RFC 2047) is decoded first: what is hidden in it would come out
    later, when b4 decodes it.
    """
    for _ in range(_LAYERS):
        if not _ENCODED.search(name):
            break
        name = _decoded(name)
    return one_line(_DIRECTIONS.sub("", _ENCODED.sub("", name)).replace("=?", "")).strip(' "')


def _decoded(name: str) -> str:
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return _ENCODED.sub("", name)
