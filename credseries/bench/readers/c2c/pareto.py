"""The Pareto table: cache lines, worst first, each with its totals between two rules and the rows of shares below.

A line is drawn, the totals follow, another line, then a row for each instruction; call chains (`-g`) stand below their
row and are left out. Percentages of a column cannot sum to more than 100, as far as they were rounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from credseries.bench.model import CacheLine
from credseries.bench.readers.c2c.layout import Layout, of_peers, read_layout, remote_and_local
from credseries.bench.readers.c2c.lines import Line, Text
from credseries.bench.readers.c2c.rows import (
    Shares,
    begins_row,
    read_shares,
    read_totals,
)

# How a person, or `credseries` itself, says that something was taken out here.
_CUT = re.compile(r"\s*(?:\.{3,}|…|[\[(<](?:\.{3,}|…|snip\w*)[\])>])(?:\s.*)?", re.IGNORECASE)
# Columns that a trimmed block does not show, for they are 0 in all its cache lines; titles with a comma between them.
EMPTY_COLUMNS = "0 everywhere: "
_CHAIN = re.compile(r"\s*(?:\||-{2,3}(?=[^-\s]))")
_NUMBERS = re.compile(r"\s*\d+(?:\.\d+)?(?:\s+\d+(?:\.\d+)?)+(?!\S)")


@dataclass(frozen=True)
class Pareto:
    """A table that was read: its counted columns, its lines, what was cut from it, and the index behind it."""

    columns: tuple[str, ...]
    lines: tuple[CacheLine, ...]
    peer: bool
    cuts: tuple[str, ...]
    end: int


@dataclass(frozen=True)
class _Rows:
    shares: tuple[Shares, ...]
    cuts: tuple[str, ...]
    end: int


def cut(line: Line) -> bool:
    """Whether a line stands for others that were left out."""
    return _CUT.fullmatch(line.text) is not None


def read_pareto(text: Text, dots: int, layout: Layout | None = None) -> Pareto:
    """The table whose line of dots is at an index; raises UsageError where it is damaged or contradicts itself."""
    layout = layout or read_layout(text, dots)
    pair = remote_and_local(layout.titles)
    if pair is None:
        raise text.error(
            dots - 1,
            f"no columns for remote and local loads among {', '.join(layout.titles) or 'those of this table'}",
            "the columns RmtHitm and LclHitm, or Rmt and Lcl under HITM or Peer Snoop",
        )
    places = (layout.titles.index(pair[0]), layout.titles.index(pair[1]))
    empty, index = _empty_columns(text, dots + 1)
    lines: list[CacheLine] = []
    cuts: list[str] = []
    while _goes_on(text, dots, index):
        line, rows = _cache_line(text, index, layout, places, len(lines))
        if lines and line.number <= lines[-1].number:
            raise text.error(
                index + 1,
                f"cache line {line.number} stands below cache line {lines[-1].number}",
                "rising numbers; a second table needs its own header",
            )
        lines.append(line)
        cuts.extend(rows.cuts)
        index = rows.end
    if not lines:
        raise text.error(index, "no cache line follows the header", "a line of dashes, then a row with totals")
    full = tuple(_with_empty(line, empty) for line in lines)
    return Pareto((*layout.titles, *empty), full, of_peers(layout.titles), tuple(cuts), index)


def _empty_columns(text: Text, start: int) -> tuple[tuple[str, ...], int]:
    """The titles of columns that are 0 everywhere, and the index of the first line that says something else."""
    titles: list[str] = []
    for index, line in text.part(start):
        said = line.text.strip()
        if said.startswith(EMPTY_COLUMNS):
            titles.extend(title.strip() for title in said.removeprefix(EMPTY_COLUMNS).rstrip(",").split(","))
        elif not line.blank:
            return tuple(titles), index
    return tuple(titles), text.end(start)


def _with_empty(line: CacheLine, titles: Sequence[str]) -> CacheLine:
    if not titles:
        return line
    rows = (replace(row, shares=(*row.shares, *((title, 0.0) for title in titles))) for row in line.rows)
    return replace(line, totals=(*line.totals, *((title, 0) for title in titles)), rows=tuple(rows))


def _goes_on(text: Text, dots: int, index: int) -> bool:
    """Whether another cache line begins at an index, which is behind the rows of the last one.

    A rule with words below it is a heading of somebody, and ends the table.
    """
    line = text.at(index)
    if line is None or line.depth != text[dots].depth or not line.rule:
        return False
    below = text.at(index + 1)
    return below is None or below.blank or below.rule or below.text.lstrip()[0].isdigit()


def _cache_line(
    text: Text, index: int, layout: Layout, places: tuple[int, int], ordinal: int
) -> tuple[CacheLine, _Rows]:
    """The cache line whose first rule is at an index. Without a column of numbers they are counted, as perf does."""
    totals = read_totals(text, index + 1, layout)
    below = text.at(index + 2)
    if below is None or not below.rule:
        raise text.error(index + 2, "a summary row without a line below it", "a line of dashes")
    rows = _rows(text, index + 3, layout)
    if not rows.shares and not rows.cuts:
        raise text.error(rows.end, "a cache line without rows", f"rows of {len(layout.counts)} percentages each")
    for place, title in enumerate(layout.titles):
        _check(text, index + 1, title, totals.counts[place], [shares.percentages[place] for shares in rows.shares])
    number = ordinal if totals.number is None else totals.number
    return CacheLine(
        number=number,
        remote=totals.counts[places[0]],
        local=totals.counts[places[1]],
        totals=tuple(zip(layout.titles, totals.counts, strict=True)),
        rows=tuple(shares.row for shares in rows.shares),
        address=totals.address,
    ), rows


def _rows(text: Text, start: int, layout: Layout) -> _Rows:
    """The rows from an index on, up to what ends them: a rule, words after a blank line, or the text's end."""
    shares: list[Shares] = []
    cuts: list[str] = []
    chained = in_chain = after_blank = False
    for index, line in text.part(start):
        if line.rule:
            return _Rows(tuple(shares), tuple(cuts), index)
        if line.blank:
            after_blank, in_chain = True, False
            continue
        if begins_row(line.text):
            if after_blank and not chained:
                raise text.error(index, "a row that belongs to no cache line", "a summary row between two lines first")
            shares.append(read_shares(text, index, layout))
            in_chain = False
        elif cut(line):
            cuts.append(f"{text.name}:{line.number}: {line.text.strip()}")
        elif _CHAIN.match(line.text) and shares:
            chained = in_chain = True
        elif after_blank and not _NUMBERS.match(line.text):
            return _Rows(tuple(shares), tuple(cuts), index)
        elif not in_chain:
            what = (
                "numbers that are neither percentages nor a summary row"
                if _NUMBERS.match(line.text)
                else "this is neither a row nor a call chain"
            )
            raise text.error(
                index, what, f"{len(layout.counts)} percentages with their %, or an empty line after the table"
            )
        after_blank = False
    return _Rows(tuple(shares), tuple(cuts), text.end(start))


def _check(text: Text, index: int, title: str, total: int, percentages: Sequence[Decimal]) -> None:
    """Raise UsageError when shares contradict the total: more than 100 %, or something of nothing."""
    shown = sum(percentages, Decimal(0))
    rounded = sum((_half_unit(value) for value in percentages), Decimal(0))
    if shown > 100 + rounded:
        raise text.error(
            index,
            f"the rows of this cache line sum to {shown} % of {title}",
            "at most 100 %: a row too many, or a typo",
        )
    if total == 0 and shown:
        raise text.error(index, f"the rows share out {shown} % of {title}, which is 0", "0.00% in every row")


def _half_unit(value: Decimal) -> Decimal:
    """How far a number that was rounded to its last digit can be from the true one."""
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) else Decimal(0)
