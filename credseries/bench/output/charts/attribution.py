"""What each topic contributes to a metric's change, with its interval, next to the whole change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from credseries.bench.findings import Attribution, Findings, Verdict
from credseries.bench.output.charts.style import (
    BLUE,
    FAINT,
    INK,
    ROW_INCHES,
    TEXT_SIZE,
    Picture,
    file_name,
    lighter,
    plain_axes,
    title,
    unit_words,
    whiskers,
)
from credseries.bench.output.plain import shortened
from credseries.bench.output.rows import attribution_cells, attribution_scale, levels, metric_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

_LONGEST_TITLE, _LONGEST_NAME = 60, 28


def pictures(findings: Findings) -> Iterator[Picture]:
    """A picture for each metric with topics."""
    for item in findings.attributions:
        if item.contributions:
            yield _picture(item, levels(findings))


def _picture(item: Attribution, level: str) -> Picture:
    def paint(part: SubFigure) -> None:
        title(part, f"What each topic contributes to {shortened(metric_name(item.metric), _LONGEST_TITLE)}")
        _paint(part.subplots(), item, level)

    tasks = "" if item.metric.tasks is None else str(item.metric.tasks)
    rows = 1 + 2 * len(item.contributions)
    return Picture(file_name("attribution", item.metric.name, tasks), 1.25 + ROW_INCHES * rows, paint)


def _paint(axes: Axes, item: Attribution, level: str) -> None:
    unit = attribution_scale(item)
    cells = attribution_cells(item)
    change = float(unit.of(item.patched.mean)) - float(unit.of(item.base.mean))
    names, row = ["whole change"], 1
    axes.barh(0, change, height=0.62, color=lighter(FAINT))
    _text(axes, 0, cells.change)
    for part, words in zip(item.contributions, cells.contributions, strict=True):
        amount, rest = float(unit.of(part.amount)), float(unit.of(part.rest))
        axes.barh(row, amount, height=0.62, color=BLUE)
        if part.interval is not None and all(map(math.isfinite, (part.interval.low, part.interval.high))):
            scaled = replace(
                part.interval, low=float(unit.of(part.interval.low)), high=float(unit.of(part.interval.high))
            )
            axes.errorbar(
                [amount], [row], xerr=whiskers([amount], [scaled]), color=INK, capsize=3, linewidth=1.3, zorder=3
            )
        axes.barh(row + 1, rest, height=0.62, color=lighter(lighter(BLUE)))
        _text(axes, row, f"{words.amount} {words.interval}".rstrip() + f", {words.share}; {_verdict(part.verdict)}")
        _text(axes, row + 1, f"{words.rest}, {words.rest_share}")
        names += [shortened(words.topic, _LONGEST_NAME), "everything else"]
        row += 2
    axes.axvline(0, color=FAINT, linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.margins(x=0.06)
    plain_axes(axes, "x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    spread = f", with its {level} interval" if any(part.interval for part in item.contributions) else ""
    unit_text = unit_words(cells.unit, item.metric.better)
    axes.set_xlabel(f"change by adding the topic last{spread}{'; ' if unit_text else ''}{unit_text}")


def _verdict(verdict: Verdict) -> str:
    return "verdict not known" if verdict is Verdict.UNKNOWN else str(verdict)


def _text(axes: Axes, row: int, text: str) -> None:
    """Words at the right edge, beside a row."""
    axes.annotate(text, (1, row), (8, 0), ("axes fraction", "data"), "offset points", va="center", size=TEXT_SIZE)
