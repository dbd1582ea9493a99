"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.rewrite.forms import Form
    from credseries.series.scan import Survey

Tree = Annotated[
    Path,
    typer.Option(
        "--tree",
        "-C",
        metavar="DIR",
        envvar="CREDSERIES_TREE",
        help="The kernel's git repository.",
        show_default="here",
    ),
]
Base = Annotated[str, typer.Option("--base", metavar="REV", help="The commit to start from.")]


def complete_recipe(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The names of recipes that begin like this, for the shell; of paths it knows itself."""
    from credseries.errors import CredseriesError
    from credseries.series.recipe.places import listing

    try:
        top = work_tree(context.params.get("tree") or HERE)
    except CredseriesError:
        top = None
    return [(item.name, item.place.value) for item in listing(top) if item.name.startswith(incomplete)]


def complete_function(context: typer.Context, incomplete: str) -> list[str]:
    """The functions that begin like this and have to do with credentials, as far as a scan has found them before."""
    from credseries.errors import CredseriesError
    from credseries.series.cache import Cache
    from credseries.series.function_names import known_names

    try:
        repo = open_repository(context.params.get("tree") or HERE)
        cache = Cache(repo)
        try:
            names = known_names(cache, repo.resolve_tree(context.params.get("rev") or "HEAD")[1])
        finally:
            cache.close()
    except CredseriesError:
        return []
    return [name for name in names if name.startswith(incomplete)]


RecipeName = Annotated[
    str,
    typer.Option(
        "--recipe",
        metavar="NAME",
        help="A recipe by name (`credseries recipe list`), or the path of a TOML file.",
        autocompletion=complete_recipe,
    ),
]
AllowMove = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-move",
        metavar="PATTERN",
        help="Calls (by name, with * and ?) that a guard may run under the override although they came after it.",
        show_default="none",
    ),
]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="NAME", help="Only this topic, and the helpers that it needs.", show_default="all"),
]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="TOPIC", help="Leave a topic out.", show_default="none")
]
Branch = Annotated[
    str | None,
    typer.Option(
        "--branch",
        metavar="NAME",
        help="The series' branch.",
        show_default="the one checked out, or the only one",
    ),
]
SeriesBase = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="REV",
        help="The commit that patches are applied to, or that a branch has left.",
        show_default="the series' base-commit, or HEAD",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output, a documented contract.")]
What = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RANGE|MBOX|PATCH]...",
        help="A range, a branch or a commit; or an mbox, patches, a directory of patches, or - for standard input.",
        show_default="the series on its branch",
    ),
]
HERE = Path()


def open_repository(tree: Path) -> Repository:
    """The repository that a directory is in."""
    from credseries.kernel.git import Repository

    return Repository.discover(tree)


def work_tree(tree: Path) -> Path | None:
    """The top of the work tree that a directory is in, or None where there is none."""
    from credseries.errors import NotARepository

    try:
        return open_repository(tree).work_tree
    except NotARepository:
        if tree != HERE:
            raise
        return None


def take_survey(
    repo: Repository,
    base: str,
    recipe: str,
    paths: Sequence[str] = (),
    forms: Sequence[Form] | None = None,
    moves: Sequence[str] = (),
) -> Survey:
    """Scan a commit, with a sign of life on a terminal."""
    from credseries.series.cache import Cache
    from credseries.series.search import Search

    cache = Cache(repo)
    search = Search(repo, base, cache)  # first of all: git searches while the rest of the program is loaded
    try:
        from credseries.series.function_names import remember_names
        from credseries.series.recipe import load_recipe
        from credseries.series.scan import survey

        loaded = load_recipe(recipe, repo.work_tree)
        with render.working("searching the tree for credential overrides"):
            found = survey(repo, search, loaded, paths, forms, moves)
        concerned = (item.function.name for item in found.program.analyses.values() if item.sites)
        remember_names(cache, search.tree, concerned)
        return found
    finally:
        search.close()
        cache.close()


def scan_data(repo: Repository, base: str, recipe: str, paths: Sequence[str]) -> dict[str, Any]:
    """The scan contract for a commit; of a tree that was scanned with the same recipe before, from the cache."""
    from credseries.series.cache import Cache, key
    from credseries.series.recipe import recipe_texts

    cache = Cache(repo)
    try:
        commit, tree = repo.resolve_tree(base)
        name = key(commit, tree, *recipe_texts(recipe, repo.work_tree), *paths)
        known = cache.get("scan", name)
        if isinstance(known, dict):
            return known
        found = take_survey(repo, commit, recipe, paths).to_json()
        cache.put("scan", name, found)
        return found
    finally:
        cache.close()
