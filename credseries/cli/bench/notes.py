"""Remarks beside the output: on standard error, so that the output stays what was asked for."""

from __future__ import annotations

from credseries import render


def note(text: str) -> None:
    """A remark on standard error."""
    render.complain(render.printable(f"note: {text}"))
