"""The long run: `python -m tests.kills --kills 500 --seed 1 split`, on the miniature tree, with a report at the end."""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from credseries.series.demo import make_repository
from tests.kills.commands import VICTIMS
from tests.kills.run import Aim, Range, Report
from tests.kills.victim import Victim

_SEALED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


def describe(report: Report, ground: Range, aim: Aim, seconds: float) -> str:
    """What a run gave, for a person."""
    groups = sum(kill.group for kill in report.kills)
    lines = [
        f"kills               {len(report.kills)} ({groups} of the process group, {len(report.kills) - groups} of one)",
        f"killed within       {ground.lengths[aim]:.2f} s, of {ground.lengths[Aim.ANY]:.2f} s in all",
        f"left as it was      {report.count('old')}",
        f"left all done       {report.count('new')}",
        f"ended before        {report.count('ended')}",
        f"left in between     {len(report.failures)}",
        f"time                {seconds:.0f} s",
    ]
    for kill in report.failures:
        whom = "the group" if kill.group else "the process"
        lines += [f"after {kill.moment:.6f} s, {whom}, {kill.outcome}:", *(f"  {text}" for text in kill.problems)]
    return "\n".join(lines)


def kill_often(victim: Victim, kills: int, seed: int, aim: Aim, jobs: int, place: Path) -> tuple[Report, Range]:
    """Many kills of one command, some at a time; gives what was known of it before as well."""
    make_repository(place / "linux")
    ground = Range.make(victim, place / "linux", place, jobs)
    chances = (random.Random(f"{seed} {victim.name} {number}") for number in range(kills))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(ground.kill, chance, place, aim) for chance in chances]
        return Report([done.result() for done in concurrent.futures.as_completed(waiting)]), ground


def main() -> int:
    """Kill, report; 1 when something was left in between."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("victims", nargs="*", default=list(VICTIMS), metavar="COMMAND", help=", ".join(VICTIMS))
    parser.add_argument("--kills", type=int, default=500, metavar="N", help="of each command")
    parser.add_argument("--seed", type=int, default=None)
    when = parser.add_mutually_exclusive_group()
    for aim, told in ((Aim.WRITING, "kill once the first object is written"), (Aim.MOVING, "kill while the refs move")):
        when.add_argument(f"--{aim.value}", dest="aim", action="store_const", const=aim, default=Aim.ANY, help=told)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed                {seed}", flush=True)
    failed = False
    for name in options.victims:
        place, started = Path(tempfile.mkdtemp(prefix="kills-")), time.monotonic()
        os.environ.update(_SEALED, HOME=str(place))
        report, ground = kill_often(VICTIMS[name], options.kills, seed, options.aim, options.jobs, place)
        print(
            f"command             {name}\n{describe(report, ground, options.aim, time.monotonic() - started)}",
            flush=True,
        )
        if report.failures:
            failed = True
            print(f"what they left      {place}", flush=True)
        else:
            shutil.rmtree(place)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
