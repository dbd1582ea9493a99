"""Workloads as programs: each is compiled once, and kept by everything that its machine code depends on."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from credseries.errors import BuildFailed, EnvironmentProblem, UsageError
from credseries.words import content_key

FLAGS = ("-std=c11", "-O2", "-pthread")
_KEY_LENGTH = 16  # hexadecimal digits of a key that stand in a file's name


def cache_directory(environment: Callable[[str], str | None]) -> Path:
    """Where programs are kept: `$XDG_CACHE_HOME/credseries/bench`."""
    configured = environment("XDG_CACHE_HOME") or ""
    # The XDG specification: a relative path is invalid and must be ignored.
    base = Path(configured) if configured.startswith("/") else Path.home() / ".cache"
    return base / "credseries" / "bench"


def build(name: str, source: str, cache: Path, environment: Callable[[str], str | None]) -> Path:
    """The program of a C source, in the cache directory; compiled with `$CC`, or gcc, when it is not there yet.

    Raises EnvironmentProblem when there is no compiler or no room, BuildFailed when it does not compile, and
    UsageError when `$CC` cannot be read.
    """
    compiler = _compiler(environment("CC") or "")
    version = _run(compiler, "--version")
    if version.returncode:
        message = f"{shlex.join(compiler)} --version ended with status {version.returncode}"
        raise EnvironmentProblem(message, hint="set CC to a C compiler")
    key = content_key(source, *compiler, *FLAGS, version.stdout, os.uname().machine)
    program = cache / f"{name}-{key[:_KEY_LENGTH]}"
    if not program.exists():
        _compile(compiler, source, program)
    return program


def _compiler(named: str) -> list[str]:
    try:
        return shlex.split(named) or ["gcc"]
    except ValueError as error:
        raise UsageError(f"CC={named!r} is no command: {error}", hint="set CC to a C compiler") from error


def _compile(compiler: list[str], source: str, program: Path) -> None:
    try:
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{program.name}-", dir=program.parent) as made:
            text, output = Path(made) / f"{program.name}.c", Path(made) / "program"
            text.write_text(source, encoding="utf-8")
            done = _run(compiler, *FLAGS, "-o", str(output), str(text))
            if done.returncode:
                hint = "the sources need Linux, and a C compiler and library with headers (apt install gcc libc6-dev)"
                log = done.stderr.strip()
                raise BuildFailed(f"{program.name} does not compile:\n{log}", log=log, hint=hint)
            # In one step: whoever builds the same at the same time, or is killed, leaves no half a program.
            output.replace(program)
    except OSError as error:
        message = f"a workload cannot be built in {program.parent}: {error.strerror}"
        raise EnvironmentProblem(message, hint="is there room, and may you write there? see XDG_CACHE_HOME") from error


def _run(compiler: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [*compiler, *arguments],
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise EnvironmentProblem(
            f"workloads are built where they run, and the C compiler {compiler[0]} cannot be run: {error.strerror}",
            hint="install one (apt install gcc libc6-dev) or name it in CC; --source prints the source for elsewhere",
        ) from error
