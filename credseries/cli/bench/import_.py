"""`credseries bench import`: take over records that were exported elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.bench.files import read_bytes, spoken
from credseries.cli.options import HERE, Tree, open_repository
from credseries.words import many

if TYPE_CHECKING:
    from credseries.bench.model import Record

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="What `bench export` wrote; - is standard input.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", short_help="Take over records from a file.")(import_records)


def import_records(files: Files, tree: Tree = HERE) -> None:
    """Take over the records of files that `credseries bench export` wrote, all of them or after an error none.

    Records that are there already stay as they are. A file is checked key by key, for it may come from anywhere; what
    is wrong in it is named with its line. Importing runs nothing, and no record changes another.

    \b
    Examples:
      credseries bench import results.json
      ssh big credseries bench export -C linux | credseries bench import -
    """
    from credseries.bench.records import opened

    repo = open_repository(tree)
    found = [record for name in files for record in _read(name)]
    with opened(repo) as records:
        added = records.add_all(found)
    for identifier, record in added.new.items():
        render.say(render.printable(f"{identifier}  {record.label}  {record.role}"))
    render.say(f"{many(len(added.new), 'new record')}, {len(added.known)} there already")


def _read(name: str) -> tuple[Record, ...]:
    from credseries.bench import exchange
    from credseries.errors import UsageError

    try:
        text = read_bytes(name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{spoken(name)} is no text: {error.reason} at byte {error.start}",
            hint="expected what `credseries bench export` writes",
        ) from error
    return exchange.read(text, spoken(name))
