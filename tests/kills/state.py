"""What a repository looks like to a person, and what is wrong with it after a kill."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.gitrepo import git

GRACE = 20.0  # seconds that a git in a session of its own may need to come to its end, on a busy machine


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


def _working_in(tree: Path) -> list[str]:
    """The processes that still run below a directory."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            if link.readlink().is_relative_to(tree):
                found.append(link.parent.name)
    return found


def _wait_for_writers(tree: Path) -> list[str]:
    """Waits for what a killed process has started, which may have refs to move yet; gives what does not end."""
    deadline = time.monotonic() + GRACE
    while (running := _working_in(tree.resolve())) and time.monotonic() < deadline:
        time.sleep(0.02)
    return running


def damage(tree: Path, before: State, moved: Sequence[str]) -> list[str]:
    """What is wrong with a repository, whatever has become of the refs that may move: a sentence each."""
    found = [f"process {number} still runs" for number in _wait_for_writers(tree)]
    found += [f"{path.relative_to(tree)} is left" for path in (tree / ".git").rglob("*.lock")]
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
