"""HITM of a cache line by place, and the mean of the cache lines of several reports.

Lines of several reports are taken for the same one when the same place has most of their HITM.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from credseries.bench.model import CacheLine, CacheLineRow
from credseries.bench.readers.c2c.layout import remote_and_local

Place = tuple[str, str]


def place_counts(line: CacheLine) -> dict[Place, tuple[float, float]]:
    """Remote and local HITM of each (symbol, source line), from the line's totals and its rows' percentages.

    Rows of one place, which are several instructions of one line of code, are summed. The counts are as exact as the
    percentages: with two decimals, to 0.005 % of the total.
    """
    counts: dict[Place, tuple[float, float]] = {}
    for row in line.rows:
        pair = remote_and_local([title for title, _ in row.shares])
        if pair is not None:
            shares = dict(row.shares)
            remote, local = counts.get(row.place, (0.0, 0.0))
            counts[row.place] = (
                remote + shares[pair[0]] * line.remote / 100,
                local + shares[pair[1]] * line.local / 100,
            )
    return counts


def mean_lines(reports: Sequence[Sequence[CacheLine]]) -> tuple[CacheLine, ...]:
    """The lines of one report as they are; of several, the means of lines with the same worst place, worst first.

    A line that some reports do not have counts as 0 there. Means are rounded to whole loads; addresses are dropped.
    """
    if len(reports) == 1:
        return tuple(reports[0])
    alike: dict[tuple[Place, int], list[CacheLine]] = defaultdict(list)
    for lines in reports:
        seen: dict[Place, int] = defaultdict(int)
        for line in lines:
            worst = _worst_place(line)
            alike[worst, seen[worst]].append(line)
            seen[worst] += 1
    means = sorted((_mean(lines, len(reports)) for lines in alike.values()), key=lambda line: -line.hitm)
    return tuple(replace(line, number=number) for number, line in enumerate(means))


def _worst_place(line: CacheLine) -> Place:
    counts = place_counts(line)
    return max(counts, key=lambda place: sum(counts[place]), default=("", ""))


def _mean(lines: Sequence[CacheLine], reports: int) -> CacheLine:
    """The mean of a line's counts over all reports, those without it too."""
    titles = list(dict.fromkeys(title for line in lines for title, _ in line.totals))
    sums = {title: sum(dict(line.totals).get(title, 0) for line in lines) for title in titles}
    return CacheLine(
        number=0,
        remote=_whole(sum(line.remote for line in lines) / reports),
        local=_whole(sum(line.local for line in lines) / reports),
        totals=tuple((title, _whole(total / reports)) for title, total in sums.items()),
        rows=tuple(_mean_rows(lines, sums)),
    )


def _whole(count: float) -> int:
    """A whole number of loads; halves go up."""
    return int(count + 0.5)


def _mean_rows(lines: Sequence[CacheLine], sums: dict[str, int]) -> Iterator[CacheLineRow]:
    """A row for each place, with its share of the counts of all lines together, with the two decimals of perf."""
    loads: dict[Place, dict[str, float]] = {}
    first: dict[Place, CacheLineRow] = {}
    for line in lines:
        totals = dict(line.totals)
        for row in line.rows:
            first.setdefault(row.place, row)
            counts = loads.setdefault(row.place, dict.fromkeys(sums, 0.0))
            for title, share in row.shares:
                counts[title] = counts.get(title, 0.0) + share * totals.get(title, 0)
    for place, counts in loads.items():
        shares = tuple((title, round(counts[title] / total, 2) if total else 0.0) for title, total in sums.items())
        yield replace(first[place], shares=shares, node="", offset="")
