"""A kernel is a program that is run to its end, and nothing of it is left however it ends."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from credseries.errors import EnvironmentProblem
from credseries.verify.boot.run import BootRun, boot


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Path]:
    """A file to which a kernel writes the ids of its processes; all of them are gone after the test."""
    file = tmp_path / "pids"
    yield file
    for pid in map(int, file.read_text().split()):
        assert gone(pid)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that was killed may need a moment, and a zombie is as good as gone."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


def start(tmp_path: Path, script: str, seconds: float = 60) -> BootRun:
    kernel = tmp_path / "a kernel"
    kernel.write_text(f"#!/bin/sh\n{script}\n")
    kernel.chmod(0o755)
    initramfs = tmp_path / "an archive with blanks"
    initramfs.write_text("the root files")
    return boot(kernel, initramfs, seconds=seconds, directory=tmp_path / "runs")


def test_a_run_to_its_end(tmp_path: Path) -> None:
    run = start(tmp_path, 'echo "CASE a OK"; echo "CASE end reached"; echo "END 0"; pwd')
    assert run.finished
    assert run.outcomes == {"a": "OK"}
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_kernel_finds_its_root_files_by_a_name_without_blanks(tmp_path: Path) -> None:
    script = 'for a; do case $a in initrd=*) echo "CASE files $(cat "${a#initrd=}")";; esac; done'
    assert start(tmp_path, script).outcomes == {"files": "the root files"}


# What User Mode Linux does with the registers of a process, on the processor of whoever runs the tests.
_TRACER = """
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char registers[1 << 16];
	struct iovec part = { registers, 832 };
	struct user_fpregs_struct all;
	pid_t child = fork();

	if (!child)
		pause();
	ptrace(PTRACE_ATTACH, child, 0, 0);
	waitpid(child, NULL, 0);
	if (!ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &part))
		puts("[ 0.07] userspace - ptrace set fp regs failed, errno = 14");
	else if (errno == EINVAL && !ptrace(PTRACE_GETFPREGS, child, 0, &all))
		printf("CASE %s OK\\nCASE end reached\\nEND 0\\n", argv[argc - 1]);
	ptrace(PTRACE_KILL, child, 0, 0);
	return 0;
}
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="about registers of x86-64")
def test_a_kernel_without_room_for_all_registers_is_started_with_fewer(tmp_path: Path) -> None:
    (tmp_path / "tracer.c").write_text(_TRACER)
    subprocess.run(["gcc", "-o", tmp_path / "tracer", tmp_path / "tracer.c"], check=True)
    run = boot(tmp_path / "tracer", tmp_path / "tracer.c", seconds=60, directory=tmp_path / "runs")
    assert run.finished
    (name,) = run.outcomes
    assert name.startswith("GLIBC_TUNABLES=")
    assert "-AVX2" in name


def test_processes_that_a_kernel_leaves_are_ended(tmp_path: Path, pids: Path) -> None:
    run = start(tmp_path, f'sleep 1000 & echo "$! $$" >"{pids}"; echo "CASE a OK"')
    assert not run.finished
    assert run.outcomes == {"a": "OK"}


def test_a_kernel_that_hangs_is_ended_with_all_its_processes(tmp_path: Path, pids: Path) -> None:
    run = start(tmp_path, f'sleep 1000 & echo "$! $$" >"{pids}"; echo "CASE a OK"; wait', seconds=1)
    assert run.timed_out
    assert not run.finished
    assert run.outcomes == {"a": "OK"}


def test_a_kernel_that_is_no_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "kernel").write_text("")
    run = boot(tmp_path / "kernel", tmp_path / "kernel", seconds=5, directory=tmp_path / "runs")
    assert not run.finished
    assert "kernel" in run.console


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((EnvironmentProblem, OSError)):
        boot(Path("/bin/true"), Path("/bin/true"), seconds=5, directory=tmp_path / "file/below")


def test_the_environment_stays_as_it_is(tmp_path: Path) -> None:
    before = dict(os.environ)
    start(tmp_path, "true")
    assert dict(os.environ) == before
