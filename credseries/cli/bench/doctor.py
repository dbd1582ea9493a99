"""`credseries bench doctor`: what this machine can measure, and what it cannot."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from credseries import render
from credseries.cli.options import Json
from credseries.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credseries.bench.doctor import Finding, Probe
    from credseries.bench.model import Machine

SCHEMA = 1
_WIDTH = 79
_COLOURS = {"ok": "green", "limited": "yellow", "missing": "red", "unknown": "dim"}


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

    yield from _wrapped("", describe(seen.machine), 0)
    yield render.printable(f"Linux {seen.kernel}")
    yield ""
    width = max(len(item.what) for item in seen.findings)
    for item in seen.findings:
        state = render.paint(f"{item.state.value:<7}", _COLOURS[item.state.value])
        yield from _wrapped(f"  {state}  {item.what:<{width}}  ", item.evidence, 2 + 7 + 2 + width + 2)
    wanting = [item for item in seen.findings if item.state.value != "ok"]
    if wanting:
        yield ""
        yield "What that means here:"
    for item in wanting:
        yield ""
        yield f"  {render.paint(item.what, 'bold')} ({item.state.value})"
        yield from _wrapped("    ", item.why, 4)
        yield from _wrapped("    -> ", item.advice, 7)
    yield ""
    yield from _wrapped("", _outcome(seen), 0)


def _wrapped(start: str, text: str, indent: int) -> Iterator[str]:
    """Text in lines of at most 79 columns behind a start that is `indent` columns wide (colour has none)."""
    # A path that is longer than a line stays whole: people copy it.
    parts = textwrap.wrap(render.printable(text), _WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    yield start + (parts[0] if parts else "")
    for part in parts[1:]:
        yield " " * indent + part


def _outcome(seen: Seen) -> str:
    counted = Counter(item.state.value for item in seen.findings)
    states = ", ".join(f"{counted[state]} {state}" for state in _COLOURS if counted[state])
    outcome = f"Of {many(len(seen.findings), 'thing')}: {states}."
    if not seen.able:
        return f"Contention cannot be measured here: it takes two processors. {outcome}"
    return f"Contention can be measured here. {outcome}"
