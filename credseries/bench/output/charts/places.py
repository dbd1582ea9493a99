"""HITM of each place in the code, before and after: bars of remote loads, and of local ones behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from credseries.bench.findings import Findings, HitmFindings
from credseries.bench.model import Role
from credseries.bench.output.charts.style import (
    FAINT,
    INK,
    Picture,
    lighter,
    plain_axes,
    role_colours,
    title,
)
from credseries.bench.output.plain import shortened
from credseries.bench.output.rows import hitm_roles, hitm_what, place_words, role_words
from credseries.words import many

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

_MOST_PLACES = 12
_LONGEST_NAME = 40
_BAR_INCHES = 0.17
_GAP = 0.6  # between places, in bars

Row = tuple[str, dict[Role, tuple[int, int] | None]]


def pictures(findings: Findings) -> Iterator[Picture]:
    """One picture if there are reports of perf c2c with lines that the series is about."""
    found = findings.hitm
    if found is None or not any(lines for _, lines in found.subject):
        return
    roles = hitm_roles(found)
    rows: list[Row] = [("total", {role: found.total(role) for role in roles})]
    for place in found.places[:_MOST_PLACES]:
        symbol, source = place_words(place)
        room = _LONGEST_NAME - len(source) - 1
        rows.append((f"{shortened(symbol, room)} {source}".rstrip(), dict(place.counts)))

    def paint(part: SubFigure) -> None:
        title(part, f"{hitm_what(found)} by place in the code, on the series' cache lines")
        _paint(part.subplots(), found, roles, rows)

    yield Picture("hitm-places", 1.35 + _BAR_INCHES * len(rows) * (len(roles) + _GAP), paint)


def _paint(axes: Axes, found: HitmFindings, roles: Sequence[Role], rows: Sequence[Row]) -> None:
    colours = role_colours(roles)
    step = len(roles) + _GAP
    for index, (_, counts) in enumerate(rows):
        for place, role in enumerate(roles):
            _bar(axes, index * step + place, counts.get(role), colours[role])
    middle = (len(roles) - 1) / 2
    axes.set_yticks([index * step + middle for index in range(len(rows))], [name for name, _ in rows])
    axes.set_ylim(len(rows) * step - _GAP - 0.3, -0.8)
    axes.margins(x=0.13)
    axes.set_xlim(left=0)
    plain_axes(axes, "x")
    axes.tick_params(axis="y", length=0)
    left = len(found.places) - _MOST_PLACES
    more = f"; {many(left, 'more place')} not drawn" if left > 0 else ""
    axes.set_xlabel(f"sampled loads, remote (dark) + local (light){more}")
    _legend(axes, colours)


def _bar(axes: Axes, row: float, counts: tuple[int, int] | None, colour: str) -> None:
    if counts is None:
        axes.annotate("no report", (0, row), (4, 0), "data", "offset points", va="center", size=7.5, color=FAINT)
        return
    remote, local = counts
    axes.barh(row, remote, height=0.84, color=colour)
    axes.barh(row, local, left=remote, height=0.84, color=lighter(colour))
    axes.annotate(
        f"{remote} + {local}",
        (remote + local, row),
        (4, 0),
        "data",
        "offset points",
        va="center",
        size=7.5,
        color=INK,
    )


def _legend(axes: Axes, colours: dict[Role, str]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=role_words(role)) for role, colour in colours.items()]
    axes.legend(handles=handles, loc="best", frameon=False)
