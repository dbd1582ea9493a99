"""perf stat is read in its three forms, with what its +- means; perf itself runs here where it can count."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.bench.model import Better, Measurement, Reading, Summary
from credseries.bench.readers import read
from credseries.bench.readers.perf_stat import csv as csv_form
from credseries.bench.readers.perf_stat import json as json_form
from credseries.bench.readers.perf_stat import text as text_form
from credseries.bench.readers.perf_stat.counters import MAYBE_LAST_RUN, better
from credseries.errors import UsageError

EVENTS = ("task-clock", "context-switches", "page-faults", "duration_time")
SINGLE = """
 Performance counter stats for './open_close -n 8':

          8,015.39 msec task-clock                       #    7.996 CPUs utilized
             5,823      context-switches                 #  726.477 /sec
     4,351,393,308      cycles                           #    0.543 GHz                         (66.67%)
   <not supported>      instructions
                        TopdownL1                 #     25.5 %  tma_backend_bound
                                                  #      7.9 %  tma_bad_speculation         (66.64%)
   <not counted>        LLC-load-misses                                                     (0.00%)
             21.50 Joules power/energy-pkg/

       1.002395924 seconds time elapsed

       7.510000000 seconds user
       0.505000000 seconds sys


"""
REPEATED = """\
# started on Wed Nov 20 12:00:00 2024


 Performance counter stats for 'true' (4 runs):

              0.56 msec task-clock                       #    0.173 CPUs utilized            ( +-  1.72% )
                 0      context-switches                 #    0.000 /sec
         1,234,567      cache-misses                     #    2.1 % of all cache refs        ( +-  0.50% )  (33.25%)

          0.003248 +- 0.000996 seconds time elapsed  ( +- 30.67% )

"""
CSV = """\
# started on Wed Nov 20 12:00:00 2024

0.58,msec,task-clock,2.96%,575043,100.00,0.204,CPUs utilized
0,,context-switches,0.00%,575043,100.00,0.000,/sec
,,,,,,0.20,stalled cycles per insn
12345,,cycles,1.00%,3668229,66.70,6.780,G/sec
<not supported>,,instructions,0.00%,0,100.00,,
"""
JSON = """\
{"counter-value" : "0.557087", "unit" : "msec", "event" : "task-clock", "variance" : 2.27, "event-runtime" : 557087, \
"pcnt-running" : 100.00, "metric-value" : 0.278493, "metric-unit" : "CPUs utilized"}
{"counter-value" : "<not counted>", "unit" : "", "event" : "cycles", "variance" : 0.00, "event-runtime" : 0, \
"pcnt-running" : 100.00, "metric-value" : 0.000000, "metric-unit" : ""}
{"metric-value" : 0.25, "metric-unit" : "stalled cycles per insn"}
{"counter-value" : "12345.000000", "unit" : "", "event" : "branch-misses", "variance" : 1.00, "event-runtime" : 10, \
"pcnt-running" : 41.50, "metric-value" : 0.000000, "metric-unit" : ""}
"""


def measured(reading: Reading) -> dict[str, Measurement]:
    return {item.metric.name: item for item in reading.measurements}


def values(reading: Reading) -> dict[str, tuple[float, ...]]:
    return {item.metric.name: item.values for item in reading.measurements}


def summary(item: Measurement) -> Summary:
    assert item.summary is not None
    return item.summary


def deviation(item: Measurement) -> float:
    found = summary(item).deviation
    assert found is not None
    return found


def refused(reader: Callable[[str, str], Reading], text: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        reader(text, "file")
    assert error.value.hint.startswith("expected ")
    return error.value


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


# -- perf itself


def perf(*arguments: str | Path) -> str:
    """What perf stat writes to standard error, where it prints its counts; skips where it cannot count."""
    if shutil.which("perf") is None:
        pytest.skip("no perf on this machine")
    done = subprocess.run(["perf", "stat", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"perf cannot count here: {done.stderr.strip()[:200]}")
    return done.stderr


@pytest.mark.parametrize(
    "form", [(), ("-x,",), ("-x;",), ("-x", "|"), ("-x", "::"), ("-x", "\t"), ("-x", " "), ("-j",)]
)
def test_perf_itself_is_read_in_every_form_and_recognised_by_what_it_wrote(form: tuple[str, ...]) -> None:
    output = perf(*form, "-e", ",".join(EVENTS), "true")
    name, reading = read(output.encode(), "perf.txt")
    assert name == {"": "perf-stat", "-x": "perf-stat-csv", "-j": "perf-stat-json"}["".join(form)[:2]]
    found = measured(reading)
    assert set(EVENTS) <= set(found)
    assert all(item.runs == 1 for item in found.values())
    assert found["task-clock"].metric.unit == "msec"
    assert found["task-clock"].metric.better is Better.LESS
    assert found["duration_time"].metric.unit == "ns"
    assert found["page-faults"].values[0] > 0
    if not form:
        assert reading.command == "true"
        assert found["duration_time"].values[0] / 1e9 == pytest.approx(found["time elapsed"].values[0], abs=1e-9)
        assert {"time elapsed", "user time", "system time"} <= set(found)


def test_perf_itself_with_several_runs_is_a_mean_with_the_deviation_of_single_runs() -> None:
    output = perf("-e", ",".join(EVENTS), "-r", "3", "--table", "true")
    name, reading = read(output.encode(), "perf.txt")
    assert name == "perf-stat"
    found = measured(reading)
    assert found["time elapsed"].runs == 3
    assert len(found["time elapsed"].values) == 3
    assert set(EVENTS) <= set(found)
    assert reading.command == "true"


@pytest.mark.parametrize("form", ["-x,", "-j"])
def test_perf_itself_does_not_say_how_many_runs_in_the_forms_for_machines(form: str) -> None:
    output = perf(form, "-e", ",".join(EVENTS), "-r", "3", "true")
    unknown = read(output.encode(), "perf.txt")[1]
    known = read(output.encode(), "perf.txt", runs=3)[1]
    for item in unknown.measurements:
        assert (summary(item).deviation, item.runs) == (None, None)
    assert any("how many runs" in note for note in unknown.notes)
    assert {item.runs for item in known.measurements} == {3}
    assert all(deviation(item) >= 0 for item in known.measurements)
    assert not any("how many runs" in note for note in known.notes)


@pytest.mark.parametrize("form", [(), ("-x,",), ("-j",)])
def test_perf_itself_appends_runs_to_a_file_that_are_told_apart(form: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "counts"
    for _ in range(3):
        perf(*form, "-e", "task-clock,page-faults", "--append", "-o", path, "true")
    found = measured(read(path.read_bytes(), "counts")[1])
    assert found["page-faults"].runs == found["task-clock"].runs == 3


@pytest.mark.parametrize("form", [(), ("-x,",), ("-j",)])
@pytest.mark.parametrize("how", [("-I", "10"), ("-A", "-a"), ("--per-socket", "-a"), ("--per-core", "-a")])
def test_perf_itself_is_refused_when_its_counts_are_no_totals(form: tuple[str, ...], how: tuple[str, ...]) -> None:
    output = perf(*form, *how, "-e", "task-clock,page-faults", "sleep", "0.02")
    with pytest.raises(UsageError, match=r"^perf\.txt:\d+: ") as error:
        read(output.encode(), "perf.txt")
    assert "perf stat without -I, -A, --per-*" in error.value.hint


# -- the text for people


def test_a_single_run_gives_a_value_a_count_and_each_time() -> None:
    reading = text_form.read(SINGLE, "file")
    assert values(reading) == {
        "task-clock": (8015.39,),
        "context-switches": (5823.0,),
        "cycles": (4351393308.0,),
        "power/energy-pkg/": (21.5,),
        "time elapsed": (1.002395924,),
        "user time": (7.51,),
        "system time": (0.505,),
    }
    assert reading.command == "./open_close -n 8"
    assert [item.metric.unit for item in reading.measurements] == ["msec", "", "", "Joules", "s", "s", "s"]


def test_what_perf_did_not_count_or_only_estimated_is_noted() -> None:
    assert text_form.read(SINGLE, "file").notes == (
        "cycles was counted 66.67 % of the time, and perf scaled it up to all of it",
        "instructions: perf says <not supported>, so it has no value",
        "LLC-load-misses: perf says <not counted>, so it has no value",
    )


def test_the_deviation_is_that_of_single_runs_not_that_of_their_mean() -> None:
    found = measured(text_form.read(REPEATED, "file"))
    assert summary(found["task-clock"]).mean == 0.56
    assert deviation(found["task-clock"]) == pytest.approx(0.56 * 0.0172 * 2)  # the square root of 4 runs
    assert deviation(found["cache-misses"]) == pytest.approx(1234567 * 0.005 * 2)
    assert deviation(found["time elapsed"]) == pytest.approx(0.000996 * 2)
    assert {item.runs for item in found.values()} == {4}


def test_a_count_without_plus_minus_was_the_same_in_all_runs() -> None:
    assert summary(measured(text_form.read(REPEATED, "file"))["context-switches"]) == Summary(0.0, 0.0, 4)


@pytest.mark.parametrize(
    ("name", "unit", "way"),
    [
        ("task-clock", "msec", Better.LESS),
        ("task-clock:u", "msec", Better.LESS),
        ("cpu_core/cycles/", "", Better.LESS),
        ("cycles:ukhp", "", Better.LESS),
        ("L1-dcache-load-misses", "", Better.LESS),
        ("cpu/cache-misses/u", "", Better.LESS),
        ("power/energy-pkg/", "Joules", Better.LESS),
        ("instructions", "", Better.NEITHER),
        ("branches", "", Better.NEITHER),
        ("page-faults", "", Better.NEITHER),
        ("context-switches", "", Better.NEITHER),
        ("sched:sched_switch", "", Better.NEITHER),
        ("cycles_of_something", "", Better.NEITHER),
    ],
)
def test_less_is_better_of_time_misses_and_energy_and_of_nothing_else(name: str, unit: str, way: Better) -> None:
    assert better(name, unit) is way


def test_an_old_perf_has_its_unit_in_parentheses() -> None:
    text = SINGLE.replace("8,015.39 msec task-clock ", "8015.390000      task-clock (msec) ")
    clock = measured(text_form.read(text, "file"))["task-clock"]
    assert (clock.values, clock.metric.unit) == ((8015.39,), "msec")


def test_a_plus_minus_may_be_written_as_one_character() -> None:
    assert text_form.read(REPEATED.replace("+-", "±"), "file") == text_form.read(REPEATED, "file")


def test_counts_of_the_whole_system_name_no_command_and_say_so() -> None:
    for what in ("system wide", "CPU(s) 0-3"):
        reading = text_form.read(SINGLE.replace("./open_close -n 8", what), "file")
        assert reading.command == ""
        assert any(f"perf counted '{what}'" in note for note in reading.notes)
    reading = text_form.read(SINGLE.replace("'./open_close -n 8'", "process id '4711'"), "file")
    assert any("perf counted process id '4711'" in note for note in reading.notes)


def test_a_command_of_several_lines_is_read_whole() -> None:
    reading = text_form.read(REPEATED.replace("'true'", "'sh -c cd /mnt:\n./faccessat (2 runs):\n'"), "file")
    assert reading.command == "sh -c cd /mnt:\n./faccessat (2 runs):\n"
    assert measured(reading)["task-clock"].runs == 4


def test_lines_around_perfs_part_are_left_out_and_counted() -> None:
    text = f"opened 5 files\nclosed 5 files\n{SINGLE}done\n"
    assert values(text_form.read(text, "file")) == values(text_form.read(SINGLE, "file"))
    assert "3 lines around what perf counted left out" in text_form.read(text, "file").notes


def test_parts_of_one_command_are_several_runs() -> None:
    assert values(text_form.read(SINGLE + SINGLE, "file"))["cycles"] == (4351393308.0, 4351393308.0)
    assert measured(text_form.read(REPEATED + REPEATED, "file"))["task-clock"].runs == 8


def test_a_count_that_is_not_in_every_part_is_noted() -> None:
    other = SINGLE.replace("5,823 ", "<not counted> ")
    assert "context-switches is in 1 of 2 outputs of perf only" in text_form.read(SINGLE + other, "file").notes


def test_parts_of_two_commands_are_refused() -> None:
    other = SINGLE.replace("-n 8", "-n 16")
    error = refused(text_form.read, SINGLE + other)
    assert error.message.startswith(f"file:{line_of(SINGLE + other, 'stats for ' + repr('./open_close -n 16'))}: ")


def with_duration(nanoseconds: str) -> str:
    return REPEATED.replace(
        "\n          0.003248", f"     {nanoseconds} ns   duration_time     ( +- 30.67% )\n\n          0.003248"
    )


def test_counts_that_are_those_of_the_last_run_are_one_run() -> None:
    reading = text_form.read(with_duration("4,720,522"), "file")
    found = measured(reading)
    assert found["task-clock"].values == (0.56,)
    assert found["time elapsed"].runs == 4
    assert any("counts of the last run" in note for note in reading.notes)


def test_counts_that_are_means_by_the_time_they_took_need_no_doubt() -> None:
    reading = text_form.read(with_duration("3,248,301"), "file")
    assert measured(reading)["task-clock"].runs == 4
    assert not any("last run" in note for note in reading.notes)
    assert MAYBE_LAST_RUN in text_form.read(REPEATED, "file").notes


def test_processors_add_up_their_time_so_that_it_proves_nothing() -> None:
    reading = text_form.read(with_duration("6,496,602").replace("'true'", "'CPU(s) 0,1'"), "file")
    assert measured(reading)["task-clock"].runs == 4
    assert MAYBE_LAST_RUN in reading.notes


TABLE = REPEATED.replace(
    "          0.003248 +-",
    """\
          # Table of individual measurements:
          0.0020 (-0.0012) ####
          0.0030 (-0.0002) #
          0.0040 (+0.0008) ##
          0.0040 (+0.0008) ##

          # Final result:
          0.003248 +-""",
)


def test_a_table_of_single_runs_gives_each_time_elapsed() -> None:
    assert values(text_form.read(TABLE, "file"))["time elapsed"] == (0.002, 0.003, 0.004, 0.004)


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (SINGLE, "8,015.39 msec", "eight msec", "eight is no count"),
        (SINGLE, "8,015.39 msec", "8.015,39 msec", "8.015,39 is no count"),
        (SINGLE, "8,015.39 msec", "8015.390 msec", "8015.390 is no count"),  # thousands, or a point?
        (SINGLE, "5,823   ", "5.823   ", "5.823 is no count"),
        (SINGLE, "5,823   ", "5 823   ", "not just a unit and an event"),
        (SINGLE, "5,823   ", "5\u202f823   ", "not just a unit and an event"),
        (SINGLE, "5,823   ", "58,23   ", "58,23 is no count"),
        (SINGLE, "5,823   ", "-5,823   ", "-5,823 is no count"),
        (SINGLE, "5,823   ", "nan   ", "nan is no count"),
        (SINGLE, "      context-switches", "", "no count"),
        (SINGLE, "context-switches                 #", "context-switches    /     #", "not just a unit and an event"),
        (SINGLE, "context-switches", "cycles          ", "cycles stands in line 5 already"),
        (SINGLE, "1.002395924", "about one", "no time of perf"),
        (SINGLE, "1.002395924", "1,002395924", "no time of perf"),
        (SINGLE, "1.002395924", "1.0023 +- 0.0005", "the heading says 1 run"),
        (SINGLE, "7.510000000", "7,510000000", "no time of perf"),
        (SINGLE, "seconds user", "sec", "no time of perf"),
        (REPEATED, "( +-  1.72% )", "( +-  1.72", "the end of the line is damaged"),
        (REPEATED, "( +-  1.72% )", "( +-  some% )", "the end of the line is damaged"),
        (REPEATED, "( +-  1.72% )", "(", "the end of the line is damaged"),
        (REPEATED, "0.003248 +- 0.000996", "0.003248", "the heading says 4 runs"),
        (REPEATED, "0.000996 seconds", "small seconds", "no time of perf"),
        (TABLE, "0.0030 (-0.0002)", "0.0030 (little)", "no row of the table"),
        (TABLE, "          0.0030 (-0.0002) #\n", "", "a table of 3 runs"),
    ],
)
def test_a_damaged_text_is_refused_with_its_line(text: str, old: str, new: str, message: str) -> None:
    assert text.count(old) == 1
    damaged = text.replace(old, new)
    error = refused(text_form.read, damaged)
    if "stands in line" in message:
        at = damaged.rindex("cycles")
    elif message.startswith("a table"):
        at = damaged.index("# Table")
    else:
        at = text.index(old)
    line = damaged[:at].count("\n") + 1
    assert error.message.startswith(f"file:{line}: {message}")


@pytest.mark.parametrize("text", [SINGLE, REPEATED, TABLE])
def test_a_text_that_ends_before_the_time_elapsed_is_refused_at_its_last_line(text: str) -> None:
    lines = text[: text.index(" seconds time elapsed")].splitlines()
    start = next(number for number, line in enumerate(lines) if "counter stats" in line)
    for kept in range(start + 1, len(lines)):
        if lines[kept - 1].strip():
            assert refused(text_form.read, "\n".join(lines[:kept])).message.startswith(f"file:{kept}: ")


def test_a_text_without_a_heading_or_with_half_of_one_is_refused() -> None:
    assert "no heading" in refused(text_form.read, "5,823 context-switches\n").message
    assert refused(text_form.read, "\n Performance counter stats for 'tr").message.startswith("file:2: the heading")


# -- CSV and JSON


def test_csv_takes_the_fourth_field_for_the_plus_minus_when_it_has_a_percent_sign() -> None:
    found = measured(csv_form.read(CSV, "file", 9))
    assert summary(found["task-clock"]).mean == 0.58
    assert deviation(found["task-clock"]) == pytest.approx(0.58 * 0.0296 * 3)
    assert deviation(found["cycles"]) == pytest.approx(123.45 * 3)
    assert set(found) == {"task-clock", "context-switches", "cycles"}


def test_csv_and_json_without_a_number_of_runs_leave_the_deviation_unknown() -> None:
    for reading in (csv_form.read(CSV, "file"), json_form.read(JSON, "file")):
        assert {(summary(item).deviation, item.runs) for item in reading.measurements} == {(None, None)}
        assert any("how many runs" in note for note in reading.notes)
        assert MAYBE_LAST_RUN in reading.notes


def test_csv_of_one_run_gives_values() -> None:
    text = "0.59,msec,task-clock,594082,100.00,0.121,CPUs utilized\n50,,page-faults,594082,100.00\n"
    assert values(csv_form.read(text, "file")) == {"task-clock": (0.59,), "page-faults": (50.0,)}
    assert csv_form.read(text, "file").notes == ()
    assert csv_form.read(text, "file", 1) == csv_form.read(text, "file")


def test_csv_and_json_note_what_was_not_counted_or_estimated() -> None:
    assert csv_form.read(CSV, "file", 4).notes[:2] == (
        "cycles was counted 66.70 % of the time, and perf scaled it up to all of it",
        "instructions: perf says <not supported>, so it has no value",
    )
    assert json_form.read(JSON, "file", 4).notes[:2] == (
        "cycles: perf says <not counted>, so it has no value",
        "branch-misses was counted 41.50 % of the time, and perf scaled it up to all of it",
    )


def test_json_is_read_with_its_counts_as_texts() -> None:
    found = measured(json_form.read(JSON, "file", 4))
    assert summary(found["task-clock"]) == Summary(0.557087, 0.557087 * 2.27 / 100 * 2, 4)
    assert summary(found["branch-misses"]).mean == 12345.0
    assert found["branch-misses"].metric.better is Better.LESS
    assert set(found) == {"task-clock", "branch-misses"}


@pytest.mark.parametrize("runs", [1, 4])
def test_a_number_of_runs_that_the_file_contradicts_is_refused(runs: int) -> None:
    single = "50,,page-faults,594082,100.00\n"
    text = CSV if runs == 1 else single
    with pytest.raises(UsageError, match=rf"^file:\d+: .*, not of {runs}$"):
        csv_form.read(text, "file", runs)


ROW = "49,,page-faults,594082,100.00,87.359,K/sec\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("many,,page-faults,594082,100.00,87.359,K/sec", "'many' is no count"),
        ("nan,,page-faults,594082,100.00,87.359,K/sec", "'nan' is no count"),
        ("-3,,page-faults,594082,100.00,87.359,K/sec", "'-3' is no count"),
        (" 49,,page-faults,594082,100.00,87.359,K/sec", "'49' is no count"),
        ("0,58,msec,task-clock,594082,100.00", "a column before the count, or a decimal comma"),
        ("CPU0,49,,page-faults,594082,100.00,87.359,K/sec", "'CPU0' is no count"),
        ("49,,page-faults", "3 fields"),
        ("49", "no row of perf stat -x"),
        ("opened 5 files", "no row of perf stat -x"),
        ("49,,,594082,100.00,87.359,K/sec", "'' is no event"),
        ("49,,page-faults,/,594082,100.00,87.359,K/sec", "no run time and percentage after page-faults"),
        ("49,,page-faults,long,100.00,87.359,K/sec", "no run time and percentage after page-faults"),
        ("49,,page-faults,594082,all,87.359,K/sec", "no run time and percentage after page-faults"),
        ("49,,page-faults,some%,594082,100.00,87.359,K/sec", "no run time and percentage after page-faults"),
        ("49,,page-faults,1.00%,594082", "no run time and percentage after page-faults"),
        ("49,,cpu/event=1,umask=2/,594082,100.00", "no run time and percentage after cpu/event=1"),
        ("7,,cycles,594082,100.00", "cycles stands in line 2 already"),
    ],
)
def test_a_damaged_row_of_csv_is_refused_with_its_line(row: str, message: str) -> None:
    text = f"# started on Wed\n5,,cycles,594082,100.00,,\n{row}\n6,,branches,594082,100.00,,\n"
    assert refused(csv_form.read, text).message.startswith(f"file:3: {message}")


def test_csv_that_is_no_csv_of_perf_is_refused() -> None:
    assert refused(csv_form.read, "\nhello world\n").message == "file:2: no row of perf stat -x: hello world"
    assert refused(csv_form.read, "\n\n").message.startswith("file: no row")
    error = refused(csv_form.read, "0.02,49,,page-faults,594082,100.00,87.359,K/sec\n")
    assert error.message.startswith("file:1: columns that totals do not have")


OBJECT = json.loads(JSON.splitlines()[0])


def changed(**changes: object) -> str:
    return json.dumps({key: value for key, value in {**OBJECT, **changes}.items() if value is not None})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "damaged JSON"),
        (JSON.splitlines()[0][:60], "damaged JSON"),
        (JSON.splitlines()[0].replace("2.27", "nan"), "damaged JSON"),
        (JSON.splitlines()[0] + " x", "more than one JSON object"),
        ("some words", "no JSON object"),
        ("[1]", "no JSON object"),
        ("{}", "counter-value is missing"),
        (changed(**{"counter-value": None}), "counter-value is missing"),
        (changed(**{"counter-value": "many"}), "counter-value is 'many'"),
        (changed(**{"counter-value": "-1"}), "counter-value is '-1'"),
        (changed(**{"counter-value": 5}), "counter-value is 5"),
        (changed(event=None), "event is missing"),
        (changed(event=""), "event is empty"),
        (changed(unit=None), "unit is missing"),
        (changed(variance="much"), 'variance is "much"'),
        (changed(variance=-1), "variance is -1"),
        (changed(**{"pcnt-running": None}), "pcnt-running is missing"),
        (changed(cpu="0"), "counts by cpu"),
        (changed(interval=0.02), "counts by interval"),
        (changed(cgroup="/"), "counts by cgroup"),
        (JSON.splitlines()[0], "task-clock stands in line 1 already"),
    ],
)
def test_damaged_json_is_refused_with_its_line(row: str, message: str) -> None:
    error = refused(json_form.read, f"{JSON.splitlines()[0]}\n{row}\n{JSON.splitlines()[3]}\n")
    assert error.message.startswith("file:2: ")
    assert message in error.message


def test_json_without_a_count_is_refused() -> None:
    assert refused(json_form.read, "# started on Wed\n\n").message == "file: no count of perf stat -j"


# -- laws

COUNTS = st.one_of(
    st.tuples(st.integers(0, 10**15).map(float), st.just("")),
    st.tuples(st.integers(0, 10**12).map(lambda hundredths: hundredths / 100), st.just("msec")),
)
NAMES = st.lists(
    st.from_regex(r"[a-zA-Z][a-z0-9_]{2,12}(-misses|:u)?", fullmatch=True), min_size=1, max_size=6, unique=True
)
PERCENTS = st.integers(1, 10**5).map(lambda hundredths: hundredths / 100)
RUNS = st.integers(2, 100)
MADE = NAMES.flatmap(
    lambda names: st.lists(st.tuples(COUNTS, PERCENTS), min_size=len(names), max_size=len(names)).map(
        lambda counts: [(name, value, unit, error) for name, ((value, unit), error) in zip(names, counts, strict=True)]
    )
)
Made = list[tuple[str, float, str, float]]


def assert_same(reading: Reading, made: Made, runs: int) -> None:
    found = measured(reading)
    assert list(found)[: len(made)] == [name for name, *_ in made]
    for name, value, unit, error in made:
        assert (found[name].metric.unit, summary(found[name]).mean, found[name].runs) == (unit, value, runs)
        assert deviation(found[name]) == pytest.approx(value * error / 100 * math.sqrt(runs))


@given(MADE, RUNS, st.booleans())
def test_any_counts_written_as_text_are_read_back(made: Made, runs: int, thousands: bool) -> None:
    comma = "," if thousands else ""
    lines = [f"\n Performance counter stats for 'x' ({runs} runs):\n"]
    for name, value, unit, error in made:
        shown = f"{value:18{comma}.2f}" if unit else f"{value:18{comma}.0f}"
        lines.append(f"{shown} {unit:<4} {name:<25}                ( +-{error:6.2f}% )")
    lines.append("\n           1.50 +- 0.25 seconds time elapsed  ( +- 16.67% )\n")
    assert_same(text_form.read("\n".join(lines), "file"), made, runs)


@given(MADE, RUNS, st.sampled_from([",", ";", "\t", "|", ":::", " "]))
def test_any_counts_written_as_csv_are_read_back(made: Made, runs: int, separator: str) -> None:
    lines = [
        separator.join(
            [f"{value:.2f}" if unit else f"{value:.0f}", unit, name, f"{error:.2f}%", "594082", "100.00", "", ""]
        )
        for name, value, unit, error in made
    ]
    text = "\n".join([*lines, ""])
    assert csv_form.matches(text)
    assert_same(csv_form.read(text, "file", runs), made, runs)


@given(MADE, RUNS)
def test_any_counts_written_as_json_are_read_back(made: Made, runs: int) -> None:
    rows = [
        {
            "counter-value": f"{value:.6f}",
            "unit": unit,
            "event": name,
            "variance": error,
            "event-runtime": 594082,
            "pcnt-running": 100.0,
        }
        for name, value, unit, error in made
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    assert json_form.matches(text)
    assert_same(json_form.read(text, "file", runs), made, runs)


@given(st.data(), st.sampled_from([SINGLE, REPEATED, TABLE, CSV, JSON]), st.text(max_size=3))
def test_damage_anywhere_is_read_or_refused_but_never_another_error(data: st.DataObject, text: str, put: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    damaged = text[:start] + put + text[end:]
    for reader in (text_form.read, csv_form.read, json_form.read):
        with contextlib.suppress(UsageError):
            reader(damaged, "file")
