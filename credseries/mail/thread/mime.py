"""The parts of a message (RFC 2045, 2046) as one text to read, and the texts that are attached to it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message

from credseries.mail.thread.armour import is_encrypted, without_armour
from credseries.mail.thread.charsets import decode_text
from credseries.mail.thread.fields import decode_field
from credseries.mail.thread.flowed import unflow
from credseries.mail.thread.html import html_text
from credseries.mail.thread.transfer import unpack

# What mailers write before the first part, for readers that know no MIME.
_STOCK = re.compile(r"\s*This is an? .{0,60}(?:multi-?part|MIME|signed|encrypted).{0,120}", re.IGNORECASE | re.DOTALL)
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_ARMOUR = re.compile(rb"\s*(?:-----|(?:Version|Comment|Hash|Charset|MessageID): )")
_TEXTUAL = frozenset({"application/x-patch", "application/x-diff", "application/octet-stream", "application/mbox"})
_DEPTH = 40  # of parts in parts


@dataclass
class Body:
    """What the parts of a message give, as it is collected."""

    texts: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)  # those of `texts` that were no HTML
    attached: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def show(self, text: str, *, html: bool = False) -> None:
        """Adds a text to those that people read."""
        self.texts.append(text)
        self.plain += [] if html else [text]

    @property
    def text(self) -> str:
        """The texts that people read, an empty line between them, with LF at its end."""
        shown = [text.strip("\n") for text in self.texts if text.strip()]
        return "\n\n".join(shown) + "\n" if shown else ""


def read_parts(message: Message) -> Body:
    """The text and the attachments of a message; everything that is in neither is named in `problems`."""
    body = Body()
    _read(message, body, 0)
    return body


def _read(part: Message, body: Body, depth: int) -> None:
    if depth > _DEPTH:
        body.problems.append(f"parts are nested more than {_DEPTH} times: what is deeper is left out")
    elif part.get_content_type() == "message/rfc822":
        _read_forwarded(part, body, depth)
    elif not part.is_multipart():
        _read_leaf(part, body, whole=depth == 0)
    elif part.get_content_type() == "multipart/alternative":
        _read_alternative(part, body, depth)
    else:
        _read_children(part, body, depth)


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _read_children(part: Message, body: Body, depth: int) -> None:
    if part.get_content_type() == "multipart/encrypted":
        body.problems.append("it is encrypted: its text cannot be read")
    _read_outside(part.preamble, "before its first part", body)
    for child in _children(part):
        _read(child, body, depth + 1)
    _read_outside(part.epilogue, "after its last part", body)


def _read_outside(text: str | None, where: str, body: Body) -> None:
    """Text outside of all parts is no part of a message (RFC 2046, 5.1.1), and where a broken one has its remarks."""
    if not text or not text.strip() or _STOCK.fullmatch(text):
        return
    body.problems.append(f"there is text {where}: it is read too")
    body.show(decode_text(text.encode("utf-8", "surrogateescape")).text)


def _read_alternative(part: Message, body: Body, depth: int) -> None:
    """One of the ways in which the same is said: as plain text if there is any in it, else as the last that has any."""
    choices = []
    for child in _children(part):
        choice = Body()
        _read(child, choice, depth + 1)
        choices.append(choice)
    plain = [text for choice in choices for text in choice.plain if text.strip()]
    if plain:
        for text in plain:
            body.show(text)
        chosen = [choice for choice in choices if choice.plain]
    else:
        chosen = [choice for choice in choices if choice.text][-1:] or choices
        body.texts += [text for choice in chosen for text in choice.texts]
    body.problems += [problem for choice in chosen for problem in choice.problems]
    # An attachment may stand within one choice only; Apple's mailer does that.
    for choice in choices:
        body.attached += [item for item in choice.attached if item not in body.attached]
    for outside, where in ((part.preamble, "before its first part"), (part.epilogue, "after its last part")):
        _read_outside(outside, where, body)


def _read_forwarded(part: Message, body: Body, depth: int) -> None:
    """A message in a message is somebody else's words: an attachment, with the fields that say whose."""
    for inner in _children(part):
        read = Body()
        _read(inner, read, depth + 1)
        fields = [(name, decode_field(str(inner.get(name, "")))) for name in ("From", "Date", "Subject", "Message-Id")]
        head = "".join(f"{name}: {value}\n" for name, value in fields if value)
        body.attached.append((_file_name(part) or f"{fields[2][1] or 'forwarded'}.eml", f"{head}\n{read.text}"))
        body.attached += read.attached
        body.problems += read.problems
    if not _children(part):
        _read_leaf(part, body, whole=False)


def _read_leaf(part: Message, body: Body, *, whole: bool) -> None:
    """A part without parts. `whole`: it is all of the message, and so its text, whatever its headers say."""
    kind, name = part.get_content_type(), _file_name(part)
    data = _bytes(part, body)
    if not data.strip() or (kind in _SIGNATURES and not whole and not _looks_like_remarks(data)):
        return
    if kind.startswith("text/") or part.get_content_maintype() in {"multipart", "message"}:
        text = _text(part, kind, data, body)
        to_read = whole or (kind in {"text/plain", "text/html"} and not name and not _is_attachment(part))
        if to_read or part.get_content_maintype() == "multipart":
            body.show(text, html=kind == "text/html")
        else:
            body.attached.append((name, text))
    elif kind in _SIGNATURES or ((kind in _TEXTUAL or whole) and _looks_like_text(data)):
        text = decode_text(data, _parameter(part, "charset")).text
        if whole:
            body.show(text)
        else:
            body.attached.append((name, text))
    else:
        named = f", {name}" if name else ""
        body.problems.append(f"a part ({kind}{named}, {len(data)} bytes) is no text and is not read")


def _bytes(part: Message, body: Body) -> bytes:
    encoding = decode_field(str(part.get("Content-Transfer-Encoding", "")))
    if part.get_content_maintype() == "multipart":
        body.problems.append("its parts cannot be told apart, as their boundary is missing: read as one text")
        encoding = ""
    del part["Content-Transfer-Encoding"]
    payload = part.get_payload(decode=True)  # without the field: the bytes as they stand in the message
    unpacked = unpack(payload if isinstance(payload, bytes) else b"", encoding)
    body.problems += unpacked.problems
    return unpacked.data


def _text(part: Message, kind: str, data: bytes, body: Body) -> str:
    decoded = decode_text(data, _parameter(part, "charset"))
    body.problems += decoded.problems
    if kind == "text/html":
        plain = html_text(decoded.text)
        body.problems += plain.problems
        return plain.text
    text = decoded.text
    if _parameter(part, "format").lower() == "flowed":
        text = unflow(text, delete_space=_parameter(part, "delsp").lower() == "yes")
    if is_encrypted(text):
        body.problems.append("it is encrypted: its text cannot be read")
    return without_armour(text)


def _looks_like_remarks(data: bytes) -> bool:
    """Whether a part that should be a signature has prose in it; armour has spaces in its marks and fields alone."""
    prose = [line for line in data.splitlines() if b" " in line.strip() and not _ARMOUR.match(line)]
    readable = sum(byte in b"\t\r\n" or 0x20 <= byte < 0x7F for byte in data)
    return bool(prose) and readable * 10 > len(data) * 8


def _looks_like_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_attachment(part: Message) -> bool:
    return decode_field(str(part.get("Content-Disposition", ""))).lower().startswith("attachment")


def _file_name(part: Message) -> str:
    try:
        return decode_field(part.get_filename("") or "")
    except (ValueError, LookupError, TypeError, AttributeError):  # the standard reader's, for odd RFC 2231
        return ""


def _parameter(part: Message, name: str) -> str:
    """A parameter of Content-Type; empty when it is not there or cannot be read."""
    try:
        value = part.get_param(name, "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    text = value[2] if isinstance(value, tuple) else value
    return decode_field(str(text or ""))
