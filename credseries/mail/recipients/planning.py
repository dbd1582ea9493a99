"""Who gets which message of a series, and why; pure.

A patch goes to those who own its files, with the people in To and the lists in Cc; to the lists that its recipe names;
to the people in its trailers; and to those who wrote and signed what it fixes. The cover letter goes to everybody who
gets a patch. The policy says who gets the others' patches: `owners` nobody, `topic` the patches of a topic go to all of
its people, `all` every patch goes to everybody, as b4 has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import parseaddr
from itertools import chain

from credseries.errors import UnknownRecipient
from credseries.kernel.maintainers import Maintainers
from credseries.mail.message import Address
from credseries.mail.recipients.collected import Collected
from credseries.mail.recipients.model import (
    Change,
    Concern,
    Note,
    Policy,
    RecipientPlan,
    Recipients,
)
from credseries.mail.recipients.notes import notes_on_addresses, notes_on_sections, notes_on_trailers
from credseries.mail.recipients.sources import (
    Context,
    Known,
    add_credited,
    add_topic,
    collect_owners,
    credited_everywhere,
    everywhere_for,
    own_addresses,
    owners_of,
)
from credseries.mail.text import one_line
from credseries.series.model import SeriesRecord

_NO_TEXTS: Mapping[int, tuple[str, bytes]] = {}
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
    context = Context(maintainers, known, own_addresses(maintainers, own_address))
    owners = [owners_of(change, maintainers) for change in changes]
    collected = [collect_owners(context, found) for found in owners]
    _ask_the_trees_people(changes, collected)
    everywhere, named = everywhere_for(context, to, cc), credited_everywhere(context)
    for change, one in zip(changes, collected, strict=True):
        add_topic(context, change, one)
        one.update(everywhere)
        add_credited(context, change, one, named)
    everybody = _union(collected)
    before = _shared(changes, collected, policy)
    shared = [one.without(context.is_excluded) for one in before]
    patches = [one.recipients(change.index, context.left_out) for change, one in zip(changes, shared, strict=True)]
    for change, recipients, one in zip(changes, patches, before, strict=True):
        _require_somebody(change, recipients, list(filter(context.is_excluded, one)))
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


def _require_somebody(change: Change, recipients: Recipients, excluded: Sequence[Address]) -> None:
    if recipients.to:
        return
    if excluded:
        why = f"b4.email-exclude leaves {', '.join(person.address for person in excluded)} out"
    else:
        why = f"no entry of MAINTAINERS covers {', '.join(change.files)}"
    raise UnknownRecipient(f"nobody would get {change.label}", hint=f"{why}: name somebody with --to or --cc")


def _notes_on_excluded(context: Context, everybody: Collected) -> Iterator[Note]:
    for person in everybody:
        if context.is_excluded(person):
            text = f"b4.email-exclude leaves {person.address} out ({'; '.join(person.reasons)})"
            yield Note(Concern.EXCLUDED, text, person.address)
