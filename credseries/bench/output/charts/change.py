"""The change of each metric with its interval, below each other: a forest plot."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from credseries.bench.findings import Comparison, Findings, Verdict
from credseries.bench.output.charts.style import (
    FAINT,
    INK,
    MARKS,
    ROW_INCHES,
    TEXT_SIZE,
    Picture,
    plain_axes,
    title,
    whiskers,
)
from credseries.bench.output.numbers import write_change
from credseries.bench.output.plain import shortened
from credseries.bench.output.rows import levels, metric_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

_LONGEST_NAME = 38
# From here on a change is shown as a factor, by which halving is as far from 0 as doubling.
_FACTORS_FROM = 100.0
# What may stand below such an axis, what matters most first; and how far apart, as a part of the axis.
_TICKS = (0, 100, -50, 900, -90, 300, -75, 50, -33, 9900, -99, 20, -20, 1900, -95, 4900, -98)
_TICKS_APART = 0.075


def pictures(findings: Findings) -> Iterator[Picture]:
    """One picture if the change of any metric is known."""
    known = [item for item in findings.comparisons if item.change is not None and math.isfinite(item.change)]
    if not known:
        return

    def paint(part: SubFigure) -> None:
        title(part, "Change of each metric")
        _paint(part.subplots(), known, levels(findings))

    yield Picture("change", 1.55 + ROW_INCHES * len(known), paint)


def _paint(axes: Axes, items: Sequence[Comparison], level: str) -> None:
    factors = _as_factors(items)
    for row, item in enumerate(items):
        colour, marker, filled = MARKS[item.verdict]
        change = item.change or 0.0
        reach = whiskers([change], [item.interval])
        ends = [change - reach[0][0], change + reach[1][0]]
        axes.plot([_place(end, factors) for end in ends], [row, row], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot(
            [_place(change, factors)],
            [row],
            marker=marker,
            color=colour,
            markerfacecolor=colour if filled else "white",
            markersize=6.5,
            markeredgewidth=1.6,
            linestyle="none",
        )
        axes.annotate(
            " ".join(write_change(item.change, item.interval)).rstrip(),
            (1, row),
            (8, 0),
            ("axes fraction", "data"),
            "offset points",
            va="center",
            size=TEXT_SIZE,
            color=INK,
        )
    axes.axvline(_place(0.0, factors), color=FAINT, linewidth=1)
    axes.set_yticks(range(len(items)), [_name(item) for item in items])
    axes.set_ylim(len(items) - 0.4, -0.6)
    plain_axes(axes, "x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if factors:
        _factor_ticks(axes, items)
    else:
        axes.margins(x=0.08)
    spread = f", with its {level} interval" if any(item.interval for item in items) else ""
    axes.set_xlabel(f"change from base to patched in percent{spread}")
    _legend(axes, items)


def _name(item: Comparison) -> str:
    """The metric with which way is better, as an arrow, for a picture has no words at the right for it."""
    arrow = {"less": " ↓", "more": " ↑"}.get(str(item.metric.better), "")
    return shortened(metric_name(item.metric), _LONGEST_NAME) + arrow


def _ends(items: Sequence[Comparison]) -> list[float]:
    values = [item.change or 0.0 for item in items]
    below, above = whiskers(values, [item.interval for item in items])
    lows = [value - reach for value, reach in zip(values, below, strict=True)]
    highs = [value + reach for value, reach in zip(values, above, strict=True)]
    return [0.0, *lows, *highs]


def _as_factors(items: Sequence[Comparison]) -> bool:
    """Whether the axis is one of factors: some change is large, and none goes down to nothing."""
    ends = _ends(items)
    return max(ends) > _FACTORS_FROM and min(ends) > -100.0


def _place(change: float, factors: bool) -> float:
    return math.log2(1 + change / 100) if factors else change


def _factor_ticks(axes: Axes, items: Sequence[Comparison]) -> None:
    ends = _ends(items)
    low, high = _place(min(ends), True), _place(max(ends), True)
    margin = 0.08 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    inside: list[int] = []
    for tick in _TICKS:
        place = _place(tick, True)
        near = any(abs(place - _place(other, True)) < _TICKS_APART * (high - low) for other in inside)
        if low - margin <= place <= high + margin and not near:
            inside.append(tick)
    axes.set_xticks([_place(tick, True) for tick in inside], [f"{tick:+d}" if tick else "0" for tick in inside])


def _legend(axes: Axes, items: Sequence[Comparison]) -> None:
    from matplotlib.lines import Line2D

    used = [verdict for verdict in Verdict if any(item.verdict is verdict for item in items)]
    handles = []
    for verdict in used:
        colour, marker, filled = MARKS[verdict]
        handles.append(
            Line2D(
                [],
                [],
                color=colour,
                marker=marker,
                markerfacecolor=colour if filled else "white",
                markersize=6.5,
                markeredgewidth=1.6,
                linewidth=2,
                label=str(verdict),
            )
        )
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(used), frameon=False)
