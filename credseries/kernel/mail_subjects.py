"""What the subject of a mail with a patch says: `Re: [PATCH RFC v2 3/4] ovl: Fix a leak`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REPLY = re.compile(r"\s*(?:re|aw|fwd?|sv|antw|odp|vs)(?:\[\d+\])?\s*:", re.IGNORECASE)
_PREFIX = re.compile(r"\s*\[([^\]]*)\]")
_NUMBER = re.compile(r"\b(\d{1,6})\s*/\s*(\d{1,6})\b")
_VERSION = re.compile(r"\bv(\d{1,6})\b", re.IGNORECASE)
_PATCH = re.compile(r"\b(?:patch|rfc|rft|resend)\b|^\s*v?\d+\s*/?\s*\d*\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class MailSubject:
    """A subject taken apart: `title` is what is left without prefixes, `prefix` the words in brackets.

    `number` and `total` are 0 where none is given; `version` is 1 then. `is_patch` says that the brackets hold what
    those of patches do (`PATCH`, `RFC`), and are not those of a list (`[linux-fsdevel]`).
    """

    title: str
    prefix: str
    version: int
    number: int
    total: int
    is_reply: bool

    @property
    def is_patch(self) -> bool:
        """Whether it is that of a patch, of a cover letter, or of a reply to one."""
        return _PATCH.search(self.prefix) is not None or self.total > 0


def parse_subject(text: str) -> MailSubject:
    """What a subject says. Marks of replies may stand before and between brackets."""
    rest, prefixes, is_reply = " ".join(text.split()), list[str](), False
    while True:
        if found := _REPLY.match(rest):
            is_reply = True
        elif found := _PREFIX.match(rest):
            prefixes.append(found.group(1))
        else:
            break
        rest = rest[found.end() :]
    prefix = " ".join(prefixes)
    version, place = _VERSION.search(prefix), _NUMBER.search(prefix)
    number, total = (int(place.group(1)), int(place.group(2))) if place else (0, 0)
    return MailSubject(rest.strip(), prefix, int(version.group(1)) if version else 1, number, total, is_reply)
