"""What is not all sent, as `credseries status` says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.outbox.model import Outbox


def waiting(repo: Repository) -> list[Outbox]:
    """The outboxes in which something is still to be done. Raises StoreDamaged for one that cannot be read."""
    from credseries.mail.outbox.stored import StoredOutbox
    from credseries.series import saved

    with saved.opened(repo) as store:
        return StoredOutbox(store).open()


def waiting_json(boxes: Sequence[Outbox], branch: str) -> dict[str, Any] | None:
    """What is on its way from a branch, for programs: how many messages have which fate; None when nothing is."""
    from credseries.mail.outbox.model import Fate

    for box in boxes:
        for item in box.series:
            if item.branch == branch:
                fates = {str(fate): len(box.having(fate)) for fate in Fate}
                return {"key": box.key, "version": item.revision, "messages": len(box.entries), **fates}
    return None


def show_waiting(boxes: Sequence[Outbox], branch: str) -> None:
    """A line for what is on its way from a branch."""
    for box in boxes:
        if any(item.branch == branch for item in box.series):
            _show(box, "  ")


def show_left_over(boxes: Sequence[Outbox], branches: Collection[str]) -> None:
    """A line for what is on its way from branches that are gone."""
    for box in boxes:
        if not any(item.branch in branches for item in box.series):
            _show(box, "")


def _show(box: Outbox, indent: str) -> None:
    from credseries.cli.send.shown import progress

    text = f"{indent}not all sent: {progress(box)}; credseries send --resume goes on"
    render.say(render.paint(render.printable(text), "yellow"))
