"""A side of a function's credential flow as HTML: a table of its lines, and an SVG of its brackets and its path.

Every line has the same height, so that lines of both sides are beside each other; the SVG is as high as its table. A
colour never says anything alone: letters do, and the colours have patterns (`report.css`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from credseries.review.report.flow import NOWHERE, STROKES, CodeLine, Flow, Side
from credseries.review.report.markup import attribute, code, markup
from credseries.review.report.tokens import Tokens
from credseries.rewrite.brackets import Stroke

_ROW = 20  # units of the SVG: the height of a line, and the width of a column
_COLUMN = 12
_WAY = 24  # the width of the column that a path is drawn in
_COLOURS = 6
_FIXED = {"own": "ko", "unknown": "kx"}


def colours(flow: Flow) -> Mapping[str, str]:
    """For each letter the class that gives its colour and pattern."""
    found: dict[str, str] = {}
    for item in flow.letters:
        number = sum(name[1:].isdigit() for name in found.values())
        found.setdefault(item.letter, _FIXED.get(item.kind) or f"k{number % _COLOURS}")
    return found


def side(flow: Flow, name: str) -> Markup:
    """One side, `before` or `after`, with its brackets."""
    drawn = flow.before if name == "before" or flow.after is None else flow.after
    other = flow.after if name == "before" else flow.before
    known = colours(flow)
    columns = max((len(line.strokes) for line in drawn.lines if line is not None), default=0)
    has_path = any(line is not None and line.mark for line in drawn.lines)
    path = next((item.path for item in flow.objections if item.drawn), ()) if has_path else ()
    label = f"{flow.function}() {name}"
    return markup(
        [
            f'<div class="sheet r{min(columns, 6)}{" haspath" if has_path else ""}"><table class="f">',
            f'<caption class="vh">{attribute(label)}</caption><thead><tr>{_HEAD}</thead><tbody>\n',
            *_rows(drawn, other, known),
            "</tbody></table>",
            *_rails(drawn, known, columns),
            *(_path(drawn, path) if has_path else ()),
            "</div>",
        ]
    )


# -- lines


def _rows(drawn: Side, other: Side | None, known: Mapping[str, str]) -> list[str]:
    tokens = Tokens()
    others: Sequence[CodeLine | None] = other.lines if other is not None else drawn.lines
    return [_row(line, beside, known, tokens) for line, beside in zip(drawn.lines, others, strict=True)]


def _row(line: CodeLine | None, beside: CodeLine | None, known: Mapping[str, str], tokens: Tokens) -> str:
    if line is None:
        return '<tr class="gap"><td><td><td></td>\n'
    classes = [name for name in (_colour(line, known), _MARKS[line.mark], _differs(line, beside)) if name]
    of = f' class="{" ".join(classes)}"' if classes else ""
    letters = "".join(f'<abbr class="{known.get(item, "kn")}">{_letter(item)}</abbr>' for item in line.under)
    sign = _SIGNS[line.mark]
    return f"<tr{of}><td>{sign}{line.number}<td>{letters}<td>{code(line.text, tokens)}</td>\n"


_HEAD = "".join(f'<th scope="col"><span class="vh">{name}</span>' for name in ("line", "runs under", "code"))
_MARKS = {"": "", "path": "on", "end": "end"}
_SIGNS = {"": "", "path": '<span class="vh">on the path: </span>', "end": '<span class="vh">the path ends: </span>'}


def _letter(letter: str) -> str:
    return {"-": "&ndash;", NOWHERE: "&middot;"}.get(letter) or attribute(letter)


def _colour(line: CodeLine, known: Mapping[str, str]) -> str:
    """The class of a line: that of what it runs under, or that of several; where nothing runs, of the scope around."""
    if not line.under:
        around = [owner for stroke, owner in zip(line.strokes, line.owners, strict=True) if stroke in _AROUND]
        return f"{known.get(around[-1], 'kn')} quiet" if around else ""
    return known.get(line.under, "kn") if len(line.under) == 1 else "km"


_AROUND = {STROKES[item] for item in (Stroke.WITHIN, Stroke.END_ONE, Stroke.END)}


def _differs(line: CodeLine, beside: CodeLine | None) -> str:
    """Whether the other side has another line there; how far it is indented does not count."""
    return "ch" if beside is None or beside.text.split() != line.text.split() else ""


# -- brackets and path


def _rails(drawn: Side, known: Mapping[str, str], columns: int) -> Iterator[str]:
    if columns:
        yield _svg("rails", columns * _COLUMN, len(drawn.lines))
        for column in range(columns):
            yield from _column(drawn, known, column)
        yield "</svg>"


def _svg(name: str, width: int, lines: int) -> str:
    return f'<svg class="{name}" aria-hidden="true" focusable="false" viewBox="0 0 {width} {lines * _ROW}">'


def _column(drawn: Side, known: Mapping[str, str], column: int) -> Iterator[str]:
    """The strokes of a column, one a line."""
    x = column * _COLUMN + _COLUMN / 2
    for number, line in enumerate(drawn.lines):
        if line is None:
            # the other side has a line here: a bracket goes on over the gap
            if _goes_on(drawn, column, number):
                yield _line(x, number, STROKES[Stroke.WITHIN], _owner(drawn, column, number), known)
        elif column < len(line.strokes) and line.strokes[column] in _SHAPES:
            yield _line(x, number, line.strokes[column], line.owners[column], known)


def _goes_on(drawn: Side, column: int, number: int) -> bool:
    """Whether a bracket leads into a gap and out of it again."""
    before = _stroke(next((item for item in reversed(drawn.lines[:number]) if item is not None), None), column)
    after = _stroke(next((item for item in drawn.lines[number:] if item is not None), None), column)
    opens, closes = (Stroke.BEGIN, Stroke.WITHIN, Stroke.END_ONE), (Stroke.WITHIN, Stroke.END_ONE, Stroke.END)
    return before in {STROKES[item] for item in opens} and after in {STROKES[item] for item in closes}


def _stroke(line: CodeLine | None, column: int) -> str:
    return line.strokes[column] if line is not None and column < len(line.strokes) else ""


def _owner(drawn: Side, column: int, number: int) -> str:
    line = next(item for item in reversed(drawn.lines[:number]) if item is not None)
    return line.owners[column]


_HALF = _ROW / 2
_REACH = _COLUMN / 2 - 1  # how far a bracket's ends reach to the right
# What is drawn from the middle of a column at a line's top: begin, within, end of one way, end, all of it.
_SHAPES = {
    STROKES[Stroke.BEGIN]: f"m{_REACH} {_HALF}h-2q-3 0 -3 3v{_HALF - 3}",
    STROKES[Stroke.WITHIN]: f"v{_ROW}",
    STROKES[Stroke.END_ONE]: f"v{_ROW}m0 -{_HALF}h{_REACH}",
    STROKES[Stroke.END]: f"v{_HALF - 3}q0 3 3 3h2",
    STROKES[Stroke.WHOLE]: f"m-1 {_HALF}h{_REACH + 1}",
}


def _line(x: float, number: int, stroke: str, owner: str, known: Mapping[str, str]) -> str:
    return f'<path class="{known.get(owner, "kn")}" d="M{x:g} {number * _ROW}{_SHAPES[stroke]}"/>'


def _path(drawn: Side, path: Sequence[int]) -> Iterator[str]:
    """The steps of a path as a line from dot to dot; where it goes back up, it bends to the left."""
    places = {line.number: index * _ROW + _HALF for index, line in enumerate(drawn.lines) if line is not None}
    end = next((line.number for line in drawn.lines if line is not None and line.mark == "end"), 0)
    walked = [number for number in (*path, *(() if path and path[-1] == end else (end,))) if number in places]
    x = _WAY - 8
    yield _svg("way", _WAY, len(drawn.lines))
    for one, two in pairwise(walked):
        first, second = places[one], places[two]
        bend = x if second >= first else x - 14
        yield f'<path class="go" d="M{x} {first:g}C{bend} {first:g} {bend} {second:g} {x} {second:g}"/>'
    for number in dict.fromkeys(walked):
        y = places[number]
        if number == end:
            yield f'<path class="goal" d="M{x} {y - 7:g}l7 7 -7 7 -7 -7z"/>'
        else:
            yield f'<circle class="step" cx="{x}" cy="{y:g}" r="3.2"/>'
    yield "</svg>"
