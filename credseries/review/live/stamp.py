"""What tells that a series or anything known of it has changed, without reading it."""

from __future__ import annotations

from pathlib import Path

from credseries.kernel.git import Repository
from credseries.series.cache import cache_file
from credseries.series.saved import generated_ref, state_file
from credseries.store import Store


class Stamp:
    """Another value after every change of a branch (if any), of the state that is kept for the repository, or of a
    result of verify. For one thread."""

    def __init__(self, repo: Repository, branch: str | None) -> None:
        self._stores = [Store(file) for file in (state_file(repo), cache_file(repo))]
        own = (f"refs/heads/{branch}", generated_ref(branch)) if branch is not None else ()
        refs = (*own, "packed-refs", "reftable/tables.list")
        self._files = [repo.git_dir / "HEAD", *(repo.common_dir / name for name in refs)]

    def __call__(self) -> object:
        """The value; raises EnvironmentProblem while another process keeps everybody out."""
        return (*(store.stamp() for store in self._stores), *map(_stamp, self._files))


def _stamp(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_size)
