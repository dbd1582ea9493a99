"""The comparison tables of the kernel test robot (lkp): two kernels side by side, a row a metric.

The format is that of its mails: `%stddev %change %stddev`, then rows `MEAN ± 3% -10.2% MEAN ± 2% NAME`. ±, which many
mails have in another character set, is the standard deviation of single runs in percent of their mean, rounded to a
whole one, and is left out where it is small. The change of what is a percentage is a difference, without a `%`.
How many runs there were stands nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from credseries.bench.model import Better, Measurement, Metric, Reading, Summary
from credseries.bench.readers.rounded import NUMBER, UNSIGNED, Rounded, is_change, is_difference
from credseries.bench.unreadable import unreadable

# ± is byte 0xB1 in ISO 8859-1: the other forms are what it becomes when taken for ISO 8859-2, or for two characters.
_PLUS_MINUS = r"(?:±|\+-|\+/-|ą|Â±)"
_SPREAD = rf"(?:\s*{_PLUS_MINUS}\s*(\d{{1,6}})%)?"
_ROW = re.compile(rf"\s*({NUMBER}){_SPREAD}\s+([+-]{UNSIGNED})(%?)\s+({NUMBER}){_SPREAD}\s+([A-Za-z_]\S*)\s*", re.ASCII)
_HEADER = re.compile(r"\s*%stddev\s+%change\s+%stddev(\s.*)?")
_FAILURES = re.compile(r"\s*fail:runs\s+%reproduction\s+fail:runs\s*")
_RULER = re.compile(r"[\s\\|]+")
_QUOTED = re.compile(r"^[> ]*> ?")
_LEFT_OUT = re.compile(r"\s*(?:\.\.\.|\[\.\.\.\]|…)\s*")
# Behind an empty line words of a mail may come: what has numbers in columns, or a ±, is a damaged row all the same.
_PART_OF_ROW = re.compile(rf"\s*{NUMBER}(?:\s\s|$)|.*{_PLUS_MINUS}\s*\d+%|.*\s\s[+-]{UNSIGNED}%?\s\s", re.ASCII)
_EXPECTED = "`980404 ±  3%  -10.2%  880436 ±  2%  NAME`, where a ± may be left out"
_NO_RUNS = "lkp does not say how many runs are behind its means, and rounds deviations to whole percents of the mean"

# What tests report as their result. All else (vmstat, perf-profile, sched_debug..) says how a run went, not how well.
_RESULTS = (
    (re.compile(r"will-it-scale\.(?:\d+\.(?:processes|threads)|per_(?:process|thread)_ops|workload)"), "ops"),
    (re.compile(r".*\.ops"), "ops"),
    (re.compile(r".*\.ops_per_sec"), "ops/s"),
    (re.compile(r".*[._]iops", re.IGNORECASE), "IOPS"),
    (re.compile(r".*_bw_MBps"), "MB/s"),
    (re.compile(r".*\.jobs-per-min"), "jobs/min"),
    (re.compile(r".*\.throughput(?:_MB)?"), ""),
)


def matches(text: str) -> bool:
    """Whether there is the header of a comparison in a text."""
    return any(_HEADER.fullmatch(_bare(line)) for line in text.split("\n"))


def sides(text: str, name: str) -> tuple[Reading, Reading]:
    """The base (left) and the patched side (right) of a table; words around it, as in a mail, are passed over.

    Raises UsageError, with the line, for a damaged row, for one whose change is not that of its two means, for more
    than one table, and for a table of three kernels.
    """
    scan = _Scan(name)
    for number, line in enumerate(text.split("\n"), 1):
        scan.take(number, _bare(line))
    if not scan.rows:
        expected = f"the header `%stddev %change %stddev` and rows {_EXPECTED}"
        raise unreadable(name, scan.header, "no row of a comparison", expected)
    rows = scan.rows.values()
    notes = (_NO_RUNS, *(f"line {line}: somebody left rows out" for line in scan.left_out))
    return (
        Reading(tuple(Measurement(row.metric, summary=row.base) for row in rows), notes=notes),
        Reading(tuple(Measurement(row.metric, summary=row.patched) for row in rows), notes=notes),
    )


@dataclass(frozen=True)
class _Row:
    line: int
    metric: Metric
    base: Summary
    patched: Summary


def _bare(line: str) -> str:
    """A line without the quote marks of a mail."""
    return _QUOTED.sub("", line).rstrip()


@dataclass
class _Scan:
    """What the lines so far have said, and where in a table the next one stands."""

    name: str
    rows: dict[str, _Row] = field(default_factory=dict)
    left_out: list[int] = field(default_factory=list)  # the lines where somebody says that rows are
    header: int = 0  # the line of the header; 0 before it
    inside: bool = False
    failures: bool = False  # in counts of failed tests, which go on to the next header or empty line
    after_blank: bool = False

    def take(self, number: int, line: str) -> None:
        """Go on with a line, without quote marks; raises UsageError when it is damaged, or does not belong."""
        blank = not line or _RULER.fullmatch(line) is not None
        if titled := _HEADER.fullmatch(line):
            self._begin(number, (titled[1] or "").strip())
        elif _FAILURES.fullmatch(line):
            self.failures = True
        elif blank:
            self.failures = False
        elif self.header and not self.failures:
            self._row(number, line)
        self.after_blank = blank

    def _begin(self, number: int, more: str) -> None:
        if self.header or more:
            what = f"another table, after that of line {self.header}" if self.header else "a table of three kernels"
            raise unreadable(self.name, number, what, "one table of two kernels a file: metrics of several tests clash")
        self.header, self.inside, self.failures = number, True, False

    def _row(self, number: int, line: str) -> None:
        if _LEFT_OUT.fullmatch(line):
            self.left_out.append(number)
        elif found := _ROW.fullmatch(line):
            row = _row(found, self.name, number)
            if not self.inside or row.metric.name in self.rows:
                place = "stands twice" if self.inside else "stands behind the end of the table"
                what = f"{row.metric.name} {place}"
                raise unreadable(self.name, number, what, "each metric once, and all rows of one table together")
            self.rows[row.metric.name] = row
        elif (self.inside and not self.after_blank) or _PART_OF_ROW.match(line):
            raise unreadable(self.name, number, f"no row of a comparison: {line.strip()}", _EXPECTED)
        else:
            self.inside = False  # words of a mail


def _row(found: re.Match[str], name: str, number: int) -> _Row:
    base, base_spread, change, percent, patched, patched_spread, metric = found.groups()
    left, right, said = Rounded.parse(base), Rounded.parse(patched), Rounded.parse(change)
    if left is None or right is None or said is None:
        raise unreadable(name, number, f"a number that is too large: {found[0].strip()}", _EXPECTED)
    if not (is_change if percent else is_difference)(said, left, right):
        raise unreadable(
            name,
            number,
            f"the change {change}{percent} of {metric} is not that from {base} to {patched}",
            "a row whose numbers agree, within rounding: one of them was changed",
        )
    return _Row(number, _metric(metric), _summary(left.value, base_spread), _summary(right.value, patched_spread))


def _summary(mean: float, spread: str | None) -> Summary:
    return Summary(mean, None if spread is None else abs(mean) * int(spread) / 100)


def _metric(name: str) -> Metric:
    for pattern, unit in _RESULTS:
        if pattern.fullmatch(name):
            return Metric(name, unit, Better.MORE)
    return Metric(name, "", Better.NEITHER)
