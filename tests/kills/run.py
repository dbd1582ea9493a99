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

from tests.kills.state import damage, read_state
from tests.kills.victim import Victim


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
    """A victim ready to be killed many times: a tree that it starts from, its state, and how long it usually takes.

    `usual` is the whole time, `writing` the time after the first object is written, in seconds.
    """

    victim: Victim
    template: Path
    usual: float
    writing: float

    @classmethod
    def make(cls, victim: Victim, miniature: Path, directory: Path, jobs: int = 1) -> Range:
        """Prepares a tree below a directory, and measures runs that nobody kills, as many at a time as later."""
        template = copy(miniature, directory / "template")
        victim.prepare(template)

        def timed(number: int) -> tuple[float, float]:
            tree = copy(template, directory / f"timed-{number}")
            started = time.monotonic()
            with _start(victim.command, tree) as process:
                _wait_for_objects(tree, process)
                written = time.monotonic()
            ended = time.monotonic()
            shutil.rmtree(tree)
            assert process.returncode == victim.ending.status
            return ended - started, ended - written

        with ThreadPoolExecutor(jobs) as pool:
            whole, part = zip(*pool.map(timed, range(4 * jobs)), strict=True)
        return cls(victim, template, statistics.median(whole), statistics.median(part))

    def kill(self, chance: random.Random, directory: Path, *, writing: bool = False) -> Kill:
        """One kill, uniformly at any moment of the usual duration, or only while the repository is written to.

        One in five hits the process alone.
        """
        moment, group = chance.uniform(0, self.writing if writing else self.usual), chance.random() < 0.8
        tree = copy(self.template, directory / f"killed-{chance.randrange(1 << 60):x}")
        before = read_state(tree)
        with _start(self.victim.command, tree) as process:
            if writing:
                _wait_for_objects(tree, process)
            ended = _kill_after(process, moment, group)
        problems = damage(tree, before, self.victim.refs)
        now = read_state(tree)
        problems += self.victim.half_done(tree, before, now)
        problems += self.victim.done_again(tree, before, now)
        outcome = "new" if self.victim.moved(before, now) else "old"
        kill = Kill(moment, group, "ended" if ended else outcome, tuple(problems))
        if not problems:
            shutil.rmtree(tree)
        return kill


def copy(source: Path, target: Path) -> Path:
    """A copy of a repository whose index is up to date, so that looking at it does not change it."""
    shutil.copytree(source, target, symlinks=True)
    subprocess.run(["git", "-C", str(target), "status", "--porcelain"], check=True, capture_output=True)
    return target


def _start(command: list[str], tree: Path) -> subprocess.Popen[bytes]:
    """A command in a process group of its own."""
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=tree, stdin=nowhere, stdout=nowhere, stderr=nowhere, process_group=0)


def _wait_for_objects(tree: Path, process: subprocess.Popen[bytes]) -> None:
    """Returns when the command has written something to the object database, or has ended."""
    objects = tree / ".git/objects"
    before = sorted(objects.iterdir())
    while process.poll() is None and sorted(objects.iterdir()) == before:
        time.sleep(0.002)


def _kill_after(process: subprocess.Popen[bytes], moment: float, group: bool) -> bool:
    """Kills a command, or its group, some seconds later; gives whether it had ended before."""
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
