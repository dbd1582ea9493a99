"""The messages of an outbox go out, and when all of them are, the version is marked as sent."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from credseries.cli.send.way import Way
    from credseries.kernel.git import Repository
    from credseries.mail.outbox.model import Outbox, OutgoingSeries
    from credseries.mail.outbox.sending import Journal
    from credseries.mail.outbox.stored import StoredOutbox
    from credseries.series.model import SeriesRecord
    from credseries.series.sending import Marked


@contextmanager
def outboxes(repo: Repository) -> Iterator[StoredOutbox]:
    """The outboxes of a repository, for one command at a time. Raises EnvironmentProblem while another has them."""
    from credseries.mail.outbox.lock import locked
    from credseries.mail.outbox.stored import StoredOutbox
    from credseries.series import saved

    with locked(repo.common_dir / "credseries"), saved.opened(repo) as store:
        yield StoredOutbox(store)


def send_out(repo: Repository, stored: StoredOutbox, outbox: Outbox, way: Way) -> tuple[Outbox, list[Marked]]:
    """Send what is not out, and mark the version when all of it is. Raises NotAllSent, and what marking raises.

    Whatever ends it says how far it has come, and what goes on from there.
    """
    from credseries.errors import CredseriesError
    from credseries.mail.outbox.sending import NotAllSent

    try:
        return settle(repo, stored, deliver(outbox, stored, way))
    except NotAllSent as error:  # and that says it
        show_refused(error.outbox)
        raise
    except (CredseriesError, KeyboardInterrupt):
        _tell_stopped(stored.load(outbox.key) or outbox)
        raise


def deliver(outbox: Outbox, journal: Journal, way: Way) -> Outbox:
    """Hand every message that is not out to the server; raises NotAllSent."""
    from credseries.cli.send.progress import watched
    from credseries.mail.outbox.interrupts import Interrupts
    from credseries.mail.outbox.sending import Outside, send_all

    interrupts = Interrupts(_held)
    outside = Outside(way.connect, now, pause, interrupts)
    with interrupts.handled(), watched(outbox) as observer:
        return send_all(outbox, journal, outside, way.pace, observer)


def now() -> datetime:
    """The time, with the zone of this machine."""
    from datetime import datetime

    return datetime.now().astimezone()


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def settle(repo: Repository, stored: StoredOutbox, outbox: Outbox) -> tuple[Outbox, list[Marked]]:
    """Mark a version all of which is out, and close its outbox; a version that was sent before is marked already."""
    from dataclasses import replace

    from credseries.mail.outbox.model import State
    from credseries.series.sending import SentSeries, mark_sent

    marked: list[Marked] = []
    if not outbox.again:
        sends = [SentSeries(as_built(repo, item), outbox.message_ids(item.change_id)) for item in outbox.series]
        marked = mark_sent(repo, sends, now())
    stored.close(outbox, State.SENT)
    return replace(outbox, state=State.SENT), marked


def as_built(repo: Repository, item: OutgoingSeries) -> SeriesRecord:
    """The series as it was on its branch when its messages were built. Raises UsageError when git has it no more."""
    from dataclasses import replace

    from credseries.errors import GitFailed, UnknownRevision, UsageError
    from credseries.series import saved
    from credseries.series.current import read_current

    records = [record for record in saved.records(repo, item.change_id) if record.tip == item.generated]
    try:
        if records:
            return read_current(repo, replace(records[0], branch=item.branch), item.tip).record
    except (GitFailed, UnknownRevision):
        pass
    raise UsageError(
        f"v{item.revision} of {item.branch} is out, and git does not have {item.tip[:12]} any more, from which it was "
        "built: it cannot be tagged",
        hint=f"credseries reroll --branch {item.branch} --sent-as MESSAGE-ID takes the branch as it is now; "
        "then credseries send --abandon",
    )


# -- what is said of it


def show_sent(outbox: Outbox, marked: Sequence[Marked]) -> None:
    """That all of it is out, whom servers refused, and what became of the branches."""
    from credseries.cli.send.shown import summary

    render.say(render.printable(f"{summary(outbox)}: sent through {outbox.route}"))
    show_refused(outbox)
    for item in marked:
        following = f"; {item.branch} is v{item.now} now" if item.now > item.version else ""
        render.say(render.printable(f"v{item.version} of {item.branch} is tagged {item.tag}{following}"))
        if item.note:
            render.say(render.printable(f"  {item.note}"))


def show_refused(outbox: Outbox) -> None:
    """The recipients that a server refused although it took the message for others."""
    refused: dict[tuple[str, str], list[int]] = {}
    for entry in outbox.entries:
        for address, why in entry.dispatch.refused.items():
            refused.setdefault((address, why), []).append(entry.number)
    for (address, why), numbers in refused.items():
        which = ", ".join(map(str, numbers))
        render.say(render.printable(f"  {address} did not get {which}, the server refused: {why}"))


def _held() -> None:
    render.complain("\nwaiting for the server's answer to this message; Ctrl-C once more gives up waiting")


def _tell_stopped(outbox: Outbox) -> None:
    from credseries.cli.send.shown import progress

    following = "marks it as sent" if outbox.all_out else "goes on from there"
    render.complain(render.printable(f"\n{progress(outbox)}; `credseries send --resume` {following}"))
