"""What `credseries verify` writes: the table, what is wrong below it, JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from credseries.cli.verify_table import Sheet, closing, filling, show_problems
from credseries.errors import EnvironmentProblem
from credseries.kernel.series_source import Series, Step
from credseries.verify.junit import write_junit
from credseries.verify.levels.proof import allowed, proof_checks
from credseries.verify.model import Cell, Level, Problem, Severity, Status, problem_from_json
from credseries.verify.tasks import Judgement, Result
from tests.test_verify_run import Work

GCC, CLANG = (Level.COMPILE, "gcc x86_64"), (Level.COMPILE, "clang x86_64")
PROOF = (Level.PROOF, "")
SERIES = Series(
    "b" * 40,
    tuple(Step(number, f"ovl: Patch {number} \x1b[31m", str(number) * 40, "", "") for number in (1, 2)),
)
WRONG = Problem(Severity.ERROR, "'x' undeclared", "fs/a.c", 7, "\treturn x;\x1b[2J")


def cell(step: int, column: tuple[Level, str], status: Status = Status.PASS, *problems: Problem) -> Cell:
    return Cell(step, *column, status, "1 new error" if problems else "2 files", problems, "make fs/a.o", 1.5)


def sheet(*columns: tuple[Level, str], steps: tuple[int, ...] = (1, 2)) -> Sheet:
    return Sheet(SERIES, columns, [(step, column) for step in steps for column in columns])


def test_rows_are_written_in_order_as_soon_as_they_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    table = sheet(PROOF, GCC)
    with filling(table) as update:
        assert capsys.readouterr().out.split() == ["patch", "proof", "compile", "gcc", "x86_64"]
        for item in (cell(2, PROOF), cell(2, GCC, Status.FAIL), cell(1, PROOF)):
            table.add(item)
            update()
        assert capsys.readouterr().out == ""
        table.add(cell(1, GCC))
        update()
        first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:4] == ["1/2", "1" * 12, "pass", "pass"]
    assert second.split()[:4] == ["2/2", "2" * 12, "pass", "fail"]
    assert first.endswith("ovl: Patch 1 ?[31m"), "nothing from a patch can steer the terminal"


def test_what_is_wrong_is_shown_with_its_line_and_how_to_see_it(capsys: pytest.CaptureFixture[str]) -> None:
    table = sheet(PROOF, GCC)
    for item in (cell(1, PROOF), cell(1, GCC, Status.FAIL, *[WRONG] * 5), cell(2, PROOF), cell(2, GCC)):
        table.add(item)
    show_problems(table)
    shown = capsys.readouterr().out
    assert shown.splitlines()[1:5] == [
        f"patch 1/2 {'1' * 12} ovl: Patch 1 ?[31m",
        "  compile gcc x86_64: 1 new error",
        "    fs/a.c:7: error: 'x' undeclared",
        "      7 | return x;?[2J",
    ]
    assert "and 2 more: --json has them all" in shown
    assert "by hand: make fs/a.o" in shown
    assert closing(table) == "2 patches, 4 checks: 3 passed, 1 failed"


def test_what_could_not_be_checked_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    table = sheet(CLANG)
    for step in (1, 2):
        table.add(replace(cell(step, CLANG), status=Status.ERROR, summary="clang is missing: apt install clang"))
    show_problems(table)
    assert capsys.readouterr().out == ("\nnot checked: compile clang x86_64: clang is missing: apt install clang\n")
    assert closing(table) == "2 patches, 2 checks: 2 not checked"


def test_the_only_architecture_goes_without_saying() -> None:
    table = Sheet(SERIES, [PROOF, GCC, CLANG], [], "x86_64")
    assert [table.heading(column) for column in table.columns] == ["proof", "compile gcc", "compile clang"]


def test_the_base_has_a_row_when_something_is_checked_of_it() -> None:
    assert sheet(GCC).rows == [1, 2]
    assert sheet(GCC, steps=(0, 2)).rows == [0, 1, 2]
    assert sheet(GCC, steps=(0, 2)).label(0) == "base"


def test_junit_has_a_suite_for_each_column_and_a_case_for_each_patch(tmp_path: Path) -> None:
    cells = [
        *(cell(1, PROOF), cell(2, PROOF), cell(1, GCC)),
        replace(cell(2, GCC, Status.FAIL, WRONG), step=2),
        replace(cell(2, CLANG), status=Status.SKIPPED),
        replace(cell(0, CLANG), status=Status.ERROR),
    ]
    write_junit(SERIES, cells, tmp_path / "out.xml")
    root = ET.parse(tmp_path / "out.xml").getroot()
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["proof", "compile gcc x86_64", "compile clang x86_64"]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("6", "1", "1")
    [failure] = suites["compile gcc x86_64"].iter("failure")
    assert failure.get("message") == "1 new error"
    assert failure.text is not None
    assert failure.text.splitlines() == [
        "fs/a.c:7: error: 'x' undeclared",
        "  7 | return x;?[2J",
        "by hand: make fs/a.o",
    ]


def test_junit_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="cannot be written"):
        write_junit(SERIES, [cell(1, PROOF)], tmp_path / "no" / "out.xml")


def test_what_a_compiler_adds_stands_below_the_line_that_is_wrong() -> None:
    problem = replace(WRONG, message="'x' undeclared\nfs/a.c:7: note: once for each function", source="\treturn x;")
    assert problem.lines == [
        "fs/a.c:7: error: 'x' undeclared",
        "  7 | return x;",
        "  fs/a.c:7: note: once for each function",
    ]
    assert Problem(Severity.NOTE, "x", "fs/a.c").lines == ["fs/a.c: note: x"]
    assert Problem(Severity.NOTE, "x").lines == ["note: x"]


def test_a_problem_is_the_same_after_json() -> None:
    assert problem_from_json(WRONG.to_json()) == WRONG


# -- the proof's part

REPORT: Result = {
    "findings": [
        {
            **{"kind": "moved-call", "severity": "error", "patch": 1, "file": "fs/a.c", "function": "f", "line": 9},
            **{"call": "touch", "message": "touch() runs under other credentials", "path": [1, 9]},
        },
        {
            **{"kind": "unconverted", "severity": "note", "patch": 2, "file": "fs/a.c", "function": "g", "line": 3},
            **{"call": "override_creds(c)", "message": "is left", "path": []},
        },
    ],
    "compared": [{"patch": 1, "file": "fs/a.c", "function": "f"}],
    "not_analysed": [{"patch": 2, "file": "fs/a.c", "function": "h", "reason": "patch 2: goto into a block"}],
}


def proven(*patterns: tuple[str, str]) -> list[Judgement]:
    return [check.judge([REPORT]) for check in proof_checks(SERIES, Work("audit"), allowed(patterns))]


def test_a_finding_fails_its_patch_and_a_note_does_not() -> None:
    first, second = proven()
    assert (first.status, first.summary) == (Status.FAIL, "1 finding")
    [problem] = first.problems
    assert (problem.file, problem.line, problem.severity) == ("fs/a.c", 9, Severity.ERROR)
    assert problem.message == "f(): moved-call: touch() runs under other credentials; path 1 -> 9"
    assert (second.status, second.summary) == (Status.PASS, "no function to prove, 1 not compared")


@pytest.mark.parametrize(
    ("pattern", "status"),
    [
        (("", "tou*"), Status.PASS),
        (("fs/", "touch"), Status.PASS),
        (("mm/", "touch"), Status.FAIL),
        (("", "other"), Status.FAIL),
    ],
)
def test_a_call_may_move_where_its_author_has_said_so(pattern: tuple[str, str], status: Status) -> None:
    first, _ = proven(pattern)
    assert first.status is status


def test_a_patch_that_does_not_apply_fails() -> None:
    series = Series("b" * 40, (Step(1, "x", "", "t", "t", rejected="it does not apply: no such file"),))
    [check] = proof_checks(series, Work("audit"), allowed([]))
    assert check.judge([REPORT]).status is Status.FAIL
