"""`credseries send`: the series as messages, to the right people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, Tree, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.message import Message
    from credseries.series.model import SeriesRecord

Cc = Annotated[
    list[str] | None,
    typer.Option("--cc", metavar="WHO", help="A list by short name (fsdevel), a subsystem, or an address."),
]
To = Annotated[list[str] | None, typer.Option("--to", metavar="WHO", help="The same, as To.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show who would get what; write and send nothing.")]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", "-o", metavar="DIR", help="Write the messages as .eml files.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send", short_help="Make the messages of a series, each to the right people.")(send)


def send(
    cc: Cc = None,
    to: To = None,
    dry_run: DryRun = False,
    output_dir: OutputDir = None,
    tree: Tree = HERE,
    branch: Branch = None,
) -> None:
    """Build the threaded messages of a series: every patch to its own maintainers and lists, the cover to all of them.

    This version hands messages over as files (--output-dir) or shows them (--dry-run); nothing leaves the machine.

    \b
    Examples:
      credseries send --cc fsdevel --dry-run             who gets what, and why
      credseries send --cc fsdevel --output-dir outgoing
    """
    from credseries.errors import UsageError
    from credseries.mail.files import write_messages
    from credseries.series import saved
    from credseries.series.sent import remember_messages

    if not dry_run and output_dir is None:
        hint = "use --dry-run to look, --output-dir DIR for .eml files; on the branch, `b4 send` sends"
        raise UsageError("sending by SMTP is not part of this version", hint=hint)
    repo = open_repository(tree)
    series = saved.load(repo, branch)
    messages = build_messages(repo, series, cc or [], to or [])
    show_messages(messages)
    if output_dir is not None and not dry_run:
        paths = write_messages(messages, output_dir)
        # `reroll --sent` will ask which messages of which commits these were
        remember_messages(repo, series, {message.index: message.message_id.strip("<>") for message in messages})
        render.say(f"\n{len(paths)} messages written to {output_dir}")
    else:
        render.say("\nnothing was sent")


def build_messages(repo: Repository, series: SeriesRecord, cc: Sequence[str], to: Sequence[str] = ()) -> list[Message]:
    """The messages of a series with the recipients that the base's MAINTAINERS names for each."""
    from credseries.kernel.maintainers import Maintainers
    from credseries.mail.recipients import plan
    from credseries.mail.send import prepare

    files = repo.read_files(series.base, ["MAINTAINERS", ".mailmap"])
    maintainers = Maintainers.parse(
        files["MAINTAINERS"].decode("utf-8", "replace"),
        mailmap=files.get(".mailmap", b"").decode("utf-8", "replace"),
        is_directory=lambda path: repo.exists(series.base, path) == "directory",
    )
    recipients = plan(series, maintainers, cc=cc, to=to, own_address=repo.identity("author").email)
    with render.working("building the messages"):
        return prepare(repo, series, recipients)


def show_messages(messages: Sequence[Message]) -> None:
    """Who gets what, and why."""
    from credseries.mail.send import preview

    for item in preview(messages):
        render.say(render.paint(render.printable(item.subject), "bold") + f"  ({item.size} bytes)")
        for name, people in (("To", item.to), ("Cc", item.cc)):
            for person in people:
                text = f"{person.name} <{person.address}>" if person.name else person.address
                render.say(render.printable(f"  {name}: {text}  ({'; '.join(person.reasons)})"))
