"""A CSV of our own for what no other reader knows: a row a run, with the columns metric, unit, better, tasks, value.

    # comments begin with a #, and empty lines are passed over
    metric,unit,better,tasks,value
    open and close,ops/s,more,8,1034881
    open and close,ops/s,more,8,1029974

Columns may stand in any order; `unit`, `better` and `tasks` may be left out or empty. `better` is less, more or neither
(as when it is empty), `tasks` the number of processes or threads. Commas in a name need double quotes, as in RFC 4180.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping

from credseries.bench.model import Better, Measurement, Metric, Reading
from credseries.bench.readers.rounded import Rounded
from credseries.bench.unreadable import unreadable
from credseries.words import many

_COLUMNS = ("metric", "unit", "better", "tasks", "value")
_NEEDED = ("metric", "value")
_HEADER = "the header metric,unit,better,tasks,value, of which unit, better and tasks may be left out"
_TASKS = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def matches(text: str) -> bool:
    """Whether the first line that is no comment names columns of this format, all that are needed among them."""
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            names = {name.strip() for name in line.split(",")}
            return names.issuperset(_NEEDED)
    return False


def read(text: str, name: str) -> Reading:
    """The values of each metric, in the order of the rows; raises UsageError, with the line, for anything damaged."""
    rows = _rows(text, name)
    header_line, header = next(rows, (0, []))
    _check_header(header, name, header_line)
    values: dict[Metric, list[float]] = {}
    first: dict[tuple[str, int | None], tuple[Metric, int]] = {}
    for number, cells in rows:
        if len(cells) != len(header):
            raise unreadable(name, number, f"{many(len(cells), 'column')}, not {len(header)}", ",".join(header))
        row = dict(zip(header, cells, strict=True))
        metric = _metric(row, name, number)
        before, line = first.setdefault((metric.name, metric.tasks), (metric, number))
        if before != metric:
            what = f"{metric.name} has another unit, or another way to get better, than in line {line}"
            raise unreadable(name, number, what, f"{before.unit or 'no unit'} and {before.better}, or another name")
        value = Rounded.parse(row["value"])
        if value is None:
            raise unreadable(name, number, f"{row['value']!r} is no value", "a number like 1034881, 0.25 or 1.5e-3")
        values.setdefault(metric, []).append(value.value)
    if not values:
        raise unreadable(name, header_line, "no values below the header", "a row a run")
    return Reading(tuple(Measurement(metric, tuple(found)) for metric, found in values.items()))


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with the number of their line, without comments and empty lines."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            # A line at a time: no cell has several, and a quote that is not closed is not taken to the end of the file.
            cells = next(csv.reader([line.rstrip("\r")], strict=True))
        except csv.Error as error:
            raise unreadable(name, number, f"damaged quotes: {error}", "a row of CSV in one line") from error
        yield number, [cell.strip() for cell in cells]


def _check_header(header: list[str], name: str, line: int) -> None:
    strangers = [column for column in header if column not in _COLUMNS]
    twice = [column for column in header if header.count(column) > 1]
    missing = [column for column in _NEEDED if column not in header]
    for found, what in ((strangers, "unknown column"), (twice, "twice: column"), (missing, "missing column")):
        if found:
            raise unreadable(name, line, f"{what} {found[0]!r}", _HEADER)


def _metric(row: Mapping[str, str], name: str, line: int) -> Metric:
    if not row["metric"]:
        raise unreadable(name, line, "the name of the metric is empty", "what was measured")
    better = row.get("better") or Better.NEITHER
    if better not in set(Better):
        raise unreadable(name, line, f"better is {better!r}", "less, more or neither")
    tasks = row.get("tasks", "")
    if tasks and not _TASKS.fullmatch(tasks):
        raise unreadable(name, line, f"tasks is {tasks!r}", "the number of processes or threads, or nothing")
    return Metric(row["metric"], row.get("unit", ""), Better(better), int(tasks) if tasks else None)
