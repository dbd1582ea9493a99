"""Directories that are made once and used again, by any process: whole or not there, whoever is killed meanwhile."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from credseries.errors import EnvironmentProblem

_UNFINISHED = ".unfinished"


def cache_directory(environment: Callable[[str], str | None]) -> Path:
    """Where source trees and build directories are kept: `$XDG_CACHE_HOME/credseries/verify`."""
    configured = environment("XDG_CACHE_HOME") or ""
    # The XDG specification: a relative path is invalid and must be ignored.
    base = Path(configured) if configured.startswith("/") else Path.home() / ".cache"
    return base / "credseries" / "verify"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file `path` (made if need be) for one user at a time, among processes and threads.

    The lock goes away with its process, however that ends. Raises EnvironmentProblem.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        hint = "is there room, and may you write there?"
        raise EnvironmentProblem(f"{path} cannot be made: {error.strerror}", hint=hint) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def made_once(path: Path, make: Callable[[Path], None]) -> Path:
    """The directory `path`; if it is not there, `make` fills an empty one, which is then renamed to it.

    What a killed process left unfinished is removed. `make` gets another path, beside it.
    """
    if path.is_dir():
        return path
    with locked(path.with_name(path.name + ".lock")):
        if path.is_dir():
            return path
        unfinished = path.with_name(path.name + _UNFINISHED)
        remove(unfinished)
        unfinished.mkdir()
        make(unfinished)
        unfinished.rename(path)
    return path


def remove(path: Path) -> None:
    """Removes a directory and all below it, if it is there, and never what its symbolic links lead to."""
    if path.exists():
        shutil.rmtree(path)


def unique(directory: Path, prefix: str) -> Path:
    """A path in `directory` that no other process or thread of this machine uses now."""
    return directory / f"{prefix}-{os.getpid()}-{threading.get_ident()}"
