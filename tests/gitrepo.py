"""Real git repositories for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


def git(repository: Path, *arguments: str) -> str:
    """What a git command prints, run as a developer would in this directory."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def write_files(directory: Path, files: Mapping[str, bytes | str]) -> None:
    """Writes files below a directory."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def commit_all(repository: Path, message: str) -> str:
    """Commits everything in the work tree; gives the commit id."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(repository, "rev-parse", "HEAD").strip()


def make_repo(
    tmp_path: Path, files: Mapping[str, bytes | str], *, name: str = "repo", object_format: str = "sha1"
) -> Path:
    """A repository with one commit, on branch `master`, that holds these files; gives its work tree."""
    repository = tmp_path / name
    repository.mkdir()
    git(repository, "init", "--quiet", f"--object-format={object_format}")
    write_files(repository, files)
    commit_all(repository, "Start")
    return repository
