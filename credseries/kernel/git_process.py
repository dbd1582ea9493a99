"""Starting git: the one place of the project that runs a git process, always hardened the same way."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import IO, TYPE_CHECKING, Any

from credseries.errors import GitFailed
from credseries.kernel.restraint import Restraint, parse_settings, restrain
from credseries.kernel.values import decode_path

if TYPE_CHECKING:
    from git.cmd import Git

_SETTINGS = (
    # No hook, file system monitor or check of signatures of the user's runs because credseries looked at a repository
    # or wrote to it.
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("log.showSignature", "false"),
    # What is written does not depend on settings for other purposes: fast-import takes files for one another whose
    # names differ in case only, apply does not look at white space, and remembers how conflicts were resolved, and what
    # is called big has no diff.
    ("core.ignoreCase", "false"),
    ("core.bigFileThreshold", "512m"),
    ("apply.ignoreWhitespace", "no"),
    ("rerere.enabled", "false"),
    ("diff.suppressBlankEmpty", "false"),
    ("color.ui", "false"),
)
# No pager; paths are paths and never patterns.
_OPTIONS = (
    *("--no-pager", "--literal-pathspecs"),
    *(part for key, value in _SETTINGS for part in ("-c", f"{key}={value}")),
)
# For all that runs git in somebody's repository, whoever starts it.
_HARDENED = {
    "GIT_OPTIONAL_LOCKS": "0",  # a reader never writes the user's index
    # What a partial clone has not is not fetched by looking at it: only a command that says so uses the network.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",  # what is proven is what an id stands for, everywhere
}
_ENVIRONMENT = {
    **_HARDENED,
    "LC_ALL": "C",  # messages are matched in a few places
    "GIT_TERMINAL_PROMPT": "0",
    # These contradict --literal-pathspecs, and git refuses the contradiction.
    "GIT_GLOB_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_ICASE_PATHSPECS": "0",
}
# Set in hooks and in aliases; git would then look at another repository or index than the directory's.
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
_CHUNK = 1 << 16  # bytes
# What git says, and what to do about it; the first that fits.
_HINTS = (
    (
        r"lazy fetching disabled|from promisor remote|transport '\w+' not allowed",
        "this is a partial clone, and objects are not fetched unasked: `git fetch --refetch --no-filter` gets all of "
        "them, `git worktree add --detach DIR REV` those of a commit",
    ),
    (
        r"\.lock'?: File exists|Another git process",
        "another git may be at work here; if none is, one was killed: remove that file",
    ),
    (
        r"No space left|Out of diskspace|Disk quota exceeded|File too large",
        "make room on that disk, and run the command again",
    ),
    (
        r"Read-only file system|Permission denied|Operation not permitted|insufficient permission",
        "look at who owns that, and who may read and write it; a clone of your own will do: git clone --shared",
    ),
)
_DAMAGED = "the repository may be damaged or not readable: see what `git fsck` and `git status` say"
_SHOWN = 8  # arguments of a command in an error message
_STDERR_LIMIT = 2000  # characters


@dataclass(frozen=True)
class Finished:
    """What a git process left: its exit status and what it wrote."""

    status: int
    output: bytes
    errors: str


class GitProcess:
    """A running git; it is killed when this object is closed or collected before it ended."""

    def __init__(self, handle: Git.AutoInterrupt, arguments: Sequence[str]) -> None:
        self._handle = handle
        self.arguments = tuple(arguments)
        self._thread: threading.Thread | None = None
        self._finished: Finished | None = None

    def finish(self, data: bytes | None = None) -> Finished:
        """Gives `data` to the process, reads all it writes and waits for its end."""
        if self._thread is not None:
            self._thread.join()
        if self._finished is None:
            self._communicate(data)
        assert self._finished is not None
        return self._finished

    def read_in_background(self) -> GitProcess:
        """Reads the output while the caller goes on; `finish` then gives it."""
        self._thread = threading.Thread(target=self._communicate, args=(None,), daemon=True)
        self._thread.start()
        return self

    def records(self) -> Iterator[bytes]:
        """The NUL-terminated records of the output, each as soon as git has written it.

        `finish` gives the exit status afterwards.
        """
        process = self._handle.proc
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        errors: list[bytes] = []
        stderr = process.stderr  # read aside, as git would wait for somebody to read it
        drain = threading.Thread(target=lambda: errors.append(stderr.read()), daemon=True)
        drain.start()
        rest = b""
        while chunk := process.stdout.read1(_CHUNK):  # type: ignore[attr-defined]  # a BufferedReader
            *whole, rest = (rest + chunk).split(b"\0")
            yield from whole
        drain.join()
        self._finished = Finished(process.wait(), rest, _text(b"".join(errors)))

    def close(self) -> None:
        """Ends the process if it still runs."""
        if self._thread is not None:
            if self._handle.proc is not None and self._thread.is_alive():
                self._handle.proc.kill()
            self._thread.join()  # before its files are closed: their numbers would soon be those of others
        self._handle._terminate()

    def failure(self, finished: Finished) -> GitFailed:
        """The error that says which command failed and what git said."""
        command = " ".join(("git", *self.arguments[:_SHOWN], *(("...",) if len(self.arguments) > _SHOWN else ())))
        message = f"`{command}` failed with status {finished.status}"
        return GitFailed(f"{message}: {finished.errors}" if finished.errors else message, hint=_hint(finished.errors))

    def _communicate(self, data: bytes | None) -> None:
        process = self._handle.proc
        assert process is not None
        try:
            output, errors = process.communicate(data)
        except (ValueError, OSError):  # closed meanwhile: nobody asks for the output any more
            output, errors = b"", b""
        self._finished = Finished(process.returncode, output, _text(errors))


def settings_environment(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The variables that give git settings, after those that this process' own environment has (git-config(1))."""
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    found = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, start=first):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found


def read_restraint(directory: Path, environment: Mapping[str, str], places: Iterable[Path]) -> Restraint:
    """What keeps git from running what a repository's own configuration names; for `places` see `restrain`.

    The directory and the environment have to be those that git is to be restrained in: what a configuration includes
    may depend on both. Raises GitFailed.
    """
    process = start_git(["config", "--list", "--show-scope", "-z"], directory=directory, environment=environment)
    finished = process.finish()
    if finished.status:
        raise process.failure(finished)
    return restrain(parse_settings(decode_path(finished.output)), places)


@contextlib.contextmanager
def hardened(directory: Path, settings: Sequence[tuple[str, str]] = (), places: Iterable[Path] = ()) -> Iterator[None]:
    """Makes a directory the current one, and this process' environment one in which a git of somebody else's code is
    as restrained as ours, until the block ends; with more settings for that git. `places` as for `restrain`."""
    before = os.environ.copy()
    where = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.chdir(directory)
        for name in _PLACES:
            os.environ.pop(name, None)
        restraint = read_restraint(directory, {}, places)
        os.environ.update(settings_environment((*_SETTINGS, *settings, *restraint.settings)))
        os.environ.update({**_HARDENED, **dict(restraint.environment)})
        yield
    finally:
        os.fchdir(where)
        os.close(where)
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def start_git(
    arguments: Sequence[str], *, directory: Path, environment: Mapping[str, str], with_input: bool = False
) -> GitProcess:
    """Starts git in a directory; raises GitFailed when there is no git to start."""
    return _start(arguments, directory, environment, PIPE if with_input else None)


def run_writer(
    arguments: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    data: bytes = b"",
    answers: IO[bytes] | None = None,
) -> tuple[GitProcess, Finished]:
    """Runs a git that changes the repository, and lets it come to its end whatever becomes of this process.

    Git finds all of its input in a file, so it never takes half of it for the whole; it is in a session of its own,
    where neither Ctrl-C nor a kill of this process' group reaches it; and this process waits for it before it heeds a
    Ctrl-C. It inherits `answers`, a file for what somebody who is gone could not take from a pipe.
    """
    with tempfile.TemporaryFile(prefix="credseries-") as stream, uninterrupted():
        stream.write(data)
        stream.seek(0)
        more: dict[str, Any] = {"start_new_session": True}
        if answers is not None:
            more["pass_fds"] = (answers.fileno(),)
        process = _start(arguments, directory, environment, stream, **more)
        return process, process.finish()


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets a Ctrl-C wait until the block has ended."""
    if threading.current_thread() is not threading.main_thread():  # the only one that a Ctrl-C interrupts
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        if came:
            signal.raise_signal(signal.SIGINT)


def _start(
    arguments: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    source: Any,  # GitPython's annotation asks for a stream, its documentation and its code take PIPE too.
    **more: Any,
) -> GitProcess:
    try:
        # Here and not at the top: GitPython takes 0.06 s, and more than half of the commands need no git.
        from git.cmd import Git
        from git.exc import GitCommandNotFound
    except ImportError as error:
        # Importing GitPython runs `git version`, so this is how it says that there is no git.
        raise _no_git() from error
    try:
        handle = Git(str(directory)).execute(
            ["git", *_OPTIONS, *arguments],
            istream=source,
            as_process=True,
            env={**_ENVIRONMENT, **environment},
            **more,
        )
    except GitCommandNotFound as error:
        raise _no_git() from error
    return GitProcess(handle, arguments)


def _hint(errors: str) -> str:
    return next((hint for pattern, hint in _HINTS if re.search(pattern, errors)), _DAMAGED)


def _no_git() -> GitFailed:
    return GitFailed("git cannot be run", hint="install it: apt install git")


def _text(errors: bytes) -> str:
    return errors.decode("utf-8", "replace").strip()[:_STDERR_LIMIT]
