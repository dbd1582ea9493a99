"""How a machine is looked at: files below a root, programs, and what they print; all of it can be another machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from credseries.bench import system
from credseries.bench.machine import running_kernel, this_machine
from credseries.bench.model import Machine

_PATIENCE = 20  # seconds; each command looks something up and ends
_CAP_SYS_ADMIN = 21  # include/uapi/linux/capability.h
_CAP_PERFMON = 38


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its status, and all that it wrote on both of its outputs."""

    status: int
    output: str

    @property
    def first_line(self) -> str:
        """The first line that has anything in it; empty when it wrote nothing."""
        return next((line.strip() for line in self.output.splitlines() if line.strip()), "")


@dataclass(frozen=True)
class Probe:
    """A machine to look at.

    `find` gives the path of a program or None; `run` runs a command and gives None where it cannot be run, or does not
    end. `release` is that of the kernel that is running.
    """

    root: Path
    release: str
    find: Callable[[str], str | None]
    run: Callable[[tuple[str, ...]], Ran | None]

    def text(self, path: str, limit: int = 1 << 20) -> str | None:
        """A file's text, or None where it cannot be read."""
        return system.text(self.root, path, limit)

    def content(self, path: str) -> bytes | None:
        """A file's bytes, or None where it cannot be read."""
        return system.content(self.root, path)

    def names(self, path: str) -> tuple[str, ...] | None:
        """The names in a directory, or None where it cannot be listed."""
        return system.names(self.root, path)

    def machine(self) -> Machine:
        """What the kernel says of the machine."""
        return this_machine(self.root)

    def status(self, key: str) -> str | None:
        """What the kernel says of this process, by a key of /proc/self/status."""
        for line in (self.text("/proc/self/status") or "").splitlines():
            name, _, value = line.partition(":")
            if name == key:
                return value.strip()
        return None

    def usable(self) -> frozenset[int] | None:
        """The processors that this process may run on (taskset, cpuset); None where the kernel does not say."""
        allowed = system.numbers(self.status("Cpus_allowed_list"))
        online = system.online(self.root)
        return allowed & online if allowed is not None and online is not None else allowed or online

    def may_perf(self) -> bool:
        """Whether perf_event_paranoid does not bind this process: it has CAP_PERFMON or CAP_SYS_ADMIN."""
        try:
            capabilities = int(self.status("CapEff") or "0", 16)
        except ValueError:
            return False
        return bool(capabilities & (1 << _CAP_PERFMON | 1 << _CAP_SYS_ADMIN))


def here() -> Probe:
    """The machine that this runs on."""
    return Probe(Path("/"), running_kernel(), shutil.which, _run)


def _run(command: tuple[str, ...]) -> Ran | None:
    # perf leaves perf.data where it is run, and its words depend on the language.
    with tempfile.TemporaryDirectory(prefix="credseries-doctor-") as directory:
        try:
            done = subprocess.run(
                command,
                cwd=directory,
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"))
