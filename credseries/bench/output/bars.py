"""Findings as bars on a terminal: before and after below each other, in eighths of a column, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from credseries.bench.findings import Comparison, Findings, HitmFindings, Verdict
from credseries.bench.model import Role
from credseries.bench.output.plain import shortened, wrapped
from credseries.bench.output.provenance import facts
from credseries.bench.output.rows import (
    ComparisonCells,
    comparison_cells,
    hitm_roles,
    hitm_what,
    levels,
    place_words,
    role_words,
)

_BLOCKS = " ▏▎▍▌▋▊▉█"  # nothing to all of a column, in eighths
_SHORTEST = 8  # columns of the longest bar, however narrow the terminal is
_LABEL = 20  # columns for what a bar is of
_GREY, _GREEN, _RED, _BLUE = "90", "32", "31", "36"
_OF_VERDICT = {Verdict.BETTER: _GREEN, Verdict.WORSE: _RED}


@dataclass(frozen=True)
class _Bar:
    """A bar with what stands left and right of it; without a size nothing is drawn."""

    label: str
    size: Fraction | None
    text: str
    colour: str


@dataclass(frozen=True)
class _Pen:
    """How bars are drawn: the width of a line, with or without colour, in blocks or in ASCII."""

    width: int
    colour: bool
    ascii_only: bool

    def painted(self, text: str, colour: str) -> str:
        """Text in an ANSI colour, if there is to be any."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour and text else text

    def drawn(self, share: Fraction, room: int) -> str:
        """A bar of a share, 0 to 1, of a room in columns; what is more than 0 is always seen."""
        if self.ascii_only:
            return "#" * (max(round(share * room), 1) if share else 0)
        eighths = max(round(share * room * 8), 1) if share else 0
        return "█" * (eighths // 8) + (_BLOCKS[eighths % 8] if eighths % 8 else "")

    def lines(self, bars: Sequence[_Bar]) -> Iterator[str]:
        """Bars to one measure, the longest as long as the line allows."""
        label = min(max(len(bar.label) for bar in bars), _LABEL)
        text = max(len(bar.text) for bar in bars)
        room = max(self.width - label - text - 5, _SHORTEST)
        largest = max((bar.size for bar in bars if bar.size is not None), default=Fraction(0))
        for bar in bars:
            share = bar.size / largest if bar.size is not None and largest else Fraction(0)
            drawn = self.drawn(share, room)
            blank = " " * (room - len(drawn))
            name = shortened(bar.label, label).ljust(label)
            yield f"  {name} {self.painted(drawn, bar.colour)}{blank}  {bar.text.rjust(text)}"


def bars(findings: Findings, colour: bool, width: int, ascii_only: bool = False) -> str:
    """Metrics, places of perf c2c and where they come from, for `width` columns; no line break at the end.

    `colour` paints with ANSI codes: before grey, after green when it is better and red when it is worse. Bars begin
    at 0; a metric that is less than 0 has only its numbers. On less than about 60 columns lines are longer than that.
    """
    pen = _Pen(width, colour, ascii_only)
    cells = comparison_cells(findings.comparisons)
    blocks = [_metric(item, row, pen, levels(findings)) for item, row in zip(findings.comparisons, cells, strict=True)]
    if findings.hitm is not None and findings.hitm.subject:
        blocks += _places(findings.hitm, pen)
    blocks.append(
        [line for fact in facts(findings) for line in wrapped(f"{fact.title}: {fact.text}", max(width, _LABEL), "")]
    )
    return "\n\n".join("\n".join(block) for block in blocks)


def _metric(item: Comparison, cells: ComparisonCells, pen: _Pen, level: str) -> list[str]:
    colour = _OF_VERDICT.get(item.verdict, _BLUE)
    drawable = min(item.base.mean, item.patched.mean) >= 0
    figures = (("base", item.base, cells.base, _GREY), ("patched", item.patched, cells.patched, colour))
    found = [_Bar(name, Fraction(figure.mean) if drawable else None, text, of) for name, figure, text, of in figures]
    title = shortened(cells.title, max(pen.width - len(cells.verdict) - 2, _LABEL))
    interval = f" ({level} interval {cells.interval})" if cells.interval else ""
    return [f"{title}  {pen.painted(cells.verdict, colour)}", *pen.lines(found), f"  change  {cells.change}{interval}"]


def _places(found: HitmFindings, pen: _Pen) -> Iterator[list[str]]:
    """The series' cache lines as a whole, then each place, all to one measure."""
    roles = hitm_roles(found)
    rows = [("total", tuple((role, found.total(role)) for role in roles))]
    rows += [(" ".join(place_words(place)).rstrip(), place.counts) for place in found.places]
    drawn = list(pen.lines([_bar(role, dict(counts).get(role)) for _, counts in rows for role in roles]))
    yield [f"{hitm_what(found)} on the series' cache lines, remote + local loads"]
    for index, (name, _) in enumerate(rows):
        yield [shortened(name, pen.width), *drawn[index * len(roles) : (index + 1) * len(roles)]]


def _bar(role: Role, counts: tuple[int, int] | None) -> _Bar:
    colour = _GREY if role.kind == "base" else _BLUE
    if counts is None:
        return _Bar(role_words(role), None, "?", colour)
    return _Bar(role_words(role), Fraction(sum(counts)), f"{sum(counts)} = {counts[0]} + {counts[1]}", colour)
