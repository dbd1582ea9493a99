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
    from credseries.mail.b4adapter import Stamp
    from credseries.mail.cover import Cover
    from credseries.mail.message import Message
    from credseries.mail.recipients import RecipientPlan
    from credseries.mail.send import UmbrellaMail
    from credseries.series.model import SeriesRecord

Cc = Annotated[
    list[str] | None,
    typer.Option("--cc", metavar="WHO", help="A list by short name (fsdevel), a subsystem, or an address."),
]
To = Annotated[list[str] | None, typer.Option("--to", metavar="WHO", help="The same, as To.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show who would get what; write and send nothing.")]
Umbrella = Annotated[
    bool, typer.Option("--umbrella", help="All series of a conversion that was split by tree, below one letter.")
]
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
    umbrella: Umbrella = False,
) -> None:
    """Build the threaded messages of a series: every patch to its own maintainers and lists, the cover to all of them.

    With --umbrella it is all series of a conversion that was split by tree, as replies to the letter over them
    (`credseries cover --umbrella`), which goes to everybody; DIR then has a directory for each tree.

    This version hands messages over as files (--output-dir) or shows them (--dry-run); nothing leaves the machine.

    \b
    Examples:
      credseries send --cc fsdevel --dry-run             who gets what, and why
      credseries send --cc fsdevel --output-dir outgoing
      credseries send --umbrella --output-dir outgoing   all series of a conversion
    """
    from credseries.errors import UsageError
    from credseries.mail.files import write_messages
    from credseries.series import saved

    if not dry_run and output_dir is None:
        hint = "use --dry-run to look, --output-dir DIR for .eml files; on the branch, `b4 send` sends"
        raise UsageError("sending by SMTP is not part of this version", hint=hint)
    repo = open_repository(tree)
    if umbrella:
        _send_umbrella(repo, branch, cc or [], to or [], None if dry_run else output_dir)
        return
    series = saved.load(repo, branch)
    messages = build_messages(repo, series, cc or [], to or [])
    show_messages(messages)
    if output_dir is not None and not dry_run:
        paths = write_messages(messages, output_dir)
        _remember(repo, series, messages)
        render.say(f"\n{len(paths)} messages written to {output_dir}")
    else:
        render.say("\nnothing was sent")


def _send_umbrella(
    repo: Repository, branch: str | None, cc: Sequence[str], to: Sequence[str], directory: Path | None
) -> None:
    from credseries.cli.cover import umbrella_letter
    from credseries.mail.files import write_umbrella
    from credseries.series.group import threads

    found = threads(repo, branch)
    letter = umbrella_letter(repo, found)
    mail = build_umbrella(repo, letter, [item.record for item in found], cc, to)
    show_messages([mail.letter])
    for one in mail.trees:
        render.say(render.paint(render.printable(f"\n{one.tree}:"), "bold"))
        show_messages(one.messages)
    if directory is None:
        render.say("\nnothing was sent")
        return
    paths = write_umbrella(mail, directory)
    for item, one in zip(found, mail.trees, strict=True):
        _remember(repo, item.record, one.messages)
    render.say(f"\n{len(paths)} messages written to {directory}")


def _remember(repo: Repository, series: SeriesRecord, messages: Sequence[Message]) -> None:
    """Keep which messages of which commits these were: `reroll --sent` will ask."""
    from credseries.series.sent import remember_messages

    remember_messages(repo, series, {message.index: message.message_id.strip("<>") for message in messages})


def build_messages(repo: Repository, series: SeriesRecord, cc: Sequence[str], to: Sequence[str] = ()) -> list[Message]:
    """The messages of a series with the recipients that the base's MAINTAINERS names for each."""
    from credseries.mail.send import prepare

    recipients = plan_recipients(repo, series, cc, to)
    with render.working("building the messages"):
        return prepare(repo, series, recipients)


def build_umbrella(
    repo: Repository,
    letter: Cover,
    series: Sequence[SeriesRecord],
    cc: Sequence[str] = (),
    to: Sequence[str] = (),
    stamp: Stamp | None = None,
) -> UmbrellaMail:
    """The messages of several series of one conversion, below the letter over them."""
    import secrets
    from datetime import datetime

    from credseries.mail.b4adapter import Stamp
    from credseries.mail.send import prepare_umbrella

    plans = [plan_recipients(repo, record, cc, to) for record in series]
    now = stamp or Stamp(datetime.now().astimezone(), secrets.token_hex(6))
    with render.working("building the messages"):
        return prepare_umbrella(repo, letter, series, plans, own_address=repo.identity("author").email, stamp=now)


def plan_recipients(repo: Repository, series: SeriesRecord, cc: Sequence[str], to: Sequence[str]) -> RecipientPlan:
    """Who gets which message, as the base's MAINTAINERS has it."""
    from credseries.kernel.maintainers import Maintainers
    from credseries.mail.recipients import plan

    files = repo.read_files(series.base, ["MAINTAINERS", ".mailmap"])
    maintainers = Maintainers.parse(
        files["MAINTAINERS"].decode("utf-8", "replace"),
        mailmap=files.get(".mailmap", b"").decode("utf-8", "replace"),
        is_directory=lambda path: repo.exists(series.base, path) == "directory",
    )
    return plan(series, maintainers, cc=cc, to=to, own_address=repo.identity("author").email)


def show_messages(messages: Sequence[Message]) -> None:
    """Who gets what, and why."""
    from credseries.mail.send import preview

    for item in preview(messages):
        render.say(render.paint(render.printable(item.subject), "bold") + f"  ({item.size} bytes)")
        for name, people in (("To", item.to), ("Cc", item.cc)):
            for person in people:
                text = f"{person.name} <{person.address}>" if person.name else person.address
                render.say(render.printable(f"  {name}: {text}  ({'; '.join(person.reasons)})"))
