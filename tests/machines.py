"""Machines to look at, as the files that their kernels would show: two sockets, an Arm server, a virtual machine."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.gitrepo import write_files

Files = dict[str, bytes | str]
_CPU = "sys/devices/system/cpu"


def x86_cpuinfo(model: str, processors: Iterable[tuple[int, int]], flags: str) -> str:
    """/proc/cpuinfo of an x86 machine: (socket, core) of each processor."""
    return "".join(
        f"processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: {model}\n"
        f"physical id\t: {socket}\ncore id\t\t: {core}\ncpu cores\t: 4\nflags\t\t: fpu tsc {flags}\n\n"
        for number, (socket, core) in enumerate(processors)
    )


def topology(sockets: Iterable[int], siblings: Iterable[str]) -> Files:
    """The topology files of processors: the socket of each, and the list of its core's threads."""
    files: Files = {}
    for number, (socket, core) in enumerate(zip(sockets, siblings, strict=True)):
        files[f"{_CPU}/cpu{number}/topology/physical_package_id"] = f"{socket}\n"
        files[f"{_CPU}/cpu{number}/topology/core_cpus_list"] = f"{core}\n"
    return files


def two_sockets() -> Files:
    """A bare metal server: two sockets, two cores each, two threads a core; a node of memory alone besides."""
    processors = [(0, 0), (0, 1), (1, 0), (1, 1)] * 2
    siblings = ["0,4", "1,5", "2,6", "3,7"] * 2
    return {
        **topology([socket for socket, _ in processors], siblings),
        "proc/cpuinfo": x86_cpuinfo("Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", processors, "ht"),
        "proc/meminfo": "MemTotal:       197546088 kB\nMemFree:         1000000 kB\n",
        f"{_CPU}/online": "0-7\n",
        f"{_CPU}/smt/active": "1\n",
        f"{_CPU}/smt/control": "on\n",
        "sys/devices/system/node/node0/cpulist": "0-1,4-5\n",
        "sys/devices/system/node/node1/cpulist": "2-3,6-7\n",
        "sys/devices/system/node/node2/cpulist": "\n",
        "sys/class/dmi/id/sys_vendor": "Example Servers Inc.\n",
        "sys/class/dmi/id/product_name": "KX-2\n",
        "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm\n",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
        "sys/bus/event_source/devices/cpu/events/mem-loads": "event=0xcd,umask=0x1,ldlat=3\n",
        "sys/bus/event_source/devices/cpu/events/mem-stores": "event=0xd0,umask=0x82\n",
        f"{_CPU}/cpufreq/policy0/scaling_governor": "powersave\n",
        f"{_CPU}/cpufreq/policy1/scaling_governor": "performance\n",
        f"{_CPU}/intel_pstate/no_turbo": "0\n",
        "proc/sys/kernel/perf_event_paranoid": "2\n",
        "proc/kallsyms": "0000000000000000 A fixed_percpu_data\n0000000000000000 T override_creds\n",
        "proc/loadavg": "7.25 5.00 4.00 9/1200 4711\n",
        "proc/stat": "cpu  1000 0 1000 8000 0 0 0 0 0 0\n",
        "proc/filesystems": "nodev\tsysfs\n\text4\n",
        "proc/config.gz": gzip.compress(
            b"CONFIG_OVERLAY_FS=m\nCONFIG_PROVE_LOCKING=y\nCONFIG_KASAN=y\n# CONFIG_KCSAN is not set\n"
            b"CONFIG_RANDSTRUCT_FULL=y\n"
        ),
        "proc/self/cgroup": "0::/work.slice/run.scope\n",
        "sys/fs/cgroup/work.slice/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/work.slice/run.scope/cpu.max": "max 100000\n",
        "proc/self/status": "Name:\tpython\nCapEff:\t0000000000000000\nCpus_allowed_list:\t0-5\n",
    }


def arm_server() -> Files:
    """A server with Neoverse cores: no model name, no flags, no SMT, two nodes."""
    lines = "BogoMIPS\t: 50.00\nFeatures\t: fp asimd atomics\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n"
    return {
        **topology([0, 0, 1, 1], ["0", "1", "2", "3"]),
        "proc/cpuinfo": "".join(f"processor\t: {number}\n{lines}" for number in range(4)),
        "proc/meminfo": "MemTotal:       535822336 kB\n",
        f"{_CPU}/online": "0-3\n",
        "sys/devices/system/node/node0/cpulist": "0-1\n",
        "sys/devices/system/node/node1/cpulist": "2-3\n",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "arch_sys_counter\n",
        "sys/bus/event_source/devices/arm_spe_0/type": "9\n",
        "proc/self/status": "CapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-3\n",
    }


def virtual_machine(clocks: str = "tsc kvm-clock") -> Files:
    """A guest with one processor that says so, on a KVM that shows its clock."""
    return {
        **topology([0], ["0"]),
        "proc/cpuinfo": x86_cpuinfo("AMD EPYC", [(0, 0)], "hypervisor"),
        "proc/meminfo": "MemTotal:         500000 kB\n",
        f"{_CPU}/online": "0\n",
        f"{_CPU}/smt/active": "0\n",
        "sys/devices/system/node/node0/cpulist": "0\n",
        "sys/devices/system/clocksource/clocksource0/available_clocksource": f"{clocks}\n",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
        "proc/stat": "cpu  100 0 100 700 0 0 0 100 0 0\n",
        "proc/self/status": "CapEff:\t0000000000000000\nCpus_allowed_list:\t0\n",
    }


def built(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """The directory with a machine's files in it."""
    write_files(root, files)
    return root
