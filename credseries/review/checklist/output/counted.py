"""How many lines of a checklist have which answer, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from credseries.review.checklist.model import Answer, Line, Part

_WORDS = {Answer.PASS: "pass", Answer.FAIL: "fail", Answer.HUMAN: "for a human", Answer.NOT_APPLICABLE: "do not apply"}


def counted(lines: Iterable[Line]) -> str:
    """`93 pass, 2 fail, 10 for a human, 22 do not apply`; what there is none of is left out."""
    answers = [line.answer for line in lines]
    return ", ".join(f"{answers.count(answer)} {word}" for answer, word in _WORDS.items() if answer in answers)


def title_of(part: Part, patches: int) -> str:
    """What a part is called: `The series`, or `3/6 subject`."""
    return "The series" if part.index == 0 else f"{part.index}/{patches} {part.title}"
