"""Carrying out checks: each piece of work once, known results from before, every cell as soon as it can be judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Protocol

from credseries.errors import CredseriesError
from credseries.verify.model import Cell, Problem, Severity, Status
from credseries.verify.tasks import Check, Result, Task

Submit = Callable[[Task], Future[Result]]


class Results(Protocol):
    """What tasks gave before, by key."""

    def get(self, key: str) -> Result | None:
        """The result, or None when there is none that can be trusted."""

    def put(self, key: str, result: Result) -> None:
        """Keep a result."""


@dataclass(frozen=True)
class Done:
    """A task that has ended: its result, or why there is none; and the time that it took, in seconds."""

    result: Result | None
    error: CredseriesError | None = None
    seconds: float = 0.0
    cached: bool = False


class Run:
    """The checks of a series on their way. `start` submits what is not known, `cells` gives what comes of them.

    A result is kept as soon as it is there: what is interrupted goes on from it.
    """

    def __init__(self, checks: Sequence[Check], results: Results) -> None:
        self.checks = checks
        self._results = results
        self._tasks = {task.key: task for check in checks for task in check.tasks}
        self._keys = [[task.key for task in check.tasks] for check in checks]
        self._done: dict[str, Done] = {}
        for key in self._tasks:
            known = results.get(key)
            if known is not None:
                self._done[key] = Done(known, cached=True)

    @property
    def missing(self) -> list[Task]:
        """The tasks that have to run, in the order in which they are needed."""
        return [task for key, task in self._tasks.items() if key not in self._done]

    def cells(self, submit: Submit) -> Iterator[Cell]:
        """Runs what is missing and yields every check's cell, as soon as all that it needs is there."""
        waiting = list(range(len(self.checks)))
        started: dict[Future[Result], tuple[str, float]] = {}
        for task in self.missing:
            started[submit(task)] = (task.key, time.monotonic())
        while True:
            ready = [number for number in waiting if all(key in self._done for key in self._keys[number])]
            waiting = [number for number in waiting if number not in set(ready)]
            for number in ready:
                yield self._judge(number)
            if not waiting:
                return
            ended, _ = wait(started, return_when=FIRST_COMPLETED)
            for future in ended:
                self._take(future, *started.pop(future))

    def _take(self, future: Future[Result], key: str, since: float) -> None:
        try:
            result = future.result()
        except CredseriesError as error:
            self._done[key] = Done(None, error)
            return
        self._results.put(key, result)
        self._done[key] = Done(result, seconds=float(result.get("seconds", time.monotonic() - since)))

    def _judge(self, number: int) -> Cell:
        return _cell(self.checks[number], [self._done[key] for key in self._keys[number]])


def _cell(check: Check, done: Sequence[Done]) -> Cell:
    place = (check.step, check.level, check.variant)
    if check.skipped:
        return Cell(*place, Status.ERROR if check.missing else Status.SKIPPED, check.skipped)
    failed = [item.error for item in done if item.error is not None]
    if failed:
        problems = tuple(
            Problem(Severity.ERROR, error.message + (f" ({error.hint})" if error.hint else ""))
            for error in dict.fromkeys(failed)
        )
        return Cell(*place, Status.ERROR, failed[0].message, problems, check.reproduce)
    judged = check.judge([item.result for item in done if item.result is not None])
    seconds = sum(item.seconds for item in done if not item.cached)
    cached = bool(done) and all(item.cached for item in done)
    return Cell(*place, judged.status, judged.summary, judged.problems, check.reproduce, seconds, cached)
