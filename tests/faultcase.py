"""A series whose messages are built and kept, sent through a server that fails where a test says, until all is out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from credseries.cli.send.made import Request, find_series, make
from credseries.cli.send.pending import Said, go_on
from credseries.cli.send.way import Wish
from credseries.kernel.git import Repository
from credseries.mail.b4adapter import Stamp
from credseries.mail.outbox.model import Fate, Outbox
from credseries.mail.outbox.sending import NotAllSent, Undecided
from credseries.mail.outbox.stored import StoredOutbox
from credseries.series import saved
from tests.gitrepo import git
from tests.sendcase import SendCase
from tests.smtpserver import DROPS, Fault, Point, SmtpServer

BUILT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
# What a server may do, and what of it keeps the client from knowing whether the message arrived.
FAULTS = (
    *DROPS,
    *(Fault(point, reset=True) for point in (Point.MAIL, Point.BODY, Point.END)),
    *(Fault(point, "451 4.3.0 later") for point in (Point.MAIL, Point.RCPT, Point.DATA, Point.END)),
    *(Fault(point, "421 4.3.0 closing") for point in (Point.CONNECT, Point.MAIL, Point.END)),
    *(Fault(point, "554 5.7.1 no") for point in (Point.MAIL, Point.DATA, Point.END)),
)


def named(fault: Fault) -> str:
    how = fault.answer[:3] or ("reset" if fault.reset else "drop")
    return f"{fault.at}-{how}{'-taken' if fault.taken else ''}"


@dataclass
class Waiting:
    """A series whose messages are built and kept, and none of them is out."""

    case: SendCase
    outbox: Outbox

    def restored(self) -> Waiting:
        """The same, whatever was sent of it."""
        git(self.case.tree, "update-ref", f"refs/heads/{self.case.branch}", self.outbox.series[0].tip)
        for tag in self.case.tag():
            git(self.case.tree, "tag", "-d", tag)
        with saved.opened(Repository.discover(self.case.tree)) as store:
            StoredOutbox(store).keep(self.outbox)
        return self

    def left(self) -> list[Outbox]:
        return self.case.outboxes()

    def told(self) -> list[Mapping[str, str]]:
        """Whom the server refused each message, with why, as it is written down."""
        with saved.opened(Repository.discover(self.case.tree)) as store:
            outbox = StoredOutbox(store).load(self.outbox.key)
        assert outbox is not None
        return [entry.dispatch.refused for entry in outbox.entries]


def kept(case: SendCase, request: Request) -> Waiting:
    """The messages of a series, built and kept."""
    repo = Repository.discover(case.tree)
    stamp = Stamp(BUILT, hashlib.sha256(case.branch.encode()).hexdigest()[:12])  # no two have a Message-Id in common
    made = make(repo, find_series(repo, request), request, stamp)
    return Waiting(case, made.outbox(repo, "dev@example.org", stamp)).restored()


def send(waiting: Waiting, said: Said) -> None:
    """One run of `credseries send --resume --yes`."""
    repo = Repository.discover(waiting.case.tree)
    go_on(repo, None, said, Wish(), dry_run=False, yes=True, json=False)


def until_out(waiting: Waiting, server: SmtpServer) -> int:
    """Go on until all is out, as somebody does who gets a copy of all that arrives; gives how often he was asked."""
    asked, said = 0, Said()
    waiting.case.goes_to(server)
    for _ in range(60):
        try:
            send(waiting, said)
            return asked
        except Undecided as error:
            asked += 1
            there = server.message_ids()
            unknown = error.outbox.having(Fate.UNKNOWN)
            again = tuple(entry.number for entry in unknown if entry.message_id not in there)
            seen = (waiting.case.collected(server),) if len(again) < len(unknown) else ()
            said = Said(seen=seen, again=again)
        except NotAllSent:
            said = Said()
    raise AssertionError("no end")


def check_once(waiting: Waiting, server: SmtpServer, *, left_out: int = 0) -> None:
    """Each message is there as it was built, in order, once for each of its recipients.

    So many may have left out somebody whom the server refused at every try, and the outbox tells of him; where the
    connection broke behind a message for him alone, nobody knows, and he is told of although he may have got it.
    """
    built = waiting.outbox.entries
    assert list(dict.fromkeys(mail.data for mail in server.arrived)) == [entry.message.data for entry in built]
    telling = 0
    for entry, told in zip(built, waiting.told(), strict=True):
        got = [address for mail in server.arrived if mail.data == entry.message.data for address in mail.recipients]
        assert len(set(got)) == len(got)
        assert set(got) | set(told) == set(entry.recipients)
        assert all(told[address].startswith("nobody knows") for address in set(got) & set(told))
        telling += bool(told)
    assert telling <= left_out
    assert waiting.left() == []


def be_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits here for a server that is busy; how long that is in life has tests of its own."""
    monkeypatch.setattr("credseries.cli.send.going.pause", lambda _: None)
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name, raising=False)
