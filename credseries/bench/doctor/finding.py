"""What the doctor says of one thing: how it is, where that was read, why it matters, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a thing is: as it should be, less than that, not there at all, or nobody knows."""

    OK = "ok"
    LIMITED = "limited"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing of a machine that measurements depend on.

    `what` is its name, for people and programs. `evidence` is what was seen, and where. `why` is what it means for a
    series that relieves a contended cache line; `advice` is what to do, and is empty when it is as it should be.
    """

    what: str
    state: State
    evidence: str
    why: str
    advice: str = ""


def finding(what: str, state: State, evidence: str, *, why: str, advice: str) -> Finding:
    """A finding that gives its advice only where there is something to do."""
    return Finding(what, state, evidence, why, "" if state is State.OK else advice)
