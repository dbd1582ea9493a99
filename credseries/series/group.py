"""The series that are threads of one conversion, a tree each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from credseries.errors import NotASeries, StoreDamaged, UsageError
from credseries.kernel.git import Repository
from credseries.series import saved
from credseries.series.current import Current
from credseries.series.model import Measured, measured_from_json

_KIND = "umbrella"


@dataclass(frozen=True)
class Words:
    """What the author gave for the letter over several series: numbers, also from benchmark records, and a note."""

    numbers: str = ""
    measured: Measured = field(default_factory=Measured)
    note: str = ""


def members(repo: Repository, current: Current) -> list[Current]:
    """A series with those that it is one thread of several with, in the order in which they can be merged."""
    thread = current.pristine.thread
    if thread is None:
        return [current]
    found = [saved.current(repo, branch) for branch in saved.branches(repo)]
    mine = [item for item in found if item.pristine.thread and item.pristine.thread.umbrella == thread.umbrella]
    return sorted(mine, key=lambda item: thread.trees.index(item.pristine.thread.tree) if item.pristine.thread else 0)


def threads(repo: Repository, branch: str | None) -> list[Current]:
    """All threads of the conversion that a series belongs to, in the order in which they can be merged.

    Without a name the series that is checked out tells, or any when all there are belong together. Raises NotASeries,
    and UsageError for a series that is no thread of several.
    """
    found = members(repo, saved.current(repo, branch)) if branch or _is_told(repo) else _any(repo)
    if found[0].pristine.thread is None:
        hint = "`credseries split --threads tree` makes one for each tree"
        raise UsageError(f"{found[0].record.branch} is a series by itself, and has no umbrella", hint=hint)
    return found


def missing(found: Sequence[Current]) -> list[str]:
    """The trees whose series is not there any more."""
    thread = found[0].pristine.thread
    there = {item.pristine.thread.tree for item in found if item.pristine.thread is not None}
    return [tree for tree in thread.trees if tree not in there] if thread is not None else []


def _is_told(repo: Repository) -> bool:
    known = saved.branches(repo)
    return len(known) <= 1 or repo.current_branch() in known


def _any(repo: Repository) -> list[Current]:
    """The threads of the only conversion that has some."""
    found: dict[str, Current] = {}
    for branch in saved.branches(repo):
        current = saved.current(repo, branch)
        if current.pristine.thread is not None:
            found.setdefault(current.pristine.thread.umbrella, current)
    if len(found) == 1:
        return members(repo, next(iter(found.values())))
    if not found:
        raise UsageError("no series here has an umbrella", hint="`credseries split --threads tree` makes such series")
    names = ", ".join(item.record.branch for item in found.values())
    raise NotASeries("there is more than one conversion with an umbrella", hint=f"name one with --branch: {names}")


def words(repo: Repository, umbrella: str) -> Words:
    """What is kept for the letter of an umbrella, given by its change-id."""
    with saved.opened(repo) as store:
        data = store.get(_KIND, umbrella)
    try:
        if data is not None and "measured" in data:
            data = {**data, "measured": measured_from_json(data["measured"])}
        return Words(**data) if data is not None else Words()
    except (KeyError, TypeError) as error:
        hint = "give them again: credseries cover --umbrella --numbers FILE --note TEXT"
        raise StoreDamaged("the numbers and the note of the umbrella letter cannot be read", hint=hint) from error


def keep_words(repo: Repository, umbrella: str, given: Words) -> None:
    """Keep what the author gave for the letter of an umbrella."""
    with saved.opened(repo) as store:
        store.put(_KIND, umbrella, asdict(given))
