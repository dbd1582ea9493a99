"""What a program says about its functions, as the audit asks for it: effects, meanings, outcomes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from credseries.creds.canonical import Canon, Meaning, meaning, single_values
from credseries.creds.effects import CREDENTIALS, Discipline, Effects
from credseries.creds.follow import follow, outcome_of
from credseries.creds.operations import Steps, read_steps
from credseries.creds.program import Program, SourceFile
from credseries.creds.trail import Outcome, Trail
from credseries.csource.function import Function, Variant

_HEADER = "include/linux/cred.h"
_STATIC = re.compile(rb"\bstatic\b")
_MACRO = re.compile(rb"[ \t]*#[ \t]*define[ \t]+(\w+)\([^)]*\)(.*)", re.DOTALL)
_READS = re.compile(rb"\bcurrent\s*->\s*cred\b|\bcurrent_cred\s*\(")
_CURRENT_READERS = ("current_cred", "get_current_cred")

Find = Callable[[str], Function | None]


def uncounted(effects: Effects) -> Effects:
    """The table for a tree whose `override_creds()` takes no reference: every override is as light as the others."""
    return replace(
        effects,
        overrides=dict.fromkeys(effects.overrides, Discipline.LIGHT),
        reverts=dict.fromkeys(effects.reverts, Discipline.LIGHT),
        guards=dict.fromkeys(effects.guards, Discipline.LIGHT),
    )


def _is_local(function: Function) -> bool:
    """Whether only its own file can call a function."""
    head = function.code[: function.code.find(b"{")]
    return _STATIC.search(head) is not None and not function.path.endswith(".h")


def _readers(header: SourceFile | None) -> frozenset[str]:
    """The functions and macros of the credential header that read the task's current credentials."""
    if header is None:
        return frozenset(_CURRENT_READERS)
    bodies: dict[str, bytes] = {}
    for span in header.lexed.directives(0, len(header.source)):
        match = _MACRO.match(header.source, span.start, span.end)
        if match is not None:
            bodies[match.group(1).decode()] = match.group(2)
    for extent in header.extents:
        bodies[extent.name] = header.lexed.code[extent.body : extent.end]
    found: set[str] = set()
    while True:
        pattern = b"|".join(re.escape(name.encode()) for name in found)
        calls = re.compile(rb"\b(?:" + pattern + rb")\s*\(") if found else None
        more = {
            name
            for name, body in bodies.items()
            if name not in found and (_READS.search(body) or (calls is not None and calls.search(body)))
        }
        if not more:
            return frozenset(found | set(_CURRENT_READERS))
        found |= more


@dataclass
class Reading:
    """A program (run already) and what the audit needs to know of it.

    `elsewhere` finds a function that none of the program's files defines, where its expression may matter.
    """

    program: Program
    elsewhere: Find = lambda _: None
    readers: frozenset[str] = frozenset()
    _effects: dict[str, Effects] = field(default_factory=dict)
    _meanings: dict[tuple[str, str], Meaning | None] = field(default_factory=dict)
    _outcomes: dict[tuple[str, str], frozenset[Outcome] | None] = field(default_factory=dict)
    _defined: dict[str, list[Function]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.readers = _readers(self.program.files.get(_HEADER))

    # -- definitions

    def _definitions(self, name: str) -> list[Function]:
        if name not in self._defined:
            self._defined[name] = [
                file.function(extent)
                for file in self.program.files.values()
                if name.encode() in file.source
                for extent in file.extents
                if extent.name == name
            ]
        return self._defined[name]

    def definition(self, name: str, path: str) -> Function | None:
        """The function that a name means in a file, if the program has it: the file's own comes first."""
        found = self._definitions(name)
        own = [item for item in found if item.path == path]
        visible = own or [item for item in found if not _is_local(item)]
        return visible[0] if visible else None

    # -- what calls do

    def effects(self, path: str) -> Effects:
        """The effects table that holds in a file."""
        if path not in self._effects:
            self._effects[path] = self._read_effects(path)
        return self._effects[path]

    def _read_effects(self, path: str) -> Effects:
        table = self.program.effects(path)
        overrides = dict(table.overrides)
        opaque = dict(table.opaque)
        for name in table.opaque:
            known = self.meaning(name, path)
            if known is not None and known.puts_in_force:
                overrides[name] = CREDENTIALS.overrides[known.puts_in_force]
                if table.overrides["override_creds"] is Discipline.LIGHT:
                    overrides[name] = Discipline.LIGHT
                del opaque[name]
        return replace(table, overrides=overrides, opaque=opaque)

    def meaning(self, name: str, path: str) -> Meaning | None:
        """What a call of a name in a file stands for."""
        key = (name, path)
        if key not in self._meanings:
            self._meanings[key] = None  # a function that stands for itself ends here
            if name.isidentifier() and name not in CREDENTIALS.overrides:
                function = self.definition(name, path) or self.elsewhere(name)
                primitives = frozenset(CREDENTIALS.overrides)
                self._meanings[key] = meaning(function, primitives) if function is not None else None
        return self._meanings[key]

    def outcomes(self, name: str, path: str) -> frozenset[Outcome] | None:
        """What a call of a name in a file can do to the credentials in force; None when that is not known."""
        function = self.definition(name, path)
        if function is None or function.unreadable is not None or len(function.variants) != 1:
            return None
        key = (name, function.path)
        if key not in self._outcomes:
            self._outcomes[key] = None  # a function that calls itself
            variant = function.variants[0]
            steps = self.steps(function, variant)
            if not variant.flow.unsupported and not steps.unfollowed:
                found = outcome_of(self.trail(function, variant, steps, Canon(self.meaning, function.path)))
                named = f"what {name}() puts in force"
                self._outcomes[key] = found if found is None else frozenset(_named(item, named) for item in found)
        return self._outcomes[key]

    def steps(self, function: Function, variant: Variant) -> Steps:
        """What each step of a function variant does."""
        return read_steps(variant, self.effects(function.path))

    def canon(self, function: Function, variant: Variant, renamed: dict[str, str] | None = None) -> Canon:
        """Makes expressions of a function comparable; `renamed` gives its names in the other version."""
        return Canon(self.meaning, function.path, single_values(variant), renamed or {})

    def trail(self, function: Function, variant: Variant, steps: Steps, canon: Canon) -> Trail:
        """Every path through a function variant."""
        path = function.path
        return follow(
            function,
            steps,
            self.effects(path),
            canon.of,
            lambda name: self.outcomes(name, path),
            variant.parameters,
            self.readers,
        )


def _named(outcome: Outcome, words: str) -> Outcome:
    """An outcome in words that mean something to the caller, who does not know the callee's variables."""
    if outcome.puts is None:
        return outcome
    credential, discipline = outcome.puts
    return replace(outcome, puts=(replace(credential, key=words, words=words), discipline))
