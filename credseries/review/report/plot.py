"""Charts as HTML with a small SVG a row: names and figures are text of the page, and all fits any width.

Places in an SVG are percentages of its width. Who cannot tell the colours tells the marks: before the change is hollow
or striped, after it is full; a verdict has a shape of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup

from credseries.review.report.chart import Bar, Change, Chart, Curve
from credseries.review.report.markup import attribute, markup, plain

_FACTORS_FROM = 100.0  # percent: from here on halving is as far from 0 as doubling
_TICKS = (0, 100, -50, 900, -90, 300, -75, 50, -33, 9900, -99, 20, -20, 1900, -95, 4900, -98)
_APART = 0.14  # of the width, between ticks
_MARGIN = 0.06
_VERDICTS = {"better": "good", "worse": "bad", "different": "other", "no difference shown": "same"}
_HEIGHT = 220  # pixels of a chart with curves
_SERIES = 6  # that have a look of their own
_POWERS_FROM = 8  # numbers of tasks that span more than this stand like powers of two

Place = Callable[[float], float]


def draw(chart: Chart) -> Markup:
    """The chart."""
    pieces = [f'<p class="title">{plain(chart.title)}</p>']
    if chart.changes:
        pieces += _changes(chart.changes)
    if chart.groups:
        pieces += _groups(chart)
    if chart.curves:
        pieces += _curves(chart)
    return markup(pieces)


# -- changes: a mark with its interval in each row


def _changes(items: Sequence[Change]) -> Iterator[str]:
    ends = [0.0, *(end for item in items for end in (item.value, item.low, item.high) if end is not None)]
    factors = max(ends) > _FACTORS_FROM and min(ends) > -100.0 and all(item.verdict for item in items)
    place = _scale(ends, _factor if factors else float)
    zero = f'x1="{place(0):.2f}%" x2="{place(0):.2f}%"'
    yield '<ul class="plot">'
    for item in items:
        yield f'<li><span class="name">{plain(item.name)}</span>{_track(22, item.text)}'
        yield f'<line class="zero" {zero} y1="0" y2="22"/>'
        yield from _mark(item, place)
        verdict = f' <span class="said">{plain(item.verdict)}</span>' if item.verdict else ""
        yield f'</svg><span class="figures">{plain(item.text)}{verdict}</span></li>'
    yield f'<li class="axis" aria-hidden="true"><span></span>{_track(18)}'
    yield from _ticks(ends, place, factors)
    yield "</svg><span></span></li></ul>"


def _track(height: int, label: str = "") -> str:
    """The beginning of an SVG that is as wide as there is room."""
    said = f'role="img" aria-label="{attribute(label)}"' if label else 'aria-hidden="true"'
    return f'<svg class="track" width="100%" height="{height}" {said}>'


def _mark(item: Change, place: Place) -> Iterator[str]:
    kind = _VERDICTS.get(item.verdict, "unknown")
    x = place(item.value)
    if item.low is not None and item.high is not None:
        ends = f'x1="{place(item.low):.2f}%" x2="{place(item.high):.2f}%"'
        yield f'<line class="reach is-{kind}" {ends} y1="11" y2="11"/>'
    elif not item.verdict:
        low, high = sorted((place(0), x))
        yield f'<rect class="whole" x="{low:.2f}%" width="{high - low:.2f}%" y="5" height="12" rx="2"/>'
    if item.verdict:
        yield f'<svg class="mark is-{kind}" x="{x:.2f}%" y="11" overflow="visible">{_SHAPES[kind]}</svg>'


_SHAPES = {
    "good": '<circle r="6"/>',
    "bad": '<rect x="-5.5" y="-5.5" width="11" height="11"/>',
    "other": '<rect x="-5" y="-5" width="10" height="10" transform="rotate(45)"/>',
    "same": '<circle r="5.5"/>',
    "unknown": '<path d="M-5-5 5 5M5-5-5 5"/>',
}


def _factor(change: float) -> float:
    return math.log2(1 + change / 100)


def _scale(ends: Sequence[float], measure: Callable[[float], float]) -> Place:
    """Where a value is drawn, in percent of the width."""
    low, high = measure(min(ends)), measure(max(ends))
    span = (high - low) or 1.0
    return lambda value: 100 * (_MARGIN + (measure(value) - low) / span * (1 - 2 * _MARGIN))


def _ticks(ends: Sequence[float], place: Place, factors: bool) -> Iterator[str]:
    wanted: Sequence[float] = _TICKS if factors else [0.0, *_round_steps(min(ends), max(ends))]
    taken: list[float] = []
    for tick in wanted:
        x = place(tick) if min(ends) <= tick <= max(ends) else math.inf
        if math.isfinite(x) and all(abs(x - other) >= 100 * _APART for other in taken):
            taken.append(x)
            yield f'<text x="{x:.2f}%" y="13">{_signed(tick)}</text>'


def _signed(value: float) -> str:
    return f"{value:+g}" if value else "0"


def _round_steps(low: float, high: float) -> list[float]:
    """Round numbers between two ends."""
    span = high - low
    if not span:
        return []
    step = 10.0 ** math.floor(math.log10(span / 2))
    step *= next((factor for factor in (5, 2) if span / (step * factor) >= 2), 1)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1) if number]


# -- bars


def _groups(chart: Chart) -> Iterator[str]:
    series = list(dict.fromkeys(bar.series for group in chart.groups for bar in group.bars))
    largest = max((sum(bar.values or ()) for group in chart.groups for bar in group.bars), default=0.0) or 1.0
    yield '<p class="series">'
    for number, name in enumerate(series):
        yield _named(name, f'<rect class="s{number % _SERIES}" width="22" height="12" rx="2"/>')
    yield '</p><ul class="plot">'
    for group in chart.groups:
        yield f'<li><span class="name">{plain(group.name)}</span><span class="bars">'
        for bar in group.bars:
            yield from _bar(bar, series.index(bar.series) % _SERIES, largest)
        yield "</span></li>"
    yield "</ul>"


def _named(name: str, swatch: str) -> str:
    """A line of a legend."""
    return f'<span><svg class="swatch" width="22" height="12" aria-hidden="true">{swatch}</svg>{plain(name)}</span>'


def _bar(bar: Bar, number: int, largest: float) -> Iterator[str]:
    yield f'<span class="barline">{_track(14, f"{bar.series}: {bar.text}")}'
    at = 0.0
    for place, value in enumerate(bar.values or ()):
        width = 100 * value / largest
        kind = f"s{number}{' light' if place else ''}"
        yield f'<rect class="{kind}" x="{at:.2f}%" width="{width:.2f}%" y="1" height="12"/>'
        at += width
    yield f'</svg><span class="figures">{plain(bar.text)}</span></span>'


# -- curves


def _curves(chart: Chart) -> Iterator[str]:
    points = [point for curve in chart.curves for point in curve.points]
    tasks = sorted({point.x for point in points})
    powers = tasks[0] > 0 and tasks[-1] / tasks[0] >= _POWERS_FROM
    across = _scale(tasks, math.log2 if powers else float)
    top = max(point.y + (point.spread or 0.0) for point in points) or 1.0

    def down(value: float) -> float:
        return 6 + 82 * (1 - max(value, 0.0) / top)

    yield '<p class="series">'
    for number, curve in enumerate(chart.curves):
        yield _named(curve.series, f'<line class="c{number % _SERIES}" x1="0" x2="22" y1="6" y2="6"/>')
    yield '</p><svg class="curves" width="100%" '
    yield f'height="{_HEIGHT}" role="img" aria-label="{attribute(chart.described)}">'
    for value in [0.0, *_round_steps(0.0, top)]:
        y = down(value)
        yield f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}%" y2="{y:.1f}%"/>'
        yield f'<text class="level" x="2" y="{y - 1:.1f}%">{value:g}</text>'
    for task in tasks:
        yield f'<text class="task" x="{across(task):.1f}%" y="98%">{task:g}</text>'
    for number, curve in enumerate(chart.curves):
        yield from _curve(curve, number % _SERIES, across, down)
    yield "</svg>"


def _curve(curve: Curve, number: int, across: Place, down: Place) -> Iterator[str]:
    places = [(f"{across(point.x):.1f}%", f"{down(point.y):.1f}%") for point in curve.points]
    for one, two in pairwise(places):
        yield f'<line class="c{number}" x1="{one[0]}" y1="{one[1]}" x2="{two[0]}" y2="{two[1]}"/>'
    for (x, y), point in zip(places, curve.points, strict=True):
        if point.spread:
            low, high = down(point.y - point.spread), down(point.y + point.spread)
            yield f'<line class="spread c{number}" x1="{x}" x2="{x}" y1="{low:.1f}%" y2="{high:.1f}%"/>'
        yield f'<circle class="p{number}" cx="{x}" cy="{y}" r="4"/>'
