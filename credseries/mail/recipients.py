"""Who gets which message of a series, and why; pure.

A patch goes to those who own its files, with the people in To and the lists in Cc, and to the lists that its
recipe names; the cover letter goes to everybody who gets a patch. With the policy `all`, so does every patch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal

from credseries.errors import UnknownRecipient
from credseries.kernel.addresses import parse_addresses
from credseries.kernel.maintainers import MailingList, Maintainers, Section
from credseries.mail.message import Address
from credseries.mail.text import one_line
from credseries.series.model import PatchRecord, SeriesRecord

Policy = Literal["owners", "all"]

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"\\@]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>\s*")


@dataclass(frozen=True)
class Recipients:
    """The addresses of one message; `index` is 0 for the cover letter, else the patch's number."""

    index: int
    to: tuple[Address, ...]
    cc: tuple[Address, ...]


@dataclass(frozen=True)
class RecipientPlan:
    """The addresses of every message of a series."""

    cover: Recipients
    patches: tuple[Recipients, ...]

    def of(self, index: int) -> Recipients:
        """The addresses of the patch with this number, or of the cover letter for 0."""
        return self.patches[index - 1] if index else self.cover


class _Collected:
    """Addresses in order of appearance, each once whatever its case; To wins over Cc, reasons add up."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Address, bool]] = {}

    def add(self, person: Address, *, is_to: bool) -> None:
        key = person.address.casefold()
        before, was_to = self._found.get(key, (Address("", person.address, ()), False))
        reasons = (*before.reasons, *(reason for reason in person.reasons if reason not in before.reasons))
        known = Address(before.name or person.name, before.address, reasons)
        self._found[key] = (known, was_to or is_to)

    def update(self, other: _Collected) -> None:
        for person, is_to in other._found.values():
            self.add(person, is_to=is_to)

    def people(self) -> Iterator[Address]:
        """Those that the message is for, lists left out."""
        return (person for person, is_to in self._found.values() if is_to)

    def recipients(self, index: int, own_address: str) -> Recipients:
        # Somebody who maintains what he changes need not mail himself, unless nobody else is left.
        others = {key: value for key, value in self._found.items() if key != own_address.casefold()}
        chosen = (others or self._found).values()
        to = tuple(person for person, is_to in chosen if is_to)
        cc = tuple(person for person, is_to in chosen if not is_to)
        # A message without a To is suspect to many mail servers; b4 promotes the Cc as well.
        return Recipients(index, to or cc, cc if to else ())


def plan(
    series: SeriesRecord,
    maintainers: Maintainers,
    *,
    cc: Sequence[str] = (),
    to: Sequence[str] = (),
    own_address: str,
    policy: Policy = "owners",
) -> RecipientPlan:
    """The recipients of the cover letter and of every patch.

    `to` and `cc` are added to every message; each is an address, the short name of a list or the name of a
    subsystem. Raises UnknownRecipient for one that is none of these, for an address that no mail can have,
    and for a patch that nobody would get.
    """
    own = parseaddr(own_address)[1]
    asked = _asked(maintainers, to, cc)
    collected = [_owners(patch, maintainers, asked) for patch in series.patches]
    _ask_the_trees_people(series.patches, collected)
    union = _Collected()
    for one in collected:
        union.update(one)
    patches = [
        (union if policy == "all" else one).recipients(patch.index, own)
        for patch, one in zip(series.patches, collected, strict=True)
    ]
    for patch, recipients in zip(series.patches, patches, strict=True):
        _require_somebody(patch, recipients)
    return RecipientPlan(union.recipients(0, own), tuple(patches))


def union(plans: Iterable[RecipientPlan], *, own_address: str) -> Recipients:
    """Everybody who gets a message of some series: the recipients of a letter over all of them."""
    collected = _Collected()
    for one in plans:
        for recipients in (one.cover, *one.patches):
            for people, is_to in ((recipients.to, True), (recipients.cc, False)):
                for person in people:
                    collected.add(person, is_to=is_to)
    return collected.recipients(0, parseaddr(own_address)[1])


def _ask_the_trees_people(patches: Sequence[PatchRecord], collected: Sequence[_Collected]) -> None:
    """A patch to files that nobody maintains goes to the people of the patches that take it through their tree."""
    owners = list(zip(patches, [list(one.people()) for one in collected], strict=True))
    for patch, one in zip(patches, collected, strict=True):
        if any(one.people()):
            continue
        for other, people in owners:
            if other.tree != patch.tree:
                continue
            for person in people:
                reason = f"goes through the {one_line(patch.tree)} tree like patch {other.index}"
                one.add(Address(person.name, person.address, (reason,)), is_to=True)


def _require_somebody(patch: PatchRecord, recipients: Recipients) -> None:
    if not recipients.to:
        raise UnknownRecipient(
            f"nobody would get patch {patch.index} ({one_line(patch.subject)})",
            hint=f"no entry of MAINTAINERS covers {', '.join(patch.files)}: name somebody with --to or --cc",
        )


def _asked(maintainers: Maintainers, to: Iterable[str], cc: Iterable[str]) -> _Collected:
    asked = _Collected()
    for option, names, is_to in (("--to", to, True), ("--cc", cc, False)):
        for name in names:
            for person in resolve(name, maintainers, f"{option} {one_line(name)}"):
                asked.add(person, is_to=is_to)
    return asked


def _owners(patch: PatchRecord, maintainers: Maintainers, asked: _Collected) -> _Collected:
    collected = _Collected()
    for owner in maintainers.for_files(patch.files):
        collected.add(_address(owner.name, owner.address, owner.reason), is_to=owner.role != "list")
    for name in patch.lists:
        for person in resolve(name, maintainers, f"list of the topic {patch.topic}"):
            collected.add(person, is_to=False)
    collected.update(asked)
    return collected


def resolve(name: str, maintainers: Maintainers, reason: str) -> list[Address]:
    """Whom a name means: an address, everybody of the subsystem with this title, or the list so called.

    Raises UnknownRecipient, with candidates, when it can mean nobody or several lists.
    """
    if "@" in name:
        return [_parse(name, reason)]
    wanted = name.strip().casefold()
    for section in maintainers.sections:
        if section.name.casefold() == wanted:
            return _everybody(section, reason)
    return [_address("", maintainers.resolve_list(name), reason)]


def _parse(text: str, reason: str) -> Address:
    # parseaddr() makes an address of nearly everything, and drops what it does not understand.
    match = _NAMED.fullmatch(text)
    return _address(match["name"].strip(' \t"'), match["address"], reason) if match else _address("", text, reason)


def _everybody(section: Section, reason: str) -> list[Address]:
    people = [person for letter in "MR" for value in section.values(letter) for person in parse_addresses(value)]
    lists = [MailingList.parse(value).address for value in section.values("L")]
    if not people and not lists:
        raise UnknownRecipient(f"{section.name} names no address", hint="write the address")
    return [
        *(_address(person.name, person.email, reason) for person in people),
        *(_address("", address, reason) for address in lists),
    ]


def _address(name: str, address: str, reason: str) -> Address:
    if not _ADDRESS.fullmatch(address) or not address.isascii():
        raise UnknownRecipient(
            f"{one_line(address) or one_line(reason)!r} is not a mail address",
            hint="write it as Name <local@domain>",
        )
    return Address(one_line(name), address, (one_line(reason),))
