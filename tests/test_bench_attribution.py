"""What each topic contributes: the numbers of the RFC's reviewer, intervals, and what the notes admit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.bench.attribution import attribute
from credseries.bench.findings import Verdict
from credseries.bench.model import Better, Measurement, Metric, Summary

HITM = Metric("credential lines, HITM", "loads", Better.LESS)
BASE = (100.0, 101.0, 103.0, 99.0, 105.0)
PATCHED = (80.0, 81.0, 79.0, 83.0, 85.0)
WITHOUT_A = (85.0, 86.0, 89.0, 84.0, 82.0)
WITHOUT_B = (100.0, 98.0, 97.0, 101.0, 99.0)


def of(*values: float) -> Measurement:
    return Measurement(HITM, values)


def test_almost_all_of_the_rfcs_gain_is_overlayfs_and_no_spread_is_known() -> None:
    # Remote and local HITM of the top cache line: before, after the series, and without its patch for backing-file.
    found = attribute(HITM, of(412 + 1028), of(28 + 44), {"backing-file": of(79 + 97)})
    (only,) = found.contributions
    assert (only.topic, only.amount, only.rest) == ("backing-file", -104, -1264)
    assert only.share == pytest.approx(7.6, abs=0.05)
    assert only.rest_share == pytest.approx(92.4, abs=0.05)
    assert (only.interval, only.verdict) == (None, Verdict.UNKNOWN)
    assert [figure.mean for figure in (found.base, found.patched, found.without[0][1])] == [1440, 72, 176]
    assert found.notes == (
        "Only backing-file was left out by itself: the rest is that of everything else in the series, and cannot "
        "be told apart by topic.",
        "A contribution is what a topic changes as the last one added: topics that act on each other change more or "
        "less when they come first, so contributions need not add up to 100 %.",
        "base, patched and without:backing-file are of a single run: no per-run spread is known.",
    )


def test_with_runs_enough_a_contribution_has_an_interval_and_a_verdict() -> None:
    found = attribute(HITM, of(*BASE), of(*PATCHED), {"b": of(*WITHOUT_B), "a": of(*WITHOUT_A)})
    first, second = found.contributions
    assert (first.topic, second.topic) == ("a", "b")
    assert (first.verdict, second.verdict) == (Verdict.NO_DIFFERENCE, Verdict.BETTER)
    assert second.interval is not None
    assert -21 < second.interval.low < second.amount < second.interval.high < -13
    assert second.amount == pytest.approx(-17.4)


def test_several_topics_are_summed_up_and_the_remainder_is_left_open() -> None:
    found = attribute(HITM, of(*BASE), of(*PATCHED), {"a": of(*WITHOUT_A), "b": of(*WITHOUT_B)})
    assert found.notes[:2] == (
        "credential lines, HITM: a and b contribute 105.0 % together.",
        "Only a and b were left out, one at a time: what they leave of the whole change is that of all other topics "
        "and of how topics act on each other, and cannot be told apart.",
    )


def test_a_topic_that_costs_something_is_worse() -> None:
    found = attribute(HITM, of(*BASE), of(*PATCHED), {"a": of(70.0, 71.0, 69.0, 72.0, 70.5)})
    (only,) = found.contributions
    assert only.verdict == Verdict.WORSE
    assert only.amount > 0
    assert only.share is not None
    assert only.share < 0


def test_equal_means_leave_no_share() -> None:
    found = attribute(HITM, of(*BASE), of(*BASE), {"a": of(*WITHOUT_A)})
    (only,) = found.contributions
    assert (only.share, only.rest_share) == (None, None)
    assert found.notes[0] == (
        "credential lines, HITM: the means of base and patched are equal, "
        "so that there is no change to have a share of."
    )


def test_shares_of_a_change_that_is_not_shown_are_doubted() -> None:
    found = attribute(HITM, of(*BASE), of(101.0, 99.0, 104.0, 103.0, 100.0), {"a": of(*WITHOUT_A)})
    assert found.notes[0] == (
        "credential lines, HITM: the interval of the whole change holds 0, so that shares of it say little."
    )


def test_summaries_with_a_deviation_have_an_interval() -> None:
    base, patched, without = (Measurement(HITM, summary=Summary(mean, 2.0, 5)) for mean in (100.0, 80.0, 90.0))
    found = attribute(HITM, base, patched, {"a": without})
    (only,) = found.contributions
    assert only.verdict == Verdict.BETTER
    assert only.interval is not None
    # Welch: 8 degrees of freedom, t = 2.306, standard error 2 * sqrt(2 / 5).
    assert only.interval.high - only.amount == pytest.approx(2.306 * 2 * (2 / 5) ** 0.5, rel=1e-3)


def test_too_few_runs_are_told_with_the_topic() -> None:
    found = attribute(HITM, of(*BASE[:3]), of(*PATCHED[:3]), {"b": of(*WITHOUT_B[:3])})
    (only,) = found.contributions
    assert only.verdict == Verdict.UNKNOWN
    assert only.interval is not None
    assert found.notes[-1] == "b: 3 against 3 runs cannot show a difference at 5 %: at least 4 of each are needed."


def test_only_the_kernel_without_a_spread_is_named() -> None:
    found = attribute(HITM, of(*BASE), of(*PATCHED), {"a": of(85.0), "b": of(*WITHOUT_B)})
    assert [item.interval is None for item in found.contributions] == [True, False]
    assert "without:a is of a single run: no per-run spread is known." in found.notes


def test_measurements_of_other_metrics_and_no_topics_are_refused() -> None:
    other = Measurement(Metric("time", "s", Better.LESS), (1.0,))
    with pytest.raises(ValueError, match="one metric"):
        attribute(HITM, of(1.0), of(2.0), {"a": other})
    with pytest.raises(ValueError, match="one metric"):
        attribute(HITM, of(1.0), of(2.0), {})


VALUES = st.lists(st.integers(0, 2000).map(float), min_size=1, max_size=4)


@settings(deadline=None, max_examples=40)
@given(VALUES, VALUES, st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1))
def test_a_contribution_and_its_rest_are_the_whole_change(
    base: list[float], patched: list[float], without: dict[str, list[float]]
) -> None:
    found = attribute(HITM, of(*base), of(*patched), {topic: of(*values) for topic, values in without.items()})
    whole = found.patched.mean - found.base.mean
    assert [item.topic for item in found.contributions] == sorted(without)
    for item in found.contributions:
        assert item.amount + item.rest == pytest.approx(whole)
        if whole:
            assert item.share is not None
            assert item.rest_share is not None
            assert item.share + item.rest_share == pytest.approx(100)
            assert item.share * whole / 100 == pytest.approx(item.amount)
        else:
            assert (item.share, item.rest_share) == (None, None)
