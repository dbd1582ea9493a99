"""The archive of the root file system is what cpio and the kernel read, byte for byte the same every time."""

from __future__ import annotations

import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from credseries.verify.boot.cpio import Member, archive, directory, program

MEMBERS = (
    directory("bin"),
    Member("dev-console", stat.S_IFCHR | 0o600, device=(5, 1)),
    program("init", b"#!/bin/sh\n"),
    program("bin/odd", b"12345"),
    Member("empty", stat.S_IFREG | 0o644),
)


@dataclass(frozen=True)
class Entry:
    path: str
    mode: int
    owner: int
    group: int
    time: int
    device: tuple[int, int]
    content: bytes


def read(data: bytes) -> list[Entry]:
    """The entries of a newc archive, read by the rules of the kernel's documentation."""
    entries, position = [], 0
    while True:
        assert data[position : position + 6] == b"070701"
        header = data[position + 6 : position + 110]
        fields = [int(header[start : start + 8], 16) for start in range(0, len(header), 8)]
        _, mode, owner, group, _, time, size, _, _, major, minor, length, checksum = fields
        assert checksum == 0
        name = data[position + 110 : position + 110 + length]
        assert name.endswith(b"\0")
        start = (position + 110 + length + 3) // 4 * 4
        path = name[:-1].decode()
        if path == "TRAILER!!!":
            return entries
        entries.append(Entry(path, mode, owner, group, time, (major, minor), data[start : start + size]))
        position = (start + size + 3) // 4 * 4


def test_an_archive_gives_back_what_was_put_into_it() -> None:
    entries = read(archive(MEMBERS))
    assert [(entry.path, entry.mode, entry.content, entry.device) for entry in entries] == [
        (member.path, member.mode, member.content, member.device) for member in MEMBERS
    ]
    assert {(entry.owner, entry.group, entry.time) for entry in entries} == {(0, 0, 0)}


def test_the_same_files_give_the_same_bytes() -> None:
    assert archive(MEMBERS) == archive(list(MEMBERS))


@pytest.mark.skipif(shutil.which("cpio") is None, reason="there is no cpio")
def test_cpio_reads_it(tmp_path: Path) -> None:
    done = subprocess.run(["cpio", "-t", "--quiet"], input=archive(MEMBERS), capture_output=True, check=True)
    assert done.stdout.decode().split() == [member.path for member in MEMBERS]
    subprocess.run(
        ["cpio", "-i", "--quiet", "--no-preserve-owner", "bin", "bin/odd"],
        input=archive(MEMBERS),
        cwd=tmp_path,
        check=True,
    )
    assert (tmp_path / "bin/odd").read_bytes() == b"12345"
    assert (tmp_path / "bin/odd").stat().st_mode & 0o777 == 0o755
