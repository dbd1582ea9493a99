"""`credseries split`: the conversion as a series of commits on a new branch."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import (
    HERE,
    AllowMove,
    Json,
    RecipeName,
    Topics,
    Tree,
    Without,
    open_repository,
    take_survey,
)
from credseries.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.series.model import PatchRecord, Selection, SeriesRecord
    from credseries.series.scan import Survey
    from credseries.series.split import Stamp


class Threads(StrEnum):
    """How a series is parted."""

    ONE = "one"
    TREE = "tree"


NewBranch = Annotated[
    str | None,
    typer.Option("--branch", metavar="NAME", help="The branch to make.", show_default="creds-RECIPE"),
]

Bases = Annotated[
    list[str] | None,
    typer.Option(
        "--base",
        metavar="[TREE=]REV",
        help="The commit to start from; with --threads tree, also one for a single tree.",
        show_default="HEAD",
    ),
]
ThreadsChoice = Annotated[
    Threads | None,
    typer.Option("--threads", help="One series, or one for each tree.", show_default="what the recipe says"),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("split", short_help="Commit the conversion as a series to a new branch.")(split)


def split(
    tree: Tree = HERE,
    recipe: RecipeName = "rfc",
    base: Bases = None,
    branch: NewBranch = None,
    topic: Topics = None,
    without: Without = None,
    threads: ThreadsChoice = None,
    allow_move: AllowMove = None,
    json: Json = False,
) -> None:
    """Convert what the recipe names, order it into patches, and commit them to a new branch that b4 knows.

    Every prefix of the series is proven, not just its end. The work tree and the index are not touched, and a dirty
    work tree does not matter: the base is a commit. Everything that b4 does with a prep branch (b4 prep --show-info,
    b4 send) works on the branch too.

    With --threads tree there is one series for each maintainer tree of the recipe, each on a branch of its own
    (BRANCH-TREE), with its own base and with the patches of the others that have to come first as prerequisites.

    A call that --allow-move names may run under a guard although it came after the revert; the commit message then
    says so.

    \b
    Examples:
      credseries split                                   branch creds-rfc, on HEAD
      credseries split --recipe per-function             one patch a function
      credseries split --base v6.12 --branch creds/612
      credseries split --topic backing-file              this topic, and what it needs
      credseries split --threads tree --base vfs/vfs.all --base overlayfs=ovl/next
      credseries split --allow-move pr_debug
      credseries split --recipe ./mine.toml              a recipe of your own
    """
    from credseries.series.model import Selection

    repo = open_repository(tree)
    selection = Selection(tuple(topic or ()), tuple(without or ()), tuple(allow_move or ()))
    records = make_all(repo, recipe, base or ["HEAD"], branch, selection, threads.value if threads else None)
    if json:
        render.as_json(records[0].to_json() if records[0].thread is None else [item.to_json() for item in records])
        return
    for number, record in enumerate(records):
        if number:
            render.say()
        show_series(record)
    made = ", ".join(record.branch for record in records)
    ready = "is ready" if len(records) == 1 else "are ready"
    names = "branch" if len(records) == 1 else "branches"
    render.say(f"\n{names} {made} {ready}; next: credseries checklist, credseries cover, credseries send")


def make_all(
    repo: Repository,
    recipe: str,
    bases: Sequence[str],
    branch: str | None,
    selection: Selection,
    threads: str | None = None,
    stamp: Stamp | None = None,
) -> list[SeriesRecord]:
    """Split, with first cover letters: one series, or one for each tree as the recipe or `threads` says."""
    from credseries.mail.cover import render_cover
    from credseries.series.recipe import load_recipe
    from credseries.series.split import check_branch, split_by_tree
    from credseries.series.split import split as split_survey

    loaded = load_recipe(recipe, repo.work_tree)
    name = branch if branch is not None else f"creds-{loaded.name}"
    by_tree = (threads or loaded.threads) == "tree"
    default, of_tree = bases_of(bases, [topic.tree for topic in loaded.topics] if by_tree else [], "HEAD")
    if not by_tree:
        check_branch(repo, name)
    repo.identity("author")
    taken: dict[str, Survey] = {}

    def survey_of(tree: str) -> Survey:
        base = of_tree.get(tree, default)
        if base not in taken:
            taken[base] = take_survey(repo, base, recipe, moves=selection.moves)
        return taken[base]

    def letter(record: SeriesRecord) -> str:
        return render_cover(record).text

    with render.working("proving and committing the series"):
        if by_tree:
            return split_by_tree(repo, survey_of, loaded, name, stamp or new_stamp(), letter, selection)
        return [split_survey(repo, survey_of(""), loaded, name, stamp or new_stamp(), letter, selection)]


def bases_of(bases: Sequence[str], trees: Sequence[str], default: str) -> tuple[str, dict[str, str]]:
    """The base of all trees, and those of single trees, from `REV` and `TREE=REV`. Raises UsageError."""
    from credseries.errors import UsageError

    of_tree: dict[str, str] = {}
    for item in bases:
        tree, equals, revision = item.partition("=")
        if not equals:
            default = item
        elif tree in trees:
            of_tree[tree] = revision
        else:
            hint = f"the recipe's trees: {', '.join(dict.fromkeys(trees))}" if trees else "it is for one series a tree"
            raise UsageError(f"{item}: there is no series of a tree {tree!r}", hint=hint)
    return default, of_tree


def make_series(
    repo: Repository, recipe: str, base: str, branch: str | None, stamp: Stamp | None = None
) -> SeriesRecord:
    """Split into one series, with a first cover letter."""
    from credseries.series.model import Selection

    [record] = make_all(repo, recipe, [base], branch, Selection(), "one", stamp)
    return record


def new_stamp() -> Stamp:
    """The time it is, and chance for a change-id."""
    import secrets
    from datetime import datetime

    from credseries.series.split import Stamp

    return Stamp(datetime.now().astimezone(), secrets.token_hex(6))


def _verdicts(patch: PatchRecord) -> str:
    found = [f"{patch.count(form)} {form}" for form in ("guard", "scoped", "light") if patch.count(form)]
    return ", ".join(found) if found else "no sites"


def show_series(record: SeriesRecord) -> None:
    """The patches with topic, tree, diffstat and verdict counts."""
    render.say(f"{record.title}: {len(record.patches)} patches on Linux {record.base_version} ({record.base[:12]})")
    rows = []
    for patch in record.patches:
        stat = f"{many(len(patch.files), 'file')} +{patch.added} -{patch.removed}"
        rows.append(
            [
                f"{patch.index}/{len(record.patches)}",
                patch.topic,
                patch.tree,
                stat,
                _verdicts(patch),
                patch.subject,
            ]
        )
    for line in render.columns(rows):
        render.say(render.printable(line))
    if record.refused:
        render.say(f"\n{len(record.refused)} sites of these paths are left as they are:")
        rows = [[f"{site.file}:{site.line}", f"{site.function}()", site.reason] for site in record.refused]
        for line in render.columns(rows):
            render.say(render.printable(line))
