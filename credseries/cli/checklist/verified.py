"""Facts of `credseries verify` for a checklist: what is known of its checks, of the same contents; nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Series
    from credseries.review.checklist.subject import Verified
    from credseries.series.model import SeriesRecord
    from credseries.verify.model import Cell
    from credseries.verify.results import KeptResults

_SHOWN = 6  # problems of a check; more are counted


def read_verified(
    repo: Repository, series: Series, record: SeriesRecord | None, kept: KeptResults
) -> dict[int, tuple[Verified, ...]]:
    """What is known of the checks of each patch, by its number; 0 is the series as a whole."""
    from credseries.cli.verify import planned, usual_variants
    from credseries.review.checklist.subject import Known, Verified
    from credseries.verify.model import Level
    from credseries.verify.plan import Request
    from credseries.verify.run import Run

    request = Request(Level.BOOT, usual_variants())
    checks = [check for check in planned(repo, series, record, request) if check.level is not Level.PROOF]
    lacking = {task.key for task in Run(checks, kept).missing}
    there = [check for check in checks if not any(task.key in lacking for task in check.tasks)]
    cells = {(cell.step, cell.level, cell.variant): cell for cell in Run(there, kept).cells(_never)}
    found: dict[int, list[Verified]] = {}
    for check in checks:
        cell = cells.get((check.step, check.level, check.variant))
        number = 0 if check.level is Level.BOOT else check.step
        known = _known(cell) if cell is not None else Known.MISSING
        summary, problems = (cell.summary, _problems(cell)) if cell is not None else ("", ())
        found.setdefault(number, []).append(
            Verified(check.level.word, check.variant, known, summary, problems, check.reproduce)
        )
    return {number: tuple(listed) for number, listed in found.items()}


def _known(cell: Cell) -> Any:
    from credseries.review.checklist.subject import Known

    known = {"pass": Known.PASS, "fail": Known.FAIL}
    return known.get(cell.status.value, Known.UNCHECKED)


def _problems(cell: Cell) -> tuple[str, ...]:
    lines = [problem.lines[0] for problem in cell.problems]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return (*lines[:_SHOWN], *more)


def _never(task: Any) -> Any:
    raise AssertionError(f"nothing is run here, not {task.title}")
