"""`credseries thread`: what a thread of mails says of the patches in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries.cli.options import HERE, Branch, Json, Tree, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.mail.comments.decisions import Decision
    from credseries.mail.thread.discussion import Thread
    from credseries.mail.thread.model import Letter

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="MBOX|MSGID...",
        help="An mbox, a maildir, mails as files, a public-inbox archive in git, - for standard input; or a Message-Id,"
        " which is looked for in what else is given, and then on lore.",
        show_default=False,
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Only remarks that are open; exits with 1 when there are any.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("thread", short_help="Show what a thread of mails says of the patches in it.")(thread)


def thread(
    names: Names,
    only_open: Open = False,
    json: Json = False,
    branch: Branch = None,
    tree: Tree = HERE,
) -> None:
    """Show what a thread of mails says of the patches in it: their versions, trailers, and every remark.

    A remark is what somebody says below a quote: a request, a question, a nit, praise, a trailer, the report of a
    program, or something that no rule recognises, which is shown as such. It is bound to the patch, file, function and
    line that are quoted, as far as the quote tells. It is open, answered by the author's mail, or addressed by a later
    version, as far as mails show that.

    Nothing of this needs a repository, and nothing is kept; `credseries comments --read` keeps what is said of a series
    here. With --branch the versions of that series are known too, and what you decided about remarks.
    """
    import sys

    from credseries import render
    from credseries.cli.thread_output import open_remarks, show_as_json, show_for_people
    from credseries.mail.b4adapter import fetch_thread
    from credseries.mail.thread.gathering import gather_letters, only_about, parse_names

    named = parse_names(names)
    with render.working("reading mails"):
        letters = gather_letters(named, lambda name: fetch_thread(Path.cwd(), name), sys.stdin.buffer)
        found, decisions = _read(letters, branch, tree)
    found = only_about(found, named.ids)
    if json:
        show_as_json(found, decisions, only_open=only_open)
    else:
        show_for_people(found, decisions, only_open=only_open)
    if only_open and any(open_remarks(item, decisions) for item in found.discussions):
        raise typer.Exit(1)


def _read(letters: Sequence[Letter], branch: str | None, tree: Path) -> tuple[Thread, dict[str, Decision]]:
    """The discussions in some mails; with a branch, what is known here of its series counts."""
    from credseries.mail.comments.gathered import author_here, kept
    from credseries.mail.comments.versions import known_versions
    from credseries.mail.thread.decode import read_letter
    from credseries.mail.thread.discussion import read_thread
    from credseries.mail.thread.signed import signed_by
    from credseries.series import saved

    signed = signed_by(letters, Path.cwd())
    if branch is None:
        return read_thread(letters, signed), {}
    repo = open_repository(tree)
    current = saved.current(repo, branch)
    _, decisions = kept(repo, current)
    known = [read_letter(mail) for version in known_versions(repo, current) for mail in version.mails]
    return read_thread(letters, signed, author_here(repo), known), decisions
