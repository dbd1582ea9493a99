"""One record from several files: each is one run, or several, of the same benchmark under the same kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from credseries.bench.model import C2cReport, Measurement, Metric, Reading, Source, join
from credseries.errors import UsageError
from credseries.words import many


@dataclass(frozen=True)
class FileRead:
    """A file and what a reader found in it."""

    source: Source
    reading: Reading


@dataclass(frozen=True)
class Gathered:
    """What several files say together. `command` is empty unless all that name one name the same."""

    measurements: tuple[Measurement, ...]
    c2c: tuple[C2cReport, ...]
    command: str
    sources: tuple[Source, ...]
    warnings: tuple[str, ...]


def gather(files: Sequence[FileRead], table: str | None = None, runs: int | None = None) -> Gathered:
    """What the files say together: the values of a metric in the order of the files, and all reports of perf c2c.

    Files keep their names and not their directories: records are attached to mails. `table` picks one report of each
    file, by number (from 1) or by words of its name; without it a file may have one. `runs` is how many runs are behind
    the means of each file, where it does not say. Raises UsageError when two files are the same, when a table is not
    there or not the only one, and when a file knows of another number of runs.
    """
    _no_file_twice(files)
    if table is not None and not any(file.reading.c2c for file in files):
        raise UsageError("--table is given, but no report of perf c2c was read", hint="leave --table out")
    known = [_counted(file, runs) for file in files]
    metrics = dict.fromkeys(item.metric for items in known for item in items)
    kept = [
        _without_directory(replace(file, reading=replace(file.reading, c2c=_picked(file, table, runs))))
        for file in files
    ]
    commands = {file.reading.command for file in files if file.reading.command}
    return Gathered(
        tuple(_joined(metric, known) for metric in metrics),
        tuple(report for file in kept for report in file.reading.c2c),
        commands.pop() if len(commands) == 1 else "",
        tuple(file.source for file in kept),
        tuple(dict.fromkeys([*_notes(kept), *_gaps(metrics, known)])),
    )


def _without_directory(file: FileRead) -> FileRead:
    """The file by its name alone, in the names of its reports as well."""
    place = file.source.name
    name = PurePath(place).name

    def named(report: C2cReport) -> C2cReport:
        return replace(report, name=name + report.name.removeprefix(place)) if report.name.startswith(place) else report

    reports = tuple(named(report) for report in file.reading.c2c)
    return FileRead(replace(file.source, name=name), replace(file.reading, c2c=reports))


def _no_file_twice(files: Sequence[FileRead]) -> None:
    """The same bytes twice are one run that would count as two."""
    first: dict[str, str] = {}
    for file in files:
        if file.source.digest in first:
            names = f"{first[file.source.digest]} and {file.source.name}"
            raise UsageError(f"{names} are the same, byte for byte", hint="give the result of each run once")
        first[file.source.digest] = file.source.name


def _notes(files: Sequence[FileRead]) -> Iterator[str]:
    for file in files:
        yield from (note if len(files) == 1 else f"{file.source.name}: {note}" for note in file.reading.notes)


# -- metrics


def with_runs(item: Measurement, runs: int | None) -> Measurement:
    """A measurement with this number of runs, if nobody knew how many there were."""
    if runs is None or item.summary is None or item.summary.runs is not None:
        return item
    return replace(item, summary=replace(item.summary, runs=runs))


def _counted(file: FileRead, runs: int | None) -> list[Measurement]:
    """The measurements of a file, with the number of runs that a person gave where the file does not say."""
    found = file.reading.measurements
    known = sorted({item.runs for item in found if item.runs is not None})
    if runs is not None and found and known != [runs] and all(item.runs is not None for item in found):
        raise UsageError(
            f"{file.source.name} is of {_numbers(known)}, and --runs says {runs}",
            hint="--runs is for files that do not say how many runs are behind their means",
        )
    return [with_runs(item, runs) for item in found]


def _numbers(runs: Sequence[int]) -> str:
    return many(runs[0], "run") if len(runs) == 1 else f"{runs[0]} to {runs[-1]} runs"


def _joined(metric: Metric, known: Sequence[Sequence[Measurement]]) -> Measurement:
    return join([item for items in known for item in items if item.metric == metric])


def _gaps(metrics: dict[Metric, None], known: Sequence[Sequence[Measurement]]) -> Iterator[str]:
    """What is not in every file: its runs are fewer, and the n-th value is not that of the n-th file."""
    for metric in metrics:
        there = sum(any(item.metric == metric for item in items) for items in known)
        if there < len(known):
            yield f"{metric.name} is in {there} of {many(len(known), 'file')} only"


# -- tables of perf c2c


def _picked(file: FileRead, table: str | None, runs: int | None) -> tuple[C2cReport, ...]:
    reports = file.reading.c2c
    if reports and runs is not None and runs != 1:
        raise UsageError(
            f"{file.source.name}: a report of perf c2c is one run, and --runs says {runs}",
            hint="give a report of each run",
        )
    if table is None:
        found = reports
        what = f"{file.source.name} has {many(len(reports), 'table')} of perf c2c"
    elif table.isdecimal():
        found = tuple(report for number, report in enumerate(reports, 1) if str(number) == table)
        what = f"{file.source.name} has no table {table} of perf c2c"
    else:
        found = tuple(report for report in reports if table.casefold() in report.name.casefold())
        what = f"{len(found)} tables of {file.source.name} have {table!r} in their name"
    if len(found) <= 1 and (found or not reports):
        return found
    listed = "; ".join(f"{number}: {report.name}" for number, report in enumerate(reports, 1))
    raise UsageError(what, hint=f"pick one with --table, by number or by words of its name: {listed}")
