"""will-it-scale, lkp, ministat and our own CSV are read exactly; what contradicts itself or is damaged is refused."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.bench.model import Better, Measurement, Metric, Reading, Summary
from credseries.bench.readers import lkp, ministat, plain, will_it_scale
from credseries.bench.readers.rounded import Rounded, is_change, is_difference
from credseries.errors import UsageError

Read = Callable[[str, str], object]


def refused(reader: Read, text: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        reader(text, "file")
    assert error.value.hint.startswith("expected ")
    return error.value


def values(reading: Reading) -> dict[tuple[str, int | None], tuple[float, ...]]:
    return {(item.metric.name, item.metric.tasks): item.values for item in reading.measurements}


def summaries(reading: Reading) -> dict[str, Summary | None]:
    return {item.metric.name: item.summary for item in reading.measurements}


def only(reading: Reading) -> Measurement:
    assert len(reading.measurements) == 1
    return reading.measurements[0]


# -- will-it-scale

HEADER = "tasks,processes,processes_idle,threads,threads_idle,linear\n"
SCALE = HEADER + "0,0,100,0,100,0\n1,729990,95.68,725437,95.66,725437\n24,11476599,0.18,2185947,32.67,17410488\n"


def test_operations_and_idle_time_are_read_for_each_number_of_tasks() -> None:
    reading = will_it_scale.read(SCALE, "file")
    assert values(reading) == {
        ("processes", 1): (729990.0,),
        ("processes idle", 1): (95.68,),
        ("threads", 1): (725437.0,),
        ("threads idle", 1): (95.66,),
        ("processes", 24): (11476599.0,),
        ("processes idle", 24): (0.18,),
        ("threads", 24): (2185947.0,),
        ("threads idle", 24): (32.67,),
    }
    assert reading.notes == ()
    assert reading.measurements[0].metric == Metric("processes", "ops", Better.MORE, 1)
    assert reading.measurements[1].metric == Metric("processes idle", "%", Better.NEITHER, 1)


def test_runs_pasted_one_after_another_are_several_values() -> None:
    for second in (SCALE, SCALE.removeprefix(HEADER)):
        reading = will_it_scale.read(SCALE + "\n" + second.replace("11476599", "11476601"), "file")
        assert values(reading)["processes", 24] == (11476599.0, 11476601.0)
        assert values(reading)["threads", 1] == (725437.0, 725437.0)


def test_what_people_write_behind_numbers_is_left_out_and_noted() -> None:
    text = SCALE.replace("95.66,725437", "95.66,725437 (Single process)").replace("2185947,", "2185947(-8.63%),")
    reading = will_it_scale.read(text + "...\n", "file")
    assert values(reading) == values(will_it_scale.read(SCALE, "file"))
    assert reading.notes == (
        "line 5: somebody left rows out",
        "left out what somebody wrote behind numbers, unchecked: (Single process), (-8.63%)",
    )


def test_a_mode_that_was_not_run_has_no_measurement() -> None:
    reading = will_it_scale.read(HEADER + "0,0,100,0,100,0\n256,0,0.00,25641,0.17,0\n", "file")
    assert values(reading) == {("threads", 256): (25641.0,), ("threads idle", 256): (0.17,)}
    assert reading.notes == ("processes were not run with 256 tasks",)


def test_a_mode_that_gave_no_result_has_no_measurement() -> None:
    reading = will_it_scale.read(HEADER + "2,-1,99.80,25641,0.17,0\n", "file")
    assert values(reading) == {("threads", 2): (25641.0,), ("threads idle", 2): (0.17,)}
    assert reading.notes == ("processes gave no result with 2 tasks",)


def test_a_run_that_was_cut_off_is_noted() -> None:
    cut = "\n".join(SCALE.splitlines()[:3])
    notes = will_it_scale.read(SCALE + cut, "file").notes
    assert notes == (
        "processes with 24 tasks are in 1 of 2 runs only",
        "threads with 24 tasks are in 1 of 2 runs only",
    )


def test_the_command_above_the_rows_is_the_command() -> None:
    for prompt in ("#", "# ", "$ "):
        text = f"{prompt}./runtest.py page_fault3\nWARNING: SMT enabled, suggest disabling\n{SCALE}"
        assert will_it_scale.read(text + text, "file").command == "./runtest.py page_fault3"
    error = refused(will_it_scale.read, f"$ ./runtest.py open1\n{SCALE}$ ./runtest.py open2\n{SCALE}")
    assert error.message.startswith("file:6: the runs of another command begin")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("4,12702732,84.23,12680864,84.23", "5 columns, not 6"),
        ("4,12702732,84.23,12680864,84.23,1,2", "7 columns, not 6"),
        ("four,12702732,84.23,12680864,84.23,1", "tasks is 'four'"),
        ("-4,12702732,84.23,12680864,84.23,1", "tasks is '-4'"),
        ("4,many,84.23,12680864,84.23,1", "processes is 'many'"),
        ("4,12702732.5,84.23,12680864,84.23,1", "processes is '12702732.5'"),
        ("4,12702732,idle,12680864,84.23,1", "processes_idle is 'idle'"),
        ("4,12702732,nan,12680864,84.23,1", "processes_idle is 'nan'"),
        ("4,12702732,184.23,12680864,84.23,1", "processes_idle is 184.23"),
        ("4,12702732,84.23,,84.23,1", "threads is ''"),
        ("4,12702732,84.23,-2,84.23,1", "threads is '-2'"),
        ("4,12702732,84.23,12680864,,1", "threads_idle is ''"),
        ("4,12702732,84.23,12680864,84.23,x", "linear is 'x'"),
        ("4,12702732,84.23,12680864,84.23,1 more", "linear is '1 more'"),
        ("0,5,100,0,100,0", "5 operations of no task"),
        ("tasks,processes,threads", "3 columns, not 6"),
        ("After this commit:", "1 column, not 6"),
    ],
)
def test_a_damaged_row_of_will_it_scale_is_refused_with_its_line(line: str, message: str) -> None:
    text = SCALE.replace("24,", line + "\n24,", 1)
    assert refused(will_it_scale.read, text).message.startswith(f"file:4: {message}")


def test_will_it_scale_without_header_or_rows_is_refused() -> None:
    assert refused(will_it_scale.read, "\n" + SCALE.removeprefix(HEADER)).message.startswith("file:2: no header")
    assert refused(will_it_scale.read, HEADER + "0,0,100,0,100,0\n").message == "file: no row with a task"


COUNTS = st.integers(1, 10**12)
IDLE = st.integers(0, 10000).map(lambda hundredths: hundredths / 100)


@given(st.lists(st.tuples(COUNTS, IDLE, COUNTS, IDLE), min_size=1, max_size=8), st.integers(1, 3))
def test_any_rows_of_will_it_scale_are_read_back(rows: list[tuple[int, float, int, float]], runs: int) -> None:
    lines = [f"{n},{a},{b:.2f},{c},{d:.2f},{a * n}" for n, (a, b, c, d) in enumerate(rows, 1)]
    found = values(will_it_scale.read((HEADER + "0,0,100,0,100,0\n" + "\n".join(lines) + "\n") * runs, "file"))
    for n, (a, b, c, d) in enumerate(rows, 1):
        assert found["processes", n] == (a,) * runs
        assert found["processes idle", n] == (b,) * runs
        assert found["threads", n] == (c,) * runs
        assert found["threads idle", n] == (d,) * runs


# -- lkp

LKP = """\
Hello,

kernel test robot noticed a -10.2% regression of will-it-scale.per_process_ops on:

=========================================================================================
compiler/cpufreq_governor/mode/nr_task/tbox_group/test/testcase:
  gcc-12/performance/process/100%/lkp-example/faccessat/will-it-scale

commit:
  1111111111 ("one thing")
  2222222222 ("another thing")

1111111111111111 2222222222222222222222222222
---------------- ---------------------------
         %stddev     %change         %stddev
             \\          |                \\
    980404 ±  3%     -10.2%     880436 ±  2%  will-it-scale.per_process_ops
  27370126           -11.7%   24170828        will-it-scale.104.processes
      0.37 ±  6%      +1.9        2.25 ±  5%  mpstat.cpu.all.soft%
 2.177e+09         +4165.3%  9.287e+10        cpuidle..time
      0.20 ±153%  +2.1e+05%     418.07 ±203%  perf-sched.wait_time.max.ms.[unknown]
      0.00       +7.1e+102%       0.07 ± 42%  perf-sched.sch_delay.avg.ms.x
      0.00            +0.0        0.00        perf-profile.children.cycles-pp.x
     -4.00 ±  2%     -25.0%      -5.00        some.negative

     48.20           -28.1       20.10        perf-profile.calltrace.cycles-pp.ovl_override_creds

Disclaimer:
Results have been estimated on internal systems.
"""
ROWS = tuple(line for line in LKP.splitlines() if line.startswith(" ") and "." in line and "%stddev" not in line)


def both(text: str) -> tuple[dict[str, Summary | None], dict[str, Summary | None]]:
    base, patched = lkp.sides(text, "file")
    return summaries(base), summaries(patched)


def test_each_side_of_a_comparison_has_its_mean_and_the_deviation_of_single_runs() -> None:
    base, patched = both(LKP)
    name = "will-it-scale.per_process_ops"
    assert base[name] == Summary(980404.0, 980404.0 * 3 / 100)
    assert patched[name] == Summary(880436.0, 880436.0 * 2 / 100)
    assert base["cpuidle..time"] == Summary(2.177e09)
    assert patched["mpstat.cpu.all.soft%"] == Summary(2.25, 2.25 * 5 / 100)
    assert base["some.negative"] == Summary(-4.0, 4.0 * 2 / 100)
    assert base["perf-profile.calltrace.cycles-pp.ovl_override_creds"] == Summary(48.2)
    assert len(base) == len(patched) == len(ROWS) == 9
    assert {item.runs for side in lkp.sides(LKP, "file") for item in side.measurements} == {None}


def test_only_what_lkp_tests_report_as_their_result_has_a_direction() -> None:
    found = {item.metric.name: item.metric for item in lkp.sides(LKP, "file")[0].measurements}
    more = {name for name, metric in found.items() if metric.better is Better.MORE}
    assert more == {"will-it-scale.per_process_ops", "will-it-scale.104.processes"}
    assert found["will-it-scale.104.processes"].unit == "ops"
    assert not any(metric.better is Better.LESS for metric in found.values())


@pytest.mark.parametrize("mark", ["+-", "+/-", "ą", "Â±"])
def test_the_plus_minus_of_a_comparison_has_several_forms(mark: str) -> None:
    assert lkp.sides(LKP.replace("±", mark), "file") == lkp.sides(LKP, "file")


def test_a_comparison_that_is_quoted_in_a_mail_is_read() -> None:
    for quote in ("> ", ">> ", "> > > ", ">"):
        quoted = "".join(f"{quote}{line}".rstrip() + "\n" for line in LKP.splitlines())
        assert lkp.matches(quoted)
        assert lkp.sides(quoted, "file") == lkp.sides(LKP, "file")


def test_rows_that_somebody_left_out_are_noted() -> None:
    notes = lkp.sides(LKP.replace(ROWS[3], "  ..."), "file")[0].notes
    assert f"line {LKP[: LKP.index(ROWS[3])].count(chr(10)) + 1}: somebody left rows out" in notes


def test_words_of_a_mail_behind_a_comparison_are_passed_over() -> None:
    words = "I see -10.2% here too, on 2 machines.\n- one\n2 more to come\n-- \nA. Developer\n"
    assert lkp.sides(f"{LKP}\n{words}", "file") == lkp.sides(LKP, "file")


def test_counts_of_failed_tests_are_no_measurements() -> None:
    failures = "       fail:runs  %reproduction    fail:runs\n           |             |             |\n"
    row = "           :4           25%           1:4     dmesg.BUG\n"
    before = LKP.replace("         %stddev", f"{failures}{row}         %stddev", 1)
    after = LKP.replace("\nDisclaimer", f"\n{failures}{row}\nDisclaimer")
    assert lkp.sides(before, "file") == lkp.sides(after, "file") == lkp.sides(LKP, "file")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("980404 ±  3%", "many ±  3%", "no row of a comparison"),
        ("980404 ±  3%", "980404 ±  three", "no row of a comparison"),
        ("980404 ±  3% ", "980404 ±  3 ", "no row of a comparison"),
        ("    -10.2% ", "", "no row of a comparison"),
        ("    -10.2% ", "    10.2% ", "no row of a comparison"),
        ("880436 ±  2%  will-it-scale.per_process_ops", "will-it-scale.per_process_ops", "no row of a comparison"),
        ("880436 ±  2%  will-it-scale.per_process_ops", "880436 ±  2%", "no row of a comparison"),
        ("     -10.2%     880436 ±  2%  will-it-scale.per_process_ops", "", "no row of a comparison"),
        ("-10.2%     8", "-10.4%     8", "the change -10.4% of will-it-scale.per_process_ops is not that"),
        ("-10.2%     8", "+10.2%     8", "the change +10.2% of will-it-scale.per_process_ops is not that"),
        ("880436", "980436", "the change -10.2% of will-it-scale.per_process_ops is not that"),
        ("-28.1  ", "-28.3  ", "the change -28.3 of perf-profile"),
        ("2.177e+09 ", "2.177e+99999 ", "no row of a comparison"),
        ("2.177e+09 ", "2.177e+999 ", "a number that is too large"),
        ("will-it-scale.104.processes", "will-it-scale.per_process_ops", "will-it-scale.per_process_ops stands twice"),
        ("48.20    ", "forty    ", "no row of a comparison"),  # after an empty line, where words of a mail may come
        ("cpuidle..time", "", "no row of a comparison"),
    ],
)
def test_a_damaged_row_of_a_comparison_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert LKP.count(old) == 1
    line = LKP[: LKP.index(old)].count("\n") + 1
    error = refused(lkp.sides, LKP.replace(old, new))
    assert error.message.startswith(f"file:{line}: {message}")


def test_other_than_one_table_of_two_kernels_is_refused() -> None:
    lines = LKP.count("\n")
    assert refused(lkp.sides, LKP + LKP).message.startswith(f"file:{lines + 15}: another table, after that of line 15")
    three = LKP.replace("%change         %stddev", "%change         %stddev     %change         %stddev")
    assert refused(lkp.sides, three).message == "file:15: a table of three kernels"
    assert refused(lkp.sides, LKP[: LKP.index(ROWS[0])]).message == "file:15: no row of a comparison"
    assert refused(lkp.sides, "nothing\n").message == "file: no row of a comparison"
    assert "behind the end of the table" in refused(lkp.sides, LKP + ROWS[0].replace("per_process", "other")).message


SPREADS = st.one_of(st.none(), st.integers(2, 300))
MEANS = st.one_of(st.integers(1000, 10**9).map(str), st.integers(100, 10**6).map(lambda n: f"{n / 100:.2f}"))


@given(st.lists(st.tuples(MEANS, SPREADS, MEANS, SPREADS), min_size=1, max_size=8), st.sampled_from(["±", "+-"]))
def test_any_comparison_that_is_written_is_read_back(
    rows: list[tuple[str, int | None, str, int | None]], mark: str
) -> None:
    def shown(spread: int | None) -> str:
        return " " * 6 if spread is None else f" {mark}{spread:3d}%"

    lines = [
        f"{base:>10}{shown(left)}  {100 * (float(patched) / float(base) - 1):+9.1f}% {patched:>10}{shown(right)}  m.{n}"
        for n, (base, left, patched, right) in enumerate(rows)
    ]
    found = both("         %stddev     %change         %stddev\n" + "\n".join(lines) + "\n")
    for n, (base, left, patched, right) in enumerate(rows):
        for side, (mean, spread) in zip(found, ((base, left), (patched, right)), strict=True):
            deviation = None if spread is None else float(mean) * spread / 100
            assert side[f"m.{n}"] == Summary(float(mean), deviation)


# -- what rounding allows


@given(st.floats(0.01, 1e9), st.floats(0.01, 1e9), st.integers(0, 3), st.integers(0, 3))
def test_a_change_always_fits_the_numbers_that_it_was_computed_from(
    base: float, other: float, places: int, more: int
) -> None:
    printed = [Rounded.parse(f"{base:.{places}f}"), Rounded.parse(f"{other:.{places}f}")]
    change = Rounded.parse(f"{100 * (other / base - 1):.{more}f}")
    difference = Rounded.parse(f"{other - base:.{more}f}")
    assert change is not None
    assert difference is not None
    left, right = printed
    assert left is not None
    assert right is not None
    assert is_change(change, left, right)
    assert is_difference(difference, left, right)


@pytest.mark.parametrize(("text", "half"), [("12", 0.5), ("1.0", 0.05), ("1.066e+08", 50000.0), ("-0.02", 0.005)])
def test_half_a_unit_of_the_last_digit_is_what_rounding_hides(text: str, half: float) -> None:
    found = Rounded.parse(text)
    assert found is not None
    assert found.half == pytest.approx(half)


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "1.", ".5", "1,000", "٣", "0x10", "1_000", "e5"])
def test_what_is_no_plain_number_is_none(text: str) -> None:
    assert Rounded.parse(text) is None


# -- ministat

MINISTAT = """\
x base.txt
+ patched.txt
+--------------------------------------------------------------------------+
|  x x                 x    x                   + +       x        +    ++ |
||_____________________A______________________|                            |
+--------------------------------------------------------------------------+
    N           Min           Max        Median           Avg        Stddev
x   5        533769        546839      538652.5      538631.2     5283.2651
+   6      544503.5        550422        548852      547726.8     2850.0441
Difference at 95.0% confidence
	9095.6 +/- 6190.71
	1.68865% +/- 1.1644%
	(Student's t, pooled s = 4244.74)
"""


def test_ministat_has_the_number_of_runs_and_their_deviation() -> None:
    base, patched = ministat.sides(MINISTAT, "file")
    metric = Metric("value", "", Better.NEITHER)
    assert only(base) == Measurement(metric, summary=Summary(538631.2, 5283.2651, 5))
    assert only(patched) == Measurement(metric, summary=Summary(547726.8, 2850.0441, 6))


def test_the_block_of_ministat_is_not_needed_and_may_prove_nothing() -> None:
    rows = MINISTAT[: MINISTAT.index("Difference")]
    assert ministat.sides(rows, "file") == ministat.sides(MINISTAT, "file")
    none = rows + "No difference proven at 95.0% confidence\n"
    assert ministat.sides(none, "file") == ministat.sides(MINISTAT, "file")
    bare = rows[rows.index("    N ") :]
    assert ministat.sides(bare, "file") == ministat.sides(MINISTAT, "file")


def test_words_behind_the_block_of_ministat_are_passed_over() -> None:
    assert ministat.sides(MINISTAT + "\nreal 0m11.749s\n", "file") == ministat.sides(MINISTAT, "file")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("533769", "min", "min is no number"),
        ("533769        ", "", "no row x"),
        ("x   5 ", "x   five ", "no row x"),
        ("x   5 ", "x   0 ", "numbers that contradict each other"),
        ("x   5 ", "    5 ", "no row x"),
        ("5283.2651", "-5283.2651", "numbers that contradict each other"),
        ("5283.2651", "nan", "nan is no number"),
        ("533769", "543769", "numbers that contradict each other"),
        ("550422", "510422", "numbers that contradict each other"),
        ("548852", "598852", "numbers that contradict each other"),
        ("+   6      544503.5", "*   6      544503.5", "no row +"),
        ("Difference at 95.0% confidence", "Difference", "not what ministat says"),
        ("9095.6 +/- 6190.71", "9095.6", "a damaged difference"),
        ("9095.6 +/- 6190.71", "9095.6 +/- wide", "a damaged difference"),
        ("9095.6 +/- 6190.71", "9096.6 +/- 6190.71", "the difference 9096.6 +/- 6190.71 is not that"),
        ("9095.6 +/- 6190.71", "-9095.6 +/- 6190.71", "the difference -9095.6 +/- 6190.71 is not that"),
        ("1.68865% +/- 1.1644%", "1.68865 +/- 1.1644", "a damaged difference"),
        ("1.68865%", "1.78865%", "the difference 1.78865% +/- 1.1644% is not that"),
        ("(Student's t, pooled s = 4244.74)", "(Student's t", "a damaged difference"),
    ],
)
def test_a_damaged_comparison_of_ministat_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert MINISTAT.count(old) == 1
    line = MINISTAT[: MINISTAT.index(old)].count("\n") + 1
    assert refused(ministat.sides, MINISTAT.replace(old, new)).message.startswith(f"file:{line}: {message}")


def test_ministat_of_other_than_two_files_is_refused() -> None:
    lines = MINISTAT.splitlines(keepends=True)
    assert refused(ministat.sides, "".join(lines[:8])).message.startswith("file:9: no row +")
    third = lines[8].replace("+ ", "* ")
    assert refused(ministat.sides, MINISTAT + third).message.startswith("file:14: a third row")
    assert refused(ministat.sides, MINISTAT * 2).message.startswith("file:20: 2 comparisons")
    assert refused(ministat.sides, "x\n").message == "file: no comparison of ministat"
    for cut in (10, 11, 12):
        assert "a damaged difference" in refused(ministat.sides, "".join(lines[:cut])).message


SAMPLES = st.lists(st.integers(1, 10**7), min_size=3, max_size=20)


@given(SAMPLES, SAMPLES)
def test_any_comparison_that_ministat_writes_is_read_back(left: list[int], right: list[int]) -> None:
    rows = [
        f"{mark}{len(each):4d} {min(each):13.8g} {max(each):13.8g} {statistics.median(each):13.8g} "
        f"{statistics.mean(each):13.8g} {statistics.stdev(each):13.8g}"
        for mark, each in zip("x+", (left, right), strict=True)
    ]
    difference = statistics.mean(right) - statistics.mean(left)
    block = (
        f"Difference at 95.0% confidence\n\t{difference:g} +/- 1\n\t{100 * difference / statistics.mean(left):g}% "
        "+/- 2%\n\t(Student's t, pooled s = 3)\n"
    )
    header = "    N           Min           Max        Median           Avg        Stddev\n"
    found = ministat.sides(header + "\n".join(rows) + "\n" + block, "file")
    for side, each in zip(found, (left, right), strict=True):
        summary = only(side).summary
        assert summary is not None
        assert summary.mean == pytest.approx(statistics.mean(each), rel=1e-7)
        assert summary.deviation == pytest.approx(statistics.stdev(each), rel=1e-7)
        assert summary.runs == len(each)


# -- our own CSV

PLAIN = """\
# two runs of the same
metric,unit,better,tasks,value
open and close,ops/s,more,8,1034881

open and close,ops/s,more,8,1029974.5
"latency, worst",us,less,,1.5e3
"""


def test_our_csv_has_a_row_a_run() -> None:
    assert plain.read(PLAIN, "file").measurements == (
        Measurement(Metric("open and close", "ops/s", Better.MORE, 8), (1034881.0, 1029974.5)),
        Measurement(Metric("latency, worst", "us", Better.LESS), (1500.0,)),
    )


def test_columns_of_our_csv_may_be_missing_or_stand_in_another_order() -> None:
    assert plain.read("value,metric\n-5,drift\n", "file").measurements == (
        Measurement(Metric("drift", "", Better.NEITHER), (-5.0,)),
    )
    assert plain.read("metric, value, better\nx, 1, \n", "file").measurements[0].metric.better is Better.NEITHER


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("open and close,ops/s,more,8", "4 columns, not 5"),
        ("open and close,ops/s,more,8,1,2", "6 columns, not 5"),
        ("open and close,ops/s,more,8,", "'' is no value"),
        ("open and close,ops/s,more,8,fast", "'fast' is no value"),
        ("open and close,ops/s,more,8,nan", "'nan' is no value"),
        ("open and close,ops/s,more,8,1e999", "'1e999' is no value"),
        ("other,ops/s,better,8,1", "better is 'better'"),
        ("other,ops/s,more,eight,1", "tasks is 'eight'"),
        ("other,ops/s,more,0,1", "tasks is '0'"),
        (",ops/s,more,8,1", "the name of the metric is empty"),
        (
            "open and close,ops,more,8,1",
            "open and close has another unit, or another way to get better, than in line 3",
        ),
        ("open and close,ops/s,less,8,1", "open and close has another unit"),
        ('"open and close,ops/s,less,8,1', "damaged quotes"),
    ],
)
def test_a_damaged_row_of_our_csv_is_refused_with_its_line(row: str, message: str) -> None:
    text = PLAIN.replace("\n\n", f"\n{row}\n", 1)
    assert refused(plain.read, text).message.startswith(f"file:4: {message}")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("metric,value,colour", "unknown column 'colour'"),
        ("metric,unit", "missing column 'value'"),
        ("value", "missing column 'metric'"),
        ("metric,value,value", "twice: column 'value'"),
        ("open,3", "unknown column 'open'"),
    ],
)
def test_another_header_than_that_of_our_csv_is_refused(header: str, message: str) -> None:
    assert refused(plain.read, f"# comment\n{header}\nx,1\n").message == f"file:2: {message}"


def test_our_csv_without_rows_is_refused() -> None:
    assert refused(plain.read, "metric,value\n").message == "file:1: no values below the header"
    assert refused(plain.read, "# nothing\n").message == "file: missing column 'metric'"


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)


@given(st.lists(st.tuples(NAMES, st.floats(-1e12, 1e12)), min_size=1, max_size=9), st.sampled_from(list(Better)))
def test_any_values_of_our_csv_are_read_back(rows: list[tuple[str, float]], better: Better) -> None:
    lines = [f'"{name.replace(chr(34), chr(34) * 2)}",u,{better},3,{value!r}' for name, value in rows]
    found = values(plain.read("metric,unit,better,tasks,value\n" + "\n".join(lines) + "\n", "file"))
    for name in {name for name, _ in rows}:
        assert found[name, 3] == tuple(value for other, value in rows if other == name)


# -- all of them


@given(st.data(), st.sampled_from([SCALE, LKP, MINISTAT, PLAIN]), st.text(max_size=3))
def test_damage_anywhere_is_read_or_refused_but_never_another_error(data: st.DataObject, text: str, put: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    damaged = text[:start] + put + text[end:]
    readers: tuple[Read, ...] = (will_it_scale.read, lkp.sides, ministat.sides, plain.read)
    for reader in readers:
        with contextlib.suppress(UsageError):
            reader(damaged, "file")
