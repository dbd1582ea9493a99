"""The textual search that a scan begins with: git works while the caller loads the rest of the program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from credseries.series.cache import Cache, key

if TYPE_CHECKING:
    from credseries.kernel.git import Repository

NEEDLES = ("override_creds", "revert_creds")
_HEADER = "include/linux/cred.h"
_GUARD = "guard(cred"  # also the end of scoped_guard(cred
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(((?:[^\n]*\\\n)*[^\n]*)", re.M)
_SCOPE = re.compile(rb"\b(?:scoped_)?(?:guard|class)\b|\bCLASS\b")
_BATCH = 8  # files that are worth one git process to read them
_KIND, _LATEST, _CALLERS = "search", "latest search", "callers"
_PUBLIC = ("include", "arch/*/include")
_C = (".c", ".h")
_MOST_CHANGES = 5000  # with more, git searches the tree as fast as the changed files are read


class Search:
    """A running search for the needles through a commit. Raises UnknownRevision when it is made.

    The result for a tree is kept in the cache, by the tree's id, so that it is searched once. Of another tree only the
    files are read that differ from the tree that was searched last.
    """

    def __init__(self, repo: Repository, revision: str, cache: Cache) -> None:
        self.commit, self.tree = repo.resolve_tree(revision)
        self._repo, self._cache = repo, cache
        self.needles = self._with_scopes()
        self._key = key(self.tree, *self.needles)
        known = cache.get(_KIND, self._key)
        if not isinstance(known, list):
            known = self._from_latest()
        self._running = None if known is not None else repo.grep_files(self.commit, self.needles)
        self._found: Iterable[str] = known if known is not None else self._searched()

    def _with_scopes(self) -> tuple[str, ...]:
        """The needles, and how the scopes are written that the tree's own header makes of credentials."""
        header = self._repo.read_files(self.commit, [_HEADER]).get(_HEADER, b"")
        macros = [name for name, body in _MACRO.findall(header) if _SCOPE.search(body)]
        return (*NEEDLES, _GUARD, *sorted(name.decode("ascii", "replace") for name in macros))

    @property
    def searches(self) -> bool:
        """Whether git has to search the whole tree."""
        return self._running is not None

    def _from_latest(self) -> list[str] | None:
        latest = self._cache.get(_LATEST, key(*self.needles))
        changes = self._repo.changed_files(latest["tree"], self.tree) if isinstance(latest, dict) else None
        if latest is None or changes is None or len(changes) > _MOST_CHANGES:
            return None
        texts = self._repo.read_files(self.commit, [path for path, regular in changes.items() if regular])
        needles = [needle.encode() for needle in self.needles]
        hits = {path for path, text in texts.items() if any(needle in text for needle in needles)}
        same = {path for path in latest["found"] if path not in changes}
        return self._remember(sorted(same | hits, key=lambda path: path.encode("utf-8", "surrogateescape")))

    def _searched(self) -> Iterator[str]:
        found = []
        for path in self._running or ():
            found.append(path)
            yield path
        self._remember(found)

    def _remember(self, found: list[str]) -> list[str]:
        self._cache.put(_KIND, self._key, found)
        self._cache.put(_LATEST, key(*self.needles), {"tree": self.tree, "found": found})
        return found

    def batches(self) -> Iterator[list[str]]:
        """The paths of the files with a hit, a few at a time, as git finds them."""
        batch: list[str] = []
        for path in self._found:
            batch.append(path)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def close(self) -> None:
        """End the search, if it still runs."""
        if self._running is not None:
            self._running.close()

    def callers(self, names: Mapping[str, str]) -> dict[str, bytes]:
        """The C files that have one of the names (given with the files that define them), by path, and their text.

        A function that no header below an include directory declares is called only below its own top directory.
        """
        paths = self._cache.get(_CALLERS, key(self.tree, *sorted(names), *sorted(names.values())))
        if not isinstance(paths, list):
            paths = sorted(self._search_callers(names))
            self._cache.put(_CALLERS, key(self.tree, *sorted(names), *sorted(names.values())), paths)
        return self._repo.read_files(self.commit, paths)

    def _search_callers(self, names: Mapping[str, str]) -> set[str]:
        headers = list(self._repo.grep_files(self.commit, _shortest(names), _PUBLIC))
        texts = self._repo.read_files(self.commit, headers).values()
        public = {name for name in names if any(name.encode() in text for text in texts)}
        found = {path for path in headers if path.endswith(_C)}
        if public:
            found |= self._grep(public, ())
        private = names.keys() - public
        tops = sorted({names[name].split("/")[0] for name in private})
        if tops:
            found |= self._grep(private, tops)
        return found

    def _grep(self, names: Iterable[str], tops: Iterable[str]) -> set[str]:
        hits = self._repo.grep_files(self.commit, _shortest(names), list(tops))
        return {path for path in hits if path.endswith(_C)}


def _shortest(names: Iterable[str]) -> list[str]:
    """The names that have no other one in them: where a longer one is, they are."""
    every = sorted(names, key=len)
    return [name for number, name in enumerate(every) if not any(short in name for short in every[:number])]
