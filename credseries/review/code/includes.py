"""How a file comes to the names that it uses: which headers it includes, and what those include."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_DEPTH = 12  # headers of headers of ..: further than any path that a person would rely on

ReadFiles = Callable[[Sequence[str]], Mapping[str, bytes]]


class Includes:
    """The includes of a tree, by path; `read` gives the texts of files, as far as they are there."""

    def __init__(self, read: ReadFiles) -> None:
        self._read = read
        self._known: dict[str, tuple[str, ...] | None] = {}  # None: no file of the tree

    def way(self, path: str, text: bytes, wanted: Iterable[str], changed: Mapping[str, bytes]) -> tuple[str, ...]:
        """A shortest way of includes from a file to one of some headers: (the first one, .., the header).

        It is empty where there is none. `changed` are files whose texts are other ones than in the tree.
        """
        goals = set(wanted)
        came: dict[str, str] = {}
        level = [path]
        known = {path: included(path, text)}
        for _ in range(_DEPTH):
            fresh: list[str] = []
            for item in level:
                for candidate in known[item]:
                    if candidate not in came and candidate != path:
                        came[candidate] = item
                        fresh.append(candidate)
            found = next((item for item in fresh if item in goals), None)
            if found is not None:
                return _back(found, came, path)
            level = self._there(fresh, changed, known)
            if not level:
                break
        return ()

    def _there(
        self, paths: Sequence[str], changed: Mapping[str, bytes], known: dict[str, tuple[str, ...]]
    ) -> list[str]:
        """Those of some paths that are files of the tree; notes what they include."""
        missing = [path for path in paths if path not in changed and path not in self._known]
        texts = self._read(missing) if missing else {}
        for path in missing:
            self._known[path] = included(path, texts[path]) if path in texts else None
        found = []
        for path in paths:
            inner = included(path, changed[path]) if path in changed else self._known[path]
            if inner is not None:
                known[path] = inner
                found.append(path)
        return found


def included(path: str, text: bytes) -> tuple[str, ...]:
    """The paths in the tree that the `#include` lines of a file can stand for.

    `<linux/x.h>` is in include/, `"x.h"` beside the file or, failing that, in include/; those of an architecture are
    not looked for.
    """
    found: dict[str, None] = {}
    place = path.rpartition("/")[0]
    for match in _INCLUDE.finditer(text):
        name = match.group(2).decode("utf-8", "surrogateescape").strip()
        if match.group(1) == b'"':
            found[_normal(f"{place}/{name}" if place else name)] = None
        found[f"include/{name}"] = None
    return tuple(found)


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _back(found: str, came: Mapping[str, str], start: str) -> tuple[str, ...]:
    way = [found]
    while came[way[-1]] != start:
        way.append(came[way[-1]])
    return tuple(reversed(way))
