"""The textual search that a scan begins with: git works while the caller loads the rest of the program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from credseries.kernel.git import Repository

NEEDLES = ("override_creds", "revert_creds")
_BATCH = 8  # files that are worth one git process to read them


class Search:
    """A running search for the needles through a commit. Raises UnknownRevision when it is made."""

    def __init__(self, repo: Repository, revision: str) -> None:
        self.commit = repo.resolve(revision)
        self._found = repo.grep_files(self.commit, NEEDLES)

    def batches(self) -> Iterator[list[str]]:
        """The paths of the files with a hit, a few at a time, as git finds them."""
        batch: list[str] = []
        for path in self._found:
            batch.append(path)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def close(self) -> None:
        """End the search, if it still runs."""
        self._found.close()
