"""perf c2c across kernels as a table of a mail: a column a kernel, a row a place in the code, never a cache line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from credseries.bench.findings import HitmFindings
from credseries.bench.model import Role
from credseries.bench.output.plain import INDENT, clean, shortened, wrapped
from credseries.bench.output.rows import HitmCells, HitmRow, hitm_cells

_APART = "  "
_NAMES = 24  # the least columns for the names of places; more kernels than leave that get a table of their own
_LONGEST_TOPIC = 14


def hitm_paragraphs(found: HitmFindings, width: int) -> Iterator[list[str]]:
    """What perf c2c says, with what makes a cache line one of the series'; several tables if the kernels are many."""
    cells = hitm_cells(found)
    if not cells.roles:
        yield wrapped(f"{cells.what}: there is no report of perf c2c.", width)
        return
    lead = f"{cells.what} as remote/local loads, on the cache lines"
    yield wrapped(f"{lead} of {', '.join(found.seeds)}" if found.seeds else f"{lead} of the series", width)
    for group in _groups(cells, width):
        yield [*_table(cells, group, width)]


def _groups(cells: HitmCells, width: int) -> Iterator[tuple[int, ...]]:
    """The kernels by their place in a row, as many at a time as fit beside the names; at least one."""
    group: list[int] = []
    for index in range(len(cells.roles)):
        room = width - len(INDENT) - sum(len(_APART) + _width(cells, other) for other in (*group, index))
        if group and room < _NAMES:
            yield tuple(group)
            group = []
        group.append(index)
    yield tuple(group)


def _head(role: Role) -> tuple[str, str]:
    """What stands above a column, in two lines."""
    return (clean(role.kind), shortened(clean(role.topic), _LONGEST_TOPIC)) if role.topic else ("", role.kind)


def _rows(cells: HitmCells) -> list[HitmRow]:
    return [cells.total, *cells.places, *([cells.other] if cells.other else [])]


def _width(cells: HitmCells, index: int) -> int:
    return max(len(text) for text in (*_head(cells.roles[index]), *(row.counts[index] for row in _rows(cells))))


def _table(cells: HitmCells, group: Sequence[int], width: int) -> Iterator[str]:
    widths = [_width(cells, index) for index in group]
    room = width - len(INDENT) - sum(len(_APART) + column for column in widths)

    def line(name: str, counts: Sequence[str]) -> str:
        numbers = "".join(_APART + count.rjust(column) for count, column in zip(counts, widths, strict=True))
        return f"{INDENT}{shortened(name, room).ljust(room)}{numbers}".rstrip()

    heads = [_head(cells.roles[index]) for index in group]
    if any(above for above, _ in heads):
        yield line("", [above for above, _ in heads])
    yield line("", [below for _, below in heads])
    yield INDENT + "=" * (width - len(INDENT))
    for row in _rows(cells):
        counts = [row.counts[index] for index in group]
        name = f"{row.symbol} {row.source}".rstrip()
        if row is cells.other:
            yield INDENT + "=" * (width - len(INDENT))
        if row.source and len(name) > room:
            # The symbol alone is what a reader looks for: it is not cut for the sake of one line.
            yield INDENT + shortened(row.symbol, width - len(INDENT))
            name = f"  {row.source}"
        yield line(name, counts)
