"""The checklist of a series, in the shape that a report has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credseries.review.checklist.model import Answer, Checklist, Line, Part

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.series.model import SeriesRecord


def answers_of(repo: Repository, record: SeriesRecord) -> Checklist:
    """The checklist of a series on its branch."""
    from credseries.cli.checklist import check_series

    found = check_series(repo, record)
    parts = tuple(
        Part(
            part.index,
            part.title,
            part.commit,
            tuple(
                Line("", line.question, Answer(line.answer), line.evidence, look=(line.where,) if line.where else ())
                for line in part.lines
            ),
        )
        for part in found.parts
    )
    return Checklist(found.title, found.branch, record.base, parts)
