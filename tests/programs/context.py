"""Where a statement of a generated function stands, and what the functions of a program have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.programs.choices import Choices
from tests.programs.tree import Block


@dataclass(eq=False)
class Open:
    """Something to be undone on every way out: an override, a reference, a lock.

    `label`, once used, stands where it is undone in the text; `early` before something else that comes just before.
    `late` is the label of a copy of that at the function's end. `in_block` says that its variable is a block's.
    """

    kind: str
    release: Block
    expression: str = ""
    variable: str = ""
    label: str = ""
    early: str = ""
    early_used: bool = False
    late: str = ""
    in_block: bool = False


@dataclass(frozen=True)
class Context:
    """What is open, and the loops, switches and scoped macros around, each with how much was open there.

    `configured` says that the preprocessor may take all of it away, so that no label outside may depend on it.
    """

    open: tuple[Open, ...] = ()
    breakable: tuple[tuple[str, int], ...] = ()
    depth: int = 0
    configured: bool = False

    def inside(self, kind: str = "") -> Context:
        """The context of a block in here, of a loop, `switch` or scoped macro if that is named."""
        breakable = (*self.breakable, (kind, len(self.open))) if kind else self.breakable
        return replace(self, depth=self.depth + 1, breakable=breakable)

    def opening(self, item: Open, deeper: int = 0) -> Context:
        """The context after something was opened."""
        return replace(self, open=(*self.open, item), depth=self.depth + deeper)

    @property
    def overridden(self) -> tuple[Open, ...]:
        """The overrides among what is open."""
        return tuple(item for item in self.open if item.kind == "site")


class Shared:
    """What the functions of a program have in common; `wild` ones use everything that the grammar has.

    `counted` says that references are taken or dropped, so that it matters how many the caller holds.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.shapes: set[str] = set()
        self.helpers: list[str] = []
        self.macros: list[str] = []
        self.counted = False
        self.wild = choices.chance(45)
        self._number = 0

    def number(self) -> int:
        """A number that tells one call from another."""
        self._number += 1
        return self._number

    def helper(self, name: str) -> str:
        """The name of a function of `wrappers`, which the program then has."""
        if name not in self.helpers:
            self.helpers.append(name)
        self.saw(f"wrapper {name}")
        return name

    def saw(self, shape: str) -> None:
        """Note that the program has a shape."""
        self.shapes.add(shape)
