"""Who is responsible for files and patches: an index of MAINTAINERS that agrees with the kernel's get_maintainer.pl.

What it gives is what `get_maintainer.pl --nogit --nogit-fallback` gives, with these exceptions, all of the script's
own: where several sections are equally specific the script takes them in an order that changes from run to run, and so
may the address of somebody whom two of them name with two addresses (the index takes them in the order of the file); a
list that has a name before its address is printed as an empty line (the index gives its address).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from credseries.kernel.addresses import Mailmap
from credseries.kernel.expressions import Expression
from credseries.kernel.file_addresses import addresses_in, names_its_people
from credseries.kernel.git import Repository
from credseries.kernel.maintainer_options import CONFIGURATION, IGNORED, Options, find_file, parse_ignored
from credseries.kernel.patch_facts import PatchFacts, patch_text
from credseries.kernel.patterns import IsDirectory, PathIndex
from credseries.kernel.recipients import MailingList, Recipient, RecipientCollector, Section

__all__ = ["MailingList", "Maintainers", "Recipient", "Section"]

_NO_FACTS = PatchFacts((), (), (), ())


def _nothing(_: str) -> str | None:
    return None


@dataclass(frozen=True)
class Maintainers:
    """The sections of a MAINTAINERS file and the questions that a series asks of them.

    What the script looks up in the tree and its history comes from three functions. `is_directory` says whether a path
    is a directory of the tree; it is asked only where a pattern without a slash at its end is the beginning of a file's
    name. `read_file` gives the text of a file, for the addresses in it; `read_message` the message of a commit that a
    patch fixes, without the subject, for who signed it.
    """

    sections: tuple[Section, ...]
    mailmap: Mailmap = field(default_factory=Mailmap)
    options: Options = field(default_factory=Options)
    ignored: frozenset[str] = frozenset()
    is_directory: IsDirectory | None = field(default=None, compare=False)
    read_file: Callable[[str], str | None] = field(default=_nothing, compare=False)
    read_message: Callable[[str], str | None] = field(default=_nothing, compare=False)

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        mailmap: str = "",
        options: Options | None = None,
        ignored: str = "",
        is_directory: IsDirectory | None = None,
        read_file: Callable[[str], str | None] = _nothing,
        read_message: Callable[[str], str | None] = _nothing,
    ) -> Maintainers:
        """The contents of MAINTAINERS, `.mailmap` and `.get_maintainer.ignore`; what stands before the first section is
        skipped."""
        return cls(
            tuple(_sections(text)),
            Mailmap.parse(mailmap),
            options or Options(),
            parse_ignored(ignored),
            is_directory,
            read_file,
            read_message,
        )

    @classmethod
    def at(cls, repo: Repository, commit: str, *, places: Sequence[Path] = ()) -> Maintainers:
        """The index of a commit's tree.

        `places` are directories that may have a .get_maintainer.conf or .ignore: the top of the work tree and the home
        directory, as the script has it. An .ignore of the commit goes before those.
        """
        texts = _texts(repo, commit, ("MAINTAINERS", ".mailmap", IGNORED))

        def read_message(fix: str) -> str | None:
            done = repo.ran("log", "--no-color", "--max-count=1", "--format=%b", fix, "--", environment={})
            return patch_text(done.output) if done.status == 0 else None

        return cls.parse(
            texts.get("MAINTAINERS", ""),
            mailmap=texts.get(".mailmap", ""),
            options=Options.parse(find_file(CONFIGURATION, places)),
            ignored=texts.get(IGNORED) or find_file(IGNORED, places),
            is_directory=lambda path: repo.exists(commit, path) == "directory",
            read_file=lambda path: _texts(repo, commit, (path,)).get(path),
            read_message=read_message,
        )

    def for_files(self, files: Iterable[str], patch: str = "") -> list[Recipient]:
        """Whom a change of these files goes to: people, then lists, those of the most specific section first.

        With the text of a patch, sections whose K: expression it matches are added, and who signed the commits that it
        fixes. Subscribers-only lists are left out, as the script does.
        """
        return self._collect(files, PatchFacts.parse(patch) if patch else _NO_FACTS, patch)

    def for_patch(self, patch: bytes) -> list[Recipient]:
        """Whom a patch goes to, as `git format-patch` writes it: what the script says of the file."""
        text = patch_text(patch)
        facts = PatchFacts.parse(text)
        return self._collect(facts.files, facts, text)

    def _collect(self, files: Iterable[str], facts: PatchFacts, patch: str) -> list[Recipient]:
        options = self.options
        known = tuple(dict.fromkeys(files))
        collected = RecipientCollector(self.mailmap if options.mailmap else Mailmap(), options, self.ignored)
        for file in known:
            for section, pattern in self.match_file(file):
                collected.add_section(section, pattern)
        if patch and options.keywords:
            for section, pattern in self._match_keywords(facts, patch):
                collected.add_section(section, pattern)
        collected.settle()
        for file in known:
            if names_its_people(file, always=options.file_emails) and (text := self.read_file(file)):
                collected.add_mentioned(addresses_in(text), file)
        for fix in facts.fixes if options.fixes else ():
            collected.add_signers(self.read_message(fix) or "", fix)
        return collected.result()

    def match_file(self, file: str) -> list[tuple[Section, str]]:
        """The sections that a file belongs to, most specific first, each with the line that says so."""
        excluded = {pattern.section for pattern, _ in self._index.excluded.matches(file)}
        # Of several lines of a section the script takes the last one that matches.
        found: dict[int, tuple[int, int, str]] = {}
        deepest = file.count("/") - self.options.pattern_depth if self.options.pattern_depth else None
        for pattern, depth in self._index.files.matches(file):
            if deepest is not None and depth <= deepest:
                continue
            if pattern.line >= found.get(pattern.section, (-1,))[0]:
                found[pattern.section] = (pattern.line, depth, f"F: {pattern.text}")
        folded = file.casefold()
        for section, line, name in self._index.names.that_may_match(folded):
            if line < found.get(section, (-1,))[0]:
                continue
            if name.compiled is not None and name.compiled.search(file):
                found[section] = (line, 0, f"N: {name.text}")
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

    def _match_keywords(self, facts: PatchFacts, patch: str) -> Iterator[tuple[Section, str]]:
        folded = patch.casefold()
        found = [
            (self.sections[section], line, keyword)
            for section, line, keyword in self._index.keywords.that_may_match(folded)
            if _has(facts, keyword)
        ]
        # The script sorts the numbers of the lines as words.
        for section, _, keyword in sorted(found, key=lambda each: str(each[0].position + 1 + each[1])):
            yield section, f"K: {keyword.text}"

    @cached_property
    def _index(self) -> _Index:
        return _Index.of(self.sections, self.is_directory)


@dataclass(frozen=True)
class _Expressions:
    """N: or K: lines, each with the number of its section and its own there."""

    lines: list[tuple[int, int, Expression]] = field(default_factory=list)

    def add(self, text: str, section: int, line: int) -> None:
        self.lines.append((section, line, Expression(text)))

    def that_may_match(self, folded: str) -> list[tuple[int, int, Expression]]:
        """The lines of which a text, in folded case, has what every match has."""
        numbers = [number for word, number in self._words if word in folded]
        return [self.lines[number] for number in dict.fromkeys(numbers)]

    @cached_property
    def _words(self) -> list[tuple[str, int]]:
        return [(word, number) for number, (_, _, one) in enumerate(self.lines) for word in one.words]


@dataclass(frozen=True)
class _Index:
    """The lines that say what a section is about."""

    files: PathIndex
    excluded: PathIndex
    names: _Expressions = field(default_factory=_Expressions)
    keywords: _Expressions = field(default_factory=_Expressions)

    @classmethod
    def of(cls, sections: Sequence[Section], is_directory: IsDirectory | None) -> _Index:
        index = cls(PathIndex(is_directory), PathIndex(is_directory))
        kinds: dict[str, PathIndex | _Expressions] = {"F": index.files, "X": index.excluded}
        kinds |= {"N": index.names, "K": index.keywords}
        for number, section in enumerate(sections):
            for line, (letter, value) in enumerate(section.fields):
                if letter in kinds:
                    kinds[letter].add(value, number, line)
        return index


def _has(facts: PatchFacts, keyword: Expression) -> bool:
    anywhere, changed = keyword.compiled, keyword.changed
    if anywhere is None or changed is None:
        return False
    return any(map(anywhere.search, facts.message)) or any(map(changed.search, facts.change))


# A field as (letter, value), or a line that is neither empty nor a comment as ("", line). All lines are found at once,
# and cut where titles are: that is several times as fast as to go from line to line.
_LINES = re.compile(r"^(?:([A-Z]):[^\S\n]*|(?=[^\S\n]*[^\s#]))(.*)$", re.MULTILINE)


def _sections(text: str) -> Iterator[Section]:
    lines = _LINES.findall(text)
    titles = [number for number, (letter, _) in enumerate(lines) if not letter]
    for title, end in zip([-1, *titles], [*titles, len(lines)], strict=True):
        if title + 1 < end:
            yield Section(lines[title][1] if title >= 0 else "", tuple(lines[title + 1 : end]), title)


def _texts(repo: Repository, commit: str, paths: Sequence[str]) -> dict[str, str]:
    return {path: patch_text(data) for path, data in repo.read_files(commit, paths).items()}
