"""The audit of a series as a piece of work for `credseries verify`: by content, in any process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series
from credseries.review.audit import audit
from credseries.words import content_key, many


class HasRepository(Protocol):
    """Where the objects of the series are."""

    @property
    def repo(self) -> Repository:
        """The repository."""


@dataclass(frozen=True)
class AuditTask:
    """Compare every function that a series changes with what it was. The result is the `audit` contract, schema 1."""

    series: Series
    trees: tuple[str, ...]  # of the base, and before and after each patch

    @property
    def key(self) -> str:
        """The same for series that have the same trees, whatever their commits are."""
        steps = (f"{step.number} {step.rejected}" for step in self.series.steps)
        return content_key("audit", *self.trees, *steps)

    @property
    def title(self) -> str:
        """What is being done."""
        return f"comparing the functions of {many(len(self.series.steps), 'patch', 'patches')}"

    def run(self, place: HasRepository) -> dict[str, Any]:
        """Raises NotAKernelTree and GitFailed."""
        return audit(place.repo, self.series).to_json()


def audit_task(repo: Repository, series: Series) -> AuditTask:
    """The task for a series."""
    ids = [series.base, *(name for step in series.steps for name in (step.before, step.after))]
    trees = repo.trees(ids)
    return AuditTask(series, tuple(trees[name] for name in ids))
