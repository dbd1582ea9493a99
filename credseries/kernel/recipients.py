"""Who the sections of MAINTAINERS name, collected as scripts/get_maintainer.pl does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from credseries.kernel.addresses import Address, Mailmap, parse_address, parse_addresses
from credseries.kernel.maintainer_options import Options

_ROLES = {
    "supported": "supporter",
    "maintained": "maintainer",
    "odd fixes": "odd fixer",
    "orphan": "orphan minder",
    "obsolete": "obsolete minder",
    "buried alive in reporters": "chief penguin",
}
# The script never names him unless asked to; his tree is where everything goes anyway.
_CHIEF_NAME = "Linus Torvalds"
_CHIEF_PENGUIN = Address(_CHIEF_NAME, "torvalds@linux-foundation.org")
_SUBSCRIBERS = "subscribers-only"
_MODERATED = "moderated"
_LONGEST_TITLE = 50

_SIGNATURE = re.compile(r"(?:Signed-off-by:|Reviewed-by:|Acked-by:).*@")
_ANY_SIGNATURE = re.compile(r".+?[Bb][Yy]:.*@")
_VALUE = re.compile(r".*:\s*(.+)", re.DOTALL)

Role = Literal["maintainer", "reviewer", "list", "file", "signer"]


@dataclass(frozen=True)
class Section:
    """A section of MAINTAINERS: its title and its lines as (letter, value), in order.

    `position` is where its title stands among the lines of the file that are neither empty nor comments.
    """

    name: str
    fields: tuple[tuple[str, str], ...]
    position: int = 0

    def values(self, letter: str) -> list[str]:
        """The values of the lines with this letter."""
        return [value for key, value in self.fields if key == letter]

    @property
    def status(self) -> str:
        """What the section says about its state (`Maintained`, `Odd Fixes`, ...); empty if nothing."""
        return (self.values("S") or [""])[-1]

    @property
    def trees(self) -> list[str]:
        """Where its patches are taken, as `git` or `quilt`, an address and perhaps a branch."""
        return self.values("T")

    @property
    def mailing_lists(self) -> list[MailingList]:
        """Its lists."""
        return [MailingList.parse(value) for value in self.values("L")]

    @property
    def people(self) -> list[Address]:
        """Its maintainers, then its reviewers."""
        return [person for letter in "MR" for value in self.values(letter) for person in parse_addresses(value)]

    @cached_property
    def short_name(self) -> str:
        """Its title as the script prints it, at most 50 characters long."""
        if len(self.name) <= _LONGEST_TITLE:
            return self.name
        return self.name[: _LONGEST_TITLE - 3].rstrip() + "..."

    def is_about_directory(self, name: str) -> bool:
        """Whether one of its F: lines is a directory of this name."""
        return any(value.rstrip("/").rpartition("/")[2] == name for value in self.values("F") if value.endswith("/"))


@dataclass(frozen=True)
class Recipient:
    """An address that a change goes to, and why.

    `section` is the first one that names the address, `pattern` its line that matched (`F: fs/overlayfs/`),
    `reason` what the script prints as the role (`maintainer:OVERLAY FILESYSTEM`), `note` what is said of a
    list (`moderated for non-subscribers`). Whom no section names has the file that does as `pattern`, or the line
    `Fixes: ...` of the patch.
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
        """A line's value. Where a name stands before the address the script takes its first word for the address, and
        prints an empty line; this gives the address."""
        words = value.split(None, 1)
        if len(words) == 2 and "@" not in words[0] and (named := parse_address(value)) is not None:
            return cls(named.email, value.partition(">")[2].strip().strip("()"))
        return cls(words[0] if words else "", words[1].strip().strip("()") if len(words) == 2 else "")

    @property
    def is_moderated(self) -> bool:
        """Whether mail of those who are no subscribers waits for somebody."""
        return _MODERATED in self.note

    @property
    def is_for_subscribers(self) -> bool:
        """Whether only subscribers may write to it; the script leaves it out."""
        return _SUBSCRIBERS in self.note


@dataclass
class _Named:
    """Somebody who is named, under the name and address that the mailmap and earlier ones make of them."""

    address: Address
    recipient: Recipient
    roles: list[str]

    @property
    def text(self) -> str:
        return str(self.address)


@dataclass
class RecipientCollector:
    """The recipients of one change, each kept the first time that it is named.

    The order of calls is that of the script: sections, then `settle`, addresses in files, signers, `result`.
    """

    mailmap: Mailmap
    options: Options = field(default_factory=Options)
    ignored: frozenset[str] = frozenset()
    _people: list[_Named] = field(default_factory=list)
    _lists: list[_Named] = field(default_factory=list)
    _used: set[str] = field(default_factory=set)
    _used_lists: set[str] = field(default_factory=set)
    _by_name: dict[str, Address] = field(default_factory=dict)
    _by_email: dict[str, Address] = field(default_factory=dict)

    def add_section(self, section: Section, pattern: str) -> None:
        """Those whom a section names; a pattern `K: ...` is told in their roles."""
        suffix = f":Keyword:{pattern.removeprefix('K: ')}" if pattern.startswith("K: ") else ""
        status = section.status.lower() or "unknown"
        maintainer = f"{_ROLES.get(status, status)}:{section.short_name}{suffix}"
        for letter, value in section.fields:
            if letter == "M" and self.options.maintainers:
                self._add_people(value, "maintainer", section, pattern, maintainer)
            elif letter == "R" and self.options.reviewers:
                self._add_people(value, "reviewer", section, pattern, f"reviewer:{section.short_name}{suffix}")
            elif letter == "L":
                self._add_list(MailingList.parse(value), section, pattern, suffix)

    def settle(self) -> None:
        """Puts the names of the mailmap in place, and makes one of those who have become the same."""
        for each in (*self._people, *self._lists):
            each.address = self._known(each.address)
        if self.options.chief_penguin:
            recipient = Recipient(_CHIEF_PENGUIN.email, _CHIEF_NAME, "maintainer", "", "", "")
            self._people.append(_Named(_CHIEF_PENGUIN, recipient, ["chief penguin"]))
        else:
            self._people = [each for each in self._people if str(_CHIEF_PENGUIN) not in each.text]

    def add_mentioned(self, addresses: Iterable[Address], file: str) -> None:
        """Those whose addresses a file contains."""
        for address in addresses:
            self._add_or_say(self.mailmap.apply(address), "file", file, "in file")

    def add_signers(self, message: str, fix: str) -> None:
        """Those who signed the commit that the patch says it fixes, by the commit's message."""
        counts = Counter(self._signers(message))
        number = 0
        for signer, signatures in sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))):
            percent = min(100, signatures * 100)
            if str(signer) in self.ignored:
                continue
            number += 1
            options = self.options
            if (
                signatures < options.least_signatures
                or number > options.most_signers
                or percent < options.least_percent
            ):
                return
            self._add_or_say(signer, "signer", f"Fixes: {fix}", f"blamed_fixes:{signatures}/1={percent}%")

    def result(self) -> list[Recipient]:
        """The recipients: people, then lists."""
        recipients: dict[str, Recipient] = {}
        lists = self._lists if self.options.lists else []
        for each in (*self._people, *lists):
            if each.text not in recipients:
                recipients[each.text] = replace(
                    each.recipient, address=each.address.email, name=each.address.name, reason=",".join(each.roles)
                )
        return list(recipients.values())

    def _add_people(self, value: str, role: Role, section: Section, pattern: str, reason: str) -> None:
        for address in parse_addresses(value):
            if not self._is_used(address):
                self._people.append(_named(address, role, section.name, pattern, reason))

    def _add_list(self, item: MailingList, section: Section, pattern: str, suffix: str) -> None:
        options = self.options
        if item.is_for_subscribers:
            kind, wanted = "subscriber", options.subscribers_only
        else:
            kind, wanted = ("moderated", options.moderated) if item.is_moderated else ("open", True)
        if not wanted or item.address.lower() in self._used_lists:
            return
        self._used_lists.add(item.address.lower())
        of = "" if section.name == "THE REST" else f":{section.short_name}"
        address = parse_address(item.address) or Address("", item.address)
        named = _named(address, "list", section.name, pattern, f"{kind} list{of}{suffix}")
        named.recipient = replace(named.recipient, note=item.note)
        self._lists.append(named)

    def _is_used(self, address: Address) -> bool:
        """Whether the name or the address has been seen; it has been from now on."""
        keys = {key for key in (address.name.lower(), address.email.lower()) if key}
        if not keys or keys & self._used:
            return True
        self._used |= keys
        return False

    def _known(self, address: Address) -> Address:
        """The address under which the same person is known already, or its own."""
        address = self.mailmap.apply(address)
        known = self._by_name.get(address.name.lower()) if address.name else None
        known = known or self._by_email.get(address.email.lower())
        if known is None:
            self._by_name[address.name.lower()] = self._by_email[address.email.lower()] = address
        return self.mailmap.apply(known or address)

    def _add_or_say(self, address: Address, role: Role, pattern: str, reason: str) -> None:
        if not address.email:
            return
        if not self._is_used(address):
            self._people.append(_named(address, role, "", pattern, ""))
        for each in self._people:
            same = each.address.name == address.name or each.address.email == address.email
            if same and reason not in ",".join(each.roles):
                each.roles.append(reason)

    def _signers(self, message: str) -> Sequence[Address]:
        pattern = _ANY_SIGNATURE if self.options.every_signature else _SIGNATURE
        lines = [line.strip() for line in message.split("\n")]
        signers = []
        for line in lines:
            if pattern.match(line) and (self.options.chief_penguin or _CHIEF_NAME.lower() not in line.lower()):
                value = _VALUE.match(line)
                address = parse_address(value[1] if value else line)
                if address is not None:
                    signers.append(self.mailmap.apply(self._known(self._known(address))))
        return signers


def _named(address: Address, role: Role, section: str, pattern: str, reason: str) -> _Named:
    recipient = Recipient(address.email, address.name, role, section, pattern, reason)
    return _Named(address, recipient, [reason] if reason else [])
