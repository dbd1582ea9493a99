"""The records of a repository's benchmarks, kept in its store under a key of their content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from credseries.bench import exchange
from credseries.bench.labels import check_label, chosen
from credseries.bench.model import Record
from credseries.errors import StoreDamaged, UsageError
from credseries.kernel.git import Repository
from credseries.series import saved
from credseries.store import Store
from credseries.words import content_key, many

_KIND = "bench"
_DIGITS = 12  # of an id
_FEWEST = 4  # with which a person may name one


@dataclass(frozen=True)
class Added:
    """Records that were added, by id, and the ids of those that were there already."""

    new: Mapping[str, Record]
    known: tuple[str, ...]


class Records:
    """The records in a store. What reads them raises StoreDamaged for one that cannot be read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, record: Record) -> str:
        """Keep a record and return its id; one that is there already stays as it is.

        Raises UsageError for a record that could not be exported: a label that is none, a number that is not finite.
        """
        check_label(record.label)
        text = exchange.record_text(record)
        identifier = content_key(text)[:_DIGITS]
        self._store.put(_KIND, identifier, text)
        return identifier

    def add_all(self, records: Sequence[Record]) -> Added:
        """Keep several records, all or after an error none."""
        with self._store.transaction():
            there = set(self.ids())
            ids = {self.add(record): record for record in records}
        new = {identifier: record for identifier, record in ids.items() if identifier not in there}
        return Added(new, tuple(identifier for identifier in ids if identifier in there))

    def replace(self, records: Mapping[str, Record]) -> dict[str, str]:
        """Put records in the place of those with these ids, and return the new ids by the old ones."""
        with self._store.transaction():
            self.remove(*records)
            return {identifier: self.add(record) for identifier, record in records.items()}

    def remove(self, *names: str) -> list[str]:
        """Remove records by what `find` takes, all or after an error none, and return their ids."""
        found = list(dict.fromkeys(map(self.find, names)))
        with self._store.transaction():
            for identifier in found:
                self._store.delete(_KIND, identifier)
        return found

    def ids(self) -> list[str]:
        """The ids of all records, sorted."""
        return self._store.keys(_KIND)

    def find(self, name: str) -> str:
        """The id that is, or alone begins with, four digits or more; raises UsageError."""
        found = [identifier for identifier in self.ids() if identifier.startswith(name)] if len(name) >= _FEWEST else []
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"{many(len(found), 'record')} have an id that begins with {name}", hint=f"they are {', '.join(found)}"
            )
        raise UsageError(f"no record has the id {name!r}", hint="`credseries bench list` shows ids")

    def get(self, identifier: str) -> Record:
        """The record of an id, or of what it begins with; raises UsageError when there is none."""
        return self._read(self.find(identifier))

    def all(self) -> dict[str, Record]:
        """All records by id, sorted by label, role and date."""
        found = [(identifier, self._read(identifier)) for identifier in self.ids()]
        return dict(sorted(found, key=lambda item: (item[1].label, item[1].role, item[1].provenance.date, item[0])))

    def by_label(self, label: str) -> tuple[Record, ...]:
        """The records of a label, sorted by role and date; raises UsageError when none has it."""
        kept = self.all().values()
        wanted = chosen(label, sorted({record.label for record in kept}))
        return tuple(record for record in kept if record.label == wanted)

    def labels(self) -> list[str]:
        """All labels, sorted."""
        return sorted({record.label for record in self.all().values()})

    def _read(self, identifier: str) -> Record:
        text = self._store.get(_KIND, identifier)
        try:
            if isinstance(text, str):
                return exchange.read_record(text, identifier)
            raise UsageError("it is no text")
        except UsageError as error:
            raise StoreDamaged(
                f"the benchmark record {identifier} cannot be read: {error.message}",
                hint=f"remove it: credseries bench remove {identifier}",
            ) from error


@contextmanager
def opened(repo: Repository) -> Iterator[Records]:
    """The records of a repository: they are in its git directory, so all of its work trees have the same."""
    with saved.opened(repo) as store:
        yield Records(store)
