"""What is known of a sample, and whether two samples differ: means, rank tests, and how many runs a test needs.

The tests are those of scipy, which is imported only when something is tested. Nothing here knows a clock: the same
values give the same numbers, in whatever order independent runs were taken.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from types import ModuleType

from credseries.bench.findings import Figure
from credseries.bench.model import Measurement
from credseries.errors import EnvironmentProblem

LEVEL = 0.95  # of intervals
ALPHA = 0.05  # a test shows a difference when its p-value is below this
_ENUMERATED = 20_000  # arrangements that are counted one by one where ties rule the published tables out
_GRAIN = 1e-12  # of the largest value: differences of differences below this are rounding
_TABULATED = 30  # runs of each up to which the null distribution is computed exactly where nothing is tied


def scipy_stats() -> ModuleType:
    """`scipy.stats`; raises EnvironmentProblem where scipy is not installed."""
    try:
        from scipy import stats
    except ImportError as error:
        raise EnvironmentProblem(
            "scipy is not installed, and measurements are compared with it", hint="pip install 'credseries[bench]'"
        ) from error
    return stats


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, rounded once, so that the order of the values does not show."""
    return math.fsum(values) / len(values)


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle."""
    return statistics.median(values)


def deviation(values: Sequence[float]) -> float | None:
    """The standard deviation of single runs (n - 1 in the denominator); None of one run, which has none."""
    if len(values) < 2:
        return None
    if min(values) == max(values):
        return 0.0  # not the rounding error of a mean that no value equals
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def figure_of(values: Sequence[float]) -> Figure:
    """Values as mean, deviation, median and number of runs."""
    return Figure(mean(values), deviation(values), median(values), len(values))


def figure(measurement: Measurement) -> Figure:
    """A measurement as mean, deviation, median and number of runs, each None where it is not known."""
    known = measurement.summary
    if known is None:
        return figure_of(measurement.values)
    return Figure(known.mean, known.deviation if known.runs != 1 else None, None, known.runs)


def spread_known(figure: Figure) -> bool:
    """Whether something is known of the spread of single runs: their deviation, and how many they were."""
    return figure.deviation is not None and figure.runs is not None and figure.runs >= 2


@dataclass(frozen=True)
class Outcome:
    """What a test says of two samples.

    `smallest` is the smallest p-value that it can give at all with so many runs. `direction` is 1 where the patched
    values lie higher, -1 where they lie lower, 0 where neither.
    """

    p_value: float
    smallest: float
    direction: int


def rank_test(base: Sequence[float], patched: Sequence[float]) -> Outcome:
    """The two-sided rank test of Mann, Whitney and Wilcoxon for independent runs.

    The p-value is exact for up to 30 runs of each without ties, and with ties as long as all arrangements can be
    counted (8 against 8 runs, or 3 against 40); beyond that it is the normal approximation corrected for ties.
    Raises ValueError for fewer than two runs of either, which have no spread to tell a difference from.
    """
    if min(len(base), len(patched)) < 2:
        raise ValueError("a rank test needs two runs of each or more")
    stats = scipy_stats()
    low, high = sorted(base), sorted(patched)
    arrangements = math.comb(len(low) + len(high), len(low))
    ranks = [float(rank) for rank in stats.rankdata([*low, *high])]
    above = mean(ranks[len(low) :]) - mean(ranks[: len(low)])
    tied = len({*low, *high}) < len(ranks)
    if tied and arrangements <= _ENUMERATED:
        p_value = _permuted(stats, (ranks[: len(low)], ranks[len(low) :]), "independent")
    else:
        exact = not tied and max(len(low), len(high)) <= _TABULATED
        p_value = float(stats.mannwhitneyu(low, high, method="exact" if exact else "asymptotic").pvalue)
    return Outcome(p_value, 2 / arrangements, _sign(above))


def signed_rank_test(base: Sequence[float], patched: Sequence[float]) -> Outcome:
    """The two-sided signed rank test of Wilcoxon for runs that were taken in pairs; pairs without difference drop out.

    The p-value is exact for up to 14 pairs, and up to 50 when no two differences are of one size; beyond that it is
    the normal approximation.
    """
    stats = scipy_stats()
    # Differences that are equal but for rounding are ties: the unit must not decide which of them is the larger.
    grain = max(map(abs, (*base, *patched))) * _GRAIN or 1.0
    steps = [round((new - old) / grain) for old, new in zip(base, patched, strict=True)]
    differences = sorted(step for step in steps if step)
    if not differences:
        return Outcome(1.0, 2 / 2 ** len(base), 0)
    sizes = stats.rankdata([abs(step) for step in differences])
    signed = [math.copysign(float(size), step) for size, step in zip(sizes, differences, strict=True)]
    if len(signed) == 1:
        p_value = 1.0
    elif 2 ** len(signed) <= _ENUMERATED:
        p_value = _permuted(stats, (signed,), "samples")
    else:
        p_value = float(stats.wilcoxon(signed).pvalue)
    return Outcome(min(1.0, p_value), min(1.0, 2 / 2 ** len(signed)), _sign(math.fsum(signed)))


def runs_needed(alpha: float = ALPHA, paired: bool = False) -> int:
    """The number of runs of each kernel (or of pairs) from which on a rank test can give a p-value below `alpha`.

    With n against n runs the most extreme of the C(2n, n) equally likely arrangements and its mirror image are the
    smallest two-sided p-value; with n pairs it is two of the 2**n patterns of signs.
    """
    arrangements = (lambda runs: 2**runs) if paired else (lambda runs: math.comb(2 * runs, runs))
    return next(runs for runs in count(1) if 2 / arrangements(runs) < alpha)


@dataclass(frozen=True)
class Adjusted:
    """A p-value after Holm's correction, and the `factor` by which it was held to be larger than alone."""

    p_value: float
    factor: int


def holm(p_values: Sequence[float]) -> tuple[Adjusted, ...]:
    """Holm's step-down correction of several tests, in the order of the p-values given.

    The smallest of m is multiplied by m, the next by m - 1 and so on, and none gets below one that was smaller before
    (Holm, "A simple sequentially rejective multiple test procedure", 1979). Equal p-values share the largest factor
    among them. The chance of even one false claim is then what a single test has.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted: dict[int, Adjusted] = {}
    before = Adjusted(0.0, len(p_values))
    for rank, index in enumerate(order):
        same = rank > 0 and p_values[order[rank - 1]] == p_values[index]
        factor = before.factor if same else len(p_values) - rank
        before = Adjusted(min(1.0, max(before.p_value, factor * p_values[index])), factor)
        adjusted[index] = before
    return tuple(adjusted[index] for index in range(len(p_values)))


def _permuted(stats: ModuleType, ranks: Sequence[Sequence[float]], kind: str) -> float:
    """The exact two-sided p-value of the first sum of ranks, from all arrangements or all patterns of signs."""
    import numpy

    def total(first: object, *_: object, axis: int = -1) -> object:
        return numpy.sum(first, axis=axis)  # type: ignore[call-overload]

    result = stats.permutation_test(ranks, total, permutation_type=kind, vectorized=True, n_resamples=numpy.inf)
    return float(result.pvalue)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
