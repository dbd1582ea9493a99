"""How long credseries takes to start, with peers in the same run: `git --version`, `b4 --help`, and Python itself.

Usage: python benchmarks/bench_startup.py [--runs N] [--json FILE]

Whole processes, wall-clock time. Runs take turns, so that a machine that slows down slows all of them; medians are
printed, and ratios to `b4 --help` pair by pair. `status` runs in the miniature tree, without a series. Nothing is
asserted: machines differ.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from credseries.series.demo import make_repository

CREDSERIES = (sys.executable, "-m", "credseries")
PEER = "b4 --help"
# What the installed command is, by whose name the shell's completion goes.
INSTALLED = "import sys; from credseries.__main__ import main; sys.argv[0] = 'credseries'; main()"
COMPLETION = {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": "credseries c", "COMP_CWORD": "1"}
WORKS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    PEER: ((str(Path(sys.executable).with_name("b4")), "--help"), {}),
    "git --version": (("git", "--version"), {}),
    "python -c pass": ((sys.executable, "-c", "pass"), {}),
    "credseries --help": ((*CREDSERIES, "--help"), {}),
    "credseries --version": ((*CREDSERIES, "--version"), {}),
    "credseries c<TAB>": ((sys.executable, "-c", INSTALLED), COMPLETION),
    "credseries scan --help": ((*CREDSERIES, "scan", "--help"), {}),
    "credseries status": ((*CREDSERIES, "status"), {}),
}


def seconds(command: tuple[str, ...], environment: dict[str, str], tree: Path) -> float:
    """The wall-clock time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=tree, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", type=Path, help="Write all times there.")
    options = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in WORKS}
    with tempfile.TemporaryDirectory(prefix="credseries-bench-") as place:
        tree = Path(place, "linux")
        make_repository(tree)
        for run in range(options.runs + 1):
            for name, (command, environment) in WORKS.items():
                taken = seconds(command, environment, tree)
                if run:  # the first one is not counted
                    times[name].append(taken)
    print(f"{options.runs} runs each")
    print(f"{'':<24} {'median s':>9} {'min':>8} {'max':>8} {'of ' + PEER:>14}")
    for name, values in times.items():
        ratio = statistics.median(ours / peer for ours, peer in zip(values, times[PEER], strict=True))
        print(f"{name:<24} {statistics.median(values):>9.4f} {min(values):>8.4f} {max(values):>8.4f} {ratio:>14.2f}")
    if options.json:
        options.json.write_text(json.dumps({"schema": 1, "seconds": times}, indent=1) + "\n")


if __name__ == "__main__":
    main()
