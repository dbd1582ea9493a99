"""What this machine needs to build and boot a kernel, and the Debian package that brings what is missing."""

from __future__ import annotations

import shutil
import struct
import tempfile
from pathlib import Path

from credseries.errors import EnvironmentProblem
from credseries.verify.missing import Missing
from credseries.verify.process import run

_PROGRAMS = {
    "make": ("make", "building the kernel"),
    "flex": ("flex", "reading the kernel's configuration"),
    "bison": ("bison", "reading the kernel's configuration"),
    "bc": ("bc", "making the kernel's constants of time"),
    "perl": ("perl", "scripts of the kernel's build"),
    "ld": ("binutils", "linking the kernel"),
}
_STATIC_PROGRAM = "int main(void) { return 0; }\n"
_KERNEL_HEADERS = "#include <linux/types.h>\n#include <asm/unistd.h>\n#include <sys/ptrace.h>\n"
_ELF = b"\x7fELF"
_64_BITS = 2
_INTERPRETER = 3  # PT_INTERP: what a program that is not static is started with
_HEADER = 64  # bytes


def missing(cc: str) -> tuple[Missing, ...]:
    """What is missing on this machine to build a kernel and the tests with the compiler `cc` and to boot them."""
    found = [
        Missing(name, package, purpose) for name, (package, purpose) in _PROGRAMS.items() if shutil.which(name) is None
    ]
    if shutil.which(cc) is None:
        found.append(Missing(cc, Path(cc).name, "compiling the kernel and the tests"))
    else:
        if not _compiles(cc, _KERNEL_HEADERS + _STATIC_PROGRAM):
            found.append(Missing("the C library's headers", "libc6-dev", "compiling the kernel for ARCH=um"))
        if not _compiles(cc, _STATIC_PROGRAM, "-static"):
            found.append(Missing("a static C library", "libc6-dev", "linking the tests that run in the kernel"))
    if busybox() is None:
        found.append(Missing("a static busybox", "busybox-static", "the shell of the kernel that is booted"))
    return tuple(found)


def busybox() -> Path | None:
    """The busybox on the PATH if it needs no shared library; None when there is none."""
    for name in ("busybox", "busybox.static", "busybox-static"):
        path = shutil.which(name)
        if path is not None and is_static(Path(path)):
            return Path(path)
    return None


def is_static(path: Path) -> bool:
    """Whether a file is a 64-bit little-endian ELF program without an interpreter (elf(5))."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            if len(header) < _HEADER or header[:4] != _ELF or header[4] != _64_BITS or header[5] != 1:
                return False
            start, size, count = _program_headers(header)
            file.seek(start)
            table = file.read(size * count)
    except OSError:
        return False
    if not count or len(table) < size * count:
        return False
    return all(struct.unpack_from("<I", table, size * index)[0] != _INTERPRETER for index in range(count))


def _program_headers(header: bytes) -> tuple[int, int, int]:
    """Where the table of program headers starts, the size of one (both in bytes), and how many there are."""
    (start,) = struct.unpack_from("<Q", header, 32)
    size, count = struct.unpack_from("<HH", header, 54)
    return start, size, count


def _compiles(cc: str, source: str, *flags: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="credseries-") as name:
        directory = Path(name)
        (directory / "test.c").write_text(source, encoding="utf-8")
        try:
            return run((cc, *flags, "-o", "test", "test.c"), directory=directory).status == 0
        except EnvironmentProblem:
            return False
