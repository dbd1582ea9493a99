"""Scope classes that a tree defines (`include/linux/cleanup.h`), and what their scopes do to the credentials in force.

`DEFINE_GUARD()`, `DEFINE_CLASS()` and their like are read as written; whether a class puts credentials in force is then
a matter of the effects table, because a class may go through wrappers that are summarised only later.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from credseries.creds.effects import Discipline, Effects
from credseries.creds.scope_halves import (
    PUTS,
    TAKES,
    VALUE,
    Halves,
    calls_in,
    enters,
    halves_of,
    leaves,
    parsed,
    puts,
    takes,
)
from credseries.csource.lexical import Lexed
from credseries.csource.macros import (
    Macro,
    Macros,
    TooLong,
    closing_in,
    read_macros,
    split_arguments,
    tokens_of,
    words_of,
)
from credseries.csource.statements import DEFINING, KEPT, StatementMacros
from credseries.csource.syntax import callee

_DEEPEST = 8  # classes that extend classes that extend ..
# Looks ahead, because a cleanup function may be that of a class: both are found. Every alternative begins with a letter
# of its own, and looks back from there: so the search skips, at once, what can begin none of them.
_OPENERS = b"guard CLASS scoped_guard scoped_class __free cleanup __cleanup cleanup__ __cleanup__".split()
_SCOPE = re.compile(
    b"|".join(rb"%b(?<!\w%b)(?=\s*\(\s*(\w+))" % (word, word) for word in _OPENERS)
    + rb"|class_(?=(\w+?)_(?:con|de)structor\b)"
)
_SIMPLE = re.compile(r"[\w\s]*\w(?:\([^()]*\))?(?:(?:->|\.)\w+|\[\w+\])*")


@dataclass(frozen=True)
class Definition:
    """A `DEFINE_..(name, ..)` of a file: its macro, the class it names, and its arguments after macro expansion."""

    kind: str
    name: str
    arguments: tuple[str, ...]
    path: str

    @cached_property
    def words(self) -> frozenset[str]:
        """The names that it uses."""
        return frozenset(word for text in self.arguments for word in words_of(text))


@dataclass(frozen=True)
class ScopeClass:
    """What the scope of a class does: puts credentials in force (`discipline`), until it ends.

    `expression` is the credential, in terms of `parameters`; with `via`, what the wrapper of that name is given.
    `problem` says why the class cannot be followed. `takes` and `puts` say that entering takes, and leaving drops, a
    reference to credentials.
    """

    name: str
    path: str
    parameters: tuple[str, ...] = ()
    discipline: Discipline | None = None
    expression: str = ""
    via: str = ""
    problem: str | None = None
    takes: bool = False
    puts: bool = False

    def credential(self, given: Collection[str]) -> str:
        """The credential (for a wrapper: its argument) that a scope with these arguments puts in force."""
        values = dict(zip(self.parameters, given, strict=False))

        def value(match: re.Match[str]) -> str:
            text = values.get(match.group(), match.group())
            alone = match.group() == self.expression or _SIMPLE.fullmatch(text) is not None
            return text if alone else f"({text})"

        if not values:
            return self.expression
        names = "|".join(re.escape(name) for name in values)
        return re.sub(rf"(?<![\w.>])(?:{names})\b", value, self.expression)


@dataclass(frozen=True)
class FreeClass:
    """What the end of a `__free(name)` variable's scope does: `puts` drops a reference to credentials."""

    name: str
    path: str
    puts: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Entry:
    """A scope that puts credentials in force; `expression` is empty where it is the scope's own last argument."""

    discipline: Discipline
    expression: str = ""
    via: str = ""


def read_definitions(path: str, lexed: Lexed, macros: Macros) -> list[Definition]:
    """The classes that a file defines, directly or through macros, in text order."""
    # most files define nothing, and a plain search is much faster than a pattern
    makers = [name for name in {*macros.using(DEFINING), *DEFINING} if name.encode() in lexed.code]
    if not makers:
        return []
    found: list[Definition] = []
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(makers))) + r")\s*\(")
    code = lexed.code.decode("utf-8", "replace")
    for match in pattern.finditer(code):
        text = code[match.start() : match.end() - 1] + _bracketed(code, match.end() - 1)
        found += _definitions(text, path, macros)
    return found


def _bracketed(code: str, opening: int) -> str:
    depth = 0
    for match in re.compile(r"[()]").finditer(code, opening):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return code[opening : match.end()]
    return ""


def _definitions(text: str, path: str, macros: Macros) -> list[Definition]:
    try:
        tokens = tokens_of(macros.expand(text))
    except TooLong:
        return []
    found = []
    for index, token in enumerate(tokens):
        if token not in DEFINING:
            continue
        opening = next((i for i in range(index + 1, len(tokens)) if not tokens[i].isspace()), -1)
        close = closing_in(tokens, opening) if opening > 0 and tokens[opening] == "(" else -1
        given = split_arguments("".join(tokens[opening + 1 : close])) if close > 0 else []
        if given and re.fullmatch(r"\w+", given[0]):
            extended = token in ("EXTEND_CLASS", "DEFINE_GUARD_COND", "DEFINE_LOCK_GUARD_1_COND") and len(given) > 1
            found.append(Definition(token, given[0] + (given[1] if extended else ""), tuple(given), path))
    return found


@dataclass
class TreeScopes:
    """The classes and the macros that the files of a tree define."""

    definitions: list[Definition] = field(default_factory=list)
    macros: list[Macro] = field(default_factory=list)
    _visible: dict[str, Macros] = field(default_factory=dict)
    _statements: dict[str, StatementMacros] = field(default_factory=dict)

    def visible(self, path: str) -> Macros:
        """The macros that a file sees: those of headers and its own, which come first."""
        own = path if path in self._private else ""
        if own not in self._visible:
            self._visible[own] = self._public.under(self._private.get(own, ()))
        return self._visible[own]

    def statements(self, path: str) -> StatementMacros:
        """What the macros that the functions of a file see are before a statement."""
        own = path if path in self._private else ""
        if own not in self._statements:
            conditional = frozenset(
                item.name for item in self.definitions if item.kind in ("DEFINE_GUARD_COND", "DEFINE_LOCK_GUARD_1_COND")
            )
            self._statements[own] = StatementMacros(self.visible(path), conditional)
        return self._statements[own]

    @cached_property
    def _private(self) -> dict[str, list[Macro]]:
        """The macros that only their own file sees, by that."""
        found: dict[str, list[Macro]] = {}
        for macro in self.macros:
            if not macro.path.endswith(".h"):
                found.setdefault(macro.path, []).append(macro)
        return found

    @cached_property
    def _public(self) -> Macros:
        return Macros((macro for macro in self.macros if macro.path.endswith(".h")), KEPT)

    @cached_property
    def _all(self) -> Macros:
        return Macros(self.macros, KEPT)

    @cached_property
    def _named(self) -> dict[str, list[Macro]]:
        found: dict[str, list[Macro]] = {}
        for macro in self.macros:
            found.setdefault(macro.name, []).append(macro)
        return found

    # -- who is concerned by what

    def reached(self, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """The functions and macros, and the classes, through which the named functions are called."""
        wanted, classes = set(names), set[str]()
        while True:
            more = self._all.using(wanted) | self._entering(classes)
            more |= self._all.using(more)
            known = wanted | more
            found = {item.name for item in self.definitions if item.words & known or self._base(item) in classes}
            if known == wanted and found == classes:
                return wanted, classes
            wanted, classes = known, found | classes

    @staticmethod
    def _base(item: Definition) -> str:
        return item.arguments[0] if item.name != item.arguments[0] else ""

    def _entering(self, classes: Collection[str]) -> set[str]:
        """The macros that enter one of the classes."""
        return {macro.name for macro, opened in self._scoping if not opened.isdisjoint(classes)}

    @cached_property
    def _scoping(self) -> list[tuple[Macro, set[str]]]:
        """The macros that open scopes, and of which classes."""
        found = ((macro, {name for _, name in scopes_in(macro.body.encode())}) for macro in self.macros)
        return [(macro, opened) for macro, opened in found if opened]

    # -- what it comes to under an effects table

    def extended(self, effects: Effects, path: str) -> Effects:
        """An effects table with what the scopes and the macros that a file sees do under it."""
        touched = {*effects.overrides, *effects.reverts, *effects.opaque}
        visible = [item for item in self.definitions if item.path.endswith(".h") or item.path == path]
        own = {item.name for item in visible if item.path == path}
        classes: dict[str, ScopeClass] = {}
        frees: dict[str, FreeClass] = {}
        for item in visible:
            if item.path != path and item.name in own:
                continue
            if item.kind == "DEFINE_FREE":
                frees[item.name] = _free(item, effects)
            else:
                resolved = self._class(item, visible, effects)
                known = classes.get(item.name)
                classes[item.name] = resolved if known is None else _either(known, resolved)
        changing = {name for name, item in classes.items() if item.discipline is not None or item.problem is not None}
        names = self._all.using(touched) | self._entering({*changing, *effects.guards})
        names |= self._all.using(names)
        opaque = {
            name: f"{name}() is a macro that changes credentials ({macro.path})"
            for name in names - touched
            for macro in self._named.get(name, ())
            if macro.path.endswith(".h") or macro.path == path
        }
        for macro in self._private.get(path, ()):
            if macro.name in effects.overrides or macro.name in effects.reverts:
                opaque[macro.name] = f"{macro.name}() is a macro of the file's own"
        return effects.with_scopes(classes, frees, opaque)

    def _class(self, item: Definition, visible: list[Definition], effects: Effects) -> ScopeClass:
        halves = self._halves(item, visible, effects)
        if halves is None:
            plain = ScopeClass(item.name, item.path)
            reason = "the class that it extends is not in the files that were read"
            return _refused(plain, reason) if any(effects.touches(word) for word in item.words) else plain
        words = words_of(halves.enter) | words_of(halves.leave)
        if not any(effects.touches(word) or word in TAKES or word in PUTS for word in words):
            return ScopeClass(item.name, item.path)  # what most classes are, found without parsing
        taken = takes(halves.enter)
        put = puts(halves.leave)
        plain = ScopeClass(item.name, item.path, halves.parameters, takes=taken, puts=put)
        entered = enters(halves.enter, effects)
        if entered is None:
            ends = [callee(call) for call in calls_in(parsed(halves.leave)) if effects.touches(callee(call))]
            return plain if not ends else _refused(plain, f"{ends[0]}() ends something that it did not begin")
        if isinstance(entered, str):
            return _refused(plain, entered)
        problem = leaves(halves.leave, entered, effects)
        if problem is None and item.kind.endswith("_COND"):
            problem = "it may be entered or not"
        if problem is not None:
            return _refused(plain, problem)
        via = entered.name if entered.name in effects.wrappers else ""
        return ScopeClass(
            item.name, item.path, halves.parameters, entered.discipline, entered.argument, via, None, taken, put
        )

    def _halves(self, item: Definition, visible: list[Definition], effects: Effects, depth: int = 0) -> Halves | None:
        name = self._base(item)
        base = next((other for other in visible if other.name == name and other is not item), None) if name else None
        inner = self._halves(base, visible, effects, depth + 1) if base is not None and depth < _DEEPEST else None
        if base is None and name in effects.guards:
            # the class itself was not read, but what it is to the credentials is known
            ends = next(end for end, discipline in effects.reverts.items() if discipline is effects.guards[name])
            inner = Halves("", f"{ends}({VALUE})", ())
        return halves_of(item.kind, item.arguments, inner)


def _refused(item: ScopeClass, reason: str) -> ScopeClass:
    problem = f"the scope class {item.name} ({item.path}) is not followed: {reason}"
    return ScopeClass(item.name, item.path, item.parameters, problem=problem, takes=item.takes, puts=item.puts)


def _either(one: ScopeClass, two: ScopeClass) -> ScopeClass:
    """A class that is defined twice: what both definitions agree on."""
    same = (one.parameters, one.discipline, one.expression, one.via, one.problem)
    if same == (two.parameters, two.discipline, two.expression, two.via, two.problem):
        return one
    return _refused(one, f"it is defined in more than one way (also in {two.path})")


def _free(item: Definition, effects: Effects) -> FreeClass:
    text = item.arguments[2] if len(item.arguments) == 3 else ""
    touching = [callee(call) for call in calls_in(parsed(text)) if effects.touches(callee(call))]
    problem = None
    if touching:
        problem = f"__free({item.name}) calls {touching[0]}() where its variable's scope ends"
    return FreeClass(item.name, item.path, puts(text), problem)


def scopes_in(code: bytes) -> Iterator[tuple[int, str]]:
    """Where code opens a scope of a class, or names a variable's cleanup function, and which; byte offsets."""
    # most code has none, and a plain search is much faster than a pattern
    if any(word in code for word in (b"guard", b"CLASS", b"scoped_class", b"__free", b"structor", b"cleanup")):
        for match in _SCOPE.finditer(code):
            yield match.start(), match.group(match.lastindex or 0).decode("ascii", "replace")


def read_scopes(files: Mapping[str, tuple[bytes, Lexed]]) -> TreeScopes:
    """The classes and macros of files, by path; each with its source, lexed."""
    macros = [macro for path, (source, lexed) in files.items() for macro in read_macros(path, source, lexed)]
    scopes = TreeScopes(macros=macros)
    found = []
    for path, (_, lexed) in files.items():
        found += read_definitions(path, lexed, scopes.statements(path).macros)
    return replace(scopes, definitions=found, _statements={})  # the conditional classes are known only now


# -- scopes where they are used


def enter(effects: Effects, macro: str, tag: str, given: Collection[str] | None) -> Entry | str | None:
    """What opening a scope does: puts credentials in force; a text says why that cannot be followed; None: neither.

    `given` are the class's arguments as texts, None where they are not known.
    """
    if macro == "__free":
        free = effects.frees.get(tag)
        return free.problem if free is not None else None
    if macro == "__cleanup":
        destructor = re.fullmatch(r"class_(\w+)_destructor", tag)
        if destructor is not None and destructor.group(1) in {*effects.classes, *effects.guards}:
            return f"a variable with the cleanup {tag}() is not followed"
        return effects.opaque.get(tag) or (f"the cleanup {tag}() changes credentials" if effects.touches(tag) else None)
    known = effects.classes.get(tag)
    if known is None:
        default = effects.guards.get(tag)
        return Entry(default) if default is not None else None
    if known.problem is not None:
        return known.problem
    if known.discipline is None:
        return None
    if given is None or len(given) != len(known.parameters):
        return f"the scope of {tag} is not given what its class asks for"
    plain = not known.via and (known.expression,) == known.parameters
    return Entry(known.discipline, "" if plain else known.credential(given), known.via)


def hides(effects: Effects, texts: Iterable[str]) -> bool:
    """Whether pieces of code call what changes credentials."""
    return any(effects.touches(word) for text in texts for word in words_of(text))
