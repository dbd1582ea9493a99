"""One `credseries send` at a time in a repository: two at once would send the same message twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credseries.errors import EnvironmentProblem


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of the outboxes in a directory; the system lets go of it when the process ends, however that is.

    Raises EnvironmentProblem when another process has it, or when the directory cannot be written to.
    """
    path = directory / "outbox-in-use"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise EnvironmentProblem(
            f"{path} cannot be made: {error.strerror}", hint="check the rights of the git directory"
        ) from error
    try:
        _take(handle)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        who = f" (process {owner})" if owner.isdigit() else ""
        raise EnvironmentProblem(
            f"another `credseries send` is at work in this repository{who}",
            hint="wait for it, or end it; what it has sent is written down, and --resume goes on from there",
        ) from error
