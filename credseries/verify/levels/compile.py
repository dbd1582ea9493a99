"""The level `compile`: every file that a patch touches, compiled as the patch leaves it and as it was before."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, Step
from credseries.verify.kbuild.diagnostics import Diagnostic, from_json, new_ones, problems_of
from credseries.verify.kbuild.directory import Setup, object_of
from credseries.verify.kbuild.toolchains import (
    compiler,
    make_variables,
    missing_for,
    sparse_version,
    version_text,
)
from credseries.verify.levels.unit_task import CompileTask
from credseries.verify.levels.units import Touched, include_name, includes_header, relevant, touched, undepended
from credseries.verify.missing import Missing, advice
from credseries.verify.model import Level, Severity, Status, Variant
from credseries.verify.tasks import Check, Judgement, Result, left_out, needless
from credseries.verify.trees.states import States, read_states
from credseries.words import many

_CORE = ("block", "fs", "init", "ipc", "kernel", "lib", "mm", "security")  # that most configurations build
_SHOWN = 3  # files of a reproduce line


@dataclass(frozen=True)
class Pair:
    """A unit that is compiled for a patch, and where its results are: positions in the check's tasks (None: there is no
    such file). `changed`: the patch changes it, and does not only change a header that it may read."""

    unit: str
    before: int | None
    after: int
    changed: bool = True


def judge(pairs: Sequence[Pair], results: Sequence[Result], remark: str) -> Judgement:
    """What the results say about a patch: new errors and new warnings fail it.

    It does not pass while a file that it changes is not built.
    """
    new: list[Diagnostic] = []
    compiled: list[str] = []
    not_built: list[str] = []
    lost = False
    for pair in pairs:
        after = results[pair.after]
        before = results[pair.before] if pair.before is not None else None
        said = [from_json(item) for item in after["diagnostics"]]
        known = [from_json(item) for item in before["diagnostics"]] if before is not None else []
        found = new_ones(known, said)
        new += found
        old_error = next((item for item in said if _stops(item) and item not in found), None)
        if old_error is not None:
            not_built.append(f"{pair.unit}: it does not compile before this patch either: {old_error.text}")
        elif after["built"]:
            compiled.append(pair.unit)
            continue
        else:
            not_built.append(f"{pair.unit}: {after['reason']}")
        lost = lost or pair.changed
    problems = problems_of(new)
    if problems:
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        counts = ((errors, "new error"), (len(problems) - errors, "new warning"))
        words = " and ".join(many(number, what) for number, what in counts if number)
        return Judgement(Status.FAIL, _joined(words, remark), problems)
    skipped = f"not built: {'; '.join(not_built)}" if not_built else ""
    if not compiled:
        return Judgement(Status.SKIPPED, _joined(skipped, remark))
    good = f"{compiled[0] if len(compiled) == 1 else f'{len(compiled)} files'}, no new warning"
    if lost:
        return Judgement(Status.SKIPPED, _joined(skipped, good, remark))
    return Judgement(Status.PASS, _joined(good, skipped, remark))


def _stops(diagnostic: Diagnostic) -> bool:
    """Whether it is a real error, after which not everything is said; one with a flag is a warning by another name."""
    return diagnostic.severity is Severity.ERROR and not diagnostic.flag


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


@dataclass(frozen=True)
class Plan:
    """What is known of a series before anything is compiled: its states, what each step touches, the units' texts in
    the base and at the end, and units of the tree that include headers which no unit of the series includes."""

    states: States
    steps: dict[int, Touched]
    texts: dict[str, tuple[bytes, ...]]
    dependents: tuple[str, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """All files that are compiled, in order."""
        return tuple(sorted({*self.texts, *self.dependents}))

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers that the series touches, in order."""
        return tuple(sorted({header for step in self.steps.values() for header in step.headers}))

    def setup(self, variant: Variant, version: str) -> Setup:
        """The build directory for a variant, whose compiler has this version."""
        return Setup(self.states.base, variant, version, self.units, self.headers)

    def task(self, setup: Setup, unit: str, revision: str, sparse: str = "") -> CompileTask:
        """The compilation of a unit at a commit or tree."""
        state = self.states.by_revision[revision]
        changes, others = relevant(unit, state, self.texts.get(unit, ()))
        return CompileTask(setup, unit, changes, state.tree, others, sparse)

    def units_of(self, step: Step) -> tuple[str, ...]:
        """The files that are compiled for a step: those it changes, and with a header all others that may read it."""
        what = self.steps[step.number]
        others = self.units if what.headers else ()
        rest = (unit for unit in others if unit not in what.units and self.exists(unit, step.after))
        return (*what.units, *rest)

    def removed_units(self, step: Step) -> tuple[str, ...]:
        """The files that a step removes."""
        known = self.units
        return tuple(unit for unit in known if self.exists(unit, step.before) and not self.exists(unit, step.after))

    def built_paths(self) -> tuple[str, ...]:
        """The files whose directories are made: those that are compiled, assembly, and what kbuild reads there."""
        found = [path for step in self.steps.values() for path in (*step.assembly, *step.build_files)]
        return (*self.units, *found)

    def exists(self, unit: str, revision: str) -> bool:
        """Whether a commit or tree has a file."""
        state = self.states.by_revision[revision]
        change = state.change(unit)
        if change is not None:
            return bool(change.mode)
        return not any(
            item.path == unit and item.added for other in self.states.by_revision.values() for item in other.changes
        )


def plan_units(repo: Repository, series: Series, *, dependents: int = 3) -> Plan:
    """What has to be compiled for a series, read by a handful of git processes.

    For a header that no unit of the series includes, up to so many other files of the tree are compiled that do.
    """
    states = read_states(repo, series)
    steps = {step.number: touched(states, step.before, step.after) for step in series.steps if not step.rejected}
    units = sorted({unit for step in steps.values() for unit in step.units})
    texts: dict[str, tuple[bytes, ...]] = dict.fromkeys(units, ())
    for revision in dict.fromkeys((series.base, *(step.after for step in series.steps[-1:]))):
        for unit, content in repo.read_files(revision, units).items():
            texts[unit] += (content,)
    headers = sorted({header for step in steps.values() for header in step.headers})
    lonely = undepended(headers, texts)
    found = _dependents(repo, series.base, lonely, dependents) if lonely and dependents else ()
    return Plan(states, steps, texts, found)


def _dependents(repo: Repository, base: str, headers: Sequence[str], most: int) -> tuple[str, ...]:
    """Files of core directories that include one of the headers, up to `most` for each."""
    chosen: list[str] = []
    for header in headers:
        hits = [path for path in repo.grep_files(base, [include_name(header)], _CORE) if path.endswith(".c")]
        near = sorted(hits, key=lambda path: (path.count("/"), path))[: 4 * most]
        contents = repo.read_files(base, near)
        chosen += [path for path in near if includes_header(contents[path], path, header)][:most]
    return tuple(dict.fromkeys(chosen))


def compile_checks(
    repo: Repository,
    series: Series,
    variants: Sequence[Variant],
    *,
    dependents: int = 3,
    plan: Plan | None = None,
    lacking: Callable[[Variant], Sequence[Missing]] = missing_for,
    version: Callable[[str], str] = version_text,
) -> list[Check]:
    """The checks of every patch with every variant, and with sparse where it is installed.

    Raises GitFailed, and EnvironmentProblem for a compiler that does not run.
    """
    plan = plan or plan_units(repo, series, dependents=dependents)
    checks: list[Check] = []
    setups: dict[tuple[str, str], Setup] = {}  # the first for each architecture and configuration: sparse needs one
    for variant in variants:
        missing = lacking(variant)
        if missing:
            why = advice(missing)
            checks += [left_out(step.number, Level.COMPILE, variant.label, why, missing=True) for step in series.steps]
            continue
        setup = plan.setup(variant, version(compiler(variant)))
        checks += [_check(plan, step, setup) for step in series.steps]
        setups.setdefault((variant.arch, variant.config), setup)
    sparse = sparse_version()
    if sparse:
        checks += [_check(plan, step, setup, sparse) for setup in setups.values() for step in series.steps]
    return checks


def _check(plan: Plan, step: Step, setup: Setup, sparse: str = "") -> Check:
    variant = setup.variant
    label = " ".join(filter(None, ("sparse", variant.arch, variant.config))) if sparse else variant.label
    if step.rejected:
        return left_out(step.number, Level.COMPILE, label, step.rejected)
    what = plan.steps[step.number]
    remark = f"{', '.join(what.build_files)} changed: needs the level build" if what.build_files else ""
    if what.assembly:
        remark = "; ".join(filter(None, (remark, f"{', '.join(what.assembly)} not compiled: needs the level build")))
    units = plan.units_of(step)
    if not units:
        return needless(step.number, Level.COMPILE, label, remark or "nothing to compile")
    tasks: list[CompileTask] = []
    pairs: list[Pair] = []
    for unit in units:
        before = None
        if plan.exists(unit, step.before):
            before = len(tasks)
            tasks.append(plan.task(setup, unit, step.before, sparse))
        pairs.append(Pair(unit, before, len(tasks), unit in what.units))
        tasks.append(plan.task(setup, unit, step.after, sparse))
    judged = partial(_judged, tuple(pairs), remark)
    return Check(step.number, Level.COMPILE, label, tuple(tasks), judged, reproduce(step, variant, units, bool(sparse)))


def _judged(pairs: Sequence[Pair], remark: str, results: Sequence[Result]) -> Judgement:
    return judge(pairs, results, remark)


def reproduce(
    step: Step, variant: Variant, units: Sequence[str], sparse: bool = False, flags: Sequence[str] = ()
) -> str:
    """A command line that does the same in a configured kernel tree; `flags` are for the compiler."""
    targets = [object_of(unit) for unit in units[:_SHOWN]]
    words = ("make", *make_variables(variant), *(("C=2",) if sparse else ()), "W=1")
    if flags:
        words = (*words, shlex.quote(f"KCFLAGS={' '.join(flags)}"))
    checkout = f"git switch --detach {step.commit[:12]} && " if step.commit else ""
    return checkout + " ".join((*words, *targets))
