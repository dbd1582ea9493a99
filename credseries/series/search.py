"""The textual search that a scan begins with: git works while the caller loads the rest of the program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from credseries.series.cache import Cache, key

if TYPE_CHECKING:
    from credseries.kernel.git import Repository

NEEDLES = ("override_creds", "revert_creds")
_BATCH = 8  # files that are worth one git process to read them
_KIND = "search"


class Search:
    """A running search for the needles through a commit. Raises UnknownRevision when it is made.

    The result for a tree is kept in the cache, by the tree's id, so that it is searched once.
    """

    def __init__(self, repo: Repository, revision: str, cache: Cache) -> None:
        self.commit, self.tree = repo.resolve_tree(revision)
        self._cache, self._key = cache, key(self.tree, *NEEDLES)
        known = cache.get(_KIND, self._key)
        self._running = None if isinstance(known, list) else repo.grep_files(self.commit, NEEDLES)
        self._found: Iterable[str] = known if isinstance(known, list) else self._remembered()

    def _remembered(self) -> Iterator[str]:
        found = []
        for path in self._running or ():
            found.append(path)
            yield path
        self._cache.put(_KIND, self._key, found)

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
        if self._running is not None:
            self._running.close()
