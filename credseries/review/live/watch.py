"""Looking for changes of what a page is made from, and making it anew: seldom, and only while somebody looks."""

from __future__ import annotations

from collections.abc import Callable

from credseries.errors import CredseriesError
from credseries.review.live.board import Board
from credseries.review.live.page import Page

LOOK = 0.5  # seconds between two looks
_REST = 4  # times as long as the page took is nothing made again: a verify beside it has the machine


class Watch:
    """Keeps a board up to date. `stamp` is cheap, and another value after any change; `make` gives the page."""

    def __init__(self, stamp: Callable[[], object], make: Callable[[], Page], clock: Callable[[], float]) -> None:
        """Make the first page; raises what `stamp` and `make` raise."""
        self._stamp = stamp
        self._make = make
        self._clock = clock
        self._seen: object = stamp()  # before the page: what changes while it is made, changes it again
        self.board = Board(make())
        self._rest_until = clock()

    def look(self) -> None:
        """Make the page anew if something has changed, somebody looks, and the last time is long enough ago."""
        started = self._clock()
        if started < self._rest_until or not self.board.watched:
            return
        try:
            now = self._stamp()
            if now == self._seen:
                return
            self._seen = now
            self.board.show(self._make())
        except CredseriesError as error:
            self._seen = None  # what is in the way may go without a trace
            self.board.tell(error.message)
        ended = self._clock()
        self._rest_until = ended + _REST * (ended - started)
