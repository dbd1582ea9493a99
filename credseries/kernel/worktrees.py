"""Where branches are checked out, and a place of our own where one is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.kernel.values import decode_path, encode_path


@contextmanager
def private_worktree(repo: Repository, branch: str) -> Iterator[Path]:
    """A directory in which a branch is checked out, with no file written, until the block ends.

    For programs that work on the branch that is checked out. The branch may be checked out elsewhere too, so what runs
    in the block must not move it. It is made as `git worktree add` makes one (gitrepository-layout(5), "commondir"),
    but the repository does not know it: nothing stays behind there when this process is killed.
    """
    with tempfile.TemporaryDirectory(prefix="credseries-") as parent:
        git_dir, work_tree = Path(parent, "git"), Path(parent, "worktree")
        git_dir.mkdir()
        work_tree.mkdir()
        (git_dir / "HEAD").write_bytes(encode_path(f"ref: refs/heads/{branch}\n"))
        (git_dir / "commondir").write_bytes(encode_path(f"{repo.common_dir}\n"))
        (work_tree / ".git").write_bytes(encode_path(f"gitdir: {git_dir}\n"))
        yield work_tree


def checked_out(repo: Repository, branch: str) -> Path | None:
    """The work tree in which a branch is checked out, or is being rebased; None if there is none."""
    head = f"refs/heads/{branch}"
    for block in _listed(repo):
        if block.get("branch") == head and "prunable" not in block:
            return Path(block["worktree"])
    return being_rebased(repo, branch)


def being_rebased(repo: Repository, branch: str) -> Path | None:
    """The work tree in which a rebase of a branch is under way; that would fail at its end if the branch moved."""
    head = f"refs/heads/{branch}"
    for git_dir in (repo.common_dir, *(repo.common_dir / "worktrees").glob("*")):
        for name in ("rebase-merge/head-name", "rebase-apply/head-name"):
            if _first_line(git_dir / name) == head:
                place = _first_line(git_dir / "gitdir") or str(repo.common_dir)
                return Path(place).parent
    return None


def check_not_checked_out(repo: Repository, branch: str) -> None:
    """Raises UsageError when a change of a branch's tree would leave a work tree behind with other files."""
    place = checked_out(repo, branch)
    if place is not None:
        raise UsageError(
            f"branch {branch} is checked out in {place}, and its files would change under you",
            hint=f"git -C '{place}' switch --detach; a rebase has to be finished or aborted first",
        )


def _listed(repo: Repository) -> list[dict[str, str]]:
    """The work trees as `git worktree list --porcelain` describes them."""
    finished = repo.ran("worktree", "list", "--porcelain", environment={})
    blocks = decode_path(finished.output).split("\n\n")
    return [
        {key: value for key, _, value in (line.partition(" ") for line in block.splitlines())}
        for block in blocks
        if block
    ]


def _first_line(path: Path) -> str:
    try:
        return decode_path(path.read_bytes()).split("\n")[0]
    except OSError:
        return ""
