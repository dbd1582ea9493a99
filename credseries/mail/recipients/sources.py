"""Where the recipients of a patch come from, a function for each source; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from fnmatch import fnmatchcase

from credseries.errors import UnknownRecipient
from credseries.kernel.addresses import Address as Named
from credseries.kernel.aliases import Aliases, split_addresses
from credseries.kernel.maintainers import Maintainers
from credseries.kernel.maintainers import Recipient as Owner
from credseries.mail.message import Address
from credseries.mail.recipients.address import make_address
from credseries.mail.recipients.collected import Collected
from credseries.mail.recipients.credited import Credited, authors_of_fixed, credited, people_trailers
from credseries.mail.recipients.model import Change, Fixed, Reviewer, Settings
from credseries.mail.recipients.names import resolve
from credseries.mail.text import one_line
from credseries.series.trailers import Trailer

_SHOWN_DIGITS = 12


@dataclass(frozen=True)
class Known:
    """What is known besides MAINTAINERS.

    `letter` are the cover letter's trailers; `fixed` the commits that patches fix, by the id that they write, None for
    one that the repository does not have; `newer` the MAINTAINERS of a newer tree; `known_bad` why an address (in lower
    case) did not take mail.
    """

    aliases: Aliases = field(default_factory=Aliases)
    settings: Settings = field(default_factory=Settings)
    letter: tuple[Trailer, ...] = ()
    fixed: Mapping[str, Fixed | None] = field(default_factory=dict)
    reviewers: Sequence[Reviewer] = ()
    newer: Maintainers | None = None
    known_bad: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What each step needs; `own` are the sender's addresses, in lower case."""

    maintainers: Maintainers
    known: Known
    own: frozenset[str]
    _found: dict[tuple[str, str], list[Address]] = field(default_factory=dict, compare=False)

    def named(self, name: str, reason: str) -> list[Address]:
        """Whom a name means (`resolve`), looked for once: the patches of a topic all name the same lists."""
        if (name, reason) not in self._found:
            people = resolve(name, self.maintainers, reason, self.known.aliases)
            self._found[name, reason] = [self.mapped(person) for person in people]
        return self._found[name, reason]

    @property
    def left_out(self) -> frozenset[str]:
        """Who gets nothing as long as somebody else does."""
        return frozenset() if self.known.settings.me_too else self.own

    def is_own(self, person: Address) -> bool:
        """Whether somebody is the sender."""
        return person.address.casefold() in self.own

    def is_excluded(self, person: Address) -> bool:
        """Whether b4.email-exclude matches somebody's whole address.

        b4 looks at the case of letters: who is named twice would be left out by one name and not by the other.
        """
        address = person.address.casefold()
        return any(fnmatchcase(address, pattern.casefold()) for pattern in self.known.settings.excluded)

    def mapped(self, person: Address) -> Address:
        """Somebody under the name and address that .mailmap has for him."""
        found = self.maintainers.mailmap.apply(Named(person.name, person.address))
        try:
            return replace(make_address(found.name, found.email, ""), reasons=person.reasons)
        except UnknownRecipient:
            return person


def own_addresses(maintainers: Maintainers, own_address: str) -> frozenset[str]:
    """The sender's address, and what .mailmap makes of it, in lower case."""
    name, own = parseaddr(own_address)
    return frozenset({own.casefold(), maintainers.mailmap.apply(Named(name, own)).email.casefold()})


def owners_of(change: Change, maintainers: Maintainers) -> list[Owner]:
    """What get_maintainer.pl says of a patch, or of its files where its text is not known."""
    return maintainers.for_patch(change.patch) if change.patch else maintainers.for_files(change.files)


def collect_owners(context: Context, owners: Iterable[Owner]) -> Collected:
    """Those whom MAINTAINERS names: people as To, lists and who signed what a patch fixes as Cc."""
    collected = Collected()
    for owner in owners:
        with suppress(UnknownRecipient):  # notes_on_sections says so
            person = make_address(owner.name, owner.address, _reason(owner))
            collected.add(context.mapped(person), is_to=owner.role not in ("list", "signer"))
    return collected


def _reason(owner: Owner) -> str:
    if owner.role != "signer":
        return owner.reason
    # the script's word for it, "blamed_fixes:1/1=100%", says nothing to those who do not know the script
    return f"signed {owner.pattern.removeprefix('Fixes: ')[:_SHOWN_DIGITS]}, which this fixes"


def add_topic(context: Context, change: Change, one: Collected) -> None:
    """Add the lists that the recipe names for a patch."""
    for name in change.lists:
        for person in context.named(name, f"list of the topic {one_line(change.topic)}"):
            one.add(person, is_to=False)


def everywhere_for(context: Context, to: Iterable[str], cc: Iterable[str]) -> Collected:
    """Those who get every message as somebody asked for that: on the command line, or in b4's configuration."""
    everywhere = Collected()
    for option, names, is_to in (("--to", to, True), ("--cc", cc, False)):
        for name in names:
            for person in context.named(name, f"{option} {one_line(name)}"):
                everywhere.add(person, is_to=is_to)
    settings = context.known.settings
    for key, value, is_to in (("b4.send-series-to", settings.to, True), ("b4.send-series-cc", settings.cc, False)):
        for person in _configured(context, value, key):
            everywhere.add(person, is_to=is_to)
    return everywhere


def credited_everywhere(context: Context) -> list[Credited]:
    """Those who get every message as somebody gave them credit: in the cover letter, or by what they said before."""
    found = list(credited(context.known.letter, " of the cover letter"))
    for reviewer in context.known.reviewers:
        with suppress(UnknownRecipient):  # a mail that came in may have any sender
            found.append(Credited(make_address(reviewer.name, reviewer.address, reviewer.reason), is_to=False))
    return found


def _configured(context: Context, value: str, key: str) -> Iterator[Address]:
    """The addresses of a setting of b4's, in which git's aliases count as well."""
    for name in split_addresses(value):
        try:
            yield from context.named(name, key)
        except UnknownRecipient as error:
            raise UnknownRecipient(f"{key}: {error.message}", hint=error.hint) from error


def add_credited(context: Context, change: Change, one: Collected, everywhere: Iterable[Credited]) -> None:
    """The people of a patch's trailers, who wrote what it fixes, and those who get credit for all patches.

    One's own sign-off makes nobody of oneself whom a patch could go to: where one wants it as well, it is after others.
    """
    wrote = (Credited(person, is_to=False) for person in authors_of_fixed(change.message, context.known.fixed))
    named = [*everywhere, *credited(people_trailers(change.message)), *wrote]
    people = [Credited(context.mapped(found.person), found.is_to) for found in named]
    for found in people:
        if not context.is_own(found.person):
            one.add(found.person, is_to=found.is_to)
    if context.known.settings.me_too and any(one):
        for found in filter(lambda item: context.is_own(item.person), people):
            one.add(found.person, is_to=found.is_to)
