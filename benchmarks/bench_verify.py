"""Times of `verify --level compile` on a kernel tree, with a rebase that runs make at every commit in the same run.

Usage: python benchmarks/bench_verify.py [TREE] [--recipe NAME] [--cc NAMES] [--jobs N] [--skip-rebase]

TREE is a kernel in git (default: $CREDSERIES_KERNEL_TREE); its branches stay as they are. The series is split in a
clone that shares its objects, and compiled with gcc and the newest clang (or `--cc`), sparse left out. The peer is
`git rebase -x 'make fs/... fs/...'` in a work tree of its own, of the same commits with the same compilers, from build
directories that are configured alike and hold the base's objects. Printed are wall-clock seconds, and CPU seconds
(which say more on a busy machine), of what both sides prepare once (source, configuration, objects of the base), of all
patches without any result, and of all patches with all results.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, read_series
from credseries.verify.kbuild.directory import configured
from credseries.verify.kbuild.toolchains import host_architecture, make_variables, newest_clang
from credseries.verify.levels.build import build_checks
from credseries.verify.levels.compile import compile_checks
from credseries.verify.model import Status, Variant
from credseries.verify.tasks import Check, Place, Task

BRANCH = "bench-series"


@dataclass(frozen=True)
class Took:
    """Wall-clock seconds, and those of all cores that processes ended meanwhile had."""

    wall: float
    cpu: float


def timed(what: str, work: Callable[[], Any]) -> tuple[Took, Any]:
    """What something takes (also printed), and what it gives."""
    start, used = time.perf_counter(), cpu_seconds()
    result = work()
    took = Took(time.perf_counter() - start, cpu_seconds() - used)
    print(f"{what:60} {took.wall:8.1f} s {took.cpu:8.1f} s", flush=True)
    return took, result


def cpu_seconds() -> float:
    """What this process and those that it waited for have used."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def git(directory: Path, *arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", "-C", str(directory), *arguments], check=True, capture_output=True, text=True).stdout


def split(tree: Path, place: Path, recipe: str) -> Path:
    """A clone with the series of a recipe on a branch."""
    clone = place / "linux"
    git(place, "clone", "-q", "--shared", "--no-checkout", str(tree), str(clone))
    git(clone, "config", "user.name", "Bench")
    git(clone, "config", "user.email", "bench@example.org")
    command = (sys.executable, "-m", "credseries", "split", "--recipe", recipe, "--branch", BRANCH)
    subprocess.run(command, cwd=clone, check=True, stdout=subprocess.DEVNULL)
    return clone


def run(task: Task, place: Place) -> dict[str, Any]:
    """A task, in a worker."""
    return task.run(place)


def compile_all(
    repo: Repository, series: Series, variants: list[Variant], place: Place, jobs: int, results: dict[str, Any]
) -> list[Check]:
    """Plans and compiles what `results` does not hold yet, and adds it there."""
    checks = [check for check in compile_checks(repo, series, variants) if not check.variant.startswith("sparse")]
    tasks = {task.key: task for check in checks for task in check.tasks if task.key not in results}
    if tasks:
        with ProcessPoolExecutor(jobs) as pool:
            results.update(zip(tasks, pool.map(partial(run, place=place), tasks.values()), strict=True))
    for check in checks:
        judgement = check.judge([results[task.key] for task in check.tasks])
        if judgement.status is not Status.PASS:
            print(f"{check.step} {check.variant}: {judgement.status} {judgement.summary}", file=sys.stderr)
    return checks


def rebase(clone: Path, place: Path, series: Series, checks: list[Check], cache: Place) -> Took:
    """The time of a rebase that makes the same objects with the same compilers at every commit."""
    work = place / "work"
    git(clone, "worktree", "add", "-q", "--detach", str(work), series.base)
    setups = list(dict.fromkeys(task.setup for check in checks for task in check.tasks))  # type: ignore[attr-defined]
    targets = build_checks(cache.repo, series, [setups[0].variant])[0].tasks[0].targets  # type: ignore[attr-defined]
    lines = []
    for number, setup in enumerate(setups):
        out = place / f"out-{number}"
        out.mkdir()
        shutil.copy(configured(cache, setup).out / ".config", out)
        make = ["make", f"-j{cache.jobs}", f"O={out}", *make_variables(setup.variant), "W=1", *targets]
        lines.append(" ".join(make))
        what = f"  peer: {setup.variant.cc} prepares and builds the base"
        timed(what, lambda make=make: subprocess.run(make, cwd=work, check=True, capture_output=True))
    git(work, "switch", "-q", "--detach", series.steps[-1].commit)
    git(work, "switch", "-q", "-c", "bench-rebase")
    command = ["git", "rebase", "-q", "--force-rebase", series.base]
    command += [word for line in lines for word in ("-x", line)]
    took, _ = timed("git rebase -x make", lambda: subprocess.run(command, cwd=work, check=True, capture_output=True))
    return took


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("tree", nargs="?", type=Path, default=os.environ.get("CREDSERIES_KERNEL_TREE"))
    parser.add_argument("--recipe", default="per-function")
    parser.add_argument("--cc", default=",".join(filter(None, ("gcc", newest_clang()))))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--skip-rebase", action="store_true")
    given = parser.parse_args()
    if given.tree is None:
        parser.error("name a kernel tree, or set CREDSERIES_KERNEL_TREE")
    variants = [Variant(cc, host_architecture()) for cc in given.cc.split(",")]
    with tempfile.TemporaryDirectory(prefix="credseries-bench-") as name:
        top = Path(name)
        clone = split(Path(given.tree).absolute(), top, given.recipe)
        repo = Repository.discover(clone)
        series = read_series(repo, [f"HEAD..{BRANCH}"], None, lambda: b"")
        place = Place(repo, top / "cache", given.jobs)
        print(f"{len(series.steps)} patches, {given.cc}, {given.jobs} jobs")
        _, planned = timed("planning", lambda: compile_checks(repo, series, variants))
        setups = list(dict.fromkeys(task.setup for check in planned for task in check.tasks))  # type: ignore[attr-defined]
        for setup in setups:
            what = f"{setup.variant.cc}: configuration and the base's objects"
            timed(what if setup != setups[0] else f"source, and {what}", partial(configured, place, setup))
        results: dict[str, Any] = {}
        work = partial(compile_all, repo, series, variants, place, given.jobs, results)
        cold, checks = timed("compile, all patches", work)
        compiled = sum(1 for result in results.values() if result["seconds"])
        print(f"  {len(results)} results, {compiled} compilations")
        warm, _ = timed("compile, all patches, with all results", work)
        print(f"  {cold.wall / warm.wall:.0f} times faster")
        if not given.skip_rebase:
            peer = rebase(clone, top, series, checks, place)
            wall, cpu = peer.wall / cold.wall, peer.cpu / cold.cpu
            print(f"compile is {wall:.1f} times faster than the rebase, and needs {cpu:.1f} times less of the cores")


if __name__ == "__main__":
    main()
