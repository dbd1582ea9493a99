"""The trees that a series goes through, each as what differs from the series' base."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from credseries.errors import GitFailed
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series
from credseries.kernel.values import decode_path

_PAIR = re.compile(rb"([0-9a-f]{40,64}) ([0-9a-f]{40,64})\n")


@dataclass(frozen=True)
class Change:
    """A file that is not as in the base: its mode (as git writes it) and blob, both empty when it is gone.

    `added`: the base has no file of this path.
    """

    path: str
    mode: str
    blob: str
    added: bool = False


@dataclass(frozen=True)
class State:
    """A tree, by its id, and its differences from the base in the order of their paths."""

    tree: str
    changes: tuple[Change, ...] = ()

    def change(self, path: str) -> Change | None:
        """How a file differs; None if it does not."""
        return next((change for change in self.changes if change.path == path), None)

    def lacks(self, path: str) -> bool:
        """Whether a file was removed here."""
        change = self.change(path)
        return change is not None and not change.mode


@dataclass(frozen=True)
class States:
    """The states before and after every step, by the commit or tree id that the step names, and the base's tree id."""

    base: str
    by_revision: dict[str, State]
    touched: tuple[str, ...] = field(default=())  # the paths that differ from the base in any state

    def differing(self, before: str, after: str) -> dict[str, Change | None]:
        """What a step changes: its files by path, as they are after it (None: as in the base again)."""
        old, new = self.by_revision[before], self.by_revision[after]
        olds = {change.path: change for change in old.changes}
        news = {change.path: change for change in new.changes}
        return {path: news.get(path) for path in sorted({*olds, *news}) if olds.get(path) != news.get(path)}


def read_states(repo: Repository, series: Series) -> States:
    """The states of a series, read by two git processes. Raises GitFailed."""
    revisions = list(
        dict.fromkeys([series.base, *(name for step in series.steps for name in (step.before, step.after))])
    )
    trees = repo.trees(revisions)
    base = trees[series.base]
    states = {tree: State(tree, changes) for tree, changes in _changes(repo, base, set(trees.values())).items()}
    touched = {change.path for state in states.values() for change in state.changes}
    return States(base, {name: states[tree] for name, tree in trees.items()}, tuple(sorted(touched)))


def _changes(repo: Repository, base: str, trees: Iterable[str]) -> dict[str, tuple[Change, ...]]:
    wanted = sorted(trees)
    finished = repo.ran(
        *("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=all"),
        environment={},
        data="".join(f"{base} {tree}\n" for tree in wanted).encode(),
    )
    if finished.status != 0:
        raise GitFailed(f"git cannot compare the trees: {finished.errors}", hint="see what `git fsck` says")
    found: dict[str, list[Change]] = {tree: [] for tree in wanted}
    tree = ""
    fields = iter(finished.output.split(b"\0"))
    for record in fields:
        rest = record
        # The two trees stand before the first of their differences, or before the next two if there is none.
        while match := _PAIR.match(rest):
            tree, rest = match[2].decode(), rest[match.end() :]
        if not rest.startswith(b":"):
            continue
        # ":100644 100755 old new M", then the path (git-diff-tree(1), Raw output)
        old_mode, mode, _, blob, _ = rest[1:].decode().split(" ")
        path = decode_path(next(fields))
        gone = mode == "000000"
        found[tree].append(Change(path, "" if gone else mode, "" if gone else blob, old_mode == "000000"))
    return {tree: tuple(changes) for tree, changes in found.items()}
