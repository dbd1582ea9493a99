"""Files that a person names, and standard input where a dash stands for it."""

from __future__ import annotations

import sys
from pathlib import Path

STANDARD_INPUT = "-"


def read_bytes(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`; raises UsageError."""
    from credseries.errors import UsageError

    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{name} cannot be read: {error.strerror}", hint="name the file that the benchmark wrote"
        ) from error


def spoken(name: str) -> str:
    """What records and messages call a file that was given by name."""
    return "standard input" if name == STANDARD_INPUT else readable(name)


def readable(argument: str) -> str:
    """An argument of the command in which all can be written: what is no text in it (PEP 383) is replaced by U+FFFD."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
