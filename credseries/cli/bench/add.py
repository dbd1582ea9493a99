"""`credseries bench add`: keep what a benchmark printed, with where, when and how that came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.bench.files import read_bytes, spoken
from credseries.cli.bench.notes import note
from credseries.cli.bench.options import (
    Command,
    Commit,
    Date,
    Format,
    Here,
    Kernel,
    LabelOption,
    MachineOption,
    RoleOption,
    Workload,
    parse_format,
    parse_role,
)
from credseries.cli.bench.told import missing, take
from credseries.cli.options import HERE, Tree, open_repository
from credseries.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credseries.bench.gather import FileRead
    from credseries.bench.model import Record
    from credseries.bench.records import Records

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="What the benchmark wrote, a file for each run; - is standard input."),
]
Side = Annotated[
    str | None,
    typer.Option(
        "--side", metavar="SIDE", help="Of a table that compares two kernels (lkp, ministat): base or patched."
    ),
]
Table = Annotated[
    str | None,
    typer.Option(
        "--table",
        metavar="N|WORDS",
        help="Of a file with several tables of perf c2c: the N-th, or that with these words before it.",
        show_default="the only one",
    ),
]
Runs = Annotated[
    int | None,
    typer.Option(
        "--runs", metavar="N", min=1, help="How many runs are behind the means of each file, if it does not say."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("add", short_help="Keep what a benchmark wrote, with where it is from.")(add)


def add(
    files: Files,
    role: RoleOption,
    label: LabelOption,
    format: Format = None,
    side: Side = None,
    table: Table = None,
    runs: Runs = None,
    here: Here = False,
    machine: MachineOption = None,
    kernel: Kernel = None,
    commit: Commit = None,
    workload: Workload = None,
    command: Command = None,
    date: Date = None,
    tree: Tree = HERE,
) -> None:
    """Keep what a benchmark wrote under one kernel, as a record of that kernel.

    Several files are several runs: their values are put together in the order of the files. The format of each is
    found out from what is in it: perf c2c report, perf stat, fio, hyperfine, will-it-scale, stress-ng, lkp, ministat,
    or CSV with the columns metric, unit, better, tasks and value. What cannot be read is refused, with the line.

    What a reviewer will ask (workload, machine, kernel, number of runs) and nobody said is named at once. The record is
    kept all the same: `credseries bench edit` adds it later, and the cover letter asks for it.

    Records are in the git directory, for all work trees. The same files twice are one record.

    \b
    Examples:
      credseries bench add --role base --label web --commit v6.12 --here run-*.json
      for i in $(seq 10); do perf stat --append -o runs.txt ./bench; done
      credseries bench add --role patched --label web runs.txt
      credseries bench add --role without:overlayfs --label web --table without mail.txt
    """
    from credseries.bench.gather import gather
    from credseries.bench.labels import check_label
    from credseries.bench.model import Provenance, Record
    from credseries.bench.records import opened

    kernel_role, known_format = parse_role(role), parse_format(format)
    check_label(label)
    repo = open_repository(tree)
    told = take(
        repo,
        here=here,
        machine=machine,
        kernel=kernel,
        commit=commit,
        workload=workload,
        command=command,
        date=date,
    )
    found = [_read(name, known_format, side, runs) for name in files]
    all_of = gather(found, table, runs)
    provenance = told.onto(Provenance(command=all_of.command))
    record = Record(kernel_role, label, all_of.measurements, all_of.c2c, provenance, all_of.sources, all_of.warnings)
    with opened(repo) as records:
        _keep(records, record)


def _read(name: str, format: str | None, side: str | None, runs: int | None) -> FileRead:
    import hashlib

    from credseries.bench.gather import FileRead
    from credseries.bench.model import Source
    from credseries.bench.readers import read

    data = read_bytes(name)
    known, reading = read(data, spoken(name), format, side, runs)
    return FileRead(Source(spoken(name), known, hashlib.sha256(data).hexdigest()), reading)


def _keep(records: Records, record: Record) -> None:
    """Put a record to the others and say what it holds, and what it lacks."""
    before = records.all()
    identifier = records.add(record)
    if identifier in before:
        render.say(f"{identifier}  is there already")
        return
    render.say(render.printable(f"{identifier}  {record.label}  {record.role}  {extent(record)}"))
    for text in [*record.warnings, *_overlaps(before, record), *missing(record)]:
        note(text)


def extent(record: Record) -> str:
    """What a record holds, in a few words."""
    words = [
        *([many(len(record.measurements), "metric")] if record.measurements else []),
        *([many(len(record.c2c), "report") + " of perf c2c"] if record.c2c else []),
        f"from {', '.join(dict.fromkeys(source.format for source in record.sources))}" if record.sources else "",
        many(record.runs, "run") if record.runs is not None else "",
    ]
    return ", ".join(filter(None, words))


def _overlaps(before: Mapping[str, Record], record: Record) -> list[str]:
    """Files that another record of this kernel has too: their runs would count twice."""
    digests = {source.digest: source.name for source in record.sources}
    return [
        f"{digests[source.digest]} is in record {identifier} too, and its runs count twice: "
        f"`credseries bench remove {identifier}`, if this one is to replace it"
        for identifier, other in before.items()
        if (other.label, other.role) == (record.label, record.role)
        for source in other.sources
        if source.digest in digests
    ]
