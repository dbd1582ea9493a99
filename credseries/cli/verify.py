"""`credseries verify`: every patch of a series proven, checked for style, compiled, built and booted."""

from __future__ import annotations

import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, Json, SeriesBase, Tree, What, open_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from credseries.cli.verify_table import Sheet
    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Series
    from credseries.series.model import SeriesRecord
    from credseries.verify.model import Level, Variant
    from credseries.verify.plan import Request
    from credseries.verify.run import Submit
    from credseries.verify.tasks import Check

SCHEMA = 1


class Depth(StrEnum):
    """How deep to check; each level includes the ones before."""

    PROOF = "proof"
    STYLE = "style"
    COMPILE = "compile"
    BUILD = "build"
    BOOT = "boot"


LevelOption = Annotated[Depth, typer.Option("--level", "-l", help="How deep; each level includes the ones before.")]
Matrix = Annotated[
    list[str] | None,
    typer.Option(
        "--matrix",
        metavar="NAME=A,B",
        help="cc=.. compilers, arch=.. architectures, config=.. files with configuration fragments; all combinations.",
        show_default="gcc and clang on this machine's architecture",
    ),
]
SameCode = Annotated[
    list[int] | None,
    typer.Option(
        "--same-code",
        metavar="N",
        help="Patch N must leave the machine code as it is, line numbers apart (a rename, a helper, a refactoring).",
        show_default="the series' patches of headers",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", min=1, help="Processes on this machine.", show_default="one a processor"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Run on a Dask cluster: pip install 'credseries[distributed]'. Who can reach the scheduler can run code "
        "on it: use tls:// outside of a network that you trust.",
        show_default="run here",
    ),
]
JUnit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML as well.", show_default="none")
]
Again = Annotated[bool, typer.Option("--again", help="Ask for no results from before, and keep none.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify", short_help="Prove, compile, build and boot every patch of a series.")(verify)


def verify(
    what: What = None,
    level: LevelOption = Depth.COMPILE,
    matrix: Matrix = None,
    same_code: SameCode = None,
    base: SeriesBase = None,
    tree: Tree = HERE,
    branch: Branch = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    junit: JUnit = None,
    again: Again = False,
    json: Json = False,
) -> None:
    """Check every patch of a series, made by credseries or by anyone, as deep as you ask for.

    \b
    proof    every function that a patch changes, over all paths (as `credseries audit`)
    style    the tree's own checkpatch.pl --strict, and the commit message
    compile  the files that a patch changes, as it leaves them: W=1, with gcc and clang,
             and sparse where it is installed; new warnings fail
    build    kbuild of the directories that the series changes, at every commit
    boot     User Mode Linux of the base and of the last patch: overlay mounts, a few thousand
             operations as root and as somebody else, the same outcomes, a clean log

    Nothing is checked out: files are taken from git's objects, and your work tree is never written to. The kernel's
    source and configured build directories are kept in ~/.cache/credseries/verify (some GB; delete it when you like).
    Results are kept in the git directory by content: what has not changed is not done again.

    What cannot be run here (no clang, no headers for User Mode Linux) is named with the package to install, and the
    rest runs. Exits with 1 when a check fails, and with 4 when something could not be checked and all else passes.

    \b
    Examples:
      credseries verify                                  the series, compiled with gcc and clang
      credseries verify --level boot
      credseries verify v6.12..topic --level proof       somebody else's commits
      b4 mbox -o- MESSAGE-ID | credseries verify - --base v6.12
      credseries verify HEAD~1.. --same-code 1           a rename changes no code
      credseries verify --matrix cc=gcc,clang-19 --matrix arch=x86_64,arm64
      credseries verify --junit verify.xml --json > verify.json
    """
    from credseries.verify.model import Level
    from credseries.verify.plan import Request

    repo = open_repository(tree)
    series, record = _series(repo, what or [], branch, base)
    variants = _variants(matrix or []) if level not in (Depth.PROOF, Depth.STYLE) else ()
    for remark in series.remarks:
        render.complain(render.printable(f"note: {remark}"))
    numbers = _numbers(same_code, series) if same_code is not None else _helpers(record)
    request = Request(Level[level.name], variants, tuple(numbers))
    sheet = _run(repo, series, record, request, jobs, scheduler, again=again, quiet=json)
    if junit is not None:
        from credseries.verify.junit import write_junit

        write_junit(series, list(sheet.cells.values()), junit)
    _finish(sheet, series, level, variants, json=json)


def _series(
    repo: Repository, what: list[str], branch: str | None, base: str | None
) -> tuple[Series, SeriesRecord | None]:
    """What is to be checked, and its record when it is a series that `credseries split` made."""
    from credseries.errors import NotASeries, UsageError
    from credseries.kernel.series_source import read_series
    from credseries.series import saved

    if what and branch is not None:
        raise UsageError("--branch and a range or patches are given", hint="give one of them")
    name = branch if not what else what[0] if len(what) == 1 and what[0] in saved.branches(repo) else None
    if not what or (name is not None and base is None):
        try:
            record = saved.load(repo, name)
        except NotASeries as error:
            if what or branch is not None:
                raise
            raise NotASeries(error.message, hint=f"{error.hint}, or name what to verify: RANGE, MBOX") from error
        return series_of(repo, record), record
    return read_series(repo, what, base, sys.stdin.buffer.read), None


def _numbers(asked: list[int], series: Series) -> list[int]:
    """Patches that were asked for by number; raises UsageError."""
    from credseries.errors import UsageError

    there = [step.number for step in series.steps]
    for number in asked:
        if number not in there:
            raise UsageError(f"there is no patch {number}", hint=f"the series has {there[0]} to {there[-1]}")
    return asked


def _helpers(record: SeriesRecord | None) -> list[int]:
    """The patches of a series that only give headers what others use: as long as nobody does, no code changes."""
    if record is None:
        return []
    patches = (patch for patch in record.patches if patch.key and not patch.sites)
    return [patch.index for patch in patches if all(file.endswith(".h") for file in patch.files)]


def _variants(specs: list[str]) -> tuple[Variant, ...]:
    from credseries.verify.kbuild.toolchains import parse_matrix

    return parse_matrix(specs, lambda path: Path(path).read_text(encoding="utf-8"))


def _moves(repo: Repository, record: SeriesRecord | None) -> list[tuple[str, str]]:
    """The calls that the author of a series has allowed to move, as (path, pattern)."""
    from credseries.series.recipe import load_recipe

    if record is None:
        return []
    recipe = load_recipe(record.recipe, repo.work_tree)
    topics = [(path, pattern) for topic in recipe.topics for path in topic.paths for pattern in topic.moves]
    return [*topics, *(("", pattern) for pattern in record.selection.moves)]


def planned(repo: Repository, series: Series, record: SeriesRecord | None, request: Request) -> list[Check]:
    """The checks of a series, with the calls allowed to move that its record allows."""
    from credseries.review.audit_task import audit_task
    from credseries.verify.plan import plan

    return plan(repo, series, request, audit_task(repo, series), allowed_moves(repo, record), shutil.which)


def allowed_moves(repo: Repository, record: SeriesRecord | None) -> Callable[[str, str], bool]:
    """Whether the author of a series has allowed a call (file, name) to move."""
    from credseries.verify.levels.proof import allowed

    return allowed(_moves(repo, record))


def usual_request(record: SeriesRecord | None, level: Level) -> Request:
    """What is asked for when `credseries verify` is given a level and nothing else."""
    from credseries.verify.model import Level
    from credseries.verify.plan import Request

    return Request(level, usual_variants() if level > Level.STYLE else (), tuple(_helpers(record)))


def usual_variants() -> tuple[Variant, ...]:
    """The compilers and architectures of a run without --matrix."""
    return _variants([])


def series_of(repo: Repository, record: SeriesRecord) -> Series:
    """A series on its branch as something to verify."""
    from credseries.kernel.series_source import from_range

    return from_range(repo, f"{record.start}..{record.patches[-1].commit}", None)


def _run(
    repo: Repository,
    series: Series,
    record: SeriesRecord | None,
    request: Request,
    jobs: int | None,
    scheduler: str | None,
    *,
    again: bool,
    quiet: bool,
) -> Sheet:
    """Carry out all checks and show how it goes."""
    from credseries.cli.verify_table import Sheet, filling
    from credseries.verify.once import cache_directory
    from credseries.verify.plan import columns
    from credseries.verify.results import KeptResults, NoResults
    from credseries.verify.run import Run
    from credseries.verify.tasks import Place

    checks = planned(repo, series, record, request)
    places = [(check.step, (check.level, check.variant)) for check in checks]
    arches = {variant.arch for variant in request.variants}
    sheet = Sheet(series, columns(checks), places, arches.pop() if len(arches) == 1 else "")
    processes = jobs or os.cpu_count() or 1
    results: KeptResults | NoResults = NoResults() if again else KeptResults(repo)
    try:
        run = Run(checks, results)
        place = Place(repo, cache_directory(os.environ.get), processes)
        with _executor(place, series, processes, scheduler, len(run.missing)) as submit:
            if quiet:
                with render.working("verifying"):
                    for cell in run.cells(submit):
                        sheet.add(cell)
            else:
                with filling(sheet) as update:
                    for cell in run.cells(submit):
                        sheet.add(cell)
                        update()
    finally:
        results.close()
    return sheet


def _executor(
    place: Any, series: Series, processes: int, scheduler: str | None, work: int
) -> AbstractContextManager[Submit]:
    if scheduler is None or not work:
        from credseries.verify.executors.local import local

        return local(place, max(1, min(processes, work)))
    from credseries.verify.executors.cluster import dask
    from credseries.verify.executors.shipping import make_shipment

    states = [state for step in series.steps for state in (step.before, step.after)]
    return dask(scheduler, make_shipment(place.repo, series.base, states))


def _finish(sheet: Sheet, series: Series, level: Depth, variants: Sequence[Variant], *, json: bool) -> None:
    from credseries.cli.verify_table import closing, show_problems
    from credseries.verify.model import Status

    if json:
        render.as_json(as_json(sheet, series, level, variants))
    else:
        show_problems(sheet)
        render.say("\n" + closing(sheet))
    statuses = {cell.status for cell in sheet.cells.values()}
    if Status.FAIL in statuses:
        raise typer.Exit(1)
    if statuses & {Status.ERROR, Status.SKIPPED}:
        raise typer.Exit(4)


def as_json(sheet: Sheet, series: Series, level: Depth, variants: Sequence[Variant]) -> dict[str, Any]:
    """The `verify` contract, schema 1."""
    order = {key: number for number, key in enumerate(sheet.columns)}
    cells = sorted(sheet.cells.values(), key=lambda cell: (cell.step, order[cell.level, cell.variant]))
    return {
        "schema": SCHEMA,
        "level": level.value,
        "base": series.base,
        "variants": [
            {"label": item.label, "cc": item.cc, "arch": item.arch, "config": item.config} for item in variants
        ],
        "patches": [
            {"patch": step.number, "subject": step.subject, "commit": step.commit or None} for step in series.steps
        ],
        "cells": [cell.to_json() for cell in cells],
    }
