"""The claim that a patch changes no code: its files compiled before and after it, and the objects compared."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import which

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, Step
from credseries.verify.kbuild.diagnostics import Diagnostic, from_json, problems_of
from credseries.verify.kbuild.directory import Configured, Setup, configured
from credseries.verify.kbuild.toolchains import compiler, cross_prefix, missing_for, version_text
from credseries.verify.levels.compile import Plan, plan_units, reproduce
from credseries.verify.levels.translate import command_for, contents, reads_a_change, translate
from credseries.verify.levels.unit_task import CompileTask
from credseries.verify.missing import Missing, advice
from credseries.verify.model import Level, Problem, Severity, Status, Variant
from credseries.verify.objects.compare import PLAIN_FLAGS, Comparison, ObjectPair, compare
from credseries.verify.objects.disassembly import disassemble, excerpt
from credseries.verify.process import run
from credseries.verify.tasks import Check, Judgement, Place, Result, left_out, needless
from credseries.words import content_key, many

_FORMAT = "2"  # of a result
_DISASSEMBLED = 3  # functions whose instructions are shown
_MENTIONS = 20  # files that still mention a name which is gone


@dataclass(frozen=True)
class ObjectsTask:
    """The units of a patch, each as a compilation before and one after it (None: there is no such file then)."""

    pairs: tuple[tuple[CompileTask | None, CompileTask | None], ...]
    after: str = field(compare=False)  # the tree after the patch

    @property
    def key(self) -> str:
        """The content key."""
        parts = [side.key if side is not None else "" for pair in self.pairs for side in pair]
        return content_key("same code", _FORMAT, *PLAIN_FLAGS, *parts)

    @property
    def title(self) -> str:
        """What is being done."""
        first = next(side for side in self.pairs[0] if side is not None)
        return f"{first.setup.variant.label}: objects of {first.unit}"

    def run(self, place: Place) -> Result:
        """The result: the units that were compared, those that are not built, errors, and what differs."""
        start = time.perf_counter()
        objects: list[ObjectPair] = []
        not_built: list[str] = []
        errors: list[Diagnostic] = []
        for before, after in self.pairs:
            some = before or after
            assert some is not None
            built = configured(place, some.setup)
            if command_for(built, some.unit) is None:
                not_built.append(f"{some.unit}: {built.unit(some.unit).reason}")
                continue
            if before is not None and after is not None and _same_source(built, before, after):
                continue
            sides = [_object(place, built, side, errors) for side in (before, after)]
            objects.append(ObjectPair(some.unit, *sides))
        found = compare(objects) if objects and not errors else None
        gone = [old for old, _ in found.published] if found is not None else []
        return {
            "units": [pair.path for pair in objects],
            "not_built": not_built,
            "errors": [item.to_json() for item in errors],
            "same": found is None or found.same,
            "renamed": [list(names) for names in found.renamed] if found is not None else [],
            "mentioned": _mentioned(place, self.after, gone, [pair.path for pair in objects]),
            "differences": self._differences(found, objects) if found is not None else [],
            "seconds": round(time.perf_counter() - start, 3),
        }

    def _differences(self, found: Comparison, objects: Sequence[ObjectPair]) -> list[list[str]]:
        """What differs, as (path, what, name, how); of the first functions also how their instructions do."""
        some = next(side for side in self.pairs[0] if side is not None)
        program = f"{cross_prefix(some.setup.variant)}objdump"
        by_path, names = {pair.path: pair for pair in objects}, dict(found.renamed)
        told = []
        for number, item in enumerate(found.differences):
            how, pair = item.detail, by_path[item.path]
            if item.what == "function" and number < _DISASSEMBLED and pair.before and pair.after and which(program):
                sides = ((pair.before, item.name), (pair.after, names.get(item.name, item.name)))
                before, after = (disassemble(data, name, partial(_objdump, program)) for data, name in sides)
                how = "\n".join((how, *excerpt(before, after)))
            told.append([item.path, item.what, item.name, how])
        return told


def _objdump(program: str, options: Sequence[str], data: bytes) -> str:
    with tempfile.TemporaryDirectory(prefix="credseries-") as name:
        file = Path(name, "object.o")
        file.write_bytes(data)
        return run([program, *options, file.name], directory=Path(name)).output.decode("utf-8", "replace")


def _same_source(built: Configured, before: CompileTask, after: CompileTask) -> bool:
    """Whether nothing that the unit reads differs between two states."""
    changes = set(before.changes) ^ set(after.changes)
    if not changes:
        return True
    command = command_for(built, before.unit)
    itself = any(change.path == before.unit for side in (before, after) for change in side.changes)
    return not itself and command is not None and not reads_a_change(built, command, (*before.changes, *after.changes))


def _object(place: Place, built: Configured, task: CompileTask | None, errors: list[Diagnostic]) -> bytes | None:
    command = command_for(built, task.unit) if task is not None else None
    if task is None or command is None:
        return None
    files = contents(place, task.state, task.changes)
    done = translate(built, command, task.unit, files, task.others, more=PLAIN_FLAGS, keep=True)
    if done.content is None:
        errors += [item for item in done.diagnostics if item.severity is Severity.ERROR]
    return done.content


def _mentioned(place: Place, tree: str, names: Sequence[str], units: Collection[str]) -> list[list[str]]:
    """Other files that mention a name that the objects do not have any more, as (file, names)."""
    if not names:
        return []
    found = [path for path in place.repo.grep_files(tree, names) if path not in units]
    return [[path, ", ".join(names)] for path in found[:_MENTIONS]]


def same_code_checks(
    repo: Repository,
    series: Series,
    variants: Sequence[Variant],
    steps: Collection[int],
    *,
    plan: Plan | None = None,
    lacking: Callable[[Variant], Sequence[Missing]] = missing_for,
    version: Callable[[str], str] = version_text,
) -> list[Check]:
    """The checks, with every variant, of those patches (by number) of which it is claimed that they change no code."""
    claimed = [step for step in series.steps if step.number in steps]
    if not claimed:
        return []
    plan = plan or plan_units(repo, series)
    checks = []
    for variant in variants:
        missing = lacking(variant)
        setup = plan.setup(variant, version(compiler(variant))) if not missing else None
        checks += [_check(plan, step, variant, setup, missing) for step in claimed]
    return checks


def _check(plan: Plan, step: Step, variant: Variant, setup: Setup | None, missing: Sequence[Missing]) -> Check:
    label = f"{variant.label} same code"
    if setup is None or step.rejected:
        why = advice(missing) or step.rejected
        return left_out(step.number, Level.COMPILE, label, why, missing=setup is None)
    what = plan.steps[step.number]
    units = plan.units_of(step)
    if not units:
        return needless(step.number, Level.COMPILE, label, "no file to compile")
    pairs = []
    for unit in (*units, *plan.removed_units(step)):
        sides = [
            plan.task(setup, unit, revision) if plan.exists(unit, revision) else None
            for revision in (step.before, step.after)
        ]
        pairs.append((sides[0], sides[1]))
    remark = ", ".join((*what.build_files, *what.assembly))
    task = ObjectsTask(tuple(pairs), plan.states.by_revision[step.after].tree)
    line = reproduce(step, variant, units, flags=PLAIN_FLAGS)
    return Check(step.number, Level.COMPILE, label, (task,), lambda results: _judge(results[0], remark), line)


def _judge(result: Result, remark: str) -> Judgement:
    if result["errors"]:
        problems = problems_of(map(from_json, result["errors"]))
        return Judgement(Status.FAIL, "it does not compile", problems)
    problems = tuple(
        Problem(Severity.ERROR, f"{what} {name}: {detail}" if name else f"{what}: {detail}", path)
        for path, what, name, detail in result["differences"]
    )
    problems += tuple(
        Problem(Severity.WARNING, f"this file may know a name that is gone: {names}", path)
        for path, names in result["mentioned"]
    )
    if not result["same"]:
        return Judgement(Status.FAIL, f"the code differs in {many(len(result['differences']), 'place')}", problems)
    if result["mentioned"]:
        return Judgement(Status.FAIL, "names changed that other files mention", problems)
    parts = [f"the same code in {many(len(result['units']), 'file')}"]
    if not result["units"]:
        parts = ["no compiled file reads what changed"]
    if result["renamed"]:
        parts.append("renamed: " + ", ".join(f"{old} to {new}" for old, new in result["renamed"]))
    if result["not_built"]:
        parts.append(f"not built: {'; '.join(result['not_built'])}")
        if not result["units"]:
            return Judgement(Status.SKIPPED, parts[-1])
    if remark:
        parts.append(f"{remark} not compared")
    return Judgement(Status.PASS, "; ".join(parts))
