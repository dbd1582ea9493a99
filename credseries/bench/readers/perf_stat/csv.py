"""What `perf stat -x SEPARATOR` writes: count, unit, event, perhaps its +-, run time, and share of the time.

perf 6.1 writes the +- of `-r` as the fourth field and with a `%`, while its manual has it at the end; here the `%`
decides. After these come figures that perf computed from the counts, which are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from credseries.bench.model import Reading
from credseries.bench.readers.perf_stat.counters import ABSENT, LOG_FILE, TOTALS, Count, of_sections
from credseries.bench.unreadable import unreadable

_NUMBER = re.compile(r"\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,30}\.\d\d)%", re.ASCII)
_SHARE = re.compile(r"\d{1,3}\.\d\d", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)
_EVENT = re.compile(r"[^\d\W]\S*")
_BORDER = re.compile(r"(?<=[\d>])[^\w.%<>]+")
_LONGEST_SEPARATOR = 3
_LEADS = 2  # columns that can stand before the count: a time, or a socket and its number of processors
_STARTED = "# started on "
_ROWS_LOOKED_AT = 20
_ROW = "count, unit, event, run time and percentage, as in `49,,page-faults,594082,100.00`"


def matches(text: str) -> bool:
    """Whether one of the first lines is a row, also behind columns that `read` refuses."""
    lines = [line for line in text.split("\n", _ROWS_LOOKED_AT)[:_ROWS_LOOKED_AT] if line and len(line) < 400]
    return any(_separators(line, refused=True) for line in lines)


def read(text: str, name: str, runs: int | None = None) -> Reading:
    """The counts; those with a +- are means of several runs, and `runs` says of how many, as perf does not.

    Files that perf appended to (`-o FILE --append`) have several runs. Raises UsageError, with the line, for a row
    that is damaged, for counts that are no totals, and for an event that stands twice in what perf wrote at once.
    """
    lines = text.split("\n")
    separator = _separator(lines, name)
    starts = [number for number, line in enumerate(lines, 1) if line.startswith(_STARTED)]
    counts = [
        count
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
        for count in _count(_fields(line, separator), name, number)
    ]
    return of_sections(counts, starts, name, runs)


def _separator(lines: list[str], name: str) -> str:
    """What stands between the fields of most rows; the first row may be the damaged one."""
    found = [separator for line in lines if not line.startswith("#") for separator in _separators(line)[:1]]
    if found:
        return max(dict.fromkeys(found), key=found.count)
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            if _separators(line, refused=True):
                raise unreadable(name, number, f"columns that totals do not have: {line.strip()}", TOTALS)
            raise unreadable(name, number, f"no row of perf stat -x: {line.strip()}", _ROW)
    raise unreadable(name, 0, "no row of perf stat -x", _ROW)


def _separators(line: str, *, refused: bool = False) -> list[str]:
    """Which separators make a row of a line, the longest first; or a row with columns that `read` refuses."""
    borders = {run[:length] for run in _BORDER.findall(line) for length in range(1, _LONGEST_SEPARATOR + 1)}
    ordered = sorted(borders, key=lambda border: (-len(border), border))
    return [one for one in ordered if any(map(_is_row, _rows_in(_fields(line, one), refused)))]


def _rows_in(fields: list[str], refused: bool) -> Iterator[list[str]]:
    """What may be a row in some fields: all of them, and those without columns of what is no total."""
    yield fields
    if refused:
        yield from (fields[lead:] for lead in range(1, _LEADS + 1))
        yield [*fields[:3], *fields[4:]]  # a control group


def _fields(line: str, separator: str) -> list[str]:
    for word in ABSENT:  # their blank is no separator
        line = line.replace(word, word.replace(" ", "\0"))
    return [field.replace("\0", " ") for field in line.split(separator)]


def _is_row(fields: list[str]) -> bool:
    if len(fields) < 5 or not (fields[0] in ABSENT or _NUMBER.fullmatch(fields[0])):
        return False
    rest = fields[4:] if _PERCENT.fullmatch(fields[3]) else fields[3:]
    return bool(
        not _NUMBER.fullmatch(fields[1])
        and _EVENT.fullmatch(fields[2])
        and len(rest) >= 2
        and _WHOLE.fullmatch(rest[0])
        and _SHARE.fullmatch(rest[1])
    )


def _count(fields: list[str], name: str, number: int) -> Iterator[Count]:
    """The count in a row; none in one that goes on with figures that perf computed from the counts before."""
    if len(fields) > 3 and not any(field.strip() for field in fields[:4]):
        return
    if len(fields) == 1:
        raise unreadable(name, number, f"no row of perf stat -x: {fields[0].strip()}", f"{_ROW}; {LOG_FILE}")
    if fields[0] not in ABSENT and not _NUMBER.fullmatch(fields[0]):
        raise unreadable(name, number, f"{fields[0].strip()!r} is no count", TOTALS)
    if len(fields) > 2 and _NUMBER.fullmatch(fields[1]):
        raise unreadable(name, number, f"a column before the count, or a decimal comma: {fields[0]}", TOTALS)
    if len(fields) < 5:
        raise unreadable(name, number, f"{len(fields)} fields of at least 5", _ROW)
    if not _EVENT.fullmatch(fields[2]):
        raise unreadable(name, number, f"{fields[2]!r} is no event", f"{_ROW}; {TOTALS}")
    percent = _PERCENT.fullmatch(fields[3])
    runtime, share, *_ = *(fields[4:] if percent else fields[3:]), "", ""
    if not _WHOLE.fullmatch(runtime) or not _SHARE.fullmatch(share):
        raise unreadable(
            name,
            number,
            f"no run time and percentage after {fields[2]}: {runtime!r}, {share!r}",
            f"{_ROW}; {TOTALS}; a separator (-x) that is not in the events' names",
        )
    absent = fields[0] if fields[0] in ABSENT else ""
    value = 0.0 if absent else float(fields[0])
    error = float(percent[1]) if percent else None
    yield Count(number, fields[2], fields[1].strip(), value, absent, error, float(share))
