"""What goes in and out of a repository, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """A person as git names one; prints as `Name <email>`."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True)
class NewCommit:
    """A commit to be made: its message and the whole new contents of the files that it changes or adds."""

    message: str
    changes: Mapping[str, bytes]


@dataclass(frozen=True)
class RefChange:
    """A ref to be set to `new` (or, all zeros, deleted).

    `old` is the id that it must have before; all zeros: it must not exist; None: it does not matter.
    """

    ref: str
    new: str
    old: str | None = None


@dataclass(frozen=True)
class FileStat:
    """Lines added to and removed from a file; both 0 for a binary file."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True)
class CommitInfo:
    """A commit as a series sees it; `body` is the message without its subject."""

    id: str
    tree: str
    subject: str
    body: str


def encode_path(path: str) -> bytes:
    """The bytes of a path; undoes `decode_path`."""
    return path.encode("utf-8", "surrogateescape")


def decode_path(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 survive as surrogates, as in Python's file functions."""
    return path.decode("utf-8", "surrogateescape")
