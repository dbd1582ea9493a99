"""Which checks a series gets: by level, variant and what is installed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series
from credseries.verify.levels.proof import proof_checks
from credseries.verify.levels.style import style_checks
from credseries.verify.model import Level, Variant
from credseries.verify.tasks import Check, Task


@dataclass(frozen=True)
class Request:
    """What a person asked for: the depth, the variants, and the patches (by number) whose code must not change."""

    level: Level
    variants: tuple[Variant, ...]
    same_code: tuple[int, ...] = ()


def plan(
    repo: Repository,
    series: Series,
    request: Request,
    audit: Task,
    may_move: Callable[[str, str], bool],
    which: Callable[[str], Any],
) -> list[Check]:
    """The checks of a series, in the order in which they are wanted. `which` finds a program, as shutil.which does.

    Raises GitFailed.
    """
    checks = proof_checks(series, audit, may_move)
    if request.level >= Level.STYLE:
        checks += style_checks(repo, series, perl=bool(which("perl")))
    if request.level >= Level.COMPILE:
        from credseries.verify.levels.compile import compile_checks, plan_units
        from credseries.verify.levels.same_code import same_code_checks

        units = plan_units(repo, series)
        checks += compile_checks(repo, series, request.variants, plan=units)
        checks += same_code_checks(repo, series, request.variants, request.same_code, plan=units)
    if request.level >= Level.BUILD:
        from credseries.verify.levels.build import build_checks

        checks += build_checks(repo, series, request.variants, plan=units)
    if request.level >= Level.BOOT:
        from credseries.verify.levels.boot import boot_checks

        checks += boot_checks(repo, series, request.variants)
    return checks


def columns(checks: Sequence[Check]) -> list[tuple[Level, str]]:
    """The columns of the table: levels and variants, in their order."""
    return list(dict.fromkeys((check.level, check.variant) for check in checks))
