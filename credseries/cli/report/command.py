"""`credseries report`: a series as one page, for those who have to decide about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credseries import render
from credseries.cli.checklist.command import For
from credseries.cli.options import HERE, Branch, SeriesBase, Tree, What, open_repository

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where to write it; - is the standard output.",
        show_default="report-BRANCH.html",
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]
Serve = Annotated[
    bool, typer.Option("--serve", help="Write no file, but serve it to this machine, and follow what changes.")
]
Port = Annotated[
    int | None,
    typer.Option("--port", metavar="N", min=0, max=65535, help="Where to serve it.", show_default="any that is free"),
]
_STDOUT = Path("-")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", short_help="Write all that is known of a series as one HTML page.")(report)


def report(
    what: What = None,
    output: Output = None,
    open_it: Open = False,
    serve: Serve = False,
    port: Port = None,
    audience: For = None,
    base: SeriesBase = None,
    branch: Branch = None,
    tree: Tree = HERE,
) -> None:
    """Write all that is known of a series as one HTML file that needs no other, and no network.

    It has the series at a glance, the order of its topics, each patch with its message, diff, checklist and comments,
    each function that it converts with the credentials that every line runs under before and after, what stays as it
    is and why, the benchmarks, and who gets what. It reads well on paper and on a phone, in light and in dark.

    What is not known yet is said in its place, with the command that makes it: nothing is compiled here.

    \b
    Examples:
      credseries report --open
      credseries report --serve --open                   while `credseries verify` runs beside it
      credseries report -o /tmp/series.html
      credseries report v6.12..topic                     somebody else's commits
      b4 mbox -o- MESSAGE-ID | credseries report -
    """
    from datetime import datetime

    from credseries.cli.checklist.source import find_source
    from credseries.cli.report.gathered import gather_report
    from credseries.cli.report.written import check_place, default_name, write
    from credseries.errors import UsageError
    from credseries.review.report.page import page

    if port is not None and not serve:
        raise UsageError("--port is for what is served", hint="say --serve as well")
    if output is not None and serve:
        raise UsageError("--serve writes no file", hint="leave out --output, or --serve")
    repo = open_repository(tree)
    source = find_source(repo, what or [], branch, base)
    if serve:
        from credseries.cli.report.served import serve_report

        serve_report(repo, source, audience, port or 0, _browse if open_it else _leave)
        return
    place = output or Path(default_name(source.name))
    if place != _STDOUT:
        check_place(place)
    text = page(gather_report(repo, source, datetime.now().astimezone(), audience))
    if place == _STDOUT:
        render.data(text)
        return
    size = write(place, text)
    render.say(render.printable(f"{place} ({size} bytes)"))
    if open_it:
        _browse(place.absolute().as_uri())


def _browse(address: str) -> None:
    import webbrowser

    webbrowser.open(address)


def _leave(_address: str) -> None:
    """Do not open it."""
