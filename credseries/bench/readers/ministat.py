"""What ministat prints of two files: number, least, most, median, mean and deviation of each, and their difference.

The format is that of FreeBSD's ministat. In its last block the first +/- is half a confidence interval of the
difference and the second one of the change in percent: neither is a spread of runs, so both are passed over, once the
difference itself has been checked with the two means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from credseries.bench.model import Better, Measurement, Metric, Reading, Summary
from credseries.bench.readers.rounded import NUMBER, Rounded, is_change, is_difference
from credseries.bench.unreadable import unreadable

_HEADER = re.compile(r"\s*N\s+Min\s+Max\s+Median\s+Avg\s+Stddev\s*")
_ROW = re.compile(r"([x+*%#@O])\s*(\d{1,15})((?:\s+\S+){5})\s*", re.ASCII)
_DIFFERENCE = re.compile(r"\s*Difference at [\d.]+% confidence\s*")
_NO_DIFFERENCE = re.compile(r"\s*No difference proven at [\d.]+% confidence\s*")
_AMOUNT = re.compile(rf"\s*({NUMBER}) \+/- {NUMBER}\s*", re.ASCII)
_PERCENT = re.compile(rf"\s*({NUMBER})% \+/- {NUMBER}%\s*", re.ASCII)
_TEST = re.compile(rf"\s*\(Student's t, pooled s = {NUMBER}\)\s*", re.ASCII)
_MARKS = "x+"
_EXPECTED = "`x 5 10.1 10.5 10.2 10.24 0.1516575`: mark, N, Min, Max, Median, Avg and Stddev"
_METRIC = Metric("value", "", Better.NEITHER)
_NOTE = "ministat does not say what it compared, in which unit, or which way is better"


def matches(text: str) -> bool:
    """Whether there is the header of ministat's rows in a text."""
    return any(map(_HEADER.fullmatch, text.split("\n")))


def sides(text: str, name: str) -> tuple[Reading, Reading]:
    """The first (x, the base) and the second file (+, patched), as one metric "value" of which nothing else is known.

    Raises UsageError, with the line, for a damaged row, for numbers that contradict each other, and for a comparison
    of any other number of files than two.
    """
    lines = text.split("\n")
    headers = [number for number, line in enumerate(lines, 1) if _HEADER.fullmatch(line)]
    if len(headers) != 1:
        found = f"{len(headers)} comparisons" if headers else "no comparison of ministat"
        raise unreadable(name, headers[1] if headers else 0, found, "one header `N Min Max Median Avg Stddev`")
    base, patched = _two_rows(lines, headers[0], name)
    _check_difference(lines, patched.line, base, patched, name)
    return _reading(base), _reading(patched)


@dataclass(frozen=True)
class _Row:
    line: int
    runs: int
    mean: Rounded
    deviation: float


def _reading(row: _Row) -> Reading:
    summary = Summary(row.mean.value, row.deviation if row.runs > 1 else None, row.runs)
    return Reading((Measurement(_METRIC, summary=summary),), notes=(_NOTE,))


def _two_rows(lines: Sequence[str], header: int, name: str) -> tuple[_Row, _Row]:
    rows = [
        _row(lines[number - 1] if number <= len(lines) else "", mark, name, min(number, len(lines)))
        for number, mark in enumerate(_MARKS, header + 1)
    ]
    for number, line in enumerate(lines[header + 2 :], header + 3):
        if _ROW.fullmatch(line):
            raise unreadable(name, number, f"a third row: {line.strip()}", "a comparison of two files")
    return rows[0], rows[1]


def _row(line: str, mark: str, name: str, number: int) -> _Row:
    found = _ROW.fullmatch(line)
    if found is None or found[1] != mark:
        raise unreadable(name, number, f"no row {mark} of ministat: {line.strip()}", _EXPECTED)
    least, most, median, mean, deviation = (_number(word, name, number) for word in found[3].split())
    ordered = median.fits(least.low, most.high) and mean.fits(least.low, most.high)
    if not ordered or least.value > most.value or deviation.value < 0 or found[2].strip("0") == "":
        raise unreadable(
            name, number, f"numbers that contradict each other: {line.strip()}", "Min <= Median, Avg <= Max"
        )
    return _Row(number, int(found[2]), mean, deviation.value)


def _number(word: str, name: str, number: int) -> Rounded:
    found = Rounded.parse(word)
    if found is None:
        raise unreadable(name, number, f"{word} is no number", _EXPECTED)
    return found


def _check_difference(lines: Sequence[str], after: int, base: _Row, patched: _Row, name: str) -> None:
    """Raises UsageError when the block below the rows is damaged or says another difference than the means."""
    rest = _filled(lines, after)
    number, line = next(rest, (0, ""))
    if not line or _NO_DIFFERENCE.fullmatch(line):
        return  # rows without a block are what `ministat -n` prints
    if not _DIFFERENCE.fullmatch(line):
        raise unreadable(name, number, f"not what ministat says: {line.strip()}", "`Difference at 95.0% confidence`")
    for pattern, agrees in ((_AMOUNT, is_difference), (_PERCENT, is_change), (_TEST, None)):
        number, line = next(rest, (number, ""))
        found = pattern.fullmatch(line)
        if found is None:
            raise unreadable(name, number, f"a damaged difference: {line.strip()}", "amount, percent and Student's t")
        said = Rounded.parse(found[1]) if agrees else None
        if agrees and (said is None or not agrees(said, base.mean, patched.mean)):
            raise unreadable(
                name,
                number,
                f"the difference {line.strip()} is not that of {base.mean.value:g} and {patched.mean.value:g}",
                "numbers that agree, within rounding: one of them was changed",
            )


def _filled(lines: Sequence[str], after: int) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines[after:], after + 1) if line.strip())
