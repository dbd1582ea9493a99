"""What the scan says about the miniature tree is what reading it says, and what is converted runs as it did."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

import credseries
from credseries.cli.options import take_survey
from credseries.cli.split import make_series
from credseries.kernel.git import Repository
from credseries.rewrite.forms import FORMS, Form
from credseries.rewrite.plan import Judged
from credseries.series.build import PlannedPatch
from credseries.series.demo import make_repository
from credseries.series.recipe import load_recipe
from credseries.series.scan import Survey
from credseries.series.split import Stamp, make_builder
from tests import credtrace
from tests.miniature_claims import CLAIMS, WRAPPER_CALLERS, Claim, Kind, Verdict

MINIATURE = Path(credseries.__file__).parent / "miniature"
STAMP = Stamp(datetime(2026, 11, 23, 9, 30, tzinfo=UTC), "c0ffee123456")
ASKED = {"auto": None, "guard": [Form.GUARD], "scoped": [Form.SCOPED], "light": [Form.LIGHT]}
CLANG = "clang-19" if shutil.which("clang-19") else "clang"
COMPILERS = [
    pytest.param(cc, marks=pytest.mark.skipif(not shutil.which(cc), reason=f"no {cc} here")) for cc in ("gcc", CLANG)
]
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=all"

Traces = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Before:
    """The tree in a repository, its scan, and how it runs."""

    repo: Repository
    survey: Survey
    traces: Traces
    known: dict[str, list[PlannedPatch]] = field(default_factory=dict)

    def planned(self, form: str) -> list[PlannedPatch]:
        """The patches that use what a form proves for, or of `auto` the first form that does."""
        if form not in self.known:
            survey = take_survey(self.repo, "HEAD", "rfc", forms=ASKED[form])
            builder = make_builder(self.repo, survey, load_recipe("rfc"))
            self.known[form] = builder.patches()
        return self.known[form]

    def at(self, claim: Claim) -> Judged:
        """The site that a claim is about."""
        named = [
            item
            for item in self.survey.judged
            if (item.site.function.path, item.site.function.name) == (claim.file, claim.function)
        ]
        return named[claim.nth]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    top = tmp_path_factory.mktemp("before")
    repo = make_repository(top / "linux")
    traces = credtrace.explore_all(credtrace.build(top / "linux", top / "out"))
    return Before(repo, take_survey(repo, "HEAD", "rfc"), traces)


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        top = tmp_path_factory.mktemp("series") / "linux"
        record = make_series(make_repository(top), "rfc", "HEAD", None, STAMP)
        yield top, [item.commit for item in record.patches]


def write(tree: Path, changes: Mapping[str, bytes]) -> None:
    for path, content in changes.items():
        (tree / path).write_bytes(content)


def assert_runs_alike(program: Path, traces: Traces) -> None:
    """Entry by entry, so that a difference is shown as the runs of one function."""
    assert credtrace.entry_points(program) == list(traces)
    for function, runs in traces.items():
        assert credtrace.explore(program, function) == runs, function


class TestScanAgreesWithTheReading:
    @pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.function}-{claim.nth}")
    def test_verdict(self, before: Before, claim: Claim) -> None:
        site = before.at(claim)
        proven = {verdict.form for verdict in site.verdicts if verdict.ok}
        match claim.verdict:
            case Verdict.GUARD:
                assert Form.GUARD in proven, site.verdict(Form.GUARD).reason
            case Verdict.SCOPED:
                assert Form.GUARD not in proven
                assert proven, site.verdict(Form.SCOPED).reason
            case Verdict.REFUSED:
                assert proven <= {Form.LIGHT}
            case Verdict.LEFT:
                assert not proven

    @pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.function}-{claim.nth}")
    def test_kind_and_what_a_guard_would_do(self, before: Before, claim: Claim) -> None:
        site = before.at(claim)
        guard = site.verdict(Form.GUARD)
        assert site.site.kind.value == claim.kind.value
        assert tuple(moved.call for moved in guard.moved) == claim.moved
        assert len(guard.jumps) == claim.jumps_in

    def test_no_other_function_has_a_site_but_callers_of_wrappers(self, before: Before) -> None:
        claimed = {(claim.file, claim.function) for claim in CLAIMS}
        others = [item for item in before.survey.judged if _place(item) not in claimed]
        names = {item.site.function.name for item in others}
        assert names == set(WRAPPER_CALLERS) - {function for _, function in claimed}
        assert all(item.choice is None for item in others)
        assert not before.survey.unreadable

    def test_every_form_is_chosen_somewhere(self, before: Before) -> None:
        chosen = defaultdict(int)
        for item in before.survey.judged:
            chosen[item.choice] += 1
        assert min(chosen[form] for form in FORMS) >= 5
        assert sum(claim.kind is Kind.SITE for claim in CLAIMS) >= 55


def _place(item: Judged) -> tuple[str, str]:
    return item.site.function.path, item.site.function.name


class TestRunsAsBefore:
    """Same decisions asked, same calls under the same credentials, same return values, same references at the end."""

    @pytest.mark.parametrize("cc", COMPILERS)
    @pytest.mark.parametrize("form", ASKED)
    def test_all_that_proves(self, before: Before, tmp_path: Path, form: str, cc: str) -> None:
        tree = Path(shutil.copytree(MINIATURE, tmp_path / "linux"))
        patches = before.planned(form)
        for patch in patches:
            write(tree, patch.changes)
        assert sum(len(patch.sites) for patch in patches) >= 24
        assert_runs_alike(credtrace.build(tree, tmp_path / "out", cc, "-O2"), before.traces)

    @pytest.mark.parametrize("form", ASKED)
    def test_under_sanitizers(self, before: Before, tmp_path: Path, form: str) -> None:
        tree = Path(shutil.copytree(MINIATURE, tmp_path / "linux"))
        for patch in before.planned(form):
            write(tree, patch.changes)
        assert_runs_alike(credtrace.build(tree, tmp_path / "out", flags=SANITIZERS), before.traces)

    @pytest.mark.parametrize("form", ASKED)
    def test_without_what_kconfig_selects(self, before: Before, tmp_path: Path, form: str) -> None:
        """The other side of every #ifdef."""
        old = credtrace.build(MINIATURE, tmp_path / "old", flags="-DCONFIG_NONE")
        tree = Path(shutil.copytree(MINIATURE, tmp_path / "linux"))
        for patch in before.planned(form):
            write(tree, patch.changes)
        traces = credtrace.explore_all(old)
        assert traces != before.traces
        assert_runs_alike(credtrace.build(tree, tmp_path / "new", flags="-DCONFIG_NONE"), traces)

    def test_a_form_converts_every_site_that_it_proves(self, before: Before) -> None:
        for form in FORMS:
            wanted = [item for item in before.survey.judged if item.verdict(form).ok]
            patches = before.planned(form.value)
            converted = [item for patch in patches for item in patch.sites]
            assert {_site(item) for item in converted} == {_site(item) for item in wanted}
            assert {item.choice for item in converted} == {form}


def _site(item: Judged) -> tuple[str, int]:
    return item.site.function.path, item.site.line


class TestEveryCommit:
    """Bisection may stop anywhere: each prefix of the series builds and runs as the base does."""

    @pytest.mark.parametrize("cc", COMPILERS)
    def test_builds_and_runs(self, before: Before, commits: tuple[Path, list[str]], tmp_path: Path, cc: str) -> None:
        top, ids = commits
        assert len(ids) >= 6
        for commit in ids:
            tree = tmp_path / commit
            tree.mkdir()
            archive = subprocess.run(["git", "-C", top, "archive", commit], check=True, capture_output=True)
            subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
            assert_runs_alike(credtrace.build(tree, tmp_path / f"{commit}.out", cc), before.traces)
