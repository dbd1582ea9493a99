"""The source tree of any state of a series, as symbolic links to the base's files but for what differs.

Directories are real only along the paths that differ. So an include finds exactly what it would find in a checkout, as
long as no path goes up (`..`) out of a directory that is a link: there the base's neighbours would be seen. Who uses a
view therefore looks at what was read (`misread`), and makes more directories real when that happens.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from credseries.verify.once import remove


@dataclass(frozen=True)
class File:
    """A file of a state: its contents, and its mode as git writes it; a symbolic link's contents are its target."""

    content: bytes
    mode: str = "100644"


Changes = Mapping[str, File | None]  # by path; None: the state has no such file


def make_view(base: Path, view: Path, changes: Changes, real: Iterable[str] = ()) -> None:
    """Makes the directory `view`: the tree `base` with `changes`. The directories `real` are to be real ones."""
    _Level(base, view, _nested(changes, real)).make()


def update_view(base: Path, view: Path, changes: Changes) -> None:
    """Changes a view in place to another state, so that only what differs gets a new time of modification.

    A file that once differed from the base stays a real one: a link would bring back the base's time, which is before
    that of what was built meanwhile.
    """
    change_view(base, view, dict.fromkeys(_differing(base, view)), changes)


def change_view(base: Path, view: Path, old: Changes, new: Changes, real: Iterable[str] = ()) -> None:
    """As `update_view`, when it is known in which files the view may differ from the base: `old`.

    The directories `real` become real ones.
    """
    for path in real:
        _make_real(base, view, path)
    for path in old:
        if path not in new:
            _put(base, view, path, _read(base / path))
    # Removals last: the base's files come along when a directory becomes a real one.
    for path, file in sorted(new.items(), key=lambda item: (item[1] is None, item[0])):
        _put(base, view, path, file)


def misread(base: Path, changes: Iterable[str], dependencies: Iterable[str]) -> list[str]:
    """The files (paths in the tree) that were read from the base although they differ in this state.

    `dependencies` are the absolute paths that a compiler says it read.
    """
    differing = {identity: path for path in changes if (identity := _identity(str(base / path))) is not None}
    read = {_identity(path) for path in dependencies} if differing else set()
    return sorted(path for identity, path in differing.items() if identity in read)


def _identity(path: str) -> tuple[int, int] | None:
    """What is the same for all paths of a file, however many links they go through; None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  # hundreds of paths, and Path takes longer
    except OSError:
        return None
    return found.st_dev, found.st_ino


class _Directory(dict[str, "_Directory | File | None"]):
    """What differs in a directory, by name."""

    def holds(self) -> bool:
        """Whether a file is in it, or below."""
        return any(entry.holds() if isinstance(entry, _Directory) else entry is not None for entry in self.values())


def _nested(changes: Changes, real: Iterable[str] = ()) -> _Directory:
    top = _Directory()

    def below(path: str) -> _Directory:
        level = top
        for name in filter(None, path.split("/")):
            inner = level.get(name)
            if not isinstance(inner, _Directory):
                inner = level[name] = _Directory()
            level = inner
        return level

    # What is there last wins: a file that became a directory was removed, and the other way round.
    for path in (path for path, file in changes.items() if file is None):
        below(posixpath.dirname(path))[posixpath.basename(path)] = None
    for path, file in changes.items():
        if file is not None:
            below(posixpath.dirname(path))[posixpath.basename(path)] = file
    for path in real:
        below(path)
    return top


@dataclass(frozen=True)
class _Level:
    """A directory of a view that is to be made, beside the same directory of the base."""

    base: Path
    view: Path
    changes: _Directory

    def make(self) -> None:
        self.view.mkdir(parents=True, exist_ok=True)
        base, view = f"{self.base}/", f"{self.view}/"
        # A directory of headers has thousands of files, and paths as strings take a third of the time.
        for name in os.listdir(base) if self.base.is_dir() else ():  # noqa: PTH208
            if name not in self.changes:
                os.symlink(base + name, view + name)  # noqa: PTH211
        for name, change in self.changes.items():
            if isinstance(change, File):
                _write(self.view / name, change)
            elif isinstance(change, _Directory) and (change.holds() or (self.base / name).is_dir()):
                _Level(self.base / name, self.view / name, change).make()
                with contextlib.suppress(OSError):
                    (self.view / name).rmdir()  # as in a checkout, there is no empty directory


def _write(path: Path, file: File) -> None:
    if file.mode == "120000":
        path.symlink_to(os.fsdecode(file.content))
        return
    path.write_bytes(file.content)
    if file.mode == "100755":
        path.chmod(0o755)


def _read(path: Path) -> File | None:
    """What is at a path, as git would have it; None for no file."""
    if not path.is_symlink():
        if not path.is_file():
            return None
        return File(path.read_bytes(), "100755" if os.access(path, os.X_OK) else "100644")
    return File(os.fsencode(path.readlink()), "120000")


def _put(base: Path, view: Path, path: str, file: File | None) -> None:
    """Gives a file of a view its contents, if it has others."""
    target = view / path
    if file is None and not os.path.lexists(target):
        return
    is_base = target.is_symlink() and target.readlink() == base / path
    if file is not None and file == _read(base / path if is_base else target):
        return
    _make_real(base, view, posixpath.dirname(path))
    if target.is_symlink() or not target.is_dir():
        target.unlink(missing_ok=True)
    elif file is not None:
        remove(target)
    if file is not None:
        _write(target, file)


def _make_real(base: Path, view: Path, path: str) -> None:
    """Turns the directories along a path from links into real ones."""
    done = Path()
    for name in filter(None, path.split("/")):
        done = done / name
        target = view / done
        if target.is_dir() and not target.is_symlink():
            continue
        target.unlink(missing_ok=True)
        _Level(base / done, target, _Directory()).make()


def _differing(base: Path, view: Path) -> set[str]:
    """The files of a view that are real ones, and the files of the base that it lacks."""
    found = set()
    for directory, directories, names in os.walk(view):
        inside = Path(directory).relative_to(view)
        links = {name for name in directories if Path(directory, name).is_symlink()}
        same = set()
        for name in (*names, *links):
            path = Path(directory, name)
            if path.is_symlink() and path.readlink() == base / inside / name:
                same.add(name)
            else:
                found.add(str(inside / name))
        followed = set(directories) - links
        for original in (base / inside).iterdir() if (base / inside).is_dir() else ():
            if original.name not in same and not (original.name in followed and original.is_dir()):
                found |= {str(path.relative_to(base)) for path in _files(original)}
    return found


def _files(path: Path) -> list[Path]:
    """The file at a path, or all those below it."""
    if path.is_dir() and not path.is_symlink():
        return [file for entry in path.iterdir() for file in _files(entry)]
    return [path]
