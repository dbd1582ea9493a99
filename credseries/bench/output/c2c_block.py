"""A report of perf c2c trimmed to fit into a mail, as kernel developers do by hand; the reader reads it back.

It is the Pareto table without addresses and cycles. Its rules are drawn with `=`, since b4 splits a cover letter at a
line that ends in three dashes, and deletes lines that begin with `#`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from credseries.bench.model import C2cReport, CacheLineRow
from credseries.bench.readers.c2c.layout import NODE, NUMBER, OBJECT, SOURCE, SYMBOL, group_and_name
from credseries.bench.readers.c2c.pareto import EMPTY_COLUMNS
from credseries.words import many

_INDENT = "  "
_APART = 2  # blanks left of every column of words; two of them tell the reader that places count
_NOTHING = "-"
_SHORTEST = 12  # with less room for a symbol beside it, a source line is left out


@dataclass(frozen=True)
class _Column:
    """A column: what stands above it in two lines, and its width."""

    group: str
    name: str
    width: int


@dataclass(frozen=True)
class _Frame:
    """The columns of a block; `gap` is how many blanks stand left of a count."""

    number: int
    counts: tuple[_Column, ...]
    texts: tuple[_Column, ...]
    gap: int

    @property
    def numeric(self) -> int:
        """The width of number and counts."""
        return self.number + sum(self.gap + column.width for column in self.counts)

    @property
    def width(self) -> int:
        """The width of the block, with its indent."""
        return len(_INDENT) + self.numeric + sum(_APART + column.width for column in self.texts)

    def line(self, number: str, counts: Sequence[str], texts: Sequence[str] = ()) -> str:
        """A line with these cells: numbers end, and words begin, where their columns do."""
        numeric = number.rjust(self.number) + "".join(
            " " * self.gap + cell.rjust(column.width) for cell, column in zip(counts, self.counts, strict=True)
        )
        cells = (" " * _APART + cell.ljust(column.width) for cell, column in zip(texts, self.texts, strict=bool(texts)))
        return numeric + "".join(cells)


def c2c_block(report: C2cReport, lines: int = 3, rows: int = 8, width: int = 72) -> str:
    """The first cache lines of a report with their first rows, indented by two blanks, at most `width` columns wide.

    No line ends in three dashes or begins with `#`. Percentages stand as perf gave them, names that do not fit are
    shortened (`..`), and what is left out is said. When nothing is, the reader of perf c2c finds the same numbers in
    it. There is no line break at the end. Raises ValueError if not even the numbers fit.
    """
    shown = [(line, line.rows[:rows]) for line in report.lines[:lines]]
    empty = _empty_columns(report)
    titles = report.columns[: len(report.columns) - len(empty)]
    kept = [row for _, part in shown for row in part]
    frame = _frame(titles, report, kept, width)
    block = [*_header(frame), *_wrapped(EMPTY_COLUMNS, empty, width)] if shown else ["no cache lines"]
    for line, part in shown:
        rule = "=" * frame.numeric
        totals = dict(line.totals)
        block += [] if line is shown[0][0] else [""]
        block += [rule, frame.line(str(line.number), [str(totals.get(title, 0)) for title in titles]), rule]
        block += [_row(frame, titles, row) for row in part]
        left = len(line.rows) - len(part)
        if left or not part:
            block.append(f"{' ' * frame.number} ... {many(left, 'more row')}")
    if left := len(report.lines) - len(shown):
        block += ["", f"... {many(left, 'more line')}"]
    if missing := _missing(frame, kept):
        block += ["", f"... not shown: {', '.join(missing)}"]
    return "\n".join((_INDENT + line).rstrip() for line in block)


def _empty_columns(report: C2cReport) -> tuple[str, ...]:
    """The last columns of a report if they are 0 in all of it; never those of remote and local, which come first."""
    used = 2
    for place, title in enumerate(report.columns):
        numbers = (dict(line.totals).get(title, 0) for line in report.lines)
        shares = (dict(row.shares).get(title, 0) for line in report.lines for row in line.rows)
        if any(numbers) or any(shares):
            used = max(used, place + 1)
    return report.columns[used:]


def _frame(titles: Sequence[str], report: C2cReport, rows: Sequence[CacheLineRow], width: int) -> _Frame:
    """The widest frame that fits: first the object goes, then directories, then the nodes, then parts of names."""
    number = max([len(NUMBER), *(len(str(line.number)) for line in report.lines)])
    counts = tuple(_counts(titles, report))
    choices = [
        tuple(_texts(rows, names, basename))
        for names, basename in (
            ((SYMBOL, OBJECT, SOURCE, NODE), False),
            ((SYMBOL, SOURCE, NODE), False),
            ((SYMBOL, SOURCE, NODE), True),
            ((SYMBOL, SOURCE), True),
        )
    ]
    for gap in (2, 1):
        for texts in choices:
            frame = _Frame(number, _spread(counts, gap), texts, gap)
            if frame.width <= width:
                return frame
    bare = _Frame(number, _spread(counts, 1), (), 1)
    return _Frame(number, bare.counts, tuple(_squeezed(choices[-1], width - bare.width)), 1)


def _counts(titles: Sequence[str], report: C2cReport) -> Iterator[_Column]:
    for title in titles:
        group, name = group_and_name(title)
        totals = (str(dict(line.totals).get(title, 0)) for line in report.lines)
        shares = (_percent(dict(row.shares).get(title, 0.0)) for line in report.lines for row in line.rows)
        yield _Column(group, name, max(map(len, (name, *totals, *shares))))


def _spread(counts: Sequence[_Column], gap: int) -> tuple[_Column, ...]:
    """The columns, the last of a group as wide as it takes for the group's name to stand above them all."""
    spread: list[_Column] = []
    for group, found in groupby(counts, key=lambda column: column.group):
        members = list(found)
        taken = sum(member.width for member in members) + gap * (len(members) - 1)
        missing = max(len(group) + (4 if len(members) > 1 else 0) - taken, 0) if group else 0
        last = members[-1]
        spread += [*members[:-1], _Column(last.group, last.name, last.width + missing)]
    return tuple(spread)


def _texts(rows: Sequence[CacheLineRow], names: Sequence[str], basename: bool) -> Iterator[_Column]:
    """The columns of words that have any, as wide as their widest cell."""
    for name in names:
        cells = [_cell(row, name, basename) for row in rows]
        if any(cell != _NOTHING for cell in cells):
            yield _Column("Shared" if name == OBJECT else "", name, max(map(len, (name, *cells))))


def _squeezed(texts: Sequence[_Column], room: int) -> Iterator[_Column]:
    """Symbol and source, narrowed to a room that is too small for them; without the source, or both, where none is."""
    symbol = next((column for column in texts if column.name == SYMBOL), None)
    source = next((column for column in texts if column.name == SOURCE), None)
    if symbol is not None and source is not None and room >= 2 * _APART + _SHORTEST + len(SOURCE):
        left = room - 2 * _APART
        narrow = min(source.width, max(left // 2, left - symbol.width, len(SOURCE)))
        yield _Column("", SYMBOL, left - narrow)
        yield _Column("", SOURCE, narrow)
        return
    only = symbol or source
    if room < 0:
        raise ValueError("the numbers of this report do not fit")
    if only is not None and room >= _APART + len(only.name):
        yield _Column("", only.name, room - _APART)


def _header(frame: _Frame) -> list[str]:
    """Groups (if there are any), names, and dots."""
    above = " " * frame.number
    for group, found in groupby(frame.counts, key=lambda column: column.group):
        members = list(found)
        width = sum(member.width for member in members) + frame.gap * (len(members) - 1)
        drawn = f" {group} ".center(width, "=") if group and len(members) > 1 else group.rjust(width)
        above += " " * frame.gap + drawn
    above += "".join(" " * _APART + column.group.ljust(column.width) for column in frame.texts)
    names = frame.line(NUMBER, [column.name for column in frame.counts], [column.name for column in frame.texts])
    dots = frame.line(
        "." * frame.number,
        ["." * column.width for column in frame.counts],
        ["." * column.width for column in frame.texts],
    )
    return [*([above] if above.strip() else []), names, dots]


def _wrapped(prefix: str, titles: Sequence[str], width: int) -> Iterator[str]:
    """Titles after a prefix, on as many lines as they need."""
    line = ""
    for title in titles:
        longer = f"{line}, {title}" if line else prefix + title
        if line and len(_INDENT + longer) > width:
            yield line
            longer = prefix + title
        line = longer
    if line:
        yield line


def _row(frame: _Frame, titles: Sequence[str], row: CacheLineRow) -> str:
    shares = dict(row.shares)
    cells = [_shortened(_cell(row, column.name, basename=False), column) for column in frame.texts]
    return frame.line("", [_percent(shares.get(title, 0.0)) for title in titles], cells)


def _percent(share: float) -> str:
    """A share with perf's two decimals, or with more where it has more."""
    exact = Decimal(repr(share))
    return f"{share:.2f}%" if exact == round(exact, 2) else f"{exact:f}%"


def _cell(row: CacheLineRow, name: str, basename: bool) -> str:
    """What a row says in a column of words: ASCII without control characters, and no three dashes in a row."""
    source = row.source.rpartition("/")[2] if basename else row.source
    text = _plain({SYMBOL: row.symbol, OBJECT: row.shared_object, SOURCE: source, NODE: row.node}[name])
    level = f"[{_plain(row.level)}] " if name == SYMBOL and row.level and text else ""
    return level + text or _NOTHING


def _plain(text: str) -> str:
    printable = "".join(char if " " <= char <= "~" else "?" for char in " ".join(text.split()))
    return re.sub(r"-{3,}", "--", printable)


def _shortened(cell: str, column: _Column) -> str:
    """A cell that fits: a source line loses its directories first and keeps its number."""
    if len(cell) <= column.width:
        return cell
    if column.name == SOURCE:
        cell = cell.rpartition("/")[2]
        file, colon, number = cell.rpartition(":")
        room = column.width - len(f"..{colon}{number}")
        if len(cell) > column.width and room > 0 and number.isdigit():
            return f"{file[:room]}..{colon}{number}"
    return cell if len(cell) <= column.width else cell[: column.width - 2] + ".."


def _missing(frame: _Frame, rows: Sequence[CacheLineRow]) -> list[str]:
    """The columns of words that did not fit."""
    fitting = {column.name for column in frame.texts}
    there = [column.name for column in _texts(rows, (SYMBOL, OBJECT, SOURCE, NODE), basename=False)]
    return ["Shared Object" if name == OBJECT else name for name in there if name not in fitting]
