"""`credseries bench`: from what benchmarks printed to numbers that a reviewer believes."""

from __future__ import annotations

from typing import ClassVar

import typer

from credseries.cli.lazy import LazyGroup, Listed


class _Commands(LazyGroup):
    """The commands in the order of their use. (A module that is named like a builtin would hide it here.)"""

    listed: ClassVar = {
        "doctor": Listed(f"{__name__}.doctor", "Say what this machine can measure, and what not."),
        "workload": Listed(f"{__name__}.workload", "Make the contention that the series removes."),
        "run": Listed(f"{__name__}.run", "Run a benchmark, under two kernels or programs in turns."),
        "add": Listed(f"{__name__}.add", "Keep what a benchmark wrote, with where it is from."),
        "edit": Listed(f"{__name__}.edit", "Say later where records are from."),
        "list": Listed(f"{__name__}.list_", "List the records there are."),
        "show": Listed(f"{__name__}.show", "Say what the records of a benchmark show."),
        "chart": Listed(f"{__name__}.chart", "Draw pictures of what the records show."),
        "export": Listed(f"{__name__}.export", "Write records to one file."),
        "import": Listed(f"{__name__}.import_", "Take over records from a file."),
        "remove": Listed(f"{__name__}.remove", "Remove records."),
    }


_bench = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Measure what a series brings, and say it with numbers that a reviewer believes.

    \b
    The whole way, with the kernels that `credseries ablate` makes branches for:
      credseries bench doctor               what this machine can measure
      credseries bench workload             programs that make the contention
      credseries bench run --help           run a benchmark, under two kernels in turns
      credseries bench add --role base --label web --here base-*.json
      credseries bench add --role patched --label web --here patched-*.json
      credseries bench add --role without:overlayfs --label web --here without-*.json
      credseries bench show web             what changed, by how much, how sure that is
      credseries cover --bench web          the letter, with the numbers in it

    A record is what was measured of one kernel: metrics with their values, reports of perf c2c, and the machine, the
    workload, the kernel and the number of runs, without which numbers say nothing. Records with the same label are
    compared. They are kept in the git directory; `export` and `import` take them from one machine to another.
    """,
)


def add_to(app: typer.Typer) -> None:
    """Add the command and the commands below it."""
    app.add_typer(_bench, name="bench", short_help="Measure what the series brings.")
