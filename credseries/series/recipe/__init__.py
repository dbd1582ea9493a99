"""Recipes: TOML files that say which topics a series has, in what order, and what each of them converts and adds.

`model` is what a recipe says, `places` where recipes are, `document` their TOML with what it extends, `tables` and
`values` what a key may hold, `parse` the way from tables to a recipe, `order` and `templates` what must be right
between topics and in commit messages, `problems`, `phrases` and `lines` what is wrong, in words, and in which line,
`load` all of it together.
"""

from credseries.series.recipe.load import check_recipe, load_recipe, parse_recipe, recipe_text, recipe_texts
from credseries.series.recipe.model import (
    FACTS,
    KINDS,
    PROVIDED,
    SCHEMA,
    THREADS,
    Granularity,
    Helper,
    Recipe,
    Topic,
    Wording,
    recipe_to_json,
)

__all__ = [
    "FACTS",
    "KINDS",
    "PROVIDED",
    "SCHEMA",
    "THREADS",
    "Granularity",
    "Helper",
    "Recipe",
    "Topic",
    "Wording",
    "check_recipe",
    "load_recipe",
    "parse_recipe",
    "recipe_text",
    "recipe_texts",
    "recipe_to_json",
]
