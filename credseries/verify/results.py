"""Results of verification, kept in the git directory by content: what has not changed is not done again."""

from __future__ import annotations

from credseries.kernel.git import Repository
from credseries.series.cache import Cache, program_id
from credseries.verify.tasks import Result
from credseries.words import content_key

_KIND = "verify"
_KEPT = 20_000  # results: some hundred series


class KeptResults:
    """What tasks gave before with this version of credseries."""

    def __init__(self, repo: Repository) -> None:
        self._cache = Cache(repo, kept=_KEPT)
        self._program = program_id()

    def get(self, key: str) -> Result | None:
        """The result, or None when there is none that can be trusted."""
        found = self._cache.get(_KIND, content_key(self._program, key))
        return found if isinstance(found, dict) else None

    def put(self, key: str, result: Result) -> None:
        """Keep a result, if the repository can be written to."""
        self._cache.put(_KIND, content_key(self._program, key), result)

    def close(self) -> None:
        """Close the file."""
        self._cache.close()


class NoResults:
    """For a run that asks and keeps nothing."""

    def get(self, key: str) -> Result | None:
        """Nothing."""

    def put(self, key: str, result: Result) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """There is nothing to close."""
