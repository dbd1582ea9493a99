"""Holds the law for many mutants: `python -m tests.mutants --files 30000 --seed 1`, with a report at the end."""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.mutants.compilers import for_programs
from tests.mutants.law import Breach, Report, Sources, hold, smaller
from tests.mutants.trees import miniature
from tests.programs.execute import Machine

BATCH = 100
SECONDS = 60  # that one mutant may take: a hundred times what the slowest does
_SHRUNK = 6  # of so many kinds of breaches one is made small


def batch(seeds: Iterable[int], keep: Path | None = None) -> Report:
    """The law for some mutants."""
    report = Report()
    with _sources() as (sources, machine):
        for seed in seeds:
            found = hold(sources.case(seed), machine, SECONDS)
            report.add(found)
            for number, breach in enumerate(found.breaches if keep is not None else ()):
                _keep(keep, f"{seed}-{number}", breach)
    # other processes have trees of their own
    report.breaches = [replace(breach, case=replace(breach.case, files={})) for breach in report.breaches]
    return report


@contextmanager
def _sources() -> Iterator[tuple[Sources, Machine]]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        place = Path(directory)
        (place / "programs").mkdir()
        yield (
            Sources(for_programs(place / "programs"), miniature(place / "miniature")),
            Machine(place / "programs"),
        )


def _keep(directory: Path | None, name: str, breach: Breach) -> None:
    if directory is not None:
        (directory / f"{name}.c").write_bytes(breach.case.text)
        (directory / f"{name}.new.c").write_bytes(breach.rewrite)
        (directory / f"{name}.txt").write_text(
            f"{breach.case.name}\n{breach.what}\n{breach.detail}\n", errors="replace"
        )


def _print_breaches(report: Report) -> None:
    kinds: dict[str, list[Breach]] = {}
    for breach in sorted(report.breaches, key=lambda item: len(item.case.text)):
        kinds.setdefault(breach.what, []).append(breach)
    for what, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):8}  {what}  ({found[0].case.name})")
    with _sources() as (sources, machine):
        for what, found in list(kinds.items())[:_SHRUNK]:
            small = smaller(sources.case(found[0].case.seed), found[0], machine, SECONDS)
            print("\n" + "=" * 80, what, small.detail, sep="\n")
            print(small.case.text.decode("utf-8", "backslashreplace"))
            print("-- rewritten:", small.rewrite.decode("utf-8", "backslashreplace"), sep="\n")


def main() -> int:
    """Make mutants and report; 1 when the law is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--files", type=int, default=30_000, metavar="N")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write every mutant that breaks the law there")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed                {seed}", flush=True)
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    report = Report()
    first = seed * 10_000_000
    ranges = [range(at, min(at + BATCH, first + options.files)) for at in range(first, first + options.files, BATCH)]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(batch, seeds, options.keep) for seeds in ranges]):
            report.add(done.result())
            if sys.stderr.isatty():
                print(f"\r{report.counts['mutants']} mutants, {len(report.breaches)} breaches", end="", file=sys.stderr)
    for name, count in sorted(report.counts.items(), key=lambda item: -item[1]):
        print(f"{name:20}{count}")
    print(f"{'breaches':20}{len(report.breaches)}\n{'time':20}{time.monotonic() - started:.0f} s\n")
    _print_breaches(report)
    return 1 if report.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
