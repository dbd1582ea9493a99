"""What `perf stat -j` writes: a JSON object a line, with the count as a text under `counter-value`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from credseries.bench.document import Value, parse_json
from credseries.bench.model import Reading
from credseries.bench.readers.perf_stat.counters import ABSENT, LOG_FILE, TOTALS, Count, of_sections
from credseries.bench.unreadable import unreadable

_NUMBER = re.compile(r"\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_LARGEST_PERCENTAGE = 1e12
_STARTED = "# started on "
_ROW = '`{"counter-value" : "49.000000", "unit" : "", "event" : "page-faults", ...}`'
_PARTS_OF_TOTALS = (
    *("interval", "cpu", "core", "die", "cluster", "cache", "socket", "node", "thread", "aggregate-number"),
    *("counters", "cgroup"),
)


def matches(text: str) -> bool:
    """Whether there is an object with a count of perf in a text."""
    return '"counter-value"' in text


def read(text: str, name: str, runs: int | None = None) -> Reading:
    """The counts; those with a +- are means of several runs, and `runs` says of how many, as perf does not.

    Files that perf appended to (`-o FILE --append`) have several runs. Raises UsageError, with the line, for what is
    no such object, for counts that are no totals, and for an event that stands twice in what perf wrote at once.
    """
    starts: list[int] = []
    counts: list[Count] = []
    offset = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(_STARTED):
            starts.append(number)
        if line.strip() and not line.startswith("#"):
            if not line.lstrip().startswith("{"):
                raise unreadable(name, number, f"no JSON object: {line.strip()}", f"{_ROW}; {LOG_FILE}")
            row, end = parse_json(text[: offset + len(line)], name, _ROW, offset)
            if text[end : offset + len(line)].strip():
                raise unreadable(name, number, "more than one JSON object", "one a line")
            counts += _count(row, name, number)
        offset += len(line) + 1
    if not counts:
        raise unreadable(name, 0, "no count of perf stat -j", _ROW)
    return of_sections(counts, starts, name, runs)


def _count(row: Value, name: str, number: int) -> Iterator[Count]:
    """The count in an object; none in one that only has a figure that perf computed from the counts before."""
    for key in _PARTS_OF_TOTALS:
        if row.get(key) is not None:
            raise unreadable(name, number, f"counts by {key}", TOTALS)
    if row.get("event") is None and row.get("counter-value") is None and row.get("metric-value") is not None:
        return
    counter = row.need("counter-value", _ROW)
    text = counter.text()
    event = row.need("event", _ROW)
    if not event.text():
        raise event.wrong("is empty", "the name of an event")
    variance = row.get("variance")
    if variance is not None and not 0 <= variance.number() < _LARGEST_PERCENTAGE:
        raise variance.wrong(f"is {variance.number():g}", "a percentage")
    absent = text if text in ABSENT else ""
    if not absent and not _NUMBER.fullmatch(text):
        raise counter.wrong(f"is {text!r}", f"a number, {ABSENT[0]} or {ABSENT[1]}")
    yield Count(
        number,
        event.text(),
        row.need("unit", _ROW).text(),
        0.0 if absent else float(text),
        absent,
        None if variance is None else variance.number(),
        row.need("pcnt-running", _ROW).number(),
    )
