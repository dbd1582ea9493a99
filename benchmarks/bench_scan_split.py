"""Whole-process times on a kernel tree, with the peer in the same run: `scan` against `git grep`, and `split`.

Usage: python benchmarks/bench_scan_split.py [TREE] [--runs N] [--json FILE]

TREE is a kernel in git (default: $CREDSERIES_KERNEL_TREE). Runs take turns, so that a machine that slows down slows all
of them; medians are printed, and ratios pair by pair. The tree's branches stay as they are: `split` works in a clone
that shares its objects. Nothing is asserted: machines differ.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

CREDSERIES = (sys.executable, "-m", "credseries")
GREP = ("git", "grep", "-lF", "-e", "override_creds", "-e", "revert_creds")
BRANCH = "bench-series"


def seconds(command: Sequence[str], tree: Path) -> float:
    """The wall-clock time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def forget(tree: Path) -> None:
    """Remove what credseries remembers of the tree."""
    shutil.rmtree(tree / ".git" / "credseries", ignore_errors=True)


def measure(tree: Path, runs: int) -> dict[str, list[float]]:
    """Seconds of every run, after one that is not counted."""
    times: dict[str, list[float]] = {"git grep": [], "scan, first time": [], "scan, again": [], "split": []}
    for run in range(runs + 1):
        found = {"git grep": seconds(GREP, tree)}
        forget(tree)
        found["scan, first time"] = seconds((*CREDSERIES, "scan"), tree)
        found["scan, again"] = seconds((*CREDSERIES, "scan"), tree)
        found["split"] = seconds((*CREDSERIES, "split", "--branch", BRANCH), tree)
        subprocess.run(["git", "branch", "-q", "-D", BRANCH], cwd=tree, check=True)
        if run:
            for name, value in found.items():
                times[name].append(value)
    return times


def clone(tree: Path, place: Path) -> Path:
    """A clone that shares the tree's objects, checked out like it, so that nothing of the user's is written."""
    copy = place / "linux"
    subprocess.run(["git", "clone", "-q", "--shared", str(tree), str(copy)], check=True)
    for key, value in (("user.name", "Benchmark"), ("user.email", "bench@example.org")):
        subprocess.run(["git", "config", key, value], cwd=copy, check=True)
    return copy


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, default=os.environ.get("CREDSERIES_KERNEL_TREE"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.tree is None:
        parser.error("no kernel tree: name one, or set CREDSERIES_KERNEL_TREE")
    with tempfile.TemporaryDirectory(prefix="credseries-bench-") as place:
        times = measure(clone(Path(options.tree).resolve(), Path(place)), options.runs)
    peer = times["git grep"]
    print(f"{'':<18} {'median s':>9} {'min':>7} {'max':>7} {'ratio to git grep':>18}")
    for name, values in times.items():
        ratio = statistics.median(mine / theirs for mine, theirs in zip(values, peer, strict=True))
        print(f"{name:<18} {statistics.median(values):>9.2f} {min(values):>7.2f} {max(values):>7.2f} {ratio:>18.2f}")
    if options.json is not None:
        options.json.write_text(json.dumps(times, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
