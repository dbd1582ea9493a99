"""The lines of a text as they stood where they were written: without quote marks, tabs as blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from credseries.bench.unreadable import unreadable
from credseries.errors import UsageError

_QUOTE = re.compile(r"(?: *> ?)*")
_RULE = re.compile(r"\s*[-=]{5,}\s*")
_TAB = 8


@dataclass(frozen=True)
class Line:
    """A line: its number from 1, how many times it was quoted in a mail, and its text without the quote marks."""

    number: int
    depth: int
    text: str

    @property
    def blank(self) -> bool:
        """Whether nothing stands there; perf begins what it leaves blank above a table with a `#`."""
        return self.text.strip() in ("", "#")

    @property
    def rule(self) -> bool:
        """Whether it is a line drawn across the page."""
        return _RULE.fullmatch(self.text) is not None

    @property
    def uncommented(self) -> str:
        """The text with the `#` of a header line as a blank, so that columns keep their place."""
        return self.text.replace("#", " ", 1) if self.text.lstrip().startswith("#") else self.text


@dataclass(frozen=True)
class Text:
    """All lines of what was read, by index from 0; `name` is what errors call it."""

    name: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, text: str, name: str) -> Text:
        """The lines of a text."""
        return cls(name, tuple(_line(number, line) for number, line in enumerate(text.split("\n"), 1)))

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int) -> Line:
        return self.lines[index]

    def at(self, index: int) -> Line | None:
        """The line of an index, None beyond the end."""
        return self.lines[index] if 0 <= index < len(self.lines) else None

    def end(self, start: int) -> int:
        """The index behind the last line, from an index on, that is quoted as deep as the one before that index."""
        depth = self.lines[start - 1].depth
        return next((index for index in range(start, len(self)) if self.lines[index].depth != depth), len(self))

    def part(self, start: int) -> Iterator[tuple[int, Line]]:
        """Index and line from an index on, as long as they are quoted as deep as the line before."""
        for index in range(start, len(self)):
            if self.lines[index].depth != self.lines[start - 1].depth:
                return
            yield index, self.lines[index]

    def error(self, index: int, message: str, expected: str) -> UsageError:
        """The error for a line; an index beyond the end is where the text was cut off."""
        if index >= len(self.lines):
            return unreadable(self.name, max(len(self.lines), 1), f"the text ends here: {message}", expected)
        return unreadable(self.name, self.lines[index].number, message, expected)


def _line(number: int, raw: str) -> Line:
    quote = _QUOTE.match(raw)
    marks = quote[0] if quote else ""
    return Line(number, marks.count(">"), raw[len(marks) :].expandtabs(_TAB).rstrip())
