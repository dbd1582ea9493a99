"""`credseries bench remove`: forget records."""

from __future__ import annotations

import typer

from credseries import render
from credseries.cli.bench.options import Ids
from credseries.cli.options import HERE, Tree, open_repository


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("remove", short_help="Remove records.")(remove)


def remove(ids: Ids, tree: Tree = HERE) -> None:
    """Remove records, all that are named or after an error none. There is no way back but an export.

    \b
    Examples:
      credseries bench export > all.json      to have them still
      credseries bench remove 3f2a 91bc
    """
    from credseries.bench.records import opened

    with opened(open_repository(tree)) as records:
        removed = records.remove(*ids)
    for identifier in removed:
        render.say(f"{identifier}  removed")
