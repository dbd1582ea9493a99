"""One kill: a copy, the command in a process group of its own, SIGKILL at a moment, and a look at what is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from tests.kills.state import damage, read_state
from tests.kills.victim import Victim


class Aim(Enum):
    """When a command is killed: at any moment, once it writes objects, or about when its refs move."""

    ANY = "any"
    WRITING = "writing"
    MOVING = "moving"


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
    """A victim ready to be killed many times: a tree that it starts from, and how long it usually takes.

    `lengths` are the seconds in which each aim hits it. The refs move in the first half of what MOVING has.
    """

    victim: Victim
    template: Path
    lengths: Mapping[Aim, float]

    @classmethod
    def make(cls, victim: Victim, miniature: Path, directory: Path, jobs: int = 1) -> Range:
        """Prepares a tree below a directory, and measures runs that nobody kills, as many at a time as later."""
        template = copy(miniature, directory / "template")
        victim.prepare(template)

        def timed(number: int) -> tuple[float, ...]:
            tree = copy(template, directory / f"timed-{number}")
            started = time.monotonic()
            with _start(victim.command, tree) as process:
                times = [_wait_for_change(process, tree, look) for look in (_objects, _record, _branches)]
            ended = time.monotonic()
            shutil.rmtree(tree)
            assert process.returncode == victim.ending.status
            written, recorded, moved = times
            return ended - started, ended - written, 2 * (moved - recorded)

        with ThreadPoolExecutor(jobs) as pool:
            measured = zip(*pool.map(timed, range(4 * jobs)), strict=True)
            return cls(victim, template, dict(zip(Aim, map(statistics.median, measured), strict=True)))

    def sooner(self) -> Range:
        """The same, in half the time: for a machine that was busier when it was measured than it is now."""
        return replace(self, lengths={aim: length / 2 for aim, length in self.lengths.items()})

    def kill(self, chance: random.Random, directory: Path, aim: Aim = Aim.ANY) -> Kill:
        """One kill, uniformly at any moment of the time that its aim allows. One in five hits the process alone."""
        moment, group = chance.uniform(0, self.lengths[aim]), chance.random() < 0.8
        tree = copy(self.template, directory / f"killed-{chance.randrange(1 << 60):x}")
        before = read_state(tree)
        with _start(self.victim.command, tree) as process:
            if aim is not Aim.ANY:
                _wait_for_change(process, tree, _objects if aim is Aim.WRITING else _record)
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
    """A command in a process group of its own; its temporary files are beside the tree, as a kill leaves them."""
    nowhere, environment = subprocess.DEVNULL, {**os.environ, "TMPDIR": str(tree.parent)}
    return subprocess.Popen(
        command, cwd=tree, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere, process_group=0
    )


def _objects(tree: Path) -> Hashable:
    """The object database, by the first part of the objects' names."""
    return frozenset((tree / ".git/objects").iterdir())


def _record(tree: Path) -> Hashable:
    """The file with the records of series, the last that a command writes before its refs."""
    return _written(tree / ".git/credseries/state.sqlite")


def _branches(tree: Path) -> Hashable:
    """The branches of the tree."""
    heads = (path for path in (tree / ".git/refs/heads").iterdir() if path.suffix != ".lock")
    return frozenset((path, _written(path)) for path in heads)


def _written(path: Path) -> int | None:
    """When a file was written; None when there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _wait_for_change(process: subprocess.Popen[bytes], tree: Path, look: Callable[[Path], Hashable]) -> float:
    """Returns when a command has changed what one looks at, or has ended; gives the time."""
    before = look(tree)
    while process.poll() is None and look(tree) == before:
        time.sleep(0.001)
    return time.monotonic()


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
