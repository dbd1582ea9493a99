"""`credseries checklist`: what reviewers ask of such a series, answered where the tool can."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, SeriesBase, Tree, What, open_repository
from credseries.review.checklist.model import Audience

if TYPE_CHECKING:
    from credseries.cli.replies import Where
    from credseries.kernel.git import Repository
    from credseries.review.checklist.model import Checklist


class Format(StrEnum):
    """How a checklist is written."""

    TEXT = "text"
    MD = "md"
    JSON = "json"
    HTML = "html"


Written = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="For the terminal, as Markdown, as a page, or for programs.",
        show_default="text; for mails, drafts of replies",
    ),
]
For = Annotated[
    Audience | None,
    typer.Option(
        "--for",
        help="Who works through it: what is asked, and in which order.",
        show_default="author of a series made here, else reviewer",
    ),
]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", "-o", metavar="DIR", help="Write the drafts as .eml files.")
]
ToMbox = Annotated[Path | None, typer.Option("--to-mbox", metavar="FILE", help="Write the drafts as one mbox.")]
Questions = Annotated[bool, typer.Option("--questions", help="Ask in the drafts what a person has to answer.")]
Force = Annotated[bool, typer.Option("--force", help="Write over files that are there.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("checklist", short_help="Answer what reviewers will ask, patch by patch.")(checklist)


def checklist(
    what: What = None,
    format: Written = None,
    audience: For = None,
    base: SeriesBase = None,
    branch: Branch = None,
    output_dir: OutputDir = None,
    to_mbox: ToMbox = None,
    questions: Questions = False,
    force: Force = False,
    tree: Tree = HERE,
) -> None:
    """Answer, patch by patch and for the series, what kernel reviewers ask of such conversions.

    Each line is answered: pass or fail, with the evidence and the place; human, with the function, the lines and the
    question that is left to a person; or n/a, with the reason. Without an argument it is the series on its branch: its
    patches are made and proven again and compared with the commits. Of anybody's series, given as a range, a branch, an
    mbox or patches, every function with credentials is compared with what it was, over all paths.

    \b
    code      what runs under which credentials, jumps past guards, references,
              lifetimes, lost values, cleanups; gotos beside guards, light pairs
              beside guards, braces; what else changes
    names     wrappers before callers, old names with a new meaning, helpers and
              users, includes
    text      columns, churn, subject, message
    standing  compilers and checkpatch, as `credseries verify` found; reviews of
              an older patch, lists, open remarks
    series    proof, order, merge plan, what stays as it is, numbers with their
              workload and machine, boot

    What takes time is kept in the git directory, by content. Exits with 1 when a line fails.

    Given the mails of somebody's series, and neither --for nor --format, what fails becomes drafts of replies: one to
    each patch in which something is found, quoted hunks with each finding below the line that it is about, and one to
    the cover letter with a summary. With --questions they ask what is left to a person. They go to whom a reply to all
    goes; `mutt -H FILE` or `git send-email FILE` take them from there. Nothing is sent.

    \b
    Examples:
      credseries checklist                          the series, as its author needs it
      credseries checklist --for maintainer         what to know before it is merged
      credseries checklist v6.12..topic             somebody's commits
      credseries checklist HEAD                     one patch
      credseries checklist thread.mbox --for reviewer --base v6.12
      credseries checklist thread.mbox              drafts of replies, to read
      credseries checklist thread.mbox -o drafts    the same as files, for mutt -H
      b4 mbox -o- MESSAGE-ID | credseries checklist -
      credseries checklist --format html > checklist.html
      credseries checklist --format json | jq '.parts[].lines[].question'
    """
    from credseries.cli.checklist.output import show
    from credseries.cli.replies import Where

    repo = open_repository(tree)
    where = Where(output_dir, to_mbox, force)
    if what and _is_answered(what, format, audience, where):
        from credseries.cli.replies import show_replies

        if not show_replies(repo, what, base, where, questions=questions):
            raise typer.Exit(1)
        return
    found = _checklist(repo, what or [], branch, base, audience)
    show(found, format if format is not None else Format.TEXT)
    if _fails(found):
        raise typer.Exit(1)


def _is_answered(what: list[str], format: Format | None, audience: Audience | None, where: Where) -> bool:
    """Whether replies are to be drafted. Raises UsageError when they can be written nowhere."""
    from credseries.cli.replies import are_mails
    from credseries.errors import UsageError

    written = where.directory is not None or where.mbox is not None
    if format is None and audience is None:
        return written or are_mails(what)
    if written:
        hint = "leave --for and --format out: `credseries checklist MBOX -o DIR`"
        raise UsageError("--output-dir and --to-mbox are for drafts of replies, not for a checklist", hint=hint)
    return False


def _checklist(
    repo: Repository, what: list[str], branch: str | None, base: str | None, audience: Audience | None
) -> Checklist:
    from credseries.cli.checklist.gathered import source_checklist
    from credseries.cli.checklist.source import find_source

    source = find_source(repo, what, branch, base)
    for remark in source.series.remarks:
        render.complain(render.printable(f"note: {remark}"))
    with render.working("working through the checklist"):
        return source_checklist(repo, source, audience)


def _fails(found: Checklist) -> bool:
    from credseries.review.checklist.model import Answer

    return found.count(Answer.FAIL) > 0
