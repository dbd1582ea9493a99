"""The series for Linux 6.12 compiles and builds without a new warning at every patch, and what is planted is found."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from credseries.kernel.git import Identity, NewCommit, Repository
from credseries.kernel.series_source import Series, read_series
from credseries.verify.kbuild.toolchains import default_variants, host_architecture
from credseries.verify.levels.build import build_checks
from credseries.verify.levels.compile import compile_checks
from credseries.verify.levels.same_code import same_code_checks
from credseries.verify.model import Status, Variant
from credseries.verify.tasks import Check, Judgement, Place, Result
from tests.kernel.conftest import KernelSeries

pytestmark = pytest.mark.kernel

ARCH = host_architecture()
GCC = Variant("gcc", ARCH)
PERSON = Identity("Test Developer", "dev@example.org")
JOBS = 2


@pytest.fixture(scope="module")
def rfc(every_series: dict[str, KernelSeries]) -> KernelSeries:
    return every_series["rfc"]


@pytest.fixture(scope="module")
def place(rfc: KernelSeries, cache: Path) -> Place:
    """The build directories are kept for the next run."""
    return Place(rfc.repo, cache / "verify", JOBS)


def _series(repo: Repository, base: str, tip: str) -> Series:
    return read_series(repo, [f"{base}..{tip}"], None, lambda: b"")


def _judged(checks: Sequence[Check], place: Place) -> dict[tuple[int, str], Judgement]:
    results: dict[str, Result] = {}
    for check in checks:
        for task in check.tasks:
            if task.key not in results:
                results[task.key] = task.run(place)
    return {(check.step, check.variant): check.judge([results[task.key] for task in check.tasks]) for check in checks}


def _failed(judged: dict[tuple[int, str], Judgement]) -> dict[tuple[int, str], Judgement]:
    return {where: judgement for where, judgement in judged.items() if judgement.status is not Status.PASS}


@pytest.fixture(scope="module")
def planted(rfc: KernelSeries) -> Series:
    """The series, with a warning and then an error in a function that it converts."""
    tip, path = rfc.commits[-1], "fs/overlayfs/xattrs.c"
    content = rfc.repo.read_files(tip, [path])[path].decode()
    (line,) = re.findall(r"^\tif \(WARN_ON.*$|^\tres = .*$", content, re.MULTILINE)[:1]
    warning = content.replace(line, f"\tint planted;\n\n{line}", 1)
    error = warning.replace("\tint planted;\n", "\tint planted = no_such_function(1, 2);\n", 1)
    commits = [
        NewCommit(f"ovl: Plant {what}\n", {path: text.encode()})
        for what, text in (("a warning", warning), ("an error", error))
    ]
    when = datetime(2025, 1, 1, tzinfo=UTC)
    (*_, last) = rfc.repo.write_commits(tip, commits, author=PERSON, committer=PERSON, when=when)
    return _series(rfc.repo, rfc.record.base, last)


def test_every_patch_compiles_without_a_new_warning(rfc: KernelSeries, place: Place) -> None:
    series = _series(rfc.repo, rfc.record.base, rfc.commits[-1])
    checks = compile_checks(rfc.repo, series, default_variants())
    judged = _judged(checks, place)
    assert _failed(judged) == {}
    assert all("not built" not in judgement.summary for judgement in judged.values()), "all files are configured"
    assert len(judged) >= len(series.steps)


@pytest.mark.parametrize("level", ["compile", "build"])
def test_what_is_planted_is_found_at_its_patch(planted: Series, rfc: KernelSeries, place: Place, level: str) -> None:
    plan = compile_checks if level == "compile" else build_checks
    judged = _judged([check for check in plan(rfc.repo, planted, [GCC]) if check.variant == GCC.label], place)
    warning, error = len(planted.steps) - 1, len(planted.steps)
    assert {step for step, _ in _failed(judged)} == {warning, error}
    (problem,) = judged[warning, GCC.label].problems
    assert (problem.file, problem.source) == ("fs/overlayfs/xattrs.c", "\tint planted;")
    assert "unused" in problem.message
    found = {problem.source: problem for problem in judged[error, GCC.label].problems}
    planted_error = found["\tint planted = no_such_function(1, 2);"]
    assert "no_such_function" in planted_error.message
    text = rfc.repo.read_files(planted.steps[-1].after, [planted_error.file])[planted_error.file].decode()
    assert text.split("\n")[planted_error.line - 1] == planted_error.source


def test_helpers_change_no_code_and_conversions_do(rfc: KernelSeries, place: Place) -> None:
    series = _series(rfc.repo, rfc.record.base, rfc.commits[-1])
    numbers = [step.number for step in series.steps]
    judged = _judged(same_code_checks(rfc.repo, series, [GCC], numbers), place)
    for number, patch in zip(numbers, rfc.record.patches, strict=True):
        judgement = judged[number, f"{GCC.label} same code"]
        if any(file.endswith(".c") for file in patch.files):
            assert judgement.status is Status.FAIL, patch.files
            assert all("function" in problem.message for problem in judgement.problems)
        else:
            assert judgement.status is Status.PASS, judgement


@pytest.mark.skipif(not shutil.which("sparse"), reason="no sparse here")
def test_sparse_finds_an_address_space_that_a_patch_forgets(rfc: KernelSeries, place: Place) -> None:
    path, tip = "fs/overlayfs/xattrs.c", rfc.commits[-1]
    content = rfc.repo.read_files(tip, [path])[path].decode()
    head = "char *ovl_planted(char __user *buffer)"
    text = f"{content}\n{head};\n{head}\n{{\n\treturn buffer;\n}}\n"
    when = datetime(2025, 1, 1, tzinfo=UTC)
    commit = NewCommit("ovl: Plant a lost address space\n", {path: text.encode()})
    (last,) = rfc.repo.write_commits(tip, [commit], author=PERSON, committer=PERSON, when=when)
    series = _series(rfc.repo, rfc.record.base, last)
    checks = [check for check in compile_checks(rfc.repo, series, [GCC]) if check.variant.startswith("sparse")]
    failed = _failed(_judged(checks[-2:], place))
    assert {step for step, _ in failed} == {len(series.steps)}
    (judgement,) = failed.values()
    assert "address space" in judgement.problems[0].message
    assert judgement.problems[0].source == "\treturn buffer;"
