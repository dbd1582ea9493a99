"""One run of a command: undisturbed while it runs, timed, and ended with all that it started when we are interrupted.

What it writes goes to files and not through pipes, so nobody has to wake up and read while it is measured.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from credseries.errors import EnvironmentProblem

_GRACE = 2.0  # seconds in which a command may clean up before it is killed
_POLL = 0.02  # seconds
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LAST_LINES = 10  # of standard error, shown when a command fails


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its exit status (negative: the signal), what it wrote, and wall-clock seconds."""

    command: tuple[str, ...]
    status: int
    output: bytes
    errors: bytes
    seconds: float


def run(command: Sequence[str], pinned: frozenset[int] = frozenset()) -> Ran:
    """Runs a command to its end, bound to some processors if any are named; its standard input is empty.

    SIGINT, SIGTERM and SIGHUP end its whole process group, and raise KeyboardInterrupt here when that is done. Raises
    EnvironmentProblem when it cannot be started. Call it from the main thread: others get no signals.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, _Interrupts() as interrupts:
        with _bound(pinned):
            start = time.perf_counter()
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True
                )
            except OSError as error:
                message = f"{command[0]} cannot be run: {error.strerror}"
                raise EnvironmentProblem(message, hint="nothing was recorded") from error
        try:
            interrupts.raise_them()
            process.wait()
            seconds = time.perf_counter() - start
        except BaseException:
            interrupts.hold_them()
            _end(process)
            raise
        output.seek(0)
        errors.seek(0)
        return Ran(tuple(command), process.returncode, output.read(), errors.read(), seconds)


def failure(ran: Ran, name: str) -> EnvironmentProblem:
    """The error for a command that failed: which run it was, how it ended, and its last words."""
    ended = f"ended with status {ran.status}"
    if ran.status < 0:
        ended = f"was ended by signal {-ran.status} ({signal.strsignal(-ran.status) or 'unknown'})"
    lines = ran.errors.decode("utf-8", "replace").rstrip().splitlines()
    words = "\n".join(lines[-_LAST_LINES:]) or "(it wrote nothing to standard error)"
    hint = "nothing was recorded; does the command work by itself?"
    return EnvironmentProblem(f"{name} failed: {shlex.join(ran.command)} {ended}\n{words}", hint=hint)


@contextlib.contextmanager
def _bound(pinned: frozenset[int]) -> Iterator[None]:
    """Binds this thread, and so what it starts: a child that does it by itself would run code of ours after the fork,
    which is not safe beside other threads, and takes time that is measured."""
    if not pinned:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, pinned)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class _Interrupts:
    """Signals that end us, as KeyboardInterrupt, and only while somebody is there to end what was started."""

    def __init__(self) -> None:
        self._raising = False
        self._received = False

    def __enter__(self) -> _Interrupts:
        # What is ignored stays so: a shell ignores SIGINT for what it puts in the background, nohup SIGHUP.
        heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._on_signal) for number in heard}
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._raising = False
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._received and kind is None:
            raise KeyboardInterrupt

    def raise_them(self) -> None:
        """From now on a signal raises KeyboardInterrupt; so does one that came before."""
        self._raising = True
        if self._received:
            raise KeyboardInterrupt

    def hold_them(self) -> None:
        """From now on a signal waits."""
        self._raising = False

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._received = True
        if self._raising:
            raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process group: asks its members to, and after a while leaves them no choice."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE
    # It is not waited for until the rest is killed: as long as it is not, nobody else can get the group's number.
    while not _has_ended(process) and time.monotonic() < deadline:
        time.sleep(_POLL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
