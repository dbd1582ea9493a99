"""Nothing leaves the machine before somebody has said so."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from credseries import render


def check_somebody_answers(*, yes: bool) -> None:
    """Raises UsageError where there is no terminal to ask at and nobody has said --yes."""
    from credseries.errors import UsageError

    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "there is no terminal to ask at, and nothing was sent",
            hint="--dry-run shows what would be sent, --yes sends it without asking",
        )


def confirm(what: str, word: str, *, yes: bool) -> bool:
    """Whether somebody says at the terminal that it is to be done (its `word`, or yes); Enter alone does not say so.

    Raises UsageError where there is no terminal and nobody has said so with --yes.
    """
    check_somebody_answers(yes=yes)
    if yes:
        return True
    sys.stdout.flush()
    sys.stderr.write(render.printable(f"\n{what}: {word}? [{word}/N] "))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in (word, "y", "yes")


def declined(what: str) -> NoReturn:
    """End a command that somebody has said no to."""
    render.say(what)
    raise typer.Exit(1)
