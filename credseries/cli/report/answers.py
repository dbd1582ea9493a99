"""The checklist of a series, as its report has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.review.checklist.model import Checklist
    from credseries.series.model import SeriesRecord


def answers_of(repo: Repository, record: SeriesRecord) -> Checklist:
    """The checklist of a series on its branch."""
    from credseries.cli.checklist import branch_checklist

    return branch_checklist(repo, record.branch)
