"""A server of a live report, in threads of the test's own process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from credseries.review.live.board import Board
from credseries.review.live.server import Server


@contextmanager
def running(board: Board) -> Iterator[Server]:
    """A server on a port that was free."""
    with Server(0) as server:
        server.board = board
        thread = threading.Thread(target=server.serve, args=[board])
        thread.start()
        try:
            yield server
        finally:
            board.close(5)
            server.shutdown()
            thread.join()
