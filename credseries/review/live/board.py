"""What is shown now, since when, and who waits for what is next. Used by several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from credseries.review.live.page import Page


@dataclass(frozen=True)
class News:
    """What has changed up to a version: the parts, by id, as they are now; or everything (`anew`): other parts than
    before. `trouble` says why the page cannot be kept up to date, and is empty when it can."""

    version: int
    parts: Mapping[str, str] = field(default_factory=dict)
    anew: bool = False
    trouble: str = ""


class Board:
    """The page that is shown, and its versions: 1 is the first, and each page that differs is the next."""

    def __init__(self, first: Page) -> None:
        self._page = first
        self._version = 1
        self._changed = dict.fromkeys(first.parts, 1)  # the version in which a part became what it is
        self._made_anew = 1  # the version in which the page got the parts that it has
        self._trouble = ""
        self._listeners = 0
        self._closed = False
        self._news = threading.Condition()

    def shown(self) -> tuple[int, Page]:
        """The page as it is now, and its version."""
        with self._news:
            return self._version, self._page

    def show(self, page: Page) -> None:
        """Show another page; whoever listens hears what is different."""
        with self._news:
            before, self._page = self._page, page
            if page.parts == before.parts and not self._trouble:
                return
            self._version += 1
            self._trouble = ""
            if page.parts.keys() != before.parts.keys():
                self._made_anew = self._version
            for name, text in page.parts.items():
                if before.parts.get(name) != text:
                    self._changed[name] = self._version
            self._news.notify_all()

    def tell(self, trouble: str) -> None:
        """Say why the page cannot be kept up to date; the next page that is shown ends that."""
        with self._news:
            if trouble != self._trouble:
                self._version += 1
                self._trouble = trouble
                self._news.notify_all()

    @property
    def watched(self) -> bool:
        """Whether anybody listens."""
        with self._news:
            return self._listeners > 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """For as long as somebody listens."""
        with self._news:
            self._listeners += 1
        try:
            yield
        finally:
            with self._news:
                self._listeners -= 1
                self._news.notify_all()

    def wait(self, seen: int, seconds: float) -> News | None:
        """What is new to one who knows version `seen`, as soon as there is something; None after so many seconds or
        when the board is closed."""
        with self._news:
            self._news.wait_for(lambda: self._closed or self._version > seen, seconds)
            if self._closed or self._version <= seen:
                return None
            if self._made_anew > seen:
                return News(self._version, anew=True, trouble=self._trouble)
            parts = {name: text for name, text in self._page.parts.items() if self._changed[name] > seen}
            return News(self._version, parts, trouble=self._trouble)

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        with self._news:
            return self._closed

    def close(self, seconds: float) -> None:
        """Send everybody home, and wait for so many seconds at most until they have gone."""
        with self._news:
            self._closed = True
            self._news.notify_all()
            self._news.wait_for(lambda: not self._listeners, seconds)
