"""Bare repositories that credseries makes for itself: to send objects from, and to keep them in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from credseries.errors import GitFailed
from credseries.kernel.git import Repository


def bare(git_dir: Path, object_format: str) -> Repository:
    """The bare repository at a path, which need not be there yet."""
    return Repository(git_dir, git_dir, None, object_format)


def initialise(repo: Repository) -> None:
    """Makes an empty repository where there is an empty directory or none; raises GitFailed."""
    repo.git_dir.mkdir(parents=True, exist_ok=True)
    # Without the user's template: it may bring hooks, and anything else.
    git(repo, "init", "--quiet", "--bare", "--template=", f"--object-format={repo.object_format}")


def cut_off(repo: Repository, commits: Iterable[str]) -> None:
    """Lets git not look for the parents of these commits either (gitrepository-layout(5), "shallow")."""
    file = repo.git_dir / "shallow"
    before = file.read_text().split() if file.exists() else []
    after = sorted({*before, *commits})
    if after != sorted(before):
        new = file.with_name("shallow.new")  # renamed: others read it meanwhile
        new.write_text("".join(f"{commit}\n" for commit in after))
        new.rename(file)


def git(repo: Repository, *arguments: str, data: str | None = None) -> bytes:
    """What a git command writes; raises GitFailed when it fails."""
    finished = repo.ran(*arguments, environment={}, data=None if data is None else data.encode())
    if finished.status:
        command = next(argument for argument in arguments if not argument.startswith("-"))
        raise GitFailed(
            f"`git {command}` failed in {repo.git_dir} with status {finished.status}: {finished.errors}",
            hint="is there room on that disk, and may you write there?",
        )
    return finished.output
