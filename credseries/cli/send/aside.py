"""A look at the messages as they arrive, at oneself or at somebody who was asked: nothing of it counts as sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.cli.send.made import Request
    from credseries.cli.send.way import Way, Wish
    from credseries.kernel.git import Repository
    from credseries.mail.outbox.model import Entry, Outbox


def send_aside(
    repo: Repository,
    request: Request,
    wish: Wish,
    override: Sequence[str],
    require: Sequence[str],
    *,
    yes: bool,
    json: bool,
) -> None:
    """Send the messages to the author alone with the headers that all would see (`wish.reflect`), or as a preview.

    They have Message-Ids of their own: nobody can take them for those that are sent later. Raises EnvironmentProblem
    when not all of them arrive; all of it may be sent once more then.
    """
    from credseries.cli.send.checked import check_signed, checks_of
    from credseries.cli.send.confirmed import check_somebody_answers, confirm, declined
    from credseries.cli.send.made import find_series, make, new_stamp
    from credseries.cli.send.shown import outbox_json, show_ready, summary
    from credseries.cli.send.way import configured_way

    check_somebody_answers(yes=yes)
    way, stamp = configured_way(repo, wish), new_stamp()
    made = make(repo, find_series(repo, request), request, stamp)
    check_signed(way, signed=made.signed)
    outbox = replace(made.outbox(repo, way.sender, stamp), route=way.route)
    checks = checks_of(repo, made, request, require)
    if not json:
        show_ready(made, outbox, checks, override)
    if wish.reflect:
        outbox = _to_author(outbox, repo.identity("author").email)
    whom = ", ".join(dict.fromkeys(address for entry in outbox.entries for address in entry.recipients))
    if not confirm(f"{summary(outbox)} ({whom}), which does not count as sent, through {way.route}", "send", yes=yes):
        declined("nothing was sent")
    sent = _deliver(outbox, way)
    if json:
        render.as_json(outbox_json(sent, checks))
    else:
        render.say(render.printable(f"{summary(sent)} ({whom}): sent through {sent.route}; it does not count as sent"))


def _to_author(outbox: Outbox, own_address: str) -> Outbox:
    """The same messages, for nobody but their author."""
    return replace(outbox, entries=tuple(replace(entry, recipients=(own_address,)) for entry in outbox.entries))


def _deliver(outbox: Outbox, way: Way) -> Outbox:
    from credseries.cli.send.going import deliver
    from credseries.errors import EnvironmentProblem
    from credseries.mail.outbox.sending import NotAllSent

    try:
        return deliver(outbox, _Nowhere(), way)
    except NotAllSent as error:
        cause = error.__cause__ if isinstance(error.__cause__, EnvironmentProblem) else error
        raise EnvironmentProblem(
            f"not all of it was sent: {cause.message}",
            hint=cause.hint if cause is not error else "it does not count as sent: just send it once more",
        ) from error


class _Nowhere:
    """A journal of what counts for nothing."""

    def record(self, entry: Entry) -> None:
        """Forget it."""
