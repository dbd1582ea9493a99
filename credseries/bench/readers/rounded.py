"""A number as a table prints it: how far rounding may have put it from what was meant, to check what it must fit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

UNSIGNED = r"\d{1,30}(?:\.\d{1,30})?(?:e[+-]?\d{1,3})?"
NUMBER = rf"[+-]?{UNSIGNED}"
_NUMBER = re.compile(NUMBER, re.ASCII)
_FLOATS = 1e-9  # what arithmetic on floats adds, relative to the larger number


@dataclass(frozen=True)
class Rounded:
    """A printed number and half a unit of its last digit."""

    value: float
    half: float

    @classmethod
    def parse(cls, text: str) -> Rounded | None:
        """The number that a text is; None if it is none, or larger than a float."""
        if not _NUMBER.fullmatch(text):
            return None
        exponent = Decimal(text).as_tuple().exponent
        value = float(text)
        if not math.isfinite(value) or not isinstance(exponent, int):
            return None
        return cls(value, float(Decimal(5).scaleb(exponent - 1)))

    @property
    def low(self) -> float:
        """The least that it can have been before it was rounded."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """The most that it can have been before it was rounded."""
        return self.value + self.half

    def fits(self, low: float, high: float) -> bool:
        """Whether what was printed can have been between two numbers."""
        slack = _FLOATS * max(abs(low), abs(high), abs(self.value))
        return self.low <= high + slack and self.high >= low - slack


def is_difference(difference: Rounded, base: Rounded, other: Rounded) -> bool:
    """Whether a printed difference can be that of two printed numbers."""
    return difference.fits(other.low - base.high, other.high - base.low)


def is_change(percent: Rounded, base: Rounded, other: Rounded) -> bool:
    """Whether a printed change in percent can be that of two printed numbers.

    Always when the base may have been zero or less: then there is no change in percent to check it with.
    """
    if base.low <= 0:
        return True
    ratios = [number / of for number in (other.low, other.high) for of in (base.low, base.high)]
    return percent.fits(100 * (min(ratios) - 1), 100 * (max(ratios) - 1))
