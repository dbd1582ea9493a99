"""Messages as they came, decoded: who, when, in answer to what, and a text to read. Pure.

RFC 5322, 2045 to 2047 and 3676, by Python's email package; what it cannot read, and what mailers do wrong, is said in
`Letter.problems` and never an error.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from hashlib import sha256

from credseries.mail.thread.archived import as_message
from credseries.mail.thread.charsets import decode_text
from credseries.mail.thread.fields import decode_field, read_address, read_date, read_ids
from credseries.mail.thread.mime import Body, read_parts
from credseries.mail.thread.model import Letter

MADE_UP = "@no-message-id.invalid"  # the end of what stands for the Message-Id of a mail that has none
_ONCE = ("from", "subject", "date", "message-id", "in-reply-to", "references", "content-type")  # RFC 5322, 3.6
# Of the way that a message took, not of who wrote it with what.
_CARRIERS = re.compile(
    r"received.*|return-path|delivered-to|dkim-.*|arc-.*|authentication-results|domainkey-.*|x-google-.*|x-gm-.*"
    r"|x-ms-.*|x-microsoft-.*|x-forefront-.*|x-proofpoint-.*|x-spam.*|x-virus.*|x-received|autocrypt|openpgp",
)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_KNOWN = re.compile(
    rb"(?:from|to|cc|date|subject|message-id|in-reply-to|references|mime-version|content-[a-z-]+):", re.IGNORECASE
)
_BEFORE = re.compile(rb"\xef\xbb\xbf|\s*>?From [^\n]*\n|[\r\n]+")
_BLANK = re.compile(rb"\n[ \t]*\r?\n")


class _AsTheyCame(Compat32):
    """Fields as `str` with what is not ASCII as surrogates, instead of `Header` objects that lost it."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002  # the package gives it
        return value


_POLICY = _AsTheyCame()


def _raw(message: Message, name: str) -> str:
    """The first field of this name as it came, or empty."""
    return str(next(iter(message.get_all(name) or [""])))


def _repeated(message: Message) -> list[str]:
    """What is to be said of fields that may be there once only, and are there with different values."""
    found = [(name, [str(value) for value in message.get_all(name) or ()]) for name in _ONCE]
    return [f"it has {len(values)} fields {name}: the first one counts" for name, values in found if len({*values}) > 1]


def read_letter(data: bytes) -> Letter:
    """The message in some bytes: RFC 5322, or a page that was saved from a list archive. Never raises.

    A message without Message-Id gets one of its contents: the same for the same sender, date, subject and text.
    """
    page = as_message(data)
    source, problems = _mended(_without_mbox_line(data))
    if page is not None:
        source, problems = page, ["it is a page of a list's archive: its addresses may be masked"]
    try:
        message = message_from_bytes(source, policy=_POLICY)
        body = read_parts(message)
    except Exception as error:  # the standard parser raises many kinds, RecursionError among them
        message, body = _unparsed(source)
        problems.append(f"its parts cannot be read ({type(error).__name__}: {error}): read as one text")
    return _letter(message, body, data, problems)


def read_field(letter: Letter, name: str) -> str:
    """All values of a header field as they came, on one line, with commas between them; empty when there is none."""
    source, _ = _mended(_without_mbox_line(as_message(letter.raw) or letter.raw))
    blank = _BLANK.search(source)
    try:
        message = message_from_bytes(source[: blank.end()] if blank else source, policy=_POLICY)
    except Exception:  # as in `read_letter`
        message, _ = _unparsed(source)
    return ", ".join(" ".join(str(value).split()) for value in message.get_all(name) or ())


def _without_mbox_line(data: bytes) -> bytes:
    """The message from its first field on: what may stand before it is a mark of a file, or empty lines."""
    while before := _BEFORE.match(data):
        data = data[before.end() :]
    return data


def _letter(message: Message, body: Body, data: bytes, problems: list[str]) -> Letter:
    subject = decode_field(_raw(message, "subject"))
    name, address = read_address(_raw(message, "from"))
    date, date_problem = read_date(_raw(message, "date"))
    identity = next(iter(read_ids(_raw(message, "message-id"))), "")
    problems += _repeated(message)
    if not message.keys():
        problems.append("it has no header fields: all of it is read as its text")
    if not name and not address:
        problems.append("nothing says whom it is from")
    problems += [date_problem] if date_problem else []
    if not identity:
        identity = _made_up(subject, name, address, decode_field(_raw(message, "date")), body.text)
        problems.append(f"it has no Message-Id: {identity} stands for it, and answers to it cannot name it")
    return Letter(
        message_id=identity,
        in_reply_to=next(iter(read_ids(_raw(message, "in-reply-to"))), ""),
        references=read_ids(_raw(message, "references")),
        subject=subject,
        name=name,
        address=address,
        date=date,
        text=body.text,
        attached=tuple(body.attached),
        headers=_kept_fields(message),
        problems=tuple(dict.fromkeys((*problems, *body.problems))),
        raw=data,
    )


def _made_up(*parts: str) -> str:
    """An id that depends on what a message says, not on how it was kept."""
    words = "\n".join(" ".join(part.split()) for part in parts)
    return f"{sha256(words.encode('utf-8', 'replace')).hexdigest()[:32]}{MADE_UP}"


def _kept_fields(message: Message) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.lower(), decode_field(str(value)))
        for name, value in message.items()
        if not _CARRIERS.fullmatch(name.lower())
    )


def _mended(data: bytes) -> tuple[bytes, list[str]]:
    """The message without lines among its header fields that are none: the standard parser ends the fields there."""
    blank = _BLANK.search(data)
    if blank is None:
        return data, []
    lines = data[: blank.start()].split(b"\n")
    known = [number for number, line in enumerate(lines) if _KNOWN.match(line)]
    odd = [
        number
        for number, line in enumerate(lines[: known[-1]] if known else [])
        if not _FIELD.match(line) and not (number and line[:1] in (b" ", b"\t"))
    ]
    if not odd or not _FIELD.match(lines[0]):
        return data, []
    kept = b"\n".join(line for number, line in enumerate(lines) if number not in odd)
    said = [
        f"line {number + 1} of its header is no field and is left out: {decode_text(lines[number]).text[:200]!r}"
        for number in odd
    ]
    return kept + data[blank.start() :], said


def _unparsed(data: bytes) -> tuple[Message, Body]:
    """A message that the standard parser chokes on: its fields, and all below them as text."""
    blank = _BLANK.search(data)
    head = data[: blank.start()] if blank else b""
    message: Message = Message(policy=_POLICY)
    for item in re.split(rb"\r?\n(?![ \t])", head):
        if _FIELD.match(item):
            name, _, value = item.partition(b":")
            message[name.decode("ascii").strip()] = value.decode("ascii", "surrogateescape").strip()
    decoded = decode_text(data[blank.end() :] if blank else data)
    return message, Body(texts=[decoded.text], problems=list(decoded.problems))
