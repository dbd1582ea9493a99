"""The text that `perf stat` writes for people: a heading, a line an event, and the time elapsed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from credseries.bench.model import Better, Measurement, Metric, Reading
from credseries.bench.readers.perf_stat.counters import (
    ABSENT,
    LOG_FILE,
    MAYBE_LAST_RUN,
    TOTALS,
    Count,
    combined,
    each_once,
    gaps,
    notes,
    of_mean,
)
from credseries.bench.readers.rounded import Rounded
from credseries.bench.unreadable import unreadable
from credseries.words import many

ELAPSED = Metric("time elapsed", "s", Better.LESS)
USER = Metric("user time", "s", Better.LESS)
SYSTEM = Metric("system time", "s", Better.LESS)

_HEADING = re.compile(r"^\s*Performance counter stats for ")
_WHOLE_HEADING = re.compile(r"\s*Performance counter stats for (?P<what>.*?)(?: \((?P<runs>\d+) runs\))?:", re.DOTALL)
_HEADING_END = re.compile(r"'(?: \(\d+ runs\))?:$")
_INTERVALS = re.compile(r"^#\s+time\s.*\bcounts\b", re.MULTILINE)

_NUMBER = r"\d{1,30}(?:\.\d{1,30})?"
_PLUS_MINUS = r"(?:\+-|\+/-|±)"
# A count has two decimals or none, or six from an old perf: three are the thousands of another language.
_COUNT_NUMBER = re.compile(r"(?:\d{1,30}|[1-9]\d{0,2}(?:,\d{3}){1,9})(?:\.(?!\d{3}$)\d{1,30})?", re.ASCII)
_SHARE = re.compile(rf"\s\(\s*({_NUMBER})%\s*\)$", re.ASCII)
_ERROR = re.compile(rf"\s\(\s*{_PLUS_MINUS}\s*({_NUMBER})%\s*\)$", re.ASCII)
_COUNT = re.compile(rf"\s*(?P<value>{'|'.join(ABSENT)}|\S+)(?P<gap>\s+)(?P<label>\S.*)")
_WORD = re.compile(r"[^\d\W]\S*")
_OLD_UNIT = re.compile(r"(\S+)\s+\((\w+)\)")
_TOPDOWN = re.compile(r"\s*topdown\w*(?:\s+\(\w+\))?\s*", re.IGNORECASE)
_TIME = re.compile(
    rf"\s*(?P<time>{_NUMBER})(?:\s+{_PLUS_MINUS}\s+(?P<error>{_NUMBER}))?\s+seconds\s+(?P<what>time elapsed|user|sys)"
    rf"(?:\s+\(\s*{_PLUS_MINUS}\s*{_NUMBER}%\s*\))?",
    re.ASCII,
)
_TIMES = {"time elapsed": ELAPSED, "user": USER, "sys": SYSTEM}
_LAST_RUN = (
    "this perf writes the counts of the last run where -r should give the mean of all (duration_time is not the mean "
    "time elapsed), so they are of one run; take runs one by one (perf stat without -r)"
)
_TABLE = "# Table of individual measurements:"
_TABLE_ROW = re.compile(rf"\s*({_NUMBER})\s+\([+-]{_NUMBER}\)\s*#*", re.ASCII)
_TABLE_END = "# Final result:"
_STARTED = "# started on "


def matches(text: str) -> bool:
    """Whether a text has a heading of perf stat, or of its counts at intervals."""
    return any(map(_HEADING.match, text.split("\n"))) or _INTERVALS.search(text) is not None


def read(text: str, name: str) -> Reading:
    """The counts and times in a text; what stands before and after perf's part is left out, and notes say so.

    A single run gives values, `-r N` a summary of N runs, and `--table` the time elapsed of each. Where duration_time
    shows that counts are those of the last run, they are of one run. Several parts of one command in a file (`-o FILE
    --append`) are several runs. Raises UsageError, with the line, when a part is damaged or ends early, when the counts
    are no totals, and when the parts are of several commands.
    """
    lines = text.split("\n")
    if intervals := _INTERVALS.search(text):
        line = text.count("\n", 0, intervals.start()) + 1
        raise unreadable(name, line, "counts at intervals (-I)", TOTALS)
    starts = [number for number, line in enumerate(lines) if _HEADING.match(line)]
    if not starts:
        raise unreadable(name, 0, "no heading of perf stat", "a line `Performance counter stats for ...`")
    parts = [
        _Lines(lines[:end], name, start).part() for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]
    for part in parts:
        if part.what != parts[0].what:
            raise unreadable(name, part.line, f"counts of {part.what}, after {parts[0].what}", "one command a file")
    found = [part.measurements for part in parts]
    strangers = sum(part.strangers for part in parts)
    strangers += sum(bool(line.strip()) and not line.startswith(_STARTED) for line in lines[: starts[0]])
    return Reading(
        combined(found), command=_command(parts[0].what), notes=tuple(dict.fromkeys(_said(parts, strangers)))
    )


def _command(what: str) -> str:
    """The command that was counted; empty if it was something else, or all that ran on some processors."""
    return what[1:-1] if what.startswith("'") and not what.startswith(("'system wide'", "'CPU(s) ")) else ""


def _said(parts: Sequence[_Part], strangers: int) -> Iterator[str]:
    """What must be known of the parts of a file."""
    for part in parts:
        yield from notes(part.counts)
        if part.doubt:
            yield part.doubt
        if not _command(part.what):
            yield f"perf counted {part.what}: what else ran there is in the counts"
    if strangers:
        yield f"{many(strangers, 'line')} around what perf counted left out"
    yield from gaps([part.measurements for part in parts])


@dataclass(frozen=True)
class _Part:
    """What perf wrote once: what it counted, in its words, from which line on.

    `doubt` says why the counts are, or may be, of one run only; `strangers` is the number of lines of somebody else.
    """

    line: int
    what: str
    counts: tuple[Count, ...]
    measurements: tuple[Measurement, ...]
    doubt: str
    strangers: int


@dataclass(frozen=True)
class _Lines:
    """The lines of a file up to the end of a part that begins at `start` (from 0)."""

    lines: Sequence[str]
    name: str
    start: int

    def part(self) -> _Part:
        what, runs, at = self._heading()
        elapsed_at = self._elapsed_line(at)
        counts: list[Count] = []
        table: tuple[float, ...] = ()
        for number in range(at, elapsed_at):
            if self.lines[number].strip() == _TABLE:
                table = self._table(number + 1, elapsed_at, runs)
                break
            if self.lines[number].strip():
                counts += _count(self.lines[number].rstrip(), self.name, number + 1)
        events = each_once(counts, self.name)
        times, strangers = self._times(elapsed_at, runs, table)
        means = _are_means(events, self.lines[elapsed_at]) if runs > 1 and _command(what) else None
        measured = [_measured(count, 1 if means is False else runs) for count in events if not count.absent]
        doubt = "" if runs == 1 or means or not measured else MAYBE_LAST_RUN if means is None else _LAST_RUN
        return _Part(self.start + 1, what, events, (*measured, *times), doubt, strangers)

    def _heading(self) -> tuple[str, int, int]:
        """What was counted, the number of runs, and the index of the next line: a command can have several lines."""
        for end in range(self.start, len(self.lines)):
            if _HEADING_END.search(self.lines[end].rstrip()):
                heading = "\n".join(self.lines[self.start : end + 1]).rstrip()
                if found := _WHOLE_HEADING.fullmatch(heading):
                    return found["what"], int(found["runs"] or 1), end + 1
        raise unreadable(
            self.name, self.start + 1, "the heading has no end", "`Performance counter stats for 'COMMAND':`"
        )

    def _elapsed_line(self, at: int) -> int:
        for number in range(at, len(self.lines)):
            if "seconds time elapsed" in self.lines[number]:
                return number
        last = max(number for number in range(self.start, len(self.lines)) if self.lines[number].strip())
        for number in range(at, last + 1):  # what is wrong with a line says more than that the end is missing
            line = self.lines[number].rstrip()
            if line and not line.lstrip().startswith("#"):
                _count(line, self.name, number + 1)
        raise unreadable(self.name, last + 1, "the output of perf ends early", "a line `... seconds time elapsed`")

    def _table(self, at: int, end: int, runs: int) -> tuple[float, ...]:
        values: list[float] = []
        for number in range(at, end):
            line = self.lines[number].rstrip()
            if line.strip() == _TABLE_END:
                break
            if line and (found := _TABLE_ROW.fullmatch(line)):
                values.append(float(found[1]))
            elif line:
                raise unreadable(
                    self.name, number + 1, f"no row of the table: {line.strip()}", "`0.051837 (+0.000211)`"
                )
        if len(values) != runs:
            raise unreadable(self.name, at, f"a table of {many(len(values), 'run')}", f"a row for each of {runs} runs")
        return tuple(values)

    def _times(self, at: int, runs: int, table: tuple[float, ...]) -> tuple[list[Measurement], int]:
        """The times from the line of the time elapsed on, and how many lines after them are of somebody else."""
        times: list[Measurement] = []
        for number in range(at, len(self.lines)):
            line = self.lines[number].rstrip()
            found = _TIME.fullmatch(line)
            if found is None and line and (number == at or line.lstrip()[0].isdigit() or " seconds" in line):
                raise unreadable(
                    self.name,
                    number + 1,
                    f"no time of perf: {line.strip()}",
                    f"seconds time elapsed, user or sys; {LOG_FILE}",
                )
            if found is None and line:
                rest = (other for other in self.lines[number:] if other.strip() and not other.startswith(_STARTED))
                return times, sum(1 for _ in rest)
            if found is not None:
                times.append(self._time(found, number + 1, runs, table))
        return times, 0

    def _time(self, found: re.Match[str], line: int, runs: int, table: tuple[float, ...]) -> Measurement:
        metric = _TIMES[found["what"]]
        if (found["error"] is None) == (runs > 1):
            wanted = "a +-, for several runs" if runs > 1 else "no +-, for one run"
            raise unreadable(self.name, line, f"the heading says {many(runs, 'run')}", wanted)
        if found["error"] is None:
            return Measurement(metric, (float(found["time"]),))
        if table and metric is ELAPSED:
            return Measurement(metric, table)
        return of_mean(metric, float(found["time"]), float(found["error"]), runs)


def _are_means(events: Sequence[Count], elapsed: str) -> bool | None:
    """Whether the counts of several runs are their means, which duration_time shows: that of a run is its time elapsed.

    None if it is not there. That the last run took the mean time, to all digits, is as good as impossible.
    """
    found = _TIME.fullmatch(elapsed.rstrip())
    mean = Rounded.parse(found["time"]) if found else None
    durations = [count.value for count in events if (count.event, count.unit) == ("duration_time", "ns")]
    if mean is None or not durations or not durations[0]:
        return None
    return mean.fits(*((durations[0] + rounding) / 1e9 for rounding in (-0.5, 0.5)))


def _measured(count: Count, runs: int) -> Measurement:
    if runs == 1:
        return Measurement(count.metric, (count.value,))
    # perf writes the +- of all counts but those that were the same in every run (print_noise_pct).
    return of_mean(count.metric, count.value, count.value * (count.error or 0.0) / 100, runs)


def _count(line: str, name: str, number: int) -> Iterator[Count]:
    """The count in a line; none in one that goes on with figures that perf computed from counts before."""
    share = error = None
    rest = line
    if found := _SHARE.search(rest):
        share, rest = float(found[1]), rest[: found.start()].rstrip()
    if found := _ERROR.search(rest):
        error, rest = float(found[1]), rest[: found.start()].rstrip()
    head, _, comment = rest.partition("#")
    if re.search(_PLUS_MINUS, rest) or comment.rstrip().endswith("("):
        raise unreadable(name, number, "the end of the line is damaged", "`( +-  1.72% )`, or nothing")
    if (not head.strip() or _TOPDOWN.fullmatch(head)) and comment:
        return
    parts = _COUNT.fullmatch(head.rstrip())
    if parts is None:
        raise unreadable(name, number, f"no count: {line.strip()}", "a count and the event, `49 page-faults`")
    absent = parts["value"] if parts["value"] in ABSENT else ""
    if not absent and not _COUNT_NUMBER.fullmatch(parts["value"]):
        message = f"{parts['value']} is no count"
        raise unreadable(name, number, message, f"a number like 1,234,567 or 0.56; {TOTALS}")
    event, unit = _event_and_unit(parts["label"], len(parts["gap"]) > 1, name, number)
    value = 0.0 if absent else float(parts["value"].replace(",", ""))
    yield Count(number, event, unit, value, absent, error, 100.0 if share is None else share)


def _event_and_unit(label: str, far: bool, name: str, number: int) -> tuple[str, str]:
    """What a label names. A unit stands one blank after the count, an event without one further away."""
    if old := _OLD_UNIT.fullmatch(label):
        return old[1], old[2]
    words = label.split()
    if len(words) > (1 if far else 2) or not all(map(_WORD.fullmatch, words)):
        raise unreadable(name, number, f"not just a unit and an event after the count: {label.strip()}", TOTALS)
    return words[-1], words[0] if len(words) == 2 else ""
