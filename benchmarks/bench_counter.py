"""The model of the usage counter on this machine: light overrides against refcounted ones, run in turns.

Usage: python benchmarks/bench_counter.py [--threads 1,2] [--runs N] [--seconds S] [--pin CPUS] [--seed N]

Every round of the real runner has one run of each form in random order, and in each run all numbers of threads have
their turn. Printed are, by number of threads, medians in million overrides a second of all threads together, and how
many times more the light form does: the ratio of the means with its 95 % interval by bootstrap over rounds, and the
verdict of the rank test. It is an upper bound: nothing but the override and its three reads is in the loop.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from credseries.bench.findings import Comparison
from credseries.bench.findings_of import findings
from credseries.bench.machine import describe, running_kernel, this_machine
from credseries.bench.model import Provenance, Record, Role
from credseries.bench.runner import process
from credseries.bench.runner.conditions import conditions
from credseries.bench.runner.plan import plan, processors
from credseries.bench.runner.result import Outcome, printed
from credseries.bench.runner.session import perform, records
from credseries.bench.workloads import find
from credseries.bench.workloads.build import build, cache_directory

FORMS = {Role("base"): "refcounted", Role("patched"): "light"}


def measure(threads: str, runs: int, seconds: float, pinned: frozenset[int], seed: int) -> tuple[Record, ...]:
    """The records of both forms, from runs that were taken in turns."""
    workload = find("counter")
    program = build(workload.name, workload.source, cache_directory(os.environ.get), os.environ.get)
    take = printed("csv")

    def start(role: Role, name: str) -> Outcome:
        options = [("form", FORMS[role]), ("tasks", threads), ("runs", "1"), ("seconds", str(seconds))]
        ran = process.run([str(program), *workload.arguments(options)], pinned)
        if ran.status:
            raise process.failure(ran, name)
        return take(ran, name)

    roles = tuple(FORMS)
    session = perform(plan(roles, 1, seed), plan(roles, runs, seed), start, conditions)
    return records(session, "counter", dict.fromkeys(roles, Provenance(workload=workload.sentence)), f"seed {seed}")


def line(item: Comparison) -> str:
    """A number of threads: medians, the ratio of the means with its interval, the verdict."""
    base, light = item.base.median, item.patched.median
    assert base
    assert light
    assert item.change is not None
    assert item.interval is not None  # runs that are all there have one
    ratio, low, high = (1 + percent / 100 for percent in (item.change, item.interval.low, item.interval.high))
    return (
        f"{item.metric.tasks:7}  {base / 1e6:10.1f}  {light / 1e6:8.1f}  {ratio:6.2f}  [{low:.2f}, {high:.2f}]"
        f"  n={item.base.runs}  {item.verdict}"
    )


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--pin")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    pinned = processors(given.pin, frozenset(os.sched_getaffinity(0))) if given.pin else frozenset()
    found = findings(measure(given.threads, given.runs, given.seconds, pinned, given.seed))
    print(
        f"{describe(this_machine(Path('/')))}; Linux {running_kernel()}; {given.seconds:g} s a run, seed {given.seed}"
    )
    print("threads  refcounted     light   ratio  95 % interval")
    for item in found.comparisons:
        print(line(item))
    notes = [f"{item.metric.tasks} threads: {note}" for item in found.comparisons for note in item.notes]
    for note in (*found.warnings, *notes):
        print(f"  {note}")


if __name__ == "__main__":
    main()
