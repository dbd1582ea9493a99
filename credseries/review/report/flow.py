"""A function's credential flow as a page draws it: code beside its letters and brackets, before and after. Pure.

It is made from a `rewrite.picture.Picture`, and JSON can hold it: reading every tree of a series takes seconds, so what
was drawn once is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from credseries.creds.flow.model import CredentialFlow
from credseries.creds.proof import Counterexample
from credseries.rewrite.brackets import Columns, Stroke, brackets
from credseries.rewrite.picture import Picture, Refusal

STROKES = {Stroke.BEGIN: "b", Stroke.WITHIN: "w", Stroke.END_ONE: "o", Stroke.END: "e", Stroke.WHOLE: "h"}
NO_STROKE = "."
NOWHERE = "."  # the letter of a line that no path leads to


@dataclass(frozen=True)
class Letter:
    """Credentials: their letter, what kind they are (own, override, earlier, unknown), and how they are spelled."""

    letter: str
    kind: str
    spellings: tuple[str, ...]


@dataclass(frozen=True)
class CodeLine:
    """A line of a function.

    `under` are the letters of what it runs under; empty where nothing runs. `strokes` has a character for each column
    of brackets (STROKES, or a dot), `owners` the letter of what the scope there puts in force. `mark` says whether the
    path of a counterexample goes over it: "path", or "end" where it shows.
    """

    number: int
    text: str
    under: str = ""
    strokes: str = ""
    owners: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Side:
    """A function before or after; None where the other side has a line and this one has none, so that both have the
    same number. `notes` are sentences about the function as a whole."""

    lines: tuple[CodeLine | None, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DrawnSite:
    """An override of the function: its line, its expression, where that comes from, and the form that it has in the
    end; `note` says why it has none."""

    line: int
    override: str
    source: str
    form: str
    note: str = ""


@dataclass(frozen=True)
class Objection:
    """What stands against a conversion: the form (empty: any), a sentence, and the lines of the path that shows it.

    `shows` says what the path shows, where the sentence does not. `drawn` says that the path is drawn."""

    line: int
    form: str
    reason: str
    path: tuple[int, ...] = ()
    shows: str = ""
    drawn: bool = False


@dataclass(frozen=True)
class Flow:
    """A function with what its lines run under. `after` is None where it stays as it is; `line` is where it begins."""

    file: str
    function: str
    line: int
    letters: tuple[Letter, ...]
    before: Side
    after: Side | None
    sites: tuple[DrawnSite, ...] = ()
    objections: tuple[Objection, ...] = ()
    unreadable: str = ""
    path_is_after: bool = False

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `flow_from_json` reads back."""
        return asdict(self)


def flow_of(picture: Picture) -> Flow:
    """A picture as a page draws it."""
    example = picture.counterexample
    before = _Lines(picture, picture.before, None if picture.path_is_after else example)
    after = _Lines(picture, picture.after, example if picture.path_is_after else None) if picture.after else None
    rows = [(row.before, row.after) for row in picture.rows]
    return Flow(
        picture.path,
        picture.function,
        (picture.after if picture.path_is_after and picture.after else picture.before).first_line,
        tuple(Letter(item.letter, item.credential.kind.value, item.spellings) for item in picture.legend),
        Side(tuple(before.line(line.number) if line is not None else None for line, _ in rows), before.notes),
        Side(tuple(after.line(line.number) if line is not None else None for _, line in rows), after.notes)
        if after is not None
        else None,
        tuple(
            DrawnSite(item.line, item.override, item.source, item.choice, item.nothing_to_convert)
            for item in picture.sites
        ),
        tuple(_objection(item, drawn=item.counterexample is example is not None) for item in picture.refusals),
        picture.before.unreadable or (picture.after.unreadable if picture.after is not None else ""),
        picture.path_is_after,
    )


class _Lines:
    """The lines of one side."""

    def __init__(self, picture: Picture, flow: CredentialFlow, path: Counterexample | None) -> None:
        self._picture, self._flow, self._path = picture, flow, path
        self._brackets = brackets(flow)

    def line(self, number: int) -> CodeLine:
        line = self._flow.line(number)
        under = "".join(map(self._picture.letter, line.under)) or (NOWHERE if line.runs else "")
        strokes, owners = self._columns(self._brackets[number])
        return CodeLine(number, line.text.rstrip("\r"), under, strokes, owners, self._mark(number))

    def _columns(self, columns: Columns) -> tuple[str, str]:
        strokes = "".join(STROKES[item.stroke] if item is not None else NO_STROKE for item in columns)
        owners = "".join(self._picture.letter(item.credential) if item is not None else NO_STROKE for item in columns)
        return (strokes, owners) if strokes.strip(NO_STROKE) else ("", "")

    def _mark(self, number: int) -> str:
        if self._path is None:
            return ""
        return "end" if number == self._path.line else "path" if number in self._path.path else ""

    @property
    def notes(self) -> tuple[str, ...]:
        flow = self._flow
        found = [
            f"not followed from line {item.line} on: {item.reason}" for item in flow.unfollowed if not flow.unreadable
        ]
        if flow.left:
            left = " or ".join(item.words for item in flow.leaves)
            found.insert(0, f"it ends with {left} in force, on the path {arrows(flow.left)}")
        return tuple(found)


def _objection(refusal: Refusal, *, drawn: bool) -> Objection:
    example = refusal.counterexample
    if example is None:
        return Objection(refusal.line, refusal.form, refusal.reason)
    told = bool(example.reason) and refusal.reason.startswith(example.reason)
    shows = "" if told else str(example).partition(":")[2].strip()
    return Objection(refusal.line, refusal.form, refusal.reason, example.path, shows, drawn)


def arrows(lines: Sequence[int]) -> str:
    """The lines of a path, as they follow each other."""
    return " -> ".join(map(str, lines))


def flow_from_json(data: dict[str, Any]) -> Flow:
    """The flow that `Flow.to_json` gave; raises KeyError, TypeError or AttributeError on anything else."""
    return Flow(
        **{
            **data,
            "letters": tuple(Letter(**{**item, "spellings": tuple(item["spellings"])}) for item in data["letters"]),
            "before": _side(data["before"]),
            "after": _side(data["after"]) if data["after"] is not None else None,
            "sites": tuple(DrawnSite(**item) for item in data["sites"]),
            "objections": tuple(Objection(**{**item, "path": tuple(item["path"])}) for item in data["objections"]),
        }
    )


def _side(data: dict[str, Any]) -> Side:
    lines: Iterable[Any] = data["lines"]
    return Side(tuple(CodeLine(**item) if item is not None else None for item in lines), tuple(data["notes"]))
