"""The files of a tree that mention a name, read once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from credseries.creds.program import SourceFile
from credseries.kernel.git import Repository
from credseries.review.snapshots import is_source


class Users:
    """Finds files in a commit. `files` are those at hand, as they are meant; `everywhere` are names that will be asked
    for in all of the tree, which is searched for them once."""

    def __init__(
        self, repo: Repository, commit: str, files: Mapping[str, SourceFile], everywhere: Sequence[str]
    ) -> None:
        self._repo, self._commit, self._everywhere = repo, commit, everywhere
        self._files = dict(files)
        self._found: list[str] | None = None

    def find(self, name: str, place: str) -> dict[str, SourceFile]:
        """The C files that mention a name below a directory, or (without one) anywhere. Raises GitFailed."""
        if not place and name in self._everywhere:
            if self._found is None:
                self._found = list(self._repo.grep_files(self._commit, sorted(self._everywhere)))
            paths = self._found
        else:
            paths = list(self._repo.grep_files(self._commit, [name], [place] if place else []))
        wanted = [path for path in paths if is_source(path)]
        missing = [path for path in wanted if path not in self._files]
        for path, text in self._repo.read_files(self._commit, missing).items():
            self._files[path] = SourceFile(path, text)
        return {path: self._files[path] for path in wanted if name.encode() in self._files[path].words}
