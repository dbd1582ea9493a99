"""The pictures of a series: what its patches make of functions, and the functions that it leaves as they are.

To draw a patch, the trees before and after it are read as programs, which takes seconds for a long series. What was
drawn is kept in the git directory under a key of all that it depends on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import Any

from credseries.creds.audit.pairs import Pair, find_pairs
from credseries.creds.audit.reading import Reading
from credseries.creds.proof import Counterexample
from credseries.creds.sites import Analysis, analyse
from credseries.csource.function import Function
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, Step
from credseries.review.report.flow import Flow, flow_from_json, flow_of
from credseries.review.snapshots import Snapshots, read_snapshots
from credseries.rewrite.accessors import Presence, presence
from credseries.rewrite.forms import FORMS
from credseries.rewrite.picture import Refusal, draw, draw_change
from credseries.series.cache import Cache, key
from credseries.series.model import SiteRecord
from credseries.series.scan import Survey

_KIND = "report-flows"
_KEPT = 1000  # patches
_WORD = re.compile(rb"\b[A-Za-z_]\w*")


@dataclass(frozen=True)
class Fault:
    """What an audit has found in a function, as in its contract."""

    patch: int
    file: str
    function: str
    line: int
    call: str
    before: str
    after: str
    path: tuple[int, ...]
    message: str


def changed_files(repo: Repository, series: Series) -> dict[int, tuple[str, ...]]:
    """The files that each patch changes, by its number."""
    return {step.number: tuple(sorted(repo.changed_files(step.before, step.after) or ())) for step in series.steps}


class Pictures:
    """Draws the patches of a series, and knows what was drawn before. Close it when all is drawn."""

    def __init__(self, repo: Repository, series: Series) -> None:
        self._repo, self._series = repo, series
        self._cache = Cache(repo, kept=_KEPT)
        self.files = changed_files(repo, series)
        ids = [series.base, *(tree for step in series.steps for tree in (step.before, step.after))]
        self._trees = repo.trees(ids)

    def close(self) -> None:
        """Close the cache."""
        self._cache.close()

    @cached_property
    def snapshots(self) -> Snapshots:
        """The trees of the series as programs."""
        return read_snapshots(self._repo, self._series)

    def flows(self, faults: Sequence[Fault]) -> dict[int, tuple[Flow, ...]]:
        """The functions that each patch changes, by its number. Raises GitFailed."""
        found = {}
        for step in self._series.steps:
            mine = [fault for fault in faults if fault.patch == step.number]
            if not step.rejected:
                found[step.number] = self._kept(self._key(step, mine), partial(self._drawn, step, mine))
        return found

    def _kept(self, name: str, make: Callable[[], Iterable[Flow]]) -> tuple[Flow, ...]:
        found = self._cache.get(_KIND, name)
        if isinstance(found, list):
            try:
                return tuple(map(flow_from_json, found))
            except (KeyError, TypeError, AttributeError):
                pass  # it is drawn again
        flows = tuple(make())
        self._cache.put(_KIND, name, [flow.to_json() for flow in flows])
        return flows

    def _key(self, step: Step, faults: Sequence[Fault]) -> str:
        """What the pictures of a patch depend on: the programs on both sides are the files of the base with a hit, and
        those that any patch changes."""
        trees = [self._trees[tree] for tree in (self._series.base, step.before, step.after)]
        return key("flows", *trees, *sorted({*chain(*self.files.values())}), "faults", *map(repr, faults))

    def _drawn(self, step: Step, faults: Sequence[Fault]) -> Iterable[Flow]:
        paths = self.snapshots.changed[step.before, step.after]
        if not paths:
            return
        old, new = self.snapshots.reading(step.before), self.snapshots.reading(step.after)
        for pair in find_pairs(paths, old, new).changed:
            if pair.before is None:
                continue
            before, after = _analysis(pair.before, old), _analysis(pair.after, new)
            if not (before.sites or after.sites or before.unreadable or after.unreadable):
                continue
            found = [_refusal(item) for item in faults if (item.file, item.function) == _place(pair.after)]
            yield flow_of(draw_change(before, after, _accessors(pair, old, new), found))


def _place(function: Function) -> tuple[str, str]:
    return function.path, function.name


def _analysis(function: Function, reading: Reading) -> Analysis:
    """The analysis of a function, which the program has when anything in it has to do with credentials."""
    known = (item for item in reading.program.analyses.values() if item.function is function)
    return next(known, None) or analyse(function, reading.effects(function.path))


def _refusal(fault: Fault) -> Refusal:
    example = Counterexample(fault.path, fault.line, fault.call, fault.before, fault.after, fault.message)
    return Refusal(fault.line, fault.call, "", fault.message, example if fault.path else None)


def _accessors(pair: Pair, old: Reading, new: Reading) -> Mapping[str, str]:
    """The functions that a pair calls now and that return what the wrappers put in force which it called before."""
    assert pair.before is not None
    one, two = (_words(function) for function in (pair.before, pair.after))
    wrappers = [name for name in one - two if name in old.effects(pair.before.path).wrappers]
    found = {}
    for wrapper in wrappers:
        made = old.program.definition(wrapper, pair.before.path)
        for name in sorted(two - one) if made is not None else ():
            there = new.program.definition(name, pair.after.path)
            if there is None or made is None:
                continue
            files = {there.path: new.program.files[there.path]}
            if presence(files, made, name) is Presence.SAME:
                found[wrapper] = name
    return found


def _words(function: Function) -> set[str]:
    return {word.decode() for word in _WORD.findall(function.code)}


# -- what stays as it is


def refused_flows(
    repo: Repository, sites: Sequence[SiteRecord], depends: Sequence[str], survey: Callable[[], Survey]
) -> dict[tuple[str, str], Flow]:
    """The functions of sites that stay as they are, by file and name, with the path that shows why.

    `depends` is all that the survey of the base depends on.
    """
    wanted = sorted({(site.file, site.function) for site in sites})
    cache = Cache(repo, kept=_KEPT)
    try:
        name = key("refused", *depends, json.dumps(wanted))
        kept: Any = cache.get(_KIND, name)
        if isinstance(kept, list):
            try:
                return {(flow.file, flow.function): flow for flow in map(flow_from_json, kept)}
            except (KeyError, TypeError, AttributeError):
                pass  # it is drawn again
        found = _refused(survey(), set(wanted))
        cache.put(_KIND, name, [flow.to_json() for flow in found.values()])
        return found
    finally:
        cache.close()


def _refused(survey: Survey, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Flow]:
    found = {}
    for place, analysis in survey.program.analyses.items():
        name = _place(analysis.function)
        if name in wanted and (analysis.sites or analysis.unreadable):
            picture = draw(survey.planner, analysis, survey.judge(place), frozenset(FORMS))
            found[name] = flow_of(picture)
    return found
