"""The recipients of a series by the index of MAINTAINERS, and by scripts/get_maintainer.pl, in one run.

Usage: python benchmarks/bench_recipients.py [TREE] [--patches N] [--runs N]

TREE is a kernel in git (default: $CREDSERIES_KERNEL_TREE). The patches are those of the recipe `per-function` and, as
these are fewer, of `rfc`, as `git format-patch` writes them, cut to N (45). The script runs once for each patch file,
as `git send-email` calls it: `get_maintainer.pl --nogit --nogit-fallback`. The index does all its work anew in each
run: it reads MAINTAINERS and the files beside it from git, parses them, and looks for files and keywords in all
patches. Two figures are printed for it: of a process that runs already, as the command that has built the series is,
and of a Python that is started for it.

Runs take turns, so that a machine that slows down slows all; the ratios are pair by pair. How many answers name others
than the script is printed (reasons aside: the script's vary where two sections name somebody); nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from credseries.kernel.git import Repository
from credseries.kernel.maintainers import Maintainers

SCRIPT = ("perl", "scripts/get_maintainer.pl", "--nogit", "--nogit-fallback")
RECIPES = ("per-function", "rfc")
Answers = list[list[str]]


def by_the_script(tree: Path, patches: Sequence[Path]) -> Answers:
    """What the script says of each patch, by a process for each."""
    return [
        subprocess.run((*SCRIPT, patch), cwd=tree, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        for patch in patches
    ]


def by_the_index(tree: Path, patches: Sequence[Path]) -> Answers:
    """What the index says of each patch; it is made anew."""
    repo = Repository.discover(tree)
    index = Maintainers.at(repo, repo.resolve("HEAD"), places=(tree, Path.home()))
    return [[f"{each} ({each.reason})" for each in index.for_patch(patch.read_bytes())] for patch in patches]


def by_a_process(tree: Path, patches: Sequence[Path]) -> Answers:
    """The same, by a Python that is started for it."""
    command = (sys.executable, __file__, str(tree), "--answer", *map(str, patches))
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [answer.splitlines() for answer in output.split("\0")[:-1]]


def timed(
    work: Callable[[Path, Sequence[Path]], Answers], tree: Path, patches: Sequence[Path]
) -> tuple[float, Answers]:
    """The wall-clock seconds of some work, and what it gave."""
    start = time.perf_counter()
    answers = work(tree, patches)
    return time.perf_counter() - start, answers


def addresses(answer: Sequence[str]) -> set[str]:
    """Who is named, without the reasons."""
    return {name + "@" + rest.split()[0] for name, _, rest in (line.partition("@") for line in answer)}


def make_patches(tree: Path, place: Path, most: int) -> list[Path]:
    """The first patches of a series, made in a clone that shares the tree's objects."""
    copy = place / "linux"
    subprocess.run(["git", "clone", "-q", "--shared", str(tree), str(copy)], check=True)
    for key, value in (("user.name", "Benchmark"), ("user.email", "bench@example.org")):
        subprocess.run(["git", "config", key, value], cwd=copy, check=True)
    patches: list[Path] = []
    for recipe in RECIPES:
        split = (sys.executable, "-m", "credseries", "split", "--recipe", recipe, "--branch", recipe)
        subprocess.run(split, cwd=copy, check=True, stdout=subprocess.DEVNULL)
        written = place / f"patches-{recipe}"
        command = ("git", "format-patch", "-q", "-o", str(written), f"origin/HEAD..{recipe}")
        subprocess.run(command, cwd=copy, check=True)
        # the first commit is the cover letter
        patches += [path for path in sorted(written.iterdir()) if b"\ndiff --git " in path.read_bytes()]
    return patches[:most]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, default=os.environ.get("CREDSERIES_KERNEL_TREE"))
    parser.add_argument("--patches", type=int, default=45)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--answer", nargs="*", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tree is None:
        parser.error("no kernel tree: name one, or set CREDSERIES_KERNEL_TREE")
    tree = Path(options.tree).resolve()
    if options.answer is not None:
        for answer in by_the_index(tree, options.answer):
            sys.stdout.write("\n".join(answer) + "\0")
        return
    works = {"the script": by_the_script, "index, running": by_the_index, "index, started": by_a_process}
    times: dict[str, list[float]] = {name: [] for name in works}
    different = 0
    with tempfile.TemporaryDirectory(prefix="credseries-bench-") as place:
        patches = make_patches(tree, Path(place), options.patches)
        for run in range(options.runs + 1):
            found = {name: timed(work, tree, patches) for name, work in works.items()}
            if run:  # the first one is not counted
                for name, (seconds, _) in found.items():
                    times[name].append(seconds)
            expected, *others = ([addresses(answer) for answer in answers] for _, answers in found.values())
            different += sum(other != expected for other in others)
    total = f"{len(patches)} patches, {options.runs} runs each, answers that differ from the script's: {different}"
    print(total)
    print(f"{'':<16} {'median s':>9} {'min':>8} {'max':>8} {'times faster':>13}")
    for name, values in times.items():
        ratio = statistics.median(slow / fast for slow, fast in zip(times["the script"], values, strict=True))
        print(f"{name:<16} {statistics.median(values):>9.4f} {min(values):>8.4f} {max(values):>8.4f} {ratio:>13.1f}")


if __name__ == "__main__":
    main()
