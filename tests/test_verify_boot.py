"""What boots say about a base and a series, and what is needed to ask them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.kernel.series_source import from_range
from credseries.verify.boot.model import BootRun, Failure
from credseries.verify.kbuild.toolchains import host_architecture
from credseries.verify.levels.boot import boot_checks, judge_base, judge_last
from credseries.verify.model import Problem, Severity, Status, Variant
from credseries.verify.tasks import Result
from tests.gitrepo import git

GOOD = BootRun({"a": "OK", "b": "EPERM"}, (), (), (), True, False, 2.5, "")


def booted(run: BootRun, *lacking: str) -> Result:
    return {"run": run.to_json(), "lacking": list(lacking)}


def test_a_clean_boot_passes_and_says_what_it_could_not_look_for() -> None:
    judged = judge_base([booted(GOOD, "CONFIG_X")])
    assert (judged.status, judged.summary) == (Status.PASS, "2 cases, 2.5 s")
    assert [(item.severity, "CONFIG_X" in item.message) for item in judged.problems] == [(Severity.NOTE, True)]


def test_equal_outcomes_pass() -> None:
    assert judge_last([booted(GOOD), booted(replace(GOOD, seconds=9.0))]).status is Status.PASS


def test_another_outcome_fails_the_series() -> None:
    judged = judge_last([booted(GOOD), booted(replace(GOOD, outcomes={"a": "OK", "b": "OK"}))])
    assert (judged.status, judged.summary) == (Status.FAIL, "1 problem")
    assert judged.problems[0].message.startswith("b: 'OK' with the series")


def test_what_is_wrong_with_the_base_is_not_the_series_fault() -> None:
    wrong = replace(GOOD, failures=(Failure("b", "EPERM", "OK"),))
    assert judge_base([booted(wrong)]).status is Status.FAIL
    assert judge_last([booted(wrong), booted(wrong)]).status is Status.PASS
    assert judge_last([booted(GOOD), booted(wrong)]).status is Status.FAIL


def test_a_complaint_of_the_kernel_fails_and_nothing_is_left_out() -> None:
    messages = tuple(f"WARNING: {number}" for number in range(50))
    assert len(judge_base([booted(replace(GOOD, messages=messages))]).problems) == 50


def test_a_kernel_that_does_not_build_fails_with_the_compilers_words() -> None:
    problem = Problem(Severity.ERROR, "'x' undeclared", "fs/open.c", 7)
    judged = judge_last([booted(GOOD), {"failed": [problem.to_json()]}])
    assert (judged.status, judged.problems) == (Status.FAIL, (problem,))
    assert judge_base([{"failed": [problem.to_json()]}]).status is Status.FAIL


def test_what_is_missing_is_named_with_its_package(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (miniature / "fs/open.c").write_text("int x;\n")
    git(miniature, "commit", "--quiet", "--all", "-m", "fs: Change")
    repo = Repository.discover(miniature)
    series = from_range(repo, "HEAD~1..HEAD", None)
    monkeypatch.setenv("PATH", str(miniature / "nothing"))
    checks = boot_checks(repo, series, [Variant("gcc", host_architecture())])
    assert [(check.step, check.missing) for check in checks] == [(0, True), (1, True)]
    assert "a static busybox (the shell of the kernel that is booted)" in checks[0].skipped
    assert "busybox-static" in checks[0].skipped.partition("apt install ")[2]
