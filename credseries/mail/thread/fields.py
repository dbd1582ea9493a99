"""The header fields of a message that came in, decoded: words, addresses, ids and dates. Pure.

Fields come as `str` with the bytes that are not ASCII as surrogates, which is how Python's email package keeps them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parseaddr, parsedate_to_datetime

from credseries.mail.text import one_line
from credseries.mail.thread.charsets import decode_text

# RFC 2047, 2 (with RFC 2231's language); neighbours are one word, as senders cut letters of many bytes in two.
_WORD = r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?="
_WORDS = re.compile(rf"{_WORD}(?:\s*{_WORD})*")
_LANGUAGE = re.compile(r"(=\?[^?*\s]+)\*[^?\s]*(\?)")
_ID = re.compile(r"<([^<>\s]+)>")
_ADDRESS = re.compile(r"[^\s<>\"(),;:]{1,200}@[^\s<>\"(),;:]{1,200}")
# What hypermail's archives write: `Fri Jan 26 2024 - 19:10:14 EST`.
_ARCHIVED = re.compile(r"(\w{3}),? (\w{3}) (\d{1,2}),? (\d{4}) -? ?(\d\d:\d\d(?::\d\d)?) ?(.*)")


def decode_field(value: str) -> str:
    """The text of a field on one line: raw bytes and encoded words (RFC 2047) as the letters they stand for."""
    data = value.encode("utf-8", "surrogateescape") if _escaped(value) else value.encode("utf-8", "replace")
    return one_line(_WORDS.sub(lambda found: _decode_words(found.group()), decode_text(data).text))


def _escaped(value: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" and not "\udc80" <= char <= "\udcff" for char in value)


def _decode_words(words: str) -> str:
    joined = re.sub(r"\s+", " ", _LANGUAGE.sub(r"\1\2", words))
    try:
        parts = decode_header(joined)
    except (HeaderParseError, ValueError):
        return words
    return "".join(
        decode_text(part, charset or "").text if isinstance(part, bytes) else part for part, charset in parts
    )


def read_address(value: str) -> tuple[str, str]:
    """The name and the address of the first person in a From field; empty where there is none."""
    name, address = "", ""
    flat = re.sub(r"[\r\n]+\s*", " ", value)
    with suppress(ValueError, IndexError, AttributeError):
        name, address = parseaddr(flat)
    if "@" not in address:
        found = _ADDRESS.search(flat)
        address = found.group() if found else ""
        name = flat.replace(address, "") if found else flat
    return decode_field(name).strip(" \"'<>(),;:"), decode_field(address).replace(" ", "")


def read_ids(value: str) -> tuple[str, ...]:
    """The Message-Ids in a field, bare; without angle brackets they are what looks like an address."""
    found = _ID.findall(re.sub(r"[\r\n]+[ \t]*", " ", value)) or _ADDRESS.findall(value)
    return tuple(dict.fromkeys(text for text in (decode_field(item) for item in found) if text))


def read_date(value: str) -> tuple[datetime | None, str]:
    """The time in a Date field, or None, and what is to be said about it. A zone that is unknown is UTC."""
    text = decode_field(value)
    if not text:
        return None, "it has no date"
    archived = _ARCHIVED.fullmatch(text)
    if archived:
        weekday, month, day, year, clock, zone = archived.groups()
        text = f"{weekday}, {day} {month} {year} {clock} {zone}"
    for reader in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            date = reader(text)
            return date if date.tzinfo else date.replace(tzinfo=UTC), _zone_problem(text, date)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
    return None, f"its date cannot be read: {text[:80]!r}"


def _zone_problem(text: str, date: datetime) -> str:
    if date.tzinfo or text.rstrip(")").endswith("-0000"):  # RFC 5322, 3.3: -0000 is UTC, and says no zone
        return ""
    return f"its date {text[:80]!r} has no zone that is known: read as UTC"
