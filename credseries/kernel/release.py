"""Which kernel a commit is, from its top-level Makefile."""

from __future__ import annotations

import re

from credseries.errors import NotAKernelTree
from credseries.kernel.git import Repository

_ASSIGNMENT = re.compile(rb"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*([^\s#]*)", re.MULTILINE)
_HINT = "run credseries in a Linux kernel tree, or name one: --tree DIR"
_NEEDED = ("Makefile", "include/linux/cred.h", "MAINTAINERS")


def read_release(makefile: bytes) -> str:
    """The version as `make kernelversion` prints it, e.g. `6.13.0-rc1`; raises NotAKernelTree.

    The rule is KERNELVERSION in the kernel's Makefile.
    """
    values: dict[str, str] = {}
    for name, value in _ASSIGNMENT.findall(makefile):
        values.setdefault(name.decode(), value.decode("ascii", "replace"))
    missing = [name for name in ("VERSION", "PATCHLEVEL") if not values.get(name)]
    if missing:
        raise NotAKernelTree(f"the Makefile does not set {' and '.join(missing)}", hint=_HINT)
    numbers = [values["VERSION"], values["PATCHLEVEL"], values.get("SUBLEVEL", "")]
    return ".".join(number for number in numbers if number) + values.get("EXTRAVERSION", "")


def check_kernel_tree(repository: Repository, commit: str) -> str:
    """The kernel version of a commit; raises NotAKernelTree, which names what is missing."""
    files = repository.read_files(commit, _NEEDED)
    missing = [path for path in _NEEDED if path not in files]
    if missing:
        raise NotAKernelTree(f"{commit[:12]} is not a kernel tree: it has no {', '.join(missing)}", hint=_HINT)
    return read_release(files["Makefile"])
