"""Findings of a doctor for people: a table of all of them, and what follows from those that are not ok."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from credseries import render
from credseries.words import many

if TYPE_CHECKING:
    from credseries.bench.doctor.finding import Finding

_WIDTH = 79
_COLOURS = {"ok": "green", "limited": "yellow", "missing": "red", "unknown": "dim"}


def table(findings: Sequence[Finding]) -> Iterator[str]:
    """A row for each: its state, its name, what was seen."""
    width = max((len(item.what) for item in findings), default=0)
    for item in findings:
        state = render.paint(f"{item.state.value:<7}", _COLOURS[item.state.value])
        yield from wrapped(f"  {state}  {item.what:<{width}}  ", item.evidence, 2 + 7 + 2 + width + 2)


def consequences(findings: Sequence[Finding], heading: str, also: Sequence[str] = ()) -> Iterator[str]:
    """What each that is not ok means, and what to do; `also` is said of each beside its state."""
    wanting = [(item, more) for item, more in zip(findings, also or [""] * len(findings), strict=True)]
    wanting = [(item, more) for item, more in wanting if item.state.value != "ok"]
    if wanting:
        yield ""
        yield heading
    for item, more in wanting:
        yield ""
        yield f"  {render.paint(item.what, 'bold')} ({item.state.value}{f'; {more}' if more else ''})"
        yield from wrapped("    ", item.why, 4)
        if item.advice:
            yield from wrapped("    -> ", item.advice, 7)


def counted(findings: Sequence[Finding]) -> str:
    """How many there are, and of which state."""
    numbers = Counter(item.state.value for item in findings)
    states = ", ".join(f"{numbers[state]} {state}" for state in _COLOURS if numbers[state])
    return f"Of {many(len(findings), 'thing')}: {states}."


def wrapped(start: str, text: str, indent: int) -> Iterator[str]:
    """Text in lines of at most 79 columns behind a start that is `indent` columns wide (colour has none)."""
    # A path that is longer than a line stays whole: people copy it.
    parts = textwrap.wrap(render.printable(text), _WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    yield start + (parts[0] if parts else "")
    for part in parts[1:]:
        yield " " * indent + part
