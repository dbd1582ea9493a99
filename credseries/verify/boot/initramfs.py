"""The root file system of the tested kernel: a static busybox, the bundled tests and a script that starts them."""

from __future__ import annotations

import stat
from pathlib import Path

from credseries.errors import EnvironmentProblem
from credseries.verify.boot.cpio import Member, archive, directory, program
from credseries.verify.process import run
from credseries.words import content_key

PROGRAMS = Path(__file__).parent / "programs"
"""The sources of the tests: C files that make one program, their headers, and the shell script `init`."""

CFLAGS = ("-std=gnu11", "-O1", "-static", "-Wall", "-Wextra")
_BATTERY = "battery"


def programs_key() -> str:
    """A key for all that the bundled programs are made of; other sources give another key."""
    parts = [part for path in _sources() for part in (path.name, path.read_bytes())]
    return content_key("boot programs", *CFLAGS, *parts)


def make_initramfs(directory: Path, *, cc: str, busybox: Path) -> Path:
    """Writes the archive of the root file system to a file in `directory` and gives its path.

    `cc` compiles the test programs; `busybox` is a static one. Raises EnvironmentProblem.
    """
    directory.mkdir(parents=True, exist_ok=True)
    battery = compile_programs(directory, cc=cc)
    path = directory / "initramfs.cpio"
    path.write_bytes(archive(_members(battery.read_bytes(), busybox.read_bytes())))
    return path


def compile_programs(directory: Path, *, cc: str, flags: tuple[str, ...] = CFLAGS) -> Path:
    """The test programs as one static program in `directory`; raises EnvironmentProblem when they do not compile."""
    battery = directory.absolute() / _BATTERY
    # From where the sources are, by their names: no path of this machine gets into the program.
    names = [path.name for path in _sources() if path.suffix == ".c"]
    ran = run((cc, *flags, "-o", str(battery), *names), directory=PROGRAMS)
    if ran.status != 0:
        raise EnvironmentProblem(
            f"the test programs do not compile with {cc}: {ran.errors.strip()}",
            hint="is a static C library installed? apt install libc6-dev",
        )
    return battery


def _sources() -> list[Path]:
    return sorted(path for path in PROGRAMS.iterdir() if path.suffix in (".c", ".h") or path.name == "init")


def _members(battery: bytes, busybox: bytes) -> list[Member]:
    return [
        directory("bin"),
        directory("dev"),
        Member("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)),
        Member("dev/null", stat.S_IFCHR | 0o666, device=(1, 3)),
        program("init", (PROGRAMS / "init").read_bytes()),
        program("bin/busybox", busybox),
        program("bin/battery", battery),
    ]
