"""`credseries bench run`: run a benchmark many times, under two kernels or programs in turns, and keep the results."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.bench.before_runs import Told, before_runs
from credseries.cli.bench.notes import note
from credseries.cli.bench.options import (
    Format,
    LabelOption,
    MachineOption,
    Workload,
    complete_role,
    parse_format,
    parse_role,
)
from credseries.cli.options import HERE, Tree, open_repository

if TYPE_CHECKING:
    from credseries.bench.model import Provenance, Record, Role
    from credseries.bench.runner.plan import Variant
    from credseries.bench.runner.result import Outcome, Take
    from credseries.bench.runner.session import Session
    from credseries.kernel.git import Repository

CommandWords = Annotated[
    list[str],
    typer.Argument(metavar="COMMAND...", help="What to run, behind --, with {} where a variant's value belongs."),
]
Runs = Annotated[int, typer.Option("--runs", metavar="N", min=1, help="Runs of each role that are kept.")]
RoleOfAll = Annotated[
    str | None,
    typer.Option(
        "--role",
        metavar="ROLE",
        help="What runs, without --variant: base, patched, or without:TOPIC.",
        autocompletion=complete_role,
    ),
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        metavar="ROLE=VALUE",
        help="Run in turns with others, with VALUE in the place of {} in COMMAND.",
        show_default="COMMAND as it is",
    ),
]
WarmUp = Annotated[
    int, typer.Option("--warm-up", metavar="N", min=0, help="Runs of each role before, which are not kept.")
]
Pin = Annotated[
    str | None,
    typer.Option("--pin", metavar="CPUS", help="Bind COMMAND to these processors: 0-3,8.", show_default="to none"),
]
Time = Annotated[
    bool, typer.Option("--time", help="What is measured is how long COMMAND takes; its output is not read.")
]
Result = Annotated[
    str,
    typer.Option(
        "--result",
        metavar="WHERE",
        help="Where COMMAND puts its result: stdout, stderr (perf stat), or the file of this name, {} replaced.",
    ),
]
Kernels = Annotated[
    list[str] | None,
    typer.Option(
        "--kernel",
        metavar="[ROLE=]RELEASE",
        help="The kernel's release.",
        show_default="the running one; with --variant not known without --here",
    ),
]
Here = Annotated[
    bool,
    typer.Option("--here", help="With --variant: all run under the kernel that is running, and are none themselves."),
]
Commits = Annotated[
    list[str] | None,
    typer.Option("--commit", metavar="[ROLE=]REV", help="The commit that the kernel was built of."),
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Of the order of runs.", show_default="a new one")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the records to a file, which `bench import` reads; no repository is needed.",
        show_default="kept in the git directory",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", short_help="Run a benchmark, under two kernels or programs in turns.")(run)


def run(
    command: CommandWords,
    label: LabelOption,
    role: RoleOfAll = None,
    variant: Variants = None,
    runs: Runs = 10,
    warm_up: WarmUp = 1,
    pin: Pin = None,
    format: Format = None,
    result: Result = "stdout",
    time: Time = False,
    workload: Workload = None,
    machine: MachineOption = None,
    kernel: Kernels = None,
    here: Here = False,
    commit: Commits = None,
    seed: Seed = None,
    output: Output = None,
    tree: Tree = HERE,
) -> None:
    """Run a benchmark many times, and keep what it measured with where, when and how that came about.

    With --role all runs are of one kernel, mostly the one that is running: boot the other one and run it again. What
    need not be booted (two programs, two modules that COMMAND loads, two kernels in virtual machines) runs in turns,
    with a --variant for each: every round has one run of each in random order, and every second round is the one
    before backwards. Then what disturbs the machine disturbs all alike, and runs are compared pair by pair.

    What COMMAND prints is read as by `credseries bench add`; with --time nothing is read, and its wall-clock time is
    measured. A run that fails ends it all, and so does Ctrl-C: then nothing is kept, and nothing goes on. Load before
    the runs, time that a hypervisor took, and processors that changed their speed are kept as warnings.

    \b
    Examples:
      credseries bench run --label storm --role base --commit v6.12 \\
          -- credseries bench workload overlay --op access --tasks 1,2 --runs 1
      credseries bench run --label model --here --variant base=refcounted --variant patched=light \\
          -- credseries bench workload counter --form {} --tasks 1,2 --runs 1
      credseries bench run --label boot --time --runs 20 --pin 0-3 --variant base=old/bzImage \\
          --variant patched=new/bzImage -- ./boot-and-bench.sh {}
      credseries bench run --label stat --role patched --result stderr -- perf stat -x, ./bench
    """
    from credseries.bench.labels import check_label
    from credseries.bench.runner.plan import processors

    check_label(label)
    known = _variants(command, role, variant or [])
    allowed = frozenset(os.sched_getaffinity(0))
    pinned = processors(pin, allowed) if pin is not None else frozenset()
    takes = _takes(known, result, parse_format(format), timed=time)
    repo = None if output is not None else open_repository(tree)
    if output is not None:
        _check_output(output)
    told = Told(workload or "", machine, tuple(kernel or []), tuple(commit or []), here=here or not variant)
    provenance = before_runs(known, repo, pinned, told)
    number = seed if seed is not None else _new_seed()
    session = _session(known, takes, pinned, runs, warm_up, number)
    _keep(_records(session, label, provenance, number), repo, output)


def _variants(command: Sequence[str], role: str | None, given: Sequence[str]) -> tuple[Variant, ...]:
    from credseries.bench.model import Role
    from credseries.bench.runner.plan import variants
    from credseries.errors import UsageError

    if given and role is not None:
        raise UsageError("--role and --variant are given", hint="a variant names its role: --variant ROLE=VALUE")
    if not given and role is None:
        raise UsageError(
            "what runs is not said", hint="give --role base or --role patched, or a --variant ROLE=VALUE for each"
        )
    return variants(command, parse_role(role) if role is not None else Role("base"), given)


def _takes(known: Sequence[Variant], result: str, format: str | None, *, timed: bool) -> Mapping[Role, Take]:
    """How the result of each role's runs is taken."""
    from credseries.bench.runner import result as results
    from credseries.bench.runner.plan import PLACE
    from credseries.errors import UsageError

    if timed:
        if format is not None or result != "stdout":
            raise UsageError(
                "--time measures the time, and reads no result", hint="leave out --time, or --format and --result"
            )
        return {item.role: results.wall_clock for item in known}
    streams = {"stdout": results.printed, "stderr": results.complained}
    if result in streams:
        return {item.role: streams[result](format) for item in known}
    return {item.role: results.written(Path(result.replace(PLACE, item.value)), format) for item in known}


def _check_output(output: Path) -> None:
    """Refuses, before hours of runs, a file that could not be written after them."""
    from credseries.errors import UsageError

    if output.exists():
        raise UsageError(f"{output} is there already", hint="name a file that is not, or remove it")
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{output} cannot be written", hint=f"is {output.parent} a directory that you may write to?")


def _new_seed() -> int:
    import secrets

    return secrets.randbelow(1 << 32)


# -- running


def _session(
    known: Sequence[Variant],
    takes: Mapping[Role, Take],
    pinned: frozenset[int],
    runs: int,
    warm_up: int,
    seed: int,
) -> Session:
    from credseries.bench.runner import process
    from credseries.bench.runner.conditions import conditions
    from credseries.bench.runner.plan import plan
    from credseries.bench.runner.session import perform

    commands = {item.role: item.command for item in known}

    def start(role: Role, name: str) -> Outcome:
        ran = process.run(commands[role], pinned)
        if ran.status != 0:
            raise process.failure(ran, name)
        return takes[role](ran, name)

    roles = [item.role for item in known]
    warming, order = plan(roles, warm_up, seed), plan(roles, runs, seed)
    with _progress(len(warming) + len(order)) as begin:
        return perform(warming, order, start, conditions, begin)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on standard error, if that is a terminal; it is told of each run before that begins."""
    if not sys.stderr.isatty():
        yield lambda _name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # It is drawn between runs only: a thread that draws would take time from what is measured.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task, ended = bar.add_task("", total=total), itertools.count()

        def begin(name: str) -> None:
            bar.update(task, completed=next(ended), description=name, refresh=True)

        yield begin


# -- keeping


def _records(session: Session, label: str, provenance: Mapping[Role, Provenance], seed: int) -> tuple[Record, ...]:
    from credseries.bench.runner.session import records

    date = next(iter(provenance.values())).date
    return records(session, label, provenance, interleaved=f"{date}, order of seed {seed}")


def _keep(records: Sequence[Record], repo: Repository | None, output: Path | None) -> None:
    """Put the records where they belong, all or none, and say what they hold and lack."""
    from credseries.bench.records import opened

    if repo is not None:
        with opened(repo) as kept:
            added = kept.add_all(records)
        _say(added.new.items())
    elif output is not None:
        from credseries.bench import exchange

        output.write_text(exchange.write(records), encoding="ascii")
        _say((str(output), record) for record in records)


def _say(named: Iterable[tuple[str, Record]]) -> None:
    from credseries.cli.bench.add import extent
    from credseries.cli.bench.told import missing

    notes: list[str] = []
    for name, record in named:
        render.say(render.printable(f"{name}  {record.label}  {record.role}  {extent(record)}"))
        notes += [*record.warnings, *missing(record)]
    for text in dict.fromkeys(notes):
        note(text)
