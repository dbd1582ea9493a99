"""Messages as files: a directory of .eml files, or an mbox."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

from credseries.errors import EnvironmentProblem, UsageError
from credseries.mail.message import Message

if TYPE_CHECKING:
    from credseries.mail.reply.draft import Draft
    from credseries.mail.send import UmbrellaMail

# A date that says that it is none; git and b4 only need the line to look like mbox's.
_MBOX_LINE = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
_OUR_NAME = re.compile(r"\d{4}-.+\.eml")
_OUR_MESSAGE_ID = re.compile(r"<\d{8}-(?P<series>.+)-v\d+-\d+-[0-9a-f]+@.+>")


def _series_of(message_id: str) -> str | None:
    found = _OUR_MESSAGE_ID.fullmatch(message_id.strip())
    return found["series"] if found else None


def _is_ours(path: Path, series: str | None) -> bool:
    if not _OUR_NAME.fullmatch(path.name) or series is None:
        return False
    with path.open("rb") as stream:
        headers = BytesHeaderParser().parse(stream)
    return _series_of(str(headers["Message-Id"] or "")) == series


def _earlier_files(directory: Path, series: str | None) -> set[Path]:
    """The .eml files of an earlier run for the same series; others' must not be mixed with them."""
    present = set(directory.glob("*.eml"))
    foreign = sorted(path.name for path in present if not _is_ours(path, series))
    if foreign:
        raise UsageError(
            f"{directory} holds other messages: {', '.join(foreign[:3])}",
            hint="give a new or empty directory: `git send-email` would send these too",
        )
    return present


@contextlib.contextmanager
def _as_problem(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(
            f"the messages cannot be written to {path}: {error.strerror or error}",
            hint="see whether the directory is writable and the disk has room",
        ) from error


def write_messages(messages: Sequence[Message], directory: Path) -> list[Path]:
    """Write every message to a file of its own and return the paths in order.

    Makes the directory. Files of an earlier run for the same series are replaced, those that are no longer
    part of it removed; raises UsageError when the directory holds other .eml files. Every message is written
    out under another name before the first one appears under its own.
    """
    with _as_problem(directory):
        directory.mkdir(parents=True, exist_ok=True)
        series = _series_of(messages[0].message_id) if messages else None
        stale = _earlier_files(directory, series)
        targets = [directory / message.file_name for message in messages]
        with tempfile.TemporaryDirectory(dir=directory, prefix=".writing-") as staging:
            staged = [Path(staging, target.name) for target in targets]
            for message, path in zip(messages, staged, strict=True):
                path.write_bytes(message.data)
            for path, target in zip(staged, targets, strict=True):
                path.replace(target)
        for path in stale.difference(targets):
            path.unlink()
    return targets


def write_umbrella(mail: UmbrellaMail, directory: Path) -> list[Path]:
    """Write a letter over several series to a directory, and each series to a directory of its tree in there.

    The paths are in the order in which the messages are to be sent. Nothing is written when one of the directories
    holds other messages. Raises as `write_messages` does.
    """
    parts = [(directory, [mail.letter]), *((directory / slug(one.tree), one.messages) for one in mail.trees)]
    for place, messages in parts:
        _earlier_files(place, _series_of(messages[0].message_id))
    return [path for place, messages in parts for path in write_messages(messages, place)]


def slug(tree: str) -> str:
    """A tree's name as the name of a directory."""
    return re.sub(r"[^a-z0-9]+", "-", tree.lower()).strip("-") or "tree"


def write_drafts(drafts: Sequence[Draft], directory: Path, *, force: bool) -> list[Path]:
    """Write every draft to a file of its own, all of them or none, and return the paths in order.

    Makes the directory. Raises UsageError when there are messages in it, of which `force` replaces those that have the
    same names; and EnvironmentProblem.
    """
    with _as_problem(directory):
        if not force:
            check_free(directory)
        directory.mkdir(parents=True, exist_ok=True)
        targets = [directory / draft.file_name for draft in drafts]
        _put({target: draft.data for target, draft in zip(targets, drafts, strict=True)}, directory, force=force)
    return targets


def write_drafts_mbox(drafts: Sequence[Draft], path: Path, *, force: bool) -> None:
    """Write the drafts to one mbox file, whole or not at all. Raises UsageError when it is there and not to be written
    over (`force`), and EnvironmentProblem."""
    with _as_problem(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _put({path: mbox_bytes(drafts)}, path.parent, force=force)


def check_free(place: Path) -> None:
    """Raises UsageError when there is a file at a place, or a directory with messages in it."""
    if not place.is_dir():
        if os.path.lexists(place):
            raise UsageError(f"{place} is there already", hint="name another one, or give --force")
        return
    there = [path.name for path in sorted(place.glob("*.eml"))]
    if there:
        raise UsageError(
            f"{place} holds messages: {', '.join(there[:3])}",
            hint="give a new or empty directory, or --force to write over those that have the same names",
        )


def _put(contents: Mapping[Path, bytes], directory: Path, *, force: bool) -> None:
    """Files with their contents, each written out under another name before the first appears under its own."""
    for path in contents:
        if path.is_dir():
            raise UsageError(f"{path} is a directory", hint="name a file in it")
        if not force:
            check_free(path)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".writing-") as staging:
        staged = [Path(staging, path.name) for path in contents]
        for place, data in zip(staged, contents.values(), strict=True):
            place.write_bytes(data)
        for place, path in zip(staged, contents, strict=True):
            place.replace(path)


def mbox_bytes(messages: Sequence[Message | Draft]) -> bytes:
    """The messages as an mbox of the kind mboxrd: lines that start with `From ` are quoted with `>`.

    Readers that know no mboxrd (b4, and git without `--patch-format=mboxrd`) leave that `>` in a commit
    message; diffs never have such lines, so the trees that result do not depend on it.
    """
    parts = []
    for message in messages:
        quoted = re.sub(rb"^(>*From )", rb">\1", message.data, flags=re.MULTILINE)
        parts += [_MBOX_LINE, quoted.rstrip(b"\n"), b"\n\n"]
    return b"".join(parts)


def write_mbox(messages: Sequence[Message], path: Path) -> None:
    """Write the messages to one mbox file, whole or not at all."""
    with _as_problem(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as staging:
            staged = Path(staging, path.name)
            staged.write_bytes(mbox_bytes(messages))
            staged.replace(path)
