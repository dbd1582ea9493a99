"""A message through b4's web endpoint: taken, refused or unknown, and never to others than were chosen."""

from __future__ import annotations

import json

import pytest

from credseries.mail.transport.model import Delivery, Envelope, FateUnknown, NotTaken
from credseries.mail.transport.settings import Endpoint
from credseries.mail.transport.web import WebTransport
from tests.transportcase import LIST, SENDER, Handing
from tests.webserver import WebEndpoint, WebFault, When

ERROR = {"result": "error", "message": "No matching key, please complete web auth first."}


def signed(to: tuple[str, ...] = (LIST,), cc: tuple[str, ...] = (), body: str = "diff\n") -> Envelope:
    head = f"From: Dev <{SENDER}>\nTo: {', '.join(to)}\n" + (f"Cc: {', '.join(cc)}\n" if cc else "")
    data = f"{head}Subject: [PATCH] x\nX-Developer-Signature: v=1; a=ed25519-sha256;\n\n{body}"
    return Envelope(SENDER, (*to, *cc), data.encode())


def handing(endpoint: WebEndpoint, *, timeout: float = 60.0, reflect: bool = False) -> Handing:
    return Handing(WebTransport(Endpoint(endpoint.url, timeout), reflect=reflect))


def test_a_message_is_posted_as_b4_posts_it() -> None:
    sent = signed(cc=("Zoe <Zoe@example.org>",), body="ü\n.\n")
    sent = Envelope(sent.sender, (LIST, "zoe@example.org"), sent.data)
    with WebEndpoint() as endpoint:
        way = handing(endpoint)
        assert way.deliver(sent) == Delivery("Sent 1 messages for dev/default")
        assert way.transport.description == f"the web endpoint {endpoint.url}"
    assert endpoint.requests == [{"action": "receive", "messages": [sent.data.decode()]}]
    assert way.committed == [True]


def test_what_goes_to_the_author_alone_is_reflected() -> None:
    sent = Envelope(SENDER, (SENDER,), signed().data)
    with WebEndpoint() as endpoint:
        handing(endpoint, reflect=True).deliver(sent)
        with pytest.raises(NotTaken, match="others than were chosen"):
            handing(endpoint).deliver(sent)
    assert [request["action"] for request in endpoint.requests] == ["reflect"]


def test_nobody_gets_a_message_for_whom_it_was_not_meant() -> None:
    for recipients in ((LIST, "more@example.org"), ("other@example.org",)):
        with WebEndpoint() as endpoint:
            way = handing(endpoint)
            with pytest.raises(NotTaken, match=r"others than were chosen: .*example\.org") as caught:
                way.deliver(Envelope(SENDER, recipients, signed().data))
        assert caught.value.lasting
        assert (endpoint.requests, way.committed) == ([], [False])


def test_a_message_without_a_signature_does_not_leave() -> None:
    plain = Envelope(SENDER, (LIST,), f"To: {LIST}\n\nX-Developer-Signature: v=1\n".encode())
    with WebEndpoint() as endpoint, pytest.raises(NotTaken, match="signed messages only") as caught:
        handing(endpoint).deliver(plain)
    assert "patatt genkey" in caught.value.hint
    assert endpoint.requests == []


def test_a_message_that_is_not_utf_8_does_not_leave() -> None:
    sent = signed()
    with WebEndpoint() as endpoint, pytest.raises(NotTaken, match="not UTF-8"):
        handing(endpoint).deliver(Envelope(SENDER, (LIST,), sent.data + b"\xff\n"))
    assert endpoint.requests == []


def test_a_key_that_the_endpoint_does_not_know_is_told_with_what_to_do() -> None:
    with WebEndpoint([WebFault(status=500, body=json.dumps(ERROR))]) as endpoint:
        with pytest.raises(NotTaken, match="No matching key") as caught:
            handing(endpoint).deliver(signed())
        assert "b4 send --web-auth-new" in caught.value.hint
        assert (caught.value.lasting, caught.value.connected) == (True, True)


@pytest.mark.parametrize(
    ("status", "lasting"), [(403, True), (404, True), (413, True), (429, False), (408, False), (301, True), (307, True)]
)
def test_what_the_web_server_refuses_was_not_taken(status: int, lasting: bool) -> None:
    with WebEndpoint([WebFault(status=status, body="<html>no</html>")]) as endpoint:
        way = handing(endpoint)
        with pytest.raises(NotTaken) as caught:
            way.deliver(signed())
        assert caught.value.lasting == lasting
        way.deliver(signed())
    assert len(endpoint.arrived) == 1


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "<html>Internal Server Error</html>"), (502, ""), (504, "time-out"), (200, ""), (200, "[1]"), (200, "{}")],
)
def test_an_answer_that_says_nothing_leaves_it_open(status: int, body: str, taken: bool) -> None:
    with (
        WebEndpoint([WebFault(status=status, body=body, taken=taken)]) as endpoint,
        pytest.raises(FateUnknown, match=f"its answer says nothing: {status}"),
    ):
        handing(endpoint).deliver(signed())
    assert bool(endpoint.arrived) == taken


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("silent", [False, True])
def test_without_an_answer_it_is_not_known(silent: bool, taken: bool) -> None:
    with WebEndpoint([WebFault(silent=silent, taken=taken)]) as endpoint:
        way = handing(endpoint, timeout=0.3 if silent else 60)
        with pytest.raises(FateUnknown, match="in time" if silent else "has the whole message"):
            way.deliver(signed())
    assert way.committed == [True]
    assert bool(endpoint.arrived) == taken


@pytest.mark.parametrize("when", [When.BEFORE, When.MIDDLE])
def test_a_large_message_of_which_the_end_was_not_sent_was_not_taken(when: When) -> None:
    with WebEndpoint([WebFault(when)]) as endpoint:
        way = handing(endpoint)
        with pytest.raises(NotTaken, match="did not get to") as caught:
            way.deliver(signed(body="x\n" * 10_000_000))
        assert (caught.value.lasting, way.committed) == (False, [False])
    assert endpoint.arrived == []


def test_where_nobody_listens_nothing_was_taken() -> None:
    with WebEndpoint() as endpoint:
        way = handing(endpoint)
    with pytest.raises(NotTaken, match="Connection refused") as caught:
        way.deliver(signed())
    assert (caught.value.lasting, caught.value.connected, way.committed) == (False, False, [False])
    assert "b4.send-endpoint-web" in caught.value.hint


def test_a_journal_that_cannot_be_written_is_no_fault_of_the_connection() -> None:
    def committing() -> None:
        raise OSError("no space left on device")

    with WebEndpoint() as endpoint, pytest.raises(OSError, match="no space left"):
        WebTransport(Endpoint(endpoint.url)).deliver(signed(), committing)
    assert endpoint.arrived == []


def test_every_message_has_a_connection_of_its_own() -> None:
    with WebEndpoint() as endpoint:
        way = handing(endpoint)
        for number in range(3):
            way.deliver(signed(body=f"{number}\n"))
    assert [text[-2] for text in endpoint.arrived] == ["0", "1", "2"]
