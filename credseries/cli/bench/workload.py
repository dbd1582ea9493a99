"""`credseries bench workload`: programs that make the contention which the series removes, built and run here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from credseries import render

Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="The workload to run.", show_default="list what there is")
]
ShowSource = Annotated[
    bool, typer.Option("--source", help="Print the program's C source, one file that builds anywhere, and run nothing.")
]
Tasks = Annotated[
    str | None,
    typer.Option(
        "--tasks", "--threads", metavar="N[,N]...", help="Numbers of threads or processes, in turns.", show_default="1"
    ),
]
Runs = Annotated[
    str | None, typer.Option("--runs", metavar="R", help="Runs for each number of tasks.", show_default="5")
]
Seconds = Annotated[
    str | None, typer.Option("--seconds", metavar="S", help="How long each run counts.", show_default="1")
]
FormOption = Annotated[str | None, typer.Option("--form", metavar="FORM", help="counter: refcounted or light.")]
Work = Annotated[
    str | None,
    typer.Option("--work", metavar="N", help="counter: turns of an empty loop under each override.", show_default="0"),
]
Operation = Annotated[str | None, typer.Option("--op", metavar="OP", help="overlay: access, open, read or stat.")]
Mode = Annotated[
    str | None,
    typer.Option("--mode", metavar="MODE", help="overlay: tasks are processes or threads.", show_default="processes"),
]
Files = Annotated[
    str | None, typer.Option("--files", metavar="M", help="overlay: files of each task.", show_default="16")
]
SameFiles = Annotated[
    bool, typer.Option("--same-files", help="overlay: all tasks use the same files, and contend for these too.")
]
Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory",
        metavar="DIR",
        help="overlay: make the files in DIR, on an overlay of yours.",
        show_default="on an overlay in memory that nobody else sees",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("workload", short_help="Make the contention that the series removes.")(workload)


def workload(
    name: Name = None,
    form: FormOption = None,
    op: Operation = None,
    tasks: Tasks = None,
    runs: Runs = None,
    seconds: Seconds = None,
    work: Work = None,
    mode: Mode = None,
    files: Files = None,
    same_files: SameFiles = False,
    directory: Directory = None,
    source: ShowSource = False,
) -> None:
    """Build and run a small program that makes the contention which the series removes; it prints CSV.

    \b
    counter  a model of the usage counter, in user space: it needs no kernel to compare,
             and shows the most that the two forms of an override can differ
    overlay  system calls on files of an overlay mount, which it mounts for itself where it
             may: as root, or in a user namespace. Nobody else sees that mount, and it is gone
             when the program ends

    Tasks are bound to a processor each, as long as there are enough; --pin of `credseries bench run`, or taskset, says
    which. The program is compiled with gcc, or $CC, and kept in ~/.cache/credseries/bench.

    \b
    Examples:
      credseries bench workload
      credseries bench workload counter --form light --tasks 1,2,4
      credseries bench workload overlay --op access --tasks 1,8,64 --runs 10 \\
          | credseries bench add --role patched --label access -
      credseries bench workload overlay --source > overlay.c    for a machine without credseries
    """
    if name is None:
        _list()
        return
    from credseries.bench.workloads import find
    from credseries.bench.workloads.build import build, cache_directory

    chosen = find(name)
    if source:
        render.data(chosen.source)
        return
    values = {
        "form": form,
        "op": op,
        "tasks": tasks,
        "runs": runs,
        "seconds": seconds,
        "work": work,
        "mode": mode,
        "files": files,
        "directory": str(directory) if directory is not None else None,
    }
    given = [(option, value) for option, value in values.items() if value is not None]
    arguments = chosen.arguments([*given, *([("same-files", None)] if same_files else [])])
    program = build(chosen.name, chosen.source, cache_directory(os.environ.get), os.environ.get)
    sys.stdout.flush()
    # The program takes this one's place: what is measured, bound to processors or ended from outside is itself.
    os.execv(program, [chosen.name, *arguments])


def _list() -> None:
    from credseries.bench.workloads import WORKLOADS

    for line in render.columns([(item.name, item.sentence) for item in WORKLOADS]):
        render.say(line)
    render.say("\nOptions of each: credseries bench workload --help. C source: credseries bench workload NAME --source")
