"""What is killed, and what holds for each of its kind: all of its refs have moved or none, and it can be run again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.clicase import COMMAND
from tests.kills.state import State, read_state

Check = Callable[[Path, State, State], list[str]]


@dataclass(frozen=True)
class Ending:
    """How a command ends: its exit status, and what it says on standard error then."""

    status: int = 0
    words: str = ""

    def missed_by(self, ran: subprocess.CompletedProcess[str]) -> bool:
        """Whether a command that ended did so otherwise."""
        return ran.returncode != self.status or self.words not in ran.stderr


@dataclass(frozen=True)
class Victim:
    """A command (arguments of `credseries`, or of another `program`), and what brings a copy of the miniature tree to
    where it starts.

    `refs` are all the refs that it moves, in one step (patterns, for names that nobody knows before). `check` says what
    is wrong with a series, given the states before and after: all of these refs have moved, or none. `ending` is how
    the command ends, and `again` how it does once it has done its work.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]
    refs: tuple[str, ...]
    check: Check
    ending: Ending = Ending()
    again: Ending = Ending()
    program: tuple[str, ...] = COMMAND

    @property
    def command(self) -> list[str]:
        """What is started."""
        return [*self.program, *self.arguments]

    def moved(self, before: State, now: State) -> bool:
        """Whether any of its refs has moved."""
        return before.of(self.refs) != now.of(self.refs)

    def half_done(self, tree: Path, before: State, now: State) -> list[str]:
        """What is neither as it was nor as the command leaves it."""
        old, new = before.of(self.refs), now.of(self.refs)
        if len({one != other for one, other in zip(old, new, strict=True)}) > 1:
            return [
                f"one ref has moved and one has not: {dict(zip(self.refs, zip(old, new, strict=True), strict=True))}"
            ]
        return self.check(tree, before, now)

    def done_again(self, tree: Path, before: State, now: State) -> list[str]:
        """What goes wrong when the command is run once more, after it has left `now` where `before` was."""
        expected = self.again if self.moved(before, now) else self.ending
        ran = subprocess.run(
            self.command, cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if expected.missed_by(ran):
            return [f"run again, it ends with {ran.returncode}: {ran.stderr}"]
        if expected.status == USAGE:
            return []
        return [f"run again: {problem}" for problem in self.check(tree, now, read_state(tree))]


USAGE = 2  # the exit status of a command that has refused to do anything
