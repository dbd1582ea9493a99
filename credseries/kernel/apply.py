"""Patches applied to a tree as git objects: an index of our own, no work tree, no branch, no commit."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import GitFailed
from credseries.kernel.git import Repository
from credseries.kernel.git_process import Finished

# What `git apply --3way` says on the way: that it tries one thing after the other, and which paths are in conflict.
_NOISE = re.compile(
    r"^(?:Falling back|Performing|Checking patch|Applied patch .* cleanly|warning:|U \S).*$", re.MULTILINE
)


@dataclass(frozen=True)
class Rejected:
    """A patch that does not apply, even with a three-way merge; the reason in git's words."""

    reason: str


class Stack:
    """A tree to which patches are applied one after the other; `tree` is what it is now."""

    def __init__(self, repo: Repository, tree: str, index: Path) -> None:
        self.tree = tree
        self._repo, self._index = repo, index
        self._environment = {"GIT_INDEX_FILE": str(index)}
        self.clean = False

    def _git(self, *arguments: str, data: bytes | None = None) -> Finished:
        return self._repo.ran(*arguments, environment=self._environment, data=data)

    def _reset(self) -> None:
        if not self.clean:
            self._index.unlink(missing_ok=True)
            self._must("read-tree", self.tree)
            self.clean = True

    def _must(self, *arguments: str) -> str:
        finished = self._git(*arguments)
        if finished.status != 0:
            raise GitFailed(f"`git {arguments[0]}` failed: {finished.errors}", hint="try `git fsck`")
        return finished.output.decode().strip()

    def apply(self, text: bytes) -> Rejected | None:
        """Apply a patch; when it does not apply, the tree stays as it was."""
        self._reset()
        finished = self._git("apply", "--cached", "--3way", "--whitespace=nowarn", "-", data=text)
        if finished.status == 0:
            self.tree = self._must("write-tree")
            return None
        self.clean = False
        words = " ".join(_NOISE.sub("", finished.errors).replace("error: ", "").split("\n"))
        return Rejected(" ".join(words.split()) or "git apply refuses it")

    def carry(self, old: str, new: str) -> Rejected | None:
        """Do to the tree what makes one tree or commit into another; when that does not fit, the tree stays."""
        old, new = (self._must("rev-parse", "--verify", f"{name}^{{tree}}") for name in (old, new))
        if self.tree == old:
            self.tree, self.clean = new, self.clean and old == new
            return None
        if old == new:
            return None
        diff = self._git(
            *("diff-tree", "-r", "-p", "--binary", "--full-index", "--no-renames", "--no-color", "--no-ext-diff"),
            *("--no-textconv", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/", "--end-of-options", old, new),
        )
        return self.apply(diff.output)


@contextmanager
def stack(repo: Repository, tree: str) -> Iterator[Stack]:
    """A tree to apply patches to; the index goes when the block ends. Raises GitFailed."""
    with tempfile.TemporaryDirectory(prefix="credseries-index-") as directory:
        yield Stack(repo, tree, Path(directory, "index"))
