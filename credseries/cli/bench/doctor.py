"""`credseries bench doctor`: what this machine can measure, and what it cannot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from credseries import render
from credseries.cli.findings_output import consequences, counted, table, wrapped
from credseries.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credseries.bench.doctor import Finding, Probe
    from credseries.bench.model import Machine

SCHEMA = 1


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", short_help="Say what this machine can measure, and what not.")(doctor)


def doctor(json: Json = False) -> None:
    """Say what this machine can measure of a contended cache line, what it cannot, and why that matters.

    A series that takes credentials without counting them relieves one cache line that all processors write to. How
    much that is worth can be seen in three ways, and each asks something of the machine:

    \b
      times and rates   two processors or more, and little noise
      perf stat         events of the processor: cycles, cache misses
      perf c2c          memory samples, and two NUMA nodes for remote HITM

    A virtual machine mostly has the first only. That is enough to show that a difference is there; take the figures
    for the cover letter on the kind of machine that the contention was reported from.

    \b
    ok        as it should be
    limited   can be used, and the figures are less for it
    missing   not there
    unknown   this machine does not say

    Nothing is changed. The exit status is 0 when contention can be measured at all, which takes two processors, and
    1 when it cannot; what is limited or missing besides does not change it.

    \b
    Examples:
      credseries bench doctor
      credseries bench doctor --json | jq -r '.findings[] | select(.state != "ok") | .advice'
    """
    from credseries.bench.doctor import here

    with render.working("looking at the machine"):
        seen = look(here())
    if json:
        render.as_json(as_json(seen))
    else:
        for line in lines(seen):
            render.say(line)
    if not seen.able:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Seen:
    """A machine that was looked at; `able` says that contention can be measured on it at all."""

    machine: Machine
    kernel: str
    findings: tuple[Finding, ...]
    able: bool


def look(probe: Probe) -> Seen:
    """Look at a machine."""
    from credseries.bench.doctor import can_contend, examine

    findings = examine(probe)
    return Seen(probe.machine(), probe.release, findings, can_contend(findings))


def as_json(seen: Seen) -> dict[str, Any]:
    """What was seen in the contract, schema 1 (docs in README)."""
    machine = asdict(seen.machine)
    del machine["name"]  # words of a person; here is none
    return {
        "schema": SCHEMA,
        "can_measure_contention": seen.able,
        "kernel": seen.kernel,
        "machine": machine,
        "findings": [
            {
                "what": item.what,
                "state": item.state.value,
                "evidence": item.evidence,
                "why": item.why,
                "advice": item.advice or None,
            }
            for item in seen.findings
        ],
    }


# -- for people


def lines(seen: Seen) -> Iterator[str]:
    """What was seen for people: a table of all findings, what follows from those that are not ok, and the outcome."""
    from credseries.bench.machine import describe

    yield from wrapped("", describe(seen.machine), 0)
    yield render.printable(f"Linux {seen.kernel}")
    yield ""
    yield from table(seen.findings)
    yield from consequences(seen.findings, "What that means here:")
    yield ""
    yield from wrapped("", _outcome(seen), 0)


def _outcome(seen: Seen) -> str:
    if not seen.able:
        return f"Contention cannot be measured here: it takes two processors. {counted(seen.findings)}"
    return f"Contention can be measured here. {counted(seen.findings)}"
