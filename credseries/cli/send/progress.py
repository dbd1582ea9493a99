"""How far a send is: a bar on standard error, and only on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from credseries.mail.outbox.model import Entry, Outbox
    from credseries.mail.outbox.sending import Observer


@contextmanager
def watched(outbox: Outbox) -> Iterator[Observer]:
    """An observer for the messages of an outbox as they go out."""
    from credseries.mail.outbox.model import Fate
    from credseries.mail.outbox.sending import Watching

    if not sys.stderr.isatty():
        yield Watching()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        out = len(outbox.having(Fate.SENT))
        yield _Bar(progress, progress.add_task("connecting", total=len(outbox.entries), completed=out))


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def sending(self, entry: Entry) -> None:
        """A message is about to be handed over."""
        self._say(entry.message.subject)

    def settled(self, _entry: Entry) -> None:
        """Its fate is written down."""
        self._progress.advance(self._task)

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing will happen for some seconds."""
        self._say(f"waiting for {seconds:g} s: {why}")

    def _say(self, text: str) -> None:
        self._progress.update(self._task, description=render.printable(text))
