"""Recipes: which topics a series has, in what order, and what each of them converts and adds."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from credseries import resources
from credseries.errors import RecipeError, UsageError
from credseries.rewrite.forms import Form

SCHEMA = 1
_TOP = {"schema", "name", "title", "summary", "prefixes", "forms", "topics"}
_TOPIC = {"name", "title", "tree", "lists", "note", "paths", "after", "prefix", "helpers", "accessors"}
_HELPER = {"provides", "file", "code", "after", "include", "subject", "body"}
PROVIDED = ("guard-const", "light-pair", "guard")
# Kinds of patches that convert or prepare something; helpers bring subjects and bodies of their own.
KINDS = ("guard", "light", "counted", "reverts", "switch", "accessor")
# What a commit message tells: the forms used, why a site is no guard, calls that a person allowed to move, what keeps
# the credentials alive, and that the rest is proven.
FACTS = ("forms", "why-not-guard", "moved", "lifetime", "proof")
THREADS = ("one", "tree")


@dataclass(frozen=True)
class Helper:
    """Helper code that a patch of its own adds, where the tree lacks it; `provides` is one of PROVIDED."""

    provides: str
    file: str
    subject: str
    body: str
    code: bytes = b""
    after: str = ""
    include: str = ""


class Granularity(Enum):
    """What one patch of a topic converts."""

    TOPIC = "topic"
    FILE = "file"
    FUNCTION = "function"


@dataclass(frozen=True)
class Wording:
    """Templates (jinja2) for subject and body of a kind of patch; an empty one leaves what credseries writes."""

    subject: str = ""
    body: str = ""


@dataclass(frozen=True)
class Topic:
    """A part of the series that goes through one maintainer tree.

    `paths` are files or directories to convert, `forms` the order in which forms are tried, `accessors` gives the name
    of the accessor for each wrapper. `reverts` gives for a wrapper the name of a function for its reverts: with one,
    the wrapper itself is made light, in one patch for all that call it. `prefix` starts the subjects of its patches;
    where it is empty, what git's log of the path shows does, and `default_prefix` where that shows nothing. `facts`
    are what commit messages tell (FACTS), `messages` has templates by kind of patch (KINDS), `moves` are patterns of
    calls that may run under the override.
    """

    name: str
    title: str
    tree: str
    lists: tuple[str, ...] = ()
    note: str = ""
    paths: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    prefix: str = ""
    default_prefix: str = ""
    forms: tuple[Form, ...] = ()
    granularity: Granularity = Granularity.TOPIC
    helpers: tuple[Helper, ...] = ()
    accessors: Mapping[str, str] = field(default_factory=dict)
    reverts: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    trailers: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    messages: Mapping[str, Wording] = field(default_factory=dict)

    def covers(self, path: str) -> bool:
        """Whether a file belongs to the topic."""
        return any(path == item or path.startswith(item.rstrip("/") + "/") for item in self.paths)


@dataclass(frozen=True)
class Recipe:
    """A recipe, checked: topics are in an order that their dependencies allow.

    `origin` is what `load_recipe` finds it by again, from any directory.
    """

    name: str
    title: str
    summary: str
    prefixes: tuple[str, ...]
    forms: tuple[Form, ...]
    topics: tuple[Topic, ...]
    origin: str = ""

    @property
    def accessors(self) -> dict[str, str]:
        """The accessor of each wrapper, over all topics."""
        return {wrapper: name for topic in self.topics for wrapper, name in topic.accessors.items()}

    def topic_of(self, path: str) -> Topic | None:
        """The first topic that converts a file."""
        return next((topic for topic in self.topics if topic.covers(path)), None)


class _Table:
    """A TOML table with errors that name the recipe, the key and what it may be."""

    def __init__(self, recipe: str, where: str, data: Mapping[str, Any], allowed: set[str]) -> None:
        self.recipe, self.where, self.data = recipe, where, data
        unknown = sorted(set(data) - allowed)
        if unknown:
            raise self.error(unknown[0], f"is not a key here; there are {', '.join(sorted(allowed))}")

    def error(self, key: str, problem: str) -> RecipeError:
        place = f"{self.where}.{key}" if self.where else key
        return RecipeError(f"recipe {self.recipe}: {place} {problem}", hint="see patches/rfc.toml for a recipe")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.error(key, "must be a text")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of texts")
        return tuple(value)

    def tables(self, key: str, allowed: set[str]) -> list[_Table]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, "must be a list of tables")
        return [_Table(self.recipe, f"{key}[{index}]", item, allowed) for index, item in enumerate(value)]


def _helper(table: _Table) -> Helper:
    provides = table.text("provides")
    if provides not in PROVIDED:
        raise table.error("provides", f"is {provides!r}; it may be {', '.join(PROVIDED)}")
    code = table.text("code", "")
    return Helper(
        provides,
        table.text("file"),
        table.text("subject"),
        table.text("body"),
        resources.read_text("patches", code).encode() if code else b"",
        table.text("after", ""),
        table.text("include", ""),
    )


def _topic(table: _Table) -> Topic:
    accessors = table.data.get("accessors", {})
    if not isinstance(accessors, dict) or not all(isinstance(item, str) for item in accessors.values()):
        raise table.error("accessors", "must give a name for each wrapper")
    return Topic(
        table.text("name"),
        table.text("title"),
        table.text("tree"),
        table.texts("lists"),
        table.text("note", ""),
        table.texts("paths"),
        table.texts("after"),
        table.text("prefix", ""),
        forms=(Form.GUARD, Form.SCOPED, Form.LIGHT),
        helpers=tuple(_helper(item) for item in table.tables("helpers", _HELPER)),
        accessors=dict(accessors),
        facts=FACTS,
    )


def parse_recipe(name: str, text: str) -> Recipe:
    """The recipe in a TOML text. Raises RecipeError, which names the key and what it may be."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name} is not valid TOML: {error}", hint="mend the line that it names") from error
    top = _Table(name, "", data, _TOP)
    if data.get("schema") != SCHEMA:
        raise top.error("schema", f"must be {SCHEMA}")
    forms = []
    for form in top.texts("forms"):
        if form not in {item.value for item in Form}:
            raise top.error("forms", f"has {form!r}; it may hold {', '.join(item.value for item in Form)}")
        forms.append(Form(form))
    topics = [_topic(table) for table in top.tables("topics", _TOPIC)]
    if not topics:
        raise top.error("topics", "must have a table")
    known: set[str] = set()
    for topic in topics:
        missing = [item for item in topic.after if item not in known]
        if missing:
            raise top.error("topics", f": {topic.name} comes after {missing[0]}, which is no topic before it")
        if topic.name in known:
            raise top.error("topics", f"has {topic.name} twice")
        known.add(topic.name)
    return Recipe(
        top.text("name"),
        top.text("title"),
        top.text("summary"),
        top.texts("prefixes"),
        tuple(forms),
        tuple(topics),
    )


def recipe_text(name: str) -> str:
    """The text of a shipped recipe, or of the one in a file (a name with a slash or ending in .toml).

    Raises RecipeError.
    """
    if "/" in name or name.endswith(".toml"):
        try:
            return Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"recipe {name} cannot be read: {error}", hint="give a path to a TOML file") from error
    try:
        return resources.read_text("patches", f"{name}.toml")
    except UsageError as error:
        shipped = sorted({path.stem for root in resources.roots("patches") for path in root.glob("*.toml")})
        raise RecipeError(f"there is no recipe {name!r}", hint=f"there are: {', '.join(shipped)}") from error


def load_recipe(name: str) -> Recipe:
    """A recipe by name or path, checked. Raises RecipeError."""
    in_file = "/" in name or name.endswith(".toml")
    recipe = parse_recipe(Path(name).stem if in_file else name, recipe_text(name))
    return replace(recipe, origin=str(Path(name).absolute()) if in_file else name)
