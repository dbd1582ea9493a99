"""What `credseries verify` has found so far, of all its levels; nothing is run here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from credseries.review.report.model import Check, Standing, State

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Series
    from credseries.series.model import SeriesRecord
    from credseries.verify.model import Cell

_STATES = {"pass": State.PASS, "fail": State.FAIL, "error": State.OPEN, "skipped": State.OPEN}
_PROOF = "proof"


def known_checks(repo: Repository, series: Series, record: SeriesRecord | None) -> dict[int, list[Check]]:
    """The checks of each patch (0: of the series) at every level, as far as they are known by content."""
    from credseries.cli.verify import planned, usual_request
    from credseries.verify.model import Level
    from credseries.verify.results import KeptResults
    from credseries.verify.run import Run

    checks = planned(repo, series, record, usual_request(record, Level.BOOT))
    results = KeptResults(repo)
    try:
        lacking = {task.key for task in Run(checks, results).missing}
        there = [check for check in checks if not any(task.key in lacking for task in check.tasks)]
        cells = {(cell.step, cell.level, cell.variant): cell for cell in Run(there, results).cells(_never)}
    finally:
        results.close()
    found: dict[int, list[Check]] = {}
    for check in checks:
        cell = cells.get((check.step, check.level, check.variant))
        made = _check(cell) if cell is not None else _open(check.level.word, check.variant)
        found.setdefault(check.step, []).append(made)
    return found


def _check(cell: Cell) -> Check:
    problems = tuple(line for problem in cell.problems for line in problem.lines)
    state = _STATES[cell.status.value]
    return Check(cell.level.word, cell.variant, state, cell.summary, problems, cell.reproduce)


def _open(level: str, variant: str) -> Check:
    return Check(level, variant, State.OPEN, "not checked yet", (), f"credseries verify --level {level}")


def _never(task: Any) -> Any:
    raise AssertionError(f"nothing is run here, not {task.title}")


def proof_standing(checks: Sequence[Check], rejected: str) -> Standing:
    """Whether a patch is proven."""
    if rejected:
        return Standing(State.FAIL, rejected)
    mine = [check for check in checks if check.level == _PROOF]
    if not mine:
        return Standing(State.NONE, "nothing to prove")
    check = mine[0]
    words = {State.PASS: check.summary, State.FAIL: check.summary}.get(check.state, "not checked")
    return Standing(check.state, words)


def build_standing(checks: Sequence[Check]) -> Standing:
    """What has come of compiling, building and booting a patch, and of its style; what nobody asked for is not open."""
    levels: dict[str, set[State]] = {}
    for check in checks:
        if check.level != _PROOF:
            levels.setdefault(check.level, set()).add(check.state)
    if not levels:
        return Standing(State.NONE, "nothing to build")
    failing = [level for level, states in levels.items() if State.FAIL in states]
    if failing:
        return Standing(State.FAIL, f"{', '.join(failing)} fails")
    done = [level for level, states in levels.items() if states == {State.PASS}]
    if any(level != "style" for level in done):
        return Standing(State.PASS, ", ".join(done))
    return Standing(State.OPEN, f"{', '.join(done)} only" if done else "not checked")


def required_checks(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks that are worth a line: those of a level of which something is known."""
    known = {check.level for check in checks if check.state is not State.OPEN or check.problems}
    return tuple(check for check in checks if check.level in known)
