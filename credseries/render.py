"""How things look on a terminal: colour, progress, tables. Plain text everywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.status import Status

_CODES = {
    **{"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35"},
    **{"cyan": "36", "alarm": "1;31"},
}
FORM_COLOURS = {"guard": "green", "scoped": "green", "light": "cyan", "refused": "yellow"}


def colours(stream: IO[str]) -> bool:
    """Whether a stream takes colour: a terminal, and neither NO_COLOR (no-color.org) nor TERM=dumb is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: IO[str] | None = None) -> str:
    """Text in a style, when the stream (standard output) takes colour."""
    target = stream if stream is not None else sys.stdout
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style in _CODES and colours(target) else text


def printable(text: str) -> str:
    """Text from outside without control characters: nothing that it holds can move the cursor or set a title."""
    return "".join(
        char
        if char in "\n\t" or (char.isprintable() and char not in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
        else "?"
        for char in text
    )


def say(text: str = "") -> None:
    """A line on standard output."""
    sys.stdout.write(text + "\n")


def data(text: str) -> None:
    """Text for another program: byte for byte, with surrogates as the bytes that they stand for (PEP 383)."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def complain(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(text + "\n")


def as_json(value: Any) -> None:
    """A value as JSON on standard output; what a terminal would act on is escaped, and so the same to a program."""
    import json  # not for a help text

    def escaped(text: str) -> str:
        return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)

    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    say("\n".join(line if line.isprintable() else escaped(line) for line in lines))


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Rows as left-aligned columns, two spaces apart; the last column is as long as it is."""
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append((indent + "  ".join([*cells, row[-1]])).rstrip())
    return lines


_doing: list[tuple[Status, str]] = []


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is being done, on standard error and only on a terminal.

    Within something else that is shown, it takes that line over until it is done.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    if _doing:
        status, before = _doing[-1]
        status.update(what)
        _doing.append((status, what))
        try:
            yield
        finally:
            _doing.pop()
            status.update(before)
        return
    with Console(stderr=True).status(what) as status:
        _doing.append((status, what))
        try:
            yield
        finally:
            _doing.pop()
