"""Every path through a function, with the way back: what each event can run under, and a shortest path to it.

Unlike the proof, which stops where it cannot follow, a trail goes on: what people write by hand has reverts that end
overrides of another kind, callees that replace credentials, and reverts of what the caller has overridden. What is
wrong on the way is collected as slips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from credseries.creds.operations import Steps
from credseries.creds.state import State, Token
from credseries.csource.flow import Kind
from credseries.csource.function import Function


@dataclass(frozen=True)
class Credential:
    """Credentials that can be in force: `key` compares them, `words` names them for a person."""

    key: str
    words: str


CALLER = Credential("", "the caller's credentials")
REVERTED = Credential("<before the caller's override>", "what was in force before the caller's override")
COMMITTED = Credential("<committed>", "the credentials that the function committed")


Canonical = Callable[[str], str]


class SlipKind(Enum):
    """What can be wrong with a revert."""

    LEAKS = "leaks"
    DROPS = "drops"
    BY_HAND = "by hand"


@dataclass(frozen=True)
class Slip:
    """A revert, or a call that ends an override, that does not fit what it ends; `site` is what is ended (or -1)."""

    kind: SlipKind
    call: int
    site: int
    reason: str


Visit = int  # an index into Trail.visits


@dataclass
class Trail:
    """What a walk over every path found.

    `exposed` gives, for each event offset, the keys of the credentials it can run under and the first visit with each;
    `cleanups` the same by the number of the OPEN node whose scope ends, `overridden` by the offset of an override;
    `slips` every slip with its first visit; `exits` the first visit with each stack; `reached` of each flow node.
    `problem` says why not every path could be followed.
    """

    function: Function
    steps: Steps
    credentials: dict[int, Credential] = field(default_factory=dict)
    visits: list[tuple[int, State, int]] = field(default_factory=list)
    exposed: dict[int, dict[str, Visit]] = field(default_factory=dict)
    cleanups: dict[int, dict[str, Visit]] = field(default_factory=dict)
    overridden: dict[int, dict[str, Visit]] = field(default_factory=dict)
    slips: dict[Slip, Visit] = field(default_factory=dict)
    exits: dict[tuple[Token, ...], Visit] = field(default_factory=dict)
    reached: dict[int, Visit] = field(default_factory=dict)
    problem: str = ""

    def in_force(self, state: State) -> Credential:
        """The credentials in force in a state."""
        return self.credential(state.stack[-1]) if state.stack else CALLER

    def credential(self, token: Token) -> Credential:
        """What an override puts in force."""
        return REVERTED if token.site < 0 else self.credentials[token.site]

    def words(self, keys: Iterator[str] | set[str]) -> str:
        """Credentials by key, in words."""
        known = {credential.key: credential.words for credential in self.credentials.values()}
        known |= {CALLER.key: CALLER.words, REVERTED.key: REVERTED.words}
        return " or ".join(sorted(known.get(key, key) for key in keys))

    def path(self, visit: Visit) -> tuple[int, ...]:
        """The lines of a shortest path to a visit, 1-based in the file."""
        lines: list[int] = []
        while visit >= 0:
            number, _, visit = self.visits[visit]
            node = self.steps.flow.nodes[number]
            if node.kind in (Kind.ENTRY, Kind.EXIT):
                continue
            line = self.function.line(node.syntax.start_byte if node.syntax is not None else node.start)
            if not lines or lines[-1] != line:
                lines.append(line)
        return tuple(reversed(lines))
