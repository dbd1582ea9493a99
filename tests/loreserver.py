"""A server on loopback that answers for threads as lore does: gzip'ed mailboxes below the Message-Ids."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


@contextmanager
def lore(threads: Mapping[str, bytes], *, status: int = 200, packed: bool = True) -> Iterator[tuple[str, list[str]]]:
    """The server's address with a list's name below it, and the paths that it was asked for; each id has a mailbox."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            mailbox = threads.get(unquote(self.path.split("/")[2]) if self.path.endswith("/t.mbox.gz") else "")
            body = (gzip.compress(mailbox) if packed else mailbox) if mailbox is not None else b"no\n"
            self.send_response(status if mailbox is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # the base class names it so
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/all", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
