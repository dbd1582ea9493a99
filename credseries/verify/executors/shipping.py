"""What another machine needs of a repository to check a series: a base without its history, and the states upon it.

Both travel as git bundles, so ids mean the same there as here, and what is there already need not be sent again.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from credseries.errors import UnknownRevision
from credseries.kernel.git import Identity, NewCommit, Repository
from credseries.kernel.git_process import GitProcess, start_git
from credseries.kernel.values import encode_path
from credseries.verify.executors.bare import bare, cut_off, git, initialise
from credseries.words import content_key

_NOBODY = Identity("credseries", "credseries@localhost")
_LONG_AGO = datetime.fromtimestamp(0, UTC)
_BASE = "refs/credseries/base"
_STATES = "refs/credseries/states"
# What is packed already goes as it is. Of a kernel that is not, this takes half of the time that git's own settings
# take, for one in twenty more bytes.
_QUICK = ("-c", "pack.window=0")


class Part(StrEnum):
    """One of the two bundles of a shipment; the series builds on the base."""

    BASE = "base"
    SERIES = "series"


@dataclass(frozen=True)
class Manifest:
    """What a repository has to hold, by object ids: the commit that a series starts from, and commits and trees.

    `cut` are the commits among them that come without their parents. Manifests are equal when their keys are.
    """

    object_format: str
    base: str
    states: tuple[str, ...]
    cut: tuple[str, ...]

    @property
    def key(self) -> str:
        """A name that is made from the content alone."""
        return content_key(self.object_format, self.base, *self.states)


@dataclass(frozen=True)
class Shipment:
    """The repository that objects are taken from, and which ones."""

    repo: Repository
    manifest: Manifest


def make_shipment(repo: Repository, base: str, states: Iterable[str]) -> Shipment:
    """What holds a base commit and some states (commits or trees), all by full id; bundles are made when needed.

    Raises UnknownRevision for what the repository does not have.
    """
    wanted = tuple(sorted(set(states) - {base}))
    parents = _parents(repo, (base, *wanted))
    # Of a commit whose parents do not all come along git must not look for any.
    cut = tuple(sorted(commit for commit, above in parents.items() if not set(above) <= set(parents)))
    return Shipment(repo, Manifest(repo.object_format, base, wanted, cut))


class Bundles:
    """The bundles of a shipment, each made when it is first asked for; they are gone when the block ends.

    Nothing is written to the repository that the objects come from. `made` tells which are there. Threads may share it.
    """

    def __init__(self, shipment: Shipment) -> None:
        self._from, self._manifest = shipment.repo, shipment.manifest
        self._directory = tempfile.TemporaryDirectory(prefix="credseries-")
        self._repo = bare(Path(self._directory.name, "git"), self._manifest.object_format)
        self._lock = threading.Lock()
        self._running: GitProcess | None = None
        self._stopped = False
        self.made: list[Part] = []

    def __enter__(self) -> Bundles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()
        with self._lock:
            self._directory.cleanup()

    def stop(self) -> None:
        """Ends what is being made; the thread that waits for it gets a GitFailed, as for all that it asks for later."""
        self._stopped = True
        if self._running is not None:
            self._running.close()

    def path(self, part: Part) -> Path:
        """The file of a bundle; raises GitFailed."""
        with self._lock:
            file = Path(self._directory.name, f"{part}.bundle")
            if part not in self.made:
                if not self._repo.git_dir.exists():
                    self._prepare()
                if part is Part.BASE:
                    self._bundle(*_QUICK, "bundle", "create", "--quiet", str(file), _BASE)
                else:
                    states = self._repo.refs(_STATES)
                    self._bundle("bundle", "create", "--quiet", str(file), *states, f"^{_BASE}")
                self.made.append(part)
            return file

    def _prepare(self) -> None:
        """Makes a repository that has all objects of the other one, and refs to what is to be shipped."""
        repo, manifest = self._repo, self._manifest
        initialise(repo)
        objects = self._from.common_dir / "objects"
        (repo.git_dir / "objects" / "info" / "alternates").write_bytes(encode_path(f"{objects}\n"))
        cut_off(repo, manifest.cut)
        # A tree needs a commit around it. And this chain begins at the base, so that what the base has is left out.
        carriers = repo.write_commits(
            manifest.base,
            [NewCommit("state", tree=tree) for tree in repo.trees(manifest.states).values()],
            author=_NOBODY,
            committer=_NOBODY,
            when=_LONG_AGO,
        )
        tips = (*_parents(repo, manifest.states), *carriers[-1:])
        refs = {_BASE: manifest.base, **{f"{_STATES}/{tip}": tip for tip in tips}}
        git(repo, "update-ref", "--stdin", data="".join(f"create {name} {tip}\n" for name, tip in refs.items()))

    def _bundle(self, *arguments: str) -> None:
        process = start_git(arguments, directory=self._repo.git_dir, environment={"GIT_DIR": str(self._repo.git_dir)})
        self._running = process.read_in_background()
        if self._stopped:
            process.close()
        finished = process.finish()
        self._running = None
        if finished.status or self._stopped:
            raise process.failure(finished)


def _parents(repo: Repository, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The parents of those that are commits, as the commits themselves have them, whatever history the repository has.

    Raises UnknownRevision for what is neither a commit nor a tree that is there.
    """
    output = git(repo, "cat-file", "--batch", data="".join(f"{name}\n" for name in names))
    found: dict[str, tuple[str, ...]] = {}
    position = 0
    for name in names:
        start = output.index(b"\n", position) + 1
        _, kind, *size = output[position : start - 1].decode().split(" ")
        if kind not in ("commit", "tree"):
            raise UnknownRevision(f"git knows no commit or tree {name}", hint="`git fetch` gets what is missing")
        position = start + int(size[0]) + 1
        if kind == "commit":
            header = output[start:position].split(b"\n\n", 1)[0].decode("utf-8", "replace").split("\n")
            found[name] = tuple(line.removeprefix("parent ") for line in header if line.startswith("parent "))
    return found
