"""Counters of perf stat as measurements: which way they get better, and what perf's +- says of single runs."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from credseries.bench.model import Better, Measurement, Metric, Reading, Summary, join
from credseries.bench.unreadable import unreadable

ABSENT = ("<not counted>", "<not supported>")
TOTALS = "one count an event for the whole run: perf stat without -I, -A, --per-* and control groups, in LC_ALL=C"
# Seen with perf 6.1: of 9547, 14550 and 19528 page faults it prints 19528, and a +- that fits the spread of the three.
MAYBE_LAST_RUN = (
    "perf 6.1 writes the count of the last run where -r should give the mean of all: if this is from it, "
    "take runs one by one (perf stat without -r)"
)
LOG_FILE = "only lines of perf stat: give it `-o FILE`, and what the command writes stays out"

_MODIFIERS = re.compile(r":[ukhGHIpPSDWeb]+$")
_PMU = re.compile(r"^[\w.-]+/([\w.-]+)/[ukhGHIpPSDWeb]*$")
_CLOCKS = frozenset({"task-clock", "cpu-clock", "duration_time", "user_time", "system_time"})
_CYCLES = frozenset({"cycles", "cpu-cycles", "ref-cycles", "bus-cycles"})


def better(event: str, unit: str = "") -> Better:
    """Which way an event gets better, for runs that do the same work: perf counts no work, so it cannot tell else.

    Less is better of what a user pays for: time and cycles (time in ticks of the processor), misses (time spent
    waiting), and energy. All else says how a run went and not how well: fewer instructions can take longer, a lock
    that spins instead of sleeping saves context switches, and page faults or branches belong to the workload.
    """
    name = _MODIFIERS.sub("", event)
    if inside := _PMU.match(event):
        name = inside[1]
    costs = name in _CLOCKS or name in _CYCLES or name.endswith(("-misses", "_misses")) or unit == "Joules"
    return Better.LESS if costs else Better.NEITHER


@dataclass(frozen=True)
class Count:
    """A line of perf: an event and its count, or `absent`, the word that stands instead.

    `error` is perf's +-, the standard deviation of the mean in percent of it, None where there is none; `share` is
    how much of the time the event was counted, in percent: perf scales up what shared a counter with others.
    """

    line: int
    event: str
    unit: str
    value: float = 0.0
    absent: str = ""
    error: float | None = None
    share: float = 100.0

    @property
    def metric(self) -> Metric:
        """What is counted."""
        return Metric(self.event, self.unit, better(self.event, self.unit))


def of_mean(metric: Metric, mean: float, error: float | None, runs: int | None) -> Measurement:
    """The mean of several runs; `error` is the standard deviation of the mean, in the metric's unit.

    That of single runs is the square root of their number times larger, and not known where the number is not known.
    """
    deviation = None if error is None or runs is None else error * math.sqrt(runs)
    return Measurement(metric, summary=Summary(mean, deviation, runs))


def each_once(counts: Iterable[Count], name: str) -> tuple[Count, ...]:
    """The counts of one run or of one `-r`; raises UsageError when an event stands twice."""
    found: dict[Metric, Count] = {}
    for count in counts:
        earlier = found.setdefault(count.metric, count)
        if earlier is not count:
            raise unreadable(
                name,
                count.line,
                f"{count.event} stands in line {earlier.line} already",
                "each event once; append several runs to one file with `-o FILE --append`, which keeps them apart",
            )
    return tuple(found.values())


def notes(counts: Iterable[Count]) -> Iterator[str]:
    """What must be known of counts: which are missing, and which are estimates."""
    for count in counts:
        if count.absent:
            yield f"{count.event}: perf says {count.absent}, so it has no value"
        elif count.share < 100:
            yield f"{count.event} was counted {count.share:.2f} % of the time, and perf scaled it up to all of it"


def of_sections(counts: Iterable[Count], starts: Sequence[int], name: str, runs: int | None) -> Reading:
    """What CSV or JSON says: `starts` are the lines where perf began to write, in a file that it appended to.

    A count without a +- is of one run. One with it is of several, and how many is not in these forms: `runs` says it,
    or nobody. Raises UsageError when an event stands twice in a section, and when `runs` contradicts the file.
    """
    ordered = tuple(counts)
    borders = [0, *starts, math.inf]
    sections = [
        each_once((count for count in ordered if low < count.line < high), name)
        for low, high in itertools.pairwise(borders)
    ]
    found = [[_measured(count, runs, name) for count in section if not count.absent] for section in sections if section]
    said = list(notes(ordered))
    if any(count.error is not None for count in ordered):
        said.append(MAYBE_LAST_RUN)
    if runs is None and any(item.runs is None for items in found for item in items):
        said.append(
            "perf does not say in this form how many runs there were, and its +- is that of the mean: "
            "the deviation of single runs is not known"
        )
    return Reading(combined(found), notes=tuple(dict.fromkeys([*said, *gaps(found)])))


def _measured(count: Count, runs: int | None, name: str) -> Measurement:
    if runs is not None and (count.error is None) != (runs == 1):
        found = "no +-, so it is of one run" if count.error is None else "a +-, so it is of several runs"
        message = f"{count.event} has {found}, not of {runs}"
        raise unreadable(name, count.line, message, "the number that perf stat got with -r, or 1 without")
    if count.error is None:
        return Measurement(count.metric, (count.value,))
    return of_mean(count.metric, count.value, count.value * count.error / 100, runs)


def combined(sections: Sequence[Sequence[Measurement]]) -> tuple[Measurement, ...]:
    """The measurements of several runs as one each."""
    metrics = dict.fromkeys(item.metric for section in sections for item in section)
    return tuple(join([item for section in sections for item in section if item.metric == each]) for each in metrics)


def gaps(sections: Sequence[Sequence[Measurement]]) -> Iterator[str]:
    """Which metrics are not in every run."""
    for metric in dict.fromkeys(item.metric for section in sections for item in section):
        there = sum(any(item.metric == metric for item in section) for section in sections)
        if there < len(sections):
            yield f"{metric.name} is in {there} of {len(sections)} outputs of perf only"
