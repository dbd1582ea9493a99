"""Facts of `credseries verify`: which level must have passed, and what is known of its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.preflight.proven import Known, Verified
    from credseries.series.model import SeriesRecord
    from credseries.verify.model import Level

REQUIRED = "credseries.require"
_DEFAULT = "style"  # what b4 asks for as well: checkpatch has been run (`needs-checking`)
_NONE = "none"
_KNOWN: dict[str, Known] = {"pass": "pass", "fail": "fail"}


def required_level(repo: Repository, asked: Sequence[str] = ()) -> Level | None:
    """The deepest of the levels that must have passed, None for none: as asked, or as credseries.require says.

    Raises UsageError for a level that there is not.
    """
    from credseries.errors import UsageError
    from credseries.verify.model import Level
    from credseries.words import near

    configured = repo.config(REQUIRED)
    names = list(asked) or [name for name in (configured or _DEFAULT).replace(",", " ").split() if name]
    levels = {level.word: level for level in Level}
    found = []
    for name in names:
        if name.lower() not in (*levels, _NONE):
            place = "--require" if asked else f"git's {REQUIRED}"
            raise UsageError(
                f"{place}: there is no level {name!r}{near(name, [*levels, _NONE])}",
                hint=f"it is one of {', '.join([*levels, _NONE])}",
            )
        found += [levels[name.lower()]] if name.lower() != _NONE else []
    return max(found, default=None)


def verified(repo: Repository, record: SeriesRecord, level: Level | None) -> list[Verified]:
    """What is known of the checks of a level, by content: results of an older state of the branch are no results."""
    from credseries.cli.verify import planned, series_of, usual_request
    from credseries.mail.preflight.proven import Verified
    from credseries.verify.results import KeptResults
    from credseries.verify.run import Run

    if level is None:
        return []
    checks = planned(repo, series_of(repo, record), record, usual_request(record, level))
    results = KeptResults(repo)
    try:
        lacking = {task.key for task in Run(checks, results).missing}
        there = [check for check in checks if not any(task.key in lacking for task in check.tasks)]
        cells = {(cell.step, cell.level, cell.variant): cell for cell in Run(there, results).cells(_never)}
    finally:
        results.close()
    found = []
    for check in checks:
        cell = cells.get((check.step, check.level, check.variant))
        known: Known = "missing" if cell is None else _KNOWN.get(cell.status.value, "unchecked")
        summary = cell.summary if cell is not None else ""
        found.append(Verified(check.level.word, check.step, check.variant, known, summary))
    return found


def _never(task: Any) -> Any:
    raise AssertionError(f"nothing is run here, not {task.title}")
