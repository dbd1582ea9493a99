"""Every message goes out once: whatever breaks, the journal is right, and going on from it sends nothing twice."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import mailbox
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.errors import EnvironmentProblem, StoreDamaged, UsageError
from credseries.mail.message import Address
from credseries.mail.outbox.decisions import Decisions, decide, message_ids
from credseries.mail.outbox.interrupts import Interrupts
from credseries.mail.outbox.lock import locked
from credseries.mail.outbox.model import Entry, Fate, Outbox, Overridden, State, addresses, line_up
from credseries.mail.outbox.pace import Pace
from credseries.mail.outbox.sending import NotAllSent, Undecided, Watching, send_all
from credseries.mail.outbox.stored import StoredOutbox, refused_addresses
from credseries.mail.transport.model import Delivery, Envelope, NotTaken
from credseries.store import Store
from tests.outboxcase import BEGIN, CHANGE_ID, OPEN, Fault, Killed, RecordingTransport, Server, message, outbox

ONCE = Pace(dropped=(), busy=())


class Place:
    """An outbox on disk, which outlives the program."""

    def __init__(self, path: Path, messages: int = 4) -> None:
        self.path = path
        self.box = outbox(messages)
        self.opened().keep(self.box)

    def opened(self) -> StoredOutbox:
        return StoredOutbox(Store(self.path / "state.sqlite"))

    def now(self) -> Outbox:
        found = self.opened().load(self.box.key)
        assert found is not None
        return found

    def send(self, server: Server, pace: Pace = ONCE) -> Outbox | None:
        """One run of the program on what is on disk; None when it was killed, or did not send everything."""
        try:
            return send_all(self.now(), self.opened(), server.outside(), pace)
        except (Killed, NotAllSent):
            return None

    def decide(self, *, arrived: bool) -> None:
        """What somebody says who has looked for the messages that nobody knows of."""
        numbers = tuple(entry.number for entry in self.now().having(Fate.UNKNOWN))
        says = Decisions(arrived=numbers) if arrived else Decisions(again=numbers)
        for entry in decide(self.now(), says, BEGIN):
            self.opened().record(entry)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def finish(place: Place, server: Server) -> None:
    """Go on until all is out, as an author does who looks into the list's archive when he is asked."""
    for _ in range(200):
        unknown = place.now().having(Fate.UNKNOWN)
        for entry in unknown:
            there = entry.envelope(place.box.sender) in server.arrived
            says = Decisions(arrived=(entry.number,)) if there else Decisions(again=(entry.number,))
            for decided in decide(place.now(), says, BEGIN):
                place.opened().record(decided)
        if place.send(server) is not None:
            return
    raise AssertionError("no end")


def check_once(place: Place, server: Server) -> None:
    assert place.now().all_out
    expected = [entry.envelope(place.box.sender) for entry in place.box.entries]
    assert server.arrived == expected  # each once, the very bytes, in order
    assert server.open == 0


def test_all_go_out_in_order_with_their_bytes_over_one_connection(place: Place) -> None:
    server = Server.with_faults()
    assert place.send(server) is not None
    check_once(place, server)
    assert server.connections == 1
    assert {entry.dispatch.answer for entry in place.now().entries} == {"250 ok"}


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in (Fault.FINE, Fault.KILLED_AFTER)])
@pytest.mark.parametrize("number", range(4))
def test_after_any_failure_at_any_message_the_journal_is_right_and_all_arrive_once(
    place: Place, fault: Fault, number: int
) -> None:
    server = Server.with_faults([Fault.FINE] * number + [fault])
    assert place.send(server) is None
    fates = [entry.fate for entry in place.now().entries]
    assert fates[:number] == [Fate.SENT] * number
    assert fates[number + 1 :] == [Fate.WAITING] * (3 - number)
    assert fates[number] == (
        Fate.UNKNOWN if fault in OPEN else Fate.REFUSED if fault == Fault.LASTING else Fate.WAITING
    )
    assert len(server.arrived) == number + (fault in (Fault.LOST_ARRIVES, Fault.KILLED_ARRIVES))
    finish(place, server)
    check_once(place, server)


@pytest.mark.parametrize("number", range(4))
def test_a_kill_right_after_the_answer_leaves_it_open_or_written_down_and_nothing_else(
    place: Place, number: int
) -> None:
    class DyingBeforeTheLast:
        """A program that is killed while it writes down that a message was sent."""

        def __init__(self) -> None:
            self.kept = place.opened()

        def record(self, entry: Entry) -> None:
            if entry.number == number and entry.fate == Fate.SENT:
                raise Killed
            self.kept.record(entry)

    server = Server.with_faults()
    with pytest.raises(Killed):
        send_all(place.now(), DyingBeforeTheLast(), server.outside(), ONCE)
    assert place.now().entries[number].fate == Fate.UNKNOWN
    finish(place, server)
    check_once(place, server)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([fault for fault in Fault if fault != Fault.KILLED_AFTER]), max_size=12))
def test_whatever_happens_in_whatever_order_each_message_arrives_once(
    tmp_path_factory: pytest.TempPathFactory, faults: list[Fault]
) -> None:
    place, server = Place(tmp_path_factory.mktemp("outbox"), 3), Server.with_faults(faults)
    finish(place, server)
    check_once(place, server)


@pytest.mark.parametrize("fault", OPEN)
def test_what_nobody_knows_is_not_sent_again_by_itself(place: Place, fault: Fault) -> None:
    server = Server.with_faults([Fault.FINE, fault])
    place.send(server)
    before = list(server.arrived)
    with pytest.raises(Undecided, match="nobody knows whether 1 message arrived") as caught:
        send_all(place.now(), place.opened(), server.outside())
    assert "1: [PATCH 1/9] Change 1" in caught.value.message
    assert all(option in caught.value.hint for option in ("--seen MAILBOX", "--arrived 1", "--again 1"))
    assert server.arrived == before
    assert server.connections == 1


@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "again"])
def test_its_author_decides_both_ways(place: Place, arrived: bool) -> None:
    server = Server.with_faults([Fault.FINE, Fault.LOST_ARRIVES if arrived else Fault.LOST_VANISHES])
    place.send(server)
    place.decide(arrived=arrived)
    assert place.now().entries[1].fate == (Fate.SENT if arrived else Fate.WAITING)
    place.send(server)
    check_once(place, server)


def test_a_connection_that_breaks_is_made_again_and_nobody_is_asked(place: Place) -> None:
    faults = [Fault.NO_CONNECTION, Fault.DROPPED_BEFORE, Fault.FINE, Fault.DROPPED_BEFORE]
    server = Server.with_faults(faults)
    assert place.send(server, Pace(dropped=(0.0, 2.0))) is not None
    check_once(place, server)
    assert server.connections == 3
    assert server.slept == [2.0]


def test_a_busy_server_is_asked_again_a_few_times_over_the_same_connection(place: Place) -> None:
    server = Server.with_faults([Fault.BUSY, Fault.BUSY])
    assert place.send(server, Pace(busy=(1.0, 4.0))) is not None
    check_once(place, server)
    assert (server.connections, server.slept) == (1, [1.0, 4.0])


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DROPPED_BEFORE])
def test_the_tries_have_an_end(place: Place, fault: Fault) -> None:
    server = Server.with_faults(itertools.repeat(fault))
    with pytest.raises(NotAllSent, match=r"message 0 .* was not taken: .*3 messages after it are kept back; 0 of 4"):
        send_all(place.now(), place.opened(), server.outside(), Pace(dropped=(0, 1), busy=(0, 1)))
    assert not server.arrived
    assert not place.now().begun


def test_a_message_that_is_refused_for_good_keeps_back_what_comes_after_it(place: Place) -> None:
    server = Server.with_faults([Fault.FINE, Fault.LASTING])
    with pytest.raises(NotAllSent, match=r"message 1 .* is refused: 554 no, and the 2 messages after it") as caught:
        send_all(place.now(), place.opened(), server.outside())
    assert "--resume" in caught.value.hint
    assert [entry.fate for entry in place.now().entries] == [Fate.SENT, Fate.REFUSED, Fate.WAITING, Fate.WAITING]
    assert not server.slept
    assert place.send(server) is not None  # it is tried once more when its author has seen to it
    check_once(place, server)


def test_a_batch_goes_over_a_connection_and_the_next_after_a_pause(place: Place) -> None:
    server = Server.with_faults()
    assert place.send(server, Pace(batch=3, pause=30.0)) is not None
    check_once(place, server)
    assert (server.connections, server.slept) == (2, [30.0])


def test_a_batch_begins_anew_with_a_connection_that_broke(place: Place) -> None:
    server = Server.with_faults([Fault.FINE, Fault.DROPPED_BEFORE])
    assert place.send(server, Pace(batch=3, pause=30.0)) is not None
    assert (server.connections, server.slept) == (2, [])


def test_recipients_that_a_server_refused_are_written_down_for_good(place: Place) -> None:
    class Refusing(RecordingTransport):
        def deliver(self, envelope: Envelope, committing: Callable[[], None]) -> Delivery:
            super().deliver(envelope, committing)
            return Delivery("250 ok", {"List-2@example.org": "550 no such list"} if "list-2" in str(envelope) else {})

    server = Server.with_faults()
    outside = dataclasses.replace(server.outside(), connect=lambda: Refusing(server))
    send_all(place.now(), place.opened(), outside)
    assert place.now().all_out
    assert place.now().entries[2].dispatch.refused == {"List-2@example.org": "550 no such list"}
    store = Store(place.path / "state.sqlite")
    assert refused_addresses(store) == {"list-2@example.org": "550 no such list"}
    assert set(store.get("refused-address", "list-2@example.org")) == {"why", "when"}


class Greylisting(RecordingTransport):
    """A server that does not take one recipient the first `times`."""

    times = 0

    def deliver(self, envelope: Envelope, committing: Callable[[], None]) -> Delivery:
        grey = "list-2@example.org"
        if grey in envelope.recipients and Greylisting.times > 0:
            Greylisting.times -= 1
            others = tuple(address for address in envelope.recipients if address != grey)
            if not others:
                raise NotTaken("it does not take list-2@example.org: 451 later", connected=True)
            super().deliver(dataclasses.replace(envelope, recipients=others), committing)
            return Delivery("250 ok", {grey: "451 later"})
        return super().deliver(envelope, committing)


@pytest.mark.parametrize("times", range(6))
def test_a_recipient_that_is_refused_for_now_gets_it_later_and_nobody_gets_it_twice(place: Place, times: int) -> None:
    server, pace = Server.with_faults(), Pace(busy=(1.0, 5.0, 15.0))
    Greylisting.times = times
    outside = dataclasses.replace(server.outside(), connect=lambda: Greylisting(server))
    sent = send_all(place.now(), place.opened(), outside, pace)
    assert sent == place.now()
    assert sent.all_out
    late = times <= len(pace.busy)
    for entry in sent.entries:
        got = [address for mail in server.arrived if mail.data == entry.message.data for address in mail.recipients]
        missing = () if late or entry.number != 2 else ("list-2@example.org",)
        assert sorted((*got, *missing)) == sorted(entry.recipients)
        assert tuple(entry.dispatch.refused) == missing
    assert server.slept == list(pace.busy[: min(times, 3)])
    assert refused_addresses(Store(place.path / "state.sqlite")) == {}


@pytest.mark.parametrize("fault", [Fault.LOST_ARRIVES, Fault.LOST_VANISHES, Fault.KILLED_ARRIVES, Fault.DROPPED_BEFORE])
def test_when_the_second_try_for_a_recipient_breaks_off_it_is_told_and_not_tried_again(
    place: Place, fault: Fault
) -> None:
    server = Server.with_faults([Fault.FINE, Fault.FINE, Fault.FINE, fault])
    Greylisting.times = 1
    outside = dataclasses.replace(server.outside(), connect=lambda: Greylisting(server))
    with contextlib.suppress(Killed):
        send_all(place.now(), place.opened(), outside, Pace(busy=(1.0,)))
    assert place.now().entries[2].fate == Fate.SENT
    assert list(place.now().entries[2].dispatch.refused) == ["list-2@example.org"]
    finish(place, Server.with_faults())
    got = [address for mail in server.arrived if b"body of 2" in mail.data for address in mail.recipients]
    assert len(got) == len(set(got))


def test_whoever_watches_hears_of_each_message_and_each_pause(place: Place) -> None:
    class Heard(Watching):
        def __init__(self) -> None:
            self.said: list[str] = []

        def sending(self, entry: Entry) -> None:
            self.said.append(f"sending {entry.number}")

        def settled(self, entry: Entry) -> None:
            self.said.append(f"{entry.fate} {entry.number}")

        def waiting(self, seconds: float, why: str) -> None:
            self.said.append(f"{seconds:.0f} s: {why}")

    heard = Heard()
    send_all(place.now(), place.opened(), Server.with_faults().outside(), Pace(batch=3, pause=9.0), heard)
    assert heard.said[:2] == ["sending 0", "sent 0"]
    assert heard.said[6:] == ["sending 3", "9 s: the server takes 3 messages at a time", "sent 3"]


# -- interrupts


def interrupt_me() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", range(4))
def test_an_interrupt_in_the_balance_waits_for_the_answer(place: Place, number: int) -> None:
    held: list[bool] = []
    interrupts = Interrupts(lambda: held.append(True))
    server = Server.with_faults([Fault.FINE] * number + [Fault.KILLED_AFTER])
    server.after = interrupt_me
    outside = dataclasses.replace(server.outside(), interrupts=interrupts)
    with interrupts.handled(), pytest.raises(KeyboardInterrupt):
        send_all(place.now(), place.opened(), outside)
    assert held == [True]
    assert [entry.fate for entry in place.now().entries] == [Fate.SENT] * (number + 1) + [Fate.WAITING] * (3 - number)
    finish(place, server)
    check_once(place, server)


def test_a_second_interrupt_gives_up_waiting(place: Place) -> None:
    interrupts = Interrupts()
    server = Server.with_faults([Fault.KILLED_AFTER])

    def twice() -> None:
        interrupt_me()
        interrupt_me()

    server.after = twice
    with interrupts.handled(), pytest.raises(KeyboardInterrupt):
        send_all(place.now(), place.opened(), dataclasses.replace(server.outside(), interrupts=interrupts))
    assert place.now().entries[0].fate == Fate.UNKNOWN


def test_an_interrupt_anywhere_else_comes_at_once_and_the_usual_comes_back(place: Place) -> None:
    interrupts = Interrupts()
    before = signal.getsignal(signal.SIGINT)
    with interrupts.handled(), pytest.raises(KeyboardInterrupt):
        interrupt_me()
    assert signal.getsignal(signal.SIGINT) == before


# -- what an author decides


def test_a_mailbox_tells_what_arrived(place: Place, tmp_path: Path) -> None:
    maildir = mailbox.Maildir(tmp_path / "maildir")
    maildir.add(place.box.entries[1].message.data)
    (tmp_path / "x.mbox").write_bytes(b"From x Thu Jan  1 00:00:00 1970\n" + place.box.entries[2].message.data)
    seen = message_ids([tmp_path / "maildir", tmp_path / "x.mbox"])
    assert seen == {place.box.entries[1].message_id, place.box.entries[2].message_id}
    decided = decide(place.now(), Decisions(seen=seen, place="maildir"), BEGIN)
    assert [(entry.number, entry.fate) for entry in decided] == [(1, Fate.SENT), (2, Fate.SENT)]
    assert decided[0].dispatch.answer == "it is in maildir"


def test_a_message_id_that_was_folded_or_encoded_is_found(tmp_path: Path) -> None:
    head = b"From x Thu Jan  1 00:00:00 1970\nSubject: a\n"
    for number, written in enumerate(
        (b"Message-ID:\n <one@example.org>", b"MESSAGE-ID: =?utf-8?q?=3Cone=40example=2Eorg=3E?=")
    ):
        (tmp_path / f"{number}.mbox").write_bytes(head + written + b"\n\nbody\n")
        assert message_ids([tmp_path / f"{number}.mbox"]) == {"<one@example.org>"}


def test_only_a_mailbox_can_be_looked_through(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("hello\n")
    (tmp_path / "dir").mkdir()
    for place, what in (("note", "no mbox"), ("dir", "no maildir"), ("gone", "not there")):
        with pytest.raises(UsageError, match=what):
            message_ids([tmp_path / place])
    (tmp_path / "empty").touch()
    assert message_ids([tmp_path / "empty"]) == frozenset()


@pytest.mark.parametrize(
    ("decisions", "what"),
    [
        (Decisions(arrived=(1,), again=(1,)), "cannot have arrived and be sent again"),
        (Decisions(arrived=(9,)), "no message 9"),
        (Decisions(again=(-1,)), "no message -1"),
        (Decisions(again=(0,)), "message 0 is out already"),
        (
            Decisions(again=(1,), seen=frozenset({message(1).message_id}), place="mbox"),
            r"message 1 is out already \(it is in mbox\)",
        ),
    ],
    ids=["both", "no such", "negative", "sent", "seen"],
)
def test_decisions_that_cannot_be_are_errors_and_decide_nothing(place: Place, decisions: Decisions, what: str) -> None:
    place.send(Server.with_faults([Fault.FINE, Fault.LOST_ARRIVES]))
    with pytest.raises(UsageError, match=what):
        decide(place.now(), decisions, BEGIN)


def test_one_that_was_refused_may_have_gone_another_way(place: Place) -> None:
    place.send(Server.with_faults([Fault.LASTING]))
    place.decide(arrived=True)
    (entry,) = decide(place.now(), Decisions(arrived=(0,)), BEGIN)
    assert entry.fate == Fate.SENT


# -- what is kept


def test_an_outbox_comes_back_as_it_was_put_there(tmp_path: Path) -> None:
    kept = StoredOutbox(Store(tmp_path / "state.sqlite"))
    strange = dataclasses.replace(message(9), data=bytes(range(256)) + b"\n", subject="Łukasz 😀")
    box = dataclasses.replace(
        outbox(),
        entries=(*outbox().entries, *line_up([("", [strange])])),
        overridden=(Overridden("proof", "two\nlines", BEGIN),),
        route="smtp.example.org:587",
        signed=True,
    )
    kept.keep(box)
    assert kept.load(box.key) == box
    assert kept.open() == [box]
    assert kept.load("another") is None


def test_one_that_takes_anothers_place_leaves_nothing_of_it(place: Place) -> None:
    place.send(Server.with_faults([Fault.LOST_ARRIVES]))
    renamed = [dataclasses.replace(message(n), message_id=f"<new-{n}@example.org>") for n in range(2)]
    new = dataclasses.replace(place.box, entries=line_up([(CHANGE_ID, renamed)]))
    place.opened().keep(new)
    assert place.now() == new
    store = Store(place.path / "state.sqlite")
    assert store.keys("outbox-message") == [entry.message_id for entry in new.entries]
    assert store.keys("outbox-fate") == []


def test_one_that_is_given_up_before_anything_is_out_leaves_no_trace(place: Place) -> None:
    place.opened().close(place.now(), State.ABANDONED)
    store = Store(place.path / "state.sqlite")
    assert not [key for kind in ("outbox", "outbox-message", "outbox-fate") for key in store.keys(kind)]


def test_one_that_is_given_up_later_stays_known_and_the_version_is_free(place: Place) -> None:
    place.send(Server.with_faults([Fault.FINE, Fault.LASTING]))
    place.opened().close(place.now(), State.ABANDONED)
    kept = place.opened()
    assert kept.load(place.box.key) is None
    assert kept.open() == []
    (key,) = Store(place.path / "state.sqlite").keys("outbox")
    old = kept.load(key)
    assert old is not None
    assert (old.state, old.entries[0].fate) == (State.ABANDONED, Fate.SENT)
    kept.keep(place.box)
    assert kept.load(key) is not None


def test_one_that_is_done_is_open_no_more(place: Place) -> None:
    place.send(Server.with_faults())
    place.opened().close(place.now(), State.SENT)
    assert place.opened().open() == []
    assert place.now().state == State.SENT


@pytest.mark.parametrize("value", [{}, [], {"state": "open", "entries": [{}]}, "x"], ids=repr)
def test_one_that_cannot_be_read_is_named_and_can_be_dropped(place: Place, value: object) -> None:
    Store(place.path / "state.sqlite").put("outbox", place.box.key, value)
    with pytest.raises(StoreDamaged, match=place.box.key):
        place.now()
    place.opened().drop(place.box.key)
    assert place.opened().load(place.box.key) is None


def test_messages_are_numbered_as_people_call_them() -> None:
    assert [entry.number for entry in outbox().entries] == [0, 1, 2, 3]
    assert [entry.number for entry in line_up([(CHANGE_ID, [message(1)])])] == [1]
    parts = [("", [message(0)]), ("a", [message(0), message(1)]), ("b", [message(0)])]
    assert [(entry.number, entry.series) for entry in line_up(parts)] == [(0, ""), (1, "a"), (2, "a"), (3, "b")]
    assert line_up([]) == ()
    assert outbox().message_ids(CHANGE_ID) == {n: message(n).message_id.strip("<>") for n in range(4)}


def test_an_envelope_has_each_address_once_and_in_order() -> None:
    people = [Address("", text, ("x",)) for text in ("b@x.org", "a@x.org", "B@x.org", "c@x.org")]
    assert addresses(people[:2], people[2:]) == ("b@x.org", "a@x.org", "c@x.org")


# -- one at a time

HOLDER = """
import sys, time
from pathlib import Path
from credseries.mail.outbox.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_at_once_cannot_be_and_a_killed_one_is_in_nobodys_way(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    who = rf"at work in this repository \(process {other.pid}\)"
    with pytest.raises(EnvironmentProblem, match=who), locked(tmp_path):
        pass
    other.kill()
    other.communicate()
    with locked(tmp_path):
        pass


def test_a_lock_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentProblem, match="cannot be made"), locked(tmp_path / "file"):
        pass
