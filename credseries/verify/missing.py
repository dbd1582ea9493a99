"""What is not installed here, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Missing:
    """A program, header or library that has to be there, the Debian package that brings it, and what it is for."""

    name: str
    package: str
    purpose: str = ""


def advice(missing: Sequence[Missing]) -> str:
    """What is missing, in one line with the command that installs it; empty when nothing is."""
    if not missing:
        return ""
    names = ", ".join(f"{item.name} ({item.purpose})" if item.purpose else item.name for item in missing)
    return f"{names} not found: apt install {' '.join(dict.fromkeys(item.package for item in missing))}"
