"""The effects table: which call puts other credentials in force and which ends that. Data, not code.

The table that `CREDENTIALS` starts from is the interface of `include/linux/cred.h`; summaries of a tree's own
functions (`credseries.creds.summary`) are added to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from credseries.creds.scope_classes import FreeClass, ScopeClass


class Discipline(Enum):
    """Whether an override holds a reference on what it puts in force."""

    COUNTED = "refcounted"
    LIGHT = "light"


@dataclass(frozen=True)
class Wrapper:
    """A function that puts `expression` in force and returns what was in force before.

    `parameter_type` is the declaration of its first parameter, `declarations` the text before its return statement,
    both as written; `path` is where it is defined.
    """

    name: str
    path: str
    expression: str
    parameter: str
    source: str


@dataclass(frozen=True)
class Effects:
    """Names of functions (and guard classes) and what calling them does to the credentials in force.

    `opaque` holds functions whose effect a caller cannot be analysed with, and why; `acquires` says which of these
    start an override (the others end one). `passes_on` says that the table is complete, so that a function that calls
    one of these and reverts nothing leaves its own caller with the effect. `classes` and `frees` are the scope classes
    that the tree defines; `guards` says what classes are that no file which was read defines.
    """

    overrides: Mapping[str, Discipline]
    reverts: Mapping[str, Discipline]
    guards: Mapping[str, Discipline]
    reads: frozenset[str]
    wrappers: Mapping[str, Wrapper] = field(default_factory=dict)
    opaque: Mapping[str, str] = field(default_factory=dict)
    acquires: frozenset[str] = frozenset()
    passes_on: bool = False
    classes: Mapping[str, ScopeClass] = field(default_factory=dict)
    frees: Mapping[str, FreeClass] = field(default_factory=dict)

    def with_summaries(
        self, wrappers: Mapping[str, Wrapper], opaque: Mapping[str, str], acquires: frozenset[str]
    ) -> Effects:
        """This table and the summaries of a tree's (or a file's) own functions."""
        return replace(
            self,
            overrides={**self.overrides, **dict.fromkeys(wrappers, Discipline.COUNTED)},
            wrappers={**self.wrappers, **wrappers},
            opaque={**self.opaque, **opaque},
            acquires=self.acquires | acquires,
        )

    def with_scopes(
        self, classes: Mapping[str, ScopeClass], frees: Mapping[str, FreeClass], macros: Mapping[str, str]
    ) -> Effects:
        """This table and a tree's own scopes; `macros` are those that change credentials, and why that is opaque."""
        opaque = {**macros, **self.opaque}
        return replace(self, classes=classes, frees=frees, opaque=opaque, acquires=self.acquires | frozenset(macros))

    def touches(self, name: str) -> bool:
        """Whether a call of this name changes the credentials in force."""
        return name in self.overrides or name in self.reverts or name in self.opaque


CREDENTIALS = Effects(
    overrides={"override_creds": Discipline.COUNTED, "override_creds_light": Discipline.LIGHT},
    reverts={"revert_creds": Discipline.COUNTED, "revert_creds_light": Discipline.LIGHT},
    guards={"cred": Discipline.LIGHT, "override_creds": Discipline.COUNTED},
    reads=frozenset({"cred", "real_cred"}),
    opaque={"commit_creds": "commit_creds() replaces the task's own credentials"},
    acquires=frozenset({"commit_creds"}),
)
