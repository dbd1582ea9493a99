"""Texts that two sides have changed, merged line by line as git does it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from credseries.errors import GitFailed
from credseries.kernel.git import Repository


def merge_texts(repo: Repository, base: str, ours: str, theirs: str) -> str | None:
    """What both sides made of a text; None when they have changed the same lines. Raises GitFailed."""
    if theirs in (base, ours):
        return ours
    if base == ours:
        return theirs
    with tempfile.TemporaryDirectory(prefix="credseries-merge-") as directory:
        paths = []
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            path = Path(directory, name)
            path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8", newline="")
            paths.append(str(path))
        merged = repo.ran("merge-file", "-p", "--quiet", *paths, environment={})
    if merged.status == 0:
        text = merged.output.decode("utf-8", "replace")
        return text if ours.endswith("\n") or not text.endswith("\n") else text[:-1]
    if 0 < merged.status < 128:  # the number of conflicts (git-merge-file(1))
        return None
    raise GitFailed(f"`git merge-file` failed: {merged.errors}", hint="is the disk full?")
