"""What goes in and out of a repository, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Identity:
    """A person as git names one; prints as `Name <email>`."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True)
class NewCommit:
    """A commit to be made: its message, and the whole new contents of the files that it changes or adds.

    With a `tree` it has exactly that tree, and no changes. `author` and `author_date` (as git stores it: seconds since
    1970, a space, +hhmm) are those of the chain unless they are given.
    """

    message: str
    changes: Mapping[str, bytes] = field(default_factory=dict)
    tree: str | None = None
    author: Identity | None = None
    author_date: str | None = None


@dataclass(frozen=True)
class RefChange:
    """A ref to be set to `new` (or, all zeros, deleted).

    `old` is the id that it must have before; all zeros: it must not exist; None: it does not matter.
    """

    ref: str
    new: str
    old: str | None = None


@dataclass(frozen=True)
class FileChange:
    """What a commit does to a file: modes and blob ids before and after (zeros: none), lines added and removed.

    Both counts are 0 for a binary file.
    """

    path: str
    modes: tuple[str, str]
    blobs: tuple[str, str]
    added: int
    removed: int


@dataclass(frozen=True)
class CommitInfo:
    """A commit as a series sees it; `body` is the message without its subject.

    `author_date` is as git stores it, `committed` in seconds since 1970.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    subject: str
    body: str
    message: str
    author: Identity
    author_date: str
    committer: Identity
    committed: int


def encode_path(path: str) -> bytes:
    """The bytes of a path; undoes `decode_path`."""
    return path.encode("utf-8", "surrogateescape")


def decode_path(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 survive as surrogates, as in Python's file functions."""
    return path.decode("utf-8", "surrogateescape")
