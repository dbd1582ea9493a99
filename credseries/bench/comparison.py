"""Whether a metric differs between two kernels, and in which direction: a rank test and an interval that both say so.

A verdict other than "no difference shown" needs both: a p-value below 5 % and an interval of the change without 0.
Where only means and deviations are known, Welch's t test takes the place of the rank test; where no spread is known, or
the runs are too few for any test to show anything, the verdict is "not known" and a note says what is missing.

Metrics that are compared together are judged together: twenty tests at 5 % find one difference where there is none, so
p-values are corrected by Holm's procedure before they count. Metrics that get neither better nor worse only describe
the runs and are a family of their own, so that recording more of them takes nothing from the claims.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from credseries.bench import intervals, statistics
from credseries.bench.findings import Comparison, Figure, Interval, Verdict
from credseries.bench.model import Better, Measurement
from credseries.bench.noise import noise
from credseries.bench.statistics import ALPHA, Adjusted, Outcome
from credseries.bench.student import Means


@dataclass(frozen=True)
class Pair:
    """A metric under two kernels, which notes call by their names; `paired` when the n-th runs belong together.

    Raises ValueError when the metrics are not equal, or pairs do not have a value each.
    """

    base: Measurement
    patched: Measurement
    paired: bool = False
    names: tuple[str, str] = ("base", "patched")

    def __post_init__(self) -> None:
        if self.base.metric != self.patched.metric:
            raise ValueError(f"{self.base.metric} and {self.patched.metric} cannot be compared")
        if self.paired and (not self.base.values or len(self.base.values) != len(self.patched.values)):
            raise ValueError(f"{self.base.metric.name}: pairs need as many values of one kernel as of the other")


@dataclass(frozen=True)
class _Evidence:
    """All that one pair says by itself. `shown` tells whether the interval leaves out 0; no `outcome` is no test."""

    pair: Pair
    base: Figure
    patched: Figure
    interval: Interval | None
    shown: bool
    outcome: Outcome | None
    notes: tuple[str, ...]

    @property
    def describes(self) -> bool:
        """Whether its metric is no claim, but only describes the runs."""
        return self.pair.base.metric.better is Better.NEITHER

    @property
    def counts(self) -> bool:
        """Whether its test could show anything at all: others need not be corrected for one that cannot."""
        return self.outcome is not None and self.outcome.smallest < ALPHA


def compare(base: Measurement, patched: Measurement, paired: bool = False) -> Comparison:
    """A metric under two kernels, compared by itself. Raises ValueError as `Pair` does."""
    return compare_all([Pair(base, patched, paired)])[0]


def compare_all(pairs: Sequence[Pair]) -> tuple[Comparison, ...]:
    """Each pair's comparison, in order: verdicts are corrected for how many there are, notes tell what is noisy."""
    return tuple(
        replace(found, notes=(*_percent_notes(pair, found), *found.notes, *_noisy(pair)))
        for pair, found in zip(pairs, judge(pairs), strict=True)
    )


def judge(pairs: Sequence[Pair]) -> tuple[Comparison, ...]:
    """The comparisons of `compare_all`, of whose notes only those on the tests and the verdict."""
    examined = [_examine(pair) for pair in pairs]
    corrected = {**_corrected(examined, describes=False), **_corrected(examined, describes=True)}
    return tuple(_judged(evidence, *corrected.get(index, (None, 1))) for index, evidence in enumerate(examined))


def unknown_spread(figures: Sequence[tuple[str, Figure]]) -> str:
    """A sentence that names the kernels of which no spread between runs is known, or nothing if it is of all."""
    gaps: dict[str, list[str]] = {}
    for name, figure in figures:
        if not statistics.spread_known(figure):
            gaps.setdefault(_gap(figure), []).append(name)
    said = [f"{listed(names)} {'is' if len(names) == 1 else 'are'} {gap}" for gap, names in gaps.items()]
    return f"{'; '.join(said)}: no per-run spread is known." if said else ""


def listed(names: Sequence[str]) -> str:
    """Names as a person lists them: `a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _gap(figure: Figure) -> str:
    if figure.runs == 1:
        return "of a single run"
    return "without a number of runs" if figure.deviation is not None else "without a standard deviation"


def _examine(pair: Pair) -> _Evidence:
    base, patched = statistics.figure(pair.base), statistics.figure(pair.patched)
    gap = unknown_spread([(pair.names[0], base), (pair.names[1], patched)])
    if gap:
        return _Evidence(pair, base, patched, None, False, None, (gap,))
    interval = intervals.change(pair.base, pair.patched, pair.paired)
    deciding = interval
    if interval is None or not intervals.proportional(pair.base, pair.patched):
        # A change in percent has no inverse here; what decides must not depend on which kernel is called the base.
        deciding = intervals.difference(pair.base, pair.patched, pair.paired)
    return _Evidence(
        pair=pair,
        base=base,
        patched=patched,
        interval=interval,
        shown=deciding is not None and _leaves_out_zero(deciding),
        outcome=_outcome(pair, base, patched),
        notes=tuple(_manner(pair, base, patched)),
    )


def _leaves_out_zero(interval: Interval) -> bool:
    """An end that is 0 but for rounding is 0."""
    rounding = 1e-9 * (interval.high - interval.low)
    return interval.low > rounding or interval.high < -rounding


def _outcome(pair: Pair, base: Figure, patched: Figure) -> Outcome | None:
    """What the test that fits the data says; None where summaries give a spread of 0, of which no test can tell."""
    if pair.base.values and pair.patched.values:
        test = statistics.signed_rank_test if pair.paired else statistics.rank_test
        return test(pair.base.values, pair.patched.values)
    means = Means.independent(base, patched)
    p_value = means.p_value() if means else None
    if p_value is None:
        return None
    return Outcome(p_value, 0.0, (patched.mean > base.mean) - (patched.mean < base.mean))


def _manner(pair: Pair, base: Figure, patched: Figure) -> Iterator[str]:
    """How the intervals and the p-value came about, where that is not by resampling and ranks."""
    constant = not (base.deviation or patched.deviation)
    if not (pair.base.values and pair.patched.values):
        yield "Compared by means and standard deviations only: p is that of Welch's t test, intervals are Student's."
        if constant:
            yield "Both standard deviations are given as 0, as rounding makes them: nothing can be tested."
    elif constant:
        yield "No run differs from another of the same kernel."
    elif not intervals.resampled(pair.base, pair.patched, pair.paired):
        yield "Too few runs to resample: intervals are Student's, for normally distributed runs."


def _corrected(examined: Sequence[_Evidence], describes: bool) -> dict[int, tuple[Adjusted, int]]:
    """The corrected p-values of a family by index, with the number of comparisons in it."""
    family = [(index, item.outcome) for index, item in enumerate(examined) if item.describes == describes]
    counting = [(index, outcome) for index, outcome in family if outcome and examined[index].counts]
    adjusted = statistics.holm([outcome.p_value for _, outcome in counting])
    return {index: (value, len(counting)) for (index, _), value in zip(counting, adjusted, strict=True)}


def _judged(evidence: _Evidence, adjusted: Adjusted | None, family: int) -> Comparison:
    verdict, note = _verdict(evidence, adjusted, family)
    return Comparison(
        metric=evidence.pair.base.metric,
        base=evidence.base,
        patched=evidence.patched,
        change=intervals.percent_change(evidence.base.mean, evidence.patched.mean),
        interval=evidence.interval,
        p_value=evidence.outcome.p_value if evidence.outcome else None,
        verdict=verdict,
        paired=evidence.pair.paired,
        notes=(*evidence.notes, note) if note else evidence.notes,
    )


def _verdict(evidence: _Evidence, adjusted: Adjusted | None, family: int) -> tuple[Verdict, str]:
    """The verdict, and a sentence on it where it needs one. `adjusted` is missing where no test could show anything."""
    outcome, pair = evidence.outcome, evidence.pair
    if outcome is None:
        return Verdict.UNKNOWN, ""
    if adjusted is None or outcome.smallest * adjusted.factor >= ALPHA:
        return Verdict.UNKNOWN, _too_few(pair, family)
    if adjusted.p_value >= ALPHA:
        alone = outcome.p_value < ALPHA
        return Verdict.NO_DIFFERENCE, _among(outcome, adjusted, family) if alone else ""
    if not evidence.shown:
        return (
            Verdict.NO_DIFFERENCE,
            f"The runs differ in rank (p = {outcome.p_value:.2g}), but the interval of the mean's change holds 0.",
        )
    difference = evidence.patched.mean - evidence.base.mean
    if outcome.direction * difference <= 0:
        return Verdict.UNKNOWN, "The mean and the ranks of the runs change in opposite directions."
    if evidence.describes:
        return Verdict.DIFFERENT, ""
    less = pair.base.metric.better is Better.LESS
    return Verdict.BETTER if (difference < 0) == less else Verdict.WORSE, ""


def _too_few(pair: Pair, family: int) -> str:
    """How many runs it would take, of both kernels alike."""
    old, new = len(pair.base.values), len(pair.patched.values)
    needed = statistics.runs_needed(ALPHA / family, pair.paired)
    among = f" among {family} comparisons" if family > 1 else ""
    if pair.paired:
        return f"{old} pairs of runs cannot show a difference at 5 %{among}: at least {needed} differing are needed."
    return f"{old} against {new} runs cannot show a difference at 5 %{among}: at least {needed} of each are needed."


def _among(outcome: Outcome, adjusted: Adjusted, family: int) -> str:
    return (
        f"p = {outcome.p_value:.2g} would show a difference alone, "
        f"but not among {family} comparisons (Holm: p = {adjusted.p_value:.2g})."
    )


def _percent_notes(pair: Pair, found: Comparison) -> Iterator[str]:
    """Why there is no change in percent, or no interval of it, although the spread is known."""
    if found.base.mean == 0:
        yield f"The mean of {pair.names[0]} is 0: there is no change in percent of it."
    elif found.p_value is not None and not found.interval and (found.base.deviation or found.patched.deviation):
        yield f"Values of {pair.names[0]} are too near to 0 for an interval in percent: the difference is judged."


def _noisy(pair: Pair) -> Iterator[str]:
    for name, measurement in zip(pair.names, (pair.base, pair.patched), strict=True):
        for sentence in noise(measurement):
            yield f"{name}: {sentence}"
