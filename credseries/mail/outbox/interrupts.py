"""Ctrl-C while a server is about to answer: the answer is awaited, for without it nobody knows what became of it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """What becomes of a SIGINT: the usual at once, but in the balance only when the message's fate is written down.

    A second one in the balance gives up waiting. `held` is called when the first one has to wait.
    """

    def __init__(self, held: Callable[[], None] = lambda: None) -> None:
        self._held = held
        self._in_balance = False
        self._pending = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """SIGINT is handled like this in the block; only the main thread may use it."""
        before = signal.signal(signal.SIGINT, self._receive)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def begin(self) -> None:
        """From here on the other side may take the message."""
        self._in_balance = True

    def end(self) -> None:
        """Its fate is written down; raises KeyboardInterrupt if that is what was waited for."""
        self._in_balance = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        if self._in_balance and not self._pending:
            self._pending = True
            self._held()
            return
        self._in_balance = self._pending = False
        raise KeyboardInterrupt
