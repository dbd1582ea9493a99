"""What makes two runs of one kernel differ: frequency, load, a hypervisor, and the clock that is read."""

from __future__ import annotations

import re

from credseries.bench.doctor.finding import Finding, State, finding
from credseries.bench.doctor.probe import Probe
from credseries.bench.machine import describe
from credseries.bench.model import Machine

_CPU = "/sys/devices/system/cpu"
_CLOCK = "/sys/devices/system/clocksource/clocksource0"
# Read from the processor, without a device that others wait for.
_QUICK_CLOCKS = frozenset(
    {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "timebase", "riscv_clocksource", "tod"}
)
_SLOW_CLOCKS = frozenset({"hpet", "acpi_pm", "jiffies", "refined-jiffies", "xen", "hyperv_clocksource_msr", "pit"})
_BUSY = 0.5  # tasks that run or wait, on average over the last minute: about what a person at a shell makes
_STOLEN = 0.001  # of all time since boot


def examine(probe: Probe) -> tuple[Finding, ...]:
    """The findings on what disturbs runs."""
    virtual = probe.machine().virtual
    return (_governor(probe), _turbo(probe), _load(probe), _virtual(virtual), _steal(probe), _clock(probe))


def _governor(probe: Probe) -> Finding:
    policies = [name for name in probe.names(f"{_CPU}/cpufreq") or () if name.startswith("policy")]
    files = [f"{_CPU}/cpufreq/{name}/scaling_governor" for name in policies]
    governors = sorted({found for file in files if (found := probe.text(file))})
    if not governors:
        state = State.UNKNOWN
        evidence = f"no scaling_governor below {_CPU}/cpufreq: firmware or a hypervisor sets the frequency"
    else:
        state = State.OK if governors == ["performance"] else State.LIMITED
        evidence = f"scaling_governor is {', '.join(governors)}"
    return finding(
        "frequency governor",
        state,
        evidence,
        why="A frequency that follows the load differs between runs, and with the number of tasks: a faster "
        "kernel and a faster clock look the same.",
        advice="Set it for the runs: cpupower frequency-set -g performance. Without one, warm up and interleave runs.",
    )


def _turbo(probe: Probe) -> Finding:
    # file, what it says when the processor may go beyond its nominal frequency
    for file, on in ((f"{_CPU}/intel_pstate/no_turbo", "0"), (f"{_CPU}/cpufreq/boost", "1")):
        value = probe.text(file)
        if value in ("0", "1"):
            state, evidence = (State.LIMITED if value == on else State.OK), f"{file} is {value}"
            break
    else:
        state, evidence = State.UNKNOWN, f"neither intel_pstate/no_turbo nor cpufreq/boost below {_CPU}"
    return finding(
        "turbo",
        state,
        evidence,
        why="The fewer cores work and the cooler they are, the faster they run: one task alone looks better than it "
        "is, and curves over the number of tasks bend for a reason that is not the cache line.",
        advice="Turn it off for the runs: 1 into no_turbo, or 0 into boost. Where neither is, interleave runs.",
    )


def _load(probe: Probe) -> Finding:
    found = re.match(r"(\d+\.\d+) ", probe.text("/proc/loadavg") or "", re.ASCII)
    if found is None:
        state, evidence = State.UNKNOWN, "/proc/loadavg cannot be read"
    else:
        state = State.OK if float(found[1]) < _BUSY else State.LIMITED
        evidence = f"{found[1]} tasks ran or waited on average over the last minute (/proc/loadavg)"
    return finding(
        "load",
        state,
        evidence,
        why="Others' work takes processors and empties caches, and more in some runs than in others; a small "
        "difference between kernels drowns in that.",
        advice="Stop what runs, or wait for it; look again right before the runs.",
    )


def _virtual(virtual: str | None) -> Finding:
    if virtual is None:
        state, evidence = State.UNKNOWN, "the processor does not say, and nothing gives a hypervisor away"
    elif virtual:
        state, evidence = State.LIMITED, f"{describe(Machine(virtual=virtual))} (/proc/cpuinfo, /sys)"
    else:
        state, evidence = State.OK, "bare metal: no hypervisor flag in /proc/cpuinfo"
    return finding(
        "virtual machine",
        state,
        evidence,
        why="Its processors may be threads of one core or sit on other nodes than they say, they may move, and events "
        "are mostly missing. That a counter contends shows all the same; how much is the host's business.",
        advice="Say it with the figures. Take those that matter on bare metal; systemd-detect-virt knows more.",
    )


def _steal(probe: Probe) -> Finding:
    first = (probe.text("/proc/stat", 4096) or "").split("\n")[0].split()
    times = [int(field) for field in first[1:] if field.isdecimal()]
    if len(times) < 8 or not sum(times[:8]):  # user nice system idle iowait irq softirq steal: proc.rst
        state, evidence = State.UNKNOWN, "/proc/stat has no steal time"
    else:
        share = times[7] / sum(times[:8])
        state = State.OK if share < _STOLEN else State.LIMITED
        evidence = f"{share:.2%} of the time since boot (/proc/stat)"
    return finding(
        "steal time",
        state,
        evidence,
        why="While the host runs somebody else, a task that has the cache line, or waits for it, stands still and the "
        "clock does not.",
        advice="Use a machine with processors of its own; until then more runs, and medians.",
    )


def _clock(probe: Probe) -> Finding:
    clock = probe.text(f"{_CLOCK}/current_clocksource") or ""
    state = State.OK if clock in _QUICK_CLOCKS else State.LIMITED if clock in _SLOW_CLOCKS else State.UNKNOWN
    return finding(
        "clocksource",
        state,
        f"{clock or 'not known'} ({_CLOCK})",
        why="A workload that reads a slow clock in its loop measures that, and a clock that is one device for all "
        "processors is contended itself.",
        advice="Find in the kernel log why tsc was given up; do not force it with tsc=reliable for a measurement.",
    )
