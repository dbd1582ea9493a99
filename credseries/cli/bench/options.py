"""Options that commands of `credseries bench` share, what they stand for, and how a shell completes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from credseries.cli.options import HERE, open_repository

if TYPE_CHECKING:
    from credseries.bench.model import Role
    from credseries.bench.records import Records

_ROLES = (("base", "the kernel before the series"), ("patched", "with all of the series"))
_WITHOUT = "without:"


def _completions(context: typer.Context, of: Callable[[Records], list[str]]) -> list[str]:
    """Words that the records of the tree give; none where that fails, for a shell has no place for an error."""
    from credseries.bench.records import opened
    from credseries.errors import CredseriesError

    try:
        with opened(open_repository(context.params.get("tree") or HERE)) as records:
            return of(records)
    except CredseriesError:
        return []


def complete_label(context: typer.Context, incomplete: str) -> list[str]:
    """The labels of records that begin like this, for the shell."""
    return [label for label in _completions(context, lambda kept: kept.labels()) if label.startswith(incomplete)]


def complete_id(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The ids of records that begin like this, and what they are of."""
    found: list[tuple[str, str]] = []

    def look(records: Records) -> list[str]:
        found.extend((name, f"{record.label} {record.role}") for name, record in records.all().items())
        return []

    _completions(context, look)
    return [item for item in found if item[0].startswith(incomplete)]


def complete_role(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Roles that begin like this: of the records that there are, and of the topics of the recipe."""
    used = _completions(context, lambda kept: [str(record.role) for record in kept.all().values()])
    roles = dict([*_ROLES, *((f"{_WITHOUT}{topic}", f"without {topic}") for topic in _topics(context))])
    roles |= {role: "used before" for role in used if role not in roles}
    return [(role, about) for role, about in roles.items() if role.startswith(incomplete)]


def _topics(context: typer.Context) -> list[str]:
    from credseries.cli.options import work_tree
    from credseries.errors import CredseriesError
    from credseries.series.recipe import load_recipe

    try:
        recipe = load_recipe("rfc", work_tree(context.params.get("tree") or HERE))
    except CredseriesError:
        return []
    return [topic.name for topic in recipe.topics if topic.paths]


def complete_format(incomplete: str) -> list[str]:
    """The formats that can be read and begin like this."""
    from credseries.bench.readers import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


RoleOption = Annotated[
    str,
    typer.Option(
        "--role",
        metavar="ROLE",
        help="The kernel that ran: base, patched, or without:TOPIC, the series without a topic (`credseries ablate`).",
        autocompletion=complete_role,
    ),
]
LabelOption = Annotated[
    str,
    typer.Option(
        "--label",
        metavar="NAME",
        help="The benchmark; records with the same label are compared.",
        autocompletion=complete_label,
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="What wrote the files.",
        show_default="found out from what is in them",
        autocompletion=complete_format,
    ),
]
Label = Annotated[
    str | None,
    typer.Argument(
        metavar="[LABEL]", help="The benchmark.", show_default="the only one", autocompletion=complete_label
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Argument(metavar="[LABEL]...", help="The benchmarks.", show_default="all", autocompletion=complete_label),
]
Ids = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...", help="Records, by what their ids (`bench list`) begin with.", autocompletion=complete_id
    ),
]
Kernel = Annotated[
    str | None, typer.Option("--kernel", metavar="RELEASE", help="The kernel's release, as `uname -r` prints it.")
]
Commit = Annotated[str | None, typer.Option("--commit", metavar="REV", help="The commit that the kernel was built of.")]
MachineOption = Annotated[
    str | None,
    typer.Option(
        "--machine", metavar="TEXT", help="The machine in a line: processor, sockets, cores, NUMA nodes, memory."
    ),
]
Here = Annotated[
    bool, typer.Option("--here", help="It ran here: read machine and kernel from this system, as it is now.")
]
Workload = Annotated[
    str | None, typer.Option("--workload", metavar="SENTENCE", help="What ran, in a sentence for a reviewer.")
]
Command = Annotated[
    str | None,
    typer.Option("--command", metavar="TEXT", help="The command that ran.", show_default="what the files say"),
]
Date = Annotated[
    str | None, typer.Option("--date", metavar="DATE", help="When it ran: 2024-11-20, or 2024-11-20T12:00.")
]
Symbols = Annotated[
    list[str] | None,
    typer.Option(
        "--symbol",
        metavar="NAME",
        help="perf c2c: a function by which the series' cache lines are known.",
        show_default="those that override and revert credentials",
    ),
]


def parse_role(text: str, known: Sequence[Role] = ()) -> Role:
    """A role that a person gave; raises UsageError, which names the one that may be meant."""
    from credseries.bench.model import Role
    from credseries.errors import UsageError
    from credseries.words import near

    try:
        return Role.parse(text)
    except UsageError as error:
        roles = [*(role for role, _ in _ROLES), f"{_WITHOUT}TOPIC", *map(str, known)]
        raise UsageError(f"{error.message}{near(text, roles)}", hint=error.hint) from error


def parse_format(name: str | None) -> str | None:
    """A format that a person gave, if there is one; raises UsageError, which names the one that may be meant."""
    from credseries.bench.readers import FORMATS

    if name is None or name in FORMATS:
        return name
    from credseries.errors import UsageError
    from credseries.words import near

    formats = list(FORMATS)
    raise UsageError(f"there is no format {name!r}{near(name, formats)}", hint=f"known formats: {', '.join(formats)}")
