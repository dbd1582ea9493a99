"""The command as a person runs it: a process of its own, in a directory, with an environment."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import warm

COMMAND = (sys.executable, "-m", "credseries")
_SECONDS = 120.0
SNAPSHOTS = Path(__file__).parent / "snapshots"


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The environment of the test with some variables changed; None removes one."""
    merged = {**os.environ, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


def credseries(*arguments: str | Path, cwd: Path, env: Mapping[str, str | None] | None = None) -> Ran:
    """Run `credseries` in a directory, without a terminal: a process of its own, from a warm start where it can."""
    given, words = environment(env), [str(argument) for argument in arguments]
    if warm.is_like(given):
        ended = warm.run(words, cwd, given, _SECONDS)
        return Ran(ended.status, *(text.decode("utf-8", "surrogateescape") for text in (ended.out, ended.err)))
    return cold(*words, cwd=cwd, env=env)


def cold(*arguments: str, cwd: Path, env: Mapping[str, str | None] | None = None) -> Ran:
    """The same from the beginning, as a person starts it."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=_SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def normal(text: str) -> str:
    """Text without what differs from run to run: commit ids, dates, change-ids, temporary directories, sizes."""
    text = re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", text)
    text = re.sub(r"\b20\d{6}-([a-z0-9-]+)-[0-9a-f]{12}\b", r"DATE-\1-TOKEN", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "COMMIT", text)
    text = re.sub(r"(?:/[\w.-]+)*/(?:credseries-demo-\w+|pytest-[\w/.-]+?)(?=/|\s|$)", "DIR", text)
    return re.sub(r"\(\d+ bytes\)", "(SIZE bytes)", text)


def check_snapshot(name: str, text: str) -> None:
    """Compare with tests/snapshots/NAME; UPDATE_SNAPSHOTS=1 writes it instead."""
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.is_file() else ""
    if text != expected:
        diff = difflib.unified_diff(
            expected.splitlines(keepends=True), text.splitlines(keepends=True), f"snapshots/{name}", "now"
        )
        raise AssertionError("the output differs; UPDATE_SNAPSHOTS=1 takes it over:\n" + "".join(diff))
