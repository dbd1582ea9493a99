"""What a file is of is found out by its content, or asked for: never guessed, and never by its name."""

from __future__ import annotations

import gzip
import json

import pytest

from credseries.bench.model import Better, Metric, Summary
from credseries.bench.readers import FORMATS, read
from credseries.errors import UsageError

C2C = """\
=================================================
           Shared Cache Line Distribution Pareto
=================================================
#
#        ----- HITM -----
#   Num  RmtHitm  LclHitm
# .....  .......  .......
"""
TEXTS = {
    "perf-c2c": C2C,
    "perf-stat": "\n Performance counter stats for 'true':\n\n  49      page-faults\n\n 0.5 seconds time elapsed\n",
    "perf-stat-csv": "49,,page-faults,594082,100.00,87.359,K/sec\n",
    "perf-stat-json": '{"counter-value" : "49.0", "unit" : "", "event" : "page-faults", "event-runtime" : 59, '
    '"pcnt-running" : 100.00}\n',
    "fio": json.dumps({"fio version": "fio-3.33", "jobs": []}),
    "hyperfine": json.dumps({"results": [{"command": "true", "mean": 1.0, "times": [1.0], "user": 0.1}]}, indent=2),
    "will-it-scale": "tasks,processes,processes_idle,threads,threads_idle,linear\n4,12702732,84.23,12680864,84.23,1\n",
    "stress-ng": "---\nsystem-info:\n  stress-ng-version: 0.15.06\nmetrics:\n  - stressor: cpu\n    bogo-ops: 5\n",
    "lkp": "    %stddev     %change         %stddev\n    100 ±  3%     -10.0%     90 ±  2%  name\n",
    "ministat": "    N  Min  Max  Median  Avg  Stddev\nx   5  1  3  2  2  0.7\n+   5  2  4  3  3  0.7\n",
    "csv": "metric,value\nopen,5\n",
}


def error_of(data: bytes, **how: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        read(data, "file", **how)  # type: ignore[arg-type]
    return error.value


def test_there_is_an_example_of_every_format() -> None:
    assert list(TEXTS) == list(FORMATS)


@pytest.mark.parametrize("name", TEXTS)
def test_a_format_is_recognised_by_its_own_detector_and_by_no_other(name: str) -> None:
    assert [format for format, reader in FORMATS.items() if reader.matches(TEXTS[name])] == [name]


@pytest.mark.parametrize("name", ["perf-stat", "perf-stat-csv", "perf-stat-json", "will-it-scale", "csv"])
def test_what_is_recognised_is_read(name: str) -> None:
    data = TEXTS[name].encode()
    assert read(data, "file")[0] == name
    assert read(data, "file") == read(data, "file", name)
    assert read(data, "file")[1].measurements


def test_line_ends_of_another_system_and_a_byte_order_mark_make_no_difference() -> None:
    for name in ("perf-stat", "perf-stat-csv", "perf-stat-json", "will-it-scale", "csv"):
        data = TEXTS[name].encode()
        assert read(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"), "file") == read(data, "file")


def test_a_file_that_may_be_several_things_is_refused_until_somebody_says_which() -> None:
    data = (TEXTS["perf-stat"] + "\n" + TEXTS["lkp"]).encode()
    error = error_of(data)
    assert error.message == "file may be perf-stat or lkp"
    assert error.hint.startswith("--format NAME decides")
    assert read(data, "file", "lkp", "base")[0] == "lkp"


def test_what_nobody_knows_is_refused_with_all_formats_that_are_known() -> None:
    error = error_of(b"it was faster\n")
    assert error.message == "file: no format that is known"
    assert all(name in error.hint for name in FORMATS)


def test_a_format_that_is_said_is_read_as_that_and_says_what_is_wrong() -> None:
    assert error_of(b"it was faster\n", format="will-it-scale").message.startswith("file:1: no header of will-it-scale")
    assert error_of(TEXTS["csv"].encode(), format="perf-stat").message.startswith("file: no heading of perf stat")


def test_a_format_that_does_not_exist_is_refused_with_those_that_do() -> None:
    error = error_of(b"x", format="gnuplot")
    assert "'gnuplot'" in error.message
    assert "perf-stat-csv" in error.hint


def test_the_name_of_a_file_does_not_matter() -> None:
    assert read(TEXTS["csv"].encode(), "fio.json")[0] == "csv"


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "file: there is nothing in it", "perf stat prints to stderr"),
        (b" \n\n", "file: there is nothing in it", "perf stat prints to stderr"),
        (b"PERFILE2\x68\0\0\0", "file: this is data of perf record", "perf c2c report --stdio > FILE"),
        (gzip.compress(b"metric,value\n", mtime=0), "file: this is compressed (gzip)", "gunzip"),
        (b"one\ntwo\n\0\n", "file:3: a byte 0", "text in UTF-8"),
        ("metric\nx".encode("utf-16"), "file:1: a byte 0", "text in UTF-8"),
        ("a\nb\n980404 ±  3%\n".encode("latin-1"), "file:3: byte 0xb1 is no UTF-8", "iconv"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(data: bytes, message: str, hint: str) -> None:
    error = error_of(data)
    assert error.message.startswith(message)
    assert hint in error.hint


# -- two kernels in one file


@pytest.mark.parametrize("name", ["lkp", "ministat"])
def test_of_a_file_that_compares_two_kernels_one_must_be_chosen(name: str) -> None:
    data = TEXTS[name].encode()
    error = error_of(data)
    assert error.message == "file compares two kernels"
    assert error.hint.endswith("--side base or --side patched")
    base, patched = (read(data, "file", side=side)[1].measurements[0].summary for side in ("base", "patched"))
    assert base is not None
    assert patched is not None
    assert (base.mean, patched.mean) == {"lkp": (100.0, 90.0), "ministat": (2.0, 3.0)}[name]


def test_a_side_is_base_or_patched_and_only_of_what_has_two() -> None:
    assert "'left' is no side" in error_of(TEXTS["lkp"].encode(), side="left").message
    assert error_of(TEXTS["csv"].encode(), side="base").message == "file is of one kernel, and has no side base"
    assert "no side base" in error_of(TEXTS["perf-stat-csv"].encode(), side="base").message


# -- runs


def test_a_number_of_runs_makes_the_deviation_known_that_the_file_leaves_out() -> None:
    data = b"49,,page-faults,2.00%,594082,100.00,87.359,K/sec\n"
    unknown, known = (read(data, "file", runs=runs)[1].measurements[0] for runs in (None, 4))
    assert unknown.metric == Metric("page-faults", "", Better.NEITHER)
    assert unknown.summary == Summary(49.0)
    assert known.summary == Summary(49.0, 49.0 * 2 / 100 * 2, 4)


def test_a_number_of_runs_changes_nothing_where_the_file_has_its_own() -> None:
    for name in ("csv", "will-it-scale", "perf-stat"):
        assert read(TEXTS[name].encode(), "file", runs=7) == read(TEXTS[name].encode(), "file")
