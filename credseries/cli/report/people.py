"""Who gets which message of a series, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credseries.review.report.model import Recipient, Recipients

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.series.model import SeriesRecord


def recipients_of(repo: Repository, record: SeriesRecord) -> Recipients:
    """The plan as `credseries send` would have it without --to and --cc. Raises UsageError and MissingIdentity."""
    from credseries.cli.recipients import plan_recipients
    from credseries.cli.recipients_output import by_person

    plan = plan_recipients(repo, record, (), ())
    people = tuple(
        Recipient(
            line.person.name,
            line.person.address,
            line.is_list,
            tuple(line.to),
            tuple(line.cc),
            line.person.reasons,
        )
        for line in by_person(plan)
    )
    return Recipients(plan.policy, people, tuple(f"{note.concern}: {note.text}" for note in plan.notes))
