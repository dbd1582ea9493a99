"""What benchmark records say gets into a cover letter whole, and comes back from b4 as it went in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credseries.bench.letter import block
from credseries.bench.model import (
    Better,
    C2cReport,
    CacheLine,
    CacheLineRow,
    Machine,
    Measurement,
    Metric,
    Provenance,
    Record,
    Role,
    Summary,
)
from credseries.cli.checklist.standing import numbers_of
from credseries.kernel.git import Repository
from credseries.mail import b4adapter
from credseries.mail.cover import render_cover, stored_cover
from credseries.review.checklist.series import numbers as check_numbers
from credseries.review.checklist.subject import Origin, Subject
from credseries.series import saved
from credseries.series.model import Measured, series_from_json
from tests.mailcase import BRANCH, Tree, make_series, make_tree, put_on_branch
from tests.test_cover import texts

NO_SERIES = Subject("A title", "a branch", "", "", Origin.SAVED, ())
BASE, PATCHED, WITHOUT = (Role.parse(text) for text in ("base", "patched", "without:backing-file"))
HERE = Provenance("6.12.0", "a" * 40, Machine(cpu="A processor", sockets=1, cores=2), "It opens files.", "./run")
TIME = Metric("time", "s", Better.LESS)


def record(role: Role, *values: float, metric: Metric = TIME) -> Record:
    made_from = {BASE: "a", PATCHED: "b", WITHOUT: "c"}[role] * 40
    return Record(role, "web", (Measurement(metric, values),), provenance=replace(HERE, commit=made_from))


NUMBER = st.floats(0.001, 1e9)
METRIC = st.builds(Metric, texts, st.sampled_from(["s", "ops/s", "%", ""]), st.sampled_from(Better), st.none())
VALUES = st.lists(NUMBER, min_size=1, max_size=6).map(tuple)
SUMMARY = st.builds(Summary, NUMBER, st.none() | NUMBER, st.none() | st.integers(2, 50))
PROVENANCE = st.builds(
    Provenance,
    texts,
    texts,
    st.builds(Machine, texts, texts, st.none() | st.integers(1, 8)),
    texts,
    texts,
    texts,
    texts,
)
COLUMNS = ("HITM RmtHitm", "HITM LclHitm")
ROW = st.builds(
    lambda shares, symbol, source: CacheLineRow(tuple(zip(COLUMNS, shares, strict=True)), symbol, source=source),
    st.tuples(*[st.floats(0, 10).map(lambda share: round(share, 2))] * 2),
    st.sampled_from(["override_creds", "revert_creds", "update_cfs_group"]) | texts,
    st.sampled_from(["cred.c:25", "fair.c:4118"]) | texts,
)
LINE = st.builds(
    lambda number, remote, local, rows: CacheLine(
        number, remote, local, tuple(zip(COLUMNS, (remote, local), strict=True)), tuple(rows)
    ),
    *[st.integers(0, 99), st.integers(0, 5000), st.integers(0, 5000), st.lists(ROW, max_size=9)],
)
REPORT = st.builds(lambda lines: C2cReport(COLUMNS, tuple(lines)), st.lists(LINE, max_size=4))


@st.composite
def kernels(draw: st.DrawFn) -> list[Record]:
    """Records of the same benchmark under up to three kernels, with all the text that a person can give."""
    metrics = draw(st.lists(METRIC, max_size=3, unique=True))
    found = []
    for role in (BASE, PATCHED, *([WITHOUT] if draw(st.booleans()) else [])):
        measured = [
            Measurement(metric, draw(VALUES)) if draw(st.booleans()) else Measurement(metric, summary=draw(SUMMARY))
            for metric in metrics
        ]
        reports = draw(st.lists(REPORT, max_size=2))
        found.append(Record(role, "web", tuple(measured), tuple(reports), draw(PROVENANCE)))
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return make_tree(tmp_path_factory.mktemp("bench") / "linux")


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records=kernels())
def test_every_letter_with_tables_comes_back_from_b4_as_it_went_in(tree: Tree, records: list[Record]) -> None:
    made = block({"web": records})
    assert all(len(line) <= 70 for line in made.text.split("\n"))
    series = replace(make_series(), measured=Measured(made.text, ("web",), made.incomplete))
    cover = render_cover(series)
    for line in filter(None, made.text.split("\n")):
        assert f"\n  {line}" in cover.body, "every row is in the letter"
    repo = Repository.discover(tree.path)
    placed = put_on_branch(tree.path, replace(series, base=tree.base, start=tree.base), cover)
    assert stored_cover(saved.current(repo, BRANCH)) == cover
    message = b4adapter.series_messages(repo, placed)[0][1]
    sent = b4adapter.message_bytes(message).decode().split("\n\n", 1)[1]
    assert sent.startswith(cover.body + "\n\n---\n")


def test_the_cache_line_of_the_series_is_shown_however_far_down_it_is() -> None:
    def line(number: int, hitm: int, symbol: str) -> CacheLine:
        row = CacheLineRow(tuple((column, 100.0) for column in COLUMNS), symbol, source="a.h:1")
        return CacheLine(number, hitm, hitm, tuple((column, hitm) for column in COLUMNS), (row,))

    others = [line(number, 90 - number, f"other_{number}") for number in range(7)]
    report = C2cReport(COLUMNS, (*others, line(7, 3, "override_creds")))
    found = block({"web": [Record(BASE, "web", c2c=(report,), provenance=HERE)]})
    excerpt = found.text.partition("perf c2c, base")[2]
    assert [name for name in ("other_0", "other_1", "other_2", "override_creds") if name in excerpt] == [
        *("other_0", "other_1", "override_creds")
    ]
    assert "5 more lines" in excerpt
    several = block({"web": [Record(BASE, "web", c2c=(report, report), provenance=HERE)]}).text
    assert "the first of 2 runs" in several
    assert "override_creds" in several.partition("the first of 2 runs")[2]


def test_a_series_keeps_what_was_measured() -> None:
    series = replace(make_series(), measured=Measured("text", ("web",), ("no machine",)))
    assert series_from_json(series.to_json()) == series


def test_complete_records_leave_nothing_open() -> None:
    found = block({"web": [record(BASE, 2.0, 2.1, 2.2, 2.0), record(PATCHED, 1.0, 1.1, 1.2, 1.0)]})
    assert found.incomplete == ()
    for word in ("It opens files.", "A processor", "6.12.0", "time"):
        assert word in found.text


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"workload": ""}, "workload"),
        ({"machine": Machine()}, "machine"),
        ({"kernel": "", "commit": ""}, "kernel"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, object], word: str) -> None:
    base = record(BASE, 2.0, 2.1)
    base = replace(base, provenance=replace(base.provenance, **changes))  # type: ignore[arg-type]
    found = block({"web": [base, record(PATCHED, 1.0, 1.1)]})
    assert any(sentence.startswith("web: ") and word in sentence for sentence in found.incomplete), found.incomplete


@pytest.mark.parametrize(
    ("measured", "numbers", "answer"),
    [
        (Measured(), "", "n/a"),
        (Measured(), "1 -> 2", "fail"),
        (Measured(), "fio: 1 -> 2 on 4 cores, 5 runs", "human"),
        (Measured("a table", ("web",)), "", "pass"),
        (Measured("a table", ("web",)), "1 -> 2", "fail"),
        (Measured("a table", ("web",), ("web: no machine",)), "", "fail"),
    ],
)
def test_the_checklist_says_whether_numbers_stand_with_their_origin(
    measured: Measured, numbers: str, answer: str
) -> None:
    known = numbers_of("A letter.\n\nIt says what changes.", measured, numbers)
    found = list(check_numbers(replace(NO_SERIES, numbers=known)))
    assert {line.answer for line in found} == {answer}
    assert all(any(sentence in line.evidence for line in found) for sentence in measured.incomplete)
