"""Running a command to its end, so that nothing of it goes on when it is interrupted or when this process is killed.

Every command gets a session of its own. An exception here (Ctrl-C too) kills all of it. Against a kill of this process
a shell stands by that reads from a pipe which commands run: it kills them when the pipe's other end is gone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from credseries.errors import EnvironmentProblem

# A command waits for a line before it begins, so it never runs without the shell that stands by knowing of it. What
# follows in its input is its own: a shell reads no further than the line.
_WITH_INPUT = 'read -r begin && exec "$@"'
_WITHOUT_INPUT = 'read -r begin && exec "$@" </dev/null'
_BEGIN = b"begin\n"
_LIMIT = 16 << 20  # bytes kept of each stream: half from its start, half from its end
_CHUNK = 1 << 16  # bytes

# Lines "+ ID" and "- ID" name the process groups that start and end. Signals that are meant for the whole terminal must
# not end it before its work is done.
_STANDBY = """
trap '' INT TERM HUP QUIT
running=' '
while read -r mark group; do
	case $mark in
	+) running="$running$group " ;;
	-) running="${running%% $group *} ${running#* $group }" ;;
	esac
done
for group in $running; do kill -s KILL -- "-$group"; done 2>/dev/null
"""


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status (negative: the signal that ended it), and what it wrote.

    `timed_out` says that it was killed because its time was over. `seconds` is wall-clock time.
    """

    status: int
    output: bytes
    errors: str
    seconds: float
    timed_out: bool = False


def run(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float | None = None,
) -> Ran:
    """Runs a command in a directory; `environment` is added to this process' own, with messages in plain English.

    After `timeout` seconds it is killed. Of very long output the middle is left out. Raises EnvironmentProblem when
    it cannot be started.
    """
    start = time.perf_counter()
    merged = {**os.environ, "LC_ALL": "C", **(environment or {})}
    _check(command, directory, merged)
    process = subprocess.Popen(
        ["/bin/sh", "-c", _WITH_INPUT if stdin else _WITHOUT_INPUT, command[0], *command],
        cwd=directory,
        env=merged,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _standby.tell("+", process.pid)
        streams = [_Reader(process.stdout), _Reader(process.stderr)]
        assert process.stdin is not None
        _Writer(process.stdin, _BEGIN + stdin)
        timed_out = False
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
        # Whatever it left in the background would keep the streams open.
        _kill(process)
        output, errors = (stream.text() for stream in streams)
    except BaseException:
        _kill(process)
        raise
    finally:
        _standby.tell("-", process.pid)
    seconds = time.perf_counter() - start
    return Ran(process.returncode, output, errors.decode("utf-8", "replace"), seconds, timed_out)


def _check(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
    """Raises EnvironmentProblem when there is no such command or directory."""
    place = str(directory / command[0]) if "/" in command[0] else command[0]
    reason = ""
    if not directory.is_dir():
        reason = f"{directory} is no directory"
    elif shutil.which(place, path=environment.get("PATH")) is None:
        reason = "No such file or directory"
    if reason:
        hint = f"is {command[0]} installed, and may it be run in {directory}?"
        raise EnvironmentProblem(f"{command[0]} cannot be run: {reason}", hint=hint)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Reader(threading.Thread):
    """Reads a stream to its end, so that its writer never waits, and keeps a bounded part."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        assert stream is not None
        self._stream, self._head, self._tail, self._dropped = stream, bytearray(), bytearray(), 0
        self.start()

    def run(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), _CHUNK):
                room = max(0, _LIMIT // 2 - len(self._head))
                self._head += chunk[:room]
                self._tail += chunk[room:]
                if len(self._tail) > _LIMIT:
                    self._dropped += len(self._tail) - _LIMIT // 2
                    del self._tail[: -_LIMIT // 2]

    def text(self) -> bytes:
        """What was read, after the stream's end."""
        self.join()
        mark = b"\n[%d bytes are left out here]\n" % self._dropped if self._dropped else b""
        return bytes(self._head + mark + self._tail)


class _Writer(threading.Thread):
    """Gives a command its input, and does not mind when it wants no more of it."""

    def __init__(self, stream: IO[bytes], data: bytes) -> None:
        super().__init__(daemon=True)
        self._stream, self._data = stream, data
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError), self._stream:
            self._stream.write(self._data)


class _Standby:
    """The shell that stands by; it is started when it is first needed, one for every process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipe: IO[bytes] | None = None
        os.register_at_fork(after_in_child=self._forget)

    def tell(self, mark: str, group: int) -> None:
        """Lets it know that a process group was started ("+") or has ended ("-")."""
        with self._lock:
            if self._pipe is None:
                process = subprocess.Popen(
                    ["/bin/sh", "-c", _STANDBY],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,
                )
                process.returncode = 0  # nobody waits for it: it ends after this process
                self._pipe = process.stdin
            assert self._pipe is not None
            with contextlib.suppress(OSError):  # without it a kill leaves more behind, and that is all
                self._pipe.write(f"{mark} {group}\n".encode())
                self._pipe.flush()

    def _forget(self) -> None:
        """In a forked child: the pipe's end has to be open in one process only, or it is never gone."""
        self._lock = threading.Lock()
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                self._pipe.close()
            self._pipe = None


_standby = _Standby()
