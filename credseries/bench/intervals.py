"""How far a change of means can be trusted: its 95 % interval by resampling, or Student's where that cannot work.

Resampling is scipy's bootstrap (BCa, or plain percentiles where that is not defined). Resamples of few runs vary less
than runs do, which makes plain intervals too narrow: of 5 against 5 normal runs they hold the true change 89 times in
100. So the level is widened as Hesterberg's expanded percentile interval does ("What Teachers Should Know About the
Bootstrap", 2015): by the factor from the resamples' standard error to the unbiased one, and from normal to Student's
quantiles. Below the number of runs from which a rank test can show anything (4 against 4, or 6 pairs) there are too
few different resamples even for that; then, and where only summaries are known, the interval is Student's.

The resamples depend on the numbers of runs alone: neither a clock nor a unit can change a table.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from credseries.bench.findings import Figure, Interval
from credseries.bench.model import Measurement
from credseries.bench.statistics import LEVEL, figure, figure_of, mean, runs_needed, scipy_stats
from credseries.bench.student import Means

_RESAMPLES = 9999
_DECIMALS = 12


def percent_change(base: float, patched: float) -> float | None:
    """The change in percent of the base, positive for an increase also of a negative base; None of a base of 0."""
    return 100 * (patched - base) / abs(base) if base else None


def resampled(base: Measurement, patched: Measurement, paired: bool = False) -> bool:
    """Whether there are enough runs of both for intervals by resampling; else they are Student's."""
    return min(len(base.values), len(patched.values)) >= runs_needed(paired=paired)


def proportional(base: Measurement, patched: Measurement) -> bool:
    """Whether all values of both are above 0, or all below, so that each can be a multiple of the other."""
    both = (*base.values, *patched.values)
    return bool(base.values and patched.values) and (min(both) > 0 or max(both) < 0)


def change(base: Measurement, patched: Measurement, paired: bool = False) -> Interval | None:
    """The 95 % interval of the change of the mean, in percent of the base's.

    Where `proportional`, the logarithm of the ratio is resampled, which treats an increase and its reversal alike.
    None when no spread is known, and when the base's values are not all above or all below 0, which leaves the change
    in percent without bounds. Raises ValueError for pairs of unequal numbers of runs.
    """
    if not resampled(base, patched, paired):
        means = _means(base, patched, paired)
        return means.change() if means else None
    if not (min(base.values) > 0 or max(base.values) < 0):
        return None
    weight = mean(patched.values) / mean(base.values)
    if proportional(base, patched):
        logarithm = _bootstrap(base.values, patched.values, paired, _log_ratio, weight)
        return _in_order(*(_percent_of(math.exp(end), base) for end in (logarithm.low, logarithm.high)))
    ratio = _bootstrap(base.values, patched.values, paired, _ratio, weight)
    return _in_order(*(_percent_of(end, base) for end in (ratio.low, ratio.high)))


def difference(base: Measurement, patched: Measurement, paired: bool = False) -> Interval | None:
    """The 95 % interval of the difference of the means, patched minus base; None when no spread is known.

    Raises ValueError for pairs of unequal numbers of runs.
    """
    if not resampled(base, patched, paired):
        means = _means(base, patched, paired)
        return means.difference() if means else None

    # Differences are resampled in units of the largest value, so that rounding is the same in any unit.
    unit = max(map(abs, (*base.values, *patched.values))) or 1.0
    old, new = ([value / unit for value in values] for values in (base.values, patched.values))
    found = _bootstrap(old, new, paired, _difference, 1.0)
    return Interval(unit * found.low, unit * found.high, LEVEL)


# Statistics of two samples along an axis, as scipy wants them. Resamples that only put the values in another order
# must not count as smaller or larger, which BCa would take for a bias; hence the rounding.


def _difference(old: Any, new: Any, axis: int = -1) -> Any:
    return (new.mean(axis=axis) - old.mean(axis=axis)).round(_DECIMALS)


def _ratio(old: Any, new: Any, axis: int = -1) -> Any:
    return (new.mean(axis=axis) / old.mean(axis=axis)).round(_DECIMALS)


def _log_ratio(old: Any, new: Any, axis: int = -1) -> Any:
    import numpy

    # Not the logarithm of the ratio: this is exactly the negative when the samples change places.
    return (numpy.log(abs(new.mean(axis=axis))) - numpy.log(abs(old.mean(axis=axis)))).round(_DECIMALS)


def _percent_of(ratio: float, base: Measurement) -> float:
    return math.copysign(100, base.values[0]) * (ratio - 1)


def _in_order(one: float, other: float) -> Interval:
    return Interval(min(one, other), max(one, other), LEVEL)


def _means(base: Measurement, patched: Measurement, paired: bool) -> Means | None:
    if paired:
        return Means.in_pairs(base.values, patched.values)
    return Means.independent(figure(base), figure(patched))


def _bootstrap(
    base: Sequence[float],
    patched: Sequence[float],
    paired: bool,
    statistic: Callable[..., Any],
    weight: float,
) -> Interval:
    """The interval of a statistic of both samples; `weight` is how much an error of the base's mean moves it."""
    import numpy

    stats = scipy_stats()
    # Neither the order of runs (or of pairs) nor which kernel is called the base may choose the resamples.
    swapped = (len(base), sorted(base)) > (len(patched), sorted(patched))
    first, second = (patched, base) if swapped else (base, patched)
    if paired:
        first, second = zip(*sorted(zip(first, second, strict=True)), strict=True)
    else:
        first, second = sorted(first), sorted(second)

    def ordered(one: Any, other: Any, axis: int = -1) -> Any:
        return statistic(other, one, axis) if swapped else statistic(one, other, axis)

    settings = {
        "paired": paired,
        "vectorized": True,
        "confidence_level": _level(stats, base, patched, paired, weight),
    }
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # where BCa is not defined its interval is NaN, which is looked at below
        seed = numpy.random.default_rng([len(first), len(second)])
        found = stats.bootstrap(
            (first, second), ordered, n_resamples=_RESAMPLES, method="BCa", random_state=seed, **settings
        )
        if not all(map(math.isfinite, found.confidence_interval)):
            found = stats.bootstrap(
                (first, second), ordered, n_resamples=0, method="percentile", bootstrap_result=found, **settings
            )
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high), LEVEL)


def _level(stats: ModuleType, base: Sequence[float], patched: Sequence[float], paired: bool, weight: float) -> float:
    """The level to ask resamples for, so that the interval holds the truth in 95 % of cases."""
    if paired:
        wider, freedom = math.sqrt(len(base) / (len(base) - 1)), len(base) - 1.0
    else:
        old = figure_of(base)
        weighted = Figure(old.mean, abs(weight) * (old.deviation or 0.0), runs=old.runs)
        means = Means.independent(weighted, figure_of(patched))
        if means is None:
            return LEVEL
        unbiased = (means.base_variance, means.patched_variance)
        sizes = (len(base), len(patched))
        plain = sum(part * (size - 1) / size for part, size in zip(unbiased, sizes, strict=True))
        wider, freedom = math.sqrt(sum(unbiased) / plain), means.freedom
    tails = 2 * float(stats.norm.sf(wider * stats.t.ppf((1 + LEVEL) / 2, freedom)))
    return 1 - max(tails, 2 / _RESAMPLES)  # beyond its most extreme resamples the bootstrap knows nothing
