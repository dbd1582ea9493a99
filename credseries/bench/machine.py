"""The machine that runs happen on: what the kernel says of it, and in one line for a reviewer.

Read are /proc/cpuinfo, /proc/meminfo and the directories of Documentation/ABI/stable/sysfs-devices-node and
Documentation/admin-guide/cputopology.rst; nothing is run. The host's name is left out: it is nobody's business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from credseries.bench import system
from credseries.bench.model import Machine
from credseries.errors import UsageError
from credseries.words import many

UNIDENTIFIED = "unidentified"  # a virtual machine whose hypervisor does not say its name
_CPU_NAMES = ("model name", "Model Name", "cpu model", "cpu", "uarch")  # x86, LoongArch, MIPS, POWER, RISC-V
_CLOCKS = {"kvm-clock": "kvm", "hyperv_clocksource_tsc_page": "hyperv", "xen": "xen"}
# What the firmware's tables call the machine: pattern in "VENDOR PRODUCT", hypervisor.
_FIRMWARE = (
    (r"\bKVM\b", "kvm"),
    (r"\bQEMU\b|\bBochs\b", "qemu"),
    (r"VMware", "vmware"),
    (r"Microsoft Corporation Virtual Machine", "hyperv"),
    (r"VirtualBox|innotek", "virtualbox"),
    (r"\bXen\b", "xen"),
    (r"Parallels", "parallels"),
    (r"Amazon EC2 (?!.*\.metal)\S", "kvm"),
)
_SPOKEN = {
    "kvm": "KVM guest",
    "qemu": "QEMU guest",
    "vmware": "VMware guest",
    "hyperv": "Hyper-V guest",
    "virtualbox": "VirtualBox guest",
    "xen": "Xen guest",
    "parallels": "Parallels guest",
    UNIDENTIFIED: "virtual machine",
    "": "bare metal",
}


def this_machine(root: Path = Path("/")) -> Machine:
    """The machine whose /proc and /sys are below a root; what they do not say is None or empty.

    `threads` are the processors online, `nodes` the NUMA nodes with processors, `memory` is what the kernel has of it
    in bytes, which is a little less than is built in. `virtual` is known on x86, where the processor says so, and
    elsewhere only if something gives a hypervisor away: that nothing does is no proof.
    """
    information = system.text(root, "/proc/cpuinfo") or ""
    online = system.online(root) or frozenset(
        int(number) for key, number in _pairs(information) if key == "processor" and number.isdecimal()
    )
    nodes = system.node_processors(root)
    return Machine(
        cpu=_cpu(information),
        sockets=_sockets(root, online, information),
        cores=_cores(root, online, information),
        threads=len(online) or None,
        nodes=len(nodes) if nodes else None,
        memory=_memory(root),
        virtual=_hypervisor(root, information),
    )


def running_kernel() -> str:
    """The release of the kernel that is running, as `uname -r` prints it."""
    return os.uname().release


def parse(text: str) -> Machine:
    """The machine that a person describes in words; raises UsageError when there are none, or more than a line."""
    words = " ".join(text.split())
    if not words or "\n" in text.strip() or not words.isprintable():
        raise UsageError(
            f"{text!r} does not describe a machine", hint="say it in one line: '2 x Xeon Gold 6230, 2 nodes, 192 GiB'"
        )
    return Machine(name=words)


# -- in one line


def describe(machine: Machine) -> str:
    """One line for people: `2 x Intel Xeon Gold 6230, 2 nodes, 40 cores/80 threads, 188 GiB; bare metal`.

    Words that somebody gave come first. What is not known is left out; `not known` when nothing is.
    """
    parts = [*_processors(machine)]
    if machine.memory is not None:
        parts.append(_size(machine.memory))
    line = ", ".join(parts)
    if machine.virtual is not None:
        kind = _SPOKEN.get(machine.virtual, f"{machine.virtual} guest")
        line = f"{line}; {kind}" if line else kind
    if machine.name:
        return f"{machine.name} ({line})" if line else machine.name
    return line or "not known"


def _processors(machine: Machine) -> Iterator[str]:
    cpu = " ".join(re.sub(r"\((?:R|TM|tm|r)\)", " ", machine.cpu).split())
    several = machine.sockets is not None and machine.sockets > 1
    if cpu:
        yield f"{machine.sockets} x {cpu}" if several else cpu
    elif machine.sockets is not None:
        yield many(machine.sockets, "socket")
    if machine.nodes is not None:
        yield many(machine.nodes, "node")
    if machine.cores is None or machine.threads is None:
        count, what = (machine.cores, "core") if machine.cores is not None else (machine.threads, "processor")
        if count is not None:
            yield many(count, what)
    elif machine.cores == machine.threads:
        yield many(machine.cores, "core")
    else:
        yield f"{many(machine.cores, 'core')}/{many(machine.threads, 'thread')}"


def _size(size: int) -> str:
    gibibytes = size / 2**30
    if gibibytes < 1:
        return f"{size / 2**20:.0f} MiB"
    return f"{gibibytes:.0f} GiB" if gibibytes >= 10 else f"{gibibytes:.1f} GiB"


# -- what the kernel says


def _pairs(information: str) -> Iterator[tuple[str, str]]:
    """The lines of /proc/cpuinfo as key and value, a processor after the other."""
    for line in information.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            yield key.strip(), " ".join(value.split())


def _cpu(information: str) -> str:
    """The name of the processor; on Arm, whose kernel does not know it, its numbers. Several kinds, joined by +."""
    pairs = list(_pairs(information))
    for wanted in _CPU_NAMES:
        if kinds := list(dict.fromkeys(value for key, value in pairs if key == wanted and value)):
            return " + ".join(kinds)
    implementer = ""
    arm: dict[str, None] = {}
    for key, value in pairs:
        if key == "CPU implementer":
            implementer = value
        elif key == "CPU part" and implementer:
            arm[f"ARM implementer {implementer} part {value}"] = None
    return " + ".join(arm)


def _sockets(root: Path, online: frozenset[int], information: str) -> int | None:
    places = _topology(root, online, "physical_package_id")
    if places is None:
        return len({value for key, value in _pairs(information) if key == "physical id"}) or None
    return None if "-1" in places else len(places)  # -1: the firmware does not say


def _cores(root: Path, online: frozenset[int], information: str) -> int | None:
    siblings = _topology(root, online, "core_cpus_list") or _topology(root, online, "thread_siblings_list")
    if siblings is not None:
        return len(siblings)
    # "core id" is a number within the socket that stands above it.
    cores: set[tuple[str, str]] = set()
    socket = ""
    for key, value in _pairs(information):
        if key == "physical id":
            socket = value
        elif key == "core id":
            cores.add((socket, value))
    return len(cores) or None


def _topology(root: Path, online: frozenset[int], file: str) -> set[str] | None:
    """What a topology file of the processors says, each once; None unless all of them have it."""
    found = [system.text(root, f"/sys/devices/system/cpu/cpu{number}/topology/{file}") for number in online]
    known = {value for value in found if value}
    return known if known and all(found) else None


def _memory(root: Path) -> int | None:
    found = re.search(r"^MemTotal:\s*(\d+) kB$", system.text(root, "/proc/meminfo") or "", re.MULTILINE | re.ASCII)
    return int(found[1]) * 1024 if found else None


def _hypervisor(root: Path, information: str) -> str | None:
    flags = next((value.split() for key, value in _pairs(information) if key == "flags"), None)
    if flags is not None and "hypervisor" not in flags:
        return ""
    return _hypervisor_name(root) or (UNIDENTIFIED if flags is not None else None)


def _hypervisor_name(root: Path) -> str:
    if kind := system.text(root, "/sys/hypervisor/type"):
        return kind
    clocks = system.text(root, "/sys/devices/system/clocksource/clocksource0/available_clocksource") or ""
    for clock in clocks.split():
        if clock in _CLOCKS:
            return _CLOCKS[clock]
    if tree := system.text(root, "/proc/device-tree/hypervisor/compatible"):
        return tree.split("\x00")[0].rpartition(",")[2]
    firmware = " ".join(
        system.text(root, f"/sys/class/dmi/id/{field}") or "" for field in ("sys_vendor", "product_name")
    )
    return next((name for pattern, name in _FIRMWARE if re.search(pattern, firmware)), "")
