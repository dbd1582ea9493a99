"""What fio wrote with --output-format=json: rates, bandwidths and latencies of its jobs.

The format is that of fio 3, documented as "JSON output" in fio's manual: `jobs` has an entry a job, or a group of jobs
with group_reporting, and that an object a direction, with `iops`, `bw` in KiB/s, and `clat_ns` in nanoseconds. Its
command line is not in it, so `Reading.command` stays empty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from credseries.bench.document import Value, line_at, parse_json
from credseries.bench.model import Better, Measurement, Metric, Reading
from credseries.bench.unreadable import unreadable

_EXPECTED = "what `fio --output-format=json` of fio 3 writes"
_OPENING = re.compile(r"^[ \t]*\{", re.MULTILINE)
_DIRECTIONS = ("read", "write", "trim", "mixed")  # mixed: all in one, with unified_rw_reporting
_PERCENTILES = (("50.000000", "p50"), ("99.000000", "p99"))
_INTERVALS = (
    "fio's iops_stddev is between the intervals of one run, not between runs, so it is no spread of the result; "
    "repeat the run for that"
)


def matches(text: str) -> bool:
    """Whether a text looks like JSON output of fio, damaged or not."""
    return '"fio version"' in text


def read(text: str, name: str) -> Reading:
    """The measurements in fio's JSON; warnings may stand before it, and the report for people (`json,normal`) around.

    One fio run is one run, so each measurement has one value; directions without I/O give none. `tasks` is the
    `numjobs` of a job's options. Raises UsageError, with the line, when it is damaged, when a job failed, and when
    several runs or the states in between (--status-interval) are in one file.
    """
    opening = _OPENING.search(text)
    if opening is None:
        raise unreadable(name, 0, "no JSON object in it", _EXPECTED)
    report, end = parse_json(text, name, _EXPECTED, opening.start())
    if another := _OPENING.search(text, end):
        raise unreadable(
            name,
            line_at(text, another.end()),
            "another report begins: the states of a run (--status-interval), or several runs",
            "one report a file; give each run a file of its own, and run fio without --status-interval",
        )
    jobs = report.need("jobs", _EXPECTED)
    notes: list[str] = []
    measurements: list[Measurement] = []
    for job, label in _labelled(jobs.items(), notes):
        measurements += _job(report, job, label, notes)
    if not measurements:
        raise jobs.wrong("has no job that did any I/O", "at least one read, write or trim")
    return Reading(tuple(measurements), notes=tuple(dict.fromkeys(notes)))


def _labelled(jobs: tuple[Value, ...], notes: list[str]) -> Iterator[tuple[Value, str]]:
    """Each job with what its metrics' names begin with: nothing for the only job, its name, or name and number."""
    if len(jobs) == 1:
        yield jobs[0], ""
        return
    names = [job.need("jobname", _EXPECTED).text() for job in jobs]
    total, seen = Counter(names), Counter[str]()
    for job, label in zip(jobs, names, strict=True):
        if total[label] == 1:
            yield job, f"{label} "
            continue
        seen[label] += 1
        notes.append(f"{total[label]} jobs are called {label}, each counts by itself; group_reporting gives their sum")
        yield job, f"{label}[{seen[label]}] "


def _job(report: Value, job: Value, label: str, notes: list[str]) -> Iterator[Measurement]:
    error = job.get("error")
    if error is not None and error.number() != 0:
        raise error.wrong(
            f"is {error.number():g}: the job failed, so its numbers are no result", "a run of fio without errors"
        )
    tasks = _tasks(report, job, notes)
    directions = [(direction, found) for direction in _DIRECTIONS if (found := job.get(direction)) is not None]
    if not directions:
        raise job.wrong(f"has none of {', '.join(_DIRECTIONS)}", _EXPECTED)
    for direction, found in directions:
        if found.need("total_ios", _EXPECTED).number() > 0:
            yield from _direction(found, f"{label}{direction}", tasks, notes)


def _tasks(report: Value, job: Value, notes: list[str]) -> int | None:
    """How many processes or threads a job ran as, by its own options or the global ones."""
    for options in (job.get("job options"), report.get("global options")):
        number = options.get("numjobs") if options is not None else None
        if number is None:
            continue
        if re.fullmatch(r"[1-9]\d{0,6}", number.text(), re.ASCII):
            return int(number.text())
        notes.append(f"numjobs is {number.text()!r}: how many processes that was is not known")
        return None
    return None


def _direction(found: Value, label: str, tasks: int | None, notes: list[str]) -> Iterator[Measurement]:
    rates = (
        (found.need("iops", _EXPECTED).number(), f"{label} rate", "IOPS"),
        (found.need("bw", _EXPECTED).number(), f"{label} bandwidth", "KiB/s"),
    )
    for value, name, unit in rates:
        if value > 0:
            yield Measurement(Metric(name, unit, Better.MORE, tasks), (value,))
        else:
            # fio counts its run in milliseconds: of a shorter one it knows the latencies, but no rate.
            notes.append(f"no {name}: the run was too short for fio to tell, or had too little I/O")
    deviation = found.get("iops_stddev")
    if deviation is not None and deviation.number() > 0:
        notes.append(_INTERVALS)
    for value, what in _latencies(found.need("clat_ns", _EXPECTED)):
        yield Measurement(Metric(f"{label} latency {what}", "ns", Better.LESS, tasks), (value,))


def _latencies(clat: Value) -> Iterator[tuple[float, str]]:
    """Completion latencies; none when fio did not measure them (disable_clat), no percentiles when it kept none."""
    mean = clat.need("mean", _EXPECTED).number()
    count = clat.get("N")
    if (count.number() if count is not None else mean) == 0:
        return
    yield mean, "mean"
    percentiles = clat.get("percentile")
    for key, what in _PERCENTILES:
        found = percentiles.get(key) if percentiles is not None else None
        if found is not None:
            yield found.number(), what
