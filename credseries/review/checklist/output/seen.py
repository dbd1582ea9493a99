"""A checklist whose text can do nothing: what it has from mail, code and git, on one line, nothing hidden. Pure."""

from __future__ import annotations

from dataclasses import replace

from credseries.review.checklist.model import Checklist, Line, Part, Place
from credseries.review.visible import visible


def seen(found: Checklist) -> Checklist:
    """The checklist with what would not be seen, or would move a cursor, written as escapes; every text is one line."""
    parts = tuple(_part(part) for part in found.parts)
    return Checklist(_line(found.title), _line(found.subject), found.base, parts)


def _part(part: Part) -> Part:
    return replace(part, title=_line(part.title), lines=tuple(_seen(line) for line in part.lines))


def _seen(line: Line) -> Line:
    return Line(
        line.check,
        _line(line.question),
        line.answer,
        _line(line.evidence),
        tuple(map(_line, line.path)),
        tuple(_place(place) for place in line.places),
        tuple(map(_line, line.look)),
    )


def _place(place: Place) -> Place:
    return replace(place, file=_line(place.file), function=_line(place.function))


def _line(text: str) -> str:
    return visible(" ".join(text.split("\n")).replace("\t", " "))
