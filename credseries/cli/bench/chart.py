"""`credseries bench chart`: pictures of what the records of a benchmark show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credseries import render
from credseries.cli.bench.options import Label, Symbols
from credseries.cli.bench.show import found_of
from credseries.cli.options import HERE, Tree

Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE|DIR",
        help="One picture, FILE.svg or FILE.png; or a directory for one of each kind.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("chart", short_help="Draw pictures of what the records show.")(chart)


def chart(output: Output, label: Label = None, symbol: Symbols = None, tree: Tree = HERE) -> None:
    """Draw what the records of one benchmark show, as SVG or PNG, and print the names of the pictures.

    Drawn is what the records allow: before and after, curves over the number of tasks, places in the code with
    perf c2c, and what each topic contributes; a file has all of it, a directory gets a picture of each kind. Where the
    numbers come from stands below. It takes pip install 'credseries[bench]'.

    \b
    Examples:
      credseries bench chart faccessat -o faccessat.svg
      credseries bench chart web -o pictures/
    """
    from credseries.bench.output.charts import draw

    found = found_of(tree, label, symbol or [])
    with render.working("drawing"):
        drawn = draw(found, output)
    for path in drawn:
        render.say(render.printable(str(path)))
