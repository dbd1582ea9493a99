"""`python -m credseries`, and what the `credseries` command starts."""

import os
import signal
import sys
import threading
from typing import Any

_SOON = 0.01  # seconds


def main() -> None:
    """Run the command line; Ctrl-C is a quiet end even while it is still being loaded."""
    sys.unraisablehook = _heed
    try:
        try:
            from credseries.cli.main import main as run

            run()
        finally:
            # the work is done: a Ctrl-C while Python shuts down would only turn the exit status into a killed process
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def _heed(unraisable: Any) -> None:
    """Raise a Ctrl-C again that came where Python drops exceptions: in a destructor, say, or in the import lock."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(_SOON, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    main()
