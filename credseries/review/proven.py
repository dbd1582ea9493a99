"""Whether the commits of a series are what was proven: its recipe's patches made and proven again, compared by content.

Making them takes seconds, and what they are depends on nothing but the base, the recipe, and what was asked for: it is
kept under a key of these, and compared with the branch each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from credseries.errors import CredseriesError
from credseries.kernel.git import Repository
from credseries.kernel.values import FileChange
from credseries.series.model import PatchRecord, SeriesRecord
from credseries.series.precedence import Need, needs_of
from credseries.words import content_key

if TYPE_CHECKING:
    from credseries.series.build import PlannedPatch
    from credseries.series.drafts import Draft
    from credseries.series.recipe import Recipe
    from credseries.series.scan import Survey

TakeSurvey = Callable[[], "Survey"]


class Kept(Protocol):
    """What was found before, by content, with this version of credseries."""

    def get(self, key: str) -> dict[str, Any] | None:
        """The value, or None when there is none that can be trusted."""

    def put(self, key: str, result: dict[str, Any]) -> None:
        """Keep a value."""


@dataclass(frozen=True)
class Planned:
    """A patch of the recipe, by its key: how many sites it converts, how many functions its proof is about, and the
    blobs (ids by path) that it was proven with."""

    key: str
    sites: int
    functions: int
    blobs: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What a recipe gives again: its patches and what they need of each other, or (`problem`) why it gives none."""

    patches: tuple[Planned, ...] = ()
    needs: tuple[Need, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Again:
    """What is known of a commit: the patch that it is by its key, if any, and why it is not that (empty: it is)."""

    planned: Planned | None
    problem: str


def plan_again(repo: Repository, record: SeriesRecord, recipe: Recipe, survey: TakeSurvey, kept: Kept) -> Plan:
    """The patches of a series' recipe as they are made and proven now, from what was kept where that is the same.

    Raises what `survey` raises.
    """
    _, tree = repo.resolve_tree(record.base)
    key = content_key("planned", tree, repr(recipe), repr(record.selection), _thread(record), repo.zero_id)
    found = kept.get(key)
    plan = _from_json(found) if found is not None else None
    if plan is None:
        plan = _plan(repo, record, recipe, survey())
        if not plan.problem:  # which may be one of this machine, and be gone the next time
            kept.put(key, asdict(plan))
    return plan


def _thread(record: SeriesRecord) -> str:
    return record.thread.tree if record.thread is not None else ""


def _plan(repo: Repository, record: SeriesRecord, recipe: Recipe, survey: Survey) -> Plan:
    try:
        drafts, patches = _made(repo, record, recipe, survey)
    except CredseriesError as error:
        return Plan(problem=error.message)
    blob = _namer(repo)
    planned = (
        Planned(
            item.key,
            len(item.sites),
            len(item.proven),
            {path: blob(text) for path, text in sorted(item.changes.items())},
        )
        for item in patches
    )
    return Plan(tuple(planned), tuple(needs_of(drafts)))


def contents_again(
    repo: Repository, record: SeriesRecord, recipe: Recipe, survey: TakeSurvey
) -> dict[str, Mapping[str, bytes]]:
    """The contents that each patch of a series was proven with, by its key and path; none when they cannot be made."""
    try:
        return {item.key: item.changes for item in _made(repo, record, recipe, survey())[1]}
    except CredseriesError:
        return {}


def _made(
    repo: Repository, record: SeriesRecord, recipe: Recipe, survey: Survey
) -> tuple[list[Draft], list[PlannedPatch]]:
    from credseries.series.assemble import make_builder
    from credseries.series.threads import drafts_of

    builder = make_builder(repo, survey, recipe, record.selection)
    drafts = drafts_of(builder.drafts, record.thread)
    return drafts, builder.patches(drafts)


def _namer(repo: Repository) -> Callable[[bytes], str]:
    """How git names the contents of a file in a repository (gitformat-pack(5), gitrepository-layout(5))."""
    algorithm = hashlib.sha1 if len(repo.zero_id) == 40 else hashlib.sha256

    def name(text: bytes) -> str:
        return algorithm(b"blob %d\0" % len(text) + text).hexdigest()

    return name


def _from_json(data: dict[str, Any]) -> Plan | None:
    try:
        return Plan(
            tuple(Planned(**item) for item in data["patches"]),
            tuple(Need(**item) for item in data["needs"]),
            data["problem"],
        )
    except (KeyError, TypeError):
        return None


def compare(plan: Plan, patches: Sequence[PatchRecord], changes: Sequence[tuple[FileChange, ...]]) -> list[Again]:
    """For each patch of a series what is known of it; `changes` are what their commits change."""
    by_key = {item.key: item for item in plan.patches}
    found = []
    for patch, changed in zip(patches, changes, strict=True):
        planned = by_key.get(patch.key) if patch.key else None
        if planned is None:
            found.append(Again(None, plan.problem or "it is none of the patches that the recipe gives now"))
            continue
        there = {change.path: change.blobs[1] for change in changed}
        paths = dict.fromkeys((*there, *planned.blobs))
        differing = [path for path in paths if there.get(path) != planned.blobs.get(path)]
        problem = f"{differing[0]} differs from what the proof is about" if differing else ""
        found.append(Again(planned, problem))
    return found
