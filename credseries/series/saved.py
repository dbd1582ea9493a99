"""The records of split series, and which branches they belong to.

A record is kept in the store under the id of the commit that credseries made the tip of the series, and a ref of ours
names that commit for the branch. Branch and ref change in one step, so there is no moment in which a branch has
another's record; and the commits that were made stay as long as the ref does, whatever somebody makes of the branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from credseries.errors import NotASeries, StoreDamaged
from credseries.kernel.git import Repository
from credseries.series.current import Current, read_current
from credseries.series.model import SeriesRecord, series_from_json
from credseries.store import Store

_KIND = "series"
_HEADS = "refs/heads/"
_GENERATED = "refs/credseries/generated/"


@dataclass(frozen=True)
class _Tips:
    """Where a branch is, and where credseries put it."""

    branch: str
    generated: str


def state_file(repo: Repository) -> Path:
    """The file that the repository's store is in; it need not be there."""
    return repo.common_dir / "credseries" / "state.sqlite"


@contextmanager
def opened(repo: Repository) -> Iterator[Store]:
    """The repository's store."""
    store = Store(state_file(repo))
    try:
        yield store
    finally:
        store.close()


def save(repo: Repository, record: SeriesRecord) -> None:
    """Keep the record of a series that is about to be put on its branch."""
    with opened(repo) as store:
        store.put(_KIND, record.tip, record.to_json())


def records(repo: Repository, change_id: str) -> list[SeriesRecord]:
    """All records of a series that are kept, of every version and making, in no order; unreadable ones are left out."""
    found = []
    with opened(repo) as store:
        for key in store.keys(_KIND):
            data = store.get(_KIND, key)
            if isinstance(data, dict) and data.get("change_id") == change_id:
                with suppress(KeyError, TypeError, ValueError, AttributeError):
                    found.append(series_from_json(data))
    return found


def generated_ref(branch: str) -> str:
    """The ref that names the commit that credseries made the tip of a branch's series."""
    return _GENERATED + escaped(branch)


def escaped(branch: str) -> str:
    """A branch's name as one part of a ref's name: so a/b does not stand in the way of a."""
    return branch.replace("%", "%25").replace("/", "%2F")


def branches(repo: Repository) -> list[str]:
    """The branches that are series and still exist."""
    return list(_known(repo))


def load(repo: Repository, branch: str | None) -> SeriesRecord:
    """The series on a branch as it is now, see `current`."""
    return current(repo, branch).record


def current(repo: Repository, branch: str | None) -> Current:
    """The series on a branch; without a name, the one checked out, or the only one there is.

    Raises NotASeries, also for a branch that has been moved away from where its series starts, and StoreDamaged.
    """
    known = _known(repo)
    name = branch if branch is not None else _only(repo, list(known))
    if name not in known:
        raise NotASeries(f"{name} is not a branch that `credseries split` made", hint="see `credseries split --help`")
    return read_current(repo, _record(repo, name, known[name].generated), known[name].branch)


def _known(repo: Repository) -> dict[str, _Tips]:
    refs = repo.refs(_HEADS, _GENERATED)
    names = (ref.removeprefix(_HEADS) for ref in refs if ref.startswith(_HEADS))
    return {
        name: _Tips(refs[_HEADS + name], refs[generated_ref(name)]) for name in names if generated_ref(name) in refs
    }


def _only(repo: Repository, known: list[str]) -> str:
    """The series that is meant when none is named."""
    checked_out = repo.current_branch()
    if checked_out in known:
        return checked_out
    if len(known) == 1:
        return known[0]
    hint = f"name one with --branch: {', '.join(known)}" if known else "make one with `credseries split`"
    raise NotASeries("there is more than one series" if known else "there is no series yet", hint=hint)


def _record(repo: Repository, branch: str, generated: str) -> SeriesRecord:
    again = f"split it again: git branch -D {branch} first"
    with opened(repo) as store:
        data = store.get(_KIND, generated)
    if data is None:
        raise NotASeries(f"the record of series {branch} is gone from git's directory", hint=again)
    try:
        # two branches can hold the very same commits
        return replace(series_from_json(data), branch=branch)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreDamaged(f"the record of series {branch} cannot be read", hint=again) from error
