"""Addresses as they are collected: each once whatever its case, To before Cc, reasons added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from credseries.mail.message import Address
from credseries.mail.recipients.model import Recipients


class Collected:
    """Addresses in order of appearance."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Address, bool]] = {}

    def __iter__(self) -> Iterator[Address]:
        return (person for person, _ in self._found.values())

    def add(self, person: Address, *, is_to: bool) -> None:
        """Add somebody; of somebody who is there, only what is new."""
        key = person.address.casefold()
        before, was_to = self._found.get(key, (Address("", person.address, ()), False))
        reasons = (*before.reasons, *(reason for reason in person.reasons if reason not in before.reasons))
        known = Address(before.name or person.name, before.address, reasons)
        self._found[key] = (known, was_to or is_to)

    def update(self, other: Collected) -> None:
        """Add everybody of another collection."""
        for person, is_to in other._found.values():
            self.add(person, is_to=is_to)

    def update_from(self, recipients: Recipients) -> None:
        """Add everybody who gets a message."""
        for people, is_to in ((recipients.to, True), (recipients.cc, False)):
            for person in people:
                self.add(person, is_to=is_to)

    def without(self, test: Callable[[Address], bool]) -> Collected:
        """The collection without those of whom the test holds."""
        left = Collected()
        left._found = {key: value for key, value in self._found.items() if not test(value[0])}
        return left

    def people(self) -> Iterator[Address]:
        """Those that the message is for, lists left out."""
        return (person for person, is_to in self._found.values() if is_to)

    def recipients(self, index: int, left_out: frozenset[str]) -> Recipients:
        """The recipients of a message without some (addresses in lower case), unless nobody else is left."""
        # Somebody who maintains what he changes need not mail himself.
        others = [value for key, value in self._found.items() if key not in left_out]
        chosen = others or list(self._found.values())
        to = tuple(person for person, is_to in chosen if is_to)
        cc = tuple(person for person, is_to in chosen if not is_to)
        # A message without a To is suspect to many mail servers; b4 promotes the Cc as well.
        return Recipients(index, to or cc, cc if to else ())
