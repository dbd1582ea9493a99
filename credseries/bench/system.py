"""What the kernel says of the machine in files below /proc and /sys, from a root directory that may be another one."""

from __future__ import annotations

import re
from pathlib import Path

_LIMIT = 4 << 20  # bytes: more than any file there that is read; what is longer is not for this


def content(root: Path, path: str, limit: int = _LIMIT) -> bytes | None:
    """The first `limit` bytes of the file at an absolute path below a root; None where it cannot be read."""
    try:
        with (root / path.lstrip("/")).open("rb") as stream:
            return stream.read(limit)
    except OSError:
        return None


def text(root: Path, path: str, limit: int = _LIMIT) -> str | None:
    """The same as text, without blanks at its ends."""
    found = content(root, path, limit)
    return None if found is None else found.decode("utf-8", "replace").strip("\x00 \t\r\n")


def names(root: Path, path: str) -> tuple[str, ...] | None:
    """The names in a directory below a root, sorted; None where it cannot be listed."""
    try:
        return tuple(sorted(entry.name for entry in (root / path.lstrip("/")).iterdir()))
    except OSError:
        return None


def numbers(listing: str | None) -> frozenset[int] | None:
    """The numbers in a list of the kernel's (`0-3,8`, cputopology.rst); None for what is no such list."""
    if listing is None or not re.fullmatch(r"(?:\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)?", listing, re.ASCII):
        return None
    found: set[int] = set()
    for part in filter(None, listing.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def listing(found: frozenset[int]) -> str:
    """Numbers written the way the kernel does: `0-3,8`."""
    parts: list[list[int]] = []
    for number in sorted(found):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def online(root: Path) -> frozenset[int] | None:
    """The numbers of the processors that are online; None where the kernel does not say."""
    return numbers(text(root, "/sys/devices/system/cpu/online")) or None


def node_processors(root: Path) -> tuple[frozenset[int], ...] | None:
    """The processors of each NUMA node that has any, in the nodes' order; None where the kernel does not say.

    Nodes of memory alone are left out: nothing there can take a cache line from anybody.
    """
    entries = [name for name in names(root, "/sys/devices/system/node") or () if re.fullmatch(r"node\d+", name)]
    places = sorted(entries, key=lambda name: int(name[4:]))
    found = [numbers(text(root, f"/sys/devices/system/node/{name}/cpulist")) for name in places]
    return tuple(cpus for cpus in found if cpus) or None
