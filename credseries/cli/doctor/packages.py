"""Which package brings a program, and how the distribution that this is installs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class _Distribution:
    name: str
    install: str
    ids: tuple[str, ...]  # os-release(5), ID and ID_LIKE


_DEBIAN = _Distribution("Debian", "apt install", ("debian", "ubuntu"))
_FEDORA = _Distribution("Fedora", "dnf install", ("fedora", "rhel", "centos"))
_ARCH = _Distribution("Arch", "pacman -S", ("arch",))
_ALL = (_DEBIAN, _FEDORA, _ARCH)
# Where they are called otherwise than in Debian, as far as is known; the same name holds elsewhere.
_FEDORA_NAMES: Mapping[str, str] = {
    "busybox-static": "busybox",
    "gnupg": "gnupg2",
    "libc6-dev": "glibc-devel glibc-static",
    "libelf-dev": "elfutils-libelf-devel",
    "libssl-dev": "openssl-devel",
    "linux-perf": "perf",
    "openssh-client": "openssh-clients",
}
_ARCH_NAMES: Mapping[str, str] = {
    "busybox-static": "busybox",
    "libc6-dev": "glibc linux-api-headers",
    "libelf-dev": "libelf",
    "libssl-dev": "openssl",
    "linux-perf": "perf",
    "openssh-client": "openssh",
}


def fix(packages: Iterable[str], os_release: str) -> str:
    """How to install packages (Debian's names) on the system that an os-release file describes; everywhere, when it is
    none of those that are known."""
    wanted = list(dict.fromkeys(packages))
    own = _distribution(os_release)
    if own is not None:
        return _command(own, wanted)
    return "; ".join(f"{each.name}: {_command(each, wanted)}" for each in _ALL)


def _command(distribution: _Distribution, packages: Iterable[str]) -> str:
    called: Callable[[str], str] = str
    if distribution is _FEDORA:
        called = _fedora
    elif distribution is _ARCH:
        called = _arch
    names = dict.fromkeys(name for package in packages for name in called(package).split())
    return f"{distribution.install} {' '.join(names)}"


def _fedora(package: str) -> str:
    # One compiler for each machine, in packages that are named in their own way: gcc-aarch64-linux-gnu.
    return _FEDORA_NAMES.get(package, re.sub(r"^(clang)-\d+$", r"\1", package))


def _arch(package: str) -> str:
    return _ARCH_NAMES.get(package, re.sub(r"^(clang)-\d+$", r"\1", package))


def _distribution(os_release: str) -> _Distribution | None:
    values = dict(re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    ids = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".split()
    return next((each for name in ids for each in _ALL if name in each.ids), None)
