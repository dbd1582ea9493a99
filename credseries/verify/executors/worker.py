"""A process that does tasks for another one, one at a time: how it is started, asked and ended, and what it does.

It is in a session of its own, so a Ctrl-C on the terminal reaches only who started it. It ends with its channel: when
that is closed on purpose, and when the process at its other end is gone, however that came. A task that runs then is
interrupted, has some seconds to clean up, and is killed after that.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from queue import SimpleQueue
from typing import BinaryIO, cast

from credseries.errors import CredseriesError, EnvironmentProblem
from credseries.verify.tasks import Place, Result, Task

_GRACE = 10.0  # seconds in which an interrupted task cleans up
_SIGNALS = {number.value: number.name for number in signal.Signals}
# The modules of tasks may be found in places that only this process knows.
_START = f"import sys; sys.path[:] = sys.argv[2:]; from {__name__} import serve; serve(int(sys.argv[1]))"


class Worker:
    """A worker process, seen from the one that started it; tasks run at the place that it was started for.

    `lost` says that it has ended without being told to, or while a task ran. Raises EnvironmentProblem when it cannot
    be started.
    """

    def __init__(self, place: Place) -> None:
        self._channel, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile(prefix="credseries-")  # noqa: SIM115  # closed in `end`
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _START, str(theirs.fileno()), *sys.path],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._log,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            except OSError as error:
                hint = "the machine may be out of memory or of processes: let it do fewer things at a time"
                raise EnvironmentProblem(f"no process can be started: {error.strerror}", hint=hint) from error
        self._requests, self._answers = self._channel.makefile("wb"), self._channel.makefile("rb")
        self._place = place
        self.lost = False

    def ask(self, task: Task) -> Result:
        """What the task gives. Raises what the task raises, and EnvironmentProblem when the process is `lost`.

        A worker that is lost, or was dismissed meanwhile, is of no more use; it has to be closed all the same.
        """
        message = pickle.dumps((self._place, task))
        try:
            pickle.dump(message, self._requests)
            self._requests.flush()
            done, answer = pickle.load(self._answers)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise self._lost(task) from error
        if not done:
            raise answer
        return cast(Result, answer)

    def dismiss(self) -> None:
        """Tells the process to end, and does not wait for it."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)

    def wait(self) -> int:
        """Waits for the end of a process that was dismissed or lost, kills it when it takes too long, and gives its
        exit status (negative: the signal that ended it)."""
        try:
            # It kills itself in time, unless it is stopped or has no time to run.
            self._process.wait(2 * _GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        # What a killed process leaves: no other group gets this number so soon.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def close(self) -> None:
        """Dismisses the process, waits for its end, and closes the channel; nobody may be asking it any more."""
        self.dismiss()
        self.wait()
        for stream in (self._requests, self._answers, self._channel, self._log):
            with contextlib.suppress(OSError):  # a request that nobody read
                stream.close()

    def _lost(self, task: Task) -> EnvironmentProblem:
        self.lost = True
        self.dismiss()
        status = self.wait()
        how = f"with status {status}" if status >= 0 else f"by {_SIGNALS.get(-status, f'signal {-status}')}"
        self._log.seek(0)
        said = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return EnvironmentProblem(
            f"{task.title}: the process that did this was ended {how}" + (f": {said[-1]}" if said else ""),
            hint="if the machine ran out of memory (`dmesg` tells), let it do fewer things at a time",
        )


def serve(descriptor: int) -> None:
    """What a worker process does: reads tasks, each with its place, from a socket, and answers them."""
    channel = socket.socket(fileno=descriptor)
    channel.set_inheritable(False)
    answers = channel.makefile("wb")
    inbox = _Inbox(channel.makefile("rb"))
    with contextlib.suppress(KeyboardInterrupt, OSError):  # told to end, or nobody is there to get an answer
        signal.signal(signal.SIGTERM, _interrupt)
        inbox.start()
        while (message := inbox.take()) is not None:
            answer = _answer(message)
            inbox.busy = False  # before the next task can come
            answers.write(answer)
            answers.flush()


class _Inbox(threading.Thread):
    """Reads what comes, so that the end of the channel is seen while a task runs."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._messages: SimpleQueue[bytes | None] = SimpleQueue()
        self.busy = False

    def take(self) -> bytes | None:
        """The next message, or None at the end of the channel."""
        return self._messages.get()

    def run(self) -> None:
        with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
            while True:
                message = pickle.load(self._stream)
                self.busy = True
                self._messages.put(message)
        self._messages.put(None)
        if self.busy:
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE)
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _interrupt(number: int, _frame: object) -> None:
    """Ends the main thread's task as a Ctrl-C would, once: what cleans up after it is left in peace."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _answer(message: bytes) -> bytes:
    """What is sent back for a task: whether it is done, and its result or the error that it raised."""
    try:
        place, task = pickle.loads(message)
        return pickle.dumps((True, task.run(place)))
    except Exception as error:
        if not isinstance(error, CredseriesError):
            error.add_note("In the process that did it:\n" + traceback.format_exc())
        try:
            answer = pickle.dumps((False, error))
            pickle.loads(answer)  # what cannot be read again would seem to be a lost process
        except Exception:
            return pickle.dumps((False, RuntimeError(traceback.format_exc())))
        return answer
