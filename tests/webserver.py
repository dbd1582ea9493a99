"""b4's web endpoint on loopback, as `misc/send-receive.py` of b4 answers, that fails where a test says."""

from __future__ import annotations

import contextlib
import functools
import json
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class When(StrEnum):
    """When the connection breaks or nothing is said any more: before the request is read, in the middle of it, or when
    all of it has come."""

    BEFORE = "before"
    MIDDLE = "middle"
    ANSWER = "answer"


@dataclass(frozen=True)
class WebFault:
    """What goes wrong with a request: the connection closes (or, `silent`, stays), or it is answered with a `status`
    and a `body`. `taken` says whether the message arrives all the same."""

    when: When = When.ANSWER
    status: int = 0
    body: str = ""
    silent: bool = False
    taken: bool = False


class WebEndpoint:
    """The endpoint, running inside of its `with`; each request meets the next of the faults, None where all is well.

    `arrived` has the messages that it took, `requests` what was asked.
    """

    def __init__(self, faults: Iterable[WebFault | None] = ()) -> None:
        self.arrived: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.closing = threading.Event()
        self._faults = iter(faults)
        self._server = _Listener(("127.0.0.1", 0), functools.partial(_Handler, self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/_b4_submit"

    def next_fault(self) -> WebFault | None:
        """What the next request meets."""
        return next(self._faults, None)

    def take(self, request: dict[str, Any]) -> None:
        """Take the messages of a request."""
        self.arrived += request["messages"]

    def __enter__(self) -> WebEndpoint:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False  # those are not waited for

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no news."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def __init__(self, owner: WebEndpoint, *arguments: Any) -> None:
        self._owner = owner
        super().__init__(*arguments)

    def do_POST(self) -> None:
        fault = self._owner.next_fault()
        if fault is not None and fault.when == When.BEFORE:
            self._break(fault)
            return
        length = int(self.headers["Content-Length"])
        if fault is not None and fault.when == When.MIDDLE:
            self.rfile.read(min(length, 1000))
            self._break(fault)
            return
        request = json.loads(self.rfile.read(length))
        self._owner.requests.append(request)
        if fault is None or fault.taken:
            self._owner.take(request)
        if fault is None:
            done = "Reflected" if request["action"] == "reflect" else "Sent"
            self._answer(200, json.dumps({"result": "success", "message": f"{done} 1 messages for dev/default"}))
        elif fault.status:
            self._answer(fault.status, fault.body)
        else:
            self._break(fault)

    def _break(self, fault: WebFault) -> None:
        if fault.silent:
            self._owner.closing.wait()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        if 300 <= status < 400:
            self.send_header("Location", "https://elsewhere.example.org/")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing is written about requests."""
