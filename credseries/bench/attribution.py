"""How much of a metric's change each topic of a series contributes, told by leaving one topic out at a time.

What is measured is the series without a topic, so a topic's amount is what it changes as the last one to be added.
That says nothing of the topic alone, and amounts of topics that work on the same thing need not add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from credseries.bench import intervals, statistics
from credseries.bench.comparison import Pair, judge, listed, unknown_spread
from credseries.bench.findings import Attribution, Comparison, Contribution
from credseries.bench.model import Measurement, Metric


def attribute(
    metric: Metric, base: Measurement, patched: Measurement, without: Mapping[str, Measurement]
) -> Attribution:
    """What each topic, by name in `without`, contributes to the change of a metric from base to patched.

    Intervals are those of the amounts, in the metric's unit, from runs that were taken independently; None where no
    spread is known. Verdicts compare the series without the topic to the whole, corrected for the number of topics.
    Raises ValueError when a measurement is of another metric, or no topic is given.
    """
    if not without or any(item.metric != metric for item in (base, patched, *without.values())):
        raise ValueError(f"{metric.name}: attribution needs one metric of the base, the whole and parts of a series")
    topics = sorted(without)
    judged = judge([Pair(without[topic], patched, names=(f"without:{topic}", "patched")) for topic in topics])
    contributions = tuple(
        _contribution(topic, base, patched, without[topic], comparison)
        for topic, comparison in zip(topics, judged, strict=True)
    )
    figures = tuple((topic, statistics.figure(without[topic])) for topic in topics)
    return Attribution(
        metric=metric,
        base=statistics.figure(base),
        patched=statistics.figure(patched),
        without=figures,
        contributions=contributions,
        notes=(
            *_change_notes(base, patched),
            *_rest_notes(metric, contributions),
            *_spread_notes(base, patched, without, judged),
        ),
    )


def _contribution(
    topic: str, base: Measurement, patched: Measurement, without: Measurement, comparison: Comparison
) -> Contribution:
    before, after, reduced = (statistics.figure(item).mean for item in (base, patched, without))
    whole, amount, rest = after - before, after - reduced, reduced - before
    return Contribution(
        topic=topic,
        amount=amount,
        share=100 * amount / whole if whole else None,
        interval=intervals.difference(without, patched),
        rest=rest,
        rest_share=100 * rest / whole if whole else None,
        verdict=comparison.verdict,
    )


def _change_notes(base: Measurement, patched: Measurement) -> Iterator[str]:
    """What is wrong with shares of the whole change, if it is."""
    name = base.metric.title
    if statistics.figure(base).mean == statistics.figure(patched).mean:
        yield f"{name}: the means of base and patched are equal, so that there is no change to have a share of."
        return
    whole = intervals.difference(base, patched)
    if whole and whole.low <= 0 <= whole.high:
        yield f"{name}: the interval of the whole change holds 0, so that shares of it say little."


def _rest_notes(metric: Metric, contributions: Sequence[Contribution]) -> Iterator[str]:
    """What leaving one topic out at a time cannot tell."""
    topics = [item.topic for item in contributions]
    shares = [item.share for item in contributions if item.share is not None]
    if len(topics) == 1:
        yield (
            f"Only {topics[0]} was left out by itself: the rest is that of everything else in the series, and cannot "
            "be told apart by topic."
        )
    else:
        if shares:
            yield f"{metric.title}: {listed(topics)} contribute {math.fsum(shares):.1f} % together."
        yield (
            f"Only {listed(topics)} were left out, one at a time: what they leave of the whole change is that of all "
            "other topics and of how topics act on each other, and cannot be told apart."
        )
    yield (
        "A contribution is what a topic changes as the last one added: topics that act on each other change more or "
        "less when they come first, so contributions need not add up to 100 %."
    )


def _spread_notes(
    base: Measurement, patched: Measurement, without: Mapping[str, Measurement], judged: Sequence[Comparison]
) -> Iterator[str]:
    """How far the numbers can be trusted."""
    topics = sorted(without)
    named = [("base", base), ("patched", patched), *((f"without:{topic}", without[topic]) for topic in topics)]
    gap = unknown_spread([(name, statistics.figure(item)) for name, item in named])
    if gap:
        yield gap
    for topic, comparison in zip(topics, judged, strict=True):
        if statistics.spread_known(comparison.base) and statistics.spread_known(comparison.patched):
            yield from (f"{topic}: {note}" for note in comparison.notes)
