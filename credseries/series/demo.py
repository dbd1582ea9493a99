"""The miniature kernel tree, put into a git repository of its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from credseries.errors import UsageError
from credseries.kernel.git import Repository

MINIATURE = Path(__file__).resolve().parent.parent / "miniature"


def make_place(keep: Path | None) -> Path:
    """A new directory: the given one, or a temporary one. Raises UsageError when the given one is there already."""
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="credseries-demo-"))
    place = keep.absolute()
    try:
        place.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{place} exists already", hint="give a directory that does not") from error
    except OSError as error:
        raise UsageError(f"{place} cannot be made: {error.strerror}", hint="give another directory") from error
    return place


def make_repository(path: Path) -> Repository:
    """The miniature tree committed to a new repository at `path`, with a demo identity of its own."""
    shutil.copytree(MINIATURE, path, ignore=shutil.ignore_patterns("__pycache__"))
    return Repository.create(
        path, "Linux 6.12.0-miniature\n", {"user.name": "Demo Developer", "user.email": "demo@example.org"}
    )
