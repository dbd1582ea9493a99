"""What a boot left: the outcome of every case, what the kernel complained about, and whether it came to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Failure:
    """A case whose outcome is wrong whatever the base kernel does."""

    case: str
    outcome: str
    wanted: str


@dataclass(frozen=True)
class BootRun:
    """One boot of a kernel with the tests.

    `outcomes` goes from a case's name to what came of it, in the order of the run; `failures` are those that are wrong
    on any kernel; `messages` are the kernel's complaints, each with its first lines; `setup` says what the tests could
    not prepare. `finished` is false when the kernel crashed or its time (`timed_out`) was over; `seconds` is wall-clock
    time and `console` all that was written.
    """

    outcomes: Mapping[str, str]
    failures: tuple[Failure, ...]
    messages: tuple[str, ...]
    setup: tuple[str, ...]
    finished: bool
    timed_out: bool
    seconds: float
    console: str

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `boot_run_from_json` reads back."""
        return {
            "outcomes": dict(self.outcomes),
            "failures": [[failure.case, failure.outcome, failure.wanted] for failure in self.failures],
            "messages": list(self.messages),
            "setup": list(self.setup),
            "finished": self.finished,
            "timed_out": self.timed_out,
            "seconds": self.seconds,
            "console": self.console,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BootRun:
        """The run that `to_json` gave; raises KeyError, TypeError or ValueError when it is something else."""
        return cls(
            outcomes={str(name): str(outcome) for name, outcome in data["outcomes"].items()},
            failures=tuple(Failure(*map(str, failure)) for failure in data["failures"]),
            messages=tuple(map(str, data["messages"])),
            setup=tuple(map(str, data["setup"])),
            finished=bool(data["finished"]),
            timed_out=bool(data["timed_out"]),
            seconds=float(data["seconds"]),
            console=str(data["console"]),
        )
