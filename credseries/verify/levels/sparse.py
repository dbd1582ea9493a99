"""Running sparse on a file as kbuild's C=1 does, with the flags that the compiler gets."""

from __future__ import annotations

import re
from pathlib import Path

from credseries.verify.kbuild.toolchains import machine
from credseries.verify.model import Variant

# CHECKFLAGS of the kernel's top Makefile; what it adds for word size, byte order and machine follows.
_FLAGS = (
    *("-D__linux__", "-Dlinux", "-D__STDC__", "-Dunix", "-D__unix__"),
    *("-Wbitwise", "-Wno-return-void", "-Wno-unknown-attribute"),
)


def sparse_words(variant: Variant, out: Path) -> tuple[str, ...]:
    """The first words of the command, for a configured build directory; the compiler's flags and the file follow."""
    config = (out / ".config").read_text()
    bits = "-m64" if re.search(r"^CONFIG_64BIT=y$", config, re.MULTILINE) else "-m32"
    order = "-mbig-endian" if re.search(r"^CONFIG_CPU_BIG_ENDIAN=y$", config, re.MULTILINE) else "-mlittle-endian"
    return ("sparse", *_FLAGS, bits, order, f"-D__{machine(variant)}__")
