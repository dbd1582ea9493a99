"""What a step of a function can do to the credentials in force, and which events it holds: the vocabulary.

`credseries.creds.steps` reads the operations of a function.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from credseries.creds.effects import CREDENTIALS, Discipline, Effects
from credseries.creds.places import Test
from credseries.csource.flow import Flow


@dataclass(frozen=True)
class Event:
    """A call, or a read of the current credentials, by the byte offset of its name."""

    offset: int
    name: str


@dataclass(frozen=True)
class Override:
    """`variable = via(argument);`, as byte offsets of the call, its argument list's inside and the statement.

    `credential` is set instead of `argument` where the function's own text does not have it.
    """

    call: int
    variable: str
    discipline: Discipline
    via: str
    argument: tuple[int, int]
    statement: tuple[int, int]
    credential: str = ""


@dataclass(frozen=True)
class Revert:
    """`via(variable);`"""

    call: int
    variable: str
    discipline: Discipline
    statement: tuple[int, int]


@dataclass(frozen=True)
class Swap:
    """Another credential in place of the one in force, whose reference is dropped: `put_cred(override_creds(new));`

    With `counted`, the override that put it in force has to have taken that reference.
    """

    call: int
    name: str
    credential: str
    counted: bool = True


@dataclass(frozen=True)
class Choice:
    """One way that a call can end, in the caller's terms; see `credseries.creds.effects.Outcome`."""

    result: int
    operations: tuple[Override | Revert | Swap | Store, ...]
    given: tuple[tuple[str, int], ...]
    leaves: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Call:
    """A call of a function that changes the credentials in force; `target` is the place that its result goes to."""

    call: int
    name: str
    choices: tuple[Choice, ...]
    target: str | None
    expression: str

    @property
    def overrides(self) -> bool:
        """Whether it can leave an override in force that was not before."""
        return any(isinstance(item, Override | Swap) for choice in self.choices for item in choice.operations)

    @property
    def swaps(self) -> bool:
        """Whether it can put other credentials in the place of those in force."""
        return any(isinstance(item, Swap) for choice in self.choices for item in choice.operations)


@dataclass(frozen=True)
class Opaque:
    """A change of credentials in a way that the proof cannot follow, and why."""

    call: int
    name: str
    reason: str
    acquires: bool
    expression: str
    returned: bool = False


@dataclass(frozen=True)
class Store:
    """A saved variable gets another value: NULL, or something unknown. `only` says that the step does nothing else."""

    variable: str
    null: bool
    only: bool = False


@dataclass(frozen=True)
class Enter:
    """A guard or a scoped macro puts credentials in force until its scope ends.

    `expression` is the credential (with `via`, what the wrapper of that name is given) where its class or macro says
    so; where it is empty, it is the text of `argument`.
    """

    call: int
    opened: int
    discipline: Discipline
    argument: tuple[int, int]
    expression: str = ""
    via: str = ""


@dataclass(frozen=True)
class Leave:
    """A scope's end undoes what its Enter did."""

    opened: int


Operation = Override | Revert | Swap | Call | Opaque | Store | Enter | Leave


@dataclass
class Step:
    """The events of a flow node in text order, and what it does.

    `learns` are followed places and the values that they are set to, `test` what a condition (or a returned value) is.
    """

    events: tuple[Event, ...] = ()
    operations: tuple[Operation, ...] = ()
    learns: tuple[tuple[str, Test], ...] = ()
    test: Test | None = None


@dataclass
class Steps:
    """A function variant, step by step.

    `reads` are byte offsets of other uses of each saved variable; `unfollowed` holds (offset, reason) where a name does
    not stand for one saved variable whose value the steps show.
    """

    flow: Flow
    steps: list[Step]
    saved: frozenset[str]
    reads: dict[str, list[int]] = field(default_factory=dict)
    unfollowed: list[tuple[int, str]] = field(default_factory=list)
    tracked: frozenset[str] = frozenset()
    effects: Effects = CREDENTIALS

    def overrides(self) -> list[Override]:
        """The overrides that the function's text has."""
        return [operation for operation in self.operations() if isinstance(operation, Override)]

    def operations(self) -> list[Operation]:
        """Every operation, in the order of the flow's nodes (text order, nearly)."""
        return [operation for step in self.steps for operation in step.operations]
