"""What is missing for a boot is named with its package, and a busybox that needs libraries is none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from credseries.verify.boot.tools import busybox, is_static, missing

TOOLS = ("make", "flex", "bison", "bc", "perl", "ld")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the whole PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def put(directory: Path, name: str, content: bytes = b"#!/bin/sh\n") -> Path:
    path = directory / name
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_on_a_bare_machine_everything_is_named_with_its_package(path: Path) -> None:
    assert [(tool.name, tool.package) for tool in missing("gcc")] == [
        ("make", "make"),
        ("flex", "flex"),
        ("bison", "bison"),
        ("bc", "bc"),
        ("perl", "perl"),
        ("ld", "binutils"),
        ("gcc", "gcc"),
        ("a static busybox", "busybox-static"),
    ]
    assert all(tool.purpose for tool in missing("gcc"))


def test_what_is_there_is_not_missing(path: Path) -> None:
    for name in TOOLS:
        put(path, name)
    assert [tool.name for tool in missing("clang-19")] == ["clang-19", "a static busybox"]


def test_a_compiler_without_libraries_lacks_them(path: Path) -> None:
    put(path, "gcc", b"#!/bin/sh\nexit 1\n")
    packages = {tool.name: tool.package for tool in missing("gcc")}
    assert packages["a static C library"] == packages["the C library's headers"] == "libc6-dev"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_only_a_static_program_is_a_busybox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-o", tmp_path / "shared", tmp_path / "main.c"], check=True)
    if subprocess.run(["gcc", "-static", "-o", tmp_path / "static", tmp_path / "main.c"], check=False).returncode:
        pytest.skip("there is no static C library")
    assert is_static(tmp_path / "static")
    assert not is_static(tmp_path / "shared")
    assert not is_static(tmp_path / "main.c")
    assert not is_static(tmp_path / "absent")
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    (directory / "busybox").symlink_to(tmp_path / "shared")
    assert busybox() is None
    (directory / "busybox").unlink()
    (directory / "busybox").symlink_to(tmp_path / "static")
    assert busybox() == directory / "busybox"


def test_a_damaged_program_is_not_static(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(40))
    assert not is_static(path)
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(25) + (64).to_bytes(8, "little") + b"\xff" * 40)
    assert not is_static(path)
