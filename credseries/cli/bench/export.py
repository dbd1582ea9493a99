"""`credseries bench export`: records as one file, to be attached, committed, or imported elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credseries import render
from credseries.cli.bench.options import Labels
from credseries.cli.options import HERE, Tree, open_repository
from credseries.words import many

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to.", show_default="standard output")
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", short_help="Write records to one file.")(export)


def export(labels: Labels = None, output: Output = None, tree: Tree = HERE) -> None:
    """Write the records of some benchmarks, or of all, as one JSON document: a documented contract, in plain ASCII.

    It has every value and all that is known of machine, kernel and workload, so that others can compute for themselves:
    attach it to the mail, or commit it beside the series. The same records give the same file.

    \b
    Examples:
      credseries bench export > results.json
      credseries bench export faccessat -o faccessat.json
      ssh big credseries bench export -C linux | credseries bench import -
    """
    from credseries.bench import exchange
    from credseries.bench.labels import all_of, chosen
    from credseries.bench.records import opened

    with opened(open_repository(tree)) as records:
        kept = records.all()
    there = sorted({record.label for record in kept.values()})
    wanted = [chosen(label, there) for label in labels] if labels else all_of(there)
    found = [record for record in kept.values() if record.label in wanted]
    text = exchange.write(found)
    if output is None:
        render.data(text)
        return
    output.write_text(text, encoding="ascii")
    render.say(render.printable(f"{output}: {many(len(found), 'record')} of {', '.join(wanted)}"))
