"""`credseries bench edit`: say later of a record what nobody said when it was kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.bench.notes import note
from credseries.cli.bench.options import (
    Command,
    Commit,
    Date,
    Here,
    Ids,
    Kernel,
    MachineOption,
    Workload,
    complete_label,
    complete_role,
    parse_role,
)
from credseries.cli.bench.told import missing, take
from credseries.cli.options import HERE, Tree, open_repository

if TYPE_CHECKING:
    from credseries.bench.model import Record, Role
    from credseries.cli.bench.told import Told

NewRole = Annotated[
    str | None,
    typer.Option("--role", metavar="ROLE", help="The kernel that ran.", autocompletion=complete_role),
]
NewLabel = Annotated[
    str | None, typer.Option("--label", metavar="NAME", help="The benchmark.", autocompletion=complete_label)
]
Runs = Annotated[
    int | None,
    typer.Option("--runs", metavar="N", min=1, help="How many runs are behind each mean of which nobody said."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("edit", short_help="Say later where records are from.")(edit)


def edit(
    ids: Ids,
    role: NewRole = None,
    label: NewLabel = None,
    runs: Runs = None,
    here: Here = False,
    machine: MachineOption = None,
    kernel: Kernel = None,
    commit: Commit = None,
    workload: Workload = None,
    command: Command = None,
    date: Date = None,
    tree: Tree = HERE,
) -> None:
    """Say of records what was not said when they were kept, or say it better; what is measured stays as it is.

    The id of a record is that of its content: a record that was edited has another one, which is printed.

    \b
    Examples:
      credseries bench edit 3f2a --workload '64 processes open files of one overlay'
      credseries bench edit 3f2a 91bc --machine '2 x Xeon Gold 6230, 2 nodes, 192 GiB'
      credseries bench edit 91bc --commit creds-rfc-full --runs 5
    """
    from credseries.bench.records import opened

    repo = open_repository(tree)
    told = take(
        repo,
        here=here,
        machine=machine,
        kernel=kernel,
        commit=commit,
        workload=workload,
        command=command,
        date=date,
    )
    kernel_role = parse_role(role) if role is not None else None
    with opened(repo) as records:
        edited = {
            name: _edited(records.get(name), told, kernel_role, label, runs)
            for name in dict.fromkeys(map(records.find, ids))
        }
        now = records.replace(edited)
    for name, record in edited.items():
        render.say(f"{name}  is {now[name]} now" if now[name] != name else f"{name}  is as it was")
        for text in missing(record):
            note(text)


def _edited(record: Record, told: Told, role: Role | None, label: str | None, runs: int | None) -> Record:
    from credseries.bench.gather import with_runs

    return replace(
        record,
        role=role if role is not None else record.role,
        label=label if label is not None else record.label,
        measurements=tuple(with_runs(item, runs) for item in record.measurements),
        provenance=told.onto(record.provenance),
    )
