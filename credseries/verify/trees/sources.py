"""The source tree of a series' base, written once from git objects and never changed afterwards."""

from __future__ import annotations

from pathlib import Path

from credseries.errors import GitFailed
from credseries.verify.once import made_once
from credseries.verify.tasks import Place

# What a user's configuration would make of the files: nothing. All cores write (git-config(1), checkout.workers).
_OPTIONS = (
    *("-c", "core.autocrlf=false"),
    *("-c", "core.eol=lf"),
    *("-c", "core.symlinks=true"),
    *("-c", "core.sparseCheckout=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "checkout.workers=0"),
)


def source_tree(place: Place, tree: str) -> Path:
    """A directory with all files of a tree (its id), shared by all who ask for it: nobody may write there.

    In a kernel it takes some 20 s and 1.7 GB when it is made. Raises GitFailed.
    """
    return made_once(place.cache / f"source-{tree}", lambda path: _write(place, tree, path))


def _write(place: Place, tree: str, path: Path) -> None:
    index = path.with_name(f"{path.name}.index")
    environment = {"GIT_WORK_TREE": str(path), "GIT_INDEX_FILE": str(index)}
    try:
        for command in (("read-tree", tree), ("checkout-index", "--all", "--force")):
            finished = place.repo.ran(*_OPTIONS, *command, environment=environment)
            if finished.status != 0:
                message = f"the files of {tree[:12]} could not be written to {path.parent}: {finished.errors}"
                raise GitFailed(message, hint="is there room on the disk? a kernel's source takes 2 GB")
    finally:
        index.unlink(missing_ok=True)
