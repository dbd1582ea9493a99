"""Ablation: the whole series, and the series without each of its topics, on branches that are there to be measured.

What a topic brings is what the whole series has and the series without the topic has not. Which commit stands for what
is kept in the store, so that a measurement can say later what it measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from credseries.errors import StoreDamaged, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.values import RefChange
from credseries.series import saved
from credseries.series.assemble import Naming, assemble, make_builder
from credseries.series.build import Builder
from credseries.series.model import Selection
from credseries.series.prep import committer
from credseries.series.recipe import Recipe
from credseries.series.scan import Survey
from credseries.series.split import Stamp, check_free

_KIND = "ablation"
BASE, FULL, WITHOUT = "base", "full", "without:"


@dataclass(frozen=True)
class Case:
    """One thing to build and measure: its role (`base`, `full` or `without:TOPIC`) and its commit.

    `branch` is empty for the base, which has none of ours; `sites` says how many sites have which form in it.
    """

    role: str
    branch: str
    commit: str
    patches: int
    sites: Mapping[str, int]

    @property
    def without(self) -> str:
        """The topic that it lacks; empty for the base and for the whole series."""
        return self.role.removeprefix(WITHOUT) if self.role.startswith(WITHOUT) else ""


@dataclass(frozen=True)
class Ablation:
    """What one `ablate` made, by the name that its branches begin with."""

    name: str
    recipe: str
    title: str
    base_version: str
    cases: tuple[Case, ...]
    selection: Selection = field(default_factory=Selection)

    @property
    def base(self) -> Case:
        """The case of the tree as it was."""
        return next(case for case in self.cases if case.role == BASE)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `ablation_from_json` reads back."""
        return asdict(self)


def ablation_from_json(data: dict[str, Any]) -> Ablation:
    """What `Ablation.to_json` gave; raises KeyError, TypeError or AttributeError on anything else."""
    selection = Selection(**{key: tuple(value) for key, value in data["selection"].items()})
    cases = tuple(Case(**case) for case in data["cases"])
    return Ablation(**{**data, "cases": cases, "selection": selection})


def ablate(
    repo: Repository, survey: Survey, recipe: Recipe, name: str, stamp: Stamp, selection: Selection | None = None
) -> Ablation:
    """Make the branches NAME-full and NAME-without-TOPIC for each topic that converts something, in one step.

    They have no cover letter, and b4 does not know them. Raises UsageError also when only one topic converts anything
    or one cannot be left out, and what `split` raises.
    """
    chosen = selection or Selection()
    who = committer(repo)
    builders = _builders(repo, survey, recipe, chosen)
    branches = {topic: f"{name}-{f'without-{topic}' if topic else 'full'}" for topic in builders}
    for branch in branches.values():
        check_free(repo, branch)
    cases = [Case(BASE, "", survey.commit, 0, {})]
    for topic, builder in builders.items():
        made = assemble(repo, builder, Naming(branches[topic], "", 1, recipe.title), stamp.when)
        commits = repo.write_commits(
            made.record.start, made.commits, author=repo.identity("author"), committer=who, when=stamp.when
        )
        sites = Counter(item.choice.value for item in builder.sites if item.choice is not None)
        role = f"{WITHOUT}{topic}" if topic else FULL
        cases.append(Case(role, branches[topic], commits[-1], len(commits), dict(sites)))
    found = Ablation(name, recipe.origin or recipe.name, recipe.title, survey.version, tuple(cases), chosen)
    with saved.opened(repo) as store:  # first: a branch that is there can be told apart
        store.put(_KIND, name, found.to_json())
    changes = [RefChange(f"refs/heads/{case.branch}", case.commit, repo.zero_id) for case in cases if case.branch]
    repo.update_refs(changes, f"credseries ablate: {recipe.name}")
    return found


def _builders(repo: Repository, survey: Survey, recipe: Recipe, chosen: Selection) -> dict[str, Builder]:
    """The builder of the whole series (under the empty name), and those of the series without a topic."""
    whole = make_builder(repo, survey, recipe, chosen)
    topics = _converting(whole)
    if len(topics) < 2:
        raise UsageError(
            f"only topic {topics[0]} converts anything: without it nothing is left to measure",
            hint="to measure the series, compare its branch with its base",
        )
    found = {"": whole}
    for topic in topics:
        less = replace(chosen, without=(*chosen.without, topic))
        try:
            found[topic] = make_builder(repo, survey, recipe, less)
            found[topic].drafts  # noqa: B018 - raises when nothing is left, or has no order
        except UsageError as error:
            raise UsageError(f"topic {topic} cannot be left out: {error.message}", hint=error.hint) from error
    return found


def _converting(builder: Builder) -> list[str]:
    """The topics that convert sites, in the order of the series."""
    return list(dict.fromkeys(item.topic.name for item in builder.drafts if item.forms))


def ablations(repo: Repository) -> list[Ablation]:
    """The ablations of which some branch is still there, by name. Raises StoreDamaged."""
    with saved.opened(repo) as store:
        data = {key: store.get(_KIND, key) for key in store.keys(_KIND)}
    heads = repo.refs("refs/heads/") if data else {}
    found = [_read(key, value) for key, value in data.items()]
    return [item for item in found if any(f"refs/heads/{case.branch}" in heads for case in item.cases)]


def _read(name: str, value: Any) -> Ablation:
    try:
        return ablation_from_json(value)
    except (KeyError, TypeError, AttributeError) as error:
        again = f"delete its branches ({name}-full, {name}-without-..) and ablate again"
        raise StoreDamaged(f"what is known of ablation {name} cannot be read", hint=again) from error


def role_of(known: Sequence[Ablation], commit: str) -> tuple[Ablation, Case] | None:
    """What a commit stands for in some ablations: the latest that has it, else None."""
    return next(((item, case) for item in reversed(known) for case in item.cases if case.commit == commit), None)
