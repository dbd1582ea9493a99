"""Where mails come from: mboxes, maildirs, directories and files of messages, archives in git, standard input."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from credseries.errors import EnvironmentProblem, UsageError
from credseries.mail.thread.archived import as_message
from credseries.mail.thread.inbox import git_dirs, read_inbox
from credseries.mail.thread.mbox import is_mbox, split_mbox

LIMIT = 512 * 1024 * 1024  # bytes of a file, unpacked
FILES = 20_000  # in a directory
_GZIP = b"\x1f\x8b"
_FIELD = re.compile(rb"\s*[!-9;-~]+:[ \t\r\n]")
_MESSAGES = (".eml", ".mbox", ".mbx", ".patch", ".gz", ".txt")
_GIVE = "give an mbox (gzip'ed or not), a maildir, .eml files, a page of an archive as text, or a public-inbox archive"


@dataclass(frozen=True)
class Raw:
    """A message as it came: `where` tells a person which one is meant."""

    where: str
    data: bytes


def read_source(place: Path, ids: Sequence[str] = (), stdin: BinaryIO | None = None) -> tuple[Raw, ...]:
    """The messages at a place, in its order; `-` is `stdin`.

    `ids` are bare Message-Ids: of an archive in git only the threads that they belong to are read, of other places
    everything. Raises UsageError when the place is not there, is none of these or holds no message;
    EnvironmentProblem when it cannot be read.
    """
    try:
        if str(place) == "-" and stdin is not None:
            found = _of_bytes(stdin.read(LIMIT + 1), "standard input")
        elif place.is_dir():
            found = _of_directory(place, ids)
        elif place.exists():
            found = _of_file(place)
        else:
            raise UsageError(f"{place} is not there", hint=_GIVE)
    except OSError as error:
        raise EnvironmentProblem(
            f"{error.filename or place} cannot be read: {error.strerror or error}", hint="see who may read it"
        ) from error
    if not found:
        raise UsageError(f"{place} holds no message", hint=_GIVE)
    return tuple(found)


def _of_file(path: Path) -> list[Raw]:
    if path.stat().st_size > LIMIT:
        raise _too_large(str(path))
    with path.open("rb") as stream:  # which may be a pipe, without a size
        return _of_bytes(stream.read(LIMIT + 1), str(path))


def _of_bytes(data: bytes, where: str) -> list[Raw]:
    """The messages of a file's contents: a mailbox's, or one. Raises UsageError for what is neither."""
    if data.startswith(_GZIP):
        data = _unpacked(data, where)
    if len(data) > LIMIT:
        raise _too_large(where)
    if not data.strip():
        return []
    if is_mbox(data):
        return [Raw(f"{where}:{number}", message) for number, message in enumerate(split_mbox(data), start=1)]
    if as_message(data) is not None or _FIELD.match(data.removeprefix(b"\xef\xbb\xbf")):
        return [Raw(where, data)]
    raise UsageError(f"{where} is neither a mailbox nor a message: {_seen(data)}", hint=_GIVE)


def _unpacked(data: bytes, where: str) -> bytes:
    """What gzip packed, several files behind one another among it; the end may be missing."""
    done, rest = b"", data
    while rest.startswith(_GZIP):
        reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            done += reader.decompress(rest, LIMIT + 1 - len(done))
        except zlib.error as error:
            raise UsageError(f"{where} is damaged: {error}", hint="fetch or pack it anew") from error
        if len(done) > LIMIT:
            raise _too_large(where)
        rest = reader.unused_data
        if not reader.eof:
            raise UsageError(f"{where} is damaged: it ends in the middle", hint="fetch or pack it anew")
    return done


def _too_large(where: str) -> UsageError:
    return UsageError(
        f"{where} has more than {LIMIT // 1024 // 1024} MiB", hint="cut it down to the thread: `b4 mbox MESSAGE-ID`"
    )


def _seen(data: bytes) -> str:
    """What a file looks like that is no mail, in words."""
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "it is a web page; save it as text, or give the mail as it was sent (lore's link `raw`)"
    if b"\0" in data[:8192]:
        return "it is binary"
    line = data.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    return f"it begins with {line[:60]!r}"


def _of_directory(place: Path, ids: Sequence[str]) -> list[Raw]:
    if (place / "cur").is_dir() or (place / "new").is_dir():
        return [raw for name in ("cur", "new") for raw in _of_messages(place / name)]
    mails = [path for path in _files(place) if path.suffix.lower() in _MESSAGES]
    if mails and not (place / "HEAD").is_file():
        return [raw for path in mails for raw in _of_file(path)]
    if git_dirs(place):
        return [Raw(f"{item.git_dir}:{item.object[:12]}", data) for item, data in read_inbox(place, ids)]
    names = sorted(path.name for path in place.iterdir())
    seen = f"it has {', '.join(names[:3])}" if names else "it is empty"
    raise UsageError(f"{place} holds no mail: {seen}", hint=_GIVE)


def _of_messages(directory: Path) -> Iterator[Raw]:
    """The files of a part of a maildir; each is one message, whatever it begins with."""
    if directory.is_dir():
        for path in _files(directory):
            if path.stat().st_size > LIMIT:
                raise _too_large(str(path))
            yield Raw(str(path), path.read_bytes())


def _files(directory: Path) -> list[Path]:
    found = sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))
    if len(found) > FILES:
        raise UsageError(f"{directory} has more than {FILES} files", hint="give a mailbox of the thread alone")
    return found
