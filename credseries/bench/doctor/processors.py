"""Who can take a cache line from whom: processors, NUMA nodes, siblings of a core, and how much of them is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from credseries.bench import system
from credseries.bench.doctor.finding import Finding, State, finding
from credseries.bench.doctor.probe import Probe
from credseries.words import many

PROCESSORS = "processors"


def examine(probe: Probe) -> tuple[Finding, ...]:
    """The findings on processors; the first of them decides whether there is contention at all."""
    return (_processors(probe), _nodes(probe), _siblings(probe), _quota(probe))


def _processors(probe: Probe) -> Finding:
    usable, online = probe.usable(), system.online(probe.root)
    if not usable:
        state, evidence = State.UNKNOWN, "neither /sys/devices/system/cpu/online nor /proc/self/status can be read"
    else:
        state = State.OK if len(usable) >= 2 else State.MISSING
        evidence = f"{many(len(usable), 'processor')} ({system.listing(usable)})"
        if online and len(online) > len(usable):
            evidence += f" of {len(online)} online: Cpus_allowed_list of /proc/self/status"
    return finding(
        PROCESSORS,
        state,
        evidence,
        why="A counter costs nothing but its instruction while one processor has its cache line. What the series saves "
        "is the line going to and fro, which takes two processors, and grows with more.",
        advice="Measure on a machine with more processors; look at the bounds of taskset, cpuset and the container.",
    )


def _nodes(probe: Probe) -> Finding:
    nodes, usable = system.node_processors(probe.root), probe.usable()
    if nodes is None:
        state, evidence = State.UNKNOWN, "/sys/devices/system/node has no nodes"
    else:
        reached = [cpus for cpus in nodes if usable is None or cpus & usable]
        state = State.OK if len(reached) >= 2 else State.LIMITED
        evidence = f"{many(len(reached), 'node')} (/sys/devices/system/node)"
        if len(reached) < len(nodes):
            evidence = f"{len(reached)} of {many(len(nodes), 'node')}: those with processors that may be used"
    return finding(
        "NUMA nodes",
        state,
        evidence,
        why="A line that another node modified is the dearest (remote HITM), and reports of contended credentials come "
        "from such machines. On one node there is only local HITM, so gains are smaller here than there.",
        advice="Use a machine with two or more nodes for figures of remote HITM, and say how many nodes it has.",
    )


def _siblings(probe: Probe) -> Finding:
    active = probe.text("/sys/devices/system/cpu/smt/active")
    control = probe.text("/sys/devices/system/cpu/smt/control")
    evidence = f"/sys/devices/system/cpu/smt/active is {active}" + (f", control is {control}" if control else "")
    if active not in ("0", "1"):
        machine = probe.machine()
        if machine.cores is None or machine.threads is None:
            state, evidence = State.UNKNOWN, "/sys/devices/system/cpu/smt and the cores' topology cannot be read"
        else:
            state = State.LIMITED if machine.threads > machine.cores else State.OK
            evidence = f"{many(machine.cores, 'core')} with {many(machine.threads, 'thread')}"
    else:
        state = State.LIMITED if active == "1" else State.OK
    return finding(
        "SMT",
        state,
        evidence,
        why="Threads of one core share its cache, so a line does not move between them, and they share its units, so "
        "each is slower. Two tasks on one core or on two are different measurements.",
        advice="Pin runs to one thread a core (thread_siblings_list of each processor names the others), or boot with "
        "nosmt.",
    )


def _quota(probe: Probe) -> Finding:
    limits = sorted(_limits(probe))
    usable = len(probe.usable() or ())
    binding = [limit for limit in limits if not usable or limit[0] < usable]
    if probe.text("/proc/self/cgroup") is None:
        state, evidence = State.UNKNOWN, "/proc/self/cgroup cannot be read"
    elif binding:
        state, evidence = State.LIMITED, f"{binding[0][0]:.2g} processors' time ({binding[0][1]})"
    else:
        state, evidence = State.OK, "no group of this process has less time than its processors have"
    return finding(
        "cgroup quota",
        state,
        evidence,
        why="A group that has used up its time stands still until the next period: tasks wait for that instead of for "
        "the cache line, and the more of them run at once, the longer.",
        advice="Run outside of the container, or without a quota: cpu.max to max, cpu.cfs_quota_us to -1.",
    )


def _limits(probe: Probe) -> Iterator[tuple[float, str]]:
    """The limits of this process's groups in processors, and the files that set them (cgroup-v2.rst, sched-bwc.rst)."""
    for line in (probe.text("/proc/self/cgroup") or "").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers == "":
            for directory in _upwards("/sys/fs/cgroup", path):
                given = (probe.text(f"{directory}/cpu.max") or "").split()
                yield from _limit(given, f"{directory}/cpu.max")
        elif "cpu" in controllers.split(","):
            for directory in _upwards(f"/sys/fs/cgroup/{controllers}", path):
                files = [probe.text(f"{directory}/cpu.cfs_{name}_us") or "" for name in ("quota", "period")]
                yield from _limit(files, f"{directory}/cpu.cfs_quota_us")


def _upwards(mount: str, path: str) -> Iterator[str]:
    """A group's directory and those above it: each of them can limit it."""
    inner = PurePosixPath(path.lstrip("/"))
    if ".." not in inner.parts:  # the group is outside of what a container sees
        for part in (inner, *inner.parents):
            yield mount if str(part) == "." else f"{mount}/{part}"
    else:
        yield mount


def _limit(given: list[str], file: str) -> Iterator[tuple[float, str]]:
    if len(given) == 2 and given[0].isdecimal() and given[1].isdecimal() and int(given[1]):
        yield int(given[0]) / int(given[1]), file
