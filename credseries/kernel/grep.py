"""Which files of a commit contain one of some strings, as fast as a grep through the work tree.

`git grep COMMIT` inflates every blob, which in a kernel tree takes 5 times longer than reading the files of
the work tree. The work tree is nearly always the commit, give or take a few files. So the work tree is
searched, git's stat cache tells meanwhile where it differs from the commit, and only there blobs are read.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from credseries.kernel.git_process import GitProcess
from credseries.kernel.values import decode_path, encode_path

# With more differences, reading them one after the other costs more than letting git search the commit.
_MOST_DIFFERENCES = 2000
# `git ls-files -v`: S is skip-worktree, a lower-case letter assume-unchanged. For those git does not look at
# the file, so the work tree proves nothing about the commit.
_UNWATCHED = re.compile(rb"(?:^|\0)(?:S|[a-z]) ")
_REGULAR_FILE = b"100"

Start = Callable[[Sequence[str]], GitProcess]
ReadFiles = Callable[[Iterable[str]], dict[str, bytes]]


class GrepFiles:
    """An iterator over the paths, in tree order, of a commit's regular files that contain one of the needles.

    Git is started at once, so the caller can do other work before it asks for the first path; paths come as
    git finds them. Every file counts as text (`-a`): attributes would otherwise be taken from the work tree
    in one way of searching and from the commit in the other. Raises GitFailed while iterating. A work tree
    that a filter re-encodes on checkout is searched as it is on disk.
    """

    def __init__(
        self,
        start: Start,
        read_files: ReadFiles,
        commit: str,
        needles: Sequence[str],
        paths: Sequence[str],
        *,
        has_work_tree: bool,
    ) -> None:
        self._start, self._read_files = start, read_files
        self._commit, self._needles = commit, tuple(needles)
        self._where = ["--", *paths]
        self._differences: GitProcess | None = None
        self._flags: GitProcess | None = None
        if has_work_tree:
            self._grep = self._search()
            self._differences = start(
                ["diff-index", "--raw", "-z", "--no-renames", "--ignore-submodules=all", commit, *self._where]
            ).read_in_background()
            self._flags = start(["ls-files", "-v", "-z", *self._where]).read_in_background()
        else:
            self._grep = self._search(commit)
        self._paths = self._results()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._paths)

    def close(self) -> None:
        """Ends the search early."""
        self._paths.close()
        for process in (self._grep, self._differences, self._flags):
            if process is not None:
                process.close()

    def _search(self, *commit: str) -> GitProcess:
        patterns = [part for needle in self._needles for part in ("-e", needle)]
        options = ["-l", "-z", "-F", "-a", "--no-color", "--full-name", "--no-recurse-submodules"]
        return self._start(["grep", *options, *patterns, *commit, *self._where])

    def _results(self) -> Generator[str, None, None]:
        if self._differences is None or self._flags is None:
            yield from map(decode_path, self._commit_hits())
            return
        differences = _parse_differences(_output(self._differences))
        if len(differences) > _MOST_DIFFERENCES or _has_unwatched(_output(self._flags)):
            self._grep.close()
            self._grep = self._search(self._commit)
            yield from map(decode_path, self._commit_hits())
            return
        same = (path for path in self._hits() if path not in differences)
        merged = heapq.merge(same, self._changed_hits(differences)) if differences else same
        yield from map(decode_path, merged)

    def _hits(self) -> Iterator[bytes]:
        yield from self._grep.records()
        finished = self._grep.finish()
        # Git goes on after a file that it cannot read; a missed file must not look like one without a hit.
        if finished.status > 1 or finished.errors:
            raise self._grep.failure(finished)

    def _commit_hits(self) -> Iterator[bytes]:
        prefix = len(self._commit) + 1
        return (record[prefix:] for record in self._hits())

    def _changed_hits(self, differences: dict[bytes, bool]) -> list[bytes]:
        needles = [needle.encode() for needle in self._needles]
        contents = self._read_files(decode_path(path) for path, regular in differences.items() if regular)
        hits = (path for path, content in contents.items() if any(needle in content for needle in needles))
        return sorted(map(encode_path, hits))


def _has_unwatched(flags: bytes) -> bool:
    # nearly always every file is just cached (H), and to count those is much faster than the pattern
    if flags.startswith(b"H ") and flags.count(b"\0H ") + 1 == flags.count(b"\0"):
        return False
    return _UNWATCHED.search(flags) is not None


def _parse_differences(raw: bytes) -> dict[bytes, bool]:
    """The paths that differ, and if the commit has a regular file there (git-diff-index(1), Raw output)."""
    fields = raw.split(b"\0")
    differences: dict[bytes, bool] = {}
    for header, path in zip(fields[0::2], fields[1::2], strict=False):
        regular = header[1:].startswith(_REGULAR_FILE)
        differences[path] = regular or differences.get(path, False)
    return differences


def _output(process: GitProcess) -> bytes:
    finished = process.finish()
    if finished.status:
        raise process.failure(finished)
    return finished.output
