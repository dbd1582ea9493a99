"""The TOML of a recipe, laid over that of the recipe which it extends."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credseries.series.recipe.model import SCHEMA
from credseries.series.recipe.phrases import shown
from credseries.series.recipe.places import Source, listing, lookup
from credseries.series.recipe.problems import Keys, Problem, Problems
from credseries.words import near

# What a recipe says of itself, and no other one takes over.
_OWN = ("schema", "extends", "name")
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True)
class Document:
    """The keys of a recipe with those of the recipes that it extends; each is from the nearest one that has it."""

    data: Mapping[str, Any]
    sources: tuple[Source, ...]
    origins: Mapping[str, Source]

    def source(self, keys: Keys) -> Source:
        """The recipe that a key is from; of one that is not there, the recipe itself."""
        return self.origins.get(str(keys[0]), self.sources[0]) if keys else self.sources[0]


class NotToml(Exception):
    """A text is not TOML; the problem says where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(source: Source) -> dict[str, Any]:
    """The data in a recipe's text. Raises NotToml."""
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        match = _POSITION.search(str(error))
        line = int(match[1]) if match and match[1] else max(1, len(source.text.splitlines()))
        text = _POSITION.sub("", str(error))
        raise NotToml(Problem(source.file, line, "", f"is not valid TOML: {text}")) from error


def document(source: Source, tree: Path | None, problems: Problems) -> Document:
    """A recipe with what it extends. Raises NotToml, of any of them, and RecipeError for one that cannot be read."""
    sources, data, origins = [source], dict[str, Any](), dict[str, Source]()
    while True:
        current = sources[-1]
        layer = read(current)
        _check_schema(layer, current, problems)
        for key, value in layer.items():
            if key not in data and (len(sources) == 1 or key not in _OWN):
                data[key], origins[key] = value, current
        if "extends" not in layer:
            break
        following = _extended(layer["extends"], sources, tree, problems)
        if following is None:
            break
        sources.append(following)
    return Document(data, tuple(sources), origins)


def _check_schema(layer: Mapping[str, Any], source: Source, problems: Problems) -> None:
    schema = layer.get("schema")
    if isinstance(schema, bool) or schema != SCHEMA:
        found = f"is {shown(schema)}" if "schema" in layer else "is missing"
        problems.add(source, ("schema",), "schema", f"{found}; it must be {SCHEMA}")


def _extended(name: object, sources: list[Source], tree: Path | None, problems: Problems) -> Source | None:
    """The recipe that the last of `sources` extends: never one of them, so that one can extend what it hides."""
    current = sources[-1]
    if not isinstance(name, str):
        problems.add(current, ("extends",), "extends", f"is {shown(name)}; it must be the name of a recipe")
        return None
    beside = current.path.parent if current.path is not None else None
    found = lookup(name, tree, beside, [source.path for source in sources])
    if found is None:
        names = [source.name for source in sources]
        if name in names:
            cycle = " -> ".join([*names[names.index(name) :], name])
            problems.add(current, ("extends",), "extends", f"goes round in a circle: {cycle}")
        else:
            known = [item.name for item in listing(tree)]
            text = f"is {shown(name)}{near(name, known)}; there is no such recipe, there are {', '.join(known)}"
            problems.add(current, ("extends",), "extends", text)
    return found
