"""The names of a tree's functions that have to do with credentials, kept so that a shell completes them at once."""

from __future__ import annotations

from collections.abc import Iterable

from credseries.series.cache import Cache, key

_KIND = "functions"


def remember_names(cache: Cache, tree: str, names: Iterable[str]) -> None:
    """Keep the names of the functions of a tree, given by its id."""
    ordered = sorted(set(names))
    if cache.get(_KIND, key(tree)) != ordered:
        cache.put(_KIND, key(tree), ordered)


def known_names(cache: Cache, tree: str) -> list[str]:
    """The names that were kept for a tree; none if it was not scanned yet."""
    found = cache.get(_KIND, key(tree))
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
