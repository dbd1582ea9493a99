"""A checklist for a terminal: a line an answer, wrapped to its width, what does not apply in a few lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap

from credseries.review.checklist.model import Answer, Checklist, Line, Part
from credseries.review.checklist.output.counted import counted, title_of
from credseries.review.checklist.question import where

Paint = Callable[[str, str], str]  # text, and a style of credseries.render
_STYLES = {Answer.PASS: "green", Answer.FAIL: "alarm", Answer.HUMAN: "yellow", Answer.NOT_APPLICABLE: "dim"}
_ANSWER, _CHECK = 7, 20  # columns
_INDENT = 2 + _ANSWER + _CHECK
_SHOWN = 8  # of what is told below an answer
_LEAST = 30  # columns for text, however narrow the terminal is


def text_lines(found: Checklist, width: int, paint: Paint) -> Iterator[str]:
    """The lines of a checklist, of at most `width` columns where words allow it."""
    patches = len(found.parts) - 1
    yield paint(f"Checklist of {found.subject}: {found.title}", "bold")
    for part in found.parts:
        yield ""
        commit = f"  {paint(part.commit[:12], 'dim')}" if part.commit and part.index else ""
        yield paint(title_of(part, patches), "bold") + commit
        yield from _part(part, width, paint)
    yield ""
    yield f"{counted(line for part in found.parts for line in part.lines)}"


def _part(part: Part, width: int, paint: Paint) -> Iterator[str]:
    for line in part.lines:
        if line.answer is not Answer.NOT_APPLICABLE:
            yield from _line(line, width, paint)
    reasons: dict[str, list[str]] = {}
    for line in part.lines:
        if line.answer is Answer.NOT_APPLICABLE:
            reasons.setdefault(line.evidence, []).append(line.check)
    room = max(width - 2 - _ANSWER, _LEAST)
    for reason, checks in reasons.items():
        head = f"  {Answer.NOT_APPLICABLE.value:<{_ANSWER}}"
        for text in wrap(f"{', '.join(checks)}: {reason}", room, break_long_words=False, break_on_hyphens=False):
            yield paint(f"{head}{text}", "dim")
            head = " " * (2 + _ANSWER)


def _line(line: Line, width: int, paint: Paint) -> Iterator[str]:
    answer = paint(f"{line.answer.value:<{_ANSWER}}", _STYLES[line.answer])
    head = f"  {answer}{line.check:<{_CHECK}}"
    room = max(width - _INDENT, _LEAST)
    for style, text in _texts(line):
        for number, piece in enumerate(wrap(text, room, break_long_words=False, break_on_hyphens=False)):
            indent = "  " if number and style == "dim" else ""
            yield head + paint(indent + piece, style)
            head = " " * _INDENT


def _texts(line: Line) -> Iterator[tuple[str, str]]:
    """What a line says, each with its style: to a person the question comes first."""
    if line.answer is Answer.HUMAN:
        yield "", line.question
    yield "", line.evidence
    if line.path:
        is_way = line.answer is Answer.FAIL
        texts = (f"path {' -> '.join(line.path)}",) if is_way else line.path
        yield from (("dim", text) for text in texts[:_SHOWN])
        if len(texts) > _SHOWN:
            yield "dim", f"and {len(texts) - _SHOWN} more (--format md has all of it)"
    if line.answer is Answer.FAIL:
        yield from (("dim", f"at {where(place)}") for place in line.places[1:])
    yield from (("dim", f"see {text}") for text in line.look)
