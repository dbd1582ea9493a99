"""A function's credential flow as text: line numbers, a letter and a colour for what is in force, brackets for scopes.

The code comes from a tree that nobody has to trust: what a terminal would act on is not printed as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credseries.cli.scan import shortened
from credseries.render import printable
from credseries.rewrite.brackets import Stroke, brackets
from credseries.words import many

if TYPE_CHECKING:
    from credseries.creds.flow.model import Credential, CredentialFlow, Line
    from credseries.creds.proof import Counterexample
    from credseries.rewrite.brackets import Bracket
    from credseries.rewrite.picture import Picture, Refusal

Paint = Callable[[str, str], str]
Strokes = Mapping[Stroke, str]
_PALETTE = ("green", "cyan", "magenta", "yellow", "blue")
_FIXED = {"own": "dim", "unknown": "red"}
_TAB = 8
_COLOUR = re.compile(r"\x1b\[[\d;]*m")  # there are no other escapes: the code is printed without its own
_NOWHERE = "."  # the letter of a line that no path leads to
ON_PATH, AT_END = ">", "!"


LINES = {
    Stroke.BEGIN: "┌",
    Stroke.WITHIN: "│",
    Stroke.END_ONE: "├",
    Stroke.END: "└",
    Stroke.WHOLE: "╶",
}
PLAIN = {Stroke.BEGIN: "/", Stroke.WITHIN: "|", Stroke.END_ONE: "+", Stroke.END: "\\", Stroke.WHOLE: "-"}


def _cells(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


@dataclass(frozen=True)
class _Piece:
    """A text for the terminal and the columns that it takes, which colours do not count towards."""

    text: str
    width: int

    def padded(self, width: int) -> str:
        """The text with blanks up to a width."""
        return self.text + " " * (width - self.width)


class _Side:
    """One side of a picture."""

    def __init__(
        self, picture: Picture, flow: CredentialFlow, path: Counterexample | None, paint: Paint, strokes: Strokes
    ) -> None:
        self.picture, self.flow, self.path = picture, flow, path
        self.paint, self.strokes = paint, strokes
        self.styles = styles(picture)
        self.brackets = brackets(flow)
        self.letters = max((max(len(line.under), int(line.runs)) for line in flow.lines), default=0)
        self.digits = len(str(flow.lines[-1].number))

    def piece(self, line: Line) -> _Piece:
        """A line with its gutter."""
        code = printable(line.text.rstrip("\r")).expandtabs(_TAB)
        letters = "".join(self._letter(credential) for credential in line.under)
        if line.runs and not line.under:
            letters = self.paint(_NOWHERE, "dim")
        letters += " " * (self.letters - max(len(line.under), int(line.runs)))
        strokes = "".join(map(self._bracket, self.brackets[line.number]))
        number = self.paint(str(line.number).rjust(self.digits), "dim")
        text = f"{self._mark(line)}{number} {letters} {strokes} {code}".rstrip()
        return _Piece(text, _cells(_COLOUR.sub("", text)))

    def _mark(self, line: Line) -> str:
        if self.path is None:
            return " "
        if line.number == self.path.line:
            return self.paint(AT_END, "alarm")
        return self.paint(ON_PATH, "alarm") if line.number in self.path.path else " "

    def _letter(self, credential: Credential) -> str:
        return self.paint(self.picture.letter(credential), self.styles[credential])

    def _bracket(self, bracket: Bracket | None) -> str:
        if bracket is None:
            return " "
        return self.paint(self.strokes[bracket.stroke], self.styles[bracket.credential])


def styles(picture: Picture) -> Mapping[Credential, str]:
    """A style for each of the credentials of a picture."""
    found: dict[Credential, str] = {}
    for entry in picture.legend:
        fixed = _FIXED.get(entry.credential.kind.value)
        number = sum(style in _PALETTE for style in found.values())
        found[entry.credential] = fixed or _PALETTE[number % len(_PALETTE)]
    return found


def drawing(picture: Picture, sides: Sequence[str], width: int, paint: Paint, strokes: Strokes) -> list[str]:
    """A picture as lines of text: the sides (before, after) beside each other if the width allows, else one by one."""
    found = [paint(printable(f"{picture.path}:{picture.before.first_line}: {picture.function}()"), "bold")]
    found += _sites(picture)
    if picture.before.unreadable:
        found.append(f"  not read: {printable(picture.before.unreadable)}")
    found += [line for refusal in picture.refusals for line in _refusal(picture, refusal, paint)]
    found.append("")
    paths = (None, picture.counterexample) if picture.path_is_after else (picture.counterexample, None)
    before = _Side(picture, picture.before, paths[0], paint, strokes)
    after = _Side(picture, picture.after, paths[1], paint, strokes) if picture.after is not None else None
    if "after" not in sides or after is None:
        found += [before.piece(line).text for line in picture.before.lines] if "before" in sides else []
    elif "before" not in sides:
        found += [after.piece(line).text for line in after.flow.lines]
    else:
        found += _beside(picture, before, after, width) or [*_one_by_one(before, after, paint)]
    return [*found, "", *_legend(picture, sides, paint), *_feet(picture, sides)]


def _beside(picture: Picture, before: _Side, after: _Side, width: int) -> list[str]:
    """Both sides beside each other with what differs marked as sdiff does; nothing where that is too wide."""
    pairs = [
        (before.piece(row.before) if row.before else _Piece("", 0), after.piece(row.after) if row.after else None)
        for row in picture.rows
    ]
    left = max(piece.width for piece, _ in pairs)
    right = max(piece.width for _, piece in pairs if piece is not None)
    if left + 3 + right > width:
        return []
    found = []
    for row, (one, two) in zip(picture.rows, pairs, strict=True):
        mark = "<" if row.after is None else ">" if row.before is None else " "
        if row.before is not None and row.after is not None and row.before.text.strip() != row.after.text.strip():
            mark = "|"
        found.append(f"{one.padded(left)} {mark} {two.text if two is not None else ''}".rstrip())
    return found


def _one_by_one(before: _Side, after: _Side, paint: Paint) -> Iterable[str]:
    yield paint("before", "bold")
    yield from (before.piece(line).text for line in before.flow.lines)
    yield ""
    yield paint("after", "bold")
    yield from (after.piece(line).text for line in after.flow.lines)


def _sites(picture: Picture) -> list[str]:
    found = []
    for site in picture.sites:
        choice = f" -> {site.choice}" if site.choice else ""
        found.append(printable(f"  line {site.line}: {site.override} ({site.source}){choice}"))
        if site.nothing_to_convert:
            found.append(printable(f"    nothing to convert: {site.nothing_to_convert}"))
    if not picture.sites and not picture.before.unreadable:
        found.append("  no override of its own")
    return found


def _refusal(picture: Picture, refusal: Refusal, paint: Paint) -> list[str]:
    form = f" as {refusal.form}" if refusal.form else ""
    head = paint("refused", "yellow")
    found = [f"  {head}{form}, {printable(f'{picture.path}:{refusal.line}')}: {printable(refusal.reason)}"]
    example = refusal.counterexample
    if example is not None:
        told = example.reason and refusal.reason.startswith(example.reason)
        shows = "" if told else ":" + str(example).partition(":")[2]
        found.append(printable(f"    path {_path(example.path)}{shows}"))
    return found


def _legend(picture: Picture, sides: Sequence[str], paint: Paint) -> list[str]:
    colour = styles(picture)
    found = []
    for entry in picture.legend:
        spelled = " = ".join(entry.spellings)
        found.append(f"  {paint(entry.letter, colour[entry.credential])}  {printable(spelled)}")
    if any(line.runs and not line.under for line in picture.before.lines):
        found.append(f"  {_NOWHERE}  no path leads here")
    if picture.counterexample is not None and ("after" if picture.path_is_after else "before") in sides:
        marks = f"{paint(ON_PATH, 'alarm')}  the path to {paint(AT_END, 'alarm')}, where it shows"
        found.append(f"  {marks}")
    return found


def _feet(picture: Picture, sides: Sequence[str]) -> list[str]:
    """What is to be said of the function as a whole."""
    found = []
    for name, flow in (("before", picture.before), ("after", picture.after)):
        if flow is None or name not in sides:
            continue
        if flow.left:
            left = " or ".join(item.words for item in flow.leaves)
            found.append(printable(f"it ends with {left} in force (path {_path(flow.left)})"))
        found += [
            printable(f"not followed from line {item.line} on: {item.reason}")
            for item in flow.unfollowed
            if not flow.unreadable
        ]
    if "after" in sides and picture.after is None and picture.sites:
        left_as_is = sum(site.choice == "refused" for site in picture.sites)
        if left_as_is:
            found.append(f"it stays as it is: {many(left_as_is, 'site')} refused")
    return ["", *found] if found else []


def _path(lines: Sequence[int]) -> str:
    return " -> ".join(map(str, shortened(list(lines))))
