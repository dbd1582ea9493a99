"""A function before and after a change, with all that the audit compares; and what the audit finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from credseries.creds.audit.align import Alignment, Version
from credseries.creds.audit.canonical import Canon
from credseries.creds.audit.inline import owner
from credseries.creds.audit.trail import Trail, Visit
from credseries.creds.effects import Effects
from credseries.creds.operations import Enter, Event, Override


class Kind(Enum):
    """What a finding is about, as in the `audit` contract."""

    MOVED_CALL = "moved-call"
    SKIPPED_GUARD = "skipped-guard"
    LOST_REFERENCE = "lost-reference"
    EXTRA_REFERENCE = "extra-reference"
    LIFETIME = "lifetime"
    LOST_RETURN_VALUE = "lost-return-value"
    UNINITIALISED = "uninitialised"
    WRONG_CALLER = "wrong-caller-credentials"
    CLEANUP_ORDER = "cleanup-order"
    MIXED = "mixed-conversion"
    UNCONVERTED = "unconverted"


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """Something that a change got wrong.

    `line` is 1-based in the file after the change (for what is gone: before it, and the message says so), `before` and
    `after` are the credentials in force in words (or other states that are compared), `path` the lines of a shortest
    path to it after the change.
    """

    kind: Kind
    severity: Severity
    file: str
    function: str
    line: int
    call: str
    before: str
    after: str
    path: tuple[int, ...]
    message: str


@dataclass(frozen=True)
class Side:
    """A version of the function with every path through it."""

    version: Version
    trail: Trail
    canon: Canon
    effects: Effects
    readers: frozenset[str]

    @cached_property
    def entered(self) -> list[Enter]:
        """The credential guards, in text order."""
        return [item for item in self.version.steps.operations() if isinstance(item, Enter)]

    @cached_property
    def overrides(self) -> list[Override]:
        """The overrides by hand that are saved in a variable."""
        return [item for item in self.version.steps.operations() if isinstance(item, Override)]

    def keys(self, offset: int) -> dict[str, Visit]:
        """What an event can run under, with the first visit under each."""
        return self.trail.exposed.get(offset, {})

    def reads_current(self, event: Event) -> bool:
        """Whether an event reads the subjective credentials of the task."""
        return event.name in self.readers or event.name.endswith("->cred")


@dataclass(frozen=True)
class Compared:
    """Both versions, aligned; `new` says that there was none before (`before` is then an empty body)."""

    before: Side
    after: Side
    alignment: Alignment
    new: bool = False

    def finding(
        self,
        kind: Kind,
        offset: int,
        message: str,
        *,
        call: str = "",
        before: str = "",
        after: str = "",
        visit: Visit | None = None,
        path: tuple[int, ...] = (),
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """A finding at an offset of the version after."""
        function = self.after.version.function
        line = function.line(offset)
        lines = self.after.trail.path(visit) if visit is not None else path
        if lines and lines[-1] != line:
            lines = (*lines, line)
        return Finding(
            kind, severity, function.path, owner(function, offset), line, call, before, after, lines, message
        )

    def words(self, before: Iterable[str], after: Iterable[str]) -> tuple[str, str]:
        """Credentials before and after, in the words of each version; in full where the words are the same."""
        keys = set(before), set(after)
        was, now = self.before.trail.words(keys[0]), self.after.trail.words(keys[1])
        if was == now and keys[0] != keys[1]:
            was, now = (
                f"{text} (which is {' or '.join(sorted(filter(None, found)))})"
                for text, found in zip((was, now), keys, strict=True)
            )
        return was, now


Check = Callable[[Compared], list[Finding]]
