"""A diff as HTML: a table a file, with the numbers of both sides. All text is escaped here."""

from __future__ import annotations

from markupsafe import Markup

from credseries.review.code.diff import DiffLine, FileDiff
from credseries.review.report.markup import attribute, code, markup, plain
from credseries.review.report.tokens import Tokens

_CLASSES = {"+": ' class="a"', "-": ' class="d"', " ": ""}
_HEAD = "".join(f'<th scope="col"><span class="vh">{name}</span>' for name in ("before", "after", "line"))
_C = (".c", ".h")


def table(diff: FileDiff) -> Markup:
    """The hunks of a file."""
    is_c = diff.path.endswith(_C)
    found = [
        f'<table class="d"><caption class="vh">{attribute(diff.path)}: what changes</caption><thead><tr>{_HEAD}</thead>'
    ]
    for hunk in diff.hunks:
        found.append(f'<tbody><tr class="h"><td><td><td>@@ {plain(hunk.head)}</td>\n')
        old, new = Tokens(), Tokens()
        for line in hunk.lines:
            text = _code(line, old, new) if is_c else plain(line.text)
            found.append(_row(line, text))
    return markup([*found, "</table>"])


def _code(line: DiffLine, old: Tokens, new: Tokens) -> str:
    """A line of C; a comment that one side opens is none on the other."""
    if line.mark == " ":
        code(line.text, old)
    return code(line.text, old if line.mark == "-" else new)


def _row(line: DiffLine, text: str) -> str:
    numbers = f"<td>{line.old or ''}<td>{line.new or ''}"
    end = "" if line.ends else '<span class="x">no newline</span>'
    return f"<tr{_CLASSES[line.mark]}>{numbers}<td>{line.mark}{text}{end}</td>\n"
