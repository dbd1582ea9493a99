"""Checks are carried out: each piece of work once, what is known not again, cells as soon as they can be judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from credseries.errors import EnvironmentProblem
from credseries.kernel.git import Repository
from credseries.verify.model import Cell, Level, Status
from credseries.verify.results import KeptResults
from credseries.verify.run import Run
from credseries.verify.tasks import Check, Judgement, Place, Result, Task


@dataclass(frozen=True)
class Work:
    """A task that gives its name, or fails."""

    key: str
    fails: str = ""

    @property
    def title(self) -> str:
        return self.key

    def run(self, place: Place) -> Result:  # noqa: ARG002
        if self.fails:
            raise EnvironmentProblem(self.fails, hint="mend it")
        return {"name": self.key}


@dataclass
class Memory:
    """Results in memory, and who asked for them."""

    kept: dict[str, Result] = field(default_factory=dict)

    def get(self, key: str) -> Result | None:
        return self.kept.get(key)

    def put(self, key: str, result: Result) -> None:
        self.kept[key] = result


def names(results: Sequence[Result]) -> Judgement:
    return Judgement(Status.PASS, " ".join(result["name"] for result in results))


def check(step: int, *tasks: Task, **more: object) -> Check:
    return Check(step, Level.COMPILE, "gcc", tasks, names, "make", **more)  # type: ignore[arg-type]


def at_once(started: list[str]) -> Callable[[Task], Future[Result]]:
    """Runs a task when it is submitted, and notes it."""

    def submit(task: Task) -> Future[Result]:
        started.append(task.key)
        future: Future[Result] = Future()
        try:
            future.set_result(task.run(Place(None, Path(), 1)))  # type: ignore[arg-type]
        except EnvironmentProblem as error:
            future.set_exception(error)
        return future

    return submit


def test_work_that_two_checks_need_is_done_once() -> None:
    started: list[str] = []
    run = Run([check(1, Work("a"), Work("b")), check(2, Work("b"), Work("c"))], Memory())
    cells = list(run.cells(at_once(started)))
    assert started == ["a", "b", "c"]
    assert [(cell.step, cell.summary) for cell in cells] == [(1, "a b"), (2, "b c")]


def test_what_is_known_is_not_done_again_and_says_so() -> None:
    results, started = Memory(), []
    list(Run([check(1, Work("a"))], results).cells(at_once([])))
    run = Run([check(1, Work("a")), check(2, Work("a"), Work("b"))], results)
    assert [task.key for task in run.missing] == ["b"]
    cells = list(run.cells(at_once(started)))
    assert started == ["b"]
    assert [(cell.step, cell.cached) for cell in cells] == [(1, True), (2, False)]


def test_a_check_that_needs_no_work_is_there_at_once() -> None:
    run = Run([check(1), check(2, skipped="nothing to compile"), check(3, skipped="no clang", missing=True)], Memory())
    cells = list(run.cells(at_once([])))
    assert [cell.status for cell in cells] == [Status.PASS, Status.SKIPPED, Status.ERROR]
    assert [cell.cached for cell in cells] == [False, False, False]


def test_work_that_cannot_be_done_is_no_verdict_on_the_patch_and_the_rest_goes_on() -> None:
    results = Memory()
    run = Run([check(1, Work("a", fails="no disk")), check(2, Work("b"))], results)
    bad, good = sorted(run.cells(at_once([])), key=lambda cell: cell.step)
    assert (bad.status, bad.summary) == (Status.ERROR, "no disk")
    assert bad.problems[0].message == "no disk (mend it)"
    assert (good.status, good.summary) == (Status.PASS, "b")
    assert list(results.kept) == ["b"], "it is tried again next time"


def test_a_fault_of_the_program_is_not_hidden() -> None:
    def submit(task: Task) -> Future[Result]:
        future: Future[Result] = Future()
        future.set_exception(ZeroDivisionError())
        return future

    with pytest.raises(ZeroDivisionError):
        list(Run([check(1, Work("a"))], Memory()).cells(submit))


def test_results_are_kept_before_all_is_done() -> None:
    """What is interrupted goes on from there."""
    results = Memory()
    first: Future[Result] = Future()
    first.set_result({"name": "a"})
    never: Future[Result] = Future()
    futures = {"a": first, "b": never}
    cells = Run([check(1, Work("a")), check(2, Work("b"))], results).cells(lambda task: futures[task.key])
    cell: Cell = next(cells)
    assert (cell.step, list(results.kept)) == (1, ["a"])


def test_cells_come_in_the_order_in_which_they_can_be_judged() -> None:
    with ThreadPoolExecutor(2) as pool:
        place = Place(None, Path(), 1)  # type: ignore[arg-type]
        run = Run([check(number, Work(f"w{number}")) for number in range(1, 30)], Memory())
        cells = list(run.cells(lambda task: pool.submit(task.run, place)))
    assert sorted(cell.step for cell in cells) == list(range(1, 30))


def test_kept_results_are_there_again_and_damaged_ones_are_not(miniature: Path) -> None:
    repo = Repository.discover(miniature)
    results = KeptResults(repo)
    assert results.get("a") is None
    results.put("a", {"name": "a"})
    results.close()
    again = KeptResults(repo)
    assert again.get("a") == {"name": "a"}
    again.close()
    (repo.common_dir / "credseries" / "cache.sqlite").write_bytes(b"damaged")
    damaged = KeptResults(repo)
    assert damaged.get("a") is None
    damaged.put("a", {"name": "b"})
    assert damaged.get("a") == {"name": "b"}
    damaged.close()
