"""The view of a process' last compilation, kept for the next one: mostly they differ in one file."""

from __future__ import annotations

import contextlib
import multiprocessing.util
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from credseries.verify.trees.scratch import scratch
from credseries.verify.trees.views import Changes, change_view, make_view


class _Bench:
    """A directory of one thread, with a view of a tree and room for what a compiler writes."""

    def __init__(self, base: Path) -> None:
        self.base, self.process = base, os.getpid()
        self.files: Changes = {}
        self._stack = contextlib.ExitStack()
        self.place = self._stack.enter_context(scratch())
        self.view = self.place / "linux"
        # atexit says nothing to the processes of a pool
        self._end = multiprocessing.util.Finalize(self, self._stack.close, exitpriority=10)
        make_view(base, self.view, {})

    def change(self, files: Changes, real: Iterable[str]) -> None:
        """Makes the view that of another state."""
        change_view(self.base, self.view, self.files, files, real)
        self.files = dict(files)

    def close(self) -> None:
        """Removes it; a forked child leaves its parent's alone."""
        if self.process == os.getpid():
            self._end()


_kept = threading.local()


@contextlib.contextmanager
def workbench(base: Path, files: Changes, real: Iterable[str] = ()) -> Iterator[Path]:
    """A directory in which `linux` is a view of the tree `base` with `files`, and where other files may be written.

    The directories `real` are real ones in the view, and others may be. The next user of this thread gets the same
    directory, unless this one was interrupted.
    """
    bench: _Bench | None = getattr(_kept, "bench", None)
    if bench is not None and (bench.process != os.getpid() or bench.base != base or not bench.view.is_dir()):
        bench.close()
        bench = None
    _kept.bench = None
    if bench is None:
        bench = _Bench(base)
    try:
        bench.change(files, real)
        yield bench.place
    except BaseException:
        bench.close()
        raise
    _kept.bench = bench
