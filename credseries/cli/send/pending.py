"""What was not all sent: it goes on with the messages that were built then, or it is given up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from pathlib import Path

    from credseries.cli.send.way import Way, Wish
    from credseries.kernel.git import Repository
    from credseries.mail.outbox.model import Outbox, OutgoingSeries
    from credseries.mail.outbox.stored import StoredOutbox
    from credseries.series.sending import Marked


@dataclass(frozen=True)
class Said:
    """What an author says of messages that nobody knows of: mailboxes in which those that arrived are `seen`, and
    numbers of messages that `arrived`, or did not and are sent `again`."""

    seen: tuple[Path, ...] = ()
    arrived: tuple[int, ...] = ()
    again: tuple[int, ...] = ()


def go_on(
    repo: Repository, branch: str | None, said: Said, wish: Wish, *, dry_run: bool, yes: bool, json: bool
) -> None:
    """Send what is not out of a version, the very bytes that were built, and mark it as sent.

    With `dry_run` what became of each message is shown, and no more. Raises UsageError when nothing is pending,
    Undecided while nobody knows of a message, and what sending and marking raise.
    """
    from credseries.cli.send.going import outboxes, show_sent
    from credseries.cli.send.shown import outbox_json

    with outboxes(repo) as stored:
        outbox = _decided(stored, _meant(repo, stored, branch), said, keep=not dry_run, quiet=json)
        if not json:
            _show(repo, outbox)
        marked: list[Marked] = []
        if not dry_run:
            outbox, marked = _sent(repo, stored, outbox, wish, yes=yes)
    if json:
        render.as_json(outbox_json(outbox, marked=marked))
    elif not dry_run:
        show_sent(outbox, marked)


def give_up(repo: Repository, branch: str | None, *, yes: bool) -> None:
    """Send nothing more of a version. Raises UsageError when nothing is pending, and as `confirm` does."""
    from credseries.cli.send.confirmed import confirm, declined
    from credseries.cli.send.going import outboxes
    from credseries.cli.send.shown import progress, show_fates
    from credseries.mail.outbox.model import State

    with outboxes(repo) as stored:
        damaged = stored.unreadable()
        for key in damaged:
            if not confirm(f"the outbox {key} cannot be read, and nobody knows what is out of it", "abandon", yes=yes):
                declined("nothing was given up")
            stored.drop(key)
            render.say(render.printable(f"given up: {key}"))
        if damaged:
            return
        outbox = _meant(repo, stored, branch)
        if outbox.begun:
            show_fates(outbox)
            if not confirm(f"{progress(outbox)}, and nothing more of it would be sent", "abandon", yes=yes):
                declined("nothing was given up")
        stored.close(outbox, State.ABANDONED)
        render.say(render.printable(f"given up: {progress(outbox)}"))


# -- which one, and what is known of it


def _meant(repo: Repository, stored: StoredOutbox, branch: str | None) -> Outbox:
    """The outbox of a branch; without a name that of the branch which is checked out, or the only one there is."""
    from credseries.cli.send.shown import progress
    from credseries.errors import UsageError

    boxes = stored.open()
    name = branch or repo.current_branch()
    mine = [box for box in boxes if any(item.branch == name for item in box.series)]
    if branch is None and not mine:
        mine = boxes
    if not mine:
        where = f" of {branch}" if branch else ""
        raise UsageError(
            f"nothing{where} is on its way: every message that was to be sent is out",
            hint="`credseries send` sends a version; `credseries status` says what was sent",
        )
    if len(mine) > 1:
        names = "; ".join(f"--branch {box.series[0].branch}: {progress(box)}" for box in mine)
        raise UsageError("more than one version is not all sent", hint=names)
    return mine[0]


def _decided(stored: StoredOutbox, outbox: Outbox, said: Said, *, keep: bool, quiet: bool) -> Outbox:
    """The outbox with what its author says of its messages; it is written down when it is to be kept."""
    from credseries.cli.send.going import now
    from credseries.mail.outbox.decisions import Decisions, decide, message_ids
    from credseries.words import many

    place = ", ".join(map(str, said.seen))
    ids = message_ids(said.seen)
    decisions = Decisions(said.arrived, said.again, ids, place)
    for entry in decide(outbox, decisions, now()):
        outbox = outbox.with_entry(entry)
        if keep:
            stored.record(entry)
    if said.seen and not quiet:
        there = sum(entry.message_id in ids for entry in outbox.entries)
        render.say(render.printable(f"{there} of {many(len(outbox.entries), 'message')} found in {place}"))
    return outbox


def _show(repo: Repository, outbox: Outbox) -> None:
    from credseries.cli.send.shown import progress, show_fates

    render.say(render.printable(f"{progress(outbox)}, built {outbox.created:%Y-%m-%d %H:%M}"))
    show_fates(outbox)
    if outbox.overridden:
        names = ", ".join(check.name for check in outbox.overridden)
        render.say(render.printable(f"checks that failed and were overridden: {names}"))
    if outbox.begun:
        for item in _moved(repo, outbox):
            render.say(
                render.printable(f"{item.branch} has changed since; what goes out is v{item.revision} as it was")
            )


def _moved(repo: Repository, outbox: Outbox) -> list[OutgoingSeries]:
    """The series whose branches are not any more what the messages were built from."""
    return [item for item in outbox.series if repo.branch_tip(item.branch) != item.tip]


# -- on it goes


def _sent(
    repo: Repository, stored: StoredOutbox, outbox: Outbox, wish: Wish, *, yes: bool
) -> tuple[Outbox, list[Marked]]:
    from credseries.cli.send.confirmed import confirm, declined
    from credseries.cli.send.going import send_out, settle
    from credseries.cli.send.shown import left
    from credseries.cli.send.way import configured_way
    from credseries.mail.outbox.model import Fate
    from credseries.mail.outbox.sending import undecided

    unknown = outbox.having(Fate.UNKNOWN)
    if unknown:
        raise undecided(outbox, unknown)
    if outbox.all_out:  # only the mark is missing
        return settle(repo, stored, outbox)
    way = configured_way(repo, wish)
    _check_still_right(repo, outbox, way)
    if not confirm(f"{left(outbox)}, through {way.route}", "send", yes=yes):
        declined("nothing more was sent")
    outbox = replace(outbox, route=way.route)
    stored.override(outbox)
    return send_out(repo, stored, outbox, way)


def _check_still_right(repo: Repository, outbox: Outbox, way: Way) -> None:
    """Raises UsageError for messages that had better be built anew: nothing is out, and their branch has changed.

    Once something is out, the rest of the thread has to be what belongs to it, whatever has become of the branch.
    """
    from credseries.cli.send.checked import check_signed
    from credseries.errors import UsageError

    check_signed(way, signed=outbox.signed)
    moved = [] if outbox.begun else _moved(repo, outbox)
    if moved:
        raise UsageError(
            f"{moved[0].branch} has changed since its messages were built, and none of them is out",
            hint="`credseries send` builds them anew, from the branch as it is now",
        )
