"""The input of git-fast-import(1) that makes a chain of commits and leaves no ref behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from credseries.kernel.values import Identity, NewCommit, encode_path

_NEW_FILE_MODE = "100644"


def fast_import_stream(
    base: str,
    commits: Sequence[NewCommit],
    *,
    author: Identity,
    committer: Identity,
    when: datetime,
    modes: Mapping[str, str],
    ref: str,
) -> bytes:
    """The stream; git answers it with the commits' ids, one a line, oldest first.

    `ref` is a name that the stream itself needs; it is reset to nothing at the end, so git never writes it.
    `modes` holds the modes of files that exist at `base`, the others become plain files. Raises ValueError if
    `when` has no time zone.
    """
    stamp = _stamp(when)
    parts: list[bytes] = []
    for number, commit in enumerate(commits, start=1):
        parts.append(f"commit {ref}\nmark :{number}\n".encode())
        parts.append(_person("author", commit.author or author, commit.author_date or stamp))
        parts.append(_person("committer", committer, stamp))
        message = commit.message if commit.message.endswith("\n") else commit.message + "\n"
        parts.append(_data(message.encode()))
        if number == 1:
            parts.append(f"from {base}\n".encode())
        if commit.tree is not None:
            parts.append(f'M 040000 {commit.tree} ""\n'.encode())
        for path, content in sorted(commit.changes.items()):
            parts.append(f"M {modes.get(path, _NEW_FILE_MODE)} inline ".encode() + _quoted(path) + b"\n")
            parts.append(_data(content))
    parts.extend(f"get-mark :{number}\n".encode() for number in range(1, len(commits) + 1))
    parts.append(f"reset {ref}\nfrom {'0' * len(base)}\n\ndone\n".encode())
    return b"".join(parts)


def _stamp(when: datetime) -> str:
    if when.tzinfo is None:
        raise ValueError("a commit's date needs a time zone")
    return f"{int(when.timestamp())} {when.strftime('%z')[:5]}"  # +hhmm: git knows no seconds in an offset


def _person(role: str, identity: Identity, stamp: str) -> bytes:
    name, email = (text.translate({ord(char): None for char in "<>\n\0"}) for text in (identity.name, identity.email))
    return f"{role} {name} <{email}> {stamp}\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    escaped = encode_path(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
