"""A web server for one page and one person: on loopback, and for those who know its secret path.

Any user of this machine, and any web page in his browser, can reach a port on loopback. So the path has a random token
in it, which neither knows; the Host header must name this server, so that a name that was made to point to 127.0.0.1
(DNS rebinding) does not get in; and no other page may read, frame or embed what is given out.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socketserver
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from credseries.errors import EnvironmentProblem
from credseries.review.live.board import Board, News
from credseries.review.live.page import Page

LOOPBACK = "127.0.0.1"
_HEARTBEAT = 15.0  # seconds after which a browser that has gone is noticed
_PATIENCE = 30.0  # seconds that a client may take to say what it wants, or to take what it gets
_POLL = 0.1  # seconds until a shutdown is noticed
_RETRY = 2000  # milliseconds that a browser waits before it asks again
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # the page has a stricter one of its own; this cannot be said in a page
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


class Server(ThreadingHTTPServer):
    """Gives a board's page out at `address`, and tells of its news at `address` + "events", as soon as `serve` runs."""

    daemon_threads = True
    request_queue_size = 64

    board: Board

    def __init__(self, port: int) -> None:
        """Listen on a port of loopback, 0 for any that is free; raises EnvironmentProblem."""
        self.token = secrets.token_urlsafe(16)
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise EnvironmentProblem(
                f"port {port} cannot be listened on: {reason}",
                hint="name another with --port, or none: any that is free will do",
            ) from error

    def serve(self, board: Board) -> None:
        """Answer, until another thread calls `shutdown`."""
        self.board = board
        self.serve_forever(_POLL)

    def server_bind(self) -> None:
        """Take the port; unlike HTTPServer without asking the network for a name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.token}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "credseries"
    timeout = _PATIENCE

    def do_GET(self) -> None:
        if not self._admitted():
            return
        name = self._name()
        if name == "":
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", _dated(*self.server.board.shown()))
        elif name == "events":
            self._events()
        elif name is None:
            self._refuse(HTTPStatus.PERMANENT_REDIRECT, {"Location": f"/{self.server.token}/"})
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET

    def _other(self) -> None:
        if self._admitted():
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _other

    def _admitted(self) -> bool:
        """Whether a request is for this server and knows its token; else it has been answered."""
        hosts = self.headers.get_all("Host", [])
        names = {f"{name}:{self.server.server_port}" for name in (LOOPBACK, "localhost")}
        if len(hosts) != 1 or hosts[0].lower() not in names:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        first = self._path()[:1]
        if not first or not hmac.compare_digest(first[0].encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.NOT_FOUND)
            return False
        return True

    def _path(self) -> list[str]:
        """The parts of the path that is asked for."""
        return self.path.partition("?")[0].split("/")[1:]

    def _name(self) -> str | None:
        """What is asked for below the token; None for the token without a slash."""
        parts = self._path()[1:]
        return "/".join(parts) if parts else None

    def _events(self) -> None:
        """Server-sent events (WHATWG HTML, 9.2) until one of the two goes away."""
        since = parse_qs(self.path.partition("?")[2]).get("since", [""])[0]
        seen = self.headers.get("Last-Event-ID") or since
        if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self.close_connection = True
        self._start(HTTPStatus.OK, {"Content-Type": "text/event-stream; charset=utf-8", "Connection": "close"})
        if self.command == "HEAD":
            return
        board, known = self.server.board, int(seen)
        with board.listening():
            self._send(f"retry: {_RETRY}\n\n")
            while not board.closed:
                news = board.wait(known, _HEARTBEAT)
                if news is not None:
                    self._send(_event(news))
                    known = news.version
                elif not board.closed:
                    self._send(":\n\n")
            self._send("event: end\ndata:\n\n")

    def _send(self, text: str) -> None:
        self.wfile.write(text.encode("ascii"))
        self.wfile.flush()

    def _refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self.close_connection = True  # of a body that came with it nothing is read
        text = f"{status.value} {status.phrase}\n".encode()
        self._answer(status, "text/plain; charset=utf-8", text, {"Connection": "close", **(headers or {})})

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._start(status, {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _start(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def version_string(self) -> str:
        """The name alone: nobody needs to know what is served with what."""
        return self.server_version

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the token is in what would be written."""


def _dated(version: int, page: Page) -> bytes:
    """A page that knows its version, and by that knows that it is served."""
    # the first <head> is the page's own; surrogates stand for bytes that are no text
    return page.text.replace("<head>", f'<head><meta name="live" content="{version}">', 1).encode("utf-8", "replace")


def _event(news: News) -> str:
    told = {"parts": news.parts, "anew": news.anew, "trouble": news.trouble}
    return f"id: {news.version}\nevent: news\ndata: {json.dumps(told)}\n\n"
