"""The long run: `python -m tests.programs --programs 20000 --seed 1`, on all cores, with a report at the end."""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.programs.choices import RecordedChoices, SeededChoices, shrink
from tests.programs.execute import Difference, Effort, Machine
from tests.programs.generate import Program, make_program
from tests.programs.law import Report, examine, may_fail

BATCH = 250
EFFORT = Effort(depth=8, by_chance=40)
_SHRUNK = 4  # of so many kinds of failures one is made small


def seed_of(seed: int, number: int) -> int:
    """The seed of one program of a run."""
    return seed * 10_000_000 + number


def batch(seed: int, numbers: range) -> Report:
    """The law for some of the programs of a run."""
    made = [make_program(SeededChoices(seed_of(seed, number))) for number in numbers]
    with tempfile.TemporaryDirectory(prefix="programs-") as directory:
        return examine(made, Machine(Path(directory)), seed, EFFORT)


def smallest(program: Program, difference: Difference, directory: Path) -> tuple[Program, Difference]:
    """A small program that fails in the same way as one of a run, and how."""
    machine = Machine(directory)

    def failing(choices: Sequence[int]) -> list[tuple[Program, Difference]]:
        tried = make_program(RecordedChoices(choices))
        if not may_fail(tried):
            return []
        report = examine([tried], machine, effort=EFFORT)
        return [item for item in report.failures if item[1].what == difference.what]

    choices = shrink(program.choices, lambda tried: bool(failing(tried)))
    found = failing(choices)
    return found[0] if found else (program, difference)


def describe(report: Report, seconds: float) -> str:
    """What a run gave, for a person."""
    lines = [
        f"programs            {report.programs} ({report.with_sites} with sites, {len(report.invalid)} not valid C)",
        f"sites               {report.sites}",
        "  default order     " + ", ".join(f"{name} {count}" for name, count in sorted(report.first.items())),
        f"proven, form by form {', '.join(f'{name} {count}' for name, count in sorted(report.proven.items()))}",
        f"rewritten programs  {report.rewrites}",
        f"runs                {report.runs} ({report.overridden} of originals under an override, "
        f"{report.exhausted} out of decisions, {report.erroneous} with errors of the original's own)",
        f"differences         {len(report.failures)}",
        f"refusal rate        {report.first['refused'] / max(report.sites, 1):.1%}",
        f"time                {seconds:.0f} s",
        "",
        "refused because",
    ]
    lines += [f"{count:8}  {reason}" for reason, count in report.refused.most_common()]
    return "\n".join(lines)


def census(report: Report) -> str:
    """How many programs have each shape, and in how many of them something was proven."""
    rows = sorted(report.shapes.items(), key=lambda item: -item[1])
    return "\n".join(f"{count:8} {report.proven_shapes[shape]:8}  {shape}" for shape, count in rows)


def _kind(difference: Difference) -> str:
    """What failures have in common, whatever their names are."""
    return re.sub("[\u2018'].*?[\u2019']", "..", difference.what)


def _print_failures(report: Report) -> None:
    """How many there are of each kind, and of some kinds the smallest program that fails like that."""
    kinds: dict[str, list[tuple[Program, Difference]]] = {}
    for program, difference in sorted(report.failures, key=lambda item: len(item[0].text)):
        kinds.setdefault(_kind(difference), []).append((program, difference))
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):8}  {kind}")
    for found in list(kinds.values())[:_SHRUNK]:
        with tempfile.TemporaryDirectory(prefix="programs-") as directory:
            small, shown = smallest(*found[0], Path(directory))
        print("\n" + "=" * 80, small.text, f"-- {shown.version.label}:", shown.version.text, shown, sep="\n")


def _progress(done: int, total: int, failures: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total} programs, {failures} differences", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run, report; 1 when something differs or the generator made invalid C."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("--programs", type=int, default=20_000, metavar="N")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--census", action="store_true", help="print how often each shape occurs")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed                {seed}", flush=True)
    started = time.monotonic()
    report = Report()
    ranges = [range(at, min(at + BATCH, options.programs)) for at in range(0, options.programs, BATCH)]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(batch, seed, numbers) for numbers in ranges]):
            report.add(done.result())
            _progress(report.programs, options.programs, len(report.failures))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(describe(report, time.monotonic() - started))
    if options.census:
        print("\nprograms   proven  shape", census(report), sep="\n")
    for program in report.invalid[:3]:
        print("\n-- not valid C:", program.text, sep="\n")
    if report.failures:
        print()
        _print_failures(report)
    return 1 if report.failures or report.invalid else 0


if __name__ == "__main__":
    sys.exit(main())
