"""What a program says about its functions, as the audit asks for it: effects, meanings, steps. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from credseries.creds.audit.canonical import Canon, Meaning, meaning, single_values
from credseries.creds.audit.follow import follow
from credseries.creds.audit.trail import Trail
from credseries.creds.effects import CREDENTIALS, Effects
from credseries.creds.operations import Steps
from credseries.creds.program import Program, SourceFile
from credseries.creds.steps import read_steps
from credseries.csource.function import Function, Variant

_HEADER = "include/linux/cred.h"
_MACRO = re.compile(rb"[ \t]*#[ \t]*define[ \t]+(\w+)\([^)]*\)(.*)", re.DOTALL)
_READS = re.compile(rb"\bcurrent\s*->\s*cred\b|\bcurrent_cred\s*\(")
_CURRENT_READERS = ("current_cred", "get_current_cred")

Find = Callable[[str], Function | None]


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

    def __post_init__(self) -> None:
        self.readers = _readers(self.program.files.get(_HEADER))

    # -- what calls do

    def effects(self, path: str) -> Effects:
        """The effects table that holds in a file."""
        if path not in self._effects:
            self._effects[path] = self.program.effects(path)
        return self._effects[path]

    def meaning(self, name: str, path: str) -> Meaning | None:
        """What a call of a name in a file stands for."""
        key = (name, path)
        if key not in self._meanings:
            self._meanings[key] = None  # a function that stands for itself ends here
            if name.isidentifier() and name not in CREDENTIALS.overrides:
                function = self.program.definition(name, path) or self.elsewhere(name)
                primitives = frozenset(CREDENTIALS.overrides)
                self._meanings[key] = meaning(function, primitives) if function is not None else None
        return self._meanings[key]

    def steps(self, function: Function, variant: Variant) -> Steps:
        """What each step of a function variant does."""
        return read_steps(variant, self.effects(function.path))

    def canon(self, function: Function, variant: Variant, renamed: dict[str, str] | None = None) -> Canon:
        """Makes expressions of a function comparable; `renamed` gives its names in the other version."""
        return Canon(self.meaning, function.path, single_values(variant), renamed or {})

    def trail(self, function: Function, variant: Variant, steps: Steps, canon: Canon) -> Trail:
        """Every path through a function variant."""
        return follow(function, steps, self.effects(function.path), canon.of, variant.parameters, self.readers)
