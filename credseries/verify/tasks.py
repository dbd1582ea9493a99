"""A piece of work that any process on any machine can do: what it needs is in it, or found by its content.

A check of a patch (a cell of the table) is judged from the results of one or more tasks. Equal tasks have equal keys,
so what several checks need is done once, and what was done before is not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from credseries.kernel.git import Repository
from credseries.verify.model import Level, Problem, Status

Result = dict[str, Any]  # what JSON can hold


@dataclass(frozen=True)
class Place:
    """Where a task runs: a repository that has its objects, a directory for what is made once and used again (source
    trees, configured build directories), and how many jobs a `make` may start."""

    repo: Repository
    cache: Path
    jobs: int


class Task(Protocol):
    """A frozen dataclass that can be pickled.

    `run` gives a result that depends on nothing but what `key` is made from, times apart. It may be called in several
    processes at once, also with the same cache, and leaves nothing running when it is interrupted. What cannot be
    carried out is a CredseriesError; what the task finds about a patch is a result.
    """

    @property
    def key(self) -> str:
        """The content key: the same for tasks with the same result, and for no others."""

    @property
    def title(self) -> str:
        """What is being done, in a few words."""

    def run(self, place: Place) -> Result:
        """Do it."""


@dataclass(frozen=True)
class Judgement:
    """What the results of a check's tasks say about its patch."""

    status: Status
    summary: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Check:
    """A cell of the table before it is filled: the patch's number, the level, the variant's label, and what is to be
    done for it. `judge` gets the results in the order of `tasks`. With `skipped` there is nothing to do, and that says
    why; `missing` is what has to be installed, if that is the reason."""

    step: int
    level: Level
    variant: str
    tasks: tuple[Task, ...]
    judge: Callable[[Sequence[Result]], Judgement]
    reproduce: str = ""
    skipped: str = ""
    missing: bool = False


def left_out(step: int, level: Level, variant: str, why: str, *, missing: bool = False) -> Check:
    """A check that is not carried out, and why; `missing`: something has to be installed."""
    return Check(step, level, variant, (), lambda _: Judgement(Status.SKIPPED, why), skipped=why, missing=missing)


def needless(step: int, level: Level, variant: str, why: str) -> Check:
    """A check for which there is nothing to do, and which so passes."""
    return Check(step, level, variant, (), lambda _: Judgement(Status.PASS, why))
