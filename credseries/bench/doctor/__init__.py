"""What a machine can measure of a contended cache line and what it cannot, and why that matters."""

from __future__ import annotations

from collections.abc import Sequence

from credseries.bench.doctor import events, kernel, noise, processors, programs
from credseries.bench.doctor.finding import Finding, State
from credseries.bench.doctor.probe import Probe, Ran, here

__all__ = ["Finding", "Probe", "Ran", "State", "can_contend", "examine", "here"]


def examine(probe: Probe) -> tuple[Finding, ...]:
    """All findings of a machine, what decides first: processors, events, noise, the kernel, programs.

    Nothing is changed on it. A thing that cannot be read is a finding of state UNKNOWN, never an error.
    """
    return (
        *processors.examine(probe),
        *events.examine(probe),
        *noise.examine(probe),
        *kernel.examine(probe),
        *programs.examine(probe),
    )


def can_contend(findings: Sequence[Finding]) -> bool:
    """Whether contention can be measured at all: two processors can take a cache line from each other."""
    return any(item.what == processors.PROCESSORS and item.state is State.OK for item in findings)
