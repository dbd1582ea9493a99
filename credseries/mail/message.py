"""A message as it goes out: built once, then previewed, stored and sent as the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SLUG_CHARACTERS = 52  # as in the names that `git format-patch` gives


@dataclass(frozen=True)
class Address:
    """Somebody who gets a message and why: `reasons` are phrases for a person, at least one."""

    name: str
    address: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Message:
    """One message of a series.

    `index` is 0 for the cover letter, else the patch's number; `commit` is empty for the cover letter;
    `title` is the subject without its prefixes; `message_id` has its angle brackets; `data` is the message,
    with lines ending in LF.
    """

    index: int
    commit: str
    subject: str
    title: str
    message_id: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    data: bytes

    @property
    def file_name(self) -> str:
        """A name for a file of this message that depends on its number and title alone."""
        if not self.commit:
            return f"{self.index:04d}-cover-letter.eml"
        slug = re.sub(r"[^A-Za-z0-9_.]+", "-", self.title)[:_SLUG_CHARACTERS]
        return f"{self.index:04d}-{slug.strip('-.') or 'patch'}.eml"
