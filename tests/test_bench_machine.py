"""What the kernel says of a machine is read as it stands; what it does not say stays unknown."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.bench import system
from credseries.bench.machine import describe, parse, running_kernel, this_machine
from credseries.bench.model import Machine
from credseries.errors import UsageError
from tests.machines import arm_server, built, two_sockets, virtual_machine


def test_a_server_with_two_sockets_has_them_and_only_nodes_with_processors(tmp_path: Path) -> None:
    machine = this_machine(built(tmp_path, two_sockets()))
    assert machine == Machine(
        cpu="Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
        sockets=2,
        cores=4,
        threads=8,
        nodes=2,
        memory=197546088 * 1024,
        virtual="",
    )
    assert describe(machine) == (
        "2 x Intel Xeon Gold 6230 CPU @ 2.10GHz, 2 nodes, 4 cores/8 threads, 188 GiB; bare metal"
    )


def test_processors_that_are_offline_do_not_count(tmp_path: Path) -> None:
    files = {**two_sockets(), "sys/devices/system/cpu/online": "0-1,4-5\n"}
    machine = this_machine(built(tmp_path, files))
    assert (machine.sockets, machine.cores, machine.threads) == (1, 2, 4)


def test_without_topology_files_cpuinfo_tells_sockets_and_cores(tmp_path: Path) -> None:
    files = {name: text for name, text in two_sockets().items() if "/sys/" not in f"/{name}"}
    machine = this_machine(built(tmp_path, files))
    assert (machine.sockets, machine.cores, machine.threads, machine.nodes) == (2, 4, 8, None)


def test_an_arm_server_is_named_by_its_numbers_and_may_be_virtual_or_not(tmp_path: Path) -> None:
    machine = this_machine(built(tmp_path, arm_server()))
    assert machine.cpu == "ARM implementer 0x41 part 0xd0c"
    assert (machine.sockets, machine.cores, machine.threads, machine.nodes) == (2, 4, 4, 2)
    assert machine.virtual is None
    assert describe(machine) == "2 x ARM implementer 0x41 part 0xd0c, 2 nodes, 4 cores, 511 GiB"


def test_an_arm_machine_with_two_kinds_of_cores_and_no_package_id_says_both_and_no_sockets(tmp_path: Path) -> None:
    files = arm_server()
    files["proc/cpuinfo"] = str(files["proc/cpuinfo"]).replace("0xd0c", "0xd05", 2)
    files.update({name: "-1\n" for name in files if name.endswith("physical_package_id")})
    machine = this_machine(built(tmp_path, files))
    assert machine.cpu == "ARM implementer 0x41 part 0xd05 + ARM implementer 0x41 part 0xd0c"
    assert machine.sockets is None


@pytest.mark.parametrize(
    ("clocks", "files", "hypervisor", "words"),
    [
        ("tsc kvm-clock", {}, "kvm", "KVM guest"),
        ("tsc", {"sys/hypervisor/type": "xen\n"}, "xen", "Xen guest"),
        ("tsc", {"sys/class/dmi/id/sys_vendor": "VMware, Inc.\n"}, "vmware", "VMware guest"),
        (
            "tsc",
            {
                "sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n",
                "sys/class/dmi/id/product_name": "Virtual Machine\n",
            },
            "hyperv",
            "Hyper-V guest",
        ),
        ("tsc", {}, "unidentified", "virtual machine"),
    ],
)
def test_a_guest_says_its_hypervisor_or_that_there_is_one(
    tmp_path: Path, clocks: str, files: dict[str, str], hypervisor: str, words: str
) -> None:
    machine = this_machine(built(tmp_path, {**virtual_machine(clocks), **files}))
    assert machine.virtual == hypervisor
    assert describe(machine) == f"AMD EPYC, 1 node, 1 core, 488 MiB; {words}"


@pytest.mark.parametrize(
    ("product", "virtual"), [("c7g.16xlarge", "kvm"), ("c7g.metal", None), ("c8g.metal-48xl", None), ("", None)]
)
def test_an_arm_instance_of_a_cloud_is_virtual_unless_it_is_rented_whole(
    tmp_path: Path, product: str, virtual: str | None
) -> None:
    files = {"sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "sys/class/dmi/id/product_name": f"{product}\n"}
    assert this_machine(built(tmp_path, {**arm_server(), **files})).virtual == virtual


def test_an_arm_guest_is_known_by_its_device_tree(tmp_path: Path) -> None:
    files = {"proc/device-tree/hypervisor/compatible": "linux,kvm\x00"}
    assert this_machine(built(tmp_path, {**arm_server(), **files})).virtual == "kvm"


def test_a_name_in_the_firmware_makes_no_guest_of_a_processor_that_is_none(tmp_path: Path) -> None:
    files = {**two_sockets(), "sys/class/dmi/id/sys_vendor": "Xen Computers\n"}
    assert this_machine(built(tmp_path, files)).virtual == ""


def test_a_root_without_anything_is_a_machine_of_which_nothing_is_known(tmp_path: Path) -> None:
    assert this_machine(tmp_path) == Machine()
    assert describe(Machine()) == "not known"


def test_this_machine_is_what_other_programs_say_of_it() -> None:
    machine = this_machine()
    assert machine.memory is not None  # a container may be told of less than the machine has
    assert 0 < machine.memory <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert machine.threads == os.sysconf("SC_NPROCESSORS_ONLN")
    assert os.uname().nodename not in describe(machine).split()
    assert running_kernel() == os.uname().release
    if shutil.which("lscpu") is None:
        return
    done = subprocess.run(["lscpu"], capture_output=True, text=True, check=True)
    said = dict(re.findall(r"^([^:\n]+):\s+(.*)$", done.stdout, re.MULTILINE))
    if said.get("Socket(s)", "-") != "-" and machine.sockets is not None:
        assert machine.sockets == int(said["Socket(s)"])
    if said.get("Core(s) per socket", "-") != "-" and machine.cores is not None and machine.sockets is not None:
        assert machine.cores == machine.sockets * int(said["Core(s) per socket"])
    if "Hypervisor vendor" in said:
        assert machine.virtual


@pytest.mark.parametrize(
    ("machine", "line"),
    [
        (Machine(name="the big one"), "the big one"),
        (Machine(name="lab 7", cpu="Xeon", virtual=""), "lab 7 (Xeon; bare metal)"),
        (Machine(threads=8), "8 processors"),
        (Machine(sockets=2, cores=1), "2 sockets, 1 core"),
        (Machine(memory=3 << 29), "1.5 GiB"),
        (Machine(virtual="jailhouse"), "jailhouse guest"),
    ],
)
def test_what_is_not_known_is_left_out_of_the_line(machine: Machine, line: str) -> None:
    assert describe(machine) == line


def test_words_of_a_person_are_a_machine() -> None:
    assert parse(" 2 x  Xeon, 2 nodes ") == Machine(name="2 x Xeon, 2 nodes")
    assert parse("x").known


@pytest.mark.parametrize("text", ["", "  \t", "two\nlines", "a\x1b[31mred"])
def test_what_is_no_line_of_words_is_no_machine(text: str) -> None:
    with pytest.raises(UsageError, match="does not describe a machine"):
        parse(text)


@given(st.frozensets(st.integers(0, 300)))
def test_a_list_of_processors_is_read_back_as_it_was_written(numbers: frozenset[int]) -> None:
    assert system.numbers(system.listing(numbers)) == numbers


@pytest.mark.parametrize("text", [None, "x", "1-", "-1", "1,,2", "1 2"])
def test_what_is_no_list_of_processors_is_not_guessed(text: str | None) -> None:
    assert system.numbers(text) is None
