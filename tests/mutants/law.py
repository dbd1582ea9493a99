"""The law for mutants: no crash, and what is proven of one is C as much as it was, proves again, and runs the same."""

from __future__ import annotations

import random
import signal
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from credseries.creds.program import SourceFile
from credseries.rewrite.forms import Names
from tests.mutants.compilers import UNDEFINED, Compiler
from tests.mutants.mutate import mutant
from tests.mutants.rewrites import Rewrites, rewrites_of
from tests.programs.choices import SeededChoices
from tests.programs.execute import Candidate, Effort, ExecutionError, Machine, Version
from tests.programs.generate import Program, make_program
from tests.programs.series import revert_of

PATH = "fs/generated.c"
EFFORT = Effort(depth=5, by_chance=10)


class Hung(Exception):
    """Something took longer than it may."""


@dataclass(frozen=True)
class Case:
    """A text to hold the law for, and with what: `program` is set for one that can be run.

    `seed` is that of the mutant.
    """

    name: str
    path: str
    text: bytes
    files: Mapping[str, SourceFile] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    compiler: Compiler | None = None
    program: Program | None = None
    seed: int = 0


@dataclass(frozen=True)
class Breach:
    """A mutant that breaks the law: how, and the rewrite that does, where there is one."""

    case: Case
    what: str
    rewrite: bytes = b""
    detail: str = ""


@dataclass
class Report:
    """What mutants gave. `counts` has how many were refused whole, rewritten, compiled, run, and so on."""

    counts: Counter[str] = field(default_factory=Counter)
    breaches: list[Breach] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Add what others gave."""
        self.counts.update(other.counts)
        self.breaches += other.breaches


class Sources:
    """Where mutants come from: generated programs, and the C files of a tree."""

    def __init__(self, programs: Compiler | None = None, tree: tuple[Case, ...] = (), share: float = 0.6) -> None:
        """`tree` are the files as they are, `share` is how many of the mutants are made of programs."""
        self.compiler = programs
        self.tree = tree
        self.share = share

    def case(self, seed: int) -> Case:
        """A mutant; the same for the same seed."""
        chance = random.Random(seed)
        if chance.random() < self.share:
            number = chance.randrange(1 << 30)
            program = make_program(SeededChoices(number))
            case = Case(f"program {number}", PATH, program.text.encode(), {}, Names(accessors=program.accessors))
            case = replace(case, compiler=self.compiler, program=program)
        else:
            case = chance.choice(self.tree)
        text = mutant(seed, case.text)
        names = _still_true(case.names, SourceFile(case.path, case.text), text) if case.program else case.names
        return replace(case, name=f"{case.name}, mutant {seed}", text=text, seed=seed, names=names)


def _still_true(names: Names, before: SourceFile, text: bytes) -> Names:
    """The names without accessors that a mutant may have changed, or whose wrappers it may have changed."""
    texts = {extent.name: before.source[extent.start : extent.end] for extent in before.extents}
    same = {name for name, function in texts.items() if function in text}
    kept = {wrapper: name for wrapper, name in names.accessors.items() if {wrapper, name} <= same}
    return replace(names, accessors=kept)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Hung in what takes longer; 0 stands for no limit."""

    def rung(number: int, frame: FrameType | None) -> None:
        raise Hung(f"it takes more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, rung) if seconds else None
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)  # again, for an exception may be lost in a destructor
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if seconds:
            signal.signal(signal.SIGALRM, before)


def hold(case: Case, machine: Machine | None = None, seconds: float = 0) -> Report:
    """Whether the law holds for a text; `machine` runs it, if it is a program and compiles."""
    report = Report(Counter(mutants=1))
    try:
        with limited(seconds):
            found = rewrites_of(case.files, case.path, case.text, case.names)
    except Exception as error:  # whatever it is, it breaks the law
        where = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(where.filename).name}, {where.name}()"
        report.breaches.append(Breach(case, what, detail=f"{error}\n{traceback.format_exc()[-3000:]}"))
        return report
    report.counts["sites"] += found.sites
    report.counts["unreadable"] += found.unreadable
    report.counts["rewritten"] += bool(found.texts)
    report.counts["rewrites"] += len(found.texts)
    report.breaches += [Breach(case, "it does not hold anew", text, what) for what, text in found.wrong]
    if found.texts and case.compiler is not None and not report.breaches:
        _compile(case, case.compiler, found, machine, report)
    return report


def _compile(case: Case, compiler: Compiler, found: Rewrites, machine: Machine | None, report: Report) -> None:
    original = compiler.said(case.text)
    if original.errors:
        report.counts["no longer C"] += 1
        return
    report.counts["compiled"] += 1
    good = {}
    for text, label in found.texts.items():
        said = compiler.said(text)
        new = sorted(said.warnings - original.warnings)
        if said.errors:
            report.breaches.append(Breach(case, f"gcc says error: {said.errors[0]}", text, label))
        elif new:
            report.breaches.append(Breach(case, f"gcc warns: {', '.join(new)}", text, label))
        else:
            good[text] = label
    if machine is not None and case.program is not None and good:
        _run(case, compiler, case.program, good, machine, report)


def _run(
    case: Case, compiler: Compiler, program: Program, found: Mapping[bytes, str], machine: Machine, report: Report
) -> None:
    if compiler.said(case.text, "-fno-syntax-only", "-O1", "-S", "-o", "/dev/null").warnings & UNDEFINED:
        report.counts["undefined"] += 1
        return
    versions = [Version("original", _text(case.text))]
    versions += [Version(label, _text(text)) for text, label in found.items()]
    defines = {*program.defines, *map(revert_of, program.accessors)}
    defines |= {extent.name for extent in SourceFile(case.path, case.text).extents}
    candidate = Candidate(tuple(sorted(defines)), program.entry, program.worlds, tuple(versions))
    try:
        outcome = machine.run([candidate], 1, EFFORT)
    except ExecutionError:
        report.counts["could not be run"] += 1  # such as one that brings the runtime down
        return
    report.counts["run"] += outcome.runs > 0
    report.counts["runs"] += outcome.runs
    for item in outcome.differences:
        if item.original:  # what a compiler says of many versions in one unit need not be so of each
            text = item.version.text.encode("utf-8", "surrogateescape")
            report.breaches.append(Breach(case, f"it runs otherwise: {item.what}", text, str(item)))


def _text(source: bytes) -> str:
    return source.decode("utf-8", "surrogateescape")


def smaller(case: Case, breach: Breach, machine: Machine | None, seconds: float = 0) -> Breach:
    """A breach of the same kind by as few lines as taking lines away leads to."""
    best = breach
    width = max(case.text.count(b"\n") // 2, 1)
    while width:
        at = 0
        while True:
            lines = best.case.text.splitlines(keepends=True)
            if at >= len(lines):
                break
            tried = replace(case, text=b"".join(lines[:at] + lines[at + width :]))
            same = [item for item in hold(tried, machine, seconds).breaches if item.what == breach.what]
            if same:
                best = same[0]
            else:
                at += width
        width //= 2
    return best
