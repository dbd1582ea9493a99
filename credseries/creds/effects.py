"""The effects table: which call puts other credentials in force, which ends that, what each does to references. Data.

The table that `CREDENTIALS` starts from is the interface of `include/linux/cred.h`; summaries of a tree's own
functions (`credseries.creds.summary`) are added to it. Another pair of functions is another table (`MUTEX`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from credseries.creds.scope_classes import FreeClass, ScopeClass

# What is known of a value: the set of these that it can be. An error pointer counts as negative.
ZERO, NEGATIVE, POSITIVE = 1, 2, 4
ANY = ZERO | NEGATIVE | POSITIVE


def _nothing(name: str) -> frozenset[Place]:
    """What a function gives up when its text is not at hand."""
    del name
    return frozenset()


class Discipline(Enum):
    """Whether an override holds a reference on what it puts in force."""

    COUNTED = "refcounted"
    LIGHT = "light"

    __hash__ = object.__hash__  # by identity, which is what equality is: every state that is remembered is hashed


@dataclass(frozen=True)
class Place:
    """Where a caller finds a value: a parameter by its number (None: what is returned) and the way from there.

    The way is "" for the value itself, "*" for what it points to, ".member" (or longer) for a member of that.
    """

    parameter: int | None
    way: str = ""


@dataclass(frozen=True)
class Push:
    """Put a credential in force and keep what was in force in a place."""

    credential: str
    saved: Place
    discipline: Discipline = Discipline.COUNTED


@dataclass(frozen=True)
class Pop:
    """Put in force what a place holds, and end the innermost override by that."""

    saved: Place
    discipline: Discipline = Discipline.COUNTED


@dataclass(frozen=True)
class Swap:
    """Put a credential in force instead of the one that is, whose reference is dropped; nothing is saved."""

    credential: str


Act = Push | Pop | Swap


@dataclass(frozen=True)
class Outcome:
    """One way that a call can end: what it returns (a set of ZERO, NEGATIVE, POSITIVE) and what it has done.

    It can happen only when each place in `given` has a value of the set beside it, and leaves those in `leaves`.
    """

    result: int = ANY
    acts: tuple[Act, ...] = ()
    given: tuple[tuple[Place, int], ...] = ()
    leaves: tuple[tuple[Place, int], ...] = ()


class Reference(Enum):
    """What a call does to a reference: take one on its first argument, drop that, or return a new one (or NULL)."""

    TAKE = "take"
    DROP = "drop"
    MAKE = "make"
    TRY_MAKE = "try make"


@dataclass(frozen=True)
class Wrapper:
    """A function that puts `expression` in force and returns what was in force before.

    `parameter` is its parameter as declared, `source` the kind of source of its expression, `inlined` that expression
    without the function's own variables; `path` is where it is defined. `direct` says that it overrides itself: what
    one passes on to another wrapper is not what is put in force.
    """

    name: str
    path: str
    expression: str
    parameter: str
    source: str
    discipline: Discipline = Discipline.COUNTED
    inlined: str = ""
    direct: bool = True


@dataclass(frozen=True)
class Values:
    """Functions by what they tell of a value, or do with it (include/linux/err.h, compiler.h, cleanup.h)."""

    same: frozenset[str] = frozenset({"likely", "unlikely", "READ_ONCE"})
    is_error: frozenset[str] = frozenset({"IS_ERR"})
    is_error_or_null: frozenset[str] = frozenset({"IS_ERR_OR_NULL"})
    errors: frozenset[str] = frozenset({"ERR_PTR", "ERR_CAST"})
    of_error: frozenset[str] = frozenset({"PTR_ERR"})
    moves: frozenset[str] = frozenset({"no_free_ptr", "return_ptr"})


@dataclass(frozen=True)
class Effects:
    """Names of functions (and guard classes) and what calling them does to the credentials in force.

    `opaque` holds functions whose effect a caller cannot be analysed with, and why; `acquires` says which of these
    start an override (the others end one). `calls` are functions whose effect is known outcome by outcome.
    `passes_on` says that the table is complete, so that a function that calls one of these and reverts nothing leaves
    its own caller with the effect. `outside` says what is in force where nothing was put. `saves` is False where an
    override returns nothing to save, and what ends it names the same object again (a lock). `references` and `current`
    are what the reference ledger follows, `lasting` the variables of the file that are set up once and dropped when the
    module goes, `immortal` functions that return a credential that is never freed, `drops` the places of its arguments
    that a function may give up. `classes` and `frees` are the scope classes that the tree defines; `guards`
    says what classes are that no file which was read defines. `counts` is False where no override holds a reference,
    so that none is lighter than another.
    """

    overrides: Mapping[str, Discipline]
    reverts: Mapping[str, Discipline]
    guards: Mapping[str, Discipline]
    reads: frozenset[str] = frozenset()
    wrappers: Mapping[str, Wrapper] = field(default_factory=dict)
    opaque: Mapping[str, str] = field(default_factory=dict)
    acquires: frozenset[str] = frozenset()
    calls: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    passes_on: bool = False
    saves: bool = True
    outside: str = "the caller's credentials"
    references: Mapping[str, Reference] = field(default_factory=dict)
    current: frozenset[str] = frozenset()
    lasting: frozenset[str] = frozenset()
    immortal: frozenset[str] = frozenset()
    drops: Callable[[str], frozenset[Place]] = _nothing
    values: Values = field(default_factory=Values)
    classes: Mapping[str, ScopeClass] = field(default_factory=dict)
    frees: Mapping[str, FreeClass] = field(default_factory=dict)
    counts: bool = True

    def with_summaries(
        self,
        wrappers: Mapping[str, Wrapper],
        opaque: Mapping[str, str],
        acquires: frozenset[str],
        calls: Mapping[str, tuple[Outcome, ...]] | None = None,
    ) -> Effects:
        """This table and the summaries of a tree's (or a file's) own functions."""
        return replace(
            self,
            overrides={**self.overrides, **{name: item.discipline for name, item in wrappers.items()}},
            wrappers={**self.wrappers, **wrappers},
            opaque={**self.opaque, **opaque},
            acquires=self.acquires | acquires,
            calls={**self.calls, **(calls or {})},
        )

    def with_scopes(
        self, classes: Mapping[str, ScopeClass], frees: Mapping[str, FreeClass], macros: Mapping[str, str]
    ) -> Effects:
        """This table and a tree's own scopes; `macros` are those that change credentials, and why that is opaque."""
        opaque = {**macros, **self.opaque}
        return replace(self, classes=classes, frees=frees, opaque=opaque, acquires=self.acquires | frozenset(macros))

    @property
    def changing_classes(self) -> frozenset[str]:
        """The classes whose scopes put credentials in force, or may."""
        own = (name for name, item in self.classes.items() if item.discipline is not None or item.problem is not None)
        return frozenset((*self.guards.keys() - self.classes.keys(), *own))

    def touches(self, name: str) -> bool:
        """Whether a call of this name changes the credentials in force."""
        return name in self._touching

    @cached_property
    def _touching(self) -> frozenset[str]:
        return frozenset({*self.overrides, *self.reverts, *self.opaque, *self.calls})


CREDENTIALS = Effects(
    overrides={"override_creds": Discipline.COUNTED, "override_creds_light": Discipline.LIGHT},
    reverts={"revert_creds": Discipline.COUNTED, "revert_creds_light": Discipline.LIGHT},
    guards={"cred": Discipline.LIGHT, "override_creds": Discipline.COUNTED},
    reads=frozenset({"cred", "real_cred"}),
    opaque={"commit_creds": "commit_creds() replaces the task's own credentials"},
    acquires=frozenset({"commit_creds"}),
    references={
        "get_cred": Reference.TAKE,
        "get_new_cred": Reference.TAKE,
        "put_cred": Reference.DROP,
        "abort_creds": Reference.DROP,
        "commit_creds": Reference.DROP,
        "prepare_creds": Reference.TRY_MAKE,
        "prepare_exec_creds": Reference.TRY_MAKE,
        "prepare_kernel_cred": Reference.TRY_MAKE,
        "cred_alloc_blank": Reference.TRY_MAKE,
        "get_task_cred": Reference.MAKE,
        "get_current_cred": Reference.MAKE,
    },
    current=frozenset({"current_cred"}),
    immortal=frozenset({"kernel_cred"}),
)


def uncounted(effects: Effects) -> Effects:
    """The table for a tree whose `override_creds()` takes no reference: every override is as light as the others."""
    return replace(
        effects,
        overrides=dict.fromkeys(effects.overrides, Discipline.LIGHT),
        reverts=dict.fromkeys(effects.reverts, Discipline.LIGHT),
        guards=dict.fromkeys(effects.guards, Discipline.LIGHT),
        counts=False,
    )


# A second pair, to show that the engine knows no credentials: what is watched is every call.
MUTEX = Effects(
    overrides={"mutex_lock": Discipline.COUNTED},
    reverts={"mutex_unlock": Discipline.COUNTED},
    guards={"mutex": Discipline.COUNTED},
    opaque={
        "mutex_trylock": "mutex_trylock() takes the lock on some paths only",
        "mutex_lock_interruptible": "mutex_lock_interruptible() takes the lock on some paths only",
        "mutex_lock_killable": "mutex_lock_killable() takes the lock on some paths only",
        "mutex_lock_nested": "mutex_lock_nested() names a lock class that a guard cannot",
    },
    acquires=frozenset({"mutex_trylock", "mutex_lock_interruptible", "mutex_lock_killable", "mutex_lock_nested"}),
    saves=False,
    outside="no lock of the function",
)
