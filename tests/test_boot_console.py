"""The console of a tested kernel is read right, whatever the kernel says between the lines of the tests."""

from __future__ import annotations

import json
import pickle

import pytest

from credseries.verify.boot.console import read_console
from credseries.verify.boot.model import BootRun, Failure

CLEAN = """\
Checking that ptrace can change system call numbers...OK
[    0.000000] Linux version 6.12.0
[    0.000000] printk: legacy console [tty0] enabled
START tests
CASE plain/full/root/read_open read the lower data
CASE plain/full/user/read_shut EACCES
CASE end reached
END 0
[    3.100000] reboot: Power down
"""


def read(text: str) -> BootRun:
    return read_console(text, seconds=1.0, timed_out=False)


def test_a_clean_boot() -> None:
    run = read(CLEAN.replace("\n", "\r\n"))
    assert run.outcomes == {
        "plain/full/root/read_open": "read the lower data",
        "plain/full/user/read_shut": "EACCES",
    }
    assert run.finished
    assert (run.failures, run.messages, run.setup) == ((), (), ())


def test_a_case_with_another_outcome_than_wanted_is_a_failure() -> None:
    run = read(CLEAN.replace("read_shut EACCES", "read_shut OK\nWANTED plain/full/user/read_shut EACCES"))
    assert run.failures == (Failure("plain/full/user/read_shut", "OK", "EACCES"),)
    assert run.outcomes["plain/full/user/read_shut"] == "OK"


@pytest.mark.parametrize(
    "complaint",
    [
        "------------[ cut here ]------------\nWARNING: CPU: 0 PID: 31 at kernel/cred.c:104 __put_cred+0x1b/0x60",
        "kernel BUG at kernel/cred.c:391!",
        "BUG: sleeping function called from invalid context at fs/namei.c:12",
        "BUG cred_jar (Not tainted): Poison overwritten",
        "INFO: task battery:12 blocked for more than 120 seconds.",
        "WARNING: possible circular locking dependency detected",
        "INFO: trying to register non-static key.",
        "list_del corruption. prev->next should be 1, but was 2.",
        "VFS: Busy inodes after unmount of overlay (overlay)",
        "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
        "CRED: Invalid credentials",
        "refcount_t: underflow; use-after-free.",
        'KMEMLEAK unreferenced object 0x61c1a000 (size 176):\nKMEMLEAK   comm "battery", pid 20, jiffies 4294937296',
    ],
)
def test_a_complaint_of_the_kernel_is_a_message(complaint: str) -> None:
    stamped = "\n".join(f"[   12.345678] {line}" for line in complaint.split("\n"))
    run = read(CLEAN.replace("CASE end", f"{stamped}\nCASE end"))
    assert run.finished
    assert len(run.messages) == 1
    assert run.messages[0].split("\n")[0] in complaint.split("\n")


@pytest.mark.parametrize(
    "line",
    [
        "[    0.0] NOTICE NOTICE NOTICE",
        "CASE plain/full/root/text BUG: a name in a file",
        "[    0.0] kmemleak: Kernel memory leak detector initialized (mem pool available: 15768)",
        "[    0.0] battery[44]: segfault at 8 ip 0000000000401cf5 sp 00007fff error 6",
        "[    0.0] debug: unmapping init memory",
    ],
)
def test_other_words_are_none(line: str) -> None:
    assert read(CLEAN.replace("CASE end", f"{line}\nCASE end")).messages == ()


def test_a_message_has_its_first_lines_and_comes_once() -> None:
    text = CLEAN.partition("CASE end")[0] + (
        "[    1.0] kernel BUG at kernel/cred.c:391!\n[    1.0] Call Trace:\n[    1.0]  commit_creds+0x1\n"
        "[    1.0] Kernel panic - not syncing: Fatal exception\n"
        "kmsg_dump:\n<0>[    1.0] kernel BUG at kernel/cred.c:391!\n<0>[    1.0] Call Trace:\n"
    )
    run = read(text)
    assert run.messages == (
        "kernel BUG at kernel/cred.c:391!\nCall Trace:\n commit_creds+0x1",
        "Kernel panic - not syncing: Fatal exception",
    )
    assert not run.finished


@pytest.mark.parametrize("cut", ["CASE end reached\nEND 0\n", "END 0\n"])
def test_a_boot_without_its_end_is_not_finished(cut: str) -> None:
    assert not read(CLEAN.replace(cut, "")).finished


def test_tests_that_failed_are_not_finished() -> None:
    assert not read(CLEAN.replace("END 0", "END 1")).finished


def test_a_boot_that_was_ended_is_not_finished() -> None:
    assert not read_console(CLEAN, seconds=1.0, timed_out=True).finished


def test_what_could_not_be_prepared_is_told() -> None:
    assert read(CLEAN.replace("CASE end reached", "SETUP /t/low/1 ENOSPC")).setup == ("/t/low/1 ENOSPC",)


def test_a_run_goes_through_pickle_and_json() -> None:
    run = read(CLEAN.replace("read_shut EACCES", "read_shut OK\nWANTED plain/full/user/read_shut EACCES"))
    assert pickle.loads(pickle.dumps(run)) == run
    assert BootRun.from_json(json.loads(json.dumps(run.to_json()))) == run
