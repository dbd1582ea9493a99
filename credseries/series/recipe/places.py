"""Where recipes are: beside the sources that they are for, in the user's configuration, and those that are shipped.

A name is looked for in `.credseries/patches/` of the work tree, in `$XDG_CONFIG_HOME/credseries/patches/` and among the
shipped, and the first one found is meant; what has a slash in it or ends in `.toml` is the path of a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from credseries import resources
from credseries.errors import RecipeError
from credseries.words import near

NAME = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*")
START = "`credseries recipe show rfc` prints a recipe to start from"


class Place(StrEnum):
    """Where a recipe is from."""

    TREE = "tree"
    CONFIG = "config"
    SHIPPED = "shipped"
    FILE = "file"


@dataclass(frozen=True)
class Source:
    """The text of a recipe; `file` is how messages name it, `path` where it is (None: it is in no file)."""

    name: str
    file: str
    text: str
    place: Place = Place.FILE
    path: Path | None = None

    @property
    def origin(self) -> str:
        """What finds it again from any directory: its name, or its absolute path."""
        return str(self.path) if self.place is Place.FILE and self.path is not None else self.name


@dataclass(frozen=True)
class Listed:
    """A recipe that its name stands for, and the places of those of the same name that it hides."""

    name: str
    place: Place
    path: Path
    hides: tuple[Place, ...] = ()


def directories(tree: Path | None) -> list[tuple[Place, Path]]:
    """The directories that may hold recipes, the one that wins first; `tree` is the top of a work tree."""
    places = [(Place.TREE, tree / ".credseries" / "patches")] if tree is not None else []
    places.append((Place.CONFIG, resources.user_root("patches")))
    return [*places, *((Place.SHIPPED, path) for path in resources.shipped_roots("patches"))]


def is_path(name: str) -> bool:
    """Whether what a person gave is the path of a file, and no name."""
    return "/" in name or name.endswith(".toml")


def introduction(text: str) -> str:
    """What a recipe says it is for: the comment in its first line, or nothing."""
    first = text.partition("\n")[0].strip()
    return first.lstrip("#").strip() if first.startswith("#") else ""


def listing(tree: Path | None) -> list[Listed]:
    """The recipes that have a name, in the order of their names."""
    found: dict[str, list[tuple[Place, Path]]] = {}
    for place, directory in directories(tree):
        for path in sorted(directory.glob("*.toml")) if directory.is_dir() else ():
            if NAME.fullmatch(path.stem) and path.is_file():
                found.setdefault(path.stem, []).append((place, path))
    return [Listed(name, *places[0], tuple(place for place, _ in places[1:])) for name, places in sorted(found.items())]


def find(name: str, tree: Path | None) -> Source:
    """A recipe by name or path. Raises RecipeError."""
    if is_path(name):
        path = Path(name)
        return Source(path.stem, name, _read(name, path), Place.FILE, path.absolute())
    found = lookup(name, tree)
    if found is None:
        names = [item.name for item in listing(tree)]
        known = f"there are: {', '.join(names)}; a path has a slash or ends in .toml"
        raise RecipeError(f"there is no recipe '{name}'{near(name, names)}", hint=known)
    return found


def lookup(
    name: str, tree: Path | None, beside: Path | None = None, without: Collection[Path | None] = ()
) -> Source | None:
    """The first recipe of a name that is none of `without`: in the directory `beside`, then in all the others."""
    if NAME.fullmatch(name):
        for place, directory in [*([(Place.FILE, beside)] if beside is not None else []), *directories(tree)]:
            path = directory / f"{name}.toml"
            if path not in without and path.is_file():
                return Source(name, str(path), _read(name, path), place, path)
    return None


def helper_code(source: Source, name: str) -> bytes | None:
    """A file of helper code: beside the recipe that names it, or a shipped one; None if there is no such file."""
    for directory in _code_directories(source):
        path = directory / name
        if path.is_file():
            return path.read_bytes()
    return None


def code_names(source: Source) -> list[str]:
    """The names of the files of helper code that a recipe can name."""
    return sorted({path.name for directory in _code_directories(source) for path in directory.glob("*.h")})


def _code_directories(source: Source) -> Iterator[Path]:
    if source.path is not None:
        yield source.path.parent
    yield from resources.shipped_roots("patches")


def _read(name: str, path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RecipeError(f"recipe {name} cannot be read: {reason}", hint=START) from error
