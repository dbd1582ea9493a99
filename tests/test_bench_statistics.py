"""Tests, intervals and noise against answers that are known: published examples, and references written here."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterable, Sequence

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.bench import intervals
from credseries.bench.findings import Figure, Interval
from credseries.bench.model import Better, Measurement, Metric, Summary
from credseries.bench.noise import noise
from credseries.bench.statistics import (
    deviation,
    figure,
    holm,
    mean,
    median,
    rank_test,
    runs_needed,
    signed_rank_test,
)
from credseries.bench.student import Means
from credseries.errors import EnvironmentProblem

METRIC = Metric("time", "s", Better.LESS)
# Cushny and Peebles 1905, with which Student (1908) showed his test: more hours of sleep under two drugs.
SLEEP = (
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)
# Darwin's maize as Fisher gives it ("The Design of Experiments", 1935): crossed less self-fertilized, in 1/8 inch.
MAIZE = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)
RUNS = st.lists(st.integers(0, 6).map(float), min_size=2, max_size=5)


def measured(values: Iterable[float]) -> Measurement:
    return Measurement(METRIC, tuple(map(float, values)))


# -- references: the definitions, counted out


def middle_ranks(values: Sequence[float]) -> list[float]:
    return [
        sum(other < value for other in values) + (1 + sum(other == value for other in values)) / 2 for value in values
    ]


def tails(sums: Sequence[float], seen: float) -> float:
    """The two-sided p-value of a sum among all the sums that are equally likely."""
    low, high = (sum(total <= seen for total in sums), sum(total >= seen for total in sums))
    return min(1.0, 2 * min(low, high) / len(sums))


def counted_rank_test(base: Sequence[float], patched: Sequence[float]) -> float:
    ranks = middle_ranks([*base, *patched])
    sums = [sum(chosen) for chosen in itertools.combinations(ranks, len(base))]
    return tails(sums, sum(ranks[: len(base)]))


def counted_signed_rank_test(base: Sequence[float], patched: Sequence[float]) -> float:
    differences = [new - old for old, new in zip(base, patched, strict=True) if new != old]
    ranks = middle_ranks([abs(value) for value in differences])
    sums = [
        sum(chosen)
        for signs in itertools.product((0, 1), repeat=len(ranks))
        for chosen in [itertools.compress(ranks, signs)]
    ]
    return tails(sums, sum(rank for rank, value in zip(ranks, differences, strict=True) if value > 0))


# -- one sample


def test_mean_median_and_deviation_are_those_of_the_textbook() -> None:
    values = (2, 4, 4, 4, 5, 5, 7, 9)
    assert (mean(values), median(values)) == (5, 4.5)
    assert deviation(values) == pytest.approx(math.sqrt(32 / 7))
    assert deviation((3,)) is None


def test_equal_values_have_a_deviation_of_exactly_0() -> None:
    assert deviation((0.1,) * 7) == 0.0


def test_the_figure_of_a_summary_leaves_out_what_it_does_not_say() -> None:
    assert figure(Measurement(METRIC, summary=Summary(3.0, 0.5, 4))) == Figure(3.0, 0.5, None, 4)
    assert figure(Measurement(METRIC, summary=Summary(3.0))) == Figure(3.0, None, None, None)
    assert figure(Measurement(METRIC, summary=Summary(3.0, 0.0, 1))).deviation is None


# -- rank tests


@settings(deadline=None, max_examples=60)
@given(RUNS, RUNS)
def test_the_rank_test_is_the_count_of_all_arrangements_with_and_without_ties(
    base: list[float], patched: list[float]
) -> None:
    assert rank_test(base, patched).p_value == pytest.approx(counted_rank_test(base, patched))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=8))
def test_the_signed_rank_test_is_the_count_of_all_signs_with_and_without_ties(pairs: list[tuple[int, int]]) -> None:
    base, patched = ([float(pair[side]) for pair in pairs] for side in (0, 1))
    assert signed_rank_test(base, patched).p_value == pytest.approx(counted_signed_rank_test(base, patched))


# Two-sided critical values at 5 % as statistical tables print them: the largest U that is significant.
@pytest.mark.parametrize(
    ("first", "second", "critical"),
    [(4, 4, 0), (5, 5, 2), (5, 8, 6), (6, 6, 5), (7, 7, 8), (8, 8, 13), (9, 9, 17), (10, 10, 23), (20, 20, 127)],
)
def test_the_rank_test_has_the_critical_values_of_published_tables(first: int, second: int, critical: int) -> None:
    def p_value(wanted: int) -> float:
        low, place = [2.0 * index for index in range(first)], 2 * first - 1
        full, rest = divmod(wanted, first)  # patched values that lie below all of the base, and one that is between
        high = [-1.0 - index for index in range(full)]
        high += [place - 2.0 * rest] if rest else []
        high += [place + 2.0 + index for index in range(second - len(high))]
        return rank_test(low, high).p_value

    assert p_value(critical) <= 0.05 < p_value(critical + 1)


@pytest.mark.parametrize(("pairs", "critical"), [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (12, 13), (15, 25), (20, 52)])
def test_the_signed_rank_test_has_the_critical_values_of_published_tables(pairs: int, critical: int) -> None:
    def p_value(wanted: int) -> float:
        differences = [float(size) for size in range(1, pairs + 1)]
        for size in range(pairs, 0, -1):
            if size <= wanted:
                wanted -= size
                differences[size - 1] = -float(size)
        return signed_rank_test([0.0] * pairs, differences).p_value

    assert p_value(critical) <= 0.05 < p_value(critical + 1)


def test_the_signed_rank_test_of_darwins_maize_is_the_published_one() -> None:
    result = signed_rank_test([0.0] * len(MAIZE), list(map(float, MAIZE)))
    assert result.p_value == pytest.approx(0.041260, abs=1e-6)
    assert result.direction == 1


def test_differences_that_only_rounding_tells_apart_are_ties() -> None:
    base, patched = [0.1, 0.2, 0.3, 1.1, 1.2, 0.0, 0.5], [0.2, 0.3, 0.4, 1.2, 1.1, 0.3, 0.9]
    tenths = [[round(10 * value) for value in values] for values in (base, patched)]
    assert signed_rank_test(base, patched).p_value == pytest.approx(counted_signed_rank_test(*tenths))


def test_the_smallest_p_value_is_that_of_samples_that_do_not_overlap() -> None:
    for low, high in itertools.product((2, 3, 5), (2, 4, 6)):
        result = rank_test(range(low), range(100, 100 + high))
        assert result.p_value == pytest.approx(result.smallest)
    paired = signed_rank_test([0.0] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert paired.p_value == pytest.approx(paired.smallest)


def test_runs_needed_is_where_a_test_begins_to_be_able_to_show_something() -> None:
    assert (runs_needed(), runs_needed(paired=True)) == (4, 6)
    for alpha in (0.05, 0.01, 0.05 / 12, 0.001):
        runs = runs_needed(alpha)
        assert rank_test(range(runs), range(100, 100 + runs)).p_value < alpha
        assert rank_test(range(runs - 1), range(100, 99 + runs)).p_value >= alpha


def test_a_rank_test_of_one_run_is_refused() -> None:
    with pytest.raises(ValueError, match="two runs"):
        rank_test([1.0], [2.0, 3.0])


def test_samples_that_are_equal_do_not_differ() -> None:
    assert rank_test([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).p_value == 1.0
    assert signed_rank_test([1.0, 2.0], [1.0, 2.0]).p_value == 1.0
    assert rank_test([5.0] * 4, [5.0] * 4).direction == 0


def test_holms_correction_is_that_of_the_worked_example() -> None:
    adjusted = holm([0.01, 0.04, 0.03, 0.005])
    assert [item.p_value for item in adjusted] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == ()


def test_holm_treats_equal_p_values_alike() -> None:
    assert len(set(holm([0.01, 0.01, 0.01]))) == 1


# -- Student's intervals


def test_welchs_interval_of_the_sleep_data_is_the_published_one() -> None:
    figures = [figure(measured(values)) for values in SLEEP]
    means = Means.independent(*figures)
    assert means is not None
    assert means.freedom == pytest.approx(17.776, abs=1e-3)
    assert means.p_value() == pytest.approx(0.07939, abs=1e-5)
    found = means.difference()
    assert found is not None
    assert [found.low, found.high] == pytest.approx([-0.2054832, 3.3654832])


def test_the_paired_interval_of_the_sleep_data_is_the_published_one() -> None:
    means = Means.in_pairs(*SLEEP)
    assert means is not None
    assert means.p_value() == pytest.approx(0.002833, abs=1e-6)
    found = means.difference()
    assert found is not None
    assert [found.low, found.high] == pytest.approx([0.7001142, 2.4598858])


def test_an_interval_from_summaries_uses_the_quantile_of_the_textbook() -> None:
    # Two times 3 runs of equal deviation: 4 degrees of freedom, t = 2.776, standard error sqrt(2 / 3).
    found = intervals.difference(
        Measurement(METRIC, summary=Summary(10.0, 1.0, 3)), Measurement(METRIC, summary=Summary(13.0, 1.0, 3))
    )
    assert found is not None
    assert found.high - 3.0 == pytest.approx(2.776 * math.sqrt(2 / 3), rel=1e-3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_fiellers_ends_are_the_ratios_that_a_t_test_just_cannot_exclude(sign: float) -> None:
    base, patched, quantile = (sign * 50.0, 4.0, 5), (sign * 40.0, 4.0, 5), 2.306  # 8 degrees of freedom
    found = intervals.change(
        Measurement(METRIC, summary=Summary(*base)), Measurement(METRIC, summary=Summary(*patched))
    )
    assert found is not None
    assert found.low < sign * -20 < found.high
    for end in (found.low, found.high):
        ratio = 1 + sign * end / 100
        error = math.sqrt(patched[1] ** 2 / 5 + ratio**2 * base[1] ** 2 / 5)
        assert abs(patched[0] - ratio * base[0]) / error == pytest.approx(quantile, rel=1e-3)


def test_fiellers_interval_leaves_out_0_exactly_when_welchs_test_shows_a_difference() -> None:
    verdicts = set()
    for patched in (49.0, 46.0, 45.0, 44.5, 44.0, 43.0, 40.0):
        means = Means.independent(Figure(50.0, 4.0, None, 5), Figure(patched, 3.0, None, 5))
        assert means is not None
        change, p_value = means.change(), means.p_value()
        assert change is not None
        assert p_value is not None
        assert (change.high < 0) == (p_value < 0.05)
        verdicts.add(p_value < 0.05)
    assert verdicts == {True, False}


def test_a_base_that_may_be_0_has_no_interval_in_percent() -> None:
    means = Means.independent(Figure(1.0, 4.0, None, 5), Figure(8.0, 1.0, None, 5))
    assert means is not None
    assert means.change() is None
    assert means.difference() is not None


def test_without_a_spread_there_is_no_interval() -> None:
    assert Means.independent(Figure(1.0, None, None, 5), Figure(8.0, 1.0, None, 5)) is None
    assert Means.independent(Figure(1.0, 1.0, None, None), Figure(8.0, 1.0, None, 5)) is None
    assert Means.independent(Figure(1.0, 0.0, None, 5), Figure(8.0, 0.0, None, 5)) is None
    assert intervals.change(measured([1.0]), measured([2.0, 3.0])) is None
    assert intervals.difference(measured([1.0]), measured([2.0]), paired=True) is None


# -- intervals by resampling


def held(found: Interval | None, truth: float) -> bool:
    assert found is not None
    return found.low <= truth <= found.high


def normal(generator: numpy.random.Generator, runs: int) -> list[float]:
    return [float(value) for value in generator.normal(100.0, 5.0, runs)]


def skewed(generator: numpy.random.Generator, runs: int) -> list[float]:
    return [float(value) for value in generator.lognormal(0.0, 0.3, runs)]


@pytest.mark.parametrize(("base", "patched", "draw"), [(5, 5, normal), (8, 12, skewed), (20, 20, normal)])
def test_an_interval_holds_the_true_change_in_95_of_100_cases(
    base: int, patched: int, draw: Callable[[numpy.random.Generator, int], list[float]]
) -> None:
    generator, cases = numpy.random.default_rng(20241120), 250
    hits = sum(
        held(intervals.change(measured(draw(generator, base)), measured(draw(generator, patched))), 0.0)
        for _ in range(cases)
    )
    # Three standard deviations of the binomial: by chance one in 400 simulations is further off.
    assert abs(hits / cases - 0.95) <= 3 * math.sqrt(0.95 * 0.05 / cases)


def test_the_interval_of_pairs_holds_the_true_difference_and_is_narrower_than_that_of_independent_runs() -> None:
    generator, cases, hits, narrower = numpy.random.default_rng(1), 250, 0, 0
    for _ in range(cases):
        common = generator.normal(100.0, 10.0, 10)
        base, patched = (measured(common + generator.normal(0.0, 1.0, 10)) for _ in range(2))
        paired, apart = intervals.difference(base, patched, paired=True), intervals.difference(base, patched)
        assert paired is not None
        assert apart is not None
        hits += held(paired, 0.0)
        narrower += paired.high - paired.low < apart.high - apart.low
    assert abs(hits / cases - 0.95) <= 3 * math.sqrt(0.95 * 0.05 / cases)
    assert narrower == cases


def test_the_same_values_give_the_same_interval_in_any_order() -> None:
    base, patched = (10.0, 11.0, 12.5, 9.0, 10.5), (8.0, 9.5, 9.0, 8.8, 10.0)
    found = intervals.change(measured(base), measured(patched))
    assert found == intervals.change(measured(base[::-1]), measured(sorted(patched)))
    assert found is not None
    assert found.low < -12.8 < found.high < 0


def test_values_that_do_not_vary_have_an_interval_without_width() -> None:
    found = intervals.change(measured([5] * 4), measured([4] * 4))
    assert found is not None
    assert [found.low, found.high] == pytest.approx([-20, -20])
    assert intervals.change(measured([5] * 4), measured([0] * 4)) == Interval(-100.0, -100.0, 0.95)
    assert intervals.difference(measured([5] * 4), measured([5] * 4)) == Interval(0.0, 0.0, 0.95)


def test_one_sample_that_does_not_vary_leaves_the_spread_of_the_other() -> None:
    found = intervals.change(measured([5] * 5), measured([4, 4.1, 3.9, 4.2, 3.8]))
    assert found is not None
    assert -24 < found.low < -20 < found.high < -16


def test_a_base_with_values_on_both_sides_of_0_has_only_a_difference() -> None:
    base, patched = measured([-1.0, 1.0, 2.0, 0.5, 1.5]), measured([5.0, 6.0, 7.0, 5.5, 6.5])
    assert intervals.change(base, patched) is None
    assert held(intervals.difference(base, patched), 5.2)


def test_a_change_is_an_increase_in_percent_also_of_a_negative_base() -> None:
    assert intervals.percent_change(-10.0, -5.0) == 50.0
    found = intervals.change(measured([-10, -11, -9, -10.5, -9.5]), measured([-5, -6, -4, -5.5, -4.5]))
    assert found is not None
    assert 30 < found.low < 50 < found.high < 70


# -- noise


def test_quiet_runs_make_no_noise() -> None:
    assert noise(measured([100, 101, 99, 100.5, 99.5, 100.2, 99.8, 100.4])) == ()
    assert noise(measured([100])) == ()
    assert noise(Measurement(METRIC, summary=Summary(100.0))) == ()


@pytest.mark.parametrize("runs", [5, 6, 8, 10, 15, 30])
def test_quiet_runs_rarely_draw_a_word(runs: int) -> None:
    generator, cases = numpy.random.default_rng(runs), 300
    words = sum(bool(noise(measured(generator.normal(100.0, 1.0, runs)))) for _ in range(cases))
    # Drift, groups and outliers at one in a hundred each, and three standard deviations of the binomial.
    assert words / cases <= 0.03 + 3 * math.sqrt(0.03 * 0.97 / cases)


def test_scatter_is_told_with_its_size_also_of_a_summary() -> None:
    (word,) = noise(Measurement(METRIC, summary=Summary(200.0, 25.0, 7)))
    assert word == "single runs vary by 12.5 % of their mean (standard deviation over 7 runs; 5 % is a lot)."


def test_values_that_follow_the_run_number_are_a_drift() -> None:
    (word,) = noise(measured([100, 100.4, 100.9, 101.2, 101.8, 102.3]))
    assert word.startswith("the values rise from run to run (Kendall's tau 1.00, p = 0.0028, 6 runs)")
    (word,) = noise(measured([102.3, 101.8, 101.2, 100.9, 100.4, 100]))
    assert "fall" in word


def test_two_groups_are_told_from_one_and_are_no_outliers() -> None:
    (word,) = noise(measured([100, 104, 100.1, 104.1, 103.9, 99.9, 100.2, 104.2, 99.8, 100]))
    assert word == "the runs fall into two groups, 6 around 100 and 4 around 104: a mean of both describes neither."


def test_a_run_far_from_the_others_is_named() -> None:
    words = noise(measured([100, 101, 99, 100.5, 99.5, 250, 100.2, 99.7]))
    assert words[1:] == ("1 of 8 runs stand out: 250, where the median is 100.1.",)
    assert "vary" in words[0]


# -- scipy


def test_a_missing_scipy_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "scipy" or name.startswith("scipy.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(EnvironmentProblem) as caught:
        rank_test([1.0, 2.0], [3.0, 4.0])
    assert caught.value.hint == "pip install 'credseries[bench]'"
