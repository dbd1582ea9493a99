"""Patches as people send them: mails, mboxes and plain diffs, put into the order of their series. Pure.

What a reader of lore has in hand is a whole thread: cover letter, replies, older versions, a patch that came twice.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property

from credseries.errors import UsageError
from credseries.kernel.mail_subjects import MailSubject, parse_subject

_MBOX_LINE = re.compile(rb"^From \S.*\n(?=[!-9;-~]+:[ \t\n])", re.MULTILINE)
_HEADER = re.compile(rb"\A(?:From \S.*\n)?[!-9;-~]+:[ \t]")
_DIFF = re.compile(rb"^(?:diff --git [^\n]+|--- [^\n]+\n\+\+\+ [^\n]+)$", re.MULTILINE)
_BASE = re.compile(r"^base-commit: ([0-9a-f]{7,64})\b", re.MULTILINE)
_NAMED = re.compile(rb"^diff --git a/(?P<git>[^\n]+?) b/[^\n]+$|^\+\+\+ (?:b/)?(?P<new>[^\t\n]+)", re.MULTILINE)
_IN_BODY = re.compile(r"\A\s*(?:(?:From|Subject|Date): [^\n]*\n(?:[ \t]+\S[^\n]*\n)*)+")
_FROM = re.compile(r"\A\s*From: ([^\n]+)")
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_THREE_DASHES = re.compile(r"^---[ \t]*$", re.MULTILINE)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Patch:
    """One patch: its subject without prefixes, its place in the series (0: none is given), and what `git apply` reads.

    `raw` is the text in the mail's own encoding where that is not UTF-8: the file may be in that encoding too. `author`
    is who wrote it, as `Name <address>`, and `message_id` that of its mail, without brackets; both may be empty.
    """

    subject: str
    number: int
    total: int
    version: int
    text: bytes
    raw: bytes | None = None
    author: str = ""
    message_id: str = ""

    @property
    def message(self) -> str:
        """The commit message that it asks for: the subject, and the text before the line of three dashes."""
        text = self.text[: found.start()] if (found := _DIFF.search(self.text)) else self.text
        body = _THREE_DASHES.split(text.decode("utf-8", "replace"), maxsplit=1)[0]
        return f"{self.subject}\n\n{_IN_BODY.sub('', body).strip()}\n"

    @property
    def files(self) -> tuple[str, ...]:
        """The paths that the patch names, in order."""
        found = [match["git"] or match["new"] for match in _NAMED.finditer(self.text)]
        names = [name.decode("utf-8", "surrogateescape") for name in found if name != b"/dev/null"]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class PatchSet:
    """The patches of one series in order.

    `base` is the commit that the series says it is based on, or empty; `missing` the numbers that are not there.
    """

    patches: tuple[Patch, ...]
    base: str = ""
    missing: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Mail:
    """A message: what its subject says, and its text."""

    subject: str
    bodies: tuple[tuple[bytes, bytes | None], ...]
    sender: str = ""
    message_id: str = ""

    @cached_property
    def about(self) -> MailSubject:
        return parse_subject(self.subject)

    @property
    def text(self) -> str:
        return "\n".join(body.decode("utf-8", "replace") for body, _ in self.bodies)

    def patch(self) -> Patch | None:
        """The patch that the message carries, or None."""
        for body, raw in self.bodies:
            if _DIFF.search(body):
                written = _FROM.match(body.decode("utf-8", "replace"))  # by whom, if it is not the sender
                author = written.group(1).strip() if written else self.sender
                about = self.about
                place = about.number, about.total, about.version
                return Patch(about.title, *place, body, raw, author, self.message_id)
        return None


def _messages(data: bytes) -> Iterator[bytes]:
    """The messages of an mbox, or the one message that a file is; `From ` lines within a message do not count."""
    starts = [
        match for match in _MBOX_LINE.finditer(data) if match.start() == 0 or data.endswith(b"\n\n", 0, match.start())
    ]
    if not starts:
        yield data
        return
    ends = [match.start() for match in starts[1:]] + [len(data)]
    for match, end in zip(starts, ends, strict=True):
        yield data[match.end() : end]


def _unix(text: bytes) -> bytes:
    """Text whose lines all end in CRLF, as mail has it, with plain line ends."""
    return text.replace(b"\r\n", b"\n") if text.count(b"\n") == text.count(b"\r\n") else text


def _decoded(part: EmailMessage) -> tuple[bytes, bytes | None] | None:
    """A part's text in UTF-8, and as it is when its encoding is another one."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    payload = _unix(payload)
    charset = str(part.get_content_charset() or "utf-8")
    try:
        text = payload.decode(charset).encode()
    except (LookupError, ValueError):
        return payload, None
    return text, payload if text != payload else None


def _mail(data: bytes) -> _Mail:
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    bodies = []
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart() or kind not in ("text/plain", "text/x-patch", "text/x-diff", "application/octet-stream"):
            continue
        decoded = _decoded(part)
        if decoded is not None:
            bodies.append(decoded)
    identity = _MESSAGE_ID.search(_header(message, "message-id"))
    subject, sender = _header(message, "subject"), _header(message, "from")
    return _Mail(subject, tuple(bodies), sender, identity.group(1) if identity else "")


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message[name] or "").split())
    except (ValueError, IndexError, KeyError):  # a header that the parser chokes on
        return ""


def _mails(name: str, data: bytes) -> list[_Mail]:
    """What a file holds. Raises UsageError when it is neither mail nor diff."""
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise UsageError(f"{name} is not a gzip file: {error}", hint="give the mbox itself") from error
    data = data.lstrip(b"\n")
    if _HEADER.match(data):
        return [_mail(message) for message in _messages(_unix(data))]
    if _DIFF.search(data):
        return [_Mail("", ((_unix(data), None),))]
    what = "is empty" if not data.strip() else "holds no patch"
    raise UsageError(
        f"{name} {what}", hint="give a revision range, an mbox, or patches as git format-patch writes them"
    )


def _base(mails: Iterable[_Mail]) -> str:
    found = [match.group(1) for mail in mails if (match := _BASE.search(mail.text))]
    return found[-1] if found else ""


def _in_order(mails: Sequence[_Mail]) -> list[Patch]:
    """The patches of the highest version, by number; those without a number after them, as they came."""
    found: list[Patch] = []
    for mail in mails:
        patch = mail.patch()
        if patch is not None and not any(patch.text == other.text for other in found):
            found.append(patch)
    numbered = [patch for patch in found if patch.number]
    twice = next(
        (patch for i, patch in enumerate(numbered) if any(patch.number == p.number for p in numbered[:i])), None
    )
    if twice is not None:
        hint = "give the patches of one series at a time"
        raise UsageError(f"there are two patches {twice.number}/{twice.total}: {twice.subject}", hint=hint)
    return sorted(numbered, key=lambda patch: patch.number) + [patch for patch in found if not patch.number]


def read_patches(files: Sequence[tuple[str, bytes]]) -> PatchSet:
    """The series that some files (by name) hold: the highest version, in order, without cover letter and replies.

    Raises UsageError when there is no patch, or when there are two series.
    """
    mails = [mail for name, data in files for mail in _mails(name, data)]
    series = [mail for mail in mails if not mail.about.is_reply]
    with_patch = [mail for mail in series if mail.patch() is not None]
    latest = max((mail.about.version for mail in with_patch), default=1)
    chosen = [mail for mail in with_patch if mail.about.version == latest]
    if not chosen:
        names = ", ".join(name for name, _ in files)
        raise UsageError(f"{names} holds no patch", hint="only a cover letter or replies? give the patches themselves")
    patches = _in_order(chosen)
    base = _base(mail for mail in series if mail.about.version == latest)
    total = max((patch.total for patch in patches), default=0)
    there = {patch.number for patch in patches}
    missing = tuple(number for number in range(1, total + 1) if number not in there)
    return PatchSet(tuple(patches), base, missing)
