"""A metric over the number of tasks, before and after, and the change below it with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from credseries.bench.findings import Comparison, Figure, Findings
from credseries.bench.model import Better, Metric
from credseries.bench.output.charts.style import (
    BLUE,
    FAINT,
    GREY,
    INK,
    Picture,
    file_name,
    plain_axes,
    title,
    unit_words,
    whiskers,
)
from credseries.bench.output.numbers import Scale, figure_scale
from credseries.bench.output.plain import clean, shortened
from credseries.bench.output.rows import levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

_LONGEST_TITLE = 70
# Numbers of tasks that span more than this are mostly powers of two, and stand like these.
_POWERS_FROM = 8


def pictures(findings: Findings) -> Iterator[Picture]:
    """A picture for each metric that was measured with two or more numbers of tasks."""
    alike: dict[tuple[str, str, Better], dict[int, Comparison]] = {}
    for item in findings.comparisons:
        metric = item.metric
        if metric.tasks is not None:
            alike.setdefault((metric.name, metric.unit, metric.better), {})[metric.tasks] = item
    for (name, unit, better), by_tasks in alike.items():
        if len(by_tasks) > 1:
            curve = [by_tasks[tasks] for tasks in sorted(by_tasks)]
            yield _picture(Metric(name, unit, better), curve, levels(findings))


def _picture(metric: Metric, curve: Sequence[Comparison], level: str) -> Picture:
    def paint(part: SubFigure) -> None:
        upper, lower = part.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
        unit = figure_scale(metric, (figure for item in curve for figure in (item.base, item.patched)))
        tasks = [item.metric.tasks or 0 for item in curve]
        _curves(upper, tasks, curve, unit)
        title(part, f"{shortened(clean(metric.name), _LONGEST_TITLE)} over the number of tasks")
        upper.set_ylabel(unit_words(clean(unit.unit), metric.better))
        _change(lower, tasks, curve)
        lower.set_ylabel(f"change [%],\n{level} interval" if any(item.interval for item in curve) else "change [%]")
        lower.set_xlabel("tasks (processes or threads)")
        _task_ticks(lower, tasks)

    return Picture(file_name("scaling", metric.name), 4.6, paint)


def _curves(axes: Axes, tasks: Sequence[int], curve: Sequence[Comparison], unit: Scale) -> None:
    for name, figures, colour, marker in (
        ("base", [item.base for item in curve], GREY, "s"),
        ("patched", [item.patched for item in curve], BLUE, "o"),
    ):
        means = [float(unit.of(figure.mean)) for figure in figures]
        axes.errorbar(
            tasks,
            means,
            yerr=_deviations(figures, unit),
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1.8,
            capsize=3,
            label=_label(name, figures),
        )
    axes.set_ylim(bottom=min(0.0, *(float(unit.of(figure.mean)) for item in curve for figure in _both(item))))
    axes.legend(frameon=False, loc="best")
    plain_axes(axes, "y")


def _both(item: Comparison) -> tuple[Figure, Figure]:
    return item.base, item.patched


def _label(name: str, figures: Sequence[Figure]) -> str:
    """What a curve is of: `base, mean ± standard deviation, n = 10`."""
    counts = {figure.runs for figure in figures}
    known = "not known" if None in counts else "/".join(str(count) for count in sorted(filter(None, counts)))
    spread = " ± standard deviation" if any(figure.deviation is not None for figure in figures) else ""
    return f"{name}, mean{spread}, n = {known}"


def _deviations(figures: Sequence[Figure], unit: Scale) -> list[float]:
    return [math.nan if figure.deviation is None else float(unit.of(figure.deviation)) for figure in figures]


def _change(axes: Axes, tasks: Sequence[int], curve: Sequence[Comparison]) -> None:
    known = [
        (count, item.change, item.interval)
        for count, item in zip(tasks, curve, strict=True)
        if item.change is not None and math.isfinite(item.change)
    ]
    axes.axhline(0, color=FAINT, linewidth=1)
    if known:
        changes = [change for _, change, _ in known]
        reach = whiskers(changes, [interval for _, _, interval in known])
        places = [count for count, _, _ in known]
        axes.errorbar(places, changes, yerr=reach, color=INK, marker="o", markersize=4, linewidth=1.2, capsize=3)
    axes.margins(y=0.15)
    plain_axes(axes, "y")


def _task_ticks(axes: Axes, tasks: Sequence[int]) -> None:
    """Ticks where something was measured, and nowhere else."""
    from matplotlib.ticker import NullLocator

    if tasks[0] > 0 and tasks[-1] / tasks[0] >= _POWERS_FROM:
        axes.set_xscale("log", base=2)
    axes.set_xticks(tasks, [str(count) for count in tasks])
    axes.xaxis.set_minor_locator(NullLocator())
