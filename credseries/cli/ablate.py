"""`credseries ablate`: branches to measure what each topic of the series brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.options import (
    HERE,
    AllowMove,
    Base,
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
    from credseries.series.ablation import Ablation, Case

SCHEMA = 1
Prefix = Annotated[
    str | None,
    typer.Option("--branch", metavar="NAME", help="What the branches' names begin with.", show_default="creds-RECIPE"),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ablate", short_help="Make branches that tell what each topic brings.")(ablate)


def ablate(
    tree: Tree = HERE,
    recipe: RecipeName = "rfc",
    base: Base = "HEAD",
    branch: Prefix = None,
    topic: Topics = None,
    without: Without = None,
    allow_move: AllowMove = None,
    json: Json = False,
) -> None:
    """Make the series, and the series without each of its topics, on branches to build and to measure.

    NAME-full has all of the series, NAME-without-TOPIC all but what one topic converts, every commit proven as `split`
    proves it. What the full series gains over NAME-without-TOPIC is what that topic brings. All branches are made in
    one step; they have no cover letter and are no b4 prep branches.

    \b
    Examples:
      credseries ablate
      credseries ablate --base v6.12 --branch measure
      credseries ablate --topic backing-file --topic overlayfs
    """
    from credseries.cli.split import new_stamp
    from credseries.series.ablation import ablate as make
    from credseries.series.model import Selection
    from credseries.series.recipe import load_recipe

    repo = open_repository(tree)
    repo.identity("author")
    loaded = load_recipe(recipe, repo.work_tree)
    selection = Selection(tuple(topic or ()), tuple(without or ()), tuple(allow_move or ()))
    survey = take_survey(repo, base, recipe, moves=selection.moves)
    name = branch if branch is not None else f"creds-{loaded.name}"
    with render.working("proving and committing the branches"):
        made = make(repo, survey, loaded, name, new_stamp(), selection)
    if json:
        render.as_json(as_json(made))
    else:
        show(made)


def as_json(made: Ablation) -> dict[str, Any]:
    """The contract, schema 1 (docs in README)."""
    return {
        "schema": SCHEMA,
        "name": made.name,
        "recipe": made.recipe,
        "title": made.title,
        "base": {"commit": made.base.commit, "version": made.base_version},
        "cases": [
            {
                "role": case.role,
                "topic": case.without or None,
                "branch": case.branch or None,
                "commit": case.commit,
                "patches": case.patches,
                "sites": dict(case.sites),
            }
            for case in made.cases
        ],
    }


def show(made: Ablation) -> None:
    """What to build and measure, and what each difference tells."""
    render.say(f"{made.title}, to be measured on Linux {made.base_version} ({made.base.commit[:12]})")
    for line in render.columns([_row(case, made.base) for case in made.cases]):
        render.say(render.printable(line))
    render.say("\nbuild and measure each; then")
    topics = [case.without for case in made.cases if case.without]
    rows = [["full minus base", "is what the series brings"]]
    rows += [[f"full minus without-{topic}", f"is what {topic} brings"] for topic in topics]
    for line in render.columns(rows):
        render.say(line)


def _row(case: Case, base: Case) -> list[str]:
    role = case.role.replace(":", "-")
    if case is base:
        return [role, case.commit[:12], "the tree as it is", ""]
    forms = [f"{case.sites[form]} {form}" for form in ("guard", "scoped", "light") if case.sites.get(form)]
    return [role, case.branch, many(case.patches, "patch", "patches"), ", ".join(forms)]
