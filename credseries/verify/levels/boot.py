"""The level `boot`: the base and the last state of a series as User Mode Linux, and what came out otherwise."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from credseries.errors import BuildFailed, CredseriesError, EnvironmentProblem
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series
from credseries.verify.boot.build import build_kernel, lacking_options
from credseries.verify.boot.compare import differences, problems
from credseries.verify.boot.config import config_text
from credseries.verify.boot.initramfs import make_initramfs, programs_key
from credseries.verify.boot.model import BootRun
from credseries.verify.boot.run import boot
from credseries.verify.boot.tools import busybox, missing
from credseries.verify.kbuild.diagnostics import parse, problems_of
from credseries.verify.kbuild.toolchains import is_clang, version_text
from credseries.verify.levels.translate import contents
from credseries.verify.missing import advice
from credseries.verify.model import Level, Problem, Severity, Status, Variant, problem_from_json
from credseries.verify.once import locked, remove
from credseries.verify.tasks import Check, Judgement, Place, Result, left_out
from credseries.verify.trees.sources import source_tree
from credseries.verify.trees.states import Change, State, read_states
from credseries.verify.trees.views import make_view, update_view
from credseries.words import content_key, many

_PATIENCE = 600.0  # seconds that a boot may take: it takes some seconds on an idle machine
_LAST_WORDS = 500  # characters of a build that fails without a compiler's error


@dataclass(frozen=True)
class BootTask:
    """Build the kernel of a state and run the tests in it. `base` and `tree` are ids of trees; builds of states of the
    same base share a directory, so that a second one does only what differs."""

    base: str
    tree: str
    cc: str
    version: str
    changes: tuple[Change, ...] = field(compare=False)
    role: str = field(compare=False)

    @property
    def key(self) -> str:
        """The content key."""
        return content_key("boot", self.tree, self.cc, self.version, config_text(), programs_key())

    @property
    def title(self) -> str:
        """What is being done."""
        return f"User Mode Linux: {self.role}"

    def run(self, place: Place) -> Result:
        """The result: `run` is what `BootRun.to_json` gives, or `failed` what the compiler said, as problems; `lacking`
        are options that would find more mistakes, and that the tree does not have.

        Raises EnvironmentProblem and GitFailed.
        """
        start = time.perf_counter()
        shell = busybox()
        if shell is None:
            raise EnvironmentProblem("a static busybox is missing", hint="apt install busybox-static")
        place.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="boot-", dir=place.cache) as name:
            directory = Path(name)
            try:
                kernel, lacking = self._build(place, directory)
            except BuildFailed as error:
                failed = _compiler_errors(error.log, self._root(place)) or (
                    Problem(Severity.ERROR, f"{error.message}: {error.log[-_LAST_WORDS:]}"),
                )
                seconds = time.perf_counter() - start
                return {"failed": [problem.to_json() for problem in failed], "seconds": seconds}
            ran = boot(
                kernel,
                make_initramfs(directory, cc=self.cc, busybox=shell),
                seconds=_PATIENCE,
                directory=directory,
            )
        return {"run": ran.to_json(), "lacking": lacking, "seconds": time.perf_counter() - start}

    def _build(self, place: Place, directory: Path) -> tuple[Path, list[str]]:
        """A copy of the kernel, of which nobody else knows, and the options for finding mistakes that it lacks."""
        original, root = source_tree(place, self.base).resolve(), self._root(place)
        with locked(root.with_name(root.name + ".lock")):
            busy, view = root / "busy", root / "source"
            if not view.is_dir() or busy.exists():  # somebody was killed there, and make would trust half an object
                remove(root)
                root.mkdir(parents=True)
            busy.touch()
            files = contents(place, self.tree, self.changes)
            if view.is_dir():
                update_view(original, view, files)
            else:
                make_view(original, view, files)
            try:
                kernel = build_kernel(view, root / "out", cc=self.cc, jobs=place.jobs)
            except CredseriesError:
                busy.unlink()  # make has come to its end
                raise
            busy.unlink()
            return Path(shutil.copy2(kernel, directory / "linux")), list(lacking_options(root / "out"))

    def _root(self, place: Place) -> Path:
        """The directory that builds of states of this base share."""
        return place.cache.resolve() / f"boot-{content_key(self.base, self.cc, self.version, config_text())[:16]}"


def _compiler_errors(log: str, root: Path) -> tuple[Problem, ...]:
    return problems_of([item for item in parse(log, [root / "source"]) if item.severity is Severity.ERROR])


def boot_checks(repo: Repository, series: Series, variants: Sequence[Variant]) -> list[Check]:
    """Two checks: the base (in the row of patch 0) and the last patch that applies, for one of the compilers.

    Raises GitFailed, and EnvironmentProblem for a compiler that does not run.
    """
    steps = [step for step in series.steps if not step.rejected]
    if not steps:
        return []
    cc = next((variant.cc for variant in variants if not is_clang(variant.cc)), variants[0].cc)
    label = f"um {cc}"
    why = advice(missing(cc))
    if why:
        return [left_out(step, Level.BOOT, label, why, missing=True) for step in (0, steps[-1].number)]
    states, version = read_states(repo, series), version_text(cc)

    def task(state: State, role: str) -> BootTask:
        return BootTask(states.base, state.tree, cc, version, state.changes, role)

    base = task(states.by_revision[series.base], "the base")
    last = task(states.by_revision[steps[-1].after], f"patch {steps[-1].number}")
    by_hand = f"make ARCH=um CC={cc} linux"
    return [
        Check(0, Level.BOOT, label, (base,), judge_base, by_hand),
        Check(steps[-1].number, Level.BOOT, label, (base, last), judge_last, by_hand),
    ]


def judge_base(results: Sequence[Result]) -> Judgement:
    """What the boot of the base says about it."""
    [result] = results
    if "failed" in result:
        return _failed(result)
    run = BootRun.from_json(result["run"])
    return _judgement(run, problems(run), result["lacking"])


def judge_last(results: Sequence[Result]) -> Judgement:
    """What the boots of the base and of the last patch say about the series; what is wrong with both is the base's."""
    before, after = results
    if "failed" in after:
        return _failed(after)
    run = BootRun.from_json(after["run"])
    found = list(problems(run))
    if "run" in before:
        base = BootRun.from_json(before["run"])
        found = [item for item in found if item not in problems(base)]
        found += differences(base, run)
    return _judgement(run, found, ())


def _failed(result: Result) -> Judgement:
    return Judgement(Status.FAIL, "it does not build", tuple(problem_from_json(item) for item in result["failed"]))


def _judgement(run: BootRun, found: Sequence[str], lacking: Sequence[str]) -> Judgement:
    notes = tuple(
        Problem(Severity.NOTE, f"the tree has no {option}, which would find more mistakes") for option in lacking
    )
    if found:
        wrong = tuple(Problem(Severity.ERROR, text) for text in found)
        return Judgement(Status.FAIL, many(len(found), "problem"), (*wrong, *notes))
    return Judgement(Status.PASS, f"{many(len(run.outcomes), 'case')}, {run.seconds:.1f} s", notes)
