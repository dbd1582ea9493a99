"""`credseries recipe`: the recipes there are, their text, and what is wrong with them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Json, Tree, complete_recipe, work_tree
from credseries.words import many

if TYPE_CHECKING:
    from pathlib import Path

    from credseries.series.recipe import Recipe
    from credseries.series.recipe.load import Checked
    from credseries.series.recipe.places import Listed

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A recipe by name, or by path.", autocompletion=complete_recipe)
]
Names = Annotated[
    list[str],
    typer.Argument(metavar="NAME|PATH...", help="Recipes by name, or by path.", autocompletion=complete_recipe),
]
Resolved = Annotated[
    bool, typer.Option("--resolved", help="What it means, as JSON: defaults and what it extends written out.")
]

_recipes = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""List, show and check recipes: the TOML files that say which topics a series has.

    A recipe is found by its name: first in .credseries/patches/ of the tree, then in
    ~/.config/credseries/patches/, then among the shipped. A path (with a slash, or ending
    in .toml) is taken as it is.

    \b
    A recipe of your own:
      credseries recipe show rfc > mine.toml      start from a shipped one
      credseries recipe check ./mine.toml         what is wrong, line by line
      credseries split --recipe ./mine.toml
    """,
)


def add_to(app: typer.Typer) -> None:
    """Add the command and the commands below it."""
    _recipes.command("list", short_help="List the recipes there are.")(list_recipes)
    _recipes.command("show", short_help="Print a recipe.")(show)
    _recipes.command("check", short_help="Say all that is wrong with recipes.")(check)
    app.add_typer(_recipes, name="recipe", short_help="List, show and check recipes.")


def list_recipes(tree: Tree = HERE, json: Json = False) -> None:
    """List the recipes that a name stands for: where each is from, what it is for, its topics and its patches.

    Names of the tree hide those of your configuration, and both hide the shipped ones.

    \b
    Examples:
      credseries recipe list
      credseries recipe list -C ~/linux                  with those of a tree
      credseries recipe list --json | jq '.recipes[].name'
    """
    found = _listed(work_tree(tree))
    if json:
        render.as_json({"schema": 1, "recipes": found})
        return
    for line in render.columns([_row(item) for item in found], indent=""):
        render.say(render.printable(line))


def show(name: Name, tree: Tree = HERE, resolved: Resolved = False) -> None:
    """Print the text of a recipe as it is, or what it means.

    \b
    Examples:
      credseries recipe show rfc > mine.toml
      credseries recipe show per-file --resolved | jq '.topics[].granularity'
    """
    from credseries.series.recipe import load_recipe, recipe_text, recipe_to_json

    top = work_tree(tree)
    if resolved:
        render.as_json(recipe_to_json(load_recipe(name, top)))
    else:
        render.data(recipe_text(name, top))


def check(names: Names, tree: Tree = HERE, json: Json = False) -> None:
    """Check recipes and say all that is wrong, as FILE:LINE: KEY: what it is and what it may be.

    Exits with 2 when something is wrong.

    \b
    Examples:
      credseries recipe check rfc
      credseries recipe check ./mine.toml
      credseries recipe check .credseries/patches/*.toml
    """
    from credseries.series.recipe import check_recipe

    top = work_tree(tree)
    found = [(name, check_recipe(name, top)) for name in names]
    if json:
        render.as_json({"schema": 1, "recipes": [_checked(name, checked) for name, checked in found]})
    else:
        for name, checked in found:
            for line in [str(problem) for problem in checked.problems] or [f"{name}: ok: {_extent(checked.recipe)}"]:
                render.say(render.printable(line))
    if any(checked.problems for _, checked in found):
        raise typer.Exit(2)


def _listed(top: Path | None) -> list[dict[str, Any]]:
    from credseries.series.recipe.places import listing

    return [_described(item, top) for item in listing(top)]


def _described(item: Listed, top: Path | None) -> dict[str, Any]:
    from credseries.errors import RecipeError
    from credseries.series.recipe import check_recipe
    from credseries.series.recipe.places import introduction

    text, recipe = "", None
    with suppress(RecipeError):  # that it cannot even be read is for `recipe check` to say
        checked = check_recipe(item.name, top)
        text, recipe = checked.source.text, checked.recipe
    return {
        "name": item.name,
        "place": item.place.value,
        "path": str(item.path),
        "hides": [place.value for place in item.hides],
        "ok": recipe is not None,
        "about": introduction(text) or (recipe.title if recipe else ""),
        "title": recipe.title if recipe else "",
        "topics": [topic.name for topic in recipe.topics] if recipe else [],
        "granularity": _granularity(recipe) if recipe else [],
    }


def _granularity(recipe: Recipe) -> list[str]:
    return list(dict.fromkeys(topic.granularity.value for topic in recipe.topics if topic.paths))


def _row(item: dict[str, Any]) -> list[str]:
    place = item["place"] + (f" (hides {' and '.join(item['hides'])})" if item["hides"] else "")
    if not item["ok"]:
        return [item["name"], place, "damaged", f"see `credseries recipe check {item['name']}`"]
    patches = " and ".join(f"per {word}" for word in item["granularity"])
    return [item["name"], place, patches, f"{', '.join(item['topics'])}\n    {item['about']}"]


def _extent(recipe: Recipe | None) -> str:
    """What a sound recipe holds, in a few words."""
    if recipe is None:
        return ""
    words = [
        many(len(recipe.topics), "topic"),
        many(len([helper for topic in recipe.topics for helper in topic.helpers]), "helper"),
        f"a patch per {' or '.join(_granularity(recipe))}" if _granularity(recipe) else "nothing to convert",
    ]
    return ", ".join(words)


def _checked(name: str, checked: Checked) -> dict[str, Any]:
    problems = [{"file": p.file, "line": p.line, "key": p.key, "problem": p.text} for p in checked.problems]
    topics = [topic.name for topic in checked.recipe.topics] if checked.recipe is not None else []
    return {"recipe": name, "ok": not problems, "topics": topics, "problems": problems}
