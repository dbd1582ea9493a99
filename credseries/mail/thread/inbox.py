"""Archives of mailing lists in git, as public-inbox keeps them: their mails, of the threads that are asked for.

A message is the file `m` of a commit in `git/N.git` (version 2 of the format, public-inbox-v2-format(5): `d` in a later
commit takes it back), or a file below directories named by two hex digits (version 1, public-inbox-v1-format(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from credseries.errors import GitFailed, UsageError
from credseries.kernel.git import Repository

UNASKED = 5_000  # messages that are read when no Message-Id says which
SCANNED = 400_000  # messages, the newest, that are looked through for a thread
_BATCH = 2_000  # objects that one git process gives
_HEAD = 65_536  # bytes of a message in which its ids stand
_ID_FIELDS = re.compile(rb"^(message-id|in-reply-to|references)[ \t]*:((?:.*\r?\n(?:[ \t].*\r?\n)*))", re.I | re.M)
_ID = re.compile(rb"<([^<>\s]+)>")


@dataclass(frozen=True)
class Kept:
    """A message of an archive: the name of its object in a git directory."""

    git_dir: Path
    object: str


def git_dirs(place: Path) -> tuple[Path, ...]:
    """The git directories of an archive, newest epoch first; none when the directory is no archive and no repository.

    It may be the directory of a list (`git/0.git`, `git/1.git`, ...), one of these, `all.git`, or a work tree's.
    """
    epochs = [path for path in (place / "git").glob("*.git") if path.stem.isdigit() and _is_git(path)]
    if epochs:
        return tuple(sorted(epochs, key=lambda path: int(path.stem), reverse=True))
    for path in (place, place / "all.git", place / ".git"):
        if _is_git(path):
            return (path,)
    return ()


def _is_git(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir()


def read_inbox(place: Path, ids: Sequence[str] = ()) -> list[tuple[Kept, bytes]]:
    """The messages of an archive in the order in which they came; with `ids` (bare Message-Ids) those of their threads.

    A thread is all that refers to one another. Raises UsageError when the directory is no archive, holds none of them
    among its newest SCANNED messages, or, without `ids`, more than UNASKED; GitFailed.
    """
    kept = list(islice(_messages(place), SCANNED if ids else UNASKED + 1))
    if not ids and len(kept) > UNASKED:
        raise UsageError(
            f"{place} holds more than {UNASKED} messages",
            hint="say which thread is meant: a Message-Id, or a series that was sent",
        )
    chosen = _threads(kept, ids) if ids else kept
    if ids and not chosen:
        more = f" among its newest {SCANNED}" if len(kept) == SCANNED else ""
        raise UsageError(
            f"{place} has no message{more} with, or about, <{ids[0]}>"
            + (f" or {len(ids) - 1} more" if ids[1:] else ""),
            hint="fetch the archive anew (`git fetch` in it), or give an mbox of the thread",
        )
    return list(reversed(list(_contents(chosen))))


def _messages(place: Path) -> Iterator[Kept]:
    """The messages, newest first, without those that were taken back."""
    dirs = git_dirs(place)
    if not dirs:
        raise UsageError(f"{place} is no public-inbox archive", hint="give the directory that has git/0.git in it")
    taken_back: set[str] = set()
    for git_dir in dirs:
        top = _names(git_dir)
        if top and all(re.fullmatch(r"[0-9a-f]{2}", name) for name in top):
            yield from _files(git_dir)
        elif top and set(top) <= {"m", "d"}:
            yield from _commits(git_dir, taken_back)
        elif top:
            raise UsageError(
                f"{git_dir} is a git repository, and no public-inbox archive: it has {', '.join(top[:3])}",
                hint="an archive has mails for commits; give the directory that has git/0.git in it, or an mbox",
            )


def _git(git_dir: Path, *arguments: str, data: bytes | None = None, may_fail: bool = False) -> bytes:
    repo = _repository(git_dir.absolute())
    finished = repo.ran(*arguments, environment={}, data=data)
    if finished.status != 0 and not may_fail:
        raise GitFailed(
            f"`git {arguments[0]}` failed in {git_dir} with status {finished.status}: {finished.errors}",
            hint="the archive may be damaged: see what `git fsck` says in it",
        )
    return finished.output


@lru_cache(maxsize=1)
def _repository(git_dir: Path) -> Repository:
    """The one that is being read, so that its configuration is read once."""
    return Repository(git_dir, git_dir, None)


def _names(git_dir: Path) -> list[str]:
    """The names at the top of the newest commit; none when there is no commit yet."""
    return _git(git_dir, "ls-tree", "--name-only", "HEAD", may_fail=True).decode("utf-8", "replace").split("\n")[:-1]


def _files(git_dir: Path) -> Iterator[Kept]:
    """A file is named by its Message-Id's hash: history knows the order, newest first."""
    now = {line.split()[2].decode() for line in _git(git_dir, "ls-tree", "-r", "HEAD").splitlines()}
    log = _git(git_dir, "log", "--first-parent", "--no-renames", "--no-abbrev", "--raw", "--format=", "HEAD", "--")
    for line in log.splitlines():
        name = line.split()[3].decode()
        if name in now:
            now.remove(name)
            yield Kept(git_dir, name)
    yield from (Kept(git_dir, name) for name in sorted(now))  # of a history that was cut


def _commits(git_dir: Path, taken_back: set[str]) -> Iterator[Kept]:
    commits = _git(git_dir, "rev-list", "HEAD").decode().split()
    for start in range(0, len(commits), _BATCH):
        wanted = [f"{commit}:{name}" for commit in commits[start : start + _BATCH] for name in ("d", "m")]
        answers = _git(git_dir, "cat-file", "--batch-check", data="\n".join((*wanted, "")).encode()).splitlines()
        for name, answer in zip(wanted, answers, strict=True):
            found = answer.split()
            if found[1:2] != [b"blob"]:
                continue
            blob = found[0].decode()
            if name.endswith(":d"):
                taken_back.add(blob)
            elif blob not in taken_back:
                yield Kept(git_dir, blob)


def _contents(kept: Iterable[Kept]) -> Iterator[tuple[Kept, bytes]]:
    pending = list(kept)
    while pending:
        git_dir = pending[0].git_dir
        batch = [item for item in pending[:_BATCH] if item.git_dir == git_dir]
        pending = pending[len(batch) :]
        names = "".join(f"{item.object}\n" for item in batch).encode()
        output = _git(git_dir, "cat-file", "--batch", data=names)
        at = 0
        for item in batch:
            end = output.index(b"\n", at)
            size = int(output[at:end].split()[2])
            yield item, output[end + 1 : end + 1 + size]
            at = end + size + 2


def _threads(kept: Sequence[Kept], ids: Sequence[str]) -> list[Kept]:
    """The messages that are connected with some ids, by their own ids and those that they refer to."""
    named = [(item, _ids(data)) for item, data in _contents(kept)]
    holders: dict[str, list[int]] = {}
    for number, (_, mentioned) in enumerate(named):
        for identity in mentioned:
            holders.setdefault(identity, []).append(number)
    reached: set[int] = set()
    open_ids, seen = list(ids), set(ids)
    while open_ids:
        for number in holders.get(open_ids.pop(), ()):
            if number not in reached:
                reached.add(number)
                new = set(named[number][1]) - seen
                seen |= new
                open_ids += new
    return [named[number][0] for number in sorted(reached)]


def _ids(message: bytes) -> tuple[str, ...]:
    """The Message-Ids in the fields of a message, its own among them."""
    head = re.split(rb"\r?\n\r?\n", message[:_HEAD], maxsplit=1)[0] + b"\n"
    return tuple(
        identity.decode("utf-8", "replace")
        for field in _ID_FIELDS.finditer(head)
        for identity in _ID.findall(field.group(2))
    )
