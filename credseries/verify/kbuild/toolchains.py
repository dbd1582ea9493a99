"""Which ways to compile a kernel this machine has, what a wish for others lacks, and what make is told for each."""

from __future__ import annotations

import itertools
import platform
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from credseries.errors import EnvironmentProblem, UsageError
from credseries.verify.missing import Missing
from credseries.verify.model import Variant
from credseries.verify.process import run

Which = Callable[[str], str | None]  # finds a program, as shutil.which does
ReadFile = Callable[[str], str]

# What `uname -m` says, and what the kernel's top Makefile calls it (its SUBARCH).
_MACHINES = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "i386": "i386",
    "i686": "i386",
    "aarch64": "arm64",
    "ppc64le": "powerpc",
    "riscv64": "riscv",
    "s390x": "s390",
    "loongarch64": "loongarch",
}
# An architecture's tools as Debian calls them (package gcc-TRIPLE, with _ as -), by the kernel's name for it.
_TRIPLES = {
    "arm": "arm-linux-gnueabihf",
    "arm64": "aarch64-linux-gnu",
    "i386": "i686-linux-gnu",
    "loongarch": "loongarch64-linux-gnu",
    "m68k": "m68k-linux-gnu",
    "mips": "mips-linux-gnu",
    "powerpc": "powerpc64le-linux-gnu",
    "riscv": "riscv64-linux-gnu",
    "s390": "s390x-linux-gnu",
    "x86_64": "x86_64-linux-gnu",
}
# Host tools by Debian's package; a header is where libc6-dev's neighbours put theirs.
_TOOLS = (("make", "make"), ("flex", "flex"), ("bison", "bison"), ("bc", "bc"), ("perl", "perl"))
_HEADERS = (("libelf.h", "libelf-dev"), ("openssl/ssl.h", "libssl-dev"))
_CLANG = re.compile(r"clang(-\d+)?")
_GCC = re.compile(r"gcc(-\d+)?")
_NEWEST, _OLDEST = 30, 11  # clang's versions that are looked for; older ones build no kernel of today
_AXES = ("cc", "arch", "config")


def host_architecture(machine: str | None = None) -> str:
    """This machine's architecture (or that of what `uname -m` prints), as the kernel's ARCH."""
    machine = machine or platform.machine()
    return _MACHINES.get(machine, machine)


def is_clang(cc: str) -> bool:
    """Whether a compiler is clang, by its name."""
    return _CLANG.fullmatch(Path(cc).name) is not None


def newest_clang(which: Which = shutil.which) -> str:
    """The name of the clang that is taken when nobody says which; empty if there is none."""
    names = (f"clang-{number}" for number in range(_NEWEST, _OLDEST, -1))
    return next((name for name in (*names, "clang") if which(name)), "")


def default_variants(which: Which = shutil.which) -> tuple[Variant, ...]:
    """gcc and the newest clang that is there, for this machine's architecture; one that is missing is a variant too, or
    nobody would notice that."""
    return tuple(Variant(cc, host_architecture()) for cc in ("gcc", newest_clang(which) or "clang"))


def cross_prefix(variant: Variant, host: str | None = None) -> str:
    """What the names of a foreign architecture's tools start with (kbuild's CROSS_COMPILE); empty for the host's."""
    host = host or host_architecture()
    if variant.arch == host or {variant.arch, host} == {"i386", "x86_64"}:
        return ""
    triple = _TRIPLES.get(variant.arch)
    if triple is None:
        known = ", ".join(sorted(_TRIPLES))
        raise UsageError(f"no tools are known for the architecture {variant.arch!r}", hint=f"known are: {known}")
    return f"{triple}-"


def compiler(variant: Variant) -> str:
    """The program that compiles: clang is one for all architectures, gcc one for each.

    Raises UsageError for an unknown architecture.
    """
    return variant.cc if is_clang(variant.cc) else cross_prefix(variant) + variant.cc


def make_variables(variant: Variant) -> tuple[str, ...]:
    """What make is told to build a variant. clang gets its target from kbuild and, as its assembler is its own, only
    the linker and the like from binutils."""
    prefix = cross_prefix(variant)
    return (
        f"ARCH={variant.arch}",
        *((f"CROSS_COMPILE={prefix}",) if prefix else ()),
        f"CC={compiler(variant)}",
    )


def version_text(cc: str) -> str:
    """What tells a compiler from all others: the first line that it prints for --version. Raises EnvironmentProblem."""
    ran = run([cc, "--version"], directory=Path("/"))
    if ran.status != 0:
        raise EnvironmentProblem(f"`{cc} --version` fails: {ran.errors.strip()}", hint="is it a compiler?")
    return ran.output.decode("utf-8", "replace").split("\n")[0]


def sparse_version(which: Which = shutil.which) -> str:
    """What sparse says that it is, for keys of results; empty where it is not installed. Raises EnvironmentProblem."""
    return f"sparse {version_text('sparse')}" if which("sparse") else ""


def machine(variant: Variant) -> str:
    """The machine that a variant compiles for, as the compilers call it. Raises UsageError."""
    return _TRIPLES.get(variant.arch, variant.arch).split("-")[0]


def missing_for(
    variant: Variant, which: Which = shutil.which, exists: Callable[[Path], bool] = Path.exists
) -> tuple[Missing, ...]:
    """What has to be installed before a variant can be compiled; nothing if it can.

    Raises UsageError for an unknown architecture.
    """
    lacking = [Missing(tool, package) for tool, package in _TOOLS if not which(tool)]
    lacking += [Missing(name, package) for name, package in _HEADERS if not _has_header(name, exists)]
    prefix, program = cross_prefix(variant), compiler(variant)
    triple = prefix.removesuffix("-").replace("_", "-")
    if not which(program):
        suffix = f"-{triple}" if prefix and not is_clang(variant.cc) else ""
        lacking.append(Missing(program, f"{Path(variant.cc).name}{suffix}"))
    if not which(f"{prefix}ld"):
        lacking.append(Missing(f"{prefix}ld", f"binutils-{triple}" if prefix else "binutils"))
    return tuple(lacking)


def _has_header(name: str, exists: Callable[[Path], bool]) -> bool:
    directories = [Path("/usr/include"), Path("/usr/local/include")]
    directories += [Path("/usr/include") / triple for triple in _TRIPLES.values()]
    return any(exists(directory / name) for directory in directories)


def parse_matrix(specs: Sequence[str], read_file: ReadFile, which: Which = shutil.which) -> tuple[Variant, ...]:
    """The variants that `--matrix` asks for: `cc=gcc,clang-19`, `arch=x86_64,arm64`, `config=FILE,FILE`, in any number.

    All combinations; what is not named is as by default. The word `none` stands for no configuration fragment. Raises
    UsageError, also from `read_file`.
    """
    chosen: dict[str, list[str]] = {axis: [] for axis in _AXES}
    for spec in specs:
        axis, equals, values = spec.partition("=")
        words = [word.strip() for word in values.split(",") if word.strip()]
        if axis not in chosen or not equals or not words:
            hint = "give cc=gcc,clang or arch=x86_64,arm64 or config=FILE,FILE; several times for several of them"
            raise UsageError(f"{spec!r} names no compilers, architectures or configurations", hint=hint)
        chosen[axis] += [word for word in words if word not in chosen[axis]]
    for cc in chosen["cc"]:
        if not _GCC.fullmatch(Path(cc).name) and not is_clang(cc):
            hint = "give gcc or clang, or one of their versions, like gcc-12 or clang-19"
            raise UsageError(f"{cc!r} is no compiler that builds kernels", hint=hint)
    compilers = [newest_clang(which) or cc if cc == "clang" and not which(cc) else cc for cc in chosen["cc"]]
    compilers = compilers or [variant.cc for variant in default_variants(which)]
    fragments = [("", "") if name == "none" else (Path(name).stem, read_file(name)) for name in chosen["config"]]
    names = [name for name, _ in fragments]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two configurations are called {twice!r}", hint="rename one of the files")
    variants = tuple(
        Variant(cc, arch, *fragment)
        for arch, cc, fragment in itertools.product(
            chosen["arch"] or [host_architecture()], compilers, fragments or [("", "")]
        )
    )
    for variant in variants:
        cross_prefix(variant)  # an unknown architecture is said now
    return variants
