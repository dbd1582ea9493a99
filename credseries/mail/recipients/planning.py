"""Who gets which message of a series, and why; pure.

A patch goes to those who own its files, with the people in To and the lists in Cc; to the lists that its recipe names;
to the people in its trailers; and to those who wrote and signed what it fixes. The cover letter goes to everybody who
gets a patch. The policy says who gets the others' patches: `owners` nobody, `topic` the patches of a topic go to all of
its people, `all` every patch goes to everybody, as b4 has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from fnmatch import fnmatchcase
from itertools import chain

from credseries.errors import UnknownRecipient
from credseries.kernel.addresses import Address as Named
from credseries.kernel.aliases import Aliases, split_addresses
from credseries.kernel.maintainers import Maintainers
from credseries.kernel.maintainers import Recipient as Owner
from credseries.mail.message import Address
from credseries.mail.recipients.address import make_address
from credseries.mail.recipients.collected import Collected
from credseries.mail.recipients.credited import authors_of_fixed, credited, people_trailers
from credseries.mail.recipients.model import (
    Change,
    Concern,
    Fixed,
    Note,
    Policy,
    RecipientPlan,
    Recipients,
    Reviewer,
    Settings,
)
from credseries.mail.recipients.names import resolve
from credseries.mail.recipients.notes import notes_on_addresses, notes_on_sections, notes_on_trailers
from credseries.mail.text import one_line
from credseries.series.model import SeriesRecord
from credseries.series.trailers import Trailer

_NO_TEXTS: Mapping[int, tuple[str, bytes]] = {}


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


_NOTHING = Known()


def plan(
    series: SeriesRecord,
    maintainers: Maintainers,
    *,
    cc: Sequence[str] = (),
    to: Sequence[str] = (),
    own_address: str,
    policy: Policy = "owners",
    known: Known = _NOTHING,
    texts: Mapping[int, tuple[str, bytes]] = _NO_TEXTS,
) -> RecipientPlan:
    """The recipients of the cover letter and of every patch.

    `to` and `cc` are added to every message; each is a name as `resolve` takes it. `texts` are commit message and text
    of patches by number. Raises UnknownRecipient for a name that means nobody or more than one, for an address that no
    mail can have, and for a patch that nobody would get.
    """
    changes = changes_of(series, texts)
    return plan_changes(changes, maintainers, cc=cc, to=to, own_address=own_address, policy=policy, known=known)


def changes_of(series: SeriesRecord, texts: Mapping[int, tuple[str, bytes]]) -> list[Change]:
    """The patches of a series, with their texts as far as they are known."""
    return [
        Change(
            *(patch.index, patch.subject, patch.files, patch.topic, patch.tree, patch.lists),
            *texts.get(patch.index, ("", b"")),
        )
        for patch in series.patches
    ]


def plan_changes(
    changes: Sequence[Change],
    maintainers: Maintainers,
    *,
    cc: Sequence[str] = (),
    to: Sequence[str] = (),
    own_address: str,
    policy: Policy = "owners",
    known: Known = _NOTHING,
) -> RecipientPlan:
    """The recipients of patches, of a series or not, and of a letter over them; raises as `plan` does."""
    context = _Context(maintainers, known, _own_addresses(maintainers, own_address))
    owners = [_owners(change, maintainers) for change in changes]
    collected = [_collect_owners(context, found) for found in owners]
    _ask_the_trees_people(changes, collected)
    everywhere = _everywhere(context, to, cc)
    for change, one in zip(changes, collected, strict=True):
        _add_topic(context, change, one)
        one.update(everywhere)
        _add_credited(context, change, one)
    everybody = _union(collected)
    shared = [one.without(context.is_excluded) for one in _shared(changes, collected, policy)]
    patches = [one.recipients(change.index, context.left_out) for change, one in zip(changes, shared, strict=True)]
    for change, recipients in zip(changes, patches, strict=True):
        _require_somebody(change, recipients)
    return RecipientPlan(
        cover=_union(shared).recipients(0, context.left_out),
        patches=tuple(patches),
        notes=tuple(
            chain(
                notes_on_addresses(patches, maintainers, known.newer, known.known_bad),
                notes_on_sections(changes, maintainers, owners),
                notes_on_trailers(changes, known.fixed),
                _notes_on_excluded(context, everybody),
                (Note(Concern.ALIASES, problem) for problem in known.aliases.problems),
            )
        ),
        lists=frozenset(item.address.casefold() for item in maintainers.lists),
        policy=policy,
    )


def union(plans: Iterable[RecipientPlan], *, own_address: str) -> Recipients:
    """Everybody who gets a message of some series: the recipients of a letter over all of them."""
    collected = Collected()
    for one in plans:
        for recipients in (one.cover, *one.patches):
            collected.update_from(recipients)
    return collected.recipients(0, frozenset({parseaddr(own_address)[1].casefold()}))


@dataclass(frozen=True)
class _Context:
    """What each step needs; `own` are the sender's addresses, in lower case."""

    maintainers: Maintainers
    known: Known
    own: frozenset[str]

    @property
    def left_out(self) -> frozenset[str]:
        return frozenset() if self.known.settings.me_too else self.own

    def is_own(self, person: Address) -> bool:
        return person.address.casefold() in self.own

    def is_excluded(self, person: Address) -> bool:
        return any(fnmatchcase(person.address, pattern) for pattern in self.known.settings.excluded)

    def mapped(self, person: Address) -> Address:
        """Somebody under the name and address that .mailmap has for him."""
        found = self.maintainers.mailmap.apply(Named(person.name, person.address))
        try:
            return replace(make_address(found.name, found.email, ""), reasons=person.reasons)
        except UnknownRecipient:
            return person


def _own_addresses(maintainers: Maintainers, own_address: str) -> frozenset[str]:
    name, own = parseaddr(own_address)
    return frozenset({own.casefold(), maintainers.mailmap.apply(Named(name, own)).email.casefold()})


def _owners(change: Change, maintainers: Maintainers) -> list[Owner]:
    """What get_maintainer.pl says of a patch, or of its files where its text is not known."""
    return maintainers.for_patch(change.patch) if change.patch else maintainers.for_files(change.files)


def _collect_owners(context: _Context, owners: Iterable[Owner]) -> Collected:
    collected = Collected()
    for owner in owners:
        # the script's word for it, "blamed_fixes:1/1=100%", says nothing to those who do not know the script
        signed = owner.role == "signer"
        reason = f"signed {owner.pattern.removeprefix('Fixes: ')[:12]}, which this fixes" if signed else owner.reason
        with suppress(UnknownRecipient):  # notes_on_sections says so
            person = make_address(owner.name, owner.address, reason)
            collected.add(context.mapped(person), is_to=not signed and owner.role != "list")
    return collected


def _ask_the_trees_people(changes: Sequence[Change], collected: Sequence[Collected]) -> None:
    """A patch to files that nobody maintains goes to the people of the patches that take it through their tree."""
    owners = list(zip(changes, [list(one.people()) for one in collected], strict=True))
    for change, one in zip(changes, collected, strict=True):
        if any(one.people()) or not change.tree:
            continue
        for other, people in owners:
            if other.tree != change.tree:
                continue
            for person in people:
                reason = f"goes through the {one_line(change.tree)} tree like patch {other.index}"
                one.add(Address(person.name, person.address, (reason,)), is_to=True)


def _add_topic(context: _Context, change: Change, one: Collected) -> None:
    for name in change.lists:
        for person in _named(context, name, f"list of the topic {one_line(change.topic)}"):
            one.add(person, is_to=False)


def _everywhere(context: _Context, to: Iterable[str], cc: Iterable[str]) -> Collected:
    """Those who get every message: named on the command line, for b4, in the cover letter, or by their earlier
    reviews."""
    everywhere = Collected()
    for option, names, is_to in (("--to", to, True), ("--cc", cc, False)):
        for name in names:
            for person in _named(context, name, f"{option} {one_line(name)}"):
                everywhere.add(person, is_to=is_to)
    settings = context.known.settings
    for key, value, is_to in (("b4.send-series-to", settings.to, True), ("b4.send-series-cc", settings.cc, False)):
        for person in _configured(context, value, key):
            everywhere.add(person, is_to=is_to)
    for found in credited(context.known.letter, " of the cover letter"):
        _add_unless_own(context, found.person, everywhere, is_to=found.is_to)
    for reviewer in context.known.reviewers:
        with suppress(UnknownRecipient):  # a mail that came in may have any sender
            person = make_address(reviewer.name, reviewer.address, reviewer.reason)
            _add_unless_own(context, person, everywhere, is_to=False)
    return everywhere


def _named(context: _Context, name: str, reason: str) -> list[Address]:
    found = resolve(name, context.maintainers, reason, context.known.aliases)
    return [context.mapped(person) for person in found]


def _configured(context: _Context, value: str, key: str) -> Iterator[Address]:
    """The addresses of a setting of b4's, in which git's aliases count as well."""
    for name in split_addresses(value):
        try:
            yield from _named(context, name, key)
        except UnknownRecipient as error:
            raise UnknownRecipient(f"{key}: {error.message}", hint=error.hint) from error


def _add_credited(context: _Context, change: Change, one: Collected) -> None:
    """The people of a patch's trailers, and who wrote what it fixes."""
    for found in credited(people_trailers(change.message)):
        _add_unless_own(context, found.person, one, is_to=found.is_to)
    for person in authors_of_fixed(change.message, context.known.fixed):
        _add_unless_own(context, person, one, is_to=False)


def _add_unless_own(context: _Context, person: Address, one: Collected, *, is_to: bool) -> None:
    """Add somebody; one's own sign-off makes nobody of oneself whom a patch could go to."""
    person = context.mapped(person)
    if not context.is_own(person) or (context.known.settings.me_too and any(one)):
        one.add(person, is_to=is_to)


def _shared(changes: Sequence[Change], collected: Sequence[Collected], policy: Policy) -> Sequence[Collected]:
    """Who gets each patch, by the policy."""
    if policy == "owners":
        return collected
    if policy == "all":
        return [_union(collected)] * len(collected)
    by_topic = {
        topic: _union([one for change, one in zip(changes, collected, strict=True) if change.topic == topic])
        for topic in {change.topic for change in changes}
    }
    return [by_topic[change.topic] for change in changes]


def _union(parts: Iterable[Collected]) -> Collected:
    everybody = Collected()
    for one in parts:
        everybody.update(one)
    return everybody


def _require_somebody(change: Change, recipients: Recipients) -> None:
    if not recipients.to:
        raise UnknownRecipient(
            f"nobody would get {change.label}",
            hint=f"no entry of MAINTAINERS covers {', '.join(change.files)}: name somebody with --to or --cc",
        )


def _notes_on_excluded(context: _Context, everybody: Collected) -> Iterator[Note]:
    for person in everybody:
        if context.is_excluded(person):
            text = f"b4.email-exclude leaves {person.address} out ({'; '.join(person.reasons)})"
            yield Note(Concern.EXCLUDED, text, person.address)
