"""What a machine can measure is found from its files and programs, with the place where it was read."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from credseries.bench.doctor import Finding, Probe, Ran, State, can_contend, examine, here
from credseries.cli.bench import doctor
from tests.clicase import check_snapshot
from tests.machines import Files, arm_server, built, two_sockets, virtual_machine

PERF = "/usr/bin/perf"
VERSION = (PERF, "--version")
CYCLES = (PERF, "stat", "-x,", "-e", "cycles", "true")
EVENTS = (PERF, "c2c", "record", "-e", "list")
Commands = dict[tuple[str, ...], Ran]
GOOD_PERF: Commands = {
    VERSION: Ran(0, "perf version 6.12.5\n"),
    CYCLES: Ran(0, "923145,,cycles:u,481230,100.00,,\n"),
    EVENTS: Ran(0, "ldlat-loads  : available\nldlat-stores : available\n"),
}
ALL = ("perf", "gcc", "numactl", "hyperfine", "fio", "stress-ng")


def probe(
    root: Path,
    files: Files,
    commands: Commands | None = None,
    programs: tuple[str, ...] = ALL,
    release: str = "6.12.5-test",
) -> Probe:
    known = GOOD_PERF if commands is None else commands
    return Probe(built(root, files), release, lambda name: f"/usr/bin/{name}" if name in programs else None, known.get)


def state_of(looked_at: Probe, what: str) -> tuple[str, str]:
    (item,) = [item for item in examine(looked_at) if item.what == what]
    assert bool(item.advice) == (item.state is not State.OK)
    assert item.why
    return item.state.value, item.evidence


# -- the command


def test_a_server_with_much_in_the_way_is_told_all_of_it(tmp_path: Path) -> None:
    seen = doctor.look(probe(tmp_path, two_sockets(), programs=("perf", "gcc", "fio")))
    check_snapshot("bench-doctor-server.txt", "".join(f"{line}\n" for line in doctor.lines(seen)))
    assert seen.able


def test_one_processor_cannot_contend_and_the_outcome_says_so(tmp_path: Path) -> None:
    seen = doctor.look(probe(tmp_path, virtual_machine(), programs=()))
    assert not seen.able
    assert list(doctor.lines(seen))[-2].startswith("Contention cannot be measured here: it takes two processors.")
    assert doctor.as_json(seen)["can_measure_contention"] is False


def test_lines_fit_a_terminal_but_for_words_that_are_longer(tmp_path: Path) -> None:
    for number, files in enumerate((two_sockets(), arm_server(), virtual_machine(), {})):
        seen = doctor.look(probe(tmp_path / str(number), files, {}))
        for line in doctor.lines(seen):
            assert len(line) <= 79 or max(map(len, line.split())) > 40


def test_what_a_machine_says_cannot_move_the_cursor(tmp_path: Path) -> None:
    commands = {**GOOD_PERF, VERSION: Ran(2, "\x1b[2Jno perf for this kernel\n")}
    text = "\n".join(doctor.lines(doctor.look(probe(tmp_path, two_sockets(), commands))))
    assert "no perf for this kernel" in text
    assert "\x1b" not in text


def test_the_json_has_every_finding_and_no_name_of_the_host(tmp_path: Path) -> None:
    looked_at = probe(tmp_path, arm_server())
    data = json.loads(json.dumps(doctor.as_json(doctor.look(looked_at))))
    assert (data["schema"], data["kernel"], data["can_measure_contention"]) == (1, "6.12.5-test", True)
    assert data["machine"] == {
        "cpu": "ARM implementer 0x41 part 0xd0c",
        "sockets": 2,
        "cores": 4,
        "threads": 4,
        "nodes": 2,
        "memory": 535822336 * 1024,
        "virtual": None,
    }
    assert [item["what"] for item in data["findings"]] == [item.what for item in examine(looked_at)]
    assert {item["advice"] is None for item in data["findings"] if item["state"] == "ok"} == {True}


def test_the_command_looks_at_this_machine_and_its_status_is_whether_it_can_contend() -> None:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    doctor.add_to(app)
    ran = CliRunner().invoke(app, ["doctor", "--json"])
    data = json.loads(ran.stdout)
    assert ran.exit_code == (0 if data["can_measure_contention"] else 1)
    assert len({item["what"] for item in data["findings"]}) == len(data["findings"])
    for_people = CliRunner().invoke(app, ["doctor"])
    assert for_people.exit_code == ran.exit_code
    assert f"Linux {data['kernel']}" in for_people.stdout.splitlines()[:3]


def test_the_real_probe_runs_commands_away_from_here_and_knows_what_is_not_there(tmp_path: Path) -> None:
    real = here()
    ran = real.run((sys.executable, "-c", "import os, sys; print(os.getcwd()); sys.exit(3)"))
    assert ran is not None
    assert (ran.status, Path(ran.first_line) == Path.cwd()) == (3, False)
    assert not Path(ran.first_line).exists()
    assert real.run((str(tmp_path / "absent"),)) is None
    assert real.find("credseries-no-such-program") is None


# -- processors


@pytest.mark.parametrize(
    ("allowed", "processors", "nodes"),
    [
        ("0-7", ("ok", "8 processors (0-7)"), ("ok", "2 nodes (/sys/devices/system/node)")),
        (
            "0,4",
            ("ok", "2 processors (0,4) of 8 online: Cpus_allowed_list of /proc/self/status"),
            ("limited", "1 of 2 nodes: those with processors that may be used"),
        ),
        (
            "3",
            ("missing", "1 processor (3) of 8 online: Cpus_allowed_list of /proc/self/status"),
            ("limited", "1 of 2 nodes: those with processors that may be used"),
        ),
    ],
)
def test_only_processors_that_may_be_used_count(
    tmp_path: Path, allowed: str, processors: tuple[str, str], nodes: tuple[str, str]
) -> None:
    files = {**two_sockets(), "proc/self/status": f"Cpus_allowed_list:\t{allowed}\n"}
    looked_at = probe(tmp_path, files)
    assert state_of(looked_at, "processors") == processors
    assert state_of(looked_at, "NUMA nodes") == nodes
    assert can_contend(examine(looked_at)) == (processors[0] == "ok")


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({}, ("limited", "/sys/devices/system/cpu/smt/active is 1, control is on")),
        (
            {"sys/devices/system/cpu/smt/active": "0\n"},
            ("ok", "/sys/devices/system/cpu/smt/active is 0, control is on"),
        ),
        ({"sys/devices/system/cpu/smt/active": "\n"}, ("limited", "4 cores with 8 threads")),
    ],
)
def test_smt_is_known_from_its_file_or_from_the_siblings(tmp_path: Path, files: Files, state: tuple[str, str]) -> None:
    assert state_of(probe(tmp_path, {**two_sockets(), **files}), "SMT") == state


@pytest.mark.parametrize(
    ("files", "state"),
    [
        (
            {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n"},
            ("limited", "1.5 processors' time (/sys/fs/cgroup/a/cpu.max)"),
        ),
        (
            {"proc/self/cgroup": "0::/../outside\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"},
            ("limited", "0.5 processors' time (/sys/fs/cgroup/cpu.max)"),
        ),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/box\n1:name=systemd:/\n",
                "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            ("limited", "2 processors' time (/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us)"),
        ),
        (
            {"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "900000 100000\n"},
            ("ok", "no group of this process has less time than its processors have"),
        ),
        ({}, ("unknown", "/proc/self/cgroup cannot be read")),
    ],
)
def test_a_quota_of_any_group_above_binds(tmp_path: Path, files: Files, state: tuple[str, str]) -> None:
    base = {"sys/devices/system/cpu/online": "0-7\n", "proc/self/status": "Cpus_allowed_list:\t0-7\n"}
    assert state_of(probe(tmp_path, {**base, **files}), "cgroup quota") == state


# -- perf


@pytest.mark.parametrize(
    ("version", "release", "state"),
    [
        (Ran(0, "perf version 6.12.5\n"), "6.12.9-1-amd64", "ok"),
        (Ran(0, "perf version 6.1.119\n"), "6.12.9-1-amd64", "limited"),
        (Ran(2, "WARNING: perf not found for kernel 6.12\n"), "6.12.9", "missing"),
        (None, "6.12.9", "missing"),
    ],
)
def test_a_perf_that_is_older_or_does_not_work_is_told_from_one_that_fits(
    tmp_path: Path, version: Ran | None, release: str, state: str
) -> None:
    commands: Commands = {VERSION: version} if version else {}
    found, evidence = state_of(probe(tmp_path, {}, commands, release=release), "perf")
    assert found == state
    assert (version.first_line if version else "cannot be run") in evidence


def test_without_perf_nothing_is_claimed_of_events(tmp_path: Path) -> None:
    looked_at = probe(tmp_path, two_sockets(), programs=())
    assert state_of(looked_at, "perf") == ("missing", "no perf on PATH")
    assert state_of(looked_at, "hardware events") == ("unknown", "there is no perf to count with")
    assert state_of(looked_at, "perf c2c") == ("limited", "the processor has cpu/mem-loads/, but there is no perf")


@pytest.mark.parametrize(
    ("level", "capabilities", "state"),
    [
        ("-1", "0", "ok"),
        ("0", "0", "ok"),
        ("1", "0", "limited"),
        ("2", "0", "limited"),
        ("3", "0", "missing"),
        ("3", f"{1 << 38:x}", "ok"),
        ("2", f"{1 << 21:x}", "ok"),
        ("2", "what", "limited"),
        ("none", "0", "unknown"),
    ],
)
def test_the_right_to_count_is_the_level_or_a_capability(
    tmp_path: Path, level: str, capabilities: str, state: str
) -> None:
    files: Files = {
        "proc/sys/kernel/perf_event_paranoid": f"{level}\n",
        "proc/self/status": f"CapEff:\t{capabilities}\n",
    }
    assert state_of(probe(tmp_path, files), "perf_event_paranoid")[0] == state


@pytest.mark.parametrize(
    ("ran", "state", "evidence"),
    [
        (Ran(0, "923145,,cycles,481230,100.00,,\n"), "ok", "923145 cycles"),
        (Ran(0, "some warning\n1,,cycles:u,4,100.00,,\n"), "limited", "1 cycles:u, not the kernel's"),
        (Ran(0, "<not supported>,,cycles,0,100.00,,\n"), "missing", "<not supported>"),
        (Ran(0, "<not counted>,,cycles,0,0.00,,\n"), "limited", "<not counted>"),
        (Ran(255, "Error:\nConsider adjusting /proc/sys/kernel/perf_event_paranoid\n"), "limited", "not allowed"),
        (Ran(255, "Error:\nENOSYS\n"), "unknown", "Error:"),
        (None, "unknown", "cannot be run"),
    ],
)
def test_events_are_there_when_perf_counts_some(tmp_path: Path, ran: Ran | None, state: str, evidence: str) -> None:
    commands: Commands = {VERSION: GOOD_PERF[VERSION]}
    if ran is not None:
        commands[CYCLES] = ran
    found = state_of(probe(tmp_path, {}, commands), "hardware events")
    assert found[0] == state
    assert evidence in found[1]


IBS: Files = {"sys/bus/event_source/devices/ibs_op/type": "11\n"}
NO_SOURCE: Files = {"sys/bus/event_source/devices/software/type": "1\n"}
NONE_LISTED = Ran(255, "failed: memory events not supported\n")


@pytest.mark.parametrize(
    ("files", "version", "listed", "state", "evidence"),
    [
        (two_sockets(), "6.12", GOOD_PERF[EVENTS], "ok", "ldlat-loads, ldlat-stores; cpu/mem-loads/"),
        (arm_server(), "6.12", Ran(0, "spe-ldst : available\n"), "ok", "spe-ldst; arm_spe_0"),
        (IBS, "6.12", Ran(0, "mem-ldst : available\n"), "ok", "mem-ldst; ibs_op"),
        (IBS, "5.10", NONE_LISTED, "limited", "for AMD it takes perf 6.1"),
        (
            arm_server(),
            "6.12",
            NONE_LISTED,
            "limited",
            "the processor has arm_spe_0, but perf c2c record -e list: failed",
        ),
        (NO_SOURCE, "6.12", NONE_LISTED, "missing", "no mem-loads, ibs_op or arm_spe below"),
        (NO_SOURCE, "6.12", Ran(0, "ldlat-loads\nldlat-stores\n"), "missing", "no mem-loads"),
        (NO_SOURCE, "6.12", None, "missing", "cannot be run"),
    ],
)
def test_perf_c2c_takes_a_source_of_samples_and_a_perf_that_knows_it(
    tmp_path: Path, files: Files, version: str, listed: Ran | None, state: str, evidence: str
) -> None:
    commands: Commands = {VERSION: Ran(0, f"perf version {version}\n")}
    if listed is not None:
        commands[EVENTS] = listed
    found = state_of(probe(tmp_path, files, commands), "perf c2c")
    assert found[0] == state
    assert evidence in found[1]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("0000000000000000 A zero\nffffffff81000000 T _text\n", "ok"),
        ("0000000000000000 A zero\n0000000000000000 T _text\n", "limited"),
        ("", "unknown"),
    ],
)
def test_symbols_have_addresses_or_zeros(tmp_path: Path, text: str, state: str) -> None:
    assert state_of(probe(tmp_path, {"proc/kallsyms": text}), "kernel symbols")[0] == state


# -- noise


@pytest.mark.parametrize(
    ("what", "files", "state"),
    [
        ("frequency governor", {"sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "performance\n"}, "ok"),
        ("frequency governor", {"sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "schedutil\n"}, "limited"),
        ("frequency governor", {}, "unknown"),
        ("turbo", {"sys/devices/system/cpu/intel_pstate/no_turbo": "1\n"}, "ok"),
        ("turbo", {"sys/devices/system/cpu/intel_pstate/no_turbo": "0\n"}, "limited"),
        ("turbo", {"sys/devices/system/cpu/cpufreq/boost": "1\n"}, "limited"),
        ("turbo", {"sys/devices/system/cpu/cpufreq/boost": "0\n"}, "ok"),
        ("turbo", {}, "unknown"),
        ("load", {"proc/loadavg": "0.49 9.00 9.00 1/100 1\n"}, "ok"),
        ("load", {"proc/loadavg": "0.50 0.00 0.00 1/100 1\n"}, "limited"),
        ("load", {"proc/loadavg": "much\n"}, "unknown"),
        ("steal time", {"proc/stat": "cpu  500 0 0 500 0 0 0 0 9 9\ncpu0 1\n"}, "ok"),
        ("steal time", {"proc/stat": "cpu  500 0 0 490 0 0 0 10 0 0\n"}, "limited"),
        ("steal time", {"proc/stat": "cpu  1 2 3 4\n"}, "unknown"),
        ("virtual machine", virtual_machine(), "limited"),
        ("virtual machine", two_sockets(), "ok"),
        ("virtual machine", arm_server(), "unknown"),
        ("clocksource", two_sockets(), "ok"),
        ("clocksource", arm_server(), "ok"),
        ("clocksource", virtual_machine(), "limited"),
        ("clocksource", {}, "unknown"),
    ],
)
def test_what_disturbs_runs_is_seen(tmp_path: Path, what: str, files: Files, state: str) -> None:
    assert state_of(probe(tmp_path, files), what)[0] == state


# -- the kernel


def configured(text: str) -> Files:
    return {"boot/config-6.12.5-test": text}


@pytest.mark.parametrize(
    ("what", "files", "state"),
    [
        ("debug options", configured("CONFIG_PROVE_LOCKING=y\nCONFIG_DEBUG_CREDENTIALS=y\n"), "limited"),
        ("debug options", configured("CONFIG_DEBUG_LIST=y\n# CONFIG_KASAN is not set\n"), "ok"),
        ("debug options", {"boot/config-6.11.0": "CONFIG_KASAN=y\n"}, "unknown"),
        ("debug options", {"proc/config.gz": gzip.compress(b"CONFIG_KASAN=y\n")}, "limited"),
        ("debug options", {"proc/config.gz": gzip.compress(b"CONFIG_KASAN=y\n")[:20]}, "unknown"),
        ("structure layout", configured("CONFIG_RANDSTRUCT_FULL=y\n"), "limited"),
        ("structure layout", configured("CONFIG_RANDSTRUCT_NONE=y\n"), "ok"),
        ("overlayfs", {"proc/filesystems": "nodev\toverlay\n"}, "ok"),
        ("overlayfs", {"proc/filesystems": "\text4\n", **configured("CONFIG_OVERLAY_FS=m\n")}, "ok"),
        ("overlayfs", {"proc/filesystems": "\text4\n", **configured("CONFIG_EXT4_FS=y\n")}, "missing"),
        ("overlayfs", {"proc/filesystems": "\text4\n"}, "unknown"),
        ("overlayfs", {}, "unknown"),
    ],
)
def test_what_the_kernel_was_built_with_is_seen(tmp_path: Path, what: str, files: Files, state: str) -> None:
    assert state_of(probe(tmp_path, files), what)[0] == state


def test_a_kernel_that_hides_its_configuration_is_told_where_it_was_looked_for(tmp_path: Path) -> None:
    _, evidence = state_of(probe(tmp_path, {}), "debug options")
    assert evidence == (
        "none of /proc/config.gz, /boot/config-6.12.5-test, /lib/modules/6.12.5-test/config can be read"
    )


def test_nothing_that_can_be_read_is_no_error(tmp_path: Path) -> None:
    findings: tuple[Finding, ...] = examine(probe(tmp_path, {}, {}, programs=()))
    assert {item.state for item in findings} == {State.UNKNOWN, State.MISSING}
    assert not can_contend(findings)
