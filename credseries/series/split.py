"""Split: a survey becomes a branch, or one for each tree, with cover letters, in one step."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from credseries.errors import BranchExists, UsageError
from credseries.kernel.git import Repository
from credseries.series.assemble import Letter, Made, Naming, assemble, make_builder
from credseries.series.build import Builder
from credseries.series.drafts import Draft
from credseries.series.model import Needed, Selection, SeriesRecord, Thread
from credseries.series.prep import check_branch_name, check_namesakes
from credseries.series.publish import publish
from credseries.series.recipe import Recipe
from credseries.series.scan import Survey
from credseries.series.threads import Part, by_tree


@dataclass(frozen=True)
class Stamp:
    """What a split takes from outside: the time of its commits, and 12 hexadecimal digits for the change-id."""

    when: datetime
    token: str


def check_branch(repo: Repository, branch: str) -> None:
    """Raises UsageError for a name that git or b4 cannot work with, BranchExists when it is taken."""
    check_free(repo, branch)
    check_branch_name(branch)
    check_namesakes(repo, branch)


def check_free(repo: Repository, branch: str) -> None:
    """Raises UsageError for a name that is none for git, BranchExists when there can be no branch of that name."""
    if not repo.valid_branch_name(branch):
        hint = "see `git help check-ref-format`, or use letters, digits and '-'"
        raise UsageError(f"{branch!r} cannot be the name of a branch", hint=hint)
    if repo.branch_tip(branch) is not None:
        hint = f"choose another with --branch NAME, or delete it: git branch -D {branch}"
        raise BranchExists(f"branch {branch} exists already", hint=hint)
    above = branch
    while "/" in above:
        above = above.rpartition("/")[0]
        if repo.branch_tip(above) is not None:
            hint = "choose another with --branch NAME: git keeps no branch below another one"
            raise BranchExists(f"branch {above} exists already, so there can be no {branch}", hint=hint)


def change_id(title: str, stamp: Stamp, *more: str) -> str:
    """A change-id as b4 makes one: date, title, and 12 hexadecimal digits; `more` tells several of a stamp apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].rstrip("-")
    token = hashlib.sha256("\0".join((stamp.token, *more)).encode()).hexdigest()[:12] if more else stamp.token
    return f"{stamp.when:%Y%m%d}-{slug}-{token}"


def split(
    repo: Repository,
    survey: Survey,
    recipe: Recipe,
    branch: str,
    stamp: Stamp,
    letter: Letter,
    selection: Selection | None = None,
) -> SeriesRecord:
    """Commit the series to a new branch; the user's work tree, index and branches stay as they are.

    `letter` gives the text of the cover letter for the record, which has no ids of commits yet. Raises BranchExists,
    MissingIdentity, ProofError, ImpossibleOrder, SourceError.
    """
    check_branch(repo, branch)
    naming = Naming(branch, change_id(recipe.title, stamp), 1, recipe.title)
    made = assemble(repo, make_builder(repo, survey, recipe, selection), naming, stamp.when)
    [record] = publish(repo, [made.placing(letter)], when=stamp.when, reflog=f"credseries split: {recipe.name}")
    return record


# -- one series a tree


def tree_branch(branch: str, tree: str) -> str:
    """The branch of a tree's series."""
    return f"{branch}-{re.sub(r'[^a-z0-9]+', '-', tree.lower()).strip('-')}"


def split_by_tree(
    repo: Repository,
    surveys: Callable[[str], Survey],
    recipe: Recipe,
    branch: str,
    stamp: Stamp,
    letter: Letter,
    selection: Selection | None = None,
) -> list[SeriesRecord]:
    """Commit one series for each tree to branches of their own, all in one step.

    `surveys` gives the survey of a tree's base. What a tree's series needs of another's is committed before it, and
    named as a prerequisite. Raises as `split` does.
    """
    builders: dict[str, Builder] = {}

    def builder(tree: str) -> Builder:
        if tree not in builders:
            builders[tree] = make_builder(repo, surveys(tree), recipe, selection)
        return builders[tree]

    trees = list(dict.fromkeys(topic.tree for topic in recipe.topics))
    parts = by_tree(builder(trees[0]).drafts)
    names = tuple(part.tree for part in parts)
    for name in names:
        check_branch(repo, tree_branch(branch, name))
    umbrella = change_id(recipe.title, stamp)

    def naming(tree: str) -> Naming:
        title = f"{recipe.title} ({tree})" if len(names) > 1 else recipe.title
        return Naming(tree_branch(branch, tree), change_id(recipe.title, stamp, tree), 1, title)

    made = make_threads(repo, builder, names, naming, umbrella, stamp.when)
    reflog = f"credseries split: {recipe.name}, one series a tree"
    return publish(repo, [item.placing(letter) for item in made], when=stamp.when, reflog=reflog)


def make_threads(
    repo: Repository,
    builders: Callable[[str], Builder],
    trees: Sequence[str],
    naming: Callable[[str], Naming],
    umbrella: str,
    when: datetime,
) -> list[Made]:
    """The series of these trees, in an order in which each comes after those that it needs. Raises as `split` does."""
    done: list[tuple[Part, Made, dict[str, str]]] = []
    titles = tuple(naming(tree).title for tree in trees)
    for tree in trees:
        part = next((item for item in by_tree(builders(tree).drafts) if item.tree == tree), None)
        if part is None:
            raise UsageError(
                f"on the base of tree {tree} there is nothing left to do for it",
                hint="leave its topics out with --without, or give another base",
            )
        made = assemble(
            repo,
            builders(tree),
            naming(tree),
            when,
            before=part.before,
            own=part.own,
            thread=Thread(tree, umbrella, tuple(trees), titles, _needs(part.before, done)),
            prerequisites=_prerequisites(builders(tree), part.before, done),
        )
        done.append((part, made, _patch_ids(repo, made)))
    return [made for _, made, _ in done]


def _patch_ids(repo: Repository, made: Made) -> dict[str, str]:
    """The patch-ids of a series' patches by their keys."""
    trees = [commit.tree or "" for commit in made.commits]
    pairs = zip([repo.resolve_tree(made.record.start)[1], *trees], trees, strict=False)
    ids = [repo.patch_id(old, new) for old, new in pairs]
    return {patch.key: found for patch, found in zip(made.record.patches, ids, strict=True)}


def _needs(before: Sequence[Draft], done: Sequence[tuple[Part, Made, dict[str, str]]]) -> tuple[Needed, ...]:
    """The patches of series that are made which have to come first."""
    wanted = {draft.key for draft in before}
    found = []
    for part, made, _ in done:
        mine = [patch for patch in made.record.patches if patch.key in wanted]
        if mine:
            keys, subjects = tuple(patch.key for patch in mine), tuple(patch.subject for patch in mine)
            found.append(Needed(part.tree, keys, subjects, len(mine) == len(made.record.patches)))
    return tuple(found)


def _prerequisites(
    builder: Builder, before: Sequence[Draft], done: Sequence[tuple[Part, Made, dict[str, str]]]
) -> list[str]:
    """What has to be applied first, in the format of `b4 prep --edit-deps`: other series as a whole, or patches.

    b4 looks patches up by their ids only in series that are not named themselves, so a series is named in one way.
    """
    if not before:
        return []
    wanted = {draft.key for draft in before}
    found = [f"base-commit: {builder.survey.commit}"]
    for part, made, ids in done:
        keys = [draft.key for draft in part.own]
        if wanted.issuperset(keys):
            found.append(f"change-id: {made.record.change_id}:v{made.record.revision}")
        else:
            found += [f"patch-id: {ids[key]}" for key in keys if key in wanted]
    return found
