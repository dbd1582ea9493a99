"""What a chart shows, before it is drawn: changes with their intervals, bars, curves. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A metric's change in percent with its interval (None: not known); `verdict` is a word, `text` the figures."""

    name: str
    value: float
    low: float | None
    high: float | None
    verdict: str
    text: str


@dataclass(frozen=True)
class Bar:
    """A bar: what it is of, and its parts, the darkest first; None: nobody knows."""

    series: str
    values: tuple[float, ...] | None
    text: str


@dataclass(frozen=True)
class BarGroup:
    """Bars that stand together."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Point:
    """A point of a curve with how far its value is spread (None: not known)."""

    x: float
    y: float
    spread: float | None = None


@dataclass(frozen=True)
class Curve:
    """A line over a number of tasks."""

    series: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Chart:
    """A chart: one of changes, groups of bars, and curves. `axis` says what its axis counts, `note` what is not drawn.

    `described` is what it shows, for those who cannot see it: the figures are in the table beside it.
    """

    title: str
    axis: str
    described: str
    changes: tuple[Change, ...] = ()
    groups: tuple[BarGroup, ...] = ()
    curves: tuple[Curve, ...] = ()
    note: str = ""
