"""A configured build directory for the base of a series: made once for a compiler and the files that matter."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credseries.errors import EnvironmentProblem
from credseries.verify.kbuild.commands import Command, read_command
from credseries.verify.kbuild.diagnostics import Diagnostic, from_json, last_words, parse, with_sources
from credseries.verify.kbuild.kconfig import proposal
from credseries.verify.kbuild.kconfig_language import config_values, read_tree
from credseries.verify.kbuild.makefiles import needed
from credseries.verify.kbuild.toolchains import compiler, make_variables, version_text
from credseries.verify.model import Variant
from credseries.verify.once import locked, remove
from credseries.verify.process import Ran, run
from credseries.verify.tasks import Place
from credseries.verify.trees.sources import source_tree
from credseries.verify.trees.views import make_view
from credseries.words import content_key

_FORMAT = "1"  # of the directory and of how it is configured
_STAMP = "configured.json"
_ROUNDS = 4  # in which kconfig is asked for what is missing
# What a user may have in the environment that changes what is built.
_UNSET = (
    *("MAKEFLAGS", "MAKEOVERRIDES", "MAKEFILES", "MFLAGS", "ARCH", "CROSS_COMPILE", "CC", "LLVM", "LLVM_IAS", "O", "V"),
    *("C", "CF", "CHECK", "M", "KCFLAGS", "KCPPFLAGS", "KAFLAGS", "CFLAGS_KERNEL", "LOCALVERSION", "KCONFIG_CONFIG"),
    *("KCONFIG_ALLCONFIG", "KCONFIG_OVERWRITECONFIG", "KCONFIG_WERROR", "KBUILD_OUTPUT", "KBUILD_EXTMOD", "W"),
    *("KBUILD_VERBOSE", "KBUILD_EXTRA_WARN", "KBUILD_CHECKSRC", "CPATH", "C_INCLUDE_PATH", "GCC_COLORS", "srctree"),
)
_WISH = re.compile(r"^[ \t]*#[ \t]*(?:el)?if.*$|\bIS_(?:ENABLED|REACHABLE|BUILTIN)\(\s*CONFIG_\w+", re.MULTILINE)
_SYMBOL = re.compile(r"\bCONFIG_(\w+)")
_MADE = re.compile(r"^  (?:CC|CC \[M\]|AS|CHECK|LD|AR) +(\S+)$")
# Where the Makefiles of an architecture are, when that is not its name (the kernel's top Makefile, SRCARCH).
_SRCARCH = {"x86_64": "x86", "i386": "x86", "sparc32": "sparc", "sparc64": "sparc", "parisc64": "parisc"}


@dataclass(frozen=True)
class Setup:
    """What a build directory is for: the base's tree, a variant with its compiler's version, the files to be built
    (`units`), and other files whose `#if`s are to be true if possible (`others`)."""

    tree: str
    variant: Variant
    version: str
    units: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The content key of all that is in the directory."""
        variant = self.variant
        how = (variant.cc, variant.arch, variant.config, variant.fragment, self.version)
        return content_key("configured", _FORMAT, self.tree, *how, *self.units, "", *self.others)


@dataclass(frozen=True)
class Base:
    """What became of a unit in the base: its command (None: it is not built, and `reason` says why), and what the
    compiler had to say."""

    command: Command | None
    reason: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Configured:
    """A build directory that is ready: `source` is the tree it was built from, `out` what make calls O."""

    setup: Setup
    root: Path
    source: Path
    base_tree: Path
    out: Path
    said: dict[str, Any]

    def unit(self, path: str) -> Base:
        """What is known of a file that may be compiled here; one that the base lacks is compiled like a neighbour."""
        said = self.said["units"].get(path, {"reason": "it was not asked for", "diagnostics": []})
        command = read_command(self.out, path)
        return Base(command, said["reason"], tuple(map(from_json, said["diagnostics"])))

    def neighbour(self, path: str) -> tuple[str, Command] | None:
        """A unit of the same directory that was compiled, and its command."""
        directory = path.rpartition("/")[0]
        for other in self.said["compiled"]:
            if other.rpartition("/")[0] == directory and (command := read_command(self.out, other)) is not None:
                return other, command
        return None


def root_of(place: Place, setup: Setup) -> Path:
    """Where the directories of a setup are."""
    return place.cache.resolve() / f"build-{setup.key[:16]}"


def configured(place: Place, setup: Setup) -> Configured:
    """The build directory for a setup; it is made if it is not there, which takes half a minute for a kernel.

    Raises EnvironmentProblem when the kernel cannot be configured or prepared.
    """
    root = root_of(place, setup)
    stamp = root / _STAMP
    if not stamp.exists():
        base = source_tree(place, setup.tree)
        with locked(root.with_name(root.name + ".lock")):
            if not stamp.exists():
                _make(place, setup, root, base.resolve())
    base = place.cache.resolve() / f"source-{setup.tree}"
    return Configured(setup, root, root / "source", base, root / "out", json.loads(stamp.read_text()))


def make(source: Path, out: Path, variant: Variant, jobs: int, targets: Sequence[str]) -> Ran:
    """Runs make on a source tree, with the extra warnings of W=1 and what is said of each target together."""
    command = [
        *("sh", "-c", 'exec "$@" 2>&1', "sh"),  # one stream, so that messages come after their target's name
        *("env", *(word for name in _UNSET for word in ("-u", name))),
        *("make", "-C", str(source), f"O={out}", f"-j{jobs}", "-k", "--output-sync=target", "--no-print-directory"),
        *(*make_variables(variant), "W=1", *targets),
    ]
    return run(command, directory=out, environment={"KBUILD_BUILD_TIMESTAMP": "0", "LC_ALL": "C"})


def said_by_target(ran: Ran, tops: Sequence[Path]) -> dict[str, list[Diagnostic]]:
    """What make had to say about each object, by the path of the object."""
    found: dict[str, list[str]] = {}
    target = ""
    for row in (ran.output.decode("utf-8", "replace")).splitlines():
        if match := _MADE.match(row):
            target = match[1]
            found.setdefault(target, [])
        else:
            found.setdefault(target, []).append(row)
    return {target: parse("\n".join(rows), tops, target.removesuffix(".o") + ".c") for target, rows in found.items()}


def object_of(unit: str) -> str:
    """The object that kbuild makes of a .c file."""
    return unit.removesuffix(".c") + ".o"


def _make(place: Place, setup: Setup, root: Path, base: Path) -> None:
    start = time.perf_counter()
    version = version_text(compiler(setup.variant))
    if version != setup.version:
        message = f"{compiler(setup.variant)} is {version!r} here, and has to be {setup.version!r}"
        raise EnvironmentProblem(message, hint="use the same compilers on all machines")
    remove(root)
    source, out = root / "source", root / "out"
    out.mkdir(parents=True)
    make_view(base, source, {})
    directory = _Directory(place, setup, base, source, out)
    missing = directory.configure()
    directory.made("prepare")
    units = directory.build_units(missing)
    directory_said = {
        "units": units,
        "compiled": sorted(unit for unit in directory.compiled),
        "seconds": time.perf_counter() - start,
    }
    unfinished = root / f"{_STAMP}.unfinished"
    unfinished.write_text(json.dumps(directory_said))
    unfinished.rename(root / _STAMP)


@dataclass
class _Directory:
    """A build directory while it is made."""

    place: Place
    setup: Setup
    base: Path
    source: Path
    out: Path

    def __post_init__(self) -> None:
        self.compiled: list[str] = []

    def made(self, *targets: str) -> Ran:
        """Makes targets that have to work. Raises EnvironmentProblem."""
        ran = make(self.source, self.out, self.setup.variant, self.place.jobs, targets)
        if ran.status != 0:
            detail = last_words(ran.output.decode("utf-8", "replace"), "").text
            message = f"`make {' '.join(targets)}` of the base fails ({self.setup.variant.label}): {detail}"
            raise EnvironmentProblem(message, hint=f"the build directory is {self.out}: try it there")
        return ran

    def configure(self) -> dict[str, list[str]]:
        """Configures it so that the units are built; gives the symbols that stayed unset, by unit."""
        self.made("tinyconfig")
        required = {unit: needed(unit, self._read).symbols for unit in self.setup.units}
        symbols = list(dict.fromkeys(symbol for names in required.values() for symbol in names))
        wished = list(
            dict.fromkeys(name for unit in (*self.setup.units, *self.setup.others) for name in self._wishes(unit))
        )
        # What the user asks for is settled first and stays as it is.
        self._set(self.setup.variant.fragment)
        values = self._values()
        if any(name not in values for name in (*symbols, *wished)):
            tree = read_tree(self._read, _SRCARCH.get(self.setup.variant.arch, self.setup.variant.arch))
            fixed = {name for name, _ in re.findall(r"CONFIG_(\w+)(=| is not set)", self.setup.variant.fragment)}
            for number in range(_ROUNDS):
                more = proposal(tree, symbols, wished if number < _ROUNDS - 1 else (), values)
                lines = [f"CONFIG_{name}={value}" for name, value in more.items() if name not in fixed]
                if not lines:
                    break
                self._set("\n".join(lines))
                before, values = values, self._values()
                if values == before:
                    break
        return {unit: [name for name in names if name not in values] for unit, names in required.items()}

    def build_units(self, missing: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
        """Compiles the base's units and gives what became of each."""
        exist = [unit for unit in self.setup.units if (self.base / unit).is_file() and not missing[unit]]
        added = {unit.rpartition("/")[0] for unit in self.setup.units if not (self.base / unit).is_file()}
        neighbours = [self._any_unit(directory) for directory in sorted(added)]
        self.compiled = list(dict.fromkeys([*exist, *filter(None, neighbours)]))
        said: dict[str, list[Diagnostic]] = {}
        if self.compiled:
            targets = [object_of(unit) for unit in self.compiled]
            ran = make(self.source, self.out, self.setup.variant, self.place.jobs, targets)
            said = said_by_target(ran, [self.source, self.base])
        return {
            unit: {
                "reason": self._reason(unit, missing[unit]),
                "diagnostics": [item.to_json() for item in with_sources(said.get(object_of(unit), ()), self._bytes)],
            }
            for unit in self.setup.units
        }

    def _reason(self, unit: str, missing: list[str]) -> str:
        if missing:
            names = ", ".join(f"CONFIG_{name}" for name in missing)
            return f"it needs {names}: give a configuration that has it, --matrix config=FILE"
        if not (self.base / unit).is_file():
            return "the base has no such file, and compiles no other one of its directory"
        return "kbuild does not compile it by itself"

    def _any_unit(self, directory: str) -> str:
        """A .c file of a directory that is built as it is configured; empty if there is none."""
        values = self._values()
        for path in sorted((self.base / directory).glob("*.c")) if (self.base / directory).is_dir() else ():
            unit = str(path.relative_to(self.base))
            ways = needed(unit, self._read)
            if ways.listed and all(name in values for name in ways.symbols):
                return unit
        return ""

    def _wishes(self, unit: str) -> list[str]:
        text = self._read(unit) or ""
        return [name for match in _WISH.finditer(text) for name in _SYMBOL.findall(match[0])]

    def _set(self, lines: str) -> None:
        if lines:
            with (self.out / ".config").open("a") as config:
                config.write(f"{lines}\n")
        self.made("olddefconfig")

    def _values(self) -> dict[str, str]:
        values = config_values((self.out / ".config").read_text())
        return {name: value for name, value in values.items() if value != "n"}

    def _read(self, path: str) -> str | None:
        content = self._bytes(path)
        return None if content is None else content.decode("utf-8", "replace")

    def _bytes(self, path: str) -> bytes | None:
        try:
            return (self.base / path).read_bytes()
        except OSError:
            return None
