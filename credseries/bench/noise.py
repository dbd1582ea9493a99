"""What makes the runs of a measurement doubtful, in words: they scatter, drift, fall into two groups, or stand out.

The limits are chosen so that quiet runs from a normal distribution draw such a word about once in a hundred times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from credseries.bench.model import Measurement
from credseries.bench.statistics import deviation, figure, mean, median, scipy_stats
from credseries.words import many

_SCATTER = 0.05  # standard deviation of single runs, as a part of their mean
_DRIFT = 0.01  # p-value of the rank correlation with the run number; six runs are the fewest that get below
# The modified z-score of Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: distances from the median by
# their own median, with the constant that makes that comparable with a standard deviation. Their limit of 3.5 is for
# many values; among ten normal ones it finds an outlier in every eighth sample, so that few runs get a wider one.
_NORMAL_MAD = 0.6745
_OUTLYING = 3.9
_OUTLYING_FEW = 36.0  # more by this, over the number of runs
_FEWEST_FOR_OUTLIERS = 6
_FEWEST_FOR_GROUPS = 10
_SMALLEST_GROUP = 0.2  # of all runs; fewer are outliers
_GAP = 4.0  # between the groups, in standard deviations inside them


def noise(measurement: Measurement) -> tuple[str, ...]:
    """What is noisy about a measurement, a sentence each; nothing for quiet runs, and of one run nothing is known."""
    return tuple(_noise(measurement))


def _noise(measurement: Measurement) -> Iterator[str]:
    known = figure(measurement)
    if known.deviation and known.mean and known.deviation > _SCATTER * abs(known.mean):
        runs = many(known.runs, "run") if known.runs else "an unknown number of runs"
        share = 100 * known.deviation / abs(known.mean)
        yield f"single runs vary by {share:.1f} % of their mean (standard deviation over {runs}; 5 % is a lot)."
    values = measurement.values
    drift = _drift(values)
    if drift:
        yield drift
    groups = _groups(values)
    if groups:
        low, high = groups
        yield (
            f"the runs fall into two groups, {len(low)} around {_number(mean(low))} and {len(high)} around "
            f"{_number(mean(high))}: a mean of both describes neither."
        )
        return
    outliers = _outliers(values)
    if outliers:
        named = ", ".join(map(_number, outliers))
        middle = _number(median(values))
        yield f"{len(outliers)} of {len(values)} runs stand out: {named}, where the median is {middle}."


def _drift(values: Sequence[float]) -> str:
    """A word on values that follow the run number: Kendall's rank correlation, exact where nothing is tied."""
    if len(values) < 3 or min(values) == max(values):
        return ""
    result = scipy_stats().kendalltau(range(len(values)), values)
    tau, p_value = float(result.statistic), float(result.pvalue)
    if p_value >= _DRIFT:
        return ""
    way = "rise" if tau > 0 else "fall"
    return (
        f"the values {way} from run to run (Kendall's tau {tau:.2f}, p = {p_value:.2g}, {len(values)} runs): "
        "something else changed while they were taken."
    )


def _groups(values: Sequence[float]) -> tuple[Sequence[float], Sequence[float]] | None:
    """The runs below and above a gap that no single cluster has, or None."""
    smallest = max(2, math.ceil(_SMALLEST_GROUP * len(values)))
    if len(values) < _FEWEST_FOR_GROUPS:
        return None
    ordered = sorted(values)
    borders = range(smallest, len(ordered) - smallest + 1)
    border = max(borders, key=lambda index: ordered[index] - ordered[index - 1])
    low, high = ordered[:border], ordered[border:]
    squares = sum((len(group) - 1) * (deviation(group) or 0.0) ** 2 for group in (low, high))
    inside = math.sqrt(squares / (len(ordered) - 2))
    return (low, high) if high[0] - low[-1] > _GAP * inside else None


def _outliers(values: Sequence[float]) -> Sequence[float]:
    """Values far from the median, in order; none where more than half are equal, as that leaves no measure of far."""
    if len(values) < _FEWEST_FOR_OUTLIERS:
        return ()
    middle = median(values)
    typical = median([abs(value - middle) for value in values])
    if not typical:
        return ()
    limit = _OUTLYING + _OUTLYING_FEW / len(values)
    return tuple(value for value in values if _NORMAL_MAD * abs(value - middle) / typical > limit)


def _number(value: float) -> str:
    """Four significant digits, or the whole number where that has more."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
