"""A set of source files analysed together: sites of all of them, under summaries computed across them. Pure."""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

from credseries.creds.drops import Drops
from credseries.creds.effects import CREDENTIALS, Effects
from credseries.creds.lifetime import gives_up, lasting
from credseries.creds.scope_classes import TreeScopes, read_scopes, scopes_in
from credseries.creds.sites import Analysis, Site, analyse
from credseries.creds.state import opaque_operations
from credseries.creds.summary import Summary, effects_for, summarise
from credseries.csource.function import Function
from credseries.csource.lexical import Lexed, Lines, Region, lex
from credseries.csource.outline import Extent, functions
from credseries.csource.plain import misread
from credseries.csource.statements import NO_MACROS, StatementMacros

_HIT = re.compile(rb"override_creds|revert_creds")
_MAX_ROUNDS = 32  # wrappers of wrappers of .. this deep
_WORD = re.compile(rb"\w+")
_ARGUMENTS = re.compile(rb"\s*\(")


_IN_WORDS = (string.ascii_letters + string.digits + "_").encode()
# Everything that is no part of a word is white space: to split that is several times as fast as to search for words.
_SPACED = bytes(byte if byte in _IN_WORDS else 0x20 for byte in range(256))


def _words_of(code: bytes) -> list[bytes]:
    return code.translate(_SPACED).split()


def _occurrences(code: bytes, name: bytes) -> Iterator[int]:
    """Where a word that begins with a name begins."""
    start = code.find(name)
    while start >= 0:
        if start == 0 or _SPACED[code[start - 1]] == 0x20:
            yield start
        start = code.find(name, start + 1)


class SourceFile:
    """A C file with a textual hit: its text, what of it is code, and where its functions are."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self._functions: dict[int, Function] = {}
        self._callers: dict[str, list[Extent]] = {}
        self._words: dict[int, frozenset[bytes]] = {}
        self._macros = NO_MACROS

    @cached_property
    def lexed(self) -> Lexed:
        """The text with comments, literals and directives blanked."""
        return lex(self.source)

    @cached_property
    def lines(self) -> Lines:
        """Line numbers."""
        return Lines(self.source)

    @cached_property
    def extents(self) -> list[Extent]:
        """The function definitions, in text order."""
        return functions(self.lexed.code)

    @cached_property
    def unfit(self) -> str | None:
        """Why no function of the file can be analysed, or None."""
        odd = misread(self.source, self.lexed)
        return None if odd is None else f"the file has {odd.what} (line {self.lines.number(odd.offset)})"

    @cached_property
    def _starts(self) -> list[int]:
        return [extent.start for extent in self.extents]

    def extent_at(self, offset: int) -> Extent | None:
        """The function definition that holds an offset."""
        index = bisect_right(self._starts, offset) - 1
        return self.extents[index] if index >= 0 and self.extents[index].holds(offset) else None

    def function(self, extent: Extent) -> Function:
        """The function of an extent, read once."""
        if extent.start not in self._functions:
            text = self.source[extent.start : extent.end]
            line = self.lines.number(extent.start)
            self._functions[extent.start] = Function(self.path, extent.name, text, line, self._macros, self.unfit)
        return self._functions[extent.start]

    def use(self, macros: StatementMacros) -> None:
        """Read functions with these macros from now on; what was read is kept where none of them is used."""
        self._macros = macros
        names = macros.before_statements | macros.opening
        for start in list(self._functions):
            if macros.conditional or not names.isdisjoint(self.words_in(self._by_start[start])):
                del self._functions[start]

    def prepare(self, words: Iterable[str]) -> None:
        """Read the functions whose code has one of the words, which is most of the work, ahead of the analysis."""
        pattern = re.compile(b"|".join(re.escape(word.encode()) for word in words))
        for start in {
            extent.start
            for match in pattern.finditer(self.lexed.code)
            if (extent := self.extent_at(match.start())) is not None
        }:
            for variant in self.function(self._by_start[start]).variants:
                variant.flow  # noqa: B018 -- computed once and kept

    @cached_property
    def _by_start(self) -> dict[int, Extent]:
        return {extent.start: extent for extent in self.extents}

    def calling(self, names: Iterable[str]) -> list[Extent]:
        """The functions whose bodies call one of the names, in text order."""
        here = (name for name in names if name.encode() in self.words)
        found = {extent.start: extent for name in here for extent in self._calling(name)}
        return [found[start] for start in sorted(found)]

    @cached_property
    def words(self) -> frozenset[bytes]:
        """The words of the code: most names are in few files, and asking here is much faster than searching."""
        return frozenset(_words_of(self.lexed.code))

    def words_in(self, extent: Extent) -> frozenset[bytes]:
        """The words of a function's definition."""
        if extent.start not in self._words:
            self._words[extent.start] = frozenset(_words_of(self.lexed.code[extent.start : extent.end]))
        return self._words[extent.start]

    def _calling(self, name: str) -> list[Extent]:
        """The functions that call a name; asked in every round of the analysis, so looked for once."""
        if name not in self._callers:
            self._callers[name] = self._find_callers(name.encode())
        return self._callers[name]

    @cached_property
    def lasting(self) -> frozenset[str]:
        """The static credentials that are set up once and dropped when the module goes."""
        code = self.lexed.code
        bodies = ((code[item.start : item.body], code[item.body : item.end]) for item in self.extents)
        return lasting(code, bodies) if b"struct cred" in code else frozenset()

    def entering(self, classes: Set[str]) -> list[Extent]:
        """The functions that open a scope of one of the classes, or have such a function as a variable's cleanup."""
        return [extent for name in self._scopes.keys() & classes for extent in self._scopes[name]]

    @cached_property
    def _scopes(self) -> dict[str, list[Extent]]:
        found: dict[str, list[Extent]] = {}
        for offset, name in scopes_in(self.lexed.code):
            extent = self.extent_at(offset)
            if extent is not None and offset > extent.body:
                found.setdefault(name, []).append(extent)
        return found

    def _find_callers(self, name: bytes) -> list[Extent]:
        code, found = self.lexed.code, []
        for start in _occurrences(code, name):
            extent = self.extent_at(start) if _ARGUMENTS.match(code, start + len(name)) else None
            if extent is not None and start > extent.body:
                found.append(extent)
        return found


Find = Callable[[Mapping[str, str]], Mapping[str, SourceFile]]


@dataclass
class Program:
    """The analysis of a set of files."""

    files: Mapping[str, SourceFile]
    base: Effects = CREDENTIALS
    summaries: list[Summary] = field(default_factory=list)
    analyses: dict[tuple[str, int], Analysis] = field(default_factory=dict)
    scopes: TreeScopes = field(default_factory=TreeScopes)
    _named: dict[str, list[tuple[SourceFile, Extent]]] | None = None  # the definitions of a name
    _drops: dict[str, Drops] = field(default_factory=dict)

    def effects(self, path: str) -> Effects:
        """The effects table that holds in a file."""
        found = self.scopes.extended(effects_for(path, self.base, self.summaries), path)
        file = self.files.get(path)
        return replace(found, lasting=file.lasting if file is not None else frozenset(), drops=self._drops_in(path))

    def _drops_in(self, path: str) -> Drops:
        """What the functions that a file sees give up; the same whatever else is known by now."""
        if path not in self._drops:
            # a function of another file is looked into all the same: that file may be included as a whole
            self._drops[path] = Drops(self.base, lambda name: self._seen_from(path, name), gives_up)
        return self._drops[path]

    def definition(self, name: str, path: str) -> Function | None:
        """The function that a name means in a file, if the program has it: the file's own comes first."""
        known = self._definitions(name)
        for file, extent in known:
            if file.path == path:
                return file.function(extent)
        found = (file.function(extent) for file, extent in known)
        return next((function for function in found if not function.is_local), None)

    def _seen_from(self, path: str, name: str) -> Function | None:
        return self.definition(name, path) or self._any_definition(name)

    def _any_definition(self, name: str) -> Function | None:
        return next((file.function(extent) for file, extent in self._definitions(name)), None)

    def _definitions(self, name: str) -> list[tuple[SourceFile, Extent]]:
        if self._named is None:
            self._named = {}
            for file in self.files.values():
                for extent in file.extents:
                    self._named.setdefault(extent.name, []).append((file, extent))
        return self._named.get(name, [])

    def _analyse(self, targets: Iterable[tuple[SourceFile, Extent]]) -> list[str]:
        """Analyse functions with what is known by now; the names of those whose summary changes."""
        tables: dict[str, Effects] = {}
        found: dict[tuple[str, str], Summary | None] = {}
        for file, extent in targets:
            if file.path not in tables:
                tables[file.path] = self.effects(file.path)
            function = file.function(extent)
            if function.name in self.base.overrides or function.name in self.base.reverts:
                continue  # the primitives themselves
            analysis = analyse(function, tables[file.path])
            self.analyses[file.path, extent.start] = analysis
            found[function.name, function.path] = summarise(analysis)
        known = {(item.name, item.path): item for item in self.summaries}
        changed = [key for key, summary in found.items() if summary != known.get(key)]
        for key in changed:
            known.pop(key, None)
        fresh = {key: summary for key in changed if (summary := found[key]) is not None}
        self.summaries = [*known.values(), *fresh.values()]
        return [name for name, _ in changed]

    def _macros(self) -> dict[str, str]:
        """Macros whose bodies change credentials, as far as they do: their users cannot be analysed."""
        changing = (macro for macro in self.scopes.macros if _HIT.search(macro.body.encode()))
        return {item.name: f"{item.name}() is a macro that changes credentials ({item.path})" for item in changing}

    def run(self, find: Find | None = None) -> None:
        """Summaries first: what overrides directly, then everything with a hit, then callers of what was found.

        `find` is given functions that change their callers' credentials, with the files that define them, and returns
        the files that may call them; without it, only the files at hand are analysed.

        Rounds end when no function is found any more that changes its callers' credentials. Only when everything that
        reverts is known can a function be said to pass on what it calls, so that comes last.
        """
        self._read_definitions()
        macros = self._macros()
        self.base = self.base.with_summaries({}, macros, frozenset(macros))
        fresh = self._analyse(self._callers(self.base.overrides))
        fresh = self._round([*self.base.overrides, *self.base.reverts, *macros, *fresh], fresh)
        fresh = self._round(fresh, fresh)
        self.base = replace(self.base, passes_on=True)
        self._settle(self._round([*fresh, *(item.name for item in self.summaries)], fresh))
        if find is not None:
            self._reach_out(find)

    def _read_definitions(self) -> None:
        self.scopes = read_scopes({path: (file.source, file.lexed) for path, file in self.files.items()})
        for path, file in self.files.items():
            file.use(self.scopes.statements(path))

    def _reach_out(self, find: Find) -> None:
        """Analyse the callers of what was found in files that were not given, and so on until nothing new is found."""
        asked: set[str] = set()
        while True:
            public = {item.name: item.path for item in self.summaries if not item.local}
            names = {name: path for name, path in public.items() if name not in asked}
            if not names:
                return
            asked |= names.keys()
            found = {path: file for path, file in find(names).items() if path not in self.files}
            if found:
                self.files = {**self.files, **found}
                self._named, self._drops = None, {}
                self._read_definitions()
                self._settle(self._round(list(public), []))

    def _settle(self, fresh: list[str]) -> None:
        """Analyse the callers of what has changed until nothing does."""
        for _ in range(_MAX_ROUNDS):
            if not fresh:
                break
            fresh = self._round(fresh, fresh)
        for file, extent in self._callers(fresh):
            reason = "it calls functions whose effects on credentials depend on each other in a circle"
            function = file.function(extent)
            self.analyses[file.path, extent.start] = Analysis(function, self.base, (), (), reason)

    def _round(self, names: list[str], fresh: list[str]) -> list[str]:
        """Analyse the callers of some functions; the names of those whose effect on their callers changes by that."""
        reached, classes = self.scopes.reached(fresh)
        changed = {name.encode() for name in (*reached, *classes)}
        return self._analyse([item for item in self._callers(names) if self._is_stale(*item, changed)])

    def _callers(self, names: Iterable[str]) -> list[tuple[SourceFile, Extent]]:
        """The functions that call one of the names, also through a macro or a scope."""
        wanted, classes = self.scopes.reached(names)
        classes |= self.base.guards.keys() if wanted & self.base.overrides.keys() else set()
        found = []
        for file in self.files.values():
            extents = {extent.start: extent for extent in (*file.calling(wanted), *file.entering(classes | wanted))}
            found += [(file, extents[start]) for start in sorted(extents)]
        return found

    def _is_stale(self, file: SourceFile, extent: Extent, changed: set[bytes]) -> bool:
        """Whether a function has not been analysed yet, or not with what is known by now."""
        known = self.analyses.get((file.path, extent.start))
        if known is None:
            return True
        if self.base.passes_on and not known.effects.passes_on and any(map(opaque_operations, known.steps)):
            return True  # it may pass on what it calls
        return not file.words_in(extent).isdisjoint(changed - {extent.name.encode()})

    def start_of(self, function: Function) -> int:
        """The byte offset of a function's text in its file."""
        return next(key[1] for key, item in self.analyses.items() if item.function is function)

    @property
    def sites(self) -> list[Site]:
        """Every site, by file and position."""
        ordered = sorted(self.analyses)
        return [site for key in ordered for site in self.analyses[key].sites]


@dataclass(frozen=True)
class Hit:
    """A textual hit: byte offset in its file, 1-based line, and what it is when it is no code of a function."""

    path: str
    offset: int
    line: int
    word: str
    not_code: str | None


def hits(file: SourceFile) -> list[Hit]:
    """Every textual hit of a file."""
    found = []
    for match in _HIT.finditer(file.source):
        offset = match.start()
        line = file.lines.number(offset)
        found.append(Hit(file.path, offset, line, _word_at(file.source, offset), _not_code(file, offset)))
    return found


def _word_at(source: bytes, offset: int) -> str:
    start = offset
    while start > 0 and (source[start - 1 : start].isalnum() or source[start - 1] == 0x5F):
        start -= 1
    match = _WORD.match(source, start)
    return match.group().decode("ascii", "replace") if match else ""


def _not_code(file: SourceFile, offset: int) -> str | None:
    region = file.lexed.region_at(offset)
    if region is Region.DIRECTIVE:
        return "macro"
    if region is not None:
        return str(region.value)
    extent = file.extent_at(offset)
    if extent is None or offset < extent.body:
        return "declaration"
    return None
