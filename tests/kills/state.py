"""What a repository looks like to a person, and what is wrong with it after a kill."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.gitrepo import git

GRACE = 1.0  # seconds that a git in a session of its own may need to come to its end


@dataclass(frozen=True)
class State:
    """Refs, configuration, HEAD, index and work tree (contents, modes and times of change) of a repository."""

    refs: dict[str, str]
    config: bytes
    head: bytes
    files: dict[str, tuple[str, int, int]]

    def of(self, patterns: Sequence[str]) -> tuple[str, ...]:
        """The ids of some refs, given by name or pattern; empty where there is none."""
        return tuple(" ".join(target for name, target in self.refs.items() if fnmatchcase(name, p)) for p in patterns)

    def without(self, patterns: Sequence[str]) -> State:
        """The same without these refs."""
        others = {name: target for name, target in self.refs.items() if not any(fnmatchcase(name, p) for p in patterns)}
        return State(others, self.config, self.head, self.files)


def read_state(tree: Path) -> State:
    """The state of a repository with a work tree."""
    rows = (line.partition(" ") for line in git(tree, "for-each-ref", "--format=%(refname) %(objectname)").splitlines())
    return State(
        {name: target for name, _, target in rows},
        (tree / ".git/config").read_bytes(),
        (tree / ".git/HEAD").read_bytes(),
        {str(path.relative_to(tree)): _file(path) for path in (*_work_tree(tree), tree / ".git/index")},
    )


def _work_tree(tree: Path) -> Iterator[Path]:
    for directory, directories, names in os.walk(tree):
        if ".git" in directories:
            directories.remove(".git")
        yield from (Path(directory, name) for name in names)


def _file(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return hashlib.sha256(path.read_bytes()).hexdigest(), status.st_mode, status.st_mtime_ns


def locks(tree: Path) -> list[str]:
    """The lock files below `.git`."""
    return sorted(str(path.relative_to(tree)) for path in (tree / ".git").rglob("*.lock"))


def wait_for_writers(tree: Path) -> list[str]:
    """The lock files that are still there after the time that git may need."""
    deadline = time.monotonic() + GRACE
    while (found := locks(tree)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def damage(tree: Path, before: State, moved: Sequence[str]) -> list[str]:
    """What is wrong with a repository, whatever has become of the refs that may move: a sentence each."""
    found = [f"{name} is left" for name in wait_for_writers(tree)]
    fsck = subprocess.run(
        ["git", "-C", str(tree), "fsck", "--full", "--strict", "--no-dangling"],
        capture_output=True,
        text=True,
        check=False,
    )
    if fsck.returncode != 0 or fsck.stdout:
        found.append(f"git fsck: {fsck.returncode} {fsck.stdout}{fsck.stderr}")
    found += [f"git knows the work tree {path.name}" for path in (tree / ".git").glob("worktrees/*")]
    found += [f"{path.name} is left" for path in (tree / ".git").glob("fast_import_crash_*")]
    before, now = before.without(moved), read_state(tree).without(moved)
    for name in ("refs", "config", "head", "files"):
        if getattr(now, name) != getattr(before, name):
            found.append(f"{name} changed: {getattr(before, name)} to {getattr(now, name)}")
    status = git(tree, "status", "--porcelain")
    if status:
        found.append(f"git status: {status}")
    return found
