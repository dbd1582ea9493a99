"""Which patches of a version in the making have a review: its cover letter says so from the second version on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from credseries.series.model import SeriesRecord
from credseries.series.prep import is_cover
from credseries.series.told import PatchReview
from credseries.series.trailers import trailers_of
from credseries.series.versions import FIXES


def with_reviews(record: SeriesRecord, messages: Sequence[str]) -> SeriesRecord:
    """The record of a series whose commits on the branch have these messages, with what reviews its patches have.

    A first version has been seen by nobody: it has none.
    """
    reviews = patch_reviews(messages) if record.revision > 1 else ()
    return replace(record, told=replace(record.told, reviews=reviews))


def patch_reviews(messages: Sequence[str]) -> tuple[PatchReview, ...]:
    """The patches that commits with these messages are, and which of them somebody has reviewed or acked."""
    found: list[PatchReview] = []
    for message in messages:
        subject = message.partition("\n")[0]
        if is_cover(message) or subject.startswith(FIXES):
            continue
        reviewed = any(trailer.is_approval for trailer in trailers_of(message))
        found.append(PatchReview(len(found) + 1, subject, reviewed))
    return tuple(found)
