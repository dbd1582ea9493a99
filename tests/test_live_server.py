"""The server of a live report gives it to whom it was started for, and to nobody else."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from credseries.errors import CredseriesError, EnvironmentProblem
from credseries.review.live.board import Board
from credseries.review.live.page import Page, page
from credseries.review.live.server import Server
from credseries.review.live.watch import Watch
from tests.liveserver import running


def text(**parts: str) -> str:
    body = "".join(f'<!--part {name}--><p id="{name}">{shown}</p><!--/part {name}-->' for name, shown in parts.items())
    return f"<!doctype html><html><head><title>A report</title></head><body>{body}</body></html>"


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Board(page(text(a="one", b="two")))) as server:
        yield server


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        if value:
            connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    return connection.getresponse()


def listen(server: Server, since: str = "1", **headers: str) -> http.client.HTTPResponse:
    answer = ask(server, f"/{server.token}/events?since={since}", **headers)
    assert answer.readline() == b"retry: 2000\n"
    assert answer.readline() == b"\n"
    return answer


def event(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """The next event: its fields, with what it tells as `data`."""
    found = {}
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(":")
        found[name] = value.removeprefix(" ")
    return {**found, "data": json.loads(found["data"])} if found.get("data") else found


# -- who gets in


def test_the_page_is_given_to_whom_knows_the_token(server: Server) -> None:
    answer = ask(server, f"/{server.token}/")
    shown = answer.read().decode()
    assert answer.status == 200
    assert shown == text(a="one", b="two").replace("<head>", '<head><meta name="live" content="1">')
    assert server.address == f"http://127.0.0.1:{server.server_port}/{server.token}/"


@pytest.mark.parametrize("path", ["/", "/x/", "//", "*", "/?{token}", "/{token}x/", "/%7B/", "/{token}/other", "/é/"])
def test_nobody_else_gets_anything(server: Server, path: str) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), 60) as connection:
        line = f"GET {path.format(token=server.token)} HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n\r\n"
        connection.sendall(line.encode())
        answer = connection.makefile("rb").read()
    assert answer.split(b" ")[1] in (b"400", b"404")
    assert b"A report" not in answer
    assert server.token.encode() not in answer.replace(path.format(token=server.token).encode(), b"")


@pytest.mark.parametrize(
    "host", ["", "evil.example:{port}", "127.0.0.1", "localhost:1", "127.0.0.1:{port}.evil.example"]
)
def test_a_name_that_only_points_here_does_not_get_in(server: Server, host: str) -> None:
    answer = ask(server, f"/{server.token}/", host=host.format(port=server.server_port))
    assert answer.status == 421
    assert b"A report" not in answer.read()


def test_the_name_localhost_gets_in(server: Server) -> None:
    assert ask(server, f"/{server.token}/", host=f"LOCALHOST:{server.server_port}").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_there_is_nothing_but_reading(server: Server, method: str) -> None:
    answer = ask(server, f"/{server.token}/", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert ask(server, "/", method).status == 404
    assert ask(server, f"/{server.token}/", "BREW").status == 501


def test_only_the_own_page_may_read_embed_or_frame_it(server: Server) -> None:
    for path in (f"/{server.token}/", "/"):
        headers = ask(server, path, Origin="https://example.org").headers
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "credseries"


def test_it_listens_on_loopback_only(server: Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_two_servers_have_two_tokens(server: Server) -> None:
    with Server(0) as other:
        assert len(other.token) >= 20
        assert other.token != server.token


def test_a_token_without_its_slash_is_led_on(server: Server) -> None:
    answer = ask(server, f"/{server.token}")
    assert (answer.status, answer.headers["Location"]) == (308, f"/{server.token}/")


def test_head_gives_the_headers_of_get(server: Server) -> None:
    path = f"/{server.token}/"
    head, whole = ask(server, path, "HEAD"), ask(server, path)
    assert head.headers["Content-Length"] == whole.headers["Content-Length"] == str(len(whole.read()))
    assert head.read() == b""
    assert ask(server, f"{path}events?since=1", "HEAD").headers["Content-Type"].startswith("text/event-stream")


def test_a_port_in_use_is_an_error_that_says_so(server: Server) -> None:
    with pytest.raises(
        EnvironmentProblem, match=f"port {server.server_port} cannot be listened on: Address already in"
    ):
        Server(server.server_port)
    with pytest.raises(EnvironmentProblem, match="port 65536 cannot be listened on"):
        Server(65536)


# -- news


def test_what_changes_is_told_and_nothing_else(server: Server) -> None:
    answer = listen(server)
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    server.board.show(page(text(a="one", b="three")))
    told = event(answer)
    assert (told["event"], told["id"]) == ("news", "2")
    assert told["data"] == {"parts": {"b": '<p id="b">three</p>'}, "anew": False, "trouble": ""}
    server.board.show(page(text(a="ünë\n\ndata: x", b="three")))
    assert event(answer)["data"]["parts"] == {"a": '<p id="a">ünë\n\ndata: x</p>'}


def test_who_comes_late_or_again_hears_what_is_new_to_him(server: Server) -> None:
    board = server.board
    board.show(page(text(a="one", b="three")))
    board.show(page(text(a="four", b="three")))
    assert set(event(listen(server, "1"))["data"]["parts"]) == {"a", "b"}
    assert set(event(listen(server, "2"))["data"]["parts"]) == {"a"}
    assert set(event(listen(server, "1", Last_Event_ID="2"))["data"]["parts"]) == {"a"}
    ended = listen(server, "3")
    board.close(5)
    assert event(ended)["event"] == "end"


def test_a_page_of_other_parts_is_to_be_loaded_again(server: Server) -> None:
    answer = listen(server)
    server.board.show(page(text(a="one", c="new")))
    assert event(answer)["data"] == {"parts": {}, "anew": True, "trouble": ""}
    server.board.show(page(text(a="two", c="new")))
    assert event(answer)["data"]["parts"] == {"a": '<p id="a">two</p>'}


def test_the_same_page_is_no_news(server: Server) -> None:
    server.board.show(page(text(a="one", b="two")))
    assert server.board.shown()[0] == 1
    assert server.board.wait(1, 0) is None


@pytest.mark.parametrize("since", ["", "-1", "x", "1e3", "²", "99999999999999999999"])
def test_a_version_that_is_none_is_refused(server: Server, since: str) -> None:
    from urllib.parse import quote

    assert ask(server, f"/{server.token}/events?since={quote(since)}").status == 400


def test_many_listen_and_those_who_go_away_do_no_harm(server: Server) -> None:
    board = server.board
    answers = [listen(server) for _ in range(20)]
    for answer in answers[::2]:
        answer.close()
    board.show(page(text(a="two", b="two")))
    for answer in answers[1::2]:
        assert event(answer)["data"]["parts"] == {"a": '<p id="a">two</p>'}
    board.show(page(text(a="three", b="two")))
    for answer in answers[1::2]:
        assert event(answer)["data"]["parts"] == {"a": '<p id="a">three</p>'}
        answer.close()


def test_trouble_is_told_and_ends_with_the_next_page(server: Server) -> None:
    answer = listen(server)
    server.board.tell("the branch is gone")
    server.board.tell("the branch is gone")
    assert event(answer)["data"] == {"parts": {}, "anew": False, "trouble": "the branch is gone"}
    server.board.show(page(text(a="one", b="two")))
    assert event(answer)["data"] == {"parts": {}, "anew": False, "trouble": ""}


# -- watching


class Made:
    """A page that counts how often it is made, of something that changes when a test says so."""

    def __init__(self) -> None:
        self.now: Any = "first"
        self.times = 0
        self.clock = 0.0

    def make(self) -> Page:
        self.times += 1
        self.clock += 2.0
        if isinstance(self.now, Exception):
            raise self.now
        return page(text(a=self.now))

    def watch(self) -> Watch:
        return Watch(lambda: self.now, self.make, lambda: self.clock)


def test_a_page_is_made_when_something_changes_and_somebody_looks() -> None:
    made = Made()
    watch = made.watch()
    assert made.times == 1
    made.now = "second"
    watch.look()
    assert made.times == 1
    with watch.board.listening():
        watch.look()
        watch.look()
        assert made.times == 2
        assert watch.board.shown()[1].parts == {"a": '<p id="a">second</p>'}


def test_between_two_pages_the_machine_has_its_rest() -> None:
    made = Made()
    watch = made.watch()
    with watch.board.listening():
        made.now = "second"
        watch.look()
        made.now = "third"
        for _ in range(7):
            made.clock += 1.0
            watch.look()
        assert made.times == 2
        made.clock += 1.0
        watch.look()
        assert made.times == 3


def test_what_is_in_the_way_is_told_and_tried_again() -> None:
    made = Made()
    watch = made.watch()
    with watch.board.listening():
        made.now = CredseriesError("the branch is gone")
        watch.look()
        news = watch.board.wait(1, 0)
        assert news is not None
        assert news.trouble == "the branch is gone"
        made.now = "first"
        made.clock += 60.0
        watch.look()
        news = watch.board.wait(2, 0)
        assert news is not None
        assert news.trouble == ""
