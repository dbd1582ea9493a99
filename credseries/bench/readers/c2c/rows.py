"""The two kinds of rows of the Pareto table: a cache line's totals, and an instruction's shares of them in percent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from credseries.bench.model import CacheLineRow
from credseries.bench.readers.c2c.layout import NODE, OBJECT, OFFSET, SOURCE, SYMBOL, Column, Layout
from credseries.bench.readers.c2c.lines import Text
from credseries.errors import UsageError
from credseries.words import many

_PERCENT = re.compile(r"\d+(?:\.\d+)?%")
_COUNT = re.compile(r"[0-9]{1,18}")
_ADDRESS = re.compile(r"0x[0-9a-f]+|0")
_LEVEL = re.compile(r"\[([.kguH!])\]\s*")
_SUMMARY = re.compile(r"\s*\d+(?:\s+\d+){2,}(?:\s+0x[0-9a-f]+)?\s*")
_STRAY_ROW = re.compile(r"\s*(?:\d+(?:\.\d+)?%\s+){2,}(?:.*\s)?\[[.kguH!]\]\s")
# Node: numbers with a blank between them, each maybe with its processors or shares in braces; from the right end.
_NODES = re.compile(r"(?:^|\s+)((?:\d+(?:\{[^}]*\})?|N/A)(?:\s+\d+(?:\{[^}]*\})?)*)$")
_SOURCE = re.compile(r"(?:^|\s+)(\S+(?: \((?:discriminator \d+|inlined)\))*)$")
_OBJECT = re.compile(r"(?:^|\s+)(\S+)$")
# A symbol with blanks inside is one of C++ or Rust, and shows it.
_SPOKEN = re.compile(r"[(<]|::")


@dataclass(frozen=True)
class Totals:
    """The summary row of a cache line; `number` is None when the table has none."""

    number: int | None
    counts: tuple[int, ...]
    address: str


@dataclass(frozen=True)
class Shares:
    """A row with its percentages as they were written, so that their rounding is known."""

    row: CacheLineRow
    percentages: tuple[Decimal, ...]


def begins_row(text: str) -> bool:
    """Whether a line begins as a row of shares does."""
    return _PERCENT.match(text.lstrip()) is not None


def looks_like_totals(text: str) -> bool:
    """Whether a line can be the summary row of a cache line, whatever the columns."""
    return _SUMMARY.fullmatch(text) is not None


def is_stray_row(text: str) -> bool:
    """Whether a line can only be a row of shares, wherever it stands."""
    return _STRAY_ROW.match(text) is not None


def read_totals(text: Text, index: int, layout: Layout) -> Totals:
    """The summary row at an index; raises UsageError if it is none of this layout."""
    line = text.at(index)
    words = line.text.split() if line is not None else []
    wanted = len(layout.counts) + layout.numbered
    numbers, rest = words[:wanted], words[wanted:]
    whole = len(numbers) == wanted and all(map(_COUNT.fullmatch, numbers))
    if not whole or len(rest) > 1 or not all(map(_ADDRESS.fullmatch, rest)):
        raise text.error(
            index,
            "this is no summary row of a cache line" if words else "a cache line without its summary row",
            f"whole numbers ({', '.join(column.title for column in layout.columns[:wanted])}) and maybe an address",
        )
    counts = [int(word) for word in numbers]
    number = counts.pop(0) if layout.numbered else None
    return Totals(number, tuple(counts), rest[0] if rest else "")


def read_shares(text: Text, index: int, layout: Layout) -> Shares:
    """The row of shares at an index; raises UsageError if it has more or fewer cells than the layout."""
    words = text[index].text.split()
    count = next((place for place, word in enumerate(words) if not _PERCENT.fullmatch(word)), len(words))
    if count != len(layout.counts):
        following = words[count] if count < len(words) else "the end of the row"
        raise text.error(
            index,
            f"a row with {many(count, 'percentage')} before {following}",
            f"{len(layout.counts)} percentages ({', '.join(layout.titles)})",
        )
    cells = _collapsed(text, index, layout) if layout.collapsed else _wide(text, index, layout)
    percentages = tuple(Decimal(word[:-1]) for word in words[:count])
    shares = tuple(zip(layout.titles, map(float, percentages), strict=True))
    level = _LEVEL.match(cells.get(SYMBOL, ""))
    row = CacheLineRow(
        shares=shares,
        symbol=cells.get(SYMBOL, "")[level.end() if level else 0 :],
        shared_object=cells.get(OBJECT, ""),
        source=cells.get(SOURCE, ""),
        level=level[1] if level else "",
        node=cells.get(NODE, ""),
        offset=cells.get(OFFSET, ""),
    )
    if SYMBOL in cells and not row.symbol:
        raise text.error(index, "a row without a symbol", f"a function's name {_place(layout, SYMBOL)}")
    return Shares(row, percentages)


def _place(layout: Layout, name: str) -> str:
    titles = [column.title for column in layout.describing]
    place = next((place for place, column in enumerate(layout.describing) if _key(column, layout) == name), 0)
    return f"after {titles[place - 1]}" if place else "after the percentages"


def _key(column: Column, layout: Layout) -> str:
    """Which of a row's cells a column is. Data has a node too: that of the processors is the last column."""
    if column.name in ("Off", OFFSET):
        return OFFSET
    if column.name == "Shared Object":
        return OBJECT
    if column is layout.columns[-1] and (column.name == NODE or column.name.startswith("Node{")):
        return NODE
    return "" if column.name == NODE else column.name


def _wide(text: Text, index: int, layout: Layout) -> dict[str, str]:
    """The cells of a row by the places of its words."""
    found = layout.cells(text[index])
    cells = list(found) if found is not None else []
    missing = [column.title for column, cell in cells if not cell and column in layout.counts + layout.describing]
    counted = [cell for column, cell in cells if column in layout.counts]
    if not cells or missing or not all(map(_PERCENT.fullmatch, counted)):
        what = f"a row without {', '.join(missing)}" if missing else "a row that does not line up with the columns"
        raise _cells_expected(text, index, layout, what)
    return {_key(column, layout): " ".join(cell.split()) for column, cell in cells}


def _collapsed(text: Text, index: int, layout: Layout) -> dict[str, str]:
    """The cells of a row whose words say nothing by their places: from the left up to the symbol, then from the right.

    Left of the symbol every cell is one word. Right of it the object is one too, the source line ends with its number,
    and the nodes are the last numbers.
    """
    words = text[index].text.split()[len(layout.counts) :]
    columns = list(layout.describing)
    cells: dict[str, str] = {}
    symbol = next((place for place, column in enumerate(columns) if column.name == SYMBOL), None)
    before = [column for column in columns[:symbol] if symbol is not None]
    if len(words) < len(columns):
        titles = ", ".join(column.title for column in columns)
        raise _cells_expected(text, index, layout, f"a row with {many(len(words), 'word')} for {titles}")
    for column, word in zip(before, words, strict=False):
        cells[_key(column, layout)] = word
    rest = " ".join(words[len(before) :])
    for column in reversed(columns[len(before) :] if symbol is None else columns[len(before) + 1 :]):
        key = _key(column, layout)
        pattern = {NODE: _NODES, SOURCE: _SOURCE}.get(key, _OBJECT)
        found = pattern.search(rest)
        if found is None:
            raise _cells_expected(text, index, layout, f"a row without {column.title}")
        cells[key], rest = found[1], rest[: found.start()]
    if symbol is None:
        if rest:
            raise _cells_expected(text, index, layout, f"a row with {rest!r} in no column")
        return cells
    name = _LEVEL.sub("", rest, count=1)
    if not name or (" " in name and not _SPOKEN.search(name)):
        what = f"{name!r} is no name of a function" if name else "a row without Symbol or with too few words"
        raise _cells_expected(text, index, layout, what)
    return {**cells, SYMBOL: rest}


def _cells_expected(text: Text, index: int, layout: Layout, what: str) -> UsageError:
    titles: Sequence[str] = [column.title for column in layout.describing]
    hint = f"{len(layout.counts)} percentages, then {', '.join(titles)}"
    return text.error(index, what, hint + (", each below its dots" if not layout.collapsed else ""))
