"""`python -m credseries`, and what the `credseries` command starts."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C is a quiet end even while it is still being loaded."""
    try:
        from credseries.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
