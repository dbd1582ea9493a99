"""Annotated tags as objects: read, and written without a ref that names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from credseries.errors import GitFailed
from credseries.kernel.git import Repository
from credseries.kernel.values import Identity

_PREFIX = "refs/tags/"


@dataclass(frozen=True)
class Tag:
    """An annotated tag: the ids of its object and of the commit that it names, and its message."""

    id: str
    commit: str
    message: str


@dataclass(frozen=True)
class NamedTag:
    """A tag, annotated or not, as a list of tags shows it: its name, the commit, its day (ISO 8601), its message."""

    name: str
    commit: str
    date: str
    message: str


def list_tags(repo: Repository, below: str) -> list[NamedTag]:
    """The tags below a directory of tags, by name, read by one process."""
    fields = ("%(refname:lstrip=2)", "%(objectname)", "%(*objectname)", "%(creatordate:short)", "%(contents)", "%00")
    finished = repo.ran("for-each-ref", f"--format={'%00'.join(fields)}", f"{_PREFIX}{below}/", environment={})
    found = []
    for record in finished.output.decode("utf-8", "replace").split("\0\0\n"):
        name, _, rest = record.partition("\0")
        if rest:
            commit, peeled, date, message = rest.split("\0", 3)
            found.append(NamedTag(name, peeled or commit, date, message))
    return found


def tag_ref(name: str) -> str:
    """The full name of a tag's ref."""
    return _PREFIX + name


def read_tag(repo: Repository, name: str) -> Tag | None:
    """An annotated tag; None when there is none of that name, or one without a message. Raises GitFailed."""
    target = repo.ref(tag_ref(name))
    if target is None:
        return None
    found = repo.ran("cat-file", "tag", target, environment={})
    if found.status != 0:
        return None  # a lightweight one
    _, _, message = found.output.decode("utf-8", "replace").partition("\n\n")
    return Tag(target, repo.resolve(target), message)


def write_tag(repo: Repository, name: str, commit: str, message: str, tagger: Identity, when: datetime) -> str:
    """Write the object of an annotated tag of a commit, with its message as `git tag` cleans it; gives its id.

    Raises GitFailed, also for what `git fsck` would find wrong with it.
    """
    cleaned = repo.ran("stripspace", "--strip-comments", environment={}, data=message.encode())
    if cleaned.status != 0:
        raise GitFailed(f"`git stripspace` failed: {cleaned.errors}", hint="is the disk full?")
    stamp = f"{int(when.timestamp())} {when:%z}"
    header = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger} {stamp}\n\n"
    made = repo.ran("mktag", environment={}, data=header.encode() + cleaned.output)
    if made.status != 0:
        raise GitFailed(f"the tag {name} cannot be made: {made.errors}", hint="see what `git fsck` says")
    return made.output.decode().strip()
