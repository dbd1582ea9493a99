"""Which checks there are, who asks for them, and in which order. Data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from credseries.review.checklist import credentials, form, naming, series, standing, text
from credseries.review.checklist.model import Audience, Line
from credseries.review.checklist.subject import PatchSubject, Subject

OfPatch = Callable[[PatchSubject, Subject], Iterator[Line]]
OfSeries = Callable[[Subject], Iterator[Line]]


@dataclass(frozen=True)
class Checks:
    """What somebody works through, in order: for the series, and for each patch."""

    series: tuple[OfSeries, ...]
    patch: tuple[OfPatch, ...]


_CODE: tuple[OfPatch, ...] = (
    credentials.proof,
    credentials.moved_calls,
    credentials.caller_credentials,
    credentials.skipped_guard,
    credentials.references,
    credentials.lifetime,
    credentials.return_values,
    credentials.cleanup_order,
    credentials.left_in_function,
)
_FORM: tuple[OfPatch, ...] = (
    form.goto_and_guard,
    form.light_and_guard,
    form.braces,
    form.one_thing,
)
_NAMES: tuple[OfPatch, ...] = (
    naming.wrapper_first,
    naming.backport_trap,
    naming.helper_and_user,
    naming.includes,
)
_TEXT: tuple[OfPatch, ...] = (text.line_length, text.churn, text.subject_prefix, text.message)
_STANDING: tuple[OfPatch, ...] = (
    standing.builds,
    standing.checkpatch,
    text.trailers,
    standing.lists,
    standing.comments,
)

CHECKS: dict[Audience, Checks] = {
    # what has to be right before it goes out
    Audience.AUTHOR: Checks(
        (
            series.whole,
            series.order,
            series.left_as_is,
            series.numbers,
            series.merge_plan,
            series.boots,
            series.comments,
        ),
        (standing.applies, *_CODE, *_FORM, *_NAMES, *_TEXT, *_STANDING),
    ),
    # what a reader of the code asks
    Audience.REVIEWER: Checks(
        (series.whole, series.order, series.left_as_is, series.numbers, series.comments),
        (standing.applies, *_CODE, *_FORM, *_NAMES, *_TEXT, text.trailers, standing.comments),
    ),
    # whether it can be taken
    Audience.MAINTAINER: Checks(
        (
            series.merge_plan,
            series.order,
            series.whole,
            series.boots,
            series.comments,
            series.numbers,
            series.left_as_is,
        ),
        (
            standing.applies,
            *_STANDING,
            credentials.proof,
            credentials.moved_calls,
            credentials.lifetime,
            naming.wrapper_first,
            naming.backport_trap,
            naming.helper_and_user,
            form.light_and_guard,
            text.subject_prefix,
            text.message,
            text.churn,
        ),
    ),
}
