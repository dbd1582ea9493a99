"""A series goes to its people: built once, checked, shown, confirmed, sent, and marked as sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.cli.send.made import Made, Request
    from credseries.cli.send.way import Way, Wish
    from credseries.kernel.git import Repository
    from credseries.mail.outbox.model import Outbox, Overridden
    from credseries.mail.outbox.stored import StoredOutbox
    from credseries.mail.preflight.model import Check, Override
    from credseries.series.current import Current


@dataclass(frozen=True)
class Ready:
    """Messages that may go out as far as the checks are concerned."""

    made: Made
    outbox: Outbox
    checks: tuple[Check, ...]


def send_really(
    repo: Repository,
    request: Request,
    wish: Wish,
    override: Sequence[str],
    require: Sequence[str],
    *,
    yes: bool,
    json: bool,
) -> None:
    """Send a series, or all of a conversion. Raises what its steps raise; what is out by then is written down."""
    from credseries.cli.send.confirmed import check_somebody_answers
    from credseries.cli.send.going import outboxes, send_out, show_sent
    from credseries.cli.send.made import find_series
    from credseries.cli.send.shown import outbox_json, show_ready
    from credseries.cli.send.way import configured_way

    check_somebody_answers(yes=yes)
    with outboxes(repo) as stored:
        found = find_series(repo, request)
        replaced = _replaced(stored, found)
        way = configured_way(repo, wish)
        ready = _ready(repo, found, request, way, override, require)
        if not json:
            show_ready(ready.made, ready.outbox, ready.checks, override)
        _keep(stored, replaced, ready.outbox)
        _ask(stored, ready.outbox, yes=yes)
        sent, marked = send_out(repo, stored, ready.outbox, way)
    if json:
        render.as_json(outbox_json(sent, ready.checks, marked))
    else:
        show_sent(sent, marked)


def _replaced(stored: StoredOutbox, found: Sequence[Current]) -> list[Outbox]:
    """The outboxes of these series that nothing is out of: new messages take their place.

    Raises UsageError when there is one of which something is out: the rest of a version is sent as it was built.
    """
    from credseries.cli.send.shown import progress
    from credseries.errors import UsageError

    change_ids = {item.record.change_id for item in found}
    mine = [box for box in stored.open() if change_ids & {item.change_id for item in box.series}]
    for box in mine:
        if box.begun:
            branch = next(item.branch for item in box.series if item.change_id in change_ids)
            raise UsageError(
                f"{progress(box)}: these very messages go on, and no others of {branch} before",
                hint=f"credseries send --resume --branch {branch}, or --abandon in place of --resume gives it up",
            )
    return mine


def _ready(
    repo: Repository,
    found: Sequence[Current],
    request: Request,
    way: Way,
    override: Sequence[str],
    require: Sequence[str],
) -> Ready:
    """The messages, built and checked; what was overridden is noted with them. Raises NotReady."""
    from dataclasses import replace

    from credseries.cli.send.checked import check_signed, checks_of
    from credseries.cli.send.made import make, new_stamp
    from credseries.mail.preflight.model import overridden

    stamp = new_stamp()
    made = make(repo, found, request, stamp)
    check_signed(way, signed=made.signed)
    checks = checks_of(repo, made, request, require)
    noted = overridden(checks, override)
    outbox = made.outbox(repo, way.sender, stamp)
    return Ready(made, replace(outbox, route=way.route, overridden=_dated(noted, outbox)), checks)


def _dated(noted: Sequence[Override], outbox: Outbox) -> tuple[Overridden, ...]:
    from credseries.mail.outbox.model import Overridden

    return tuple(Overridden(item.name, item.detail, outbox.created) for item in noted)


def _keep(stored: StoredOutbox, replaced: Sequence[Outbox], outbox: Outbox) -> None:
    """Keep the messages before anybody says that they may go: what is sent is what was kept."""
    from credseries.mail.outbox.model import State

    for box in replaced:
        stored.close(box, State.ABANDONED)
    stored.keep(outbox)


def _ask(stored: StoredOutbox, outbox: Outbox, *, yes: bool) -> None:
    """Ends the command when somebody says no; nothing is kept of messages that were not to be sent."""
    from credseries.cli.send.confirmed import confirm, declined
    from credseries.cli.send.shown import summary
    from credseries.mail.outbox.model import State

    said = False
    try:
        said = confirm(f"{summary(outbox)}, through {outbox.route}", "send", yes=yes)
    finally:
        if not said:
            stored.close(outbox, State.ABANDONED)
    if not said:
        declined("nothing was sent")
