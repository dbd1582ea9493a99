"""What is checked of a series and what came of it: levels, variants, cells of the table, problems."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Level(IntEnum):
    """How deep a series is checked; each level includes the ones before."""

    PROOF = 1
    STYLE = 2
    COMPILE = 3
    BUILD = 4
    BOOT = 5

    @property
    def word(self) -> str:
        """The level's name as people write it."""
        return self.name.lower()


class Status(StrEnum):
    """What came of a check; an `error` says nothing about the patch: the check itself could not be carried out."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    SKIPPED = "skipped"


class Severity(StrEnum):
    """How bad a problem is: an error fails its check, and so does a warning that the patch brings."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Variant:
    """One way to compile a kernel: a compiler, an architecture (as the kernel's ARCH names it), and a configuration.

    `config` is the name of the configuration fragment (empty for none) and `fragment` is its text.
    """

    cc: str
    arch: str
    config: str = ""
    fragment: str = ""

    @property
    def label(self) -> str:
        """What tells it from the others, for people."""
        return " ".join(part for part in (self.cc, self.arch, self.config) if part)


@dataclass(frozen=True)
class Problem:
    """Something that a check found. `line` is 1-based in the file as the patch leaves it (0: no line), and `source` is
    the text of that line."""

    severity: Severity
    message: str
    file: str = ""
    line: int = 0
    source: str = ""

    @property
    def lines(self) -> list[str]:
        """The problem for a person: the place and the message's first line, the source, the rest of the message."""
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        first, *rest = self.message.split("\n")
        source = [f"  {self.line} | {self.source.strip()}"] if self.source.strip() else []
        return [f"{place}{self.severity.value}: {first}", *source, *(f"  {line}" for line in rest)]

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `problem_from_json` reads back."""
        return {
            "severity": self.severity.value,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "source": self.source,
        }


def problem_from_json(data: dict[str, Any]) -> Problem:
    """The problem that `Problem.to_json` gave; raises KeyError, TypeError or ValueError on anything else."""
    return Problem(**{**data, "severity": Severity(data["severity"])})


@dataclass(frozen=True)
class Cell:
    """What came of one check of one patch: `variant` is empty where compilers do not matter.

    `step` is the patch's number; 0 stands for the base or the series as a whole. `reproduce` is a command line for a
    person, `seconds` is what it took when it ran, and `cached` says that this was another time.
    """

    step: int
    level: Level
    variant: str
    status: Status
    summary: str
    problems: tuple[Problem, ...] = ()
    reproduce: str = ""
    seconds: float = 0.0
    cached: bool = False

    def to_json(self) -> dict[str, Any]:
        """The cell in the `verify` contract, schema 1."""
        return {
            "patch": self.step,
            "level": self.level.word,
            "variant": self.variant,
            "status": self.status.value,
            "summary": self.summary,
            "problems": [problem.to_json() for problem in self.problems],
            "reproduce": self.reproduce,
            "seconds": round(self.seconds, 3),
            "cached": self.cached,
        }
