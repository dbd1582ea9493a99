"""Directories for a moment, in memory where that is possible: thousands of links are made and removed there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from credseries.verify.once import remove

_PREFIX = "credseries-scratch-"
_MEMORY = Path("/dev/shm")  # Linux: a file system in memory (shm_open(3))
_LOCK = "lock"
_YOUNG = 60.0  # seconds in which a directory may not have its lock yet

_swept = threading.Event()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty directory, without symbolic links in its path, that is removed when the block ends.

    What a killed process left there is removed when a later one begins: the lock of its directory is free.
    """
    parent = _parent()
    if not _swept.is_set():
        _swept.set()
        _sweep(parent)
    place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    lock = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (place / "here").mkdir()
        yield place / "here"
    finally:
        remove(place)
        os.close(lock)


def _parent() -> Path:
    chosen = _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return chosen.resolve()


def _sweep(parent: Path) -> None:
    for place in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - place.stat().st_mtime < _YOUNG or place.stat().st_uid != os.getuid():
                continue
            lock = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises when its process lives
                remove(place)
            finally:
                os.close(lock)
