"""The level `build`: kbuild makes the touched directories at every patch, in one build directory for each variant."""

from __future__ import annotations

import json
import posixpath
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, Step
from credseries.verify.kbuild.diagnostics import Diagnostic, from_json, last_words, new_ones, problems_of, with_sources
from credseries.verify.kbuild.directory import Configured, Setup, configured, make, object_of, said_by_target
from credseries.verify.kbuild.toolchains import compiler, make_variables, missing_for, version_text
from credseries.verify.levels.compile import Plan, plan_units
from credseries.verify.levels.translate import contents
from credseries.verify.missing import Missing, advice
from credseries.verify.model import Level, Severity, Status, Variant
from credseries.verify.once import locked, made_once, remove
from credseries.verify.tasks import Check, Judgement, Place, Result, left_out, needless
from credseries.verify.trees.states import Change
from credseries.verify.trees.views import update_view
from credseries.words import content_key, many

_FORMAT = "1"  # of a result
_HEAVY = 8  # directories in a directory of which only the touched objects are made
_OBJECTS, _NOTES, _BUSY, _LOCK = "built", "built.json", "built.busy", "make.lock"


@dataclass(frozen=True)
class BuildTask:
    """kbuild of some targets in one state of a series; `changes` are all differences from the base."""

    setup: Setup
    targets: tuple[str, ...]
    changes: tuple[Change, ...]
    state: str = field(compare=False)

    @property
    def key(self) -> str:
        """The content key."""
        files = (part for change in self.changes for part in (change.path, change.mode, change.blob))
        return content_key("build", _FORMAT, self.setup.key, *self.targets, "", *files)

    @property
    def title(self) -> str:
        """What is being done."""
        return f"{self.setup.variant.label}: make {' '.join(self.targets)}"

    def run(self, place: Place) -> Result:
        """The result: what was said of every object of the targets, whether make succeeded, and the seconds it took.

        make says something of what it makes now, so what was said earlier is kept, by object.
        """
        built = configured(place, self.setup)
        files = contents(place, self.state, self.changes)
        start = time.perf_counter()
        with locked(built.root / _LOCK):
            out = _directory(built)
            notes = json.loads((built.root / _NOTES).read_text())
            (built.root / _BUSY).touch()
            update_view(built.base_tree, built.source, files)
            status, said = self._make(place, built, out, notes)
            (built.root / _NOTES).write_text(json.dumps(notes))
            (built.root / _BUSY).unlink()
        return {
            "succeeded": status == 0,
            "diagnostics": [item.to_json() for item in said],
            "seconds": round(time.perf_counter() - start, 3),
        }

    def _make(self, place: Place, built: Configured, out: Path, notes: dict[str, Any]) -> tuple[int, list[Diagnostic]]:
        targets = list(self.targets)
        kconfig = [f"{change.path} {change.blob}" for change in self.changes if "Kconfig" in change.path]
        if kconfig != notes["kconfig"]:
            # make would ask for the values of new symbols
            make(built.source, out, self.setup.variant, place.jobs, ["olddefconfig"])
            notes["kconfig"] = kconfig
        ran = make(built.source, out, self.setup.variant, place.jobs, targets)
        tops = (built.source, built.base_tree)
        for target, found in said_by_target(ran, tops).items():
            if target:
                notes["said"][target] = [item.to_json() for item in with_sources(found, _reader(built.source))]
        here = [target for target in notes["said"] if _covers(self.targets, target)]
        gone = {object_of(change.path) for change in self.changes if not change.mode}
        said = [from_json(item) for target in sorted(here) if target not in gone for item in notes["said"][target]]
        if ran.status != 0 and not any(item.severity is Severity.ERROR for item in said):
            said.append(last_words(ran.output.decode("utf-8", "replace"), ""))
        return ran.status, said


def _covers(targets: Iterable[str], made: str) -> bool:
    return any(made == target or (target.endswith("/") and made.startswith(target)) for target in targets)


def _reader(top: Path) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            return (top / path).read_bytes()
        except OSError:
            return None

    return read


def _directory(built: Configured) -> Path:
    """The directory that is built in, at first a copy of the one that was configured. Its lock is held."""
    out = built.root / _OBJECTS
    if (built.root / _BUSY).exists():  # somebody was killed there, and make would trust half an object
        remove(out)
    if not out.is_dir():
        made_once(out, lambda path: _copy(built.out, path))
        said = {object_of(unit): value["diagnostics"] for unit, value in built.said["units"].items()}
        (built.root / _NOTES).write_text(json.dumps({"said": said, "kconfig": []}))
        (built.root / _BUSY).unlink(missing_ok=True)
    return out


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)  # with the times of the files


def build_checks(
    repo: Repository,
    series: Series,
    variants: Sequence[Variant],
    *,
    plan: Plan | None = None,
    lacking: Callable[[Variant], Sequence[Missing]] = missing_for,
    version: Callable[[str], str] = version_text,
) -> list[Check]:
    """The checks of every patch with every variant: all directories that the series touches are made at each.

    Raises GitFailed, and EnvironmentProblem for a compiler that does not run.
    """
    plan = plan or plan_units(repo, series)
    targets = _targets(repo, plan)
    checks = []
    for variant in variants:
        missing = lacking(variant)
        setup = plan.setup(variant, version(compiler(variant))) if not missing else None
        checks += [_check(plan, step, variant, setup, targets, missing) for step in series.steps]
    return checks


def _check(
    plan: Plan,
    step: Step,
    variant: Variant,
    setup: Setup | None,
    targets: tuple[str, ...],
    missing: Sequence[Missing],
) -> Check:
    if setup is None or step.rejected:
        why = advice(missing) or step.rejected
        return left_out(step.number, Level.BUILD, variant.label, why, missing=setup is None)
    if not targets:
        return needless(step.number, Level.BUILD, variant.label, "nothing to build")
    states = [plan.states.by_revision[revision] for revision in (step.before, step.after)]
    tasks = tuple(BuildTask(setup, targets, state.changes, state.tree) for state in states)
    checkout = f"git switch --detach {step.commit[:12]} && " if step.commit else ""
    line = checkout + " ".join(("make", *make_variables(variant), "W=1", *targets))
    return Check(step.number, Level.BUILD, variant.label, tasks, _judge, line)


def _judge(results: Sequence[Result]) -> Judgement:
    before, after = results
    known, said = ([from_json(item) for item in result["diagnostics"]] for result in (before, after))
    problems = problems_of(new_ones(known, said))
    if not after["succeeded"] and before["succeeded"]:
        return Judgement(Status.FAIL, "it does not build", problems)
    if problems:
        return Judgement(Status.FAIL, f"it builds, with {many(len(problems), 'more warning')}", problems)
    if not after["succeeded"]:
        return Judgement(Status.SKIPPED, "it does not build before this patch either", problems_of(said))
    return Judgement(Status.PASS, "it builds, no new warning")


def _targets(repo: Repository, plan: Plan) -> tuple[str, ...]:
    """What make is told: the directories that the series touches, or only the objects in those that hold many."""
    directories = sorted({posixpath.dirname(path) for path in plan.built_paths()})
    heavy = _heavy(repo, plan.states.base, directories)
    objects = {object_of(unit) for unit in plan.units if posixpath.dirname(unit) in heavy}
    whole = {f"{directory}/" for directory in directories if directory and directory not in heavy}
    return tuple(sorted(objects | whole))


def _heavy(repo: Repository, tree: str, directories: Sequence[str]) -> set[str]:
    """The directories that hold so many others that to make all of them would take long."""
    if not directories:
        return set()
    places = [f"{directory}/" for directory in directories if directory]
    finished = repo.ran("ls-tree", "-d", "-z", "--name-only", "--full-tree", tree, "--", *places, environment={})
    inner = [posixpath.dirname(name) for name in finished.output.decode("utf-8", "replace").split("\0")]
    return {directory for directory in directories if not directory or inner.count(directory) > _HEAVY}
