"""A checklist as Markdown and as a page, by templates that a user may change."""

from __future__ import annotations

import re

from credseries.review.checklist.model import Answer, Checklist, Place
from credseries.review.checklist.output.counted import counted, title_of
from credseries.review.checklist.question import where
from credseries.review.templates import fill

MARKDOWN, PAGE = "checklist.md.j2", "checklist.html.j2"
_MARKS = {Answer.PASS: "[x]", Answer.FAIL: "[!]", Answer.HUMAN: "[ ]", Answer.NOT_APPLICABLE: "[-]"}
# What Markdown takes for markup anywhere (CommonMark 0.31, 2.4), in a text that starts no line.
_SPECIAL = re.compile(r"([\\`*_\[\]<&|~])")
_STARTS = re.compile(
    r"(?<!\S)(?=>|[-+=#]+(?!\S))|(?<!\S)(\d+)(?=[.)](?!\S))"
)  # what it takes for markup at a line's start


def markdown(found: Checklist) -> str:
    """A checklist as Markdown; what comes from mail, code and git is no markup.

    Raises UsageError for a template that is broken.
    """
    return fill(MARKDOWN, _facts(found), {"plain": plain, "where": _plain_place})


def page(found: Checklist) -> str:
    """A checklist as a page that needs nothing else. Raises UsageError for a template that is broken."""
    return fill(PAGE, _facts(found), {"where": where})


def plain(text: str) -> str:
    """Text as Markdown shows it as it is; an underscore between letters is none of its marks."""
    escaped = _SPECIAL.sub(r"\\\1", text)
    escaped = _STARTS.sub(lambda match: f"{match[1] or ''}\\", escaped)
    return re.sub(r"(?<=\w)\\_(?=\w)", "_", escaped)


def _plain_place(place: Place) -> str:
    return plain(where(place))


def _facts(found: Checklist) -> dict[str, object]:
    patches = len(found.parts) - 1
    lines = [line for part in found.parts for line in part.lines]
    return {
        "checklist": found,
        "summary": counted(lines),
        "marks": {answer.value: mark for answer, mark in _MARKS.items()},
        "titles": {part.index: title_of(part, patches) for part in found.parts},
        "counts": {part.index: counted(part.lines) for part in found.parts},
    }
