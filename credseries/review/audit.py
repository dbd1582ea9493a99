"""The audit of a series that somebody wrote by hand, patch by patch: every tree of it against the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from credseries.creds.audit.checks import Audited, Finding, Kind, Severity, audit_function
from credseries.creds.audit.pairs import Pair, Pairs, find_pairs, meaning_changed, same_function
from credseries.creds.audit.reading import Reading
from credseries.creds.sites import Site, SiteKind
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, Step
from credseries.review.snapshots import Snapshots
from credseries.series.cache import Cache
from credseries.series.scan import read_tree
from credseries.series.search import NEEDLES

SCHEMA = 1


@dataclass(frozen=True)
class Placed:
    """A finding, and the patch that it is about."""

    finding: Finding
    step: Step


@dataclass(frozen=True)
class NotAnalysed:
    """A function (or, with an empty name, a file) that could not be compared in the patch of a number, and why."""

    file: str
    function: str
    reason: str
    step: int


@dataclass(frozen=True)
class Report:
    """What the audit of a series gave; `compared` are (patch number, file, function)."""

    series: Series
    findings: tuple[Placed, ...]
    compared: tuple[tuple[int, str, str], ...]
    not_analysed: tuple[NotAnalysed, ...]

    @property
    def analysed(self) -> list[tuple[str, str]]:
        """The functions, as (file, name), that were compared in at least one patch."""
        return sorted({(file, function) for _, file, function in self.compared})

    def count(self, severity: Severity) -> int:
        """The number of findings of a severity."""
        return sum(item.finding.severity is severity for item in self.findings)

    @property
    def passes(self) -> bool:
        """Whether there is nothing worse than a note."""
        return not self.count(Severity.ERROR) and not self.count(Severity.WARNING)

    def to_json(self) -> dict[str, Any]:
        """The `audit` contract, schema 1: lines are 1-based in the file after the patch."""
        return {
            "schema": SCHEMA,
            "findings": [_finding_json(item) for item in self.findings],
            "analysed": [{"file": file, "function": function} for file, function in self.analysed],
            "compared": [{"patch": step, "file": file, "function": function} for step, file, function in self.compared],
            "not_analysed": [
                {"file": item.file, "function": item.function, "reason": item.reason, "patch": item.step}
                for item in self.not_analysed
            ],
        }


def _finding_json(item: Placed) -> dict[str, Any]:
    finding = item.finding
    return {
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "commit": item.step.commit,
        "patch": item.step.number,
        "file": finding.file,
        "function": finding.function,
        "line": finding.line,
        "call": finding.call,
        "before": finding.before,
        "after": finding.after,
        "path": list(finding.path),
        "message": finding.message,
    }


class _Audit:
    def __init__(self, series: Series, snapshots: Snapshots) -> None:
        self.series = series
        self.snapshots = snapshots
        self.findings: list[Placed] = []
        self.compared: set[tuple[int, str, str]] = set()
        self.not_analysed: dict[tuple[str, str, str], NotAnalysed] = {}

    def run(self) -> Report:
        for step in self.series.steps:
            if step.rejected:
                for file in step.files or ("",):
                    self._skip(step, file, "", step.rejected)
            elif self.snapshots.changed[step.before, step.after]:
                self._step(step)
        self.findings += _unconverted(self.series, self.snapshots)
        skipped = sorted(self.not_analysed.values(), key=lambda item: (item.file, item.function, item.reason))
        return Report(self.series, tuple(self.findings), tuple(sorted(self.compared)), tuple(skipped))

    def _skip(self, step: Step, file: str, function: str, reason: str) -> None:
        reason = f"patch {step.number}: {reason}"
        self.not_analysed.setdefault((file, function, reason), NotAnalysed(file, function, reason, step.number))

    def _step(self, step: Step) -> None:
        paths = self.snapshots.changed[step.before, step.after]
        old, new = self.snapshots.reading(step.before), self.snapshots.reading(step.after)
        pairs = find_pairs(paths, old, new)
        far = {name for name in meaning_changed(pairs, old, new) if not any(word in name for word in NEEDLES)}
        extra = self.snapshots.mentioning(step.after, far)
        if extra:
            old, new = self.snapshots.reading(step.before, extra), self.snapshots.reading(step.after, extra)
            pairs = find_pairs(paths, old, new)
        found: list[Finding] = []
        for pair in (*pairs.changed, *pairs.callers):
            audited = self._compare(pair, pairs, old, new)
            function = pair.after
            if audited.reason:
                self._skip(step, function.path, function.name, audited.reason)
            else:
                self.compared.add((step.number, function.path, function.name))
            found += self._against_base(step, pair, audited.findings, new)
        ordered = sorted(found, key=lambda item: (item.file, item.line, item.kind.value))
        self.findings += [Placed(finding, step) for finding in dict.fromkeys(ordered)]

    def _against_base(self, step: Step, pair: Pair, findings: tuple[Finding, ...], new: Reading) -> list[Finding]:
        """A finding is a note where the patch only puts back what the series' base had: what was wrong came before."""
        if not findings or step.before == self.series.base:
            return list(findings)
        base = self.snapshots.reading(self.series.base)
        paths = set(self.snapshots.between(self.series.base, step.after)) | {pair.after.path}
        pairs = find_pairs(paths, base, new)
        first = same_function(pair.after, base, new)
        if first is None:
            return list(findings)
        audited = self._compare(Pair(first, pair.after), pairs, base, new)
        wrong = {(item.kind, item.function, item.line, item.call) for item in audited.findings}
        return [
            item
            if audited.reason or (item.kind, item.function, item.line, item.call) in wrong
            else replace(item, severity=Severity.NOTE, message=f"{item.message}; that is as it was before the series")
            for item in findings
        ]

    def _compare(self, pair: Pair, pairs: Pairs, old: Reading, new: Reading) -> Audited:
        audited = audit_function(pair.before, pair.after, old, new, pairs.removed, pairs.added)
        if not audited.findings:
            return audited
        # what differs in spelling may be the same: now it is worth looking for what the names mean
        more = self.snapshots.thorough(old), self.snapshots.thorough(new)
        return audit_function(pair.before, pair.after, *more, pairs.removed, pairs.added)


# -- what a series leaves behind


def _by_hand(site: Site) -> bool:
    """Whether a site is an override and a revert by hand that a form could replace."""
    return site.kind is SiteKind.SITE and bool(site.variable) and site.converted is None


def _sites(reading: Reading) -> dict[tuple[str, str], list[Site]]:
    found: dict[tuple[str, str], list[Site]] = {}
    for site in reading.program.sites:
        found.setdefault((site.function.path, site.function.name), []).append(site)
    return found


def _last(series: Series, snapshots: Snapshots, path: str) -> Step:
    """The last patch that changes a file."""
    steps = [step for step in series.steps if path in snapshots.changed.get((step.before, step.after), ())]
    return steps[-1]


def _unconverted(series: Series, snapshots: Snapshots) -> list[Placed]:
    """Overrides by hand that are left where the series converts others."""
    changed = {path for paths in snapshots.changed.values() for path in paths}
    if not changed:
        return []
    old, new = snapshots.reading(series.base), snapshots.reading(series.steps[-1].after)
    before, after = _sites(old), _sites(new)

    def number(sites: Iterable[Site], by_hand: bool) -> int:
        return sum(_by_hand(site) is by_hand for site in sites if site.variable or site.converted)

    converted = {
        key
        for key, sites in after.items()
        if key[0] in changed
        and number(sites, by_hand=False) > number(before.get(key, ()), by_hand=False)
        and number(sites, by_hand=True) < number(before.get(key, ()), by_hand=True)
    }
    found = []
    for key, sites in sorted(after.items()):
        if key[0] not in {path for path, _ in converted}:
            continue
        step = _last(series, snapshots, key[0])
        left = [site for site in sites if _by_hand(site)]
        for site in left if key in converted else left[:1]:
            found.append(Placed(_left(site, same_function=key in converted), step))
    return found


def _left(site: Site, *, same_function: bool) -> Finding:
    reason = site.problem or site.keeps_alive or ""
    function = site.function
    where = "its function" if same_function else "its file"
    message = f"{site.override} is still overridden by hand, where the series converts others of {where}"
    if reason:
        message += f" (it cannot be proven: {reason})"
    severity = Severity.WARNING if same_function and not reason else Severity.NOTE
    return Finding(
        Kind.UNCONVERTED,
        severity,
        function.path,
        function.name,
        site.line,
        site.override,
        "by hand",
        "by hand",
        (),
        message,
    )


def audit(repo: Repository, series: Series, snapshots: Callable[[], Snapshots] | None = None) -> Report:
    """Audit a series, patch by patch; `snapshots` gives its trees where somebody has read them already.

    Raises NotAKernelTree and GitFailed.
    """
    read_tree(repo, series.base)
    cache = Cache(repo)
    try:
        return _Audit(series, snapshots() if snapshots is not None else Snapshots(repo, series, cache)).run()
    finally:
        cache.close()
