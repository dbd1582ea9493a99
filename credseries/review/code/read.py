"""Reads what each patch of a series does to the code, from the trees before and after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from credseries.creds.audit.pairs import Pair, find_pairs
from credseries.creds.interface import CLEANUP_HEADER, CRED_HEADER, CRED_SOURCE
from credseries.creds.program import SourceFile
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series
from credseries.kernel.series_source import Step as SeriesStep
from credseries.review.code import names
from credseries.review.code.callers import Callers, is_exported
from credseries.review.code.includes import Includes
from credseries.review.code.meanings import meanings
from credseries.review.code.model import (
    FunctionChange,
    NewName,
    Other,
    Override,
    PatchCode,
    Remaining,
    Root,
    SeriesCode,
)
from credseries.review.code.overrides import Versions, jumps
from credseries.review.code.remaining import Judge, accessors_in, remaining, with_guards
from credseries.review.code.statements import changed_between, changed_statements, functions_of
from credseries.review.code.users import Users
from credseries.review.snapshots import Snapshots, is_source
from credseries.series.precedence import defines

Files = Mapping[str, SourceFile]


class CodeReader:
    """Reads the patches of a series one by one; those that change no C give nothing but their number."""

    def __init__(self, repo: Repository, series: Series, snapshots: Snapshots) -> None:
        self._repo, self._series, self._snapshots = repo, series, snapshots
        self._includes = Includes(lambda paths: repo.read_files(series.base, paths))

    def read(self) -> SeriesCode:
        """What each patch does, and what they leave."""
        patches = self._patches()
        counts = self._snapshots.reading(self._series.base).program.base.counts
        return SeriesCode(tuple(patches), tuple(self._left(patches)), counts)

    def _patches(self) -> list[PatchCode]:
        found = self._without_roots()
        light = {
            (function.name_and_file): None for patch in found for function in patch.functions if function.newly_light
        }
        roots = self._roots(light)
        return [
            replace(patch, functions=tuple(replace(f, roots=roots.get(f.name_and_file, ())) for f in patch.functions))
            for patch in found
        ]

    def _roots(self, functions: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[Root, ...]]:
        """Where every way to some functions (name, file) begins, at the end of the series."""
        tip = self._snapshots.files(self._series.steps[-1].after)
        there = [(name, path) for name, path in functions if path in tip]
        everywhere = [name for name, path in there if is_exported(tip[path], name)]
        callers = Callers(tip, Users(self._repo, self._series.base, tip, everywhere).find)
        return {(name, path): callers.roots(name, path) for name, path in there}

    def _without_roots(self) -> list[PatchCode]:
        applied = [step for step in self._series.steps if not step.rejected]
        changes = [self._changes(step) for step in applied]
        added = [tuple(self._new(step, changes)) for step in changes]
        of_series = {item.name: item.file for listed in added for item in listed if item.file.endswith(".h")}
        found = {}
        for step, change, listed in zip(applied, changes, added, strict=True):
            found[step.number] = self._patch(step, change, listed, of_series)
        return [found.get(step.number, PatchCode(step.number)) for step in self._series.steps]

    def _left(self, patches: Sequence[PatchCode]) -> Iterator[Remaining]:
        """The overrides by hand in files of which others are converted."""
        functions = [item for patch in patches for item in patch.functions]
        converted = {item.file for item in functions if item.converts and item.first_before}
        if converted:
            tip = self._series.steps[-1].after
            yield from remaining(self._snapshots.reading(tip), self._judge(tip, accessors_in(functions)), converted)

    def _judge(self, tree: str, accessors: Mapping[str, str]) -> Judge:
        texts = self._repo.read_files(tree, (CRED_HEADER, CRED_SOURCE, CLEANUP_HEADER))
        return Judge(self._snapshots.reading(tree), texts, accessors)

    def _changes(self, step: SeriesStep) -> names.Step:
        before, after = self._snapshots.files(step.before), self._snapshots.files(step.after)
        paths = self._snapshots.changed[step.before, step.after]
        return names.Step(step.number, _some(before, paths), _some(after, paths))

    def _patch(
        self,
        step: SeriesStep,
        change: names.Step,
        added: tuple[NewName, ...],
        of_series: Mapping[str, str],
    ) -> PatchCode:
        paths = self._snapshots.changed[step.before, step.after]
        if not paths:
            return PatchCode(step.number)
        old, new = self._snapshots.reading(step.before), self._snapshots.reading(step.after)
        pairs = find_pairs(paths, old, new)
        changed = {(pair.after.name, pair.after.path) for pair in pairs.changed}
        versions = Versions(old), Versions(new)
        functions = tuple(_function(pair, *versions) for pair in pairs.changed)
        if any(item.form == "scoped" for function in functions for item in function.after):
            functions = with_guards(functions, old, self._judge(step.before, accessors_in(functions)))
        return PatchCode(
            step.number,
            functions,
            tuple(meanings(old, new, pairs.names, changed)),
            added,
            tuple(names.needed(change, new.program.files, of_series, self._way_in(change.after))),
            tuple(_others(change, {(item.file, item.line) for item in functions})),
            tuple(changed_statements(change.before, change.after)),
            tuple(changed_between(change.before, change.after)),
        )

    def _new(self, step: names.Step, steps: Sequence[names.Step]) -> Iterator[NewName]:
        """What a patch adds; a name that the base has elsewhere is not what earlier patches wait for."""
        for item in names.new_names(step, steps):
            early = [use for use in item.uses if use.patch < step.number]
            if early and not item.local and self._is_known(item.name):
                yield replace(item, uses=tuple(use for use in item.uses if use.patch >= step.number))
            else:
                yield item

    def _is_known(self, name: str) -> bool:
        """Whether the tree that the series starts from defines a name."""
        bare = name.removeprefix("class ")
        found = [path for path in self._repo.grep_files(self._series.base, [bare]) if is_source(path)]
        return defines(self._repo.read_files(self._series.base, found), bare)

    def _way_in(self, after: Files) -> names.Way:
        def way(path: str, wanted: Sequence[str]) -> tuple[str, ...]:
            texts = {name: file.source for name, file in after.items()}
            return self._includes.way(path, texts[path], wanted, texts)

        return way


def _some(files: Files, paths: Sequence[str]) -> dict[str, SourceFile]:
    return {path: files[path] for path in paths if path in files}


def _function(pair: Pair, olds: Versions, news: Versions) -> FunctionChange:
    after = news.of(pair.after)
    before = olds.of(pair.before) if pair.before is not None else None
    was = tuple(before.overrides()) if before is not None else ()
    return FunctionChange(
        pair.after.path,
        pair.after.name,
        after.first,
        after.last,
        was,
        tuple(_with_source(item, was) for item in after.overrides()),
        jumps(pair.after),
        before is not None and before.mixes,
        before.first if before is not None else 0,
        after.unknown or (before.unknown if before is not None else ""),
    )


def _with_source(item: Override, before: Sequence[Override]) -> Override:
    """An override with the source of what it takes the place of: an accessor's call does not show what it gives."""
    known = next((one.source for one in before if one.key == item.key), item.source)
    return replace(item, source=known) if item.source == "object" else item


def _others(change: names.Step, known: set[tuple[str, int]]) -> Iterator[Other]:
    """Functions that are there before and after, change, and are not among those with credentials."""
    for path, file in sorted(change.after.items()):
        old = change.before.get(path)
        olds = functions_of(old) if old is not None else {}
        for key, function in functions_of(file).items():
            was = olds.get(key)
            if was is None or was.source == function.source or (path, function.first_line) in known:
                continue
            last = function.first_line + function.source.rstrip(b"\n").count(b"\n")
            yield Other(path, function.name, function.first_line, last)
