"""Messages that are shown, or handed over as files: nothing leaves the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from credseries.cli.send.made import Made, Request
    from credseries.kernel.git import Repository


def hand_over(
    repo: Repository,
    request: Request,
    directory: Path | None,
    mbox: Path | None,
    override: Sequence[str],
    require: Sequence[str],
    *,
    json: bool,
) -> None:
    """Show the messages, and write them to a directory or an mbox, or both, where these are given."""
    from credseries.cli.send.checked import checks_of
    from credseries.cli.send.made import find_series, make, new_stamp
    from credseries.cli.send.shown import outbox_json, show_ready

    stamp = new_stamp()
    made = make(repo, find_series(repo, request), request, stamp)
    outbox = made.outbox(repo, "", stamp)
    checks = checks_of(repo, made, request, require)
    written = _write(repo, made, directory, mbox)
    if json:
        render.as_json(outbox_json(outbox, checks))
        return
    show_ready(made, outbox, checks, override)
    for line in written:
        render.say(f"\n{line}")
    if not written:
        render.say("\nnothing was sent")


def _write(repo: Repository, made: Made, directory: Path | None, mbox: Path | None) -> list[str]:
    """Write the messages, and keep which they are: `reroll --sent` will ask."""
    from credseries.mail.files import write_mbox
    from credseries.series.sent import remember_messages
    from credseries.words import many

    written = []
    if directory is not None:
        written.append(f"{many(len(_write_files(made, directory)), 'message')} written to {directory}")
    if mbox is not None:
        write_mbox(made.messages, mbox)
        written.append(f"{many(len(made.messages), 'message')} written to {mbox}")
    if written and not made.again:
        for item in made.outgoing:
            ids = {message.index: message.message_id.strip("<>") for message in item.messages}
            remember_messages(repo, item.record, ids)
    return written


def _write_files(made: Made, directory: Path) -> list[Path]:
    from credseries.cli.send.shown import tree_of
    from credseries.mail.files import write_messages, write_umbrella
    from credseries.mail.send import TreeMail, UmbrellaMail

    if made.letter is None:
        return write_messages(made.messages, directory)
    trees = tuple(TreeMail(tree_of(item.record), tuple(item.messages)) for item in made.outgoing)
    return write_umbrella(UmbrellaMail(made.letter, trees), directory)
