"""What somebody should know of recipients before he sends: lists that wait for a moderator, addresses that are dead,
trailers and fixes that name nobody whom mail can reach. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from credseries.errors import UnknownRecipient
from credseries.kernel.addresses import Address as Named
from credseries.kernel.maintainers import MailingList, Maintainers, Section
from credseries.kernel.maintainers import Recipient as Owner
from credseries.mail.recipients.address import make_address
from credseries.mail.recipients.credited import people_trailers, unknown_fixed, without_address
from credseries.mail.recipients.model import Change, Concern, Fixed, Note, Recipients
from credseries.mail.text import one_line

_DEAD = ("obsolete", "orphan")  # MAINTAINERS, "S:", without the words behind (`Orphan / Obsolete`)


def notes_on_addresses(
    patches: Sequence[Recipients], maintainers: Maintainers, newer: Maintainers | None, known_bad: Mapping[str, str]
) -> Iterator[Note]:
    """What is known against those who get patches."""
    lists = {item.address.casefold(): item for item in maintainers.lists}
    naming = _sections_by_address(maintainers)
    now = frozenset(_sections_by_address(newer)) if newer is not None else None
    for address, numbers in _patches_by_address(patches).items():
        key = address.casefold()
        for concern, text in _of_list(lists.get(key)):
            yield Note(concern, f"{address} {text}", address, numbers)
        sections = naming.get(key, ())
        if sections and all(_is_dead(section) for section in sections):
            section = sections[0]
            text = f"{address} is named by {section.name} alone, which MAINTAINERS calls {section.status}"
            yield Note(Concern.ORPHANED, text, address, numbers)
        if sections and newer is not None and now is not None and key not in now:
            instead = newer.mailmap.apply(Named("", address)).email
            known = f", and its .mailmap has {instead} instead" if instead.casefold() != key else ""
            text = f"the MAINTAINERS of HEAD no longer names {address}{known}"
            yield Note(Concern.GONE, text, address, numbers)
        if key in known_bad:
            text = f"mail to {address} was refused before: {one_line(known_bad[key])}"
            yield Note(Concern.REFUSED, text, address, numbers)


def notes_on_sections(
    changes: Sequence[Change], maintainers: Maintainers, owners: Sequence[Sequence[Owner]]
) -> Iterator[Note]:
    """What the sections that patches belong to say of themselves, and what of them is left out."""
    found: dict[tuple[Concern, str, str], list[int]] = {}
    for change, named in zip(changes, owners, strict=True):
        for section in _sections_of(change, maintainers, named):
            for concern, text, address in _of_section(section, subscribers=maintainers.options.subscribers_only):
                found.setdefault((concern, text, address), []).append(change.index)
        for owner in named:
            if not _can_get_mail(owner):
                text = f"MAINTAINERS ({owner.section}) names {one_line(owner.address)!r}, which is no mail address"
                found.setdefault((Concern.NO_ADDRESS, text, ""), []).append(change.index)
    for (concern, text, address), numbers in found.items():
        yield Note(concern, text, address, tuple(dict.fromkeys(numbers)))


def notes_on_trailers(changes: Iterable[Change], fixed: Mapping[str, Fixed | None]) -> Iterator[Note]:
    """What trailers name that no mail can be sent to."""
    for change in changes:
        yield from unknown_fixed(change.message, fixed, change.index)
        yield from without_address(people_trailers(change.message), change.index)


def _of_list(item: MailingList | None) -> Iterator[tuple[Concern, str]]:
    if item is not None and item.is_for_subscribers:
        yield Concern.SUBSCRIBERS_ONLY, "takes mail of its subscribers only"
    elif item is not None and item.is_moderated:
        yield Concern.MODERATED, f"is {item.note}: mail may wait for a moderator"


def _of_section(section: Section, *, subscribers: bool) -> Iterator[tuple[Concern, str, str]]:
    if _is_dead(section):
        yield Concern.ORPHANED, f"MAINTAINERS calls {section.name} {section.status}: nobody may look at this", ""
    for item in section.mailing_lists:
        if item.is_for_subscribers and not subscribers:
            text = f"{item.address} of {section.name} is left out: it takes mail of its subscribers only"
            yield Concern.SUBSCRIBERS_ONLY, text, item.address


def _sections_of(change: Change, maintainers: Maintainers, owners: Iterable[Owner]) -> list[Section]:
    """The sections that a patch belongs to, by its files, or by a keyword as far as that named somebody."""
    names = {owner.section for owner in owners if owner.pattern.startswith("K: ")}
    by_files = [section for file in change.files for section, _ in maintainers.match_file(file)]
    by_keyword = [section for section in maintainers.sections if section.name in names] if names else []
    return list({id(section): section for section in (*by_files, *by_keyword)}.values())


def _is_dead(section: Section) -> bool:
    return section.status.lower().startswith(_DEAD)


def _can_get_mail(owner: Owner) -> bool:
    try:
        make_address(owner.name, owner.address, "")
    except UnknownRecipient:
        return False
    return True


def _sections_by_address(maintainers: Maintainers) -> dict[str, list[Section]]:
    """The sections that name each address, in lower case, as .mailmap has it."""
    found: dict[str, list[Section]] = {}
    for section in maintainers.sections:
        addresses = [maintainers.mailmap.apply(person).email for person in section.people]
        for address in (*addresses, *(item.address for item in section.mailing_lists)):
            found.setdefault(address.casefold(), []).append(section)
    return found


def _patches_by_address(patches: Iterable[Recipients]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for recipients in patches:
        for person in recipients.everybody:
            found[person.address] = (*found.get(person.address, ()), recipients.index)
    return found
