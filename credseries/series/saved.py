"""The records of split series, kept in the store under their branches' names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from credseries.errors import NotASeries, StoreDamaged
from credseries.kernel.git import Repository
from credseries.series.model import SeriesRecord, series_from_json
from credseries.store import Store

_KIND = "series"


@contextmanager
def opened(repo: Repository) -> Iterator[Store]:
    """The repository's store."""
    store = Store(repo.common_dir / "credseries" / "state.sqlite")
    try:
        yield store
    finally:
        store.close()


def save(repo: Repository, record: SeriesRecord) -> None:
    """Keep a series' record."""
    with opened(repo) as store:
        store.put(_KIND, record.branch, record.to_json())


def branches(repo: Repository) -> list[str]:
    """The branches that are series and still exist."""
    with opened(repo) as store:
        return [name for name in store.keys(_KIND) if repo.branch_tip(name) is not None]


def load(repo: Repository, branch: str | None) -> SeriesRecord:
    """The series on a branch; without a name, the one checked out, or the only one there is. Raises NotASeries."""
    name = branch
    if name is None:
        known = branches(repo)
        current = repo.current_branch()
        if current in known:
            name = current
        elif len(known) == 1:
            name = known[0]
        else:
            hint = f"name one with --branch: {', '.join(known)}" if known else "make one with `credseries split`"
            raise NotASeries("there is more than one series" if known else "there is no series yet", hint=hint)
    with opened(repo) as store:
        data = store.get(_KIND, name or "")
    if data is None or repo.branch_tip(name or "") is None:
        raise NotASeries(f"{name} is not a branch that `credseries split` made", hint="see `credseries split --help`")
    try:
        record = series_from_json(data)
    except (KeyError, TypeError, AttributeError) as error:
        hint = "split it again: git branch -D it first"
        raise StoreDamaged(f"the record of series {name} cannot be read", hint=hint) from error
    if repo.branch_tip(record.branch) != record.tip:
        hint = f"split again onto another branch, or go back: git branch -f {record.branch} {record.tip[:12]}"
        raise NotASeries(f"branch {record.branch} has changed since `credseries split` made it", hint=hint)
    return record
