"""Nothing leaves the machine before somebody has said so."""

from __future__ import annotations

import sys

from credseries import render

_SAID = frozenset({"send", "y", "yes"})


def confirm(question: str, *, yes: bool) -> bool:
    """Whether somebody says at the terminal that it is to be sent; Enter alone does not say so.

    Raises UsageError where there is no terminal and nobody has said so with --yes.
    """
    from credseries.errors import UsageError

    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "there is no terminal to ask at, and nothing was sent", hint="--yes sends what is shown, without asking"
        )
    sys.stdout.flush()
    sys.stderr.write(render.printable(f"\n{question} [send/N] "))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in _SAID
