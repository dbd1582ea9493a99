"""The command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from credseries import render
from credseries.cli.findings_output import consequences, counted, table, wrapped
from credseries.cli.options import HERE, Json, Tree, open_repository

if TYPE_CHECKING:
    from credseries.cli.doctor.model import Check


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", short_help="Say what is missing here, for which command, and the fix.")(doctor)


def doctor(tree: Tree = HERE, json: Json = False) -> None:
    """Say what is installed and set up here, what is missing for which command, and what to do about it.

    It looks at programs and Python packages; in a repository also at the tree (a kernel? which credential interface?
    all objects here?), and at what git's configuration says of you and of mail. What this machine can measure is said
    by `credseries bench doctor`.

    \b
    ok        as it should be
    limited   works, with less
    missing   not there, or of no use
    unknown   nobody can say

    Nothing is changed, sent or asked for. The exit status is 1 when something is missing that everything needs: git, a
    Python package that credseries came with, your name and address, in a repository a kernel; what single commands
    need does not change it.

    \b
    Examples:
      credseries doctor
      credseries doctor --tree ~/src/linux
      credseries doctor --json | jq -r '.findings[] | select(.state == "missing") | .advice'
    """
    from credseries.cli.doctor.model import as_json

    with render.working("looking at what is here"):
        checks = look(tree)
    if json:
        render.as_json(as_json(checks))
    else:
        for line in lines(checks):
            render.say(line)
    if any(check.fails for check in checks):
        raise typer.Exit(1)


def look(directory: Path) -> list[Check]:
    """All checks of this machine, and of the repository that a directory is in."""
    from credseries.bench.doctor.probe import here
    from credseries.cli.doctor import libraries, programs

    checks = [*programs.examine(here()), *libraries.examine()]
    if any(check.fails and check.finding.what == "git" for check in checks):
        return checks
    return [*checks, *_repository(directory)]


def _repository(directory: Path) -> Iterator[Check]:
    from credseries.bench.doctor.finding import Finding, State
    from credseries.cli.doctor import mail, tree
    from credseries.cli.doctor.model import Check
    from credseries.errors import CredseriesError, NotARepository

    why = "Commands work in a clone of the kernel; the rest of what is set up is looked for there."
    try:
        repo = open_repository(directory)
        yield from tree.examine(repo)
        yield from mail.examine(repo)
    except NotARepository as error:
        # whoever names a directory means one
        state = State.UNKNOWN if directory == HERE else State.MISSING
        found = Finding("repository", state, error.message, why, error.hint)
        yield Check(tree.GROUP, found, ("all",), needed=directory != HERE)
    except CredseriesError as error:
        yield Check(
            tree.GROUP, Finding("repository", State.MISSING, error.message, why, error.hint), ("all",), needed=True
        )


# -- for people


def lines(checks: Sequence[Check]) -> Iterator[str]:
    """A table a group, what follows from what is not ok, and the outcome."""
    for number, (group, some) in enumerate(groupby(checks, key=lambda check: check.group)):
        if number:
            yield ""
        yield render.paint(f"{group}:", "bold")
        yield from table([check.finding for check in some])
    findings = [check.finding for check in checks]
    yield from consequences(findings, "What that means:", [f"for {_commands(check)}" for check in checks])
    yield ""
    yield from wrapped("", _outcome(checks), 0)


def _commands(check: Check) -> str:
    return "everything" if check.commands == ("all",) else ", ".join(check.commands)


def _outcome(checks: Sequence[Check]) -> str:
    failing = [check.finding.what for check in checks if check.fails]
    number = counted([check.finding for check in checks])
    if failing:
        return f"Missing for everything: {', '.join(failing)}. {number}"
    return f"credseries can work here. {number}"
