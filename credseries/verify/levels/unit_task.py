"""A piece of work of the level `compile`: one file, in one state of a series, compiled with one variant."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from credseries.verify.kbuild.diagnostics import Diagnostic
from credseries.verify.kbuild.directory import Setup, configured
from credseries.verify.levels.sparse import sparse_words
from credseries.verify.levels.translate import command_for, contents, reads_a_change, translate
from credseries.verify.tasks import Place, Result
from credseries.verify.trees.states import Change
from credseries.words import content_key

_FORMAT = "1"  # of a result


@dataclass(frozen=True)
class CompileTask:
    """One translation unit in one state with one variant, compiled; or checked by sparse, if its version is given.

    `changes` are the state's differences from the base that the unit may read, itself among them; `others` are the
    paths that differ too. `state` is a tree id where they are found.
    """

    setup: Setup
    unit: str
    changes: tuple[Change, ...]
    state: str = field(compare=False)
    others: tuple[str, ...] = field(default=(), compare=False)
    sparse: str = ""

    @property
    def key(self) -> str:
        """The content key."""
        files = (part for change in self.changes for part in (change.path, change.mode, change.blob))
        return content_key("compile", _FORMAT, self.setup.key, self.sparse, self.unit, *files)

    @property
    def title(self) -> str:
        """What is being done."""
        program = "sparse" if self.sparse else self.setup.variant.label
        return f"{program}: {self.unit}"

    def run(self, place: Place) -> Result:
        """The result: whether it is built (or the reason why not), what was said, and the seconds it took."""
        start = time.perf_counter()
        built = configured(place, self.setup)
        command = command_for(built, self.unit)
        base = built.unit(self.unit)
        if command is None:
            # What kbuild tried and failed to compile has no command, but it has errors.
            return _result(False, base.reason, base.diagnostics, 0.0)
        itself = any(change.path == self.unit for change in self.changes)
        if not itself and not self.sparse and not reads_a_change(built, command, self.changes):
            return _result(True, "", base.diagnostics, 0.0)
        files = contents(place, self.state, self.changes)
        checker = sparse_words(self.setup.variant, built.out) if self.sparse else ()
        found = translate(built, command, self.unit, files, self.others, checker=checker)
        return _result(True, "", found.diagnostics, time.perf_counter() - start)


def _result(built: bool, reason: str, diagnostics: Sequence[Diagnostic], seconds: float) -> Result:
    return {
        "built": built,
        "reason": reason,
        "diagnostics": [item.to_json() for item in diagnostics],
        "seconds": round(seconds, 3),
    }
