"""The programs that run in the tested kernel compile without a warning, and their archive is always the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from credseries.errors import EnvironmentProblem
from credseries.verify.boot.initramfs import CFLAGS, PROGRAMS, compile_programs, make_initramfs, programs_key
from credseries.verify.boot.tools import is_static
from tests.test_boot_cpio import read


@pytest.fixture(scope="module")
def cc(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("static")
    (directory / "main.c").write_text("int main(void) { return 0; }\n")
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    command = ["gcc", "-static", "-o", directory / "main", directory / "main.c"]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("there is no static C library")
    return "gcc"


def test_the_programs_compile_without_a_warning(tmp_path: Path, cc: str) -> None:
    assert is_static(compile_programs(tmp_path, cc=cc, flags=(*CFLAGS, "-Werror")))


def test_the_archive_has_what_the_kernel_starts(tmp_path: Path, cc: str) -> None:
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"a busybox")
    one = make_initramfs(tmp_path / "one", cc=cc, busybox=busybox)
    two = make_initramfs(tmp_path / "two", cc=cc, busybox=busybox)
    assert one.read_bytes() == two.read_bytes()
    entries = {entry.path: entry for entry in read(one.read_bytes())}
    assert entries["bin/busybox"].content == b"a busybox"
    assert entries["init"].content == (PROGRAMS / "init").read_bytes()
    assert entries["init"].mode & 0o777 == 0o755
    assert entries["bin/battery"].content.startswith(b"\x7fELF")
    assert entries["dev/console"].device == (5, 1)


def test_programs_that_do_not_compile_are_a_problem_of_the_machine(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="do not compile with false"):
        compile_programs(tmp_path, cc="false")


def test_the_key_is_the_same_every_time() -> None:
    assert programs_key() == programs_key()
    assert len(programs_key()) == 64


def test_the_shell_script_is_a_shell_script() -> None:
    assert subprocess.run(["sh", "-n", PROGRAMS / "init"], check=False).returncode == 0
