"""Recipes: which topics a series has, in what order, and what each of them converts and adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from credseries.rewrite.forms import Form

SCHEMA = 1
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
    """Templates (jinja2) of subject and body for a kind of patch; an empty one leaves what credseries writes."""

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

    `threads` (one of THREADS) says whether the series is one thread, or one for each tree. `origin` is what
    `load_recipe` finds it by again, from any directory.
    """

    name: str
    title: str
    summary: str
    prefixes: tuple[str, ...]
    forms: tuple[Form, ...]
    topics: tuple[Topic, ...]
    origin: str = ""
    threads: str = "one"

    @property
    def accessors(self) -> dict[str, str]:
        """The accessor of each wrapper, over all topics."""
        return {wrapper: name for topic in self.topics for wrapper, name in topic.accessors.items()}

    @property
    def reverts(self) -> dict[str, str]:
        """The function for the reverts of each wrapper, over all topics."""
        return {wrapper: name for topic in self.topics for wrapper, name in topic.reverts.items()}


def recipe_to_json(recipe: Recipe) -> dict[str, Any]:
    """A JSON-ready form of all that a recipe says, its defaults written out."""
    return {"schema": SCHEMA, **{key: _plain(value) for key, value in vars(recipe).items()}}


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return {key: _plain(item) for key, item in vars(value).items()} if hasattr(value, "__dict__") else value
