"""A message over SMTP arrives as it was, and whatever goes wrong it is known whether the server can have it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.mail.transport.model import Delivery, Envelope, FateUnknown, NotTaken
from credseries.mail.transport.settings import Server
from credseries.mail.transport.smtp import open_smtp
from tests.smtpserver import DROPS, HOST, Fault, Manner, Point, SmtpServer
from tests.transportcase import LIST, SENDER, Handing, connection, letter, message_id, server_of

BIG = "x" * 70 + "\n"


def test_a_message_arrives_with_its_envelope_and_all_of_its_bytes() -> None:
    sent = letter(to=("amir@example.org", LIST), body="\tint a;\n.\n..\n.hidden\nFrom here\n\nlast")
    with SmtpServer() as server, connection(server) as transport:
        delivery = Handing(transport).deliver(sent)
    assert delivery == Delivery("250 2.0.0 taken as 1", {})
    (mail,) = server.arrived
    assert (mail.sender, mail.recipients) == (SENDER, ("amir@example.org", LIST))
    assert mail.data == sent.data + b"\n"
    assert server.sessions[0].commands[0] == "EHLO laptop.example.org"
    assert server.sessions[0].commands[-1] == "QUIT"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from(".\ta €ü-"), max_size=5).map(str.encode), min_size=1))
def test_any_text_arrives_as_it_was(lines: list[bytes]) -> None:
    data = b"\n".join(lines) + b"\n"
    with SmtpServer() as server, connection(server) as transport:
        Handing(transport).deliver(Envelope(SENDER, (LIST,), data))
    assert server.arrived[0].data == data


def test_many_messages_go_over_one_connection() -> None:
    with SmtpServer() as server, connection(server) as transport:
        handing = Handing(transport)
        for number in range(5):
            handing.deliver(letter(number))
    assert server.message_ids() == [message_id(number) for number in range(5)]
    assert len(server.sessions) == 1
    assert handing.committed == [True] * 5


def test_the_server_is_told_the_size_and_the_letters_of_a_message() -> None:
    sent = letter(body="ü\n")
    with SmtpServer() as server, connection(server) as transport:
        Handing(transport).deliver(sent)
    size = len(sent.data) + sent.data.count(b"\n")
    assert server.arrived[0].parameters == (f"SIZE={size}", "BODY=8BITMIME")


def test_an_address_in_utf_8_goes_to_servers_that_take_it_only() -> None:
    sent = letter(to=("zoë@example.org",))
    with SmtpServer() as server, connection(server) as transport:
        Handing(transport).deliver(sent)
        Handing(transport).deliver(letter(2))
    assert server.arrived[0].recipients == ("zoë@example.org",)
    assert "SMTPUTF8" in server.arrived[0].parameters
    assert "SMTPUTF8" not in server.arrived[1].parameters
    with SmtpServer(manner=Manner(offers=("8BITMIME",))) as server, connection(server) as transport:
        with pytest.raises(NotTaken, match="SMTPUTF8") as caught:
            Handing(transport).deliver(sent)
        assert (caught.value.lasting, caught.value.connected) == (True, True)
        Handing(transport).deliver(letter(2))
    assert server.message_ids() == [message_id(2)]


def test_a_server_for_ascii_alone_gets_no_patch_that_it_would_cut() -> None:
    with SmtpServer(manner=Manner(offers=())) as server, connection(server) as transport:
        with pytest.raises(NotTaken, match="8BITMIME") as caught:
            Handing(transport).deliver(letter(body="ü\n"))
        assert "sendmailCmd" in caught.value.hint
        Handing(transport).deliver(letter(2))
    assert server.message_ids() == [message_id(2)]


def test_a_message_that_is_too_large_is_known_before_it_is_sent() -> None:
    with SmtpServer(manner=Manner(size=2000)) as server, connection(server) as transport:
        assert transport.size_limit == 2000
        handing = Handing(transport)
        with pytest.raises(NotTaken, match="messages of 2000 bytes, and this one has") as caught:
            handing.deliver(letter(body=BIG * 40))
        assert (caught.value.lasting, caught.value.connected, handing.committed) == (True, True, [False])
        handing.deliver(letter(2, body=BIG))
    assert not any(command.startswith("MAIL") and "SIZE=2" in command for command in server.sessions[0].commands)
    assert server.message_ids() == [message_id(2)]


def test_a_recipient_that_is_refused_takes_the_message_from_nobody_else() -> None:
    manner = Manner(refuse={"gone@example.org": "550 5.1.1 no such user", "slow@example.org": "450 4.2.1 greylisted"})
    with SmtpServer(manner=manner) as server, connection(server) as transport:
        delivery = Handing(transport).deliver(letter(to=("gone@example.org", LIST, "slow@example.org")))
    assert delivery.refused == {
        "gone@example.org": "550 5.1.1 no such user",
        "slow@example.org": "450 4.2.1 greylisted",
    }
    assert server.arrived[0].recipients == (LIST,)


@pytest.mark.parametrize(
    ("refuse", "lasting"),
    [
        ({"a@example.org": "550 no such user", "b@example.org": "553 no"}, True),
        ({"a@example.org": "550 no such user", "b@example.org": "450 later"}, False),
        ({"a@example.org": "450 later", "b@example.org": "550 no such user"}, False),
    ],
)
def test_a_message_for_nobody_is_not_sent(refuse: dict[str, str], lasting: bool) -> None:
    with SmtpServer(manner=Manner(refuse=refuse)) as server, connection(server) as transport:
        handing = Handing(transport)
        with pytest.raises(NotTaken, match="does not take any of") as caught:
            handing.deliver(letter(to=tuple(refuse)))
        assert (caught.value.lasting, caught.value.connected, handing.committed) == (lasting, True, [False])
        handing.deliver(letter(2))
    assert server.message_ids() == [message_id(2)]
    assert len(server.sessions) == 1


@pytest.mark.parametrize("code", ["451 4.3.0 later", "554 5.7.1 never"])
@pytest.mark.parametrize("point", [Point.MAIL, Point.RCPT, Point.DATA, Point.END])
def test_a_refusal_is_for_now_or_for_good_and_the_connection_goes_on(point: Point, code: str) -> None:
    with SmtpServer([None, Fault(point, code)]) as server, connection(server) as transport:
        handing = Handing(transport)
        handing.deliver(letter(0))
        with pytest.raises(NotTaken, match=code[4:]) as caught:
            handing.deliver(letter(1))
        assert (caught.value.lasting, caught.value.connected) == (code[0] == "5", True)
        assert f"{HOST}:{server.port}" in caught.value.message
        handing.deliver(letter(2))
    assert server.message_ids() == [message_id(0), message_id(2)]
    assert len(server.sessions) == 1
    assert handing.committed == [True, point == Point.END, True]


@pytest.mark.parametrize("point", [Point.MAIL, Point.RCPT, Point.DATA, Point.END])
def test_a_server_that_takes_leave_has_not_taken_the_message(point: Point) -> None:
    with SmtpServer([Fault(point, "421 4.3.2 shutting down")]) as server, connection(server) as transport:
        with pytest.raises(NotTaken, match="shutting down") as caught:
            Handing(transport).deliver(letter())
        assert (caught.value.lasting, caught.value.connected) == (False, False)
    assert server.arrived == []


def test_a_server_that_has_had_enough_of_a_connection_gets_the_next_over_another() -> None:
    with SmtpServer(manner=Manner(limit=2)) as server:
        with connection(server) as transport:
            handing = Handing(transport)
            handing.deliver(letter(0))
            handing.deliver(letter(1))
            with pytest.raises(NotTaken, match="too many messages") as caught:
                handing.deliver(letter(2))
            assert (caught.value.lasting, caught.value.connected) == (False, False)
        with connection(server) as transport:
            Handing(transport).deliver(letter(2))
    assert server.message_ids() == [message_id(number) for number in range(3)]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("fault", DROPS, ids=lambda fault: f"{fault.at}-{'taken' if fault.taken else 'not taken'}")
@pytest.mark.parametrize("tls", ["", "starttls", "ssl"])
def test_wherever_the_connection_breaks_it_is_known_whether_the_server_can_have_it(
    fault: Fault, reset: bool, tls: str
) -> None:
    with SmtpServer([Fault(fault.at, reset=reset, taken=fault.taken)], Manner(tls=tls)) as server:
        outcome: object = None
        committed = False
        try:
            with connection(server) as transport:
                handing = Handing(transport)
                try:
                    outcome = handing.deliver(letter())
                finally:
                    committed = handing.committed[-1]
        except (NotTaken, FateUnknown) as error:
            outcome = error
    arrived = bool(server.arrived)
    match outcome:
        case Delivery():
            assert arrived
            assert fault.at == Point.AFTER
        case NotTaken(lasting=lasting, connected=connected):
            assert not arrived
            assert (lasting, connected) == (False, False)
            assert fault.at != Point.END
        case FateUnknown():
            assert committed
            assert arrived == fault.taken
            # In the middle of a short message the other side's going is not always seen before the dot.
            assert fault.at in (Point.BODY, Point.END)
        case _:
            raise AssertionError(outcome)


@pytest.mark.parametrize("tls", ["", "starttls"])
def test_a_connection_that_breaks_in_a_large_message_breaks_before_it_can_be_taken(tls: str) -> None:
    with SmtpServer([Fault(Point.BODY)], Manner(tls=tls)) as server, connection(server) as transport:
        handing = Handing(transport)
        with pytest.raises(NotTaken) as caught:
            handing.deliver(letter(body=BIG * 200_000))
        assert (caught.value.connected, handing.committed) == (False, [False])
    assert server.arrived == []


def test_a_server_that_says_something_in_the_middle_of_a_message_is_heard() -> None:
    with SmtpServer([Fault(Point.BODY, "421 4.4.2 too slow")]) as server, connection(server) as transport:
        handing = Handing(transport)
        with pytest.raises((NotTaken, FateUnknown)) as caught:
            handing.deliver(letter(body=BIG * 200_000))
        assert isinstance(caught.value, NotTaken)
        assert handing.committed == [False]
    assert server.arrived == []


@pytest.mark.parametrize("point", [Point.CONNECT, Point.EHLO, Point.MAIL, Point.RCPT, Point.DATA])
def test_a_server_that_never_answers_before_the_dot_has_not_taken_it(point: Point) -> None:
    with SmtpServer([Fault(point, silent=True)]) as server:
        with pytest.raises(NotTaken, match="in time") as caught, connection(server, timeout=0.2) as transport:
            Handing(transport).deliver(letter())
        assert (caught.value.lasting, caught.value.connected) == (False, False)
        assert "credseries.smtpTimeout" in caught.value.hint
        assert server.arrived == []


@pytest.mark.parametrize("taken", [False, True])
def test_a_server_that_never_answers_the_dot_may_have_taken_it(taken: bool) -> None:
    with (
        SmtpServer([Fault(Point.END, silent=True, taken=taken)]) as server,
        connection(server, timeout=2) as transport,
        pytest.raises(FateUnknown, match="in time"),
    ):
        Handing(transport).deliver(letter())
    assert bool(server.arrived) == taken


@pytest.mark.parametrize("answer", ["yes, why not", "354 more", "250" + "x" * 10_000])
def test_an_answer_to_the_dot_that_means_nothing_leaves_it_open(answer: str) -> None:
    with SmtpServer([Fault(Point.END, answer, taken=True)]) as server:
        with connection(server) as transport, pytest.raises(FateUnknown):
            Handing(transport).deliver(letter())
        assert len(server.arrived) == 1


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org>\r\nRCPT TO:<b@example.org",
        "a@example.org\nDATA",
        "a@example.org\rDATA",
        "a@example.org> SIZE=1",
        "a b@example.org",
        "<a@example.org>",
        "-oQ/tmp@example.org",
        "a\x00@example.org",
        "a\u2028@example.org",
        "a",
        "",
    ],
)
@pytest.mark.parametrize("role", ["sender", "recipient"])
def test_an_address_that_is_none_is_never_said_to_a_server(address: str, role: str) -> None:
    sent = Envelope(address, (LIST,), b"x\n") if role == "sender" else Envelope(SENDER, (LIST, address), b"x\n")
    with SmtpServer() as server, connection(server) as transport:
        handing = Handing(transport)
        with pytest.raises(NotTaken, match="is no mail address") as caught:
            handing.deliver(sent)
        assert (caught.value.lasting, caught.value.connected, handing.committed) == (True, True, [False])
        assert "\n" not in caught.value.message
    assert server.sessions[0].commands == ["EHLO laptop.example.org", "QUIT"]


def test_a_message_for_no_recipient_is_not_sent() -> None:
    with SmtpServer() as server, connection(server) as transport, pytest.raises(NotTaken, match="no recipient"):
        Handing(transport).deliver(Envelope(SENDER, (), b"x\n"))
    assert server.arrived == []


@pytest.mark.parametrize("data", [b"a\n.\r\nMAIL FROM:<x@y>\n", b"a\r\nb\n", b"a\rb\n", b"a\0b\n"])
def test_what_could_end_a_message_early_or_would_arrive_otherwise_is_not_sent(data: bytes) -> None:
    with SmtpServer() as server, connection(server) as transport:
        with pytest.raises(NotTaken, match="mail cannot carry as it is") as caught:
            Handing(transport).deliver(Envelope(SENDER, (LIST,), data))
        assert caught.value.lasting
    assert server.arrived == []


def test_closing_in_the_middle_of_a_message_sends_no_end_of_it() -> None:
    class Interrupted(BaseException):
        pass

    def committing() -> None:
        raise Interrupted

    with SmtpServer() as server:
        transport = open_smtp(server_of(server), None)
        with pytest.raises(Interrupted):
            transport.deliver(letter(), committing)
        transport.close()
        transport.close()
    assert server.arrived == []
    assert server.sessions[0].commands[-1] == "DATA"


def test_where_nobody_listens_it_is_said_what_to_look_at() -> None:
    with SmtpServer() as server:
        port = server.port
    with pytest.raises(NotTaken, match=f"no connection to {HOST}:{port}") as caught:
        open_smtp(Server(HOST, port), None)
    assert (caught.value.lasting, caught.value.connected) == (False, False)
    assert "sendemail.smtpServerPort" in caught.value.hint


@pytest.mark.parametrize(("answer", "lasting"), [("421 busy", False), ("554 5.7.1 not you", True)])
def test_a_greeting_that_is_none_is_told(answer: str, lasting: bool) -> None:
    with SmtpServer([Fault(Point.CONNECT, answer)]) as server:
        with pytest.raises(NotTaken, match=answer) as caught:
            open_smtp(server_of(server), None)
        assert caught.value.lasting == lasting
