"""What a series does to the code, as a piece of work whose result is kept by content, like an audit's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series
from credseries.review.code.read import CodeReader
from credseries.review.snapshots import Snapshots
from credseries.words import content_key


@dataclass(frozen=True)
class CodeTask:
    """Read what each patch of a series does. `trees` are those of the base, and before and after each patch."""

    series: Series
    trees: tuple[str, ...]

    @property
    def key(self) -> str:
        """The same for series that have the same trees, whatever their commits are."""
        steps = (f"{step.number} {step.rejected}" for step in self.series.steps)
        return content_key("code", *self.trees, *steps)

    def run(self, repo: Repository, snapshots: Snapshots) -> dict[str, Any]:
        """The JSON-ready form of a SeriesCode. Raises GitFailed."""
        return CodeReader(repo, self.series, snapshots).read().to_json()


def code_task(repo: Repository, series: Series) -> CodeTask:
    """The task for a series."""
    ids = [series.base, *(name for step in series.steps for name in (step.before, step.after))]
    trees = repo.trees(ids)
    return CodeTask(series, tuple(trees[name] for name in ids))
