"""The parts that a text has of perf c2c, in order: blocks of statistics, tables, and the words of people between them.

perf writes a title between two rules, above each of three blocks of key and value (the last one in words), above the
overview of all shared cache lines, and above the Pareto table of their rows. In mails titles are often missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from credseries.bench.readers.c2c.layout import DOTS, begins_header, read_layout
from credseries.bench.readers.c2c.lines import Line, Text
from credseries.bench.readers.c2c.pareto import Pareto, cut, read_pareto
from credseries.bench.readers.c2c.rows import is_stray_row, looks_like_totals

OVERVIEW, PARETO = "Shared Data Cache Line Table", "Shared Cache Line Distribution Pareto"
_DETAILS = "c2c details"
_TITLES = {
    title.casefold(): title
    for title in ("Trace Event Information", "Global Shared Cache Line Event Information", _DETAILS, OVERVIEW, PARETO)
}
_KEY_VALUE = re.compile(r"\s*(\S.*?)\s*:\s*([-+]?(?:\d+(?:\.\d+)?|nan|inf))%?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """A line that somebody wrote, and whether a paragraph begins with it."""

    text: str
    first: bool


@dataclass(frozen=True)
class Statistics:
    """A block of keys and values under its title, without values that are no number (NaN)."""

    title: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Overview:
    """The table of all shared cache lines: the index of its title, and how many it lists.

    The Pareto table has the same lines, and says all that it says.
    """

    index: int
    lines: int


Part = Words | Statistics | Overview | Pareto


def title_of(line: Line) -> str:
    """The title of perf that is all that a line says, or an empty text."""
    return _TITLES.get(line.text.strip().casefold(), "")


def parts(text: Text) -> Iterator[Part]:
    """The parts, in order; raises UsageError where one is damaged, or where a row stands outside of a table."""
    index = 0
    first = True  # whether the next words begin a paragraph
    while index < len(text):
        line = text[index]
        part, following = _part(text, index)
        if part is not None:
            yield part
        elif following == index + 1 and _words(line):
            yield Words(line.text.strip(), first)
        first = not _words(line)
        index = following


def _words(line: Line) -> bool:
    return not (line.blank or line.rule or cut(line) or line.text.lstrip().startswith("#"))


def _part(text: Text, index: int) -> tuple[Part | None, int]:
    """The part that begins at an index, if one does, and the index behind it."""
    line = text[index]
    if title := title_of(line):
        return _titled(text, index, title)
    if DOTS.fullmatch(line.text):
        layout = read_layout(text, index)
        if not layout.of_cache_lines:
            return None, _end_of_rows(text, index + 1)
        table = read_pareto(text, index, layout)
        return table, table.end
    if header := _header(text, index):
        return None, header
    if is_stray_row(line.text):
        raise text.error(
            index, "a row of a cache line outside of its table", "a header with the columns, and a summary row above it"
        )
    if line.rule and _between_rules(text, index):
        raise text.error(index + 1, "a cache line without a header", "a header that names these columns above them")
    return None, index + 1


def _titled(text: Text, index: int, title: str) -> tuple[Part | None, int]:
    """What stands under a title; of the tables it is only announced."""
    below = text.at(index + 1)
    start = index + 2 if below is not None and below.rule else index + 1
    if title == OVERVIEW:
        return Overview(index, _listed(text, start)), start
    if title == PARETO:
        return _announced(text, start)
    end = next((place for place, line in text.part(start) if line.blank or line.rule), text.end(start))
    if title == _DETAILS:
        return None, end
    values = (_key_value(text, place, title) for place in range(start, end))
    return Statistics(title, tuple((key, value) for key, value in values if math.isfinite(value))), end


def _key_value(text: Text, index: int, title: str) -> tuple[str, float]:
    found = _KEY_VALUE.fullmatch(text[index].text)
    if found is None:
        raise text.error(index, f"this is no statistic of the block {title!r}", "a name, a colon and a number")
    return found[1], float(found[2])


def _listed(text: Text, start: int) -> int:
    """How many rows the table has whose header begins at an index."""
    dots = next((place for place, line in text.part(start) if DOTS.fullmatch(line.text)), None)
    if dots is None or dots > start + 3:
        return 0
    return sum(not text[place].blank for place in range(dots + 1, _end_of_rows(text, dots + 1)))


def _announced(text: Text, start: int) -> tuple[Part | None, int]:
    """What follows the title of the Pareto table: its header, or nothing if perf has found no shared cache line."""
    place = next((place for place, line in text.part(start) if not line.blank), text.end(start))
    line, below = text.at(place), text.at(place + 1)
    if line is None or title_of(line) or (line.rule and below is not None and title_of(below)):
        return Pareto((), (), False, (), place), place
    if not line.rule and not begins_header(line):
        raise text.error(place, f"no table follows the title {PARETO!r}", "a header with names and a line of dots")
    return None, place


def _header(text: Text, index: int) -> int | None:
    """The index of the dots that a header at an index ends with, None if there begins none.

    Raises UsageError if the header is cut off before them.
    """
    if not begins_header(text[index]):
        return None
    for place in (index + 1, index + 2):
        line = text.at(place)
        if line is not None and line.depth == text[index].depth and DOTS.fullmatch(line.text):
            return place
    raise text.error(
        index + 1, "a header of perf c2c that is cut off", "names and a line of dots that show the columns"
    )


def _between_rules(text: Text, index: int) -> bool:
    """Whether the summary row of a cache line stands below the rule at an index."""
    totals, rule = text.at(index + 1), text.at(index + 2)
    return totals is not None and rule is not None and rule.rule and looks_like_totals(totals.text)


def _end_of_rows(text: Text, start: int) -> int:
    """The index behind the rows of a table that is not looked at; a `#` may stand alone below its header."""
    found = (place for place, line in text.part(start) if not line.text or line.rule)
    return next(found, text.end(start))
