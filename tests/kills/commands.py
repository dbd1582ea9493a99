"""The commands that are killed: what they start from, and what they leave when they are done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import CredseriesError
from credseries.kernel.git import Repository
from credseries.mail.cover import stored_cover
from credseries.series import saved
from tests.clicase import COMMAND
from tests.kills.state import BRANCH, State, read_state
from tests.mailcase import B4

Check = Callable[[Path, State, State], list[str]]


@dataclass(frozen=True)
class Victim:
    """A command (arguments of `credseries`) and the ones that are run before it.

    `again` says whether it can be run once more when it has done its work, `more` whether it sets more refs than the
    branch and ours.
    """

    name: str
    arguments: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    again: bool = True
    more: bool = False

    @property
    def command(self) -> list[str]:
        """What is started."""
        return [*COMMAND, *self.arguments]


SPLIT = Victim("split", ("split",), again=False)
COVER = Victim("cover", ("cover", "--note", "Killed while it was written."), before=(("split",),))
REROLL = Victim("reroll", ("reroll", "--sent", "--recipe", "per-file"), before=(("split",),), more=True)
VICTIMS = {victim.name: victim for victim in (SPLIT, COVER, REROLL)}


def prepare(victim: Victim, tree: Path) -> State:
    """Brings a copy of the miniature tree to where the command starts."""
    for arguments in victim.before:
        subprocess.run([*COMMAND, *arguments], cwd=tree, capture_output=True, check=True)
    return read_state(tree)


def half_done(victim: Victim, tree: Path, before: State, now: State) -> list[str]:
    """What is neither as it was nor as the command leaves it."""
    changed = [old != new for old, new in zip(before.ours, now.ours, strict=True)]
    if any(changed) and not all(changed):
        return [f"one ref has moved and one has not: {before.ours} to {now.ours}"]
    if (before.more != now.more) != (victim.more and all(changed)):
        return [f"some refs have moved and some have not: {before.ours}, {before.more} to {now.ours}, {now.more}"]
    if not now.ours[0]:
        return []
    return [*_unreadable(tree), *(_unknown_to_b4(tree) if any(changed) else [])]


def _unreadable(tree: Path) -> list[str]:
    try:
        current = saved.current(Repository.discover(tree), BRANCH)
        stored_cover(current)
    except CredseriesError as error:
        return [f"the series cannot be read: {error.message}"]
    whole = current.same and current.record.tip == current.pristine.tip and current.cover is not None
    return [] if whole else ["the series is not the one that was made"]


def _unknown_to_b4(tree: Path) -> list[str]:
    """What b4 says to a branch that it does not know; it looks at it in a clone, where it may write."""
    asked = subprocess.run(
        [sys.executable, B4, "--offline-mode", "prep", "--show-info", f"{BRANCH}:change-id"],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if asked.returncode == 0 and asked.stdout.strip() else [f"b4 does not know the branch: {asked.stderr}"]


def done_again(victim: Victim, tree: Path, now: State) -> list[str]:
    """What goes wrong when the command is run once more."""
    finished = now.ours[0] and not victim.again
    ran = subprocess.run(victim.command, cwd=tree, capture_output=True, text=True, check=False)
    if finished:
        expected = ran.returncode == 2 and "exists already" in ran.stderr
        return [] if expected else [f"run again, it says {ran.returncode}: {ran.stderr}"]
    after = read_state(tree)
    if ran.returncode != 0:
        return [f"run again, it fails with {ran.returncode}: {ran.stderr}"]
    return half_done(victim, tree, now, after)
