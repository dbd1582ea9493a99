"""Who is responsible for files: an index of MAINTAINERS that agrees with the kernel's get_maintainer.pl.

What it gives is what `get_maintainer.pl --nogit --nogit-fallback` gives, with one exception: the script reads
the addresses that a .yaml file contains, this index sees no file contents.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from credseries.errors import UnknownRecipient
from credseries.kernel.addresses import Mailmap
from credseries.kernel.patterns import PathIndex, Pattern, compile_perl
from credseries.kernel.recipients import MailingList, Recipient, RecipientCollector, Section

__all__ = ["MailingList", "Maintainers", "Recipient", "Section"]

_FIELD = re.compile(r"([A-Z]):\s*(.*)")
# The lines of a patch that name files and so count neither as its text nor as its change.
_PATCH_HEADER = re.compile(
    r" mode change |rename (?:from|to) |diff --git |Fixes:\s+[0-9a-fA-F]{6}|\+\+\+\s|---\s|@@ -\d+,\d+"
)
_FILE_HEADER = re.compile(r"(?:\+\+\+|---)\s+\S")
# What developers call lists whose addresses do not contain that word.
_NICKNAMES = {"lkml": "linux-kernel", "lsm": "linux-security-module"}
_MOST_CANDIDATES = 6


@dataclass(frozen=True)
class Maintainers:
    """The sections of a MAINTAINERS file and the questions that a series asks of them.

    `is_directory` says whether a path is a directory of the tree. It is asked only where a pattern without a
    slash at its end is the beginning of a file's name.
    """

    sections: tuple[Section, ...]
    mailmap: Mailmap = field(default_factory=Mailmap)
    is_directory: Callable[[str], bool] = field(default=lambda _: False, compare=False)

    @classmethod
    def parse(
        cls, text: str, *, mailmap: str = "", is_directory: Callable[[str], bool] = lambda _: False
    ) -> Maintainers:
        """The contents of MAINTAINERS and `.mailmap`; whatever stands before the first section is skipped."""
        return cls(tuple(_sections(text)), Mailmap.parse(mailmap), is_directory)

    def for_files(self, files: Iterable[str], patch: str = "") -> list[Recipient]:
        """Whom a change of these files goes to: people, then lists, those of the most specific section first.

        With the text of a patch, sections whose K: expression it matches are added. Subscribers-only lists
        are left out, as the script does.
        """
        matches = [match for file in dict.fromkeys(files) for match in self.match_file(file)]
        if patch:
            matches += self._match_keywords(patch)
        collected = RecipientCollector(self.mailmap)
        for section, pattern in matches:
            collected.add_section(section, pattern)
        return collected.result()

    def match_file(self, file: str) -> list[tuple[Section, str]]:
        """The sections that a file belongs to, most specific first, each with the line that says so."""
        excluded = {pattern.section for pattern, _ in self._index["X"].matches(file)}
        # Of several lines of a section the script takes the last one that matches.
        found: dict[int, tuple[int, int, str]] = {}
        for pattern, depth in self._index["F"].matches(file):
            if pattern.line >= found.get(pattern.section, (-1,))[0]:
                found[pattern.section] = (pattern.line, depth, f"F: {pattern.text}")
        for section, line, value, expression in self._name_patterns:
            if line >= found.get(section, (-1,))[0] and expression.search(file):
                found[section] = (line, 0, f"N: {value}")
        kept = [(-depth, section, reason) for section, (_, depth, reason) in found.items() if section not in excluded]
        return [(self.sections[section], reason) for _, section, reason in sorted(kept)]

    @cached_property
    def lists(self) -> tuple[MailingList, ...]:
        """Every list that a section names, once, in the order of the file."""
        lists: dict[str, MailingList] = {}
        for section in self.sections:
            for value in section.values("L"):
                item = MailingList.parse(value)
                if "@" in item.address:
                    lists.setdefault(item.address.lower(), item)
        return tuple(lists.values())

    def find_list(self, short: str) -> list[str]:
        """The addresses of the lists that a short name can mean; the best kind of match that there is.

        The kinds are: the address; its local part, with or without `linux-`; words of the local part; the
        title of a section; words of a title; the directory of a section. Letter case does not matter.
        """
        wanted = short.strip().lower()
        wanted = _NICKNAMES.get(wanted, wanted)
        if not wanted:
            return []
        local_parts = {item.address: item.address.lower().partition("@")[0] for item in self.lists}
        words = re.compile(rf"(?<![\w/-]){re.escape(wanted)}(?![\w/-])")
        return (
            [address for address in local_parts if address.lower() == wanted]
            or [address for address, local in local_parts.items() if local in (wanted, f"linux-{wanted}")]
            or [address for address, local in local_parts.items() if f"-{wanted}-" in f"-{local}-"]
            or self._lists_of(lambda section: section.name.lower() == wanted)
            or self._lists_of(lambda section: words.search(section.name.lower()) is not None)
            or self._lists_of(lambda section: section.is_about_directory(wanted))
        )

    def resolve_list(self, short: str) -> str:
        """The address of the one list that a short name means; raises UnknownRecipient with candidates."""
        found = self.find_list(short)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(found[:_MOST_CANDIDATES])
            more = f" and {len(found) - _MOST_CANDIDATES} more" if len(found) > _MOST_CANDIDATES else ""
            raise UnknownRecipient(f"{short!r} can mean {names}{more}", hint="write the whole address")
        known = {item.address.partition("@")[0]: item.address for item in self.lists}
        near = [known[name] for name in difflib.get_close_matches(short.lower(), known, n=3, cutoff=0.6)]
        raise UnknownRecipient(
            f"MAINTAINERS has no list or section {short!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "write the whole address",
        )

    def _lists_of(self, test: Callable[[Section], bool]) -> list[str]:
        values = (value for section in self.sections if test(section) for value in section.values("L"))
        return list(dict.fromkeys(MailingList.parse(value).address for value in values))

    def _match_keywords(self, patch: str) -> Iterator[tuple[Section, str]]:
        message, change = _patch_lines(patch)
        for section, value, expression in self._keywords:
            # The whole text first: nearly every expression is nowhere in it.
            if not expression.search(patch):
                continue
            prefixed = compile_perl(rf"^[+-].*{value}", re.VERBOSE)
            if any(expression.search(line) for line in message) or (
                prefixed is not None and any(prefixed.search(line) for line in change)
            ):
                yield self.sections[section], f"K: {value}"

    @cached_property
    def _index(self) -> dict[str, PathIndex]:
        index = {"F": PathIndex(self.is_directory), "X": PathIndex(self.is_directory)}
        for letter, section, line, value in self._lines:
            if letter in index:
                index[letter].add(Pattern(value, section, line))
        return index

    @cached_property
    def _name_patterns(self) -> list[tuple[int, int, str, re.Pattern[str]]]:
        compiled = [
            (section, line, value, compile_perl(value, re.VERBOSE))
            for letter, section, line, value in self._lines
            if letter == "N"
        ]
        return [(section, line, value, regex) for section, line, value, regex in compiled if regex is not None]

    @cached_property
    def _keywords(self) -> list[tuple[int, str, re.Pattern[str]]]:
        compiled = [
            (section, value, compile_perl(value, re.VERBOSE))
            for letter, section, _, value in self._lines
            if letter == "K"
        ]
        return [(section, value, regex) for section, value, regex in compiled if regex is not None]

    @cached_property
    def _lines(self) -> list[tuple[str, int, int, str]]:
        return [
            (letter, number, line, value)
            for number, section in enumerate(self.sections)
            for line, (letter, value) in enumerate(section.fields)
            if letter in "FXNK"
        ]


def _sections(text: str) -> Iterator[Section]:
    name = ""
    fields: list[tuple[str, str]] = []
    for line in text.splitlines():
        if match := _FIELD.match(line):
            fields.append((match[1], match[2]))
        elif line.strip() and not line.lstrip().startswith("#"):
            if fields:
                yield Section(name, tuple(fields))
            name, fields = line, []
    if fields:
        yield Section(name, tuple(fields))


def _patch_lines(patch: str) -> tuple[Sequence[str], Sequence[str]]:
    """The lines of a patch that keywords are looked for in: those of the message, and those of the diff."""
    message: list[str] = []
    change: list[str] = []
    in_diff = False
    for line in patch.splitlines():
        if _PATCH_HEADER.match(line):
            in_diff = in_diff or _FILE_HEADER.match(line) is not None
        else:
            (change if in_diff else message).append(line)
    return message, change
