"""What reviewers replied to a version of a series: which patch, and whether they said more than a trailer. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from credseries.mail.b4adapter import Incoming
from credseries.series.reroll import Reply
from credseries.series.trailers import Trailer, parse_trailer

_QUOTED = re.compile(r"^\s*[>|]")
_COURTESY = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|day|evening))\b[^.!?]{0,40}[,.!]?"
    r"|(?:thanks|thank you|many thanks|cheers|regards|(?:best|kind) regards|best|br)\b[\w ]{0,20}[,.!]*",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^--\s?$", re.MULTILINE)


class Named(Protocol):
    """A patch as far as replies to it name it."""

    @property
    def number(self) -> int: ...
    @property
    def subject(self) -> str: ...


class Out(Protocol):
    """A version as far as replies to it name it."""

    @property
    def version(self) -> int: ...
    @property
    def message_ids(self) -> Mapping[int, str]: ...
    @property
    def patches(self) -> Sequence[Named]: ...


@dataclass(frozen=True)
class Replies:
    """The replies to a version that was sent, and the subjects of messages that are none."""

    found: tuple[Reply, ...]
    others: tuple[str, ...]


def sort_replies(messages: Sequence[Incoming], sent: Out, own_address: str) -> Replies:
    """The replies among some messages, each with the patch that it is about; the author's own are left out.

    A patch is found by the Message-Ids that the message replies to, through other replies, and else by the subject.
    """
    by_id = {message.message_id: message for message in messages}
    numbers = {message_id: number for number, message_id in sent.message_ids.items()}
    found, others = [], []
    for message in messages:
        if not message.is_reply or message.address.lower() == own_address.lower():
            continue
        patch = _patch(message, by_id, numbers, sent)
        if patch is None:
            others.append(message.title)
            continue
        found.append(
            Reply(
                *(patch, message.name, message.address, message.message_id),
                comments=has_comment(message.body, message.name),
                trailers=_trailers(message.trailers),
                mismatched=_trailers(message.mismatched),
            )
        )
    return Replies(tuple(found), tuple(others))


def _patch(message: Incoming, by_id: Mapping[str, Incoming], numbers: Mapping[str, int], sent: Out) -> int | None:
    for parent in _upwards(message, by_id):
        if parent in numbers:
            return numbers[parent]
        known = by_id.get(parent)
        if known is not None and not known.is_reply:
            return _named(known, sent)
    for reference in reversed(message.references):
        if reference in numbers:
            return numbers[reference]
    return _named(message, sent)


def _upwards(message: Incoming, by_id: Mapping[str, Incoming]) -> Iterator[str]:
    """The Message-Ids that a message replies to, directly and through others."""
    seen: set[str] = set()
    here: Incoming | None = message
    while here is not None:
        parent = here.in_reply_to or (here.references[-1] if here.references else "")
        if not parent or parent in seen:
            return
        seen.add(parent)
        yield parent
        here = by_id.get(parent)


def _named(message: Incoming, sent: Out) -> int | None:
    """The patch that the subject of a message names; of another version, or of another series, it is none."""
    if message.version != sent.version:
        return None
    if message.number == 0:
        return 0
    same = [patch.number for patch in sent.patches if patch.subject == message.title]
    return message.number if message.number in same else same[0] if same else None


def _trailers(lines: Sequence[str]) -> tuple[Trailer, ...]:
    return tuple(trailer for line in lines if (trailer := parse_trailer(line)) is not None)


def has_comment(body: str, name: str = "") -> bool:
    """Whether a reply says more than quotes, trailers, and the courtesies around them; `name` is its sender's."""
    lines = _SIGNATURE.split(body)[0].replace("\r", "").split("\n")
    names = {name.lower(), *name.lower().split()}
    for number, line in enumerate(lines):
        text = line.strip()
        if not text or _QUOTED.match(line) or parse_trailer(text) is not None:
            continue
        if _introduces(lines, number) or _COURTESY.fullmatch(text) or text.lower().strip(".,!") in names:
            continue
        return True
    return False


def _introduces(lines: Sequence[str], number: int) -> bool:
    """Whether a line says whose words the quote below it are; mailers wrap it."""
    for line in lines[number : number + 3]:
        if not line.strip() or _QUOTED.match(line):
            return False
        if line.rstrip().endswith(":"):
            below = lines[number + 1 : number + 6]
            return any(_QUOTED.match(other) for other in below)
    return False
