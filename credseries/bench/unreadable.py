"""What every reader says when a file is not what it should be: which file, which line, and what was expected there."""

from __future__ import annotations

from credseries.errors import UsageError


def unreadable(name: str, line: int, message: str, expected: str) -> UsageError:
    """The error for text that a reader cannot take: `NAME:LINE: message`, with the hint `expected ...`.

    Lines count from 1; 0 means the file as a whole and leaves the number out. `expected` says what should stand there.
    """
    place = f"{name}:{line}" if line else name
    return UsageError(f"{place}: {message}", hint=f"expected {expected}")
