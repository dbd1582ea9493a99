"""From what is known of a series to its checklist. Pure."""

from __future__ import annotations

from credseries.review.checklist.model import Audience, Checklist, Part
from credseries.review.checklist.registry import CHECKS
from credseries.review.checklist.standing import applies
from credseries.review.checklist.subject import Subject


def checklist(subject: Subject, audience: Audience = Audience.AUTHOR) -> Checklist:
    """The checklist of a series as somebody works through it: part 0 is the series, the others are its patches.

    Of a patch that does not apply nothing is known but that.
    """
    checks = CHECKS[audience]
    parts = [Part(0, subject.title, subject.tip, tuple(line for check in checks.series for line in check(subject)))]
    for patch in subject.patches:
        asked = (applies,) if patch.rejected else checks.patch
        lines = tuple(line for check in asked for line in check(patch, subject))
        parts.append(Part(patch.number, patch.title, patch.commit, lines))
    return Checklist(subject.title, subject.name, subject.base, tuple(parts))
