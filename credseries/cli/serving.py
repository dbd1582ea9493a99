"""Serving a page that follows what it shows, until Ctrl-C."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable

from credseries import render
from credseries.review.live.page import Page
from credseries.review.live.server import Server
from credseries.review.live.watch import LOOK, Watch

_NICE = 10  # what runs beside it, a verify above all, goes first
_FAREWELL = 2.0  # seconds in which browsers are told that this is the end


def serve(stamp: Callable[[], object], make: Callable[[], Page], port: int, opened: Callable[[str], object]) -> None:
    """Serve the page that `make` gives, and make it anew when `stamp` is another; `opened` is told its address.

    Raises EnvironmentProblem when the port is taken, and what `make` raises for the first page.
    """
    gc.enable()  # the command goes on for hours, and makes page after page
    with Server(port) as server:
        watch = Watch(stamp, make, time.monotonic)
        os.nice(max(0, _NICE - os.nice(0)))
        threading.Thread(target=server.serve, args=[watch.board], daemon=True).start()
        try:
            render.say(server.address)
            sys.stdout.flush()
            render.complain("serving the report to this machine only; it follows what changes. Ctrl-C ends it.")
            opened(server.address)
            while True:
                time.sleep(LOOK)
                watch.look()
        except KeyboardInterrupt:
            render.complain("\nserving has ended")
        finally:
            watch.board.close(_FAREWELL)
            server.shutdown()
