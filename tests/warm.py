"""Commands from a warm start: a process that has loaded `credseries` forks, and the fork is the command.

Half of a short command's time is the loading of modules. All that makes it a process of its own stays: its arguments,
environment, directory, output, signals and end, and no command finds what another one has left in memory. What programs
heed while they start (`AT_START`) is the same for all of them; what needs something else there starts from cold.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
AT_START = re.compile(r"PATH$|PYTHON|LC_|LANG|LD_|_|TERM|FORCE_|NO_COLOR|CLICOLOR|PY_COLORS|GITHUB_")
# Loaded besides the package itself. Not pygit2, which looks for its configuration while it is loaded.
_OTHERS = ("b4", "git", "jinja2", "tree_sitter_c", "requests", "rich.console")
_LENGTH = struct.Struct("!I")
_DESCRIPTORS = 3  # a command's output, its errors, and what becomes of it


@dataclass(frozen=True)
class Ended:
    """A command that has ended: with a status, or by a signal (below 0)."""

    status: int
    out: bytes
    err: bytes


def is_like(environment: Mapping[str, str]) -> bool:
    """Whether a command with this environment starts as the warm ones do."""
    return _at_start(environment) == _at_start(_warm().environment)


def run(arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], seconds: float) -> Ended:
    """Run `credseries` in a directory, without input. Raises TimeoutExpired, and has it killed then."""
    return _warm().run(arguments, cwd, environment, seconds)


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if AT_START.match(name)}


class _Warm:
    """The process that forks, seen from outside. It ends when nobody holds the other side of its socket any more."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def close(self) -> None:
        """Let it end."""
        self._socket.close()
        self._process.wait()

    def run(self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], seconds: float) -> Ended:
        """See `run`."""
        reading, writing = os.pipe()
        with (
            os.fdopen(os.memfd_create("out"), "rb") as out,
            os.fdopen(os.memfd_create("err"), "rb") as err,
            os.fdopen(reading, "rb", buffering=0) as fate,
        ):
            try:
                request = json.dumps({"argv": arguments, "cwd": str(cwd), "env": dict(environment)}).encode()
                socket.send_fds(self._socket, [_LENGTH.pack(len(request))], [out.fileno(), err.fileno(), writing])
                self._socket.sendall(request)
            finally:
                os.close(writing)
            status = _fate(fate.fileno(), time.monotonic() + seconds)
            if status is None:
                raise subprocess.TimeoutExpired(["credseries", *arguments], seconds)
            return Ended(status, _content(out), _content(err))


@functools.cache
def _warm() -> _Warm:
    return _Warm()


def _fate(descriptor: int, until: float) -> int | None:
    """The status that a command ended with; None when that takes too long, and it is killed. First comes its number."""
    said = b""
    while said.count(b"\n") < 2:
        if not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
            if number := said.partition(b"\n")[0]:
                os.kill(int(number), signal.SIGKILL)
            return None
        part = os.read(descriptor, 64)
        assert part, "the process that forks commands has ended"
        said += part
    return int(said.split()[1])


def _content(file: Any) -> bytes:
    file.seek(0)
    return bytes(file.read())


# -- the process that forks


def _load() -> None:
    """Load what commands load. A module may need what is not installed here."""
    import credseries

    names = [module.name for module in pkgutil.walk_packages(credseries.__path__, "credseries.")]
    for name in (*names, *_OTHERS):
        if not name.endswith(".__main__"):
            with suppress(ImportError):
                importlib.import_module(name)


def serve(descriptor: int) -> None:
    """Fork for each request; returns at the end of them."""
    control = socket.socket(fileno=descriptor)
    _load()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control, reading], [], [])
        if reading in ready:
            os.read(reading, 4096)
            _reap(running)
        if control not in ready:
            continue
        request, descriptors = _received(control)
        if request is None:
            return
        number = os.fork()
        if number == 0:
            control.detach()
            _become(request, descriptors)
            from credseries.__main__ import main

            _end(main)
        running[number] = descriptors.pop()
        try:
            os.write(running[number], b"%d\n" % number)
        except BrokenPipeError:  # whoever asked does not wait any more
            os.kill(number, signal.SIGKILL)
        for other in descriptors:
            os.close(other)


def _received(control: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    head, descriptors, _, _ = socket.recv_fds(control, _LENGTH.size, _DESCRIPTORS)
    if not head:
        return None, []
    (length,) = _LENGTH.unpack(head)
    data = b""
    while len(data) < length:
        data += control.recv(length - len(data))
    request = json.loads(data)
    assert isinstance(request, dict)
    return request, descriptors


def _reap(running: dict[int, int]) -> None:
    while running:
        number, ended = os.waitpid(-1, os.WNOHANG)
        if not number:
            return
        descriptor = running.pop(number)
        with suppress(BrokenPipeError):
            os.write(descriptor, b"%d\n" % os.waitstatus_to_exitcode(ended))
        os.close(descriptor)


def _become(request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Be what `python -m credseries` is when its modules are loaded."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate(descriptors[:2], 1):
        os.dup2(descriptor, number)
    for name in [path.name for path in Path("/proc/self/fd").iterdir()]:
        if int(name) > 2:
            with suppress(OSError):
                os.close(int(name))
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    sys.argv = [str(ROOT / "credseries" / "__main__.py"), *request["argv"]]
    sys.path[0] = request["cwd"]
    sys.modules["__main__"].__package__ = "credseries"


def _end(program: Callable[[], None]) -> NoReturn:
    """Run a program to its end as Python does, but for the clearing away of all that was loaded."""
    status = 0
    try:
        program()
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status & 0xFF)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
