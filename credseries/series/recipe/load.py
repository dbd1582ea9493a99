"""Reading a recipe: from a name or a path to what it says, or to all that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from credseries.errors import RecipeError
from credseries.series.recipe.document import NotToml, document
from credseries.series.recipe.model import Recipe
from credseries.series.recipe.parse import parse
from credseries.series.recipe.places import START, Source, find
from credseries.series.recipe.problems import Problem, Problems


@dataclass(frozen=True)
class Checked:
    """What reading a recipe gave: the recipe, or what is wrong with it."""

    source: Source
    recipe: Recipe | None
    problems: tuple[Problem, ...] = ()


def _check(source: Source, tree: Path | None) -> Checked:
    problems = Problems()
    try:
        recipe = parse(document(source, tree, problems), problems)
    except NotToml as error:
        return Checked(source, None, (error.problem,))
    if placed := problems.placed():
        return Checked(source, None, tuple(placed))
    return Checked(source, replace(recipe, origin=source.origin))


def _required(checked: Checked) -> Recipe:
    if checked.recipe is not None:
        return checked.recipe
    first, *more = checked.problems
    name = checked.source.origin
    raise RecipeError(str(first), hint=f"and {len(more)} more: credseries recipe check {name}" if more else START)


def check_recipe(name: str, tree: Path | None = None) -> Checked:
    """A recipe by name or path, with all that is wrong with it. Raises RecipeError when there is none to check."""
    return _check(find(name, tree), tree)


def load_recipe(name: str, tree: Path | None = None) -> Recipe:
    """A recipe by name or path, checked; `tree` is the top of the work tree that may have recipes of its own.

    Raises RecipeError, which names the file, the line, the key, and what it may be.
    """
    return _required(check_recipe(name, tree))


def parse_recipe(name: str, text: str, tree: Path | None = None) -> Recipe:
    """The recipe in a text, which is in no file. Raises RecipeError."""
    return _required(_check(Source(name, name, text), tree))


def recipe_text(name: str, tree: Path | None = None) -> str:
    """The text of a recipe by name or path, as it is. Raises RecipeError."""
    return find(name, tree).text


def recipe_texts(name: str, tree: Path | None = None) -> list[str]:
    """The texts that a recipe is made of: its own, and those of the recipes that it extends. Raises RecipeError."""
    source = find(name, tree)
    try:
        return [layer.text for layer in document(source, tree, Problems()).sources]
    except NotToml:
        return [source.text]
