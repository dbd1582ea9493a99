"""A value in a JSON or YAML document that knows where it stands: what is wrong with it is said with its line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from credseries.bench.unreadable import unreadable
from credseries.errors import UsageError

Steps = tuple[str | int, ...]
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Value:
    """A value of the document `name`: objects are dicts, lists lists, and what it is made of has Python's types.

    `steps` are the keys and positions that lead to it; `line_of` gives the line (from 1, 0 for unknown) where what
    some steps lead to begins.
    """

    content: object
    name: str
    line_of: Callable[[Steps], int]
    steps: Steps = ()

    @property
    def path(self) -> str:
        """The way to it as a person writes it: `jobs[0].read.iops`; empty for the document itself."""
        return _written(self.steps)

    def wrong(self, message: str, expected: str) -> UsageError:
        """The error that says what is wrong with this value: `NAME:LINE: PATH MESSAGE`."""
        return unreadable(self.name, self.line_of(self.steps), f"{self.path or 'the document'} {message}", expected)

    def get(self, key: str) -> Value | None:
        """What an object has under a key, or None; raises UsageError when this is no object."""
        if not isinstance(self.content, dict):
            raise self.wrong("is no object", "an object with keys")
        if key not in self.content:
            return None
        return replace(self, content=self.content[key], steps=(*self.steps, key))

    def need(self, key: str, expected: str) -> Value:
        """What an object has under a key; raises UsageError when it has none, with the line where the object begins."""
        found = self.get(key)
        if found is None:
            message = f"{_written((*self.steps, key))} is missing"
            raise unreadable(self.name, self.line_of(self.steps), message, expected)
        return found

    def items(self) -> tuple[Value, ...]:
        """The values of a list; raises UsageError when this is none."""
        if not isinstance(self.content, list):
            raise self.wrong("is no list", "a list")
        return tuple(replace(self, content=item, steps=(*self.steps, index)) for index, item in enumerate(self.content))

    def number(self) -> float:
        """The number that this is; raises UsageError when it is none, or not finite."""
        number = self.content
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise self.wrong(f"is {_shown(number)}", "a number")
        try:
            value = float(number)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise self.wrong("is not finite", "a finite number")
        return value

    def text(self) -> str:
        """The text that this is; raises UsageError when it is none."""
        if not isinstance(self.content, str):
            raise self.wrong(f"is {_shown(self.content)}", "a text")
        return self.content


def _written(steps: Steps) -> str:
    text = ""
    for step in steps:
        if isinstance(step, str) and _WORD.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def _shown(content: object) -> str:
    if isinstance(content, dict | list):
        return "an object" if isinstance(content, dict) else "a list"
    return json.dumps(content, ensure_ascii=False)


# -- JSON


def parse_json(text: str, name: str, expected: str, start: int = 0) -> tuple[Value, int]:
    """The JSON value that begins at an offset of a text, and the offset where it ends.

    Raises UsageError with line and column where it is damaged; `expected` says what should be there.
    """
    start = _past_blanks(text, start)
    try:
        content, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        message = f"damaged JSON at column {error.colno}: {error.msg}"
        raise unreadable(name, error.lineno, message, expected) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise unreadable(name, 0, f"JSON that cannot be read: {error}", expected) from error
    return Value(content, name, lambda steps: line_at(text, _position(text, start, steps))), end


def line_at(text: str, offset: int) -> int:
    """The number, from 1, of the line that an offset of a text is in."""
    return text.count("\n", 0, offset) + 1


def _past_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _position(text: str, at: int, steps: Steps) -> int:
    """Where what some steps lead to begins: its key in an object. Only errors ask, so nothing is kept for it."""
    place = at
    for step in steps:
        # Of a key that stands twice the last one counts, as it does for the parser.
        place, at = {found: (key_at, value_at) for found, key_at, value_at in _members(text, at)}[step]
    return place


def _members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Each step into an object or list (of JSON that was parsed before), where it begins, and where its value does."""
    closing = "}" if text[at] == "{" else "]"
    at = _past_blanks(text, at + 1)
    position = 0
    while text[at] != closing:
        step: str | int = position
        key_at = at
        if closing == "}":
            step, at = _DECODER.raw_decode(text, at)
            at = _past_blanks(text, _past_blanks(text, at) + 1)  # the colon
        yield step, key_at, at
        _, at = _DECODER.raw_decode(text, at)
        at = _past_blanks(text, at)
        if text[at] == ",":
            at = _past_blanks(text, at + 1)
        position += 1
