"""Whether the processor's events can be counted, and who took a cache line from whom be told: perf and perf c2c."""

from __future__ import annotations

import re
from dataclasses import dataclass

from credseries.bench.doctor.finding import Finding, State, finding
from credseries.bench.doctor.probe import Probe

_DEVICES = "/sys/bus/event_source/devices"
_PARANOID = "/proc/sys/kernel/perf_event_paranoid"
_KALLSYMS = "/proc/kallsyms"
_AMD_SINCE = (6, 1)  # perf c2c and the kernel know the data sources of AMD's IBS from this version on


def examine(probe: Probe) -> tuple[Finding, ...]:
    """The findings on perf: the program, the right to use it, events, perf c2c and the names of symbols."""
    perf = _Perf.of(probe)
    return (_program(probe, perf), _paranoid(probe), _cycles(probe, perf), _c2c(probe, perf), _symbols(probe))


@dataclass(frozen=True)
class _Perf:
    """The program: where it is (None: nowhere), what it says of its version, and that as numbers where it works."""

    path: str | None
    words: str = ""
    version: tuple[int, int] | None = None

    @classmethod
    def of(cls, probe: Probe) -> _Perf:
        path = probe.find("perf")
        if path is None:
            return cls(None)
        # Some distributions have a script in its place, which fails when it has no perf for the running kernel.
        ran = probe.run((path, "--version"))
        if ran is None or ran.status != 0:
            return cls(path, ran.first_line if ran is not None else "cannot be run")
        return cls(path, ran.first_line, _numbers(ran.output))


def _numbers(text: str) -> tuple[int, int] | None:
    found = re.search(r"(\d+)\.(\d+)", text, re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


def _program(probe: Probe, perf: _Perf) -> Finding:
    kernel = _numbers(probe.release)
    if perf.path is None:
        state, evidence = State.MISSING, "no perf on PATH"
    elif perf.version is None:
        state, evidence = State.MISSING, f"{perf.path}: {perf.words or 'says no version'}"
    else:
        state = State.OK if perf.version == kernel else State.LIMITED
        evidence = f"{perf.words} for kernel {probe.release}"
    return finding(
        "perf",
        state,
        evidence,
        why="perf stat counts, and perf c2c shows whose loads met a modified line. Every perf runs on every kernel, "
        "but an older one knows fewer events of newer processors.",
        advice="Install the distribution's (linux-perf, linux-tools), or build it with the kernel: make -C tools/perf.",
    )


def _paranoid(probe: Probe) -> Finding:
    level = probe.text(_PARANOID)
    if level is None or not re.fullmatch(r"-?\d+", level, re.ASCII):
        state, evidence = State.UNKNOWN, f"{_PARANOID} cannot be read: perhaps a kernel without perf events"
    elif probe.may_perf():
        state, evidence = State.OK, f"{_PARANOID} is {level}, but this process may do all (CAP_PERFMON, CAP_SYS_ADMIN)"
        if int(level) <= 0:
            evidence = f"{_PARANOID} is {level}"
    else:
        state, allowed = _allowed(int(level))
        evidence = f"{_PARANOID} is {level}: {allowed}"
    return finding(
        "perf_event_paranoid",
        state,
        evidence,
        why="The contended counter is the kernel's, and so are the loads that miss it: without the right to look into "
        "the kernel, and at all processors at once (-a), a report does not have them.",
        advice="Run as root, give perf CAP_PERFMON, or: sysctl kernel.perf_event_paranoid=-1.",
    )


def _allowed(level: int) -> tuple[State, str]:
    """What a process without capabilities may do, by Documentation/admin-guide/sysctl/kernel.rst; 3 is Debian's."""
    if level <= 0:
        return State.OK, "all but raw tracepoints" if level == 0 else "everything"
    if level == 1:
        return State.LIMITED, "own processes only, not all processors at once"
    if level == 2:
        return State.LIMITED, "own processes only, and not the kernel"
    return State.MISSING, "nothing"


def _cycles(probe: Probe, perf: _Perf) -> Finding:
    state, evidence = _counted(probe, perf)
    return finding(
        "hardware events",
        state,
        evidence,
        why="Cycles and cache misses show the cost of a line that moves where run times drown it in noise. Without "
        "them there are only times and rates: it takes more runs to say the same.",
        advice="Virtual machines mostly have none: use bare metal, or let the hypervisor pass the PMU through. Without "
        "the kernel's, look at perf_event_paranoid.",
    )


def _counted(probe: Probe, perf: _Perf) -> tuple[State, str]:
    if perf.path is None or perf.version is None:
        return State.UNKNOWN, "there is no perf to count with"
    command = "perf stat -e cycles true"
    ran = probe.run((perf.path, "stat", "-x,", "-e", "cycles", "true"))
    if ran is None:
        return State.UNKNOWN, f"{command} cannot be run"
    for line in ran.output.splitlines():
        fields = line.split(",")
        if len(fields) < 3 or not re.match(r"cycles(?::|$)", fields[2]):
            continue
        if re.fullmatch(r"\d+", fields[0], re.ASCII):
            # Without the right to look into the kernel perf counts user space alone, and says so with a modifier.
            user = fields[2].endswith(":u")
            state = State.LIMITED if user else State.OK
            return state, f"{command}: {fields[0]} {fields[2]}" + (", not the kernel's" if user else "")
        return (State.LIMITED if "not counted" in fields[0] else State.MISSING), f"{command}: {fields[0]}"
    if "perf_event_paranoid" in ran.output:
        return State.LIMITED, f"{command} is not allowed (perf_event_paranoid)"
    return State.UNKNOWN, f"{command}: {ran.first_line or 'no output'}"


def _c2c(probe: Probe, perf: _Perf) -> Finding:
    state, evidence = _memory_events(probe, perf)
    return finding(
        "perf c2c",
        state,
        evidence,
        why="It alone names the source lines that fight for a cache line, which is what reviewers of such a series "
        "ask for. It needs memory samples: Intel's PEBS, AMD's IBS or Arm's SPE, on bare metal.",
        advice="Record on bare metal with a perf that lists events (perf c2c record -e list), and read the report "
        "here: credseries bench add. The times that credseries bench run measures do without.",
    )


def _memory_events(probe: Probe, perf: _Perf) -> tuple[State, str]:
    devices = probe.names(_DEVICES)
    sources = [found for name in devices or () if (found := _source(probe, name))]
    seen = ", ".join(sources)
    if perf.path is None or perf.version is None:
        if sources:
            return State.LIMITED, f"the processor has {seen}, but there is no perf"
        if devices is None:
            return State.UNKNOWN, f"{_DEVICES} cannot be read, and there is no perf"
        return State.MISSING, f"no mem-loads, ibs_op or arm_spe below {_DEVICES}"
    ran = probe.run((perf.path, "c2c", "record", "-e", "list"))
    listed = [line.split(":")[0].strip() for line in (ran.output if ran else "").splitlines() if ": available" in line]
    if listed:
        return State.OK, f"perf c2c record -e list: {', '.join(listed)}" + (f"; {seen}" if seen else "")
    answer = f"perf c2c record -e list: {(ran.first_line or 'nothing') if ran else 'cannot be run'}"
    if not sources:
        return State.MISSING, f"{answer}; no mem-loads, ibs_op or arm_spe below {_DEVICES}"
    if "ibs_op" in sources and perf.version < _AMD_SINCE:
        answer += f"; for AMD it takes perf {_AMD_SINCE[0]}.{_AMD_SINCE[1]}"
    return State.LIMITED, f"the processor has {seen}, but {answer}"


def _source(probe: Probe, device: str) -> str:
    """What a device of the kernel's has to sample memory accesses with; empty for nothing."""
    if device == "ibs_op" or device.startswith("arm_spe"):
        return device
    return f"{device}/mem-loads/" if "mem-loads" in (probe.names(f"{_DEVICES}/{device}/events") or ()) else ""


def _symbols(probe: Probe) -> Finding:
    beginning = probe.text(_KALLSYMS, 1 << 16)
    addresses = re.findall(r"^([0-9a-f]{8,16}) ", beginning or "", re.MULTILINE)
    if not addresses:
        state, evidence = State.UNKNOWN, f"{_KALLSYMS} cannot be read"
    elif any(int(address, 16) for address in addresses):
        state, evidence = State.OK, f"{_KALLSYMS} has addresses"
    else:
        state, evidence = State.LIMITED, f"{_KALLSYMS} has zeros for all addresses"
    return finding(
        "kernel symbols",
        state,
        evidence,
        why="Rows of perf c2c are matched across two kernels by symbol and source line; addresses differ from build "
        "to build.",
        advice="Run as root, or: sysctl kernel.kptr_restrict=0. Source lines need a vmlinux with debug information.",
    )
