"""`credseries cover`: the cover letter, rendered from facts and kept where b4 keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, Tree, open_repository

Numbers = Annotated[
    Path | None,
    typer.Option("--numbers", metavar="FILE", help="Benchmark text to put in; the cover is rendered anew."),
]
Note = Annotated[str | None, typer.Option("--note", help="A paragraph of your own; the cover is rendered anew.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cover", short_help="Print the cover letter, or render it anew.")(cover)


def cover(tree: Tree = HERE, branch: Branch = None, numbers: Numbers = None, note: Note = None) -> None:
    """Print the cover letter of a series; with --numbers or --note, render it anew and store it first.

    The letter says what is converted and what is refused, the merge plan, what the proof assumes, and the numbers.
    It is kept in b4's place: `b4 prep --edit-cover` on the branch edits the same text.

    \b
    Examples:
      credseries cover
      credseries cover --numbers bench.txt --note "Based on the RFC of last week."
    """
    from credseries.errors import UsageError
    from credseries.mail import b4adapter
    from credseries.mail.cover import render_cover
    from credseries.series import saved

    repo = open_repository(tree)
    series = saved.load(repo, branch)
    if numbers is None and note is None:
        letter = b4adapter.load_cover(repo, series.branch)
    else:
        try:
            text = numbers.read_text(encoding="utf-8") if numbers is not None else None
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{numbers}: {error}", hint="give a text file in UTF-8") from error
        letter = render_cover(series, text, note)
        b4adapter.store_cover(repo, series.branch, letter)
    render.say(render.printable(letter.text))
