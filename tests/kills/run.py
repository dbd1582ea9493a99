"""One kill: a copy, the command in a process group of its own, SIGKILL at a moment, and a look at what is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.kills.commands import Victim, done_again, half_done, prepare
from tests.kills.state import State, damage, read_state


@dataclass(frozen=True)
class Kill:
    """What one kill did: the moment (seconds after the start), whom it hit, and what it left.

    `outcome` is `old`, `new`, or `ended` when the command was done before its time had come. A tree in which something
    is wrong is kept.
    """

    moment: float
    group: bool
    outcome: str
    problems: tuple[str, ...]


@dataclass
class Report:
    """What many kills left."""

    kills: list[Kill] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        """How many kills had this outcome."""
        return sum(kill.outcome == outcome for kill in self.kills)

    @property
    def failures(self) -> list[Kill]:
        """The kills that left something wrong."""
        return [kill for kill in self.kills if kill.problems]


@dataclass(frozen=True)
class Range:
    """A victim ready to be killed many times: a tree that it starts from, its state, and how long it usually takes."""

    victim: Victim
    template: Path
    usual: float

    @classmethod
    def make(cls, victim: Victim, miniature: Path, directory: Path, jobs: int = 1) -> Range:
        """Prepares a tree below a directory, and measures runs that nobody kills, as many at a time as later."""
        template = copy(miniature, directory / "template")
        prepare(victim, template)

        def timed(number: int) -> float:
            tree = copy(template, directory / f"timed-{number}")
            started = time.monotonic()
            subprocess.run(victim.command, cwd=tree, capture_output=True, check=True)
            taken = time.monotonic() - started
            shutil.rmtree(tree)
            return taken

        with ThreadPoolExecutor(jobs) as pool:
            return cls(victim, template, statistics.median(pool.map(timed, range(4 * jobs))))

    def kill(self, chance: random.Random, directory: Path, last: float | None = None) -> Kill:
        """One kill, uniformly at any moment of the usual duration, or of its last seconds and a bit beyond.

        One in five hits the process alone.
        """
        first, end = (0.0, self.usual) if last is None else (max(0.0, self.usual - last), self.usual + last / 3)
        moment, group = chance.uniform(first, end), chance.random() < 0.8
        tree = copy(self.template, directory / f"killed-{chance.randrange(1 << 60):x}")
        before = read_state(tree)
        ended = _kill_at(self.victim.command, tree, moment, group)
        problems = damage(tree, before)
        now = read_state(tree)
        problems += half_done(tree, before, now)
        problems += done_again(self.victim, tree, now)
        kill = Kill(moment, group, "ended" if ended else _outcome(before, now), tuple(problems))
        if not problems:
            shutil.rmtree(tree)
        return kill


def copy(source: Path, target: Path) -> Path:
    """A copy of a repository whose index is up to date, so that looking at it does not change it."""
    shutil.copytree(source, target, symlinks=True)
    subprocess.run(["git", "-C", str(target), "status", "--porcelain"], check=True, capture_output=True)
    return target


def _kill_at(command: list[str], tree: Path, moment: float, group: bool) -> bool:
    """Starts a command and kills it; gives whether it had ended before."""
    with subprocess.Popen(
        command,
        cwd=tree,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    ) as process:
        try:
            process.wait(timeout=moment)
            return True
        except subprocess.TimeoutExpired:
            pass
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
    return False


def _outcome(before: State, now: State) -> str:
    return "old" if before.ours == now.ours else "new"
