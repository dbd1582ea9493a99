"""Who the sections of MAINTAINERS name, collected as scripts/get_maintainer.pl does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from credseries.kernel.addresses import Address, Mailmap, parse_address, parse_addresses

_ROLES = {
    "supported": "supporter",
    "maintained": "maintainer",
    "odd fixes": "odd fixer",
    "orphan": "orphan minder",
    "obsolete": "obsolete minder",
    "buried alive in reporters": "chief penguin",
}
# The script never names him unless asked to; his tree is where everything goes anyway.
_CHIEF_PENGUIN = "Linus Torvalds <torvalds@linux-foundation.org>"
_SUBSCRIBERS = "subscribers-only"

Role = Literal["maintainer", "reviewer", "list"]


@dataclass(frozen=True)
class Section:
    """A section of MAINTAINERS: its title and its lines as (letter, value), in order."""

    name: str
    fields: tuple[tuple[str, str], ...]

    def values(self, letter: str) -> list[str]:
        """The values of the lines with this letter."""
        return [value for key, value in self.fields if key == letter]

    @property
    def status(self) -> str:
        """What the section says about its state (`Maintained`, `Odd Fixes`, ...); empty if nothing."""
        return (self.values("S") or [""])[-1]

    def is_about_directory(self, name: str) -> bool:
        """Whether one of its F: lines is a directory of this name."""
        return any(value.rstrip("/").rpartition("/")[2] == name for value in self.values("F") if value.endswith("/"))


@dataclass(frozen=True)
class Recipient:
    """An address that a change goes to, and why.

    `section` is the first one that names the address, `pattern` its line that matched (`F: fs/overlayfs/`),
    `reason` what the script prints as the role (`maintainer:OVERLAY FILESYSTEM`), `note` what is said of a
    list (`moderated for non-subscribers`).
    """

    address: str
    name: str
    role: Role
    section: str
    pattern: str
    reason: str
    note: str = ""

    def __str__(self) -> str:
        return str(Address(self.name, self.address))


@dataclass(frozen=True)
class MailingList:
    """An L: line: the list's address and the note behind it."""

    address: str
    note: str

    @classmethod
    def parse(cls, value: str) -> MailingList:
        address, _, note = value.partition(" ") if " " in value else value.partition("\t")
        return cls(address, note.strip().strip("()"))


class RecipientCollector:
    """The recipients of one change, each kept the first time that it is named."""

    def __init__(self, mailmap: Mailmap) -> None:
        self._mailmap = mailmap
        self._people: list[tuple[Address, Recipient]] = []
        self._lists: list[tuple[Address, Recipient]] = []
        self._used: set[str] = set()
        self._used_lists: set[str] = set()

    def add_section(self, section: Section, pattern: str) -> None:
        suffix = f":Keyword:{pattern.removeprefix('K: ')}" if pattern.startswith("K: ") else ""
        status = section.status.lower() or "unknown"
        maintainer = f"{_ROLES.get(status, status)}:{section.name}{suffix}"
        for letter, value in section.fields:
            if letter == "M":
                self._add_people(value, "maintainer", section, pattern, maintainer)
            elif letter == "R":
                self._add_people(value, "reviewer", section, pattern, f"reviewer:{section.name}{suffix}")
            elif letter == "L":
                self._add_list(MailingList.parse(value), section, pattern, suffix)

    def result(self) -> list[Recipient]:
        """The recipients under the names of the mailmap; who has become the same by that appears once."""
        by_name: dict[str, Address] = {}
        by_email: dict[str, Address] = {}
        recipients: dict[str, Recipient] = {}
        for named, recipient in (*self._people, *self._lists):
            address = self._mailmap.apply(named)
            known = by_name.get(address.name.lower()) if address.name else None
            known = known or by_email.get(address.email.lower())
            if known is None:
                by_name[address.name.lower()] = by_email[address.email.lower()] = address
            address = self._mailmap.apply(known or address)
            if recipient.role == "list" or _CHIEF_PENGUIN not in str(address):
                recipients.setdefault(str(address), _renamed(recipient, address))
        return list(recipients.values())

    def _add_people(self, value: str, role: Role, section: Section, pattern: str, reason: str) -> None:
        for address in parse_addresses(value):
            keys = {key for key in (address.name.lower(), address.email.lower()) if key}
            if not keys & self._used:
                self._used |= keys
                person = Recipient(address.email, address.name, role, section.name, pattern, reason)
                self._people.append((address, person))

    def _add_list(self, item: MailingList, section: Section, pattern: str, suffix: str) -> None:
        if _SUBSCRIBERS in item.note or item.address.lower() in self._used_lists:
            return
        self._used_lists.add(item.address.lower())
        kind = "moderated list" if "moderated" in item.note else "open list"
        of = "" if section.name == "THE REST" else f":{section.name}"
        address = parse_address(item.address) or Address("", item.address)
        reason = f"{kind}{of}{suffix}"
        recipient = Recipient(address.email, "", "list", section.name, pattern, reason, item.note)
        self._lists.append((address, recipient))


def _renamed(recipient: Recipient, address: Address) -> Recipient:
    return replace(recipient, address=address.email, name=address.name)
