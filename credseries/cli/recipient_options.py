"""Options that say who gets a series, as several commands have them."""

from __future__ import annotations

from typing import Annotated

import typer

from credseries.cli.options import HERE, open_repository


def complete_who(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Aliases and short names of lists that begin like this, for the shell."""
    from credseries.errors import CredseriesError
    from credseries.kernel.aliases import read_aliases
    from credseries.mail.recipients.gathered import read_maintainers
    from credseries.mail.recipients.names import short_names

    try:
        repo = open_repository(context.params.get("tree") or HERE)
        known = list(short_names(read_maintainers(repo, repo.resolve("HEAD")), read_aliases(repo)))
    except CredseriesError:
        return []
    return [(name, what) for name, what in known if name.startswith(incomplete)]


def complete_policy(incomplete: str) -> list[str]:
    """The policies that begin like this, for the shell."""
    from credseries.mail.recipients import POLICIES

    return [policy for policy in POLICIES if policy.startswith(incomplete)]


Cc = Annotated[
    list[str] | None,
    typer.Option(
        "--cc",
        metavar="WHO",
        help="A list by short name (fsdevel), a subsystem, an alias, or an address.",
        autocompletion=complete_who,
    ),
]
To = Annotated[
    list[str] | None, typer.Option("--to", metavar="WHO", help="The same, as To.", autocompletion=complete_who)
]
PolicyName = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="NAME",
        help="Who gets a patch: owners, topic or all.",
        show_default="git config credseries.recipients, or owners",
        autocompletion=complete_policy,
    ),
]
