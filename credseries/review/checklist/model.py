"""A checklist as data: what is checked, the answer, the evidence for it, and where to look. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What came of a check. HUMAN: a person has to look, and the line says at what, and asks what."""

    PASS = "pass"
    FAIL = "fail"
    HUMAN = "human"
    NOT_APPLICABLE = "n/a"


class Audience(StrEnum):
    """Who works through a checklist."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    MAINTAINER = "maintainer"


@dataclass(frozen=True)
class Place:
    """Where to look: lines `line` to `last`, 1-based, of a file as it is after the patch (`before`: before it).

    A `line` of 0 means all of the function, or of the file; a `last` of 0 means the one line.
    """

    file: str
    line: int = 0
    last: int = 0
    function: str = ""
    before: bool = False


@dataclass(frozen=True)
class Line:
    """One check. `check` is its name, the same in every checklist ("moved-calls"); `question` says what is checked, and
    to a HUMAN what he is to decide; `evidence` is one sentence; `path` are the steps that lead there (of a
    counterexample: "fs/x.c:12 ..."), or further evidence, a line each; `look` are commands, logs and addresses."""

    check: str
    question: str
    answer: Answer
    evidence: str
    path: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    look: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """The lines of one patch, or (index 0) of the series as a whole. `commit` is empty for a patch that does not
    apply."""

    index: int
    title: str
    commit: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Checklist:
    """A series' checklist. `subject` is what it was asked for (a branch, a range, a mailbox); `base` is the commit that
    the first patch is on."""

    title: str
    subject: str
    base: str
    parts: tuple[Part, ...]

    def count(self, answer: Answer) -> int:
        """How many lines have an answer."""
        return sum(line.answer is answer for part in self.parts for line in part.lines)
