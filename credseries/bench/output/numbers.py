"""How a number is written: no more precise than it is known, in a unit that keeps it short; and read back exactly.

A spread is written with two significant digits and its value to the same place, as the Guide to the Expression of
Uncertainty in Measurement (JCGM 100:2008, 7.2.6) has it. Without a spread, whole numbers are counts and stay as they
are; all others get four significant digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from credseries.bench.findings import Figure, Interval
from credseries.bench.model import Metric

UNKNOWN = "?"
# The last place of a percentage whose spread nobody knows.
TENTHS = -1
_DIGITS_OF_SPREAD = 2
_DIGITS_WITHOUT_SPREAD = 4
_DIGITS_OF_A_FLOAT = 15  # more than these it does not know of any number
# A spread that is smaller than this part of its value is what floating-point arithmetic left over.
_ROUNDING_NOISE = 1e-9
# Numbers that are longer than this are written with a power of ten.
_LARGEST_PLAIN = 9  # digits before the point
_SMALLEST_PLAIN = -6  # the last place behind it

_THOUSAND, _KIBI = Fraction(1000), Fraction(1024)
# Units that have others of their kind, from the smallest: what each is called, and the spellings that tools have.
_TIMES = (("ns", "nsec"), ("us", "usec", "µs", "μs"), ("ms", "msec"), ("s", "sec", "seconds"))
_FREQUENCIES = (("Hz",), ("kHz",), ("MHz",), ("GHz",))
_BYTES = (("B", "bytes"), ("KiB",), ("MiB",), ("GiB",), ("TiB",))
_DECIMAL_BYTES = (("kB",), ("MB",), ("GB",), ("TB",))
_FAMILIES = (
    (_TIMES, _THOUSAND),
    (_FREQUENCIES, _THOUSAND),
    (_BYTES, _KIBI),
    (_DECIMAL_BYTES, _THOUSAND),
    (tuple(tuple(f"{name}/s" for name in names) for names in _BYTES), _KIBI),
    (tuple(tuple(f"{name}/s" for name in names) for names in _DECIMAL_BYTES), _THOUSAND),
)
_PLAIN_FROM, _PLAIN_TO = Fraction(1, 1000), Fraction(10**5)


@dataclass(frozen=True)
class Scale:
    """A unit that numbers are written in: a 1 in it is `factor` of the metric's own unit."""

    unit: str
    factor: Fraction = Fraction(1)

    def of(self, value: float) -> Fraction:
        """The number that is written for a finite value, before it is rounded."""
        return Fraction(value) / self.factor

    def value(self, text: str) -> float:
        """The value, in the metric's own unit, that a written number stands for; raises ValueError if it is none."""
        number = read(text)
        return number if isinstance(number, float) else float(number * self.factor)


def scale(unit: str, values: Iterable[float]) -> Scale:
    """The unit for values that stand side by side: the largest of them gets one to five digits before the point.

    Times, frequencies and bytes (these by 1024) move within their kind, `ns` to `us`, `KiB/s` to `MiB/s`; of all
    others, and where the kind ends, a power of ten goes into the unit: `10^6 cycles`.
    """
    largest = max((abs(Fraction(value)) for value in values if math.isfinite(value)), default=Fraction(0))
    chosen = _of_its_kind(unit, largest)
    size = largest / chosen.factor
    if not size or unit == "%" or _PLAIN_FROM <= size < _PLAIN_TO:
        return chosen
    exponent = _exponent(size)
    thousands = (exponent - 2) // 3 if exponent > 0 else exponent // 3
    return Scale(f"10^{3 * thousands} {chosen.unit}".strip(), chosen.factor * _THOUSAND**thousands)


def _of_its_kind(unit: str, largest: Fraction) -> Scale:
    for names, step in _FAMILIES:
        own = next((index for index, spellings in enumerate(names) if unit in spellings), None)
        if own is not None:
            best = own
            while largest and best > 0 and largest < step ** (best - own):
                best -= 1
            while best + 1 < len(names) and largest >= step ** (best + 1 - own):
                best += 1
            return Scale(names[best][0], step ** (best - own))
    return Scale(unit)


def figure_scale(metric: Metric, figures: Iterable[Figure]) -> Scale:
    """The unit in which figures of a metric stand side by side."""
    return scale(metric.unit, (number for item in figures for number in (item.mean, item.deviation or 0.0)))


def holds(scale: Scale, figures: Iterable[Figure]) -> bool:
    """Whether figures are readable in a unit that was chosen for larger ones: none of them is below 1 in it."""
    return all(abs(scale.of(item.mean)) >= 1 for item in figures)


# -- the last place that is written: 0 for whole numbers, -1 for tenths, 1 for tens


def place_of_spread(spread: Fraction) -> int:
    """The last place of a value whose spread is this, more than 0: the second digit of the spread, once rounded."""
    place = _exponent(spread) - _DIGITS_OF_SPREAD + 1
    # 0.0996 rounds to 0.100, which has a digit too many.
    return place + 1 if _exponent(_rounded(spread, place)) > _exponent(spread) else place


def place_without_spread(value: Fraction) -> int:
    """The last place of a value whose spread is not known."""
    if value.denominator == 1 and abs(value) < 10 * _PLAIN_TO:
        return 0
    return _exponent(value) - _DIGITS_WITHOUT_SPREAD + 1 if value else 0


def place_of_interval(interval: Interval | None) -> int | None:
    """The last place for a value with this interval and for its ends; None if it has none, or no width."""
    if interval is None or not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return None
    half = abs(Fraction(interval.high) - Fraction(interval.low)) / 2
    noise = _ROUNDING_NOISE * max(abs(interval.low), abs(interval.high))
    return place_of_spread(half) if half > Fraction(noise) else None


def _exponent(value: Fraction) -> int:
    """The place of the first digit of a value other than 0."""
    size = abs(value)
    # A fraction has no logarithm that is always exact: begin with the lengths, and correct by one.
    guess = len(str(size.numerator)) - len(str(size.denominator))
    return guess if size >= Fraction(10) ** guess else guess - 1


def _rounded(value: Fraction, place: int) -> Fraction:
    """The value to a place; halves go to the even digit."""
    unit = Fraction(10) ** place
    return round(value / unit) * unit


# -- writing


def write(value: Fraction | float, place: int, signed: bool = False) -> str:
    """A number to a place, with commas between thousands; `signed` writes + before what is more than 0.

    Numbers that are very long or have very many places are written with a power of ten, as `1.20e-12`, and none has
    more than 15 digits.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value:+}" if signed else f"{value}"
    exact = Fraction(value)
    if exact:
        place = max(place, _exponent(exact) - _DIGITS_OF_A_FLOAT + 1)
    rounded = _rounded(exact, place)
    sign = "-" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + _digits(abs(rounded), place)


def _digits(size: Fraction, place: int) -> str:
    if not size:
        place = max(place, _SMALLEST_PLAIN)
    elif _exponent(size) >= _LARGEST_PLAIN or place < _SMALLEST_PLAIN:
        digits = str(int(size / Fraction(10) ** place))
        exponent = len(digits) - 1 + place
        return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{exponent:+03d}"
    if place >= 0:
        return f"{int(size):,}"
    whole, decimals = divmod(int(size * Fraction(10) ** -place), 10**-place)
    return f"{whole:,}.{decimals:0{-place}d}"


_NUMBER = re.compile(r"[+-]?\d{1,3}(?:,\d{3})*(?:\.\d+)?|[+-]?\d(?:\.\d+)?e[+-]\d{2,}")


def read(text: str) -> Fraction | float:
    """The number that `write` wrote, exactly; a float only for infinity. Raises ValueError for any other text."""
    if text.lstrip("+-") == "inf":
        return float(text)
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no number as they are written here")
    return Fraction(text.replace(",", ""))


def write_figure(figure: Figure, scale: Scale) -> str:
    """`mean +- standard deviation (runs)`, with a question mark for what is not known."""
    runs = UNKNOWN if figure.runs is None else str(figure.runs)
    mean = scale.of(figure.mean)
    deviation = None if figure.deviation is None else scale.of(figure.deviation)
    if not deviation or deviation <= Fraction(_ROUNDING_NOISE) * abs(mean):
        spread = UNKNOWN if deviation is None else "0"
        return f"{write(mean, place_without_spread(mean))} +- {spread} ({runs})"
    place = place_of_spread(deviation)
    return f"{write(mean, place)} +- {write(deviation, place)} ({runs})"


def write_interval(interval: Interval | None, place: int, scale: Scale) -> str:
    """`[low, high]` with signs, or an empty text."""
    if interval is None:
        return ""
    ends = (
        write(scale.of(end) if math.isfinite(end) else end, place, signed=True) for end in (interval.low, interval.high)
    )
    return f"[{', '.join(ends)}]"


_PERCENT = Scale("%")


def write_change(change: float | None, interval: Interval | None) -> tuple[str, str]:
    """A change in percent and its interval, to one place; without an interval, to tenths."""
    place = place_of_interval(interval)
    place = TENTHS if place is None else place
    written = UNKNOWN if change is None else f"{write(change, place, signed=True)} %"
    return written, write_interval(interval, place, _PERCENT)
