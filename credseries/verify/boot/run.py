"""Running a kernel that is a program (User Mode Linux) with the tests in it, so that nothing of it stays behind."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from credseries.verify.boot import fxsave
from credseries.verify.boot.console import read_console
from credseries.verify.boot.model import BootRun
from credseries.verify.process import run

__all__ = ["MEMORY", "BootRun", "boot"]

MEMORY = 256  # MiB
_SHARED_MEMORY = Path("/dev/shm")  # where User Mode Linux puts the memory of its machine
_ROOT_FILES = "initramfs"
_SETTINGS = (
    f"mem={MEMORY}M",
    f"initrd={_ROOT_FILES}",
    "uml_dir=uml",
    "umid=boot",
    *("con=null", "con0=null,fd:1", "ssl=null"),
    *("panic=-1", "oops=panic", "panic_on_warn=1"),  # the first thing that is wrong ends the run
    # What is freed is poisoned, and credentials have a slab of their own. To note who allocated what (U) would take a
    # seventh of the time.
    *("slab_nomerge", "slub_debug=FZP"),
    "time-travel=inf-cpu",  # a sleep takes no time
    "random.trust_cpu=on",
)
_MORE_REGISTERS = "ptrace set fp regs failed"  # arch/um/os-Linux/skas/process.c
# Registers that it does not keep are not used: what is behind the 512 bytes. Init has this in its environment; the C
# library's names for them have changed (2.33).
_FEWER = "GLIBC_TUNABLES=glibc.cpu.hwcaps=" + ",".join(
    f"-{name}{usable}" for name in ("AVX", "AVX2", "AVX512F", "AVX512VL") for usable in ("", "_Usable")
)


def boot(kernel: Path, initramfs: Path, *, seconds: float, directory: Path) -> BootRun:
    """Boots the kernel with this root file system and reads what it writes until it ends, or for so many `seconds`.

    It runs without root, without a network and without devices of this machine. Where the processor has more registers
    than the kernel has room for, it is started once more with those of all processors. `directory` is for what it needs
    meanwhile; nothing stays there. Raises EnvironmentProblem when it cannot be started at all.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="boot-", dir=directory) as name:
        place = Path(name)
        # The kernel's command line takes no blanks: so by a short name and from here.
        (place / _ROOT_FILES).symlink_to(initramfs.absolute())
        started = (str(kernel.absolute()), *_SETTINGS)
        booted = _boot(started, place, seconds)
        if _MORE_REGISTERS in booted.console:
            booted = _boot((sys.executable, "-I", fxsave.__file__, *started, _FEWER), place, seconds)
        return booted


def _boot(started: tuple[str, ...], place: Path, seconds: float) -> BootRun:
    # A crash must not leave an image of the machine's memory.
    command = ("/bin/sh", "-c", 'ulimit -c 0; exec "$@"', "boot", *started)
    ran = run(command, directory=place, environment=_environment(place), timeout=seconds)
    # The program itself tells about this machine, as errors, before its kernel starts.
    text = ran.errors + ran.output.decode("utf-8", "replace")
    return read_console(text, seconds=ran.seconds, timed_out=ran.timed_out)


def _environment(place: Path) -> dict[str, str]:
    """Where the machine's memory is kept, a file that is mapped with the right to execute."""
    where = str(_SHARED_MEMORY if _shared_memory_serves() else place)
    return {"TMPDIR": where, "TMP": where, "TEMP": where}


def _shared_memory_serves() -> bool:
    """Containers often have a /dev/shm that is too small or from which nothing is executed."""
    if not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK) or os.statvfs(_SHARED_MEMORY).f_flag & os.ST_NOEXEC:
        return False
    return shutil.disk_usage(_SHARED_MEMORY).free > 2 * MEMORY << 20
