"""Builds the miniature tree and runs its functions, to see under which credentials each call runs."""

import subprocess
from pathlib import Path


class ExplorationError(AssertionError):
    """A function has more combinations of decisions than the caller wanted to run."""


def build(tree: Path, out: Path, cc: str = "gcc", flags: str = "") -> Path:
    """Build ``tree`` into ``out`` and return the program; what the compiler says is in the exception."""
    command = ["make", "-j8", "-C", str(tree), f"O={out}", f"CC={cc}", f"KCFLAGS={flags}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{cc} refused {tree}:\n{done.stderr}")
    return out / "credtrace"


def entry_points(program: Path) -> list[str]:
    """The names that ``run`` and ``explore`` take; ``ovl_flush_upper`` is another call of ``ovl_flush``."""
    return _output(program, "--list").split()


def run(program: Path, function: str, decisions: str = "") -> str:
    """One run; decisions that are not given are 0, which means success or no."""
    return _output(program, function, decisions)


def explore(program: Path, function: str, limit: int = 4096) -> dict[str, str]:
    """Run every combination of decisions, depth first, and return the trace of each."""
    runs: dict[str, str] = {}
    trace: list[str] = []
    for line in _output(program, "--all", str(limit), function).splitlines():
        word, _, decisions = line.partition(" ")
        if word == "end":
            runs[decisions] = "\n".join(trace)
            trace = []
        elif line == "truncated":
            raise ExplorationError(f"{function} has more than {limit} runs")
        else:
            trace.append(line)
    return runs


def explore_all(program: Path, limit: int = 4096) -> dict[str, dict[str, str]]:
    """``explore`` for every entry point."""
    return {function: explore(program, function, limit) for function in entry_points(program)}


def _output(program: Path, *arguments: str) -> str:
    command = [str(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return done.stdout
