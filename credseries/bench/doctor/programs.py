"""The programs that workloads are made, run and measured with."""

from __future__ import annotations

from credseries.bench.doctor.finding import Finding, State, finding
from credseries.bench.doctor.probe import Probe

# name, why it matters
_PROGRAMS = (
    ("gcc", "The workloads are small C programs that are built where they run."),
    (
        "numactl",
        "It binds a run's tasks and memory to nodes, so that a line crosses nodes in every run, or in none.",
    ),
    ("hyperfine", "It times a command in many runs; credseries bench add reads every one of them."),
    ("fio", "It makes I/O with many jobs, and knows the latencies of each; mostly to show that nothing got slower."),
    ("stress-ng", "Its stressors load single parts of the kernel; mostly to show that nothing got slower."),
)


def examine(probe: Probe) -> tuple[Finding, ...]:
    """A finding for each program: there or not."""
    return tuple(_program(probe, name, why) for name, why in _PROGRAMS)


def _program(probe: Probe, name: str, why: str) -> Finding:
    path = probe.find(name)
    state = State.OK if path is not None else State.MISSING
    evidence = path if path is not None else f"no {name} on PATH"
    return finding(name, state, evidence, why=why, advice=f"Install the distribution's package {name}.")
