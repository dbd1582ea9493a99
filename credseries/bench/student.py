"""Two means with the errors that their spread gives them: Student's intervals and tests, independent or in pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from credseries.bench.findings import Figure, Interval
from credseries.bench.statistics import LEVEL, deviation, mean, scipy_stats, spread_known


@dataclass(frozen=True)
class Means:
    """Two means, the variances and the covariance of their errors, and the degrees of freedom behind those."""

    base: float
    patched: float
    base_variance: float
    patched_variance: float
    covariance: float
    freedom: float

    @classmethod
    def independent(cls, base: Figure, patched: Figure) -> Means | None:
        """From summaries, with the degrees of freedom of Welch and Satterthwaite; None if no spread is known.

        Two deviations of 0 are no spread: rounding makes them, and a test has nothing to measure a difference by.
        """
        if not (spread_known(base) and spread_known(patched)):
            return None
        old, new = _error(base), _error(patched)
        if old + new == 0:
            return None
        parts = old**2 / ((base.runs or 0) - 1) + new**2 / ((patched.runs or 0) - 1)
        return cls(base.mean, patched.mean, old, new, 0.0, (old + new) ** 2 / parts)

    @classmethod
    def in_pairs(cls, base: Sequence[float], patched: Sequence[float]) -> Means | None:
        """From runs taken in pairs; None if there is one pair, or no spread."""
        count = len(base)
        old, new = deviation(base), deviation(patched)
        if old is None or new is None or old + new == 0:
            return None
        centres = mean(base), mean(patched)
        products = math.fsum((x - centres[0]) * (y - centres[1]) for x, y in zip(base, patched, strict=True))
        return cls(*centres, old**2 / count, new**2 / count, products / (count - 1) / count, count - 1.0)

    @property
    def error(self) -> float:
        """The standard error of the difference."""
        return math.sqrt(max(0.0, self.base_variance + self.patched_variance - 2 * self.covariance))

    def p_value(self) -> float | None:
        """That of the two-sided t test for equal means (Welch's, or that for pairs); None if nothing varies."""
        if self.error == 0:
            return None
        return float(2 * scipy_stats().t.sf(abs(self.patched - self.base) / self.error, self.freedom))

    def difference(self) -> Interval | None:
        """The 95 % interval of the difference, patched minus base; None if nothing varies."""
        if self.error == 0:
            return None
        reach = self._quantile() * self.error
        return Interval(self.patched - self.base - reach, self.patched - self.base + reach, LEVEL)

    def change(self) -> Interval | None:
        """The 95 % interval of the change in percent of the base, by Fieller's theorem; None if the base may be 0.

        It holds the ratios r for which a t test does not tell `patched` from r times `base`. With the degrees of
        freedom of the difference it leaves out 0 exactly when the test of the difference shows one.
        """
        if self.error == 0:
            return None
        square = self._quantile() ** 2
        # The ends are the roots of leading * r**2 - 2 * middle * r + constant.
        leading = self.base**2 - square * self.base_variance
        middle = self.base * self.patched - square * self.covariance
        constant = self.patched**2 - square * self.patched_variance
        if leading <= 0:
            return None
        reach = math.sqrt(max(0.0, middle**2 - leading * constant))
        sign = math.copysign(100, self.base)
        ends = [sign * (root / leading - 1) for root in (middle - reach, middle + reach)]
        return Interval(min(ends), max(ends), LEVEL)

    def _quantile(self) -> float:
        return float(scipy_stats().t.ppf((1 + LEVEL) / 2, self.freedom))


def _error(figure: Figure) -> float:
    """The variance of a mean."""
    return (figure.deviation or 0.0) ** 2 / (figure.runs or 1)
