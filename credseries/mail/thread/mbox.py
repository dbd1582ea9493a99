"""Mailboxes of one file: where their messages begin, and the marks that keep text from looking like that. Pure.

The forms that are about (RFC 4155 has the lines alone): mboxrd, which puts `>` before every `From ` in a text that has
any number of them before it, mboxo, which does so to the bare one only, and what `git format-patch --stdout` writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FROM = re.compile(rb"^From [^\r\n]*", re.MULTILINE)
# What an attached patch begins with; the mark of a message only in a file that begins so itself.
_PATCH = re.compile(rb"From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001")
_DATED = re.compile(rb"From .*\d\d?:\d\d.*\b\d{4}\b")
_LONGEST = 300  # bytes of a line that can be one of a mailbox
_FIELD = re.compile(
    rb"\r?\n(?:>From |(?:Return-Path|Received|From|To|Cc|Date|Subject|Message-Id|MIME-Version|Delivered-To|Reply-To"
    rb"|Sender|List-Id|DKIM-Signature|Content-[A-Za-z-]+|X-[!-9;-~]+)[ \t]*:)",
    re.IGNORECASE,
)
_BLANK_BEFORE = re.compile(rb"(?:\A|\A\r?\n|\n\r?\n)\Z")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf|\s)*(?=From )")


def is_mbox(data: bytes) -> bool:
    """Whether a file begins as a mailbox does."""
    return _BEFORE.match(data) is not None


def split_mbox(data: bytes) -> tuple[bytes, ...]:
    """The messages of a mailbox as they were sent, without the lines that part them.

    A line that begins with `From ` parts messages below an empty line, when it has a time and a year, or fields below
    it. Line ends stay as they are.
    """
    begin = _BEFORE.match(data)
    text = data[begin.end() :] if begin else data
    starts = list(_starts(text))
    if begin is None:  # no mailbox: what stands before the first line is a message all the same
        starts.insert(0, (0, 0))
    ends = [start for start, _ in starts[1:]] + [len(text)]
    found = []
    for (_, first), end in zip(starts, ends, strict=True):
        message = _ESCAPED.sub(rb"\1", text[first:end])
        if message.strip():
            found.append(_without_last_blank(message))
    return tuple(found)


def _starts(text: bytes) -> Iterator[tuple[int, int]]:
    """Where each message's line begins, and where its message does."""
    of_patches = _PATCH.match(text) is not None
    for line in _FROM.finditer(text):
        at = line.start()
        if at and not _BLANK_BEFORE.search(text[max(at - 4, 0) : at]):
            continue
        if _PATCH.match(line.group()) and not of_patches:
            continue
        if at == 0 or _DATED.match(line.group()[:_LONGEST]) or _FIELD.match(text, line.end()):
            below = text.find(b"\n", line.end())
            yield at, below + 1 if below >= 0 else len(text)


def _without_last_blank(message: bytes) -> bytes:
    """The empty line at its end belongs to the mailbox."""
    for end in (b"\r\n\r\n", b"\n\n"):
        if message.endswith(end):
            return message[: -len(end) // 2]
    return message
