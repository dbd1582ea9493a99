"""Verdicts on two kernels: when they are given, when they are not, and laws that hold for any values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.bench.comparison import Pair, compare, compare_all
from credseries.bench.findings import Verdict
from credseries.bench.model import Better, Measurement, Metric, Summary

TIME = Metric("time", "s", Better.LESS)
RATE = Metric("rate", "1/s", Better.MORE)
CYCLES = Metric("cycles", "", Better.NEITHER)
SLOW = (10.0, 10.2, 9.9, 10.1, 10.3)
FAST = (8.0, 8.1, 7.9, 8.2, 8.05)
FLIPPED = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


def of(metric: Metric, values: Sequence[float]) -> Measurement:
    return Measurement(metric, tuple(values))


def summed(mean: float, deviation: float | None, runs: int | None) -> Measurement:
    return Measurement(TIME, summary=Summary(mean, deviation, runs))


def named(metric: Metric, name: str) -> Metric:
    return replace(metric, name=name)


# -- the direction


@pytest.mark.parametrize(
    ("metric", "base", "patched", "verdict"),
    [
        (TIME, SLOW, FAST, Verdict.BETTER),
        (TIME, FAST, SLOW, Verdict.WORSE),
        (RATE, SLOW, FAST, Verdict.WORSE),
        (RATE, FAST, SLOW, Verdict.BETTER),
        (CYCLES, SLOW, FAST, Verdict.DIFFERENT),
        (TIME, SLOW, SLOW, Verdict.NO_DIFFERENCE),
    ],
)
def test_a_change_is_better_or_worse_by_what_the_metric_calls_better(
    metric: Metric, base: Sequence[float], patched: Sequence[float], verdict: Verdict
) -> None:
    assert compare(of(metric, base), of(metric, patched)).verdict == verdict


def test_a_comparison_gives_change_interval_and_p_value() -> None:
    found = compare(of(TIME, SLOW), of(TIME, FAST))
    assert found.change == pytest.approx(100 * (8.05 / 10.1 - 1))
    assert found.p_value == pytest.approx(2 / 252)
    assert found.interval is not None
    assert found.change is not None
    assert -24 < found.interval.low < found.change < found.interval.high < -16
    assert (found.base.runs, found.patched.median, found.paired, found.notes) == (5, 8.05, False, ())


# -- too little to say anything


def test_three_runs_against_three_are_too_few_for_a_word_and_the_note_says_how_many_are_needed() -> None:
    found = compare(of(TIME, SLOW[:3]), of(TIME, FAST[:3]))
    assert found.verdict == Verdict.UNKNOWN
    assert found.p_value == pytest.approx(0.1)
    assert found.notes == (
        "Too few runs to resample: intervals are Student's, for normally distributed runs.",
        "3 against 3 runs cannot show a difference at 5 %: at least 4 of each are needed.",
    )
    assert found.interval is not None
    assert found.interval.high < 0


def test_with_the_runs_that_the_note_asks_for_a_difference_is_shown() -> None:
    assert compare(of(TIME, SLOW[:4]), of(TIME, FAST[:4])).verdict == Verdict.BETTER


def test_five_pairs_are_too_few_and_six_are_enough() -> None:
    base, patched = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0], [9.0, 9.8, 10.9, 11.7, 12.5, 13.1]
    found = compare(of(TIME, base[:5]), of(TIME, patched[:5]), paired=True)
    assert found.verdict == Verdict.UNKNOWN
    assert "5 pairs of runs cannot show a difference at 5 %: at least 6 differing are needed." in found.notes
    found = compare(of(TIME, base), of(TIME, patched), paired=True)
    assert (found.verdict, found.paired) == (Verdict.BETTER, True)


@pytest.mark.parametrize(
    ("base", "patched", "note"),
    [
        (of(TIME, [10.0]), of(TIME, [8.0]), "base and patched are of a single run"),
        (of(TIME, SLOW), of(TIME, [8.0]), "patched is of a single run"),
        (summed(10.0, None, 5), of(TIME, FAST), "base is without a standard deviation"),
        (summed(10.0, 0.1, None), of(TIME, FAST), "base is without a number of runs"),
        (
            summed(10.0, 0.1, 1),
            summed(8.0, None, None),
            "base is of a single run; patched is without a standard deviation",
        ),
    ],
)
def test_where_no_spread_is_known_nothing_is_said(base: Measurement, patched: Measurement, note: str) -> None:
    found = compare(base, patched)
    assert (found.verdict, found.interval, found.p_value) == (Verdict.UNKNOWN, None, None)
    assert found.change == pytest.approx(-20, abs=1)
    assert found.notes[0] == f"{note}: no per-run spread is known."


# -- summaries


def test_summaries_are_compared_by_welchs_test() -> None:
    found = compare(summed(10.0, 0.2, 5), summed(8.0, 0.3, 5))
    assert found.verdict == Verdict.BETTER
    assert "Welch's t test" in found.notes[0]
    assert compare(summed(10.0, 2.0, 5), summed(9.5, 3.0, 5)).verdict == Verdict.NO_DIFFERENCE


def test_the_p_value_of_summaries_is_that_of_students_sleep_data() -> None:
    found = compare(summed(0.75, 1.789010, 10), summed(2.33, 2.002249, 10))
    assert found.p_value == pytest.approx(0.07939, abs=1e-5)
    assert found.verdict == Verdict.NO_DIFFERENCE
    assert "Values of base are too near to 0 for an interval in percent: the difference is judged." in found.notes


def test_values_against_a_summary_are_compared_by_welchs_test_too() -> None:
    found = compare(of(TIME, SLOW), summed(8.0, 0.3, 5))
    assert found.verdict == Verdict.BETTER
    assert "Welch's t test" in found.notes[0]


def test_two_deviations_of_0_cannot_be_tested() -> None:
    found = compare(summed(10.0, 0.0, 5), summed(8.0, 0.0, 5))
    assert (found.verdict, found.interval, found.p_value) == (Verdict.UNKNOWN, None, None)
    assert "nothing can be tested" in found.notes[-1]


# -- at the edges


def test_values_that_never_vary_can_differ() -> None:
    found = compare(of(TIME, [5.0] * 4), of(TIME, [4.0] * 4))
    assert found.verdict == Verdict.BETTER
    assert found.change == pytest.approx(-20)
    assert found.notes == ("No run differs from another of the same kernel.",)
    assert compare(of(TIME, [5.0] * 4), of(TIME, [5.0] * 4)).verdict == Verdict.NO_DIFFERENCE


def test_a_base_of_0_has_no_change_in_percent_but_a_verdict() -> None:
    found = compare(of(TIME, [0.0] * 5), of(TIME, [3.0, 3.1, 2.9, 3.05, 2.95]))
    assert (found.change, found.interval, found.verdict) == (None, None, Verdict.WORSE)
    assert found.notes == ("The mean of base is 0: there is no change in percent of it.",)


def test_a_base_around_0_is_judged_by_the_difference() -> None:
    found = compare(of(TIME, [-0.1, 0.1, 0.2, 0.05, 0.1]), of(TIME, [5.0, 5.1, 4.9, 5.05, 4.95]))
    assert (found.interval, found.verdict) == (None, Verdict.WORSE)
    assert any("the difference is judged" in note for note in found.notes)


def test_a_metric_that_falls_to_0_is_shown() -> None:
    found = compare(of(TIME, [30.0, 28.0, 35.0, 31.0]), of(TIME, [0.0, 0.0, 1.0, 0.0]))
    assert found.verdict == Verdict.BETTER
    assert found.interval is not None
    assert found.interval.high < -90


def test_a_difference_in_rank_alone_is_no_difference() -> None:
    found = compare(of(TIME, [10.0] * 9 + [90.0]), of(TIME, [11.0] * 10))
    assert found.p_value is not None
    assert found.p_value < 0.05
    assert found.verdict == Verdict.NO_DIFFERENCE
    assert any("holds 0" in note for note in found.notes)


def test_a_mean_and_ranks_that_disagree_are_told() -> None:
    base = [10.0 + index / 100 for index in range(30)]
    patched = [9.0 + index / 100 for index in range(24)] + [2000.0 + index for index in range(6)]
    found = compare(of(TIME, base), of(TIME, patched))
    assert found.verdict == Verdict.UNKNOWN
    assert "The mean and the ranks of the runs change in opposite directions." in found.notes


def test_noise_is_told_with_the_kernel_that_it_is_of() -> None:
    found = compare(of(TIME, [10.0, 14.0, 8.0, 12.0, 9.0]), of(TIME, FAST))
    (note,) = found.notes
    assert note.startswith("base: single runs vary by 22.7 % of their mean")


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        compare(of(TIME, SLOW), of(RATE, FAST))
    with pytest.raises(ValueError, match="as many values"):
        compare(of(TIME, SLOW), of(TIME, FAST[:4]), paired=True)
    with pytest.raises(ValueError, match="as many values"):
        compare(summed(10.0, 0.1, 5), summed(8.0, 0.1, 5), paired=True)


# -- many metrics at once


def family(metric: Metric, count: int, runs: int) -> list[Pair]:
    return [
        Pair(of(named(metric, f"m{index}"), SLOW[:runs]), of(named(metric, f"m{index}"), FAST[:runs]))
        for index in range(count)
    ]


def test_more_comparisons_need_more_runs_and_the_note_says_how_many() -> None:
    assert {item.verdict for item in compare_all(family(TIME, 6, 5))} == {Verdict.BETTER}
    many = compare_all(family(TIME, 12, 5))
    assert {item.verdict for item in many} == {Verdict.UNKNOWN}
    assert {item.notes for item in many} == {
        ("5 against 5 runs cannot show a difference at 5 % among 12 comparisons: at least 6 of each are needed.",)
    }


def test_one_borderline_metric_among_several_is_no_difference_and_the_note_says_why() -> None:
    borderline = Pair(
        of(named(TIME, "odd"), [1.0, 2.0, 3.0, 4.0, 5.5, 6.0]), of(named(TIME, "odd"), [5.0, 7.0, 8.0, 9.0, 10.0, 11.0])
    )
    alike = [
        Pair(of(named(TIME, f"m{index}"), [1.0, 3, 5, 7, 9, 11]), of(named(TIME, f"m{index}"), [2.0, 4, 6, 8, 10, 12]))
        for index in range(11)
    ]
    assert compare(borderline.base, borderline.patched).verdict == Verdict.WORSE
    found = compare_all([*alike, borderline])[-1]
    assert found.verdict == Verdict.NO_DIFFERENCE
    assert any("would show a difference alone, but not among 12 comparisons (Holm: p = 0.1)" in n for n in found.notes)


def test_metrics_that_only_describe_and_tests_that_cannot_show_anything_take_nothing_from_the_claims() -> None:
    claim = family(RATE, 1, 5)
    (found, *_) = compare_all([*claim, *family(CYCLES, 20, 5), *family(TIME, 20, 3), *family(TIME, 20, 1)])
    assert found.verdict == Verdict.WORSE


# -- laws

COUNTS = st.integers(1, 40).map(float)
SAMPLES = st.tuples(st.lists(COUNTS, min_size=1, max_size=9), st.lists(COUNTS, min_size=1, max_size=9))
PAIRS = st.lists(st.tuples(COUNTS, COUNTS), min_size=2, max_size=10).map(
    lambda pairs: ([old for old, _ in pairs], [new for _, new in pairs])
)
CASES = st.one_of(st.tuples(SAMPLES, st.just(False)), st.tuples(PAIRS, st.just(True)))
Case = tuple[tuple[list[float], list[float]], bool]


@settings(deadline=None, max_examples=50)
@given(CASES, st.sampled_from([1e-6, 0.001, 0.1, 3.0, 7.7, 1024.0, 1e9]))
def test_another_unit_changes_nothing(case: Case, factor: float) -> None:
    (base, patched), paired = case
    before = compare(of(TIME, base), of(TIME, patched), paired)
    after = compare(of(TIME, [factor * v for v in base]), of(TIME, [factor * v for v in patched]), paired)
    assert after.verdict == before.verdict
    assert after.change == pytest.approx(before.change)
    assert (after.p_value is None) == (before.p_value is None)
    if before.p_value is not None:
        assert after.p_value == pytest.approx(before.p_value)
    assert (after.interval is None) == (before.interval is None)
    if before.interval and after.interval:
        assert after.interval.low == pytest.approx(before.interval.low, abs=1e-6)
        assert after.interval.high == pytest.approx(before.interval.high, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(CASES, st.sampled_from([TIME, RATE, CYCLES]))
def test_what_is_better_is_worse_the_other_way_round(case: Case, metric: Metric) -> None:
    (base, patched), paired = case
    forth = compare(of(metric, base), of(metric, patched), paired)
    back = compare(of(metric, patched), of(metric, base), paired)
    assert back.verdict == FLIPPED.get(forth.verdict, forth.verdict)
    assert back.p_value == pytest.approx(forth.p_value) if forth.p_value is not None else back.p_value is None


@settings(deadline=None, max_examples=40)
@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_independent_runs_changes_no_number(
    samples: tuple[list[float], list[float]], random: object
) -> None:
    base, patched = samples
    shuffled = [list(base), list(patched)]
    for values in shuffled:
        random.shuffle(values)  # type: ignore[attr-defined]
    before, after = (compare(of(TIME, old), of(TIME, new)) for old, new in ((base, patched), shuffled))
    assert replace(after, notes=()) == replace(before, notes=())  # a drift is in the order


@settings(deadline=None, max_examples=25)
@given(CASES)
def test_the_same_values_give_the_same_comparison(case: Case) -> None:
    (base, patched), paired = case
    assert compare(of(TIME, base), of(TIME, patched), paired) == compare(of(TIME, base), of(TIME, patched), paired)


@settings(deadline=None, max_examples=40)
@given(CASES)
def test_a_verdict_has_a_p_value_below_5_percent_and_an_interval_without_0(case: Case) -> None:
    (base, patched), paired = case
    found = compare(of(TIME, base), of(TIME, patched), paired)
    if found.verdict in FLIPPED:
        assert found.p_value is not None
        assert found.p_value < 0.05
        assert found.interval is not None
        assert found.change is not None
        assert (found.interval.low > 0) == (found.change > 0) == (found.verdict == Verdict.WORSE)
        assert (found.interval.high < 0) == (found.change < 0)
