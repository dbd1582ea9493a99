"""The last look at a message's headers: there are those that were meant, once each, and nothing got in between. Pure.

Every value comes from outside: subjects, names, the git configuration, b4's tracking data. Each is made one line where
it goes in; should one have been forgotten, its message is not made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from credseries.errors import UsageError

_ONCE = frozenset(
    {
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "x-mailer",
        "x-b4-tracking",
        "x-change-id",
        "x-developer-signature",
        "x-developer-key",
    }
)
_NEEDED = ("from", "subject", "date", "message-id")
_FIELD = re.compile(rb"([!-9;-~]+):")  # RFC 5322, 3.6.8
_CONTROLS = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_IDENTIFIER = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")


def check_headers(data: bytes, subject: str, needed: Sequence[str] = _NEEDED) -> None:
    """Raises UsageError when a message (lines that end in LF) has other headers than those of a patch; `subject` says
    which message that is, `needed` what it must have."""
    head, _, _ = data.partition(b"\n\n")
    found: list[str] = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and found:
            if not line.strip():
                raise _wrong(subject, f"the header {found[-1]} goes on with an empty line")
            continue
        field = _FIELD.match(line)
        if field is None:
            raise _wrong(subject, f"a line of its headers is none: {line[:60].decode('ascii', 'replace')!r}")
        found.append(field[1].decode("ascii").lower())
    if not head.isascii():
        raise _wrong(subject, "its headers have characters that are not encoded")
    if _CONTROLS.search(head):
        raise _wrong(subject, "its headers have control characters")
    for name in found:
        if name not in _ONCE:
            raise _wrong(subject, f"it would have a header {name!r} that nobody asked for")
        if found.count(name) > 1:
            raise _wrong(subject, f"it would have the header {name!r} twice")
    for name in needed:
        if name not in found:
            raise _wrong(subject, f"it has no header {name!r}")


def check_identifier(identifier: str, subject: str) -> None:
    """Raises UsageError when a Message-Id is none that a reply can name (RFC 5322, 3.6.4)."""
    if not identifier.isascii() or not _IDENTIFIER.fullmatch(identifier):
        raise _wrong(subject, f"its Message-Id would be {identifier!r}")


def _wrong(subject: str, what: str) -> UsageError:
    return UsageError(
        f"the message {subject!r} is not made: {what}",
        hint="look at subjects, names (git config user.name), and the tracking data in the cover letter's commit",
    )
