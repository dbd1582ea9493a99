"""State that b4 has no place for: JSON values by kind and key, in one SQLite file in the git directory.

A value is written in a transaction with a rollback journal, so a process that is killed leaves the state
before or after it and nothing between.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from credseries.errors import EnvironmentProblem, StoreDamaged

_SCHEMA_VERSION = 1
_SCHEMA = "CREATE TABLE entry (kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
_WAIT = 30.0  # seconds that a process waits for another one's transaction


class Store:
    """The state of one repository; the file is made by the first `put`, and until then everything is absent.

    Every method raises StoreDamaged if the file is not a store of this version, and EnvironmentProblem if it
    cannot be opened or stays locked by another process.
    """

    def __init__(self, path: Path, *, wait: float = _WAIT) -> None:
        self._path = path
        self._wait = wait
        self._connection: sqlite3.Connection | None = None
        self._file = 0  # the inode that `stamp` saw

    def put(self, kind: str, key: str, value: object) -> None:
        """Stores a value that JSON can hold; raises TypeError for any other."""
        text = json.dumps(value, ensure_ascii=False)
        if not text.isascii() and not _is_text(text):  # a path that is not UTF-8 is in it (PEP 383)
            text = json.dumps(value)
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?)", (kind, key, text))

    def get(self, kind: str, key: str) -> Any:
        """The value as `put` got it, in JSON's types; None if there is none."""
        rows = self._select("SELECT value FROM entry WHERE kind = ? AND key = ?", kind, key)
        if not rows:
            return None
        try:
            return json.loads(rows[0])
        except ValueError as error:
            raise self._damaged(str(error)) from error

    def keys(self, kind: str) -> list[str]:
        """The keys of a kind, sorted."""
        return self._select("SELECT key FROM entry WHERE kind = ? ORDER BY key", kind)

    def delete(self, kind: str, key: str) -> None:
        """Removes a value; it need not be there."""
        if self._path.exists():
            with self.transaction() as connection:
                connection.execute("DELETE FROM entry WHERE kind = ? AND key = ?", (kind, key))

    def stamp(self) -> tuple[int, ...]:
        """What is another after any other process has changed something: cheap to ask for again and again, and the file
        is locked for no longer than it takes to read a number."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self.close()
            return ()
        if found.st_ino != self._file:  # another one in its place
            self.close()
        with self._errors():
            changes = self._open().execute("PRAGMA data_version").fetchone()[0]
            self._file = found.st_ino
        return (found.st_ino, found.st_mtime_ns, changes)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Makes what is put and deleted in the block one change: all of it, or after an exception nothing."""
        with self._errors():
            connection = self._open()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._prepare(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _select(self, query: str, *values: str) -> list[str]:
        if not self._path.exists():
            return []
        with self._errors():
            connection = self._open()
            if self._version(connection) == 0:  # another process is just making it
                return []
            return [row[0] for row in connection.execute(query, values)]

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # isolation_level None: transactions begin where this module says so.
            self._connection = sqlite3.connect(self._path, timeout=self._wait, isolation_level=None)
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == 0:
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    def _version(self, connection: sqlite3.Connection) -> int:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > _SCHEMA_VERSION:
            raise StoreDamaged(
                f"{self._path} was written by a newer credseries (its format is {version}, this one knows "
                f"{_SCHEMA_VERSION})",
                hint="update credseries",
            )
        return version

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "no such table" in str(error) or "no such column" in str(error):
                raise self._damaged(str(error)) from error
            raise EnvironmentProblem(
                f"{self._path} cannot be used: {error}",
                hint="another credseries may still run, the disk may be full, or that file not yours to write",
            ) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error
        except OSError as error:
            raise EnvironmentProblem(
                f"{self._path} cannot be made: {error.strerror}", hint="check the rights of the git directory"
            ) from error

    def _damaged(self, reason: str) -> StoreDamaged:
        self.close()
        return StoreDamaged(
            f"{self._path} is damaged: {reason}",
            hint=f"move it away and credseries starts afresh: mv '{self._path}' '{self._path}.damaged'; "
            "branches and commits are not in it",
        )


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
