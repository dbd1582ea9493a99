"""What a tree has of the names that a series uses, and what has to be added to it. Pure, but for `find`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from credseries.creds.effects import Discipline, Effects, Wrapper
from credseries.creds.program import SourceFile
from credseries.creds.summary import Summary
from credseries.csource.function import Function
from credseries.errors import ProofError
from credseries.rewrite.accessors import Presence, presence
from credseries.rewrite.wrappers import revert_presence
from credseries.series.scan import Survey

FindName = Callable[[str, str], Mapping[str, bytes]]
SHARED = "include"
CONST, LIGHT, GUARD = "guard-const", "light-pair", "guard"


@dataclass(frozen=True)
class Stage:
    """What a series has done to wrappers by some point: functions for reverts, each with its wrapper; light ones."""

    reverts: frozenset[tuple[str, str]] = frozenset()
    light: frozenset[str] = frozenset()

    def after(self, reverts: Iterable[tuple[str, str]] = (), light: Iterable[str] = ()) -> Stage:
        """The stage when these are there as well."""
        return Stage(self.reverts | frozenset(reverts), self.light | frozenset(light))


class Symbols:
    """The names of a surveyed tree; `find` gives the C files below a directory that mention a name."""

    def __init__(self, survey: Survey, find: FindName) -> None:
        self._survey, self._find = survey, find
        interface = survey.interface
        self.missing: set[str] = set()
        if not interface.guard:
            self.missing.add(GUARD)
            if interface.drops_const:
                self.missing.add(CONST)
        if survey.names.override == "override_creds_light" and not interface.light:
            self.missing.add(LIGHT)

    def of(self, kind: str) -> str:
        """The helper that a patch of a kind (guard, light) needs and the tree lacks; empty when there is none."""
        name = {"guard": GUARD, "light": LIGHT}[kind]
        return name if name in self.missing else ""

    def needed_by(self, helper: str) -> set[str]:
        """The helpers that a helper is made of, as far as the tree lacks them."""
        return {LIGHT, CONST} & self.missing if helper == GUARD else set()

    def _summary(self, name: str) -> Summary | None:
        return next((item for item in self._survey.program.summaries if item.name == name), None)

    def wrapper(self, name: str) -> Wrapper | None:
        """The wrapper of a name, if the tree has it."""
        summary = self._summary(name)
        return summary.wrapper if summary is not None else None

    def is_local(self, wrapper: Wrapper) -> bool:
        """Whether only its own file can call a wrapper."""
        summary = self._summary(wrapper.name)
        return summary is not None and summary.local

    def can_see(self, wrapper: Wrapper) -> Callable[[str], bool]:
        """Which files can call a wrapper: all when a header that all share declares it, else those below its own top
        directory (as the search for its callers has it)."""
        shared = bool(self._find(wrapper.name, SHARED))
        top = wrapper.path.split("/")[0] + "/"
        return lambda path: shared or path.startswith(top)

    def function(self, wrapper: Wrapper) -> Function:
        """The wrapper's definition."""
        file = self._survey.program.files[wrapper.path]
        return file.function(next(item for item in file.extents if item.name == wrapper.name))

    def _presence(self, name: str, path: str, look: Callable[[Mapping[str, SourceFile]], Presence]) -> Presence:
        """What a name is to a file: it sees its own directory, and then the headers that all share."""
        for place in (str(PurePosixPath(path).parent), SHARED):
            found = {near: SourceFile(near, data) for near, data in self._find(name, place).items()}
            known = look({**found, **self._survey.program.files})
            if known is not Presence.MISSING:
                return known
        return Presence.MISSING

    def add_accessor(self, wrapper: Wrapper, name: str) -> bool:
        """Whether the tree lacks an accessor. Raises ProofError when its name is taken by something else."""
        function = self.function(wrapper)
        found = self._presence(name, wrapper.path, lambda files: presence(files, function, name))
        return self._lacks(found, name, f"what {wrapper.name}() puts in force", "accessors")

    def add_revert(self, wrapper: Wrapper, name: str) -> bool:
        """Whether the tree lacks a function for a wrapper's reverts. Raises ProofError when its name is taken."""
        reverts = self._survey.program.base.reverts
        found = self._presence(name, wrapper.path, lambda files: revert_presence(files, name, reverts))
        return self._lacks(found, name, f"a revert of what {wrapper.name}() replaced", "reverts")

    @staticmethod
    def _lacks(found: Presence, name: str, what: str, table: str) -> bool:
        if found is Presence.OTHER:
            hint = f"give it another name in the recipe's [topics.{table}]"
            raise ProofError(f"the tree has a {name} that is not {what}", hint=hint)
        return found is Presence.MISSING

    def effects(self, before: Effects, stage: Stage) -> Effects:
        """What functions do at a stage of the series, given what they do before it."""
        if stage == Stage():
            return before
        light = {name: before.wrappers[name] for name in stage.light if name in before.wrappers}
        kinds = {True: Discipline.LIGHT, False: Discipline.COUNTED}
        reverts = {name: kinds[owner in stage.light] for name, owner in stage.reverts}
        return replace(
            before,
            reverts={**before.reverts, **reverts},
            overrides={**before.overrides, **dict.fromkeys(light, Discipline.LIGHT)},
            wrappers={
                **before.wrappers,
                **{name: replace(item, discipline=Discipline.LIGHT) for name, item in light.items()},
            },
        )
