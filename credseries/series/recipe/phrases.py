"""Turns of phrase of what is wrong with a recipe."""

from __future__ import annotations

from collections.abc import Sequence

from credseries.words import near


def one_of(value: str, allowed: Sequence[str]) -> str:
    """What to say of a value that is none of those allowed."""
    return f"is {shown(value)}{near(value, allowed)}; it may be {', '.join(allowed)}"


def shown(value: object) -> str:
    """A value of a TOML file as a message names it."""
    if isinstance(value, str):
        line = " ".join(value.split())
        return f"'{line if len(line) <= 60 else line[:57] + '...'}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else str(value)
