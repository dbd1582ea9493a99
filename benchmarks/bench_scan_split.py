"""Times on a kernel tree, with a peer in the same run: `scan` against `git grep`, `split`, `refresh`; the analysis.

Usage: python benchmarks/bench_scan_split.py [TREE] [--runs N] [--json FILE]

TREE is a kernel in git (default: $CREDSERIES_KERNEL_TREE). Runs take turns, so that a machine that slows down slows all
of them; medians are printed, and ratios pair by pair. The tree's branches stay as they are: `split` works in a clone
that shares its objects. Nothing is asserted: machines differ.

The first figures are wall-clock times of whole processes. The last one is the CPU time, on one core, of what credseries
itself does in a first scan: reading what git finds, the analysis, the verdict on every form of every site. Git's own
processes are not in it.
"""

from __future__ import annotations

import argparse
import gc
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

from credseries.kernel.git import Repository
from credseries.series.cache import Cache
from credseries.series.recipe import load_recipe
from credseries.series.scan import survey
from credseries.series.search import Search

CREDSERIES = (sys.executable, "-m", "credseries")
GREP = ("git", "grep", "-lF", "-e", "override_creds", "-e", "revert_creds")
BRANCH = "bench-series"


def seconds(command: Sequence[str], tree: Path) -> float:
    """The wall-clock time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def analyse(tree: Path) -> dict[str, float]:
    """What a first scan takes of this process, in CPU seconds, and what it analysed."""
    gc.disable()  # as the command does
    repo = Repository.discover(tree)
    cache = Cache(repo)
    start = time.process_time()
    found = survey(repo, Search(repo, "HEAD", cache), load_recipe("rfc"))
    sites = found.to_json()["sites"]
    seconds = time.process_time() - start
    cache.close()
    return {"seconds": seconds, "functions": len(found.program.analyses), "sites": len(sites)}


def analysis(tree: Path) -> dict[str, float]:
    """`analyse` in a process of its own."""
    forget(tree)
    command = (sys.executable, __file__, "--analyse", str(tree))
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def forget(tree: Path) -> None:
    """Remove what credseries remembers of the tree."""
    shutil.rmtree(tree / ".git" / "credseries", ignore_errors=True)


def measure(tree: Path, runs: int) -> dict[str, list[float]]:
    """Seconds of every run, after one that is not counted."""
    names = ("git grep", "scan, first time", "scan, again", "split", "split, one a function", "refresh")
    times: dict[str, list[float]] = {name: [] for name in names}
    for run in range(runs + 1):
        found = {"git grep": seconds(GREP, tree)}
        forget(tree)
        found["scan, first time"] = seconds((*CREDSERIES, "scan"), tree)
        found["scan, again"] = seconds((*CREDSERIES, "scan"), tree)
        found["split"] = seconds((*CREDSERIES, "split", "--branch", BRANCH), tree)
        subprocess.run(["git", "branch", "-q", "-D", BRANCH], cwd=tree, check=True)
        by_function = ("split", "--recipe", "per-function", "--branch", BRANCH)
        found["split, one a function"] = seconds((*CREDSERIES, *by_function), tree)
        found["refresh"] = seconds((*CREDSERIES, "refresh"), tree)
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
    parser.add_argument("--analyse", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.analyse is not None:
        print(json.dumps(analyse(options.analyse)))
        return
    if options.tree is None:
        parser.error("no kernel tree: name one, or set CREDSERIES_KERNEL_TREE")
    with tempfile.TemporaryDirectory(prefix="credseries-bench-") as place:
        copy = clone(Path(options.tree).resolve(), Path(place))
        times = measure(copy, options.runs)
        analyses = [analysis(copy) for _ in range(options.runs)]
    peer = times["git grep"]
    print(f"{'':<22} {'median s':>9} {'min':>7} {'max':>7} {'ratio to git grep':>18}")
    for name, values in times.items():
        ratio = statistics.median(mine / theirs for mine, theirs in zip(values, peer, strict=True))
        print(f"{name:<22} {statistics.median(values):>9.2f} {min(values):>7.2f} {max(values):>7.2f} {ratio:>18.2f}")
    alone = [item["seconds"] for item in analyses]
    print(
        f"analysis alone, CPU seconds of one core: median {statistics.median(alone):.2f}, min {min(alone):.2f}, "
        f"max {max(alone):.2f} ({analyses[0]['functions']} functions, {analyses[0]['sites']} sites)"
    )
    if options.json is not None:
        times["analysis, CPU"] = alone
        options.json.write_text(json.dumps(times, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
