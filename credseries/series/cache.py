"""What a scan of a tree gave, kept in the git directory: a tree that has not changed is not searched again.

Nothing depends on the cache: an entry that is missing, damaged or from another version of credseries is made anew, and
a repository that cannot be written to is scanned without one.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credseries.errors import CredseriesError, StoreDamaged
from credseries.store import Store

if TYPE_CHECKING:
    from credseries.kernel.git import Repository

_KEPT = 64  # entries of a kind, of a scan
_PACKAGE = Path(__file__).resolve().parent.parent


@functools.cache
def program_id() -> str:
    """An identifier of this credseries: another one, even an edited checkout, must not use its entries."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_mtime_ns}\0{stat.st_size}\n".encode())
    return digest.hexdigest()


def key(*parts: str) -> str:
    """The key for a value that depends on exactly these texts, and on this version of credseries."""
    return hashlib.sha256("\0".join((program_id(), *parts)).encode("utf-8", "surrogateescape")).hexdigest()


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def cache_file(repo: Repository) -> Path:
    """The file that the caches of a repository are in; it need not be there."""
    return repo.common_dir / "credseries" / "cache.sqlite"


class Cache:
    """Values by kind and key, each with a checksum; of more than `kept` of a kind the ones by the first keys go."""

    def __init__(self, repo: Repository, *, kept: int = _KEPT) -> None:
        self._kept = kept
        self._path = cache_file(repo)
        self._store = Store(self._path, wait=0.5)

    def get(self, kind: str, name: str) -> Any:
        """The value, or None when there is none that can be trusted."""
        try:
            entry = self._store.get(kind, name)
        except StoreDamaged:
            self._discard()
            return None
        except CredseriesError:  # in use for longer than we wait: what others keep there stays
            return None
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            return None
        return json.loads(entry["text"]) if _checksum(entry["text"]) == entry.get("sum") else None

    def put(self, kind: str, name: str, value: Any) -> None:
        """Keep a value, if the repository can be written to."""
        text = json.dumps(value)
        try:
            with self._store.transaction():
                for old in self._store.keys(kind)[: -self._kept + 1]:
                    self._store.delete(kind, old)
                self._store.put(kind, name, {"sum": _checksum(text), "text": text})
        except StoreDamaged:
            self._discard()
        except (CredseriesError, OSError):
            return

    def _discard(self) -> None:
        self._store.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return
        self._store = Store(self._path, wait=0.5)

    def close(self) -> None:
        """Close the file."""
        self._store.close()
