"""Whom a name means that somebody writes on the command line: an address, an alias, a list or a subsystem. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from credseries.errors import UnknownRecipient
from credseries.kernel.aliases import Aliases
from credseries.kernel.maintainers import Maintainers, Section
from credseries.mail.message import Address
from credseries.mail.recipients.address import make_address, parse_address, parse_addresses
from credseries.mail.text import one_line

# What developers call lists whose addresses do not contain that word.
_NICKNAMES = {"lkml": "linux-kernel", "lsm": "linux-security-module"}
_MOST_CANDIDATES = 6
_NEAR = 0.6  # what difflib takes for close
_NO_ALIASES = Aliases()


@dataclass(frozen=True)
class Meaning:
    """One of the things that a name can mean: `label` says which, for a person."""

    label: str
    people: tuple[Address, ...]


def resolve(name: str, maintainers: Maintainers, reason: str, aliases: Aliases = _NO_ALIASES) -> list[Address]:
    """Whom a name means.

    That is, the best kind of match first: an alias, the address or local part of a list (`fsdevel` for
    linux-fsdevel@...), the title of a subsystem (then it is all that its section names); words of a list's local part;
    words of one title; the name of a directory that one section is about. With an @ in it, it is an address, or several
    with commas between them. Letter case matters for aliases alone.

    Raises UnknownRecipient, with candidates, when it can mean nobody or more than one.
    """
    wanted = name.strip()
    if wanted and wanted not in aliases and "@" in wanted:
        return list(parse_addresses(wanted, reason))
    for kind in _KINDS:
        found = _distinct(kind(wanted, maintainers, aliases, reason)) if wanted else []
        if len(found) == 1:
            return _somebody(found[0])
        if found:
            labels = [meaning.label for meaning in found]
            more = f" and {len(labels) - _MOST_CANDIDATES} more" if len(labels) > _MOST_CANDIDATES else ""
            raise UnknownRecipient(
                f"{one_line(name)!r} can mean {', '.join(labels[:_MOST_CANDIDATES])}{more}",
                hint="write the whole address or title",
            )
    close = candidates(wanted, maintainers, aliases)
    hint = f"did you mean {' or '.join(close)}?" if close else "write the whole address"
    problems = "; ".join(aliases.problems)
    raise UnknownRecipient(
        f"no list, subsystem or alias is called {one_line(name)!r}",
        hint=f"{hint} ({problems})" if problems else hint,
    )


def candidates(name: str, maintainers: Maintainers, aliases: Aliases = _NO_ALIASES) -> list[str]:
    """Lists, titles and aliases that are written nearly like this, at most three, the nearest first."""
    near = difflib.get_close_matches(name.lower(), known := _known(maintainers, aliases), n=4, cutoff=_NEAR)
    return list(dict.fromkeys(known[word] for word in near))[:3]


def short_names(maintainers: Maintainers, aliases: Aliases = _NO_ALIASES) -> Iterator[tuple[str, str]]:
    """Names that mean somebody and are short, each with what it means: aliases, then lists."""
    for alias in aliases.members:
        yield alias, ", ".join(aliases.members[alias])
    for item in maintainers.lists:
        yield item.address.partition("@")[0].removeprefix("linux-"), item.address


def _known(maintainers: Maintainers, aliases: Aliases) -> Mapping[str, str]:
    known = {section.name.lower(): section.name for section in maintainers.sections}
    for item in maintainers.lists:
        local = item.address.lower().partition("@")[0]
        known[local] = known[local.removeprefix("linux-")] = item.address
    known.update((alias.lower(), alias) for alias in aliases.members)
    return known


def _exactly(wanted: str, maintainers: Maintainers, aliases: Aliases, reason: str) -> Iterator[Meaning]:
    if wanted in aliases:
        yield Meaning(f"the alias {wanted}", tuple(_of_alias(wanted, aliases, reason)))
    word = _word(wanted)
    yield from _lists(maintainers, reason, lambda local: local in (word, f"linux-{word}"))
    yield from _sections(maintainers, reason, lambda section: section.name.lower() == word)


def _by_word_of_list(wanted: str, maintainers: Maintainers, _: Aliases, reason: str) -> Iterator[Meaning]:
    word = _word(wanted)
    return _lists(maintainers, reason, lambda local: f"-{word}-" in f"-{local}-")


def _by_word_of_title(wanted: str, maintainers: Maintainers, _: Aliases, reason: str) -> Iterator[Meaning]:
    words = re.compile(rf"(?<![\w/-]){re.escape(_word(wanted))}(?![\w/-])")
    return _sections(maintainers, reason, lambda section: words.search(section.name.lower()) is not None)


def _by_directory(wanted: str, maintainers: Maintainers, _: Aliases, reason: str) -> Iterator[Meaning]:
    return _sections(maintainers, reason, lambda section: section.is_about_directory(_word(wanted)))


_KINDS = (_exactly, _by_word_of_list, _by_word_of_title, _by_directory)


def _word(wanted: str) -> str:
    return _NICKNAMES.get(wanted.lower(), wanted.lower())


def _lists(maintainers: Maintainers, reason: str, test: Callable[[str], bool]) -> Iterator[Meaning]:
    for item in maintainers.lists:
        if test(item.address.lower().partition("@")[0]):
            yield Meaning(item.address, (make_address("", item.address, reason),))


def _sections(maintainers: Maintainers, reason: str, test: Callable[[Section], bool]) -> Iterator[Meaning]:
    for section in maintainers.sections:
        if test(section):
            yield Meaning(section.name, tuple(_everybody(section, reason)))


def _everybody(section: Section, reason: str) -> Iterator[Address]:
    for person in section.people:
        yield make_address(person.name, person.email, reason)
    open_lists = [item for item in section.mailing_lists if not item.is_for_subscribers]
    for item in open_lists or (() if section.people else section.mailing_lists):
        yield make_address("", item.address, reason)


def _of_alias(alias: str, aliases: Aliases, reason: str) -> Iterator[Address]:
    for member in aliases.expand(alias):
        if "@" not in member:
            raise UnknownRecipient(
                f"the alias {one_line(alias)!r} stands for {one_line(member)!r}, which is no address and no alias",
                hint="mend sendemail.aliasesFile, or write the address",
            )
        yield parse_address(member.strip(), f"{reason}, an alias")


def _distinct(meanings: Iterable[Meaning]) -> list[Meaning]:
    """The meanings without those that are the same addresses as one before."""
    found: dict[frozenset[str], Meaning] = {}
    for meaning in meanings:
        found.setdefault(frozenset(person.address.casefold() for person in meaning.people), meaning)
    return list(found.values())


def _somebody(meaning: Meaning) -> list[Address]:
    if not meaning.people:
        raise UnknownRecipient(f"{meaning.label} names no address", hint="write the address")
    return list(meaning.people)
