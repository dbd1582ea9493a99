"""Records are written as JSON and read back as they were, kept once, and taken from nobody unchecked."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.bench import exchange
from credseries.bench.gather import FileRead, gather
from credseries.bench.labels import LONGEST, check_label, chosen
from credseries.bench.model import (
    Better,
    C2cReport,
    CacheLine,
    CacheLineRow,
    Machine,
    Measurement,
    Metric,
    Provenance,
    Reading,
    Record,
    Role,
    Source,
    Summary,
)
from credseries.bench.records import Records
from credseries.errors import StoreDamaged, UsageError
from credseries.store import Store

# -- any record there can be

TEXT = st.text(max_size=12)  # with line breaks, quotes, and what is no ASCII
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(0, 2**70)
UNKNOWN_COUNT = st.none() | COUNT
LABEL = st.text("abcXYZ-_.:/é", min_size=1, max_size=LONGEST).filter(lambda text: not text.startswith("-"))
ROLE = st.sampled_from(["base", "patched", "without:overlayfs", "without:a.b-c_d"]).map(Role.parse)
METRIC = st.builds(Metric, TEXT, TEXT, st.sampled_from(Better), UNKNOWN_COUNT)
SUMMARY = st.builds(Summary, NUMBER, st.none() | NUMBER.map(abs), st.none() | st.integers(1, 10**6))
MEASUREMENT = st.builds(Measurement, METRIC, st.lists(NUMBER, min_size=1, max_size=4).map(tuple)) | st.builds(
    Measurement, METRIC, st.just(()), SUMMARY
)


def tuples(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few of them, or a few rows of them."""
    return st.lists(st.tuples(*parts) if len(parts) > 1 else parts[0], max_size=3).map(tuple)


ROW = st.builds(CacheLineRow, tuples(TEXT, NUMBER), *[TEXT] * 6)
LINE = st.builds(CacheLine, COUNT, COUNT, COUNT, tuples(TEXT, COUNT), tuples(ROW), TEXT)
REPORT = st.builds(C2cReport, tuples(TEXT), tuples(LINE), tuples(TEXT, TEXT, NUMBER), st.booleans(), TEXT)
MACHINE = st.builds(Machine, TEXT, TEXT, *[UNKNOWN_COUNT] * 5, st.none() | TEXT)
PROVENANCE = st.builds(Provenance, TEXT, TEXT, MACHINE, TEXT, TEXT, TEXT, TEXT)
SOURCE = st.builds(Source, TEXT, TEXT, st.binary(max_size=3).map(lambda data: hashlib.sha256(data).hexdigest()))
RECORD = st.builds(
    Record, ROLE, LABEL, tuples(MEASUREMENT), tuples(REPORT), PROVENANCE, tuples(SOURCE), tuples(TEXT), TEXT
)

TIME = Metric("time", "s", Better.LESS)
ONE = Record(Role("base"), "web", (Measurement(TIME, (1.5, 2.0)),))
FULL = Record(
    Role("without", "overlayfs"),
    "web",
    (Measurement(TIME, (1.5, 2.0)), Measurement(Metric("rate", "1/s", Better.MORE, 4), (), Summary(3.0, 0.5, 7))),
    (
        C2cReport(
            ("HITM RmtHitm",),
            (CacheLine(0, 412, 1028, (("HITM RmtHitm", 412),), (CacheLineRow((("HITM RmtHitm", 75.5),), "f"),)),),
            (("Trace Event Information", "Total records", 9.0),),
        ),
    ),
    Provenance(
        "6.12.0", "v6.12", Machine("box", "Xeon", 2, 40, 80, 2, 2**37, ""), "It runs.", "run", "2024-11-20", "0"
    ),
    (Source("a.json", "hyperfine", hashlib.sha256(b"").hexdigest()),),
    ("noisy",),
    "session",
)


def refused(text: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        exchange.read(text, "file.json")
    return error.value


# -- the file


@given(st.lists(RECORD, max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_records_are_read_back_as_they_were(records: list[Record]) -> None:
    text = exchange.write(records)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text)["schema"] == 1
    found = exchange.read(text, "file.json")
    assert set(found) == set(records)
    assert exchange.write(reversed(found)) == text


def test_the_file_shows_what_differs_line_by_line() -> None:
    short = replace(ONE, measurements=(Measurement(TIME, (1.0,)),))
    long = replace(ONE, role=Role("patched"), measurements=(Measurement(TIME, (1234567.5, 2345678.5)),))
    assert exchange.write([long, short, short]) == (
        "{\n"
        ' "schema": 1,\n'
        ' "kind": "credseries benchmark records",\n'
        ' "records": [\n'
        "  {\n"
        '   "role": "base",\n'
        '   "label": "web",\n'
        '   "measurements": [{"metric": {"name": "time", "unit": "s", "better": "less"}, "values": [1.0]}]\n'
        "  },\n"
        "  {\n"
        '   "role": "patched",\n'
        '   "label": "web",\n'
        '   "measurements": [\n'
        '    {"metric": {"name": "time", "unit": "s", "better": "less"}, "values": [1234567.5, 2345678.5]}\n'
        "   ]\n"
        "  }\n"
        " ]\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (replace(ONE, label="two\nlines"), "label"),
        (replace(ONE, label=""), "label"),
        (replace(FULL, c2c=(replace(FULL.c2c[0], statistics=(("a", "b", float("nan")),)),)), r"c2c\[0\].statistics"),
        (replace(FULL, c2c=(replace(FULL.c2c[0], statistics=(("a", "b", float("inf")),)),)), "is not finite"),
    ],
    ids=["a label of two lines", "no label", "NaN", "infinity"],
)
def test_what_cannot_be_read_is_not_written(record: Record, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        exchange.write([record])


def planted(*steps: str | int, value: Any = None) -> str:
    """The file of FULL with one value in another one's place, or with one more."""
    document: Any = json.loads(exchange.write([FULL]))
    inner = document
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = value
    return json.dumps(document, indent=1)


@pytest.mark.parametrize(
    ("steps", "value", "message", "hint"),
    [
        (("kind",), "records", 'kind is not "credseries benchmark records"', "bench export"),
        (("schema",), 2, "schema is not 1", "newer credseries"),
        (("schema",), 1.0, "schema is not 1", "newer credseries"),
        (("schema",), True, "schema is not 1", "newer credseries"),
        (("more",), 1, "more is no key", "schema, kind, records"),
        (("records",), {}, "records is no list", "a list"),
        (("records", 0), 7, "records[0] is no object", "role and label"),
        (("records", 0, "colour"), 1, "records[0].colour is no key", "role, label, measurements"),
        (("records", 0, "role"), "pached", "records[0].role is 'pached'", "base, patched or without:TOPIC"),
        (("records", 0, "label"), " a", "records[0].label is empty, or has blanks", "a word or two"),
        (("records", 0, "label"), "a\x1b[2Jb", "records[0].label has characters", "a word or two"),
        (("records", 0, "measurements", 0, "values"), [], "measurements[0] has no values", "each run"),
        (("records", 0, "measurements", 0, "values", 1), "2", 'values[1] is "2"', "a number"),
        (("records", 0, "measurements", 0, "values", 1), True, "values[1] is true", "a number"),
        (("records", 0, "measurements", 0, "values", 1), float("nan"), "values[1] is not finite", "finite"),
        (("records", 0, "measurements", 0, "values", 1), float("inf"), "values[1] is not finite", "finite"),
        (("records", 0, "measurements", 0, "values", 1), 10**400, "values[1] is not finite", "finite"),
        (("records", 0, "measurements", 0, "summary"), {"mean": 1}, "both values and a summary", "one of them"),
        (("records", 0, "measurements", 0, "metric", "better"), "up", "better is 'up'", "less, more, neither"),
        (("records", 0, "measurements", 0, "metric", "tasks"), 1.0, "metric.tasks is no count", "whole number"),
        (("records", 0, "measurements", 1, "summary", "deviation"), -1, "deviation is below 0", "deviation"),
        (("records", 0, "measurements", 1, "summary", "runs"), 0, "runs is 0", "number of runs"),
        (("records", 0, "c2c", 0, "peer"), 1, "peer is neither", "true or false"),
        (("records", 0, "c2c", 0, "lines", 0, "remote"), -1, "remote is no count", "whole number"),
        (("records", 0, "c2c", 0, "lines", 0, "totals", 0), ["a"], "totals[0] has 1 parts", "a name and a number"),
        (("records", 0, "c2c", 0, "statistics", 0), ["a"], "statistics[0] has 1 parts", "title, key and number"),
        (("records", 0, "provenance", "machine", "memory"), "1G", "memory is no count", "whole number"),
        (("records", 0, "provenance", "machine", "virtual"), None, "virtual is null", "a text"),
        (("records", 0, "provenance", "workload"), 5, "workload is 5", "a text"),
        (("records", 0, "sources", 0, "digest"), "abc", "digest is no SHA-256", "64 hexadecimal digits"),
        (("records", 0, "warnings", 0), None, "warnings[0] is null", "a text"),
    ],
)
def test_every_fault_is_named_with_its_line_and_path(
    steps: tuple[str | int, ...], value: Any, message: str, hint: str
) -> None:
    text = planted(*steps, value=value)
    error = refused(text)
    place, _, what = error.message.partition(": ")
    assert message in what
    assert hint in error.hint
    name, _, number = place.partition(":")
    assert name == "file.json"
    line = text.splitlines()[int(number) - 1].strip().rstrip(",")
    # It is that of the value itself: of its key, of the item of a list, or where the object around it begins.
    assert line.startswith(json.dumps(steps[-1])) or line in (json.dumps(value), "{", "[")


@pytest.mark.parametrize(
    "steps",
    [
        ("schema",),
        ("kind",),
        ("records",),
        ("records", 0, "role"),
        ("records", 0, "label"),
        ("records", 0, "measurements", 0, "metric"),
        ("records", 0, "measurements", 0, "values"),
        ("records", 0, "measurements", 0, "metric", "unit"),
        ("records", 0, "measurements", 1, "summary", "mean"),
        ("records", 0, "c2c", 0, "lines"),
        ("records", 0, "c2c", 0, "lines", 0, "rows"),
        ("records", 0, "c2c", 0, "lines", 0, "rows", 0, "shares"),
        ("records", 0, "sources", 0, "digest"),
    ],
    ids=lambda steps: str(steps[-1]),
)
def test_what_must_be_there_is_missed(steps: tuple[str | int, ...]) -> None:
    document: Any = json.loads(exchange.write([FULL]))
    inner = document
    for step in steps[:-1]:
        inner = inner[step]
    del inner[steps[-1]]
    assert "is missing" in (message := refused(json.dumps(document)).message) or "or neither" in message


def test_a_key_or_a_record_that_stands_twice_is_refused() -> None:
    text = exchange.write([ONE])
    assert refused(text.replace('"role": "base"', '"role": "base", "role": "patched"')).message == (
        "file.json:6: records[0].role stands twice"
    )
    (record,) = json.loads(text)["records"]
    twice = json.dumps({**json.loads(text), "records": [record, record]}, indent=1)
    assert "records[1] is the same as records[0]" in refused(twice).message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "file.json:1: damaged JSON"),
        ("{", "file.json:1: damaged JSON"),
        ("[1]", "the document is no object"),
        ('{"schema": 1}\n{}', "file.json:2: something stands after the end"),
        ("[" * 100_000, "cannot be read"),
        ('{"schema": ' + "9" * 5000 + "}", "cannot be read"),
    ],
    ids=["nothing", "the beginning", "a list", "two documents", "too deep", "a number without end"],
)
def test_what_is_no_document_is_refused(text: str, what: str) -> None:
    assert what in refused(text).message


def test_deep_objects_are_refused_and_break_nothing() -> None:
    deep = '{"schema": 1, "kind": "credseries benchmark records", "records": ' + "[" * 500 + "]" * 500 + "}"
    assert "records[0] is no object" in refused(deep).message


# -- the store


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    store = Store(tmp_path / "state.sqlite")
    yield Records(store)
    store.close()


def test_the_same_record_twice_is_one(records: Records) -> None:
    first = records.add(ONE)
    whole = replace(ONE, measurements=(Measurement(TIME, (1.5, 2)),))  # a reader may give an int
    assert records.add(whole) == first
    assert records.all() == {first: ONE}


@given(RECORD)
@settings(max_examples=50, deadline=None)
def test_any_record_is_kept_as_it_is(record: Record) -> None:
    with TemporaryDirectory() as place, closing(Store(Path(place) / "state.sqlite")) as store:
        kept = Records(store)
        identifier = kept.add(record)
        assert kept.get(identifier) == record
        (imported,) = exchange.read(exchange.write(kept.all().values()), "file.json")
        assert kept.add(imported) == identifier


def test_labels_and_records_are_in_order(records: Records) -> None:
    patched = replace(ONE, role=Role("patched"))
    later, earlier = (replace(patched, provenance=Provenance(date=date)) for date in ("2024-11-21", "2024-11-20"))
    other = replace(ONE, label="other")
    for record in (FULL, later, other, earlier, ONE):
        records.add(record)
    assert list(records.all().values()) == [other, ONE, earlier, later, FULL]
    assert records.by_label("web") == (ONE, earlier, later, FULL)
    with pytest.raises(UsageError, match="did you mean web"):
        records.by_label("we")
    assert records.labels() == ["other", "web"]


def test_a_record_is_found_by_the_beginning_of_its_id(records: Records) -> None:
    identifier = records.add(ONE)
    assert records.find(identifier[:4]) == identifier
    assert records.get(identifier[:7]) == ONE
    for name in (identifier[:3], "", identifier + "0", "%"):
        with pytest.raises(UsageError, match="no record has the id"):
            records.find(name)


def test_an_ambiguous_beginning_is_refused_with_the_ids(records: Records) -> None:
    many = [replace(ONE, interleaved=str(number)) for number in range(1000)]
    ids = sorted(records.add_all(many).new)
    twins = next((one, other) for one, other in pairwise(ids) if one[:4] == other[:4])
    with pytest.raises(UsageError, match="2 records have an id that begins with") as error:
        records.find(twins[0][:4])
    assert twins[0] in error.value.hint
    assert twins[1] in error.value.hint


def test_all_are_added_or_none(records: Records) -> None:
    known = records.add(ONE)
    added = records.add_all([ONE, FULL])
    assert (list(added.new.values()), added.known) == ([FULL], (known,))
    with pytest.raises(UsageError, match="label"):
        records.add_all([replace(ONE, label="new"), replace(ONE, label="")])
    assert records.labels() == ["web"]


def test_all_are_removed_or_none(records: Records) -> None:
    one, full = records.add(ONE), records.add(FULL)
    with pytest.raises(UsageError, match="no record has the id '0000'"):
        records.remove(one, "0000")
    assert records.ids() == sorted([one, full])
    assert records.remove(one[:6], one) == [one]
    assert records.ids() == [full]


def test_a_record_that_is_replaced_has_the_id_of_the_new_one(records: Records) -> None:
    one, full = records.add(ONE), records.add(FULL)
    changed = replace(ONE, provenance=Provenance(workload="It runs."))
    now = records.replace({one: changed, full: FULL})
    assert now[full] == full
    assert now[one] != one
    assert records.all() == {now[one]: changed, full: FULL}


def test_reading_makes_no_store(tmp_path: Path) -> None:
    kept = Records(Store(tmp_path / "state.sqlite"))
    assert (kept.ids(), kept.all(), kept.labels()) == ([], {}, [])
    with pytest.raises(UsageError):
        kept.remove("abcdef")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ['"{}"', "7", '"{\\"role\\": \\"base\\"}"'], ids=["empty", "no text", "no label"])
def test_a_damaged_record_is_named_and_can_be_removed(records: Records, tmp_path: Path, value: str) -> None:
    identifier = records.add(ONE)
    connection = sqlite3.connect(tmp_path / "state.sqlite")
    connection.execute("UPDATE entry SET value = ? WHERE kind = 'bench'", (value,))
    connection.commit()
    connection.close()
    with pytest.raises(StoreDamaged, match=identifier) as error:
        records.all()
    assert error.value.hint == f"remove it: credseries bench remove {identifier}"
    records.remove(identifier)
    assert records.all() == {}


# -- labels


@pytest.mark.parametrize("label", ["", " a", "a ", "a  b", "a\tb", "a\nb", "--label", "x" * (LONGEST + 1), "\u202eweb"])
def test_what_cannot_head_a_table_is_no_label(label: str) -> None:
    with pytest.raises(UsageError, match="the label"):
        check_label(label)


def test_a_label_is_the_one_that_was_given_or_the_only_one() -> None:
    assert chosen(None, ["web"]) == "web"
    assert chosen("db", ["db", "web"]) == "db"
    with pytest.raises(UsageError, match="did you mean faccessat") as error:
        chosen("facessat", ["faccessat", "web"])
    assert error.value.hint == "used: faccessat, web"
    with pytest.raises(UsageError, match="more than one benchmark") as error:
        chosen(None, ["faccessat", "web"])
    assert error.value.hint == "name one: faccessat, web"
    with pytest.raises(UsageError, match="no record of a benchmark yet"):
        chosen("web", [])


# -- several files


def file(name: str, *measurements: Measurement, c2c: tuple[C2cReport, ...] = (), **reading: Any) -> FileRead:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return FileRead(Source(name, "plain", digest), Reading(measurements, c2c, **reading))


def test_files_are_runs_in_their_order() -> None:
    other = Metric("time", "s", Better.LESS, 2)
    found = gather(
        [
            file("b", Measurement(TIME, (3.0,)), Measurement(other, (5.0,)), command="x"),
            file("a", Measurement(other, (6.0,)), Measurement(TIME, (1.0, 2.0)), command="x"),
        ]
    )
    assert found.measurements == (Measurement(TIME, (3.0, 1.0, 2.0)), Measurement(other, (5.0, 6.0)))
    assert (found.command, found.warnings) == ("x", ())


def test_what_is_not_in_every_file_is_said() -> None:
    rate = Metric("rate", "1/s", Better.MORE)
    found = gather(
        [
            file("a", Measurement(TIME, (1.0,)), command="x", notes=("cut",)),
            file("b", Measurement(TIME, (2.0,)), Measurement(rate, (2.0,)), command="y"),
        ]
    )
    assert found.command == ""
    assert found.warnings == ("a: cut", "rate is in 1 of 2 files only")


def test_the_same_file_twice_is_no_second_run() -> None:
    twin = replace(file("a", Measurement(TIME, (1.0,))), source=replace(file("a").source, name="b"))
    with pytest.raises(UsageError, match="a and b are the same"):
        gather([file("a", Measurement(TIME, (1.0,))), twin])


def test_the_number_of_runs_is_told_where_the_file_does_not_say() -> None:
    mean = Measurement(TIME, (), Summary(2.0, 0.5))
    assert gather([file("a", mean)]).measurements[0].runs is None
    assert gather([file("a", mean)], runs=10).measurements == (Measurement(TIME, (), Summary(2.0, 0.5, 10)),)
    assert gather([file("a", mean), file("b", mean)], runs=10).measurements[0].runs == 20
    known = Measurement(Metric("rate", "1/s", Better.MORE), (1.0, 2.0))
    assert [item.runs for item in gather([file("a", mean, known)], runs=10).measurements] == [10, 2]
    assert gather([file("a", known)], runs=2).measurements == (known,)
    with pytest.raises(UsageError, match="a is of 2 runs, and --runs says 10"):
        gather([file("a", known)], runs=10)


BEFORE, AFTER = replace(FULL.c2c[0], name="mail, before"), replace(FULL.c2c[0], name="mail, After it all")


@pytest.mark.parametrize(("table", "expected"), [("1", BEFORE), ("2", AFTER), ("before", BEFORE), ("after it", AFTER)])
def test_a_table_of_several_is_picked(table: str, expected: C2cReport) -> None:
    assert gather([file("mail", c2c=(BEFORE, AFTER))], table).c2c == (expected,)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (None, "mail has 2 tables of perf c2c"),
        ("3", "mail has no table 3"),
        ("0", "mail has no table 0"),
        ("without", "0 tables of mail have 'without' in their name"),
        ("mail", "2 tables of mail have 'mail' in their name"),
    ],
)
def test_a_table_that_is_not_told_is_not_guessed(table: str | None, what: str) -> None:
    with pytest.raises(UsageError, match=what) as error:
        gather([file("mail", c2c=(BEFORE, AFTER))], table)
    assert error.value.hint.endswith("1: mail, before; 2: mail, After it all")


def test_reports_of_several_files_are_several_runs() -> None:
    found = gather([file("a", c2c=(BEFORE,)), file("b", c2c=(AFTER,))])
    assert found.c2c == (BEFORE, AFTER)
    with pytest.raises(UsageError, match="a report of perf c2c is one run"):
        gather([file("a", c2c=(BEFORE,))], runs=5)
    with pytest.raises(UsageError, match="no report of perf c2c was read"):
        gather([file("a", Measurement(TIME, (1.0,)))], "1")
