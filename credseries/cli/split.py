"""`credseries split`: the conversion as a series of commits on a new branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Base, Json, RecipeName, Tree, open_repository, take_survey

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.series.model import PatchRecord, SeriesRecord
    from credseries.series.split import Stamp

NewBranch = Annotated[
    str | None,
    typer.Option("--branch", metavar="NAME", help="The branch to make.", show_default="creds-RECIPE"),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("split", short_help="Commit the conversion as a series to a new branch.")(split)


def split(
    tree: Tree = HERE,
    recipe: RecipeName = "rfc",
    base: Base = "HEAD",
    branch: NewBranch = None,
    json: Json = False,
) -> None:
    """Convert what the recipe names, order it into patches, and commit them to a new branch that b4 knows.

    The work tree and the index are not touched, and a dirty work tree does not matter: the base is a commit.
    Everything that b4 does with a prep branch (b4 prep --show-info, b4 send) works on the branch too.

    \b
    Examples:
      credseries split                                   branch creds-rfc, on HEAD
      credseries split --base v6.12 --branch creds/612
      credseries split --recipe ./mine.toml              a recipe of your own
    """
    repo = open_repository(tree)
    record = make_series(repo, recipe, base, branch)
    if json:
        render.as_json(record.to_json())
    else:
        show_series(record)
        render.say(f"\nbranch {record.branch} is ready; next: credseries checklist, credseries cover, credseries send")


def make_series(
    repo: Repository, recipe: str, base: str, branch: str | None, stamp: Stamp | None = None
) -> SeriesRecord:
    """Split, with a first cover letter."""
    from credseries.mail.cover import render_cover
    from credseries.series.recipe import load_recipe
    from credseries.series.split import check_branch
    from credseries.series.split import split as split_survey

    loaded = load_recipe(recipe, repo.work_tree)
    name = branch if branch is not None else f"creds-{loaded.name}"
    check_branch(repo, name)
    repo.identity("author")
    survey = take_survey(repo, base, recipe)
    with render.working("proving and committing the series"):
        return split_survey(repo, survey, loaded, name, stamp or _now(), lambda record: render_cover(record).text)


def _now() -> Stamp:
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
        stat = f"{len(patch.files)} file{'s' if len(patch.files) > 1 else ''} +{patch.added} -{patch.removed}"
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
