"""`credseries report`: a series as one page, for those who have to decide about it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, SeriesBase, Tree, open_repository

if TYPE_CHECKING:
    from credseries.cli.report.gathered import Asked
    from credseries.kernel.git import Repository

What = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RANGE|MBOX|PATCH]...",
        help="A range, a branch or a commit; or an mbox, patches, a directory of patches, or - for standard input.",
        show_default="the series on its branch",
    ),
]
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
_STDOUT = Path("-")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", short_help="Write all that is known of a series as one HTML page.")(report)


def report(
    what: What = None,
    output: Output = None,
    open_it: Open = False,
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
      credseries report -o /tmp/series.html
      credseries report v6.12..topic                     somebody else's commits
      b4 mbox -o- MESSAGE-ID | credseries report -
    """
    from datetime import datetime

    from credseries.cli.report.gathered import gather_report
    from credseries.cli.report.written import check_place, default_name, write
    from credseries.review.report.page import page

    repo = open_repository(tree)
    asked = _asked(repo, what or [], branch, base)
    place = output or Path(default_name(asked.name))
    if place != _STDOUT:
        check_place(place)
    text = page(gather_report(repo, asked, datetime.now().astimezone()))
    if place == _STDOUT:
        render.data(text)
        return
    size = write(place, text)
    render.say(render.printable(f"{place} ({size} bytes)"))
    if open_it:
        import webbrowser

        webbrowser.open(place.absolute().as_uri())


def _asked(repo: Repository, what: list[str], branch: str | None, base: str | None) -> Asked:
    """The series that a report is wanted of. Raises UsageError and NotASeries."""
    from credseries.cli.report.gathered import Asked
    from credseries.cli.verify import series_of
    from credseries.errors import NotASeries, UsageError
    from credseries.kernel.series_source import read_series
    from credseries.series import saved

    if what and branch is not None:
        raise UsageError("--branch and a range or patches are given", hint="give one of them")
    name = branch if not what else what[0] if len(what) == 1 and what[0] in saved.branches(repo) else None
    if not what or (name is not None and base is None):
        try:
            current = saved.current(repo, name)
        except NotASeries as error:
            if what or branch is not None:
                raise
            raise NotASeries(error.message, hint=f"{error.hint}, or name what to report on: RANGE, MBOX") from error
        return Asked(series_of(repo, current.record), current.record.branch, current)
    return Asked(read_series(repo, what, base, sys.stdin.buffer.read), " ".join(what))
