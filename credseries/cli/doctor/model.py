"""What the doctor has looked at: findings as those of `bench doctor`, each with the commands that depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from credseries.bench.doctor.finding import Finding, State

SCHEMA = 1


@dataclass(frozen=True)
class Check:
    """A finding, under the heading that it belongs to, and what is done without it.

    `commands` are those that need it. `needed` says that without it nothing goes: `scan` and `split` do not.
    """

    group: str
    finding: Finding
    commands: tuple[str, ...]
    needed: bool = False

    @property
    def fails(self) -> bool:
        """Whether something is missing that everything needs."""
        return self.needed and self.finding.state is State.MISSING

    def to_json(self) -> dict[str, Any]:
        """The check in the contract, schema 1 (docs in README)."""
        found = self.finding
        return {
            "group": self.group,
            "what": found.what,
            "state": found.state.value,
            "needed": self.needed,
            "commands": list(self.commands),
            "evidence": found.evidence,
            "why": found.why,
            "advice": found.advice or None,
        }


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """All checks in the contract."""
    return {
        "schema": SCHEMA,
        "ready": not any(check.fails for check in checks),
        "findings": [check.to_json() for check in checks],
    }
