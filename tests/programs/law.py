"""The law: whatever credseries proves of a generated program behaves, when it is run, as the original does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from credseries.creds.program import Program as Analysed
from credseries.creds.program import SourceFile
from credseries.creds.sites import Analysis, SiteKind
from credseries.rewrite.forms import FORMS, Form, Names
from credseries.rewrite.plan import DEFAULT_ORDER, Judged, Planner
from tests.programs.execute import Candidate, Difference, Effort, Machine, Outcome, Version
from tests.programs.generate import Program
from tests.programs.series import prefixes, revert_of

PATH = "fs/generated.c"
CONFIGURATION = "CONFIG_EXTRA"
ORDERS: dict[str, tuple[Form, ...]] = {"auto": DEFAULT_ORDER, **{f"all {form.value}": (form,) for form in FORMS}}


@dataclass(frozen=True)
class Verdicts:
    """What credseries makes of a program: each different rewrite, and of its sites how many are proven in what form.

    `first` counts sites by the form that they get in the default order, `refused` those that get none by the reason.
    """

    candidate: Candidate
    sites: int
    proven: Counter[str]
    first: Counter[str]
    refused: Counter[str]


def _with(text: bytes, changes: Iterable[tuple[Analysis, int, bytes]]) -> str:
    """A file with the text of some functions replaced."""
    for analysis, start, new in sorted(changes, key=lambda change: -change[1]):
        text = text[:start] + new + text[start + len(analysis.function.source) :]
    return text.decode("utf-8", "surrogateescape")


def _only(judged: Sequence[Judged], index: int, form: Form) -> list[Judged]:
    """The sites with one of them in a form, and the others as they are."""
    return [replace(item, choice=form if at == index else None) for at, item in enumerate(judged)]


def verdicts(program: Program) -> Verdicts:
    """Everything that credseries proves of a program, alone and together."""
    source = program.text.encode("utf-8", "surrogateescape")
    analysed = Analysed({PATH: SourceFile(PATH, source)})
    analysed.run()
    names = Names(accessors=program.accessors)
    found: dict[str, str] = {}
    together: dict[str, list[tuple[Analysis, int, bytes]]] = {label: [] for label in ORDERS}
    proven: Counter[str] = Counter()
    first: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    sites = 0
    for (_, start), analysis in sorted(analysed.analyses.items(), key=lambda item: item[0]):
        if analysis.unreadable is not None:
            refused[f"unreadable: {_normal(analysis.unreadable)}"] += 1
            continue
        planner = Planner(names)
        judged = planner.judge_all(analysis)
        for index, item in enumerate(judged):
            for verdict in item.verdicts:
                if verdict.ok:
                    proven[verdict.form.value] += 1
                    rewritten = planner.rewrite(analysis, _only(judged, index, verdict.form))
                    label = f"site at line {item.site.line} alone, {verdict.form.value}"
                    found.setdefault(_with(source, [(analysis, start, rewritten.text)]), label)
            if item.site.kind is SiteKind.SITE and item.site.converted is None:
                sites += 1
                first[item.choice.value if item.choice is not None else "refused"] += 1
                if item.choice is None:
                    refused[_normal(item.reason)] += 1
        for label, order in ORDERS.items():
            ordered = [replace(item, choice=_first(item, order)) for item in judged]
            rewritten = Planner(names, order).rewrite(analysis, ordered)
            together[label].append((analysis, start, rewritten.text))
    for label, changes in together.items():
        found.setdefault(_with(source, changes), label)
    switches = 0
    for text, label, switches_wrapper in prefixes(PATH, program):
        found.setdefault(text, label)
        switches += switches_wrapper
    proven["switched"] += switches
    versions = [Version("original", program.text)]
    versions += [Version(label, text) for text, label in found.items() if text != program.text]
    defines = (*program.defines, *map(revert_of, program.accessors))
    candidate = Candidate(defines, program.entry, program.worlds, tuple(versions))
    return Verdicts(candidate, sites, proven, first, refused)


def may_fail(program: Program) -> bool:
    """Whether anything is proven of a program, or the engine raises: without either, it cannot break the law."""
    try:
        return len(verdicts(program).candidate.versions) > 1
    except Exception:
        return True


def _first(judged: Judged, order: Sequence[Form]) -> Form | None:
    ok = {verdict.form for verdict in judged.verdicts if verdict.ok}
    return next((form for form in order if form in ok), None)


_VARIABLES = "old|old_cred|saved_cred|held|new|found|opened|alias|copy"
_NORMAL = (
    (re.compile(r"\bwould run .* under the override"), "would run calls under the override"),
    (re.compile(r"\blines? [\d, ]*\d"), "line N"),
    (re.compile(r"\b[a-z]\w*->\w+(->\w+)*"), "EXPR"),
    (re.compile(r"\b(?!guard|scoped_guard|override_creds|revert_creds|cleanup)\w+\(\)"), "f()"),
    (re.compile(rf"\b({_VARIABLES})\d*\b(?=( holds| is (also|declared|not|taken)| does))"), "VAR"),
    (re.compile(rf"(?<=the address of )({_VARIABLES})\d*\b"), "VAR"),
    (re.compile(r"\blabel \w+"), "label L"),
    (re.compile(r"\bgoto (?!and )\w+"), "goto L"),
    (re.compile(r"\((.*?), source: "), "(EXPR, source: "),
)


def _normal(reason: str) -> str:
    """A reason without the lines and the names of a program."""
    for pattern, text in _NORMAL:
        reason = pattern.sub(text, reason)
    return reason


@dataclass
class Report:
    """What a run over many programs gave; `failures` are (program, difference, or what the engine raised)."""

    programs: int = 0
    with_sites: int = 0
    rewrites: int = 0
    sites: int = 0
    proven: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    proven_shapes: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    overridden: int = 0
    exhausted: int = 0
    erroneous: int = 0
    invalid: list[Program] = field(default_factory=list)
    failures: list[tuple[Program, Difference]] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Add what another run gave."""
        for name in ("programs", "with_sites", "rewrites", "sites", "runs", "overridden", "exhausted", "erroneous"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("proven", "first", "refused", "shapes", "proven_shapes", "invalid", "failures"):
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(getattr(other, name))
            else:
                mine.extend(getattr(other, name))


def _raised(program: Program, error: Exception) -> Difference:
    what = f"the engine raised {type(error).__name__}: {error}"
    return Difference(0, Version("none", program.text), what)


def examine(programs: Sequence[Program], machine: Machine, seed: int = 1, effort: Effort = Effort()) -> Report:  # noqa: B008
    """Whether the law holds for some programs: all of them are compiled together and run."""
    report = Report()
    kept: list[Program] = []
    candidates: list[Candidate] = []
    for program in programs:
        report.programs += 1
        report.shapes.update(program.shapes)
        try:
            found = verdicts(program)
        except Exception as error:
            report.failures.append((program, _raised(program, error)))
            continue
        report.sites += found.sites
        report.with_sites += found.sites > 0
        report.proven.update(found.proven)
        report.first.update(found.first)
        report.refused.update(found.refused)
        if len(found.candidate.versions) > 1:
            report.rewrites += len(found.candidate.versions) - 1
            report.proven_shapes.update(program.shapes)
        # an original without rewrites is compiled too: the generator is to make valid programs
        kept.append(program)
        candidates.append(found.candidate)
        if CONFIGURATION in program.text:
            kept.append(program)
            candidates.append(replace(found.candidate, configuration=CONFIGURATION))
    outcome: Outcome = machine.run(candidates, seed, effort)
    report.runs, report.overridden = outcome.runs, outcome.overridden
    report.exhausted, report.erroneous = outcome.exhausted, outcome.erroneous
    report.invalid = [kept[number] for number in outcome.invalid]
    report.failures += [(kept[item.candidate], item) for item in outcome.differences]
    return report
