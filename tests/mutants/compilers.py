"""What gcc says of a text: whether it compiles, and which warnings it has."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries import resources
from credseries.kernel.git import Repository
from credseries.series.build import Builder

GCC = shutil.which("gcc")
_MESSAGE = re.compile(r"^[^\n]*?: (fatal error|error|warning): (.*?)(?: \[-W(?:error=)?([\w+=-]+)\])?$", re.MULTILINE)
_FLAGS = ("-std=gnu11", "-Wall", "-Wno-unused-function", "-Wno-unused-value", "-fsyntax-only", "-xc")
_PROGRAMS = Path(__file__).parent.parent / "programs"
# What makes it uncertain how a function runs at all.
UNDEFINED = frozenset({"return-type", "uninitialized", "maybe-uninitialized", "array-bounds", "infinite-recursion"})


@dataclass(frozen=True)
class Said:
    """The errors, and the kinds of warnings (those without an option by their text)."""

    errors: tuple[str, ...]
    warnings: frozenset[str]


class Compiler:
    """gcc with the declarations that a kind of files needs."""

    def __init__(self, options: Sequence[str], prelude: bytes = b"") -> None:
        self.options = tuple(options)
        self.prelude = prelude

    def said(self, text: bytes, *more: str) -> Said:
        """What gcc says of a text."""
        command = [GCC or "gcc", *_FLAGS, *self.options, *more, "-"]
        done = subprocess.run(command, input=self.prelude + text, capture_output=True, check=False, timeout=120)
        errors, warnings = [], set()
        for kind, message, flag in _MESSAGE.findall(done.stderr.decode("utf-8", "replace")):
            if kind == "warning":
                warnings.add(flag or message)
            else:
                errors.append(message)
        if done.returncode and not errors:
            errors.append(done.stderr.decode("utf-8", "replace")[-200:])
        return Said(tuple(errors), frozenset(warnings))


def for_programs(directory: Path) -> Compiler:
    """For generated programs: their runtime, the light pair and the guard."""
    shutil.copy(_PROGRAMS / "runtime.h", directory / "runtime.h")
    headers = ["runtime.h", "cred-light.h", "cred-guard.h"]
    for name in headers[1:]:
        shutil.copy(resources.find("patches", name), directory / name)
    prelude = "".join(f'#include "{name}"\n' for name in headers) + '#line 1 "mutant.c"\n'
    return Compiler(["-I", str(directory)], prelude.encode())


def for_miniature(repo: Repository, builder: Builder, directory: Path) -> Compiler:
    """For the files of the miniature tree: its headers as its whole series leaves them."""
    shutil.copytree(repo.work_tree or directory, directory / "tree")
    for patch in builder.patches():
        for path, text in patch.changes.items():
            if path.endswith(".h"):
                (directory / "tree" / path).write_bytes(text)
    tree = directory / "tree"
    include, quoted = str(tree / "include"), str(tree / "fs/overlayfs")
    return Compiler(["-I", include, "-iquote", quoted, "-include", f"{include}/linux/kconfig.h"])
