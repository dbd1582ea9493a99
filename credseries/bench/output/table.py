"""Findings as a block of a cover letter: at most 72 columns, and nothing that b4 would take for its own.

A metric has two lines, its name with the verdict and the figures below in columns, because names are long and 72
columns are few. Where figures are too long for that, each gets a line of its own. Numbers are never shortened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from credseries.bench.findings import Attribution, Comparison, Findings
from credseries.bench.output.hitm_table import hitm_paragraphs
from credseries.bench.output.plain import INDENT, block, clean, points, shortened, wrapped
from credseries.bench.output.provenance import facts
from credseries.bench.output.rows import (
    AttributionCells,
    ComparisonCells,
    attribution_cells,
    comparison_cells,
    levels,
    metric_name,
)

_NARROWEST = 60  # with less there is no room for a name beside its verdict
_APART = "  "
_FIGURES = INDENT * 2
_TITLES = 20  # columns for what a fact is called
_ELSE = "  everything else"
_PAIRED = "The kernels took turns, and their runs were compared pair by pair."

Paragraph = list[str]


def findings_table(findings: Findings, width: int = 72) -> str:
    """The findings with where they come from, every line indented by two blanks; no line break at the end.

    Every metric, topic and place of the code is there. What nobody knows is `?`, or said in words, and the block ends
    with a paragraph of it if `incomplete` has any. Raises ValueError if the width is less than 60 columns.
    """
    if width < _NARROWEST:
        raise ValueError(f"{width} columns are too few for a table of findings; it takes {_NARROWEST}")
    paragraphs: list[Paragraph] = [wrapped(clean(findings.label) or "benchmark", width), _provenance(findings, width)]
    if findings.comparisons:
        paragraphs.append(_comparisons(findings, width))
    if findings.hitm is not None:
        paragraphs += hitm_paragraphs(findings.hitm, width)
    for attribution in findings.attributions:
        paragraphs += _attribution(attribution, levels(findings), width)
    paragraphs.append(points(_notes(findings), width))
    if findings.incomplete:
        sentences = " ".join(clean(sentence) for sentence in findings.incomplete)
        paragraphs.append(wrapped(f"Not known: {sentences}", width))
    return block(paragraphs)


def _provenance(findings: Findings, width: int) -> Paragraph:
    stated = facts(findings)
    room = min(max(len(fact.title) for fact in stated), _TITLES)
    blank = INDENT + " " * room + _APART
    lines = []
    for fact in stated:
        title = INDENT + shortened(fact.title, room).ljust(room) + _APART
        lines += wrapped(fact.text, width, title, blank)
    return lines


def _rule(width: int) -> str:
    return INDENT + "=" * (width - len(INDENT))


def _named(name: str, verdict: str, width: int) -> str:
    """A name at the left and a verdict at the right; the name gives way."""
    room = width - len(INDENT) - len(_APART) - len(verdict)
    return f"{INDENT}{shortened(name, room).ljust(room)}{_APART}{verdict}"


def _titled(cells: ComparisonCells | AttributionCells, room: int) -> str:
    """A metric with its unit; the name gives way to the unit, the unit only when it is very long."""
    unit = f" [{shortened(cells.unit, room // 2)}]" if cells.unit else ""
    return shortened(cells.name, room - len(unit)) + unit


# -- comparisons


def _comparisons(findings: Findings, width: int) -> Paragraph:
    rows = comparison_cells(findings.comparisons)
    figures = [(row.base, row.patched, f"{row.change} {row.interval}".rstrip()) for row in rows]
    base, change = "base mean +- sd (n)", f"change [{levels(findings)} interval]"
    head, short = (base, "patched mean +- sd (n)", change), (base, "patched", change)
    fitting = _fitting(short, figures, width)
    widths = _widths([head, *fitting])
    if not _fit(widths, width):
        head, widths = short, _widths([short, *fitting])
    lines = [_named("metric [unit]", "verdict", width), _aligned(head, widths), _rule(width)]
    for row, cells in zip(rows, figures, strict=True):
        room = width - len(INDENT) - len(_APART) - len(row.verdict)
        lines.append(_named(_titled(row, room), row.verdict, width))
        if cells in fitting:
            lines.append(_aligned(cells, widths))
        else:
            stacked = (row.base, row.patched, row.change, row.interval)
            lines += _stacked(("base", "patched", "change", "interval"), stacked)
    return lines


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _fit(widths: Sequence[int], width: int) -> bool:
    return len(_FIGURES) + sum(widths) + len(_APART) * (len(widths) - 1) <= width


def _fitting(head: Sequence[str], rows: Sequence[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """The rows that fit below each other in columns: all but the longest that make them too wide."""
    kept = sorted(rows, key=lambda cells: sum(map(len, cells)))
    while not _fit(_widths([head, *kept]), width) and kept:
        kept.pop()
    return kept


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _FIGURES + _APART.join(cell.rjust(room) for cell, room in zip(cells, widths, strict=True))


def _stacked(titles: Sequence[str], cells: Sequence[str]) -> Iterator[str]:
    """A line for each cell that has anything."""
    room = max(map(len, titles))
    return (f"{_FIGURES}{title.ljust(room)}{_APART}{cell}" for title, cell in zip(titles, cells, strict=True) if cell)


# -- attribution


def _attribution(item: Attribution, level: str, width: int) -> Iterator[Paragraph]:
    cells = attribution_cells(item)
    lead = f"What each topic contributes, added last, to {cells.title}"
    room = width - len(_FIGURES) - len(_APART) - max(len(figure) for _, figure in cells.kernels)
    names = min(max(len(name) for name, _ in cells.kernels), room)
    yield [
        *wrapped(lead, width),
        *(f"{_FIGURES}{shortened(name, names).ljust(names)}{_APART}{figure}" for name, figure in cells.kernels),
    ]
    if cells.contributions:
        yield [*_contributions(cells, level, width)]


def _contributions(cells: AttributionCells, level: str, width: int) -> Iterator[str]:
    rows = [
        row
        for part in cells.contributions
        for row in (
            (part.topic, f"{part.amount} {part.interval}".rstrip(), part.share, part.verdict),
            (_ELSE, part.rest, part.rest_share, ""),
        )
    ]
    titles = ("topic", f"amount [{level} interval]", "share", "verdict")
    widths = [max(len(cells[column]) for cells in (titles, *rows)) for column in range(4)]
    widths[0] = width - len(INDENT) - sum(widths[1:]) - 3 * len(_APART)
    if widths[0] < len(_ELSE):
        yield from _contributions_stacked(cells, level, width)
        return
    for line in (titles, None, *rows):
        yield _rule(width) if line is None else _row(line, widths)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, amount, share, verdict = cells
    numbers = _APART.join((amount.rjust(widths[1]), share.rjust(widths[2]), verdict.ljust(widths[3])))
    return f"{INDENT}{shortened(name, widths[0]).ljust(widths[0])}{_APART}{numbers}".rstrip()


def _contributions_stacked(cells: AttributionCells, level: str, width: int) -> Iterator[str]:
    yield _named("topic", "verdict", width)
    yield f"{_FIGURES}amount [{level} interval], share of the change"
    yield _rule(width)
    for part in cells.contributions:
        yield _named(part.topic, part.verdict, width)
        amounts = (part.amount, part.interval, part.share, part.rest, part.rest_share)
        yield from _stacked(("amount", "interval", "share", "everything else", "its share"), amounts)


# -- notes


def _notes(findings: Findings) -> Iterator[str]:
    yield from _notes_of_comparisons(findings.comparisons)
    if findings.hitm is not None:
        yield from findings.hitm.notes
    for attribution in findings.attributions:
        yield from attribution.notes
    yield from findings.warnings


def _notes_of_comparisons(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Each note once, with the metrics that it is about unless these are all."""
    about: dict[str, list[str]] = {}
    for item in comparisons:
        for note in ((_PAIRED,) if item.paired else ()) + item.notes:
            about.setdefault(note, []).append(metric_name(item.metric))
    for note, names in about.items():
        yield note if len(set(names)) == len(comparisons) else f"{'; '.join(dict.fromkeys(names))}: {note}"
