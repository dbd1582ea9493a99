"""`credseries checklist`: what reviewers ask of such a series, answered where the tool can."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, SeriesBase, Tree, open_repository

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.review.checklist.answering import Checklist
    from credseries.series.model import SeriesRecord


class Format(StrEnum):
    """How a checklist is written."""

    MD = "md"
    JSON = "json"


Written = Annotated[Format, typer.Option("--format", help="Markdown for people, JSON for programs.")]
Mails = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[MBOX...]",
        help="Somebody's series in mails (`b4 mbox`, or - for standard input): replies to it are drafted.",
        show_default=False,
    ),
]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", "-o", metavar="DIR", help="Write the drafts as .eml files.")
]
ToMbox = Annotated[Path | None, typer.Option("--to-mbox", metavar="FILE", help="Write the drafts as one mbox.")]
Force = Annotated[bool, typer.Option("--force", help="Write over files that are there.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("checklist", short_help="Answer what reviewers will ask, patch by patch.")(checklist)


def checklist(
    mails: Mails = None,
    format: Written = Format.MD,
    base: SeriesBase = None,
    output_dir: OutputDir = None,
    to_mbox: ToMbox = None,
    force: Force = False,
    tree: Tree = HERE,
    branch: Branch = None,
) -> None:
    """Answer, per patch and for the series, what kernel reviewers check in such conversions.

    Each line is pass, fail, human (with the exact place and question) or n/a, with its evidence. The proof is run
    again on the base and compared with what the commits hold. Exits with 1 when a line fails.

    Given the mails of somebody's series, what `credseries audit` finds in it becomes drafts of replies: one to each
    patch in which something is found, quoted hunks with each finding below the line that it is about, and one to the
    cover letter with a summary. They go to whom a reply to all goes; `mutt -H FILE` or `git send-email FILE` take them
    from there. Nothing is sent.

    \b
    Examples:
      credseries checklist > checklist.md
      credseries checklist --format json | jq '.parts[].lines[].answer'
      credseries checklist thread.mbox               drafts of replies, to read
      credseries checklist thread.mbox -o drafts     the same as files, for mutt -H
      b4 mbox -o- MESSAGE-ID | credseries checklist -
    """
    from credseries.review.checklist.answering import to_json
    from credseries.series import saved

    repo = open_repository(tree)
    if mails:
        from credseries.cli.replies import Where, show_replies

        if not show_replies(repo, mails, base, Where(output_dir, to_mbox, force)):
            raise typer.Exit(1)
        return
    found = check_series(repo, saved.load(repo, branch))
    if format is Format.JSON:
        render.as_json(to_json(found))
    else:
        render.say(render.printable(checklist_text(found)).rstrip("\n"))
    if any(line.answer == "fail" for part in found.parts for line in part.lines):
        raise typer.Exit(1)


def check_series(repo: Repository, series: SeriesRecord) -> Checklist:
    """The checklist of a series on its branch."""
    from credseries.cli.options import take_survey
    from credseries.review.checklist.answering import check
    from credseries.review.evidence import gather
    from credseries.series.recipe import load_recipe

    survey = take_survey(repo, series.base, series.recipe, moves=series.selection.moves)
    return check(series, gather(repo, series, survey, load_recipe(series.recipe, repo.work_tree)))


def checklist_text(found: Checklist) -> str:
    """A checklist as Markdown."""
    from credseries import resources
    from credseries.review.checklist.answering import render_markdown

    return render_markdown(found, resources.read_text("templates", "checklist.md.j2"))
