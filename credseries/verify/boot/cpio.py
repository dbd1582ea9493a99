"""Archives that the kernel unpacks at its start: cpio "newc".

The format: Documentation/driver-api/early-userspace/buffer-format.rst in the kernel tree.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"
_ALIGNMENT = 4  # bytes


@dataclass(frozen=True)
class Member:
    """A file of an archive: its path without a leading slash, its type and permissions, its content.

    `device` is the major and minor number of a device node.
    """

    path: str
    mode: int
    content: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(path: str) -> Member:
    """A directory that everybody may enter."""
    return Member(path, stat.S_IFDIR | 0o755)


def program(path: str, content: bytes) -> Member:
    """A file that everybody may execute."""
    return Member(path, stat.S_IFREG | 0o755, content)


def archive(members: Iterable[Member]) -> bytes:
    """The archive of these files in their order, all of them root's and of 1970: the same files give the same bytes."""
    parts = [_entry(number, member) for number, member in enumerate(members, start=1)]
    return b"".join((*parts, _entry(0, Member(_TRAILER, 0))))


def _entry(number: int, member: Member) -> bytes:
    name = member.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(member.mode) else 1
    fields = (
        *(number, member.mode, 0, 0, links, 0),  # inode, mode, owner, group, links, time
        *(len(member.content), 0, 0, *member.device, len(name), 0),  # size, device, device node, name, checksum
    )
    header = _MAGIC + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(member.content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNMENT)
