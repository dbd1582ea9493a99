"""Checks of the messages as they would be sent: who gets them, and whether servers and lists take them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from credseries.mail.message import Message
from credseries.mail.preflight.model import Check, verdict
from credseries.mail.recipients import Concern, Note
from credseries.words import many

# vger.kernel.org's rules for its lists, "Taboo things to be done when discussing at VGER lists": "Message size
# exceeding 100 000 characters causes blocking." (http://vger.kernel.org/majordomo-info.html#taboo)
LIST_CHARACTERS = 100_000
# RFC 5322, 2.1.1: "Each line of characters MUST be no more than 998 characters [..], excluding the CRLF."
LINE_OCTETS = 998
_AGAINST = (Concern.REFUSED, Concern.GONE)  # mail to these is known, or likely, to come back
_EIGHT_BIT = re.compile(rb"[\x80-\xff]")
_ENCODING = re.compile(rb"^Content-Transfer-Encoding:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_CHARSET = re.compile(rb"^Content-Type:.*\n?(?:[ \t].*\n?)*?charset=\"?utf-8", re.IGNORECASE | re.MULTILINE)


def recipients_check(messages: Sequence[Message], notes: Sequence[Note]) -> Check:
    """Fails when nobody would get a message, or something is known against an address."""
    problems = [f"nobody gets {_label(message)}" for message in messages if not message.to and not message.cc]
    problems += [note.text for note in notes if note.concern in _AGAINST]
    people = {person.address.casefold() for message in messages for person in (*message.to, *message.cc)}
    fine = f"{many(len(people), 'address', 'addresses')}, somebody for every message"
    hint = "`credseries recipients` shows them with their reasons; --to and --cc add some"
    return verdict("recipients", problems, fine, hint)


def size_check(messages: Sequence[Message]) -> Check:
    """Fails when a message is larger than lists take, or has what mail does not carry."""
    problems = [f"{_label(message)} {why}" for message in messages for why in _problems(message.data)]
    too_large = [message for message in messages if len(message.data.decode("utf-8", "replace")) > LIST_CHARACTERS]
    largest = max((len(message.data) for message in messages), default=0)
    fine = f"{many(len(messages), 'message')}, the largest of {largest} bytes"
    smaller = "a recipe with smaller patches (`credseries recipe list`) makes smaller messages"
    other = "`credseries send --output-dir DIR` writes the messages; mend the line in the letter, patch or message"
    return verdict("size", problems, fine, smaller if too_large else other)


def _label(message: Message) -> str:
    return f"patch {message.index} ({message.title})" if message.commit else f"the letter ({message.title})"


def _problems(data: bytes) -> Iterator[str]:
    head, _, body = data.partition(b"\n\n")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        yield f"is not UTF-8: line {number}, byte 0x{data[error.start]:02x}"
        text = data.decode("utf-8", "replace")
    if len(text) > LIST_CHARACTERS:
        yield f"has {len(text)} characters, and lists take {LIST_CHARACTERS}"
    long = [number for number, line in enumerate(data.split(b"\n"), 1) if len(line) > LINE_OCTETS]
    if long:
        yield f"has {many(len(long), 'line')} of more than {LINE_OCTETS} octets, the first is line {long[0]}"
    if b"\0" in data:
        yield "has a NUL in it"
    if b"\r" in data:
        line = data.count(b"\n", 0, data.index(b"\r")) + 1
        yield f"has a carriage return in it, line {line}"
    if _EIGHT_BIT.search(head):
        yield "has a header that is not ASCII"
    if _EIGHT_BIT.search(body):
        encoding = _ENCODING.search(head)
        if encoding is None or encoding[1].lower() != b"8bit":
            yield "has text that is not ASCII, and does not say that it is 8bit"
        elif not _CHARSET.search(head):
            yield "has text that is not ASCII, and does not say that it is UTF-8"
