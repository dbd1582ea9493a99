"""What a picture of a function's credential flow is made of. Lines are 1-based in the file, offsets in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What is known of credentials that can be in force."""

    OWN = "own"  # what the function was called with
    OVERRIDE = "override"  # put in force here, or by what is called here
    EARLIER = "earlier"  # what was in force before an override of the caller's
    UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class Credential:
    """Credentials that code can run under.

    `words` names them as the function does, for an override by its expression. What compares is `key`: it is the same
    however a wrapper, or the accessor in its place, spells the expression.
    """

    key: str
    kind: Kind = field(compare=False)
    words: str = field(compare=False)


OWN_KEY, UNKNOWN_KEY = "", "?"
UNKNOWN = Credential(UNKNOWN_KEY, Kind.UNKNOWN, "not known")


@dataclass(frozen=True)
class Call:
    """Something that has to run under the right credentials: a call, a read of the current ones, another cleanup.

    `offset` is in the function's text, `origin` where that comes from in the text before a rewrite. `sites` are the
    overrides in force on each way to it, innermost last, by where they are written in the text before the rewrite.
    """

    name: str
    line: int
    offset: int
    origin: int
    under: tuple[Credential, ...]
    sites: frozenset[tuple[int, ...]]
    is_cleanup: bool = False


@dataclass(frozen=True)
class End:
    """Where an override ends: `how` is revert, a called function's name with (), return, goto, break, continue or }."""

    line: int
    how: str


@dataclass(frozen=True)
class Scope:
    """An override from where it begins to each of its ends.

    `form` is how it is written: `override`, `guard`, `scoped_guard`, `CLASS`, a wrapper's name with (), .. `lines` are
    those that run, or can run, in it. No two scopes that share a line have the same `column`, and an inner one has a
    greater one than the scope around it. `outlives` says that it can still be in force when the function ends.
    """

    number: int
    site: int
    credential: Credential
    form: str
    line: int
    ends: tuple[End, ...]
    lines: frozenset[int]
    column: int
    outlives: bool

    @property
    def first(self) -> int:
        """The first line of the text that has to do with it."""
        return min((self.line, *self.lines, *(end.line for end in self.ends)))

    @property
    def last(self) -> int:
        """The last line of the text that has to do with it."""
        return max((self.line, *self.lines, *(end.line for end in self.ends)))


@dataclass(frozen=True)
class Line:
    """A line of the function's text (bytes that are not UTF-8 replaced; tabs and whatever else it has are there).

    `under` are the credentials that what is evaluated on it can run under, those of every way there; it is empty where
    nothing is evaluated (`runs` is False) and where no path leads (`runs` is True). `inside` are the numbers of the
    scopes that it can run in, outermost first, `opens` and `closes` of those that begin and end on it.
    """

    number: int
    text: str
    runs: bool = False
    under: tuple[Credential, ...] = ()
    inside: tuple[int, ...] = ()
    opens: tuple[int, ...] = ()
    closes: tuple[int, ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Unfollowed:
    """Why it is not known, from a line on, what is in force; `path` are the lines of a shortest way there."""

    line: int
    reason: str
    path: tuple[int, ...] = ()


@dataclass(frozen=True)
class CredentialFlow:
    """What every line of a function runs under.

    `credentials` are in the order in which the text comes to them; `leaves` can be in force when the function ends, and
    `left` is a shortest way (lines) to an end where that is not what the function was called with. `unreadable` says
    why the function could not be looked at; then no line is known to run under anything.
    """

    path: str
    function: str
    lines: tuple[Line, ...]
    scopes: tuple[Scope, ...] = ()
    credentials: tuple[Credential, ...] = ()
    leaves: tuple[Credential, ...] = ()
    left: tuple[int, ...] = ()
    unfollowed: tuple[Unfollowed, ...] = ()
    unreadable: str = ""

    @property
    def first_line(self) -> int:
        """Where the function begins."""
        return self.lines[0].number

    @property
    def is_known(self) -> bool:
        """Whether it is known of every line what it runs under."""
        return not self.unfollowed and not self.unreadable

    def line(self, number: int) -> Line:
        """A line by its number in the file."""
        return self.lines[number - self.first_line]

    @property
    def calls(self) -> tuple[Call, ...]:
        """Everything that has to run under the right credentials, in text order."""
        return tuple(call for line in self.lines for call in line.calls)
