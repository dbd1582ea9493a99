"""What a reviewer has to say about a series that somebody sent: observations at lines, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass

from credseries.creds.audit.compared import Severity


@dataclass(frozen=True)
class PathLine:
    """A line on the way to what is observed: its number in the file after the patch, and its text."""

    number: int
    text: str


@dataclass(frozen=True)
class Observation:
    """Something to be said about a patch.

    `patch` is its position in the series, from 1, or 0 when it is about the series. `line` is 1-based in the file after
    the patch, 0 when none is meant; `extent` are the first and the last line of the function around it, or zeros.
    `gone` is what the patch takes away, if it is about that: the line has its number before the patch.
    `text` are whole sentences that say where and what; `again` names it and its place, for when the same was said of
    another of the same `group`. `path` are lines that lead to it, in the order in which they run.
    `last` is the last line that is meant, where it is about more than one; `is_question` says that it is asked of
    whoever sent the patch.
    """

    patch: int
    severity: Severity
    file: str
    function: str
    line: int
    text: str
    gone: PathLine | None = None
    again: str = ""
    group: str = ""
    extent: tuple[int, int] = (0, 0)
    path: tuple[PathLine, ...] = ()
    last: int = 0
    is_question: bool = False


@dataclass(frozen=True)
class Unseen:
    """What could not be looked at in a patch (by position), and why; `function` and `file` may be empty."""

    patch: int
    file: str
    function: str
    reason: str


@dataclass(frozen=True)
class Review:
    """All that there is to be said about a series. `base` is the commit that it was looked at on; `compared` are the
    functions, as (patch, file, name), that were compared with what they were before the patch."""

    base: str
    observations: tuple[Observation, ...]
    compared: tuple[tuple[int, str, str], ...]
    unseen: tuple[Unseen, ...] = ()
    remarks: tuple[str, ...] = ()
