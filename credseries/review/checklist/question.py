"""A check by its name and question, and the lines that answer it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from credseries.review.checklist.model import Answer, Line, Place
from credseries.words import many

_SHOWN = 12  # places that a line names in words; all of them are in `places`


@dataclass(frozen=True)
class Question:
    """What is checked: `name` is the same in every checklist, `text` what it asks."""

    name: str
    text: str

    def passed(self, evidence: str, **more: tuple[str, ...] | tuple[Place, ...]) -> Line:
        """A line that says yes."""
        return self._line(Answer.PASS, self.text, evidence, more)

    def failed(self, evidence: str, **more: tuple[str, ...] | tuple[Place, ...]) -> Line:
        """A line that says no."""
        return self._line(Answer.FAIL, self.text, evidence, more)

    def asks(self, question: str, evidence: str, **more: tuple[str, ...] | tuple[Place, ...]) -> Line:
        """A line that a person has to answer: what he is to decide, and what is known of it."""
        return self._line(Answer.HUMAN, question, evidence, more)

    def none(self, evidence: str, **more: tuple[str, ...] | tuple[Place, ...]) -> Line:
        """A line that does not apply, and why."""
        return self._line(Answer.NOT_APPLICABLE, self.text, evidence, more)

    def _line(
        self, answer: Answer, text: str, evidence: str, more: dict[str, tuple[str, ...] | tuple[Place, ...]]
    ) -> Line:
        return Line(self.name, text, answer, evidence, **more)  # type: ignore[arg-type]


def where(place: Place) -> str:
    """A place in words: `fs/x.c:120-134 foo()`."""
    lines = f":{place.line}" if place.line else ""
    if place.last > place.line:
        lines += f"-{place.last}"
    return f"{place.file}{lines}" + (f" {place.function}()" if place.function else "")


def listed(words: Sequence[str], one: str = "other") -> str:
    """Some words; when there are many, the first of them, and how many more there are."""
    if len(words) <= _SHOWN:
        return ", ".join(words)
    return f"{', '.join(words[:_SHOWN])} and {many(len(words) - _SHOWN, one)}"


def steps(file: str, lines: Iterable[int]) -> tuple[str, ...]:
    """A path through a function, a step each."""
    return tuple(f"{file}:{line}" for line in lines)
