"""What there is to say about somebody's series: what the audit finds, and what else of its checklist fails. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from credseries.creds.audit.checks import Finding, Kind, Severity
from credseries.csource.lexical import Lines, lex
from credseries.csource.outline import functions
from credseries.kernel.series_source import Step
from credseries.review.checklist.model import Answer, Checklist, Line, Place
from credseries.review.checklist.subject import Finding as Told
from credseries.review.checklist.subject import Subject
from credseries.review.wording import gone_of, group_of, path_of, said, said_again, why_unseen
from credseries.series.observations import Observation, Review, Unseen

Contents = Callable[[str, str], bytes]  # of a file (the second) of a tree

# Lines that say of the series what others say of its patches, or of mails what others have said in them.
_SAID_ELSEWHERE = ("proof", "applies", "wrapper-first", "comments", "left-as-is")
_SMALL = ("braces", "line-length", "subject-prefix", "message", "churn")  # of these a failure is a note
_BRACES = "braces"
_NO_BRACES = "This scoped form has no braces: what its scope is, one cannot see"
_WORD = re.compile(r"[a-z]+(?=[ ,])")


class _Files:
    """The files of trees, by lines and by functions, each read once."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._lines: dict[tuple[str, str], list[str]] = {}
        self._extents: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def lines(self, tree: str, file: str) -> list[str]:
        key = (tree, file)
        if key not in self._lines:
            self._lines[key] = self._contents(tree, file).decode("utf-8", "replace").split("\n")
        return self._lines[key]

    def extent(self, tree: str, file: str, line: int) -> tuple[int, int]:
        """The first and the last line of the function that a line is in, or zeros."""
        key = (tree, file)
        if key not in self._extents:
            source = self._contents(tree, file)
            lines = Lines(source)
            found = functions(lex(source).code)
            self._extents[key] = [(lines.number(item.start), lines.number(item.end - 1)) for item in found]
        return next((item for item in self._extents[key] if item[0] <= line <= item[1]), (0, 0))


def review_of(
    subject: Subject, checklist: Checklist, steps: Sequence[Step], contents: Contents, *, questions: bool = False
) -> Review:
    """What there is to say about a series, in the order of patches, files and lines; `questions` are those of the
    checklist that a person has to answer, to be asked of whoever sent it.

    `contents` gives the bytes of a file of a tree, empty when it is not there.
    """
    positions = {step.number: number for number, step in enumerate(steps, 1)}
    trees = {number: step.after for number, step in enumerate(steps, 1)}
    files = _Files(contents)
    found = [
        _finding(_as_found(item), positions[patch.number], trees[positions[patch.number]], files)
        for patch in subject.patches
        for item in patch.audit.findings
        if not item.allowed
    ]
    for part in checklist.parts:
        position = positions.get(part.index, 0)
        known = {item.message for patch in subject.patches for item in patch.audit.findings}
        for line in part.lines:
            if _is_said(line, known, questions=questions):
                found += _line(line, position, trees, files)
    return Review(
        base=subject.base,
        observations=tuple(sorted(found, key=lambda item: (item.patch, item.file, item.line))),
        compared=tuple((positions[patch.number], *name) for patch in subject.patches for name in patch.audit.compared),
        unseen=tuple(_unseen(subject, positions)),
        remarks=subject.remarks,
    )


def _unseen(subject: Subject, positions: Mapping[int, int]) -> Iterator[Unseen]:
    for patch in subject.patches:
        position = positions[patch.number]
        for item in patch.audit.left:
            yield Unseen(position, item.file, item.function, why_unseen(item.reason))


# -- the audit


def _as_found(item: Told) -> Finding:
    return Finding(
        *(Kind(item.kind), Severity(item.severity), item.file, item.function, item.line),
        *(item.call, item.before, item.after, item.path, item.message),
    )


def _finding(finding: Finding, position: int, tree: str, files: _Files) -> Observation:
    of_series = finding.kind is Kind.UNCONVERTED and finding.severity is Severity.NOTE
    needs_path = finding.kind is not Kind.LOST_RETURN_VALUE
    return Observation(
        patch=0 if of_series else position,
        severity=finding.severity,
        file=finding.file,
        function=finding.function,
        line=finding.line,
        text=said(finding),
        gone=gone_of(finding),
        again=said_again(finding),
        group=group_of(finding),
        extent=files.extent(tree, finding.file, finding.line),
        path=tuple(path_of(finding, files.lines(tree, finding.file))) if needs_path else (),
    )


# -- the rest of the checklist


def _is_said(line: Line, known: set[str], *, questions: bool) -> bool:
    """Whether a line is to be said; what the audit has found is said already."""
    if line.check in _SAID_ELSEWHERE and not (questions and line.check == "proof" and line.places):
        return False
    if line.answer is Answer.HUMAN:
        return questions
    return line.answer is Answer.FAIL and not any(message in line.evidence for message in known)


def _line(line: Line, position: int, trees: Mapping[int, str], files: _Files) -> Iterator[Observation]:
    """What a line says, at its first place; at each of them where it says the same of all."""
    places = line.places if line.check == _BRACES else line.places[:1]
    for place in places or (Place(""),):
        tree = trees.get(position, "")
        here = place if not place.before else Place(place.file, function=place.function)
        yield Observation(
            patch=position,
            severity=_severity(line),
            file=here.file,
            function=here.function,
            line=here.line,
            text=_text(line, here),
            again=f"{here.file}:{here.line}" if here.line else "",
            group=line.check if line.answer is Answer.FAIL and here.line else "",
            extent=files.extent(tree, here.file, here.line) if tree and here.line else (0, 0),
            last=here.last,
            is_question=line.answer is Answer.HUMAN,
        )


def _severity(line: Line) -> Severity:
    if line.answer is Answer.HUMAN or line.check in _SMALL:
        return Severity.NOTE
    return Severity.WARNING


def _text(line: Line, place: Place) -> str:
    if line.answer is Answer.HUMAN:
        return f"{_capital(line.question)} {_capital(line.evidence)}."
    if line.check == _BRACES:
        return f"{_NO_BRACES} ({place.file}:{place.line})."
    return f"{_capital(line.evidence)}."


def _capital(text: str) -> str:
    """A sentence with a capital, unless it begins with a name."""
    return text[:1].upper() + text[1:] if _WORD.match(text) else text
