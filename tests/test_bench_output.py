"""Findings are written no more precisely than they are known, fit into a mail, and can be read back."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from fractions import Fraction
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.bench.findings import (
    Attribution,
    Comparison,
    Contribution,
    Figure,
    Findings,
    HitmFindings,
    Interval,
    PlaceHitm,
    Verdict,
)
from credseries.bench.model import Better, CacheLine, Machine, Metric, Provenance, Role
from credseries.bench.output.as_json import findings_json
from credseries.bench.output.bars import bars
from credseries.bench.output.markdown import findings_markdown
from credseries.bench.output.numbers import (
    Scale,
    read,
    scale,
    write,
    write_change,
    write_figure,
)
from credseries.bench.output.plain import clean, shortened
from credseries.bench.output.table import findings_table
from credseries.mail.text import WIDTH, cover_problems, line_problems, verbatim
from tests.benchfindings import BASE, COMPARISONS, FINDINGS, FROM_A_MAIL, HITM, PATCHED, ROLES, line
from tests.benchtable import Row, factor, parse_table
from tests.clicase import check_snapshot

# A machine may be busy, so no example has a deadline.
_ANY = settings(max_examples=100, deadline=None)
_SOME = settings(max_examples=40, deadline=None)

# -- numbers


@pytest.mark.parametrize(
    ("mean", "deviation", "runs", "written"),
    [
        (1234.5678, 12.34, 10, "1,235 +- 12 (10)"),
        (1234.5678, 0.0567, 10, "1,234.568 +- 0.057 (10)"),
        (1234.5678, 0.0996, 10, "1,234.57 +- 0.10 (10)"),
        (98040.4, 2900.0, 5, "98,000 +- 2,900 (5)"),
        (0.004, 5.21, 3, "0.0 +- 5.2 (3)"),
        (-3.21, 0.4, None, "-3.21 +- 0.40 (?)"),
        (412.0, 0.0, 5, "412 +- 0 (5)"),
        (0.1 + 0.2, 1e-17, 5, "0.3000 +- 0 (5)"),
        (412.0, None, 1, "412 +- ? (1)"),
        (1028.0, None, None, "1,028 +- ? (?)"),
        (1028.25, None, 1, "1,028 +- ? (1)"),
        (3.14159, None, 1, "3.142 +- ? (1)"),
        (0.0, 0.0, 2, "0 +- 0 (2)"),
        (1.0, 1.2e-8, 9, "1.000000000e+00 +- 1.2e-08 (9)"),
    ],
)
def test_a_figure_is_written_to_the_place_of_its_spread(
    mean: float, deviation: float | None, runs: int | None, written: str
) -> None:
    assert write_figure(Figure(mean, deviation, None, runs), Scale("")) == written


@pytest.mark.parametrize(
    ("unit", "values", "wanted", "first"),
    [
        ("ns", [123456.0, 61234.0], "us", Fraction(1000)),
        ("s", [0.00012], "us", Fraction(1, 10**6)),
        ("msec", [1500.0], "s", Fraction(1000)),
        ("s", [90000.0], "s", Fraction(1)),
        ("KiB/s", [1e6], "MiB/s", Fraction(1024)),
        ("B", [2.0**31], "GiB", Fraction(2**30)),
        ("kB", [5000.0], "MB", Fraction(1000)),
        ("MHz", [2100.0], "GHz", Fraction(1000)),
        ("calls/s", [98000.0], "calls/s", Fraction(1)),
        ("calls/s", [4.7e6], "10^3 calls/s", Fraction(1000)),
        ("", [9.8e10], "10^6", Fraction(10**6)),
        ("", [1.5e-7], "10^-9", Fraction(1, 10**9)),
        ("%", [1e6], "%", Fraction(1)),
        ("s", [0.0], "s", Fraction(1)),
    ],
)
def test_a_unit_keeps_numbers_short(unit: str, values: list[float], wanted: str, first: Fraction) -> None:
    assert scale(unit, values) == Scale(wanted, first)


def test_a_change_is_written_to_the_place_of_its_interval_and_to_tenths_without_one() -> None:
    assert write_change(26.5432, Interval(24.123, 28.765)) == ("+26.5 %", "[+24.1, +28.8]")
    assert write_change(26.5432, Interval(-12.3, 78.0)) == ("+27 %", "[-12, +78]")
    assert write_change(-95.0, None) == ("-95.0 %", "")
    assert write_change(None, None) == ("?", "")
    assert write_change(-0.01, None) == ("0.0 %", "")
    assert write_change(50.0, Interval(10.0, math.inf)) == ("+50.0 %", "[+10.0, +inf]")


@_ANY
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-330, 310), st.booleans())
def test_a_written_number_is_read_back_as_the_one_that_was_rounded(value: float, place: int, signed: bool) -> None:
    text = write(value, place, signed)
    number = read(text)
    assert isinstance(number, Fraction)
    unit = Fraction(10) ** place
    assert abs(number - Fraction(value)) <= max(unit / 2, abs(Fraction(value)) / 10**14)  # a float has 15 digits
    if abs(number) < unit * 10**15:
        assert (number / unit).denominator == 1
    assert not text.startswith("-0") or number != 0


@pytest.mark.parametrize("text", ["", "1,23", "12,3456", "0x10", "1 000", "nan", "1.", "1e5", "?"])
def test_what_is_not_written_like_a_number_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        read(text)


def test_a_scale_gives_a_number_back_in_the_metrics_own_unit() -> None:
    assert scale("ns", [123456.0]).value("123.5") == 123500.0
    assert scale("KiB/s", [2.0**21]).value("2.00") == 2.0**21
    assert scale("", [1.0]).value("-inf") == -math.inf


# -- the table


def test_the_table_of_a_benchmark() -> None:
    check_snapshot("bench-table.txt", findings_table(FINDINGS) + "\n")


def test_the_table_of_a_mail_says_what_is_not_known() -> None:
    check_snapshot("bench-table-mail.txt", findings_table(FROM_A_MAIL) + "\n")


def test_nothing_but_what_is_not_known_stands_where_nothing_was_measured() -> None:
    text = findings_table(Findings("empty", (), ()))
    assert text.split("\n") == [
        "  empty",
        "",
        "  workload  not known",
        "  command   not known",
        "  machine   not known",
        "  date      not known",
    ]


def test_what_differs_between_kernels_is_said_for_each() -> None:
    other = dataclasses.replace(FINDINGS.provenance[1][1], machine=Machine("a laptop"), date="2024-01-27")
    found = dataclasses.replace(FINDINGS, provenance=(FINDINGS.provenance[0], (PATCHED, other)), runs=((BASE, 3),))
    text = findings_table(found)
    assert re.search(r"^  machine \(base\) +2 x Intel", text, re.MULTILINE)
    assert re.search(r"^  machine \(patched\) +a laptop$", text, re.MULTILINE)
    assert re.search(r"^  date \(patched\) +2024-01-27$", text, re.MULTILINE)
    assert " 6.8.0-rc1-light, commit 89abcdef0123, number of runs not known " in " ".join(text.split())


def test_figures_that_are_too_long_for_a_row_get_a_line_each() -> None:
    precise = dataclasses.replace(
        COMPARISONS[0],
        base=Figure(12345.678901, 0.00123, None, 1000),
        patched=Figure(23456.789012, 0.00234, None, 1000),
        change=90.00012,
        interval=Interval(89.99812, 90.00212),
    )
    text = findings_table(dataclasses.replace(FINDINGS, comparisons=(precise, COMPARISONS[4])))
    stacked = (
        "    base      12,345.6789 +- 0.0012 (1000)",
        "    patched   23,456.7890 +- 0.0023 (1000)",
        "    change    +90.0001 %",
        "    interval  [+89.9981, +90.0021]",
    )
    assert "\n".join(stacked) in text
    assert re.search(r"\n +123\.5 \+- 8\.1 \(10\)  +141\.2 \+- 7\.2 \(10\)  +\+14\.4 % \[\+8\.2, \+21\.1\]\n", text)


def test_long_names_give_way_in_their_middle_and_numbers_never() -> None:
    name = "randread-of-a-job-file-that-nobody-wanted-to-name-shortly-and-its-99.9th-percentile"
    long = dataclasses.replace(COMPARISONS[4], metric=Metric(name, "ns", Better.LESS, 16))
    text = findings_table(dataclasses.replace(FINDINGS, comparisons=(long,)))
    (title,) = re.findall(r"^  randread.*$", text, re.MULTILINE)
    assert re.fullmatch(r"  randread\S*\.\..*percentile \(16 tasks\) \[us\] +worse", title)
    assert len(title) == WIDTH
    assert "123.5 +- 8.1 (10)" in text


def test_more_kernels_than_fit_get_a_second_table_with_all_places() -> None:
    topics = tuple(Role("without", f"topic-{index}") for index in range(6))
    hitm = dataclasses.replace(HITM, subject=(*HITM.subject, *((role, (line(7, 8),)) for role in topics)))
    text = findings_table(dataclasses.replace(FINDINGS, hitm=hitm))
    assert max(map(len, text.split("\n"))) <= WIDTH
    assert all(text.count(f" topic-{index}") == 1 for index in range(6))
    assert text.count("  total ") == text.count(" init_file") == 2


def test_peer_accesses_are_not_called_hitm() -> None:
    peer = CacheLine(0, 5, 6, (("Peer Snoop Rmt", 5), ("Peer Snoop Lcl", 6)), ())
    hitm = dataclasses.replace(HITM, subject=((BASE, (peer,)),), other=())
    found = dataclasses.replace(FINDINGS, comparisons=(), attributions=(), hitm=hitm)
    for text in (findings_table(found), findings_markdown(found), bars(found, False, 80)):
        assert "peer accesses" in text
        assert "HITM" not in text
    assert findings_json(found)["hitm"]["counts"] == "peer accesses"


def test_a_width_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="59 columns are too few"):
        findings_table(FINDINGS, 59)


# -- any table is read back

_WORDS = st.text(max_size=100) | st.sampled_from(
    ["fio: iops", "a ---", "# x", "=?utf-8?q?x?=", "Fixes: 1234", "-- ", "1/2 3/4", "x" * 200, "", "\x1b[31m", "~" * 71]
)
_NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e6, 1e6),
    st.integers(-(10**7), 10**7).map(float),
)
_UNITS = ("", "s", "ms", "ns", "B", "KiB/s", "Hz", "%", "calls/s", "loads")
_RUNS = st.none() | st.integers(1, 100_000)
_VERDICTS = st.sampled_from(Verdict)
_TOPICS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}", fullmatch=True)
_IDENTIFIERS = st.from_regex(r"[a-z_][a-z0-9_.]{0,60}", fullmatch=True)
_COUNTS = st.tuples(st.integers(0, 10**7), st.integers(0, 10**7))


@st.composite
def _figures(draw: st.DrawFn) -> Figure:
    return Figure(draw(_NUMBERS), draw(st.none() | _NUMBERS.map(abs)), None, draw(_RUNS))


@st.composite
def _intervals(draw: st.DrawFn) -> Interval | None:
    if draw(st.booleans()):
        return None
    return Interval(*sorted((draw(_NUMBERS), draw(_NUMBERS))))


@st.composite
def _metrics(draw: st.DrawFn) -> Metric:
    tasks = draw(st.none() | st.integers(1, 4096))
    return Metric(draw(_WORDS), draw(st.sampled_from(_UNITS)), draw(st.sampled_from(Better)), tasks)


_COMPARISONS = st.builds(
    Comparison,
    metric=_metrics(),
    base=_figures(),
    patched=_figures(),
    change=st.none() | _NUMBERS,
    interval=_intervals(),
    p_value=st.none() | st.floats(0, 1),
    verdict=_VERDICTS,
    paired=st.booleans(),
    notes=st.lists(_WORDS, max_size=2).map(tuple),
)
_CONTRIBUTIONS = st.builds(
    Contribution,
    topic=_TOPICS,
    amount=_NUMBERS,
    share=st.none() | _NUMBERS,
    interval=_intervals(),
    rest=_NUMBERS,
    rest_share=st.none() | _NUMBERS,
    verdict=_VERDICTS,
)
_ATTRIBUTIONS = st.builds(
    Attribution,
    metric=_metrics(),
    base=_figures(),
    patched=_figures(),
    without=st.lists(st.tuples(_TOPICS, _figures()), max_size=2).map(tuple),
    contributions=st.lists(_CONTRIBUTIONS, max_size=2).map(tuple),
    notes=st.lists(_WORDS, max_size=2).map(tuple),
)


@st.composite
def _hitm(draw: st.DrawFn) -> HitmFindings:
    topics = draw(st.lists(_TOPICS, max_size=4, unique=True))
    roles = (BASE, PATCHED, *(Role("without", topic) for topic in topics))
    places = st.builds(
        PlaceHitm,
        symbol=_IDENTIFIERS,
        source=st.just("") | _IDENTIFIERS.map(lambda name: f"include/linux/{name}.h:81"),
        counts=st.tuples(*(st.tuples(st.just(role), st.none() | _COUNTS) for role in roles)),
    )
    others = tuple((role, (line(*draw(_COUNTS), (draw(_IDENTIFIERS), 60, 70)),)) for role in roles)
    return HitmFindings(
        seeds=draw(st.lists(_IDENTIFIERS, max_size=3).map(tuple)),
        subject=tuple((role, (line(*draw(_COUNTS)),)) for role in roles),
        other=draw(st.sampled_from([(), others])),
        places=draw(st.lists(places, max_size=4).map(tuple)),
        notes=draw(st.lists(_WORDS, max_size=2).map(tuple)),
    )


_PROVENANCES = st.builds(
    Provenance,
    kernel=_WORDS,
    commit=_WORDS,
    machine=st.builds(Machine, name=_WORDS, threads=st.none() | st.integers(1, 4096)),
    workload=_WORDS,
    command=_WORDS,
    date=_WORDS,
    pinned=_WORDS,
)
_FINDINGS = st.builds(
    Findings,
    label=_WORDS,
    provenance=st.lists(st.tuples(st.sampled_from(ROLES), _PROVENANCES), max_size=3).map(tuple),
    runs=st.lists(st.tuples(st.sampled_from(ROLES), _RUNS), max_size=3).map(tuple),
    comparisons=st.lists(_COMPARISONS, max_size=4).map(tuple),
    attributions=st.lists(_ATTRIBUTIONS, max_size=2).map(tuple),
    hitm=st.none() | _hitm(),
    warnings=st.lists(_WORDS, max_size=2).map(tuple),
    incomplete=st.lists(_WORDS, max_size=2).map(tuple),
)
# Half of a place is 5 % of a spread with two digits; a spread that rounds up to 10 gives a little more.
_OF_SPREAD = Fraction(51, 1000)
_OF_VALUE = Fraction(51, 100_000)  # of a value with four digits
_TENTH = Fraction(1, 10)  # the last place of a change whose spread is not known
_OF_A_FLOAT = Fraction(1, 10**14)  # which has 15 digits
_NOISE = Fraction(1, 10**9) * Fraction(1001, 1000)


def _check_figure(row: Row, name: str, figure: Figure, size: Fraction) -> None:
    mean, deviation = row.numbers[name], row.numbers[f"{name}_sd"]
    assert row.numbers[f"{name}_n"] == figure.runs
    assert mean is not None
    if figure.deviation is None:
        assert deviation is None
    true, spread = Fraction(figure.mean), Fraction(figure.deviation or 0.0)
    if not deviation:
        assert spread <= _NOISE * abs(true)
        assert abs(mean * size - true) <= _OF_VALUE * abs(true)
        return
    assert abs(deviation * size - spread) <= _OF_SPREAD * spread
    assert abs(mean * size - true) <= _OF_SPREAD * max(spread, deviation * size)


def _half_width(row: Row, interval: Interval | None) -> Fraction:
    """Half the width of the interval, which says how exact numbers are; 0 where there is none, or no width."""
    assert ("low" in row.numbers) == (interval is not None)
    if interval is None:
        return Fraction(0)
    low, high = Fraction(interval.low), Fraction(interval.high)
    half = (high - low) / 2
    return half if half > _NOISE * max(abs(low), abs(high)) else Fraction(0)


def _check_number(written: Fraction | None, value: float | None, error: Fraction) -> None:
    assert (written is None) == (value is None)
    if written is not None and value is not None:
        assert abs(written - Fraction(value)) <= max(error, abs(Fraction(value)) * _OF_A_FLOAT)


def _check_change(row: Row, item: Comparison) -> None:
    error = _OF_SPREAD * _half_width(row, item.interval) or _TENTH / 2
    _check_number(row.numbers["change"], item.change, error)
    if item.interval is not None:
        _check_number(row.numbers["low"], item.interval.low, error)
        _check_number(row.numbers["high"], item.interval.high, error)


def _check_contribution(topic: Row, rest: Row, part: Contribution, size: Fraction) -> None:
    half = _half_width(topic, part.interval)

    def check(row: Row, name: str, value: float) -> None:
        written = row.numbers[name]
        assert written is not None
        _check_number(written * size, value, _OF_SPREAD * half or _OF_VALUE * abs(Fraction(value)))

    check(topic, "amount", part.amount)
    check(rest, "amount", part.rest)
    if part.interval is not None and half:
        check(topic, "low", part.interval.low)
        check(topic, "high", part.interval.high)
    error = _TENTH / 2
    if half and part.share and part.amount:
        in_percent = half * abs(Fraction(part.share) / Fraction(part.amount))
        error = min(_OF_SPREAD * in_percent, Fraction(1, 2))  # whole percent at the most
    _check_number(topic.numbers["share"], part.share, error)
    _check_number(rest.numbers["share"], part.rest_share, error)
    assert topic.verdict == part.verdict


@_ANY
@given(_FINDINGS)
def test_any_table_is_read_back_to_the_same_numbers_with_every_row(found: Findings) -> None:
    table = parse_table(findings_table(found))
    assert [row.verdict for row in table.rows] == [str(item.verdict) for item in found.comparisons]
    for row, item in zip(table.rows, found.comparisons, strict=True):
        size = factor(row.unit, item.metric.unit)
        _check_figure(row, "base", item.base, size)
        _check_figure(row, "patched", item.patched, size)
        _check_change(row, item)
        if item.metric.tasks is not None:
            assert f"({item.metric.tasks} task" in row.title
    for (unit, kernels, parts), attribution in zip(table.attributions, found.attributions, strict=True):
        size = factor(unit, attribution.metric.unit)
        figures = [attribution.base, *(figure for _, figure in attribution.without), attribution.patched]
        for row, figure in zip(kernels, figures, strict=True):
            _check_figure(row, "mean", figure, size)
        assert len(parts) == 2 * len(attribution.contributions)
        for topic, rest, part in zip(parts[::2], parts[1::2], attribution.contributions, strict=True):
            _check_contribution(topic, rest, part, size)
    if found.hitm is not None:
        roles = [role for role, _ in found.hitm.subject]
        wanted = [[found.hitm.total(role) for role in roles]]
        wanted += [[dict(place.counts)[role] for role in roles] for place in found.hitm.places]
        if found.hitm.other:
            wanted.append([(lines[0].remote, lines[0].local) for _, lines in found.hitm.other])
        assert table.hitm == wanted


@_ANY
@given(_FINDINGS)
def test_any_table_survives_b4_in_a_letter_of_72_columns(found: Findings) -> None:
    text = findings_table(found)
    lines = text.split("\n")
    assert max(map(len, lines)) <= WIDTH
    assert all(not line or re.match(r"  +\S", line) for line in lines)
    assert line_problems(text) == []
    assert verbatim(text, indent="") == text
    for block in (text, verbatim(text, indent=""), verbatim(text)):
        assert cover_problems(f"fs: Override credentials lightly\n\nNumbers:\n\n{block}\n\nBased on 6.8.") == []
    alone = cover_problems(f"fs: Override credentials lightly\n\n{text}")
    assert [problem for problem in alone if "paragraph is indented" not in problem] == []
    assert "=?" not in text


@_SOME
@given(_FINDINGS)
def test_a_table_ends_with_what_is_not_known_if_there_is_any(found: Findings) -> None:
    last = findings_table(found).split("\n\n")[-1]
    assert last.startswith("  Not known:") == bool(found.incomplete)


def test_the_table_of_the_samples_is_read_back() -> None:
    """The reader of these tests finds something: it would agree with an empty table, too."""
    table = parse_table(findings_table(FINDINGS))
    assert (len(table.rows), len(table.hitm), len(table.attributions)) == (7, 7, 2)
    assert table.rows[3].numbers["patched"] == 4710
    assert table.rows[3].unit == "10^3 calls/s"
    assert table.hitm[0] == [(412, 1028), (28, 44), (79, 97)]
    assert table.hitm[-1] == [(100, 201), (102, 171), (111, 180)]
    assert [row.numbers["amount"] for row in table.attributions[0][2]] == [-104, -1264]


# -- names


@_ANY
@given(_WORDS, st.integers(2, 80))
def test_a_shortened_name_fits_and_keeps_both_ends(text: str, width: int) -> None:
    name = clean(text)
    short = shortened(name, width)
    assert len(short) <= width
    assert short == name or (len(short) == width and ".." in short)
    head, _, _ = short.partition("..")
    assert name.startswith(head)


# -- Markdown


def test_the_markdown_of_a_benchmark() -> None:
    check_snapshot("bench-markdown.md", findings_markdown(FINDINGS))


@_SOME
@given(_FINDINGS)
def test_any_markdown_has_rows_with_as_many_cells_as_its_heads(found: Findings) -> None:
    text = findings_markdown(found)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in table.splitlines()}) == 1
    rows = sum(len(re.findall(r"(?m)^\| .*$", part)) - 2 for part in re.findall(r"(?m)(?:^\|.*\n)+", text))
    wanted = len(found.comparisons) + sum(len(item.contributions) for item in found.attributions)
    if found.hitm is not None:
        wanted += 1 + len(found.hitm.places) + bool(found.hitm.other)
    assert rows == wanted


def test_markdown_gives_no_meaning_to_what_was_read() -> None:
    metric = Metric("a|b *c* `d` <e> [f](g) #1", "x_y_z", Better.MORE)
    text = findings_markdown(
        dataclasses.replace(FINDINGS, comparisons=(dataclasses.replace(COMPARISONS[0], metric=metric),))
    )
    assert r"| a\|b \*c\* \`d\` \<e\> \[f\](g) \#1 | 10^3 x\_y\_z, more is better |" in text


# -- JSON


def test_the_json_of_a_benchmark() -> None:
    check_snapshot("bench-findings.json", json.dumps(findings_json(FINDINGS), indent=2, allow_nan=False) + "\n")


@_SOME
@given(_FINDINGS)
def test_any_findings_are_json_with_the_numbers_as_they_were(found: Findings) -> None:
    data = json.loads(json.dumps(findings_json(found), allow_nan=False))
    assert data["schema"] == 1
    for item, wanted in zip_longest(data["comparisons"], found.comparisons):
        assert item["base"]["mean"] == wanted.base.mean
        assert item["change_percent"] == wanted.change
        assert item["metric"]["tasks"] == wanted.metric.tasks
    assert {item["role"] for item in data["provenance"]} == {str(role) for role, _ in (*found.provenance, *found.runs)}
    assert data["incomplete"] == list(found.incomplete)


def test_an_end_that_is_infinite_is_null_in_json() -> None:
    item = dataclasses.replace(COMPARISONS[0], interval=Interval(-3.0, math.inf))
    data = findings_json(dataclasses.replace(FINDINGS, comparisons=(item,)))
    assert data["comparisons"][0]["interval_percent"] == {"low": -3.0, "high": None, "level": 0.95}
    json.dumps(data, allow_nan=False)


# -- bars


def test_the_bars_of_a_benchmark() -> None:
    check_snapshot("bench-bars.txt", bars(FINDINGS, False, 80) + "\n")


def test_bars_in_ascii_have_no_other_characters() -> None:
    text = bars(FINDINGS, False, 80, ascii_only=True)
    assert text.isascii()
    check_snapshot("bench-bars-ascii.txt", text + "\n")


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    text = bars(FINDINGS, False, 100, ascii_only=True)
    lengths = [len(found) for found in re.findall(r"^  (?:base|patched) +(#+)", text, re.MULTILINE)]
    base, patched = lengths[4:6]  # 420 and 731
    assert abs(base / patched - 420 / 731) < 1 / patched


def test_colour_says_which_is_better_and_changes_no_character() -> None:
    text = bars(FINDINGS, True, 80)
    assert "\x1b[32mbetter\x1b[0m" in text
    assert "\x1b[31mworse\x1b[0m" in text
    assert re.sub(r"\x1b\[\d+m", "", text) == bars(FINDINGS, False, 80)


def test_a_metric_below_zero_has_its_numbers_and_no_bar() -> None:
    item = dataclasses.replace(COMPARISONS[0], base=Figure(-3.2, 0.4, None, 5), patched=Figure(4.0))
    text = bars(Findings("x", (), (), (item,)), False, 80)
    assert "-3.20 +- 0.40 (5)" in text
    assert "█" not in text


@_SOME
@given(_FINDINGS, st.integers(72, 200))
def test_any_bars_name_every_verdict_and_hold_no_control_characters(found: Findings, width: int) -> None:
    text = bars(found, False, width)
    assert all(character.isprintable() or character == "\n" for character in text)
    for item in found.comparisons:
        assert f"  {item.verdict}" in text
