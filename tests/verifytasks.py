"""Small pieces of work for the tests of executors; worker processes import this module."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from credseries.errors import CredseriesError, UnknownPath
from credseries.kernel.git import Repository
from credseries.verify.tasks import Place, Result
from credseries.words import content_key

NOWHERE = Place(Repository(Path("/nonexistent"), Path("/nonexistent"), None), Path("/nonexistent"), 1)


@dataclass(frozen=True)
class _Named:
    name: str

    @property
    def key(self) -> str:
        return content_key(type(self).__name__, self.name)

    @property
    def title(self) -> str:
        return f"test {self.name}"


@dataclass(frozen=True)
class Square(_Named):
    """Squares its name, and appends a line to a file so that one sees how often."""

    log: Path

    def run(self, place: Place) -> Result:
        with self.log.open("a") as stream:
            stream.write(f"{self.name}\n")
        return {"square": int(self.name) ** 2, "jobs": place.jobs}


@dataclass(frozen=True)
class Gated(_Named):
    """Says that it has started (`NAME.PID` in the directory) and waits until the file `go` is there.

    What runs in a process below it is a command that has the directory among its arguments.
    """

    directory: Path
    parents: int = 0

    def run(self, _: Place) -> Result:
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'while [ ! -e "$0/go" ]; do sleep 0.05; done', str(self.directory)],
            start_new_session=True,
        )
        try:
            pid = os.getppid() if self.parents else os.getpid()
            (self.directory / f"{self.name}.{pid}").touch()
            process.wait()
        finally:
            process.kill()
            process.wait()
            (self.directory / f"{self.name}.{pid}.cleaned").touch()
        return {"name": self.name}


@dataclass(frozen=True)
class Stubborn(_Named):
    """Does not stop when it is told to."""

    directory: Path

    def run(self, _: Place) -> Result:
        (self.directory / f"{self.name}.{os.getpid()}").touch()
        while True:
            try:
                time.sleep(3600)
            except KeyboardInterrupt:
                (self.directory / f"{self.name}.asked").touch()


@dataclass(frozen=True)
class Dies(_Named):
    """Is killed, as one is that takes too much memory; with `parent` the process above it is."""

    parent: bool = False

    def run(self, _: Place) -> Result:
        os.kill(os.getppid() if self.parent else os.getpid(), signal.SIGKILL)
        time.sleep(3600)
        raise AssertionError


@dataclass(frozen=True)
class Raises(_Named):
    """Fails with an error that has a hint, or with a mistake in the program."""

    mistake: bool = False

    def run(self, _: Place) -> Result:
        if self.mistake:
            raise ZeroDivisionError(self.name)
        raise UnknownPath(f"no {self.name}", hint="look again")


class Unreadable(CredseriesError):
    """Cannot be made from what it is pickled as."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


@dataclass(frozen=True)
class RaisesUnreadable(_Named):
    def run(self, _: Place) -> Result:
        raise Unreadable(self.name, "!")


@dataclass(frozen=True)
class Reads(_Named):
    """The trees and the contents of a file at some states."""

    path: str
    states: tuple[str, ...] = field(default=())

    def run(self, place: Place) -> Result:
        trees = [
            place.repo.ran("rev-parse", f"{state}^{{tree}}", environment={}).output.decode() for state in self.states
        ]
        files = [place.repo.read_files(state, [self.path]).get(self.path, b"").decode() for state in self.states]
        return {"trees": trees, "files": files}
