"""Where a worker keeps what it is sent: a bare repository for every base, in its own cache directory.

Git adds a pack whole or not at all, and each has all that its commits reach, or builds on one that was there before.
So what the repository has by its id, it has with everything below it: that is how a shipment is known to be there.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import EnvironmentProblem
from credseries.kernel.git import Repository
from credseries.verify.executors.bare import bare, cut_off, git, initialise
from credseries.verify.executors.shipping import Manifest, Part
from credseries.verify.once import locked, remove

_KEPT = 24 * 3600  # seconds since the last piece of a bundle came


@dataclass(frozen=True)
class Depot:
    """What is kept below a cache directory; any number of processes and threads may use it at once."""

    cache: Path

    def repository(self, manifest: Manifest) -> Repository:
        """The repository for all that builds on this base; what is in it is another question."""
        return bare(self._directory / manifest.base, manifest.object_format)

    def missing(self, manifest: Manifest) -> tuple[Part, ...]:
        """The parts that have to be sent; what is damaged counts as not there."""
        return _missing(self.repository(manifest), manifest)

    def receive(self, name: str, offset: int, data: bytes) -> None:
        """Puts a piece of a bundle into the file that waits under a name, at an offset in bytes.

        Raises EnvironmentProblem.
        """
        file = self._file(name)
        try:
            if not offset:
                file.parent.mkdir(parents=True, exist_ok=True)
                _remove_old(file.parent)
            with file.open("r+b" if offset else "wb") as stream:
                stream.seek(offset)
                stream.write(data)
        except OSError as error:
            hint = "is there room on that disk, and may you write there?"
            raise EnvironmentProblem(f"{file} cannot be written: {error.strerror}", hint=hint) from error

    def unpack(self, manifest: Manifest, part: Part, name: str) -> None:
        """Takes a bundle over that has come under a name, unless another one was faster, and removes its file.

        What is missing then is to be asked again: where this does not help, all is thrown away. Raises GitFailed, and
        EnvironmentProblem when the directory cannot be written.
        """
        file = self._file(name)
        repo = self.repository(manifest)
        try:
            with locked(repo.git_dir.with_name(repo.git_dir.name + ".lock")):
                if part not in _missing(repo, manifest):
                    return
                if part is Part.BASE:
                    self._make(manifest, file)
                else:
                    cut_off(repo, manifest.cut)
                    git(repo, "bundle", "unbundle", str(file))
                    if part in _missing(repo, manifest):  # git keeps a damaged pack of the same name
                        remove(repo.git_dir)
        finally:
            file.unlink(missing_ok=True)

    def _make(self, manifest: Manifest, bundle: Path) -> None:
        """Makes the repository aside, and then puts it where the others look for it."""
        place = self.repository(manifest).git_dir
        new, old = place.with_name(place.name + ".new"), place.with_name(place.name + ".old")
        for left in (new, old):  # by a process that was killed
            remove(left)
        repo = bare(new, manifest.object_format)
        initialise(repo)
        git(repo, "config", "gc.auto", "0")  # no ref holds what is kept here
        cut_off(repo, (commit for commit in manifest.cut if commit == manifest.base))
        git(repo, "bundle", "unbundle", str(bundle))
        if place.exists():
            place.rename(old)
        new.rename(place)
        remove(old)

    @property
    def _directory(self) -> Path:
        return self.cache / "repositories"

    def _file(self, name: str) -> Path:
        return self._directory / "incoming" / name


def _remove_old(directory: Path) -> None:
    """Removes what somebody began to send and never finished."""
    for file in directory.iterdir():
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < time.time() - _KEPT:
                file.unlink()


def _missing(repo: Repository, manifest: Manifest) -> tuple[Part, ...]:
    if not repo.git_dir.is_dir():
        return (Part.BASE, Part.SERIES)
    # The tree's own name makes git read the commit, and see a pack that is damaged.
    names = (manifest.base, f"{manifest.base}^{{tree}}", *manifest.states)
    answers = repo.ran("cat-file", "--batch-check", environment={}, data="".join(f"{x}\n" for x in names).encode())
    there = [not line.endswith(b" missing") for line in answers.output.splitlines()]
    if answers.status or not all(there[:2]):
        return (Part.BASE, Part.SERIES)
    return () if all(there) else (Part.SERIES,)
