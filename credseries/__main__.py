"""`python -m credseries`, and what the `credseries` command starts."""

import signal
import sys


def main() -> None:
    """Run the command line; Ctrl-C is a quiet end even while it is still being loaded."""
    try:
        from credseries.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    finally:
        # the work is done: a Ctrl-C while Python shuts down would only turn the exit status into a killed process
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
