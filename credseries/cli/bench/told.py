"""What a person tells of how measurements came about, and what nobody told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from credseries.cli.bench.files import readable
from credseries.cli.bench.notes import note

if TYPE_CHECKING:
    from credseries.bench.model import Machine, Provenance, Record
    from credseries.kernel.git import Repository


@dataclass(frozen=True)
class Told:
    """What a person told of how measurements came about; None is not told."""

    kernel: str | None = None
    commit: str | None = None
    machine: Machine | None = None
    workload: str | None = None
    command: str | None = None
    date: str | None = None

    def onto(self, known: Provenance) -> Provenance:
        """What is known, with what was told in its place."""
        told = {name: value for name, value in vars(self).items() if value is not None}
        return replace(known, **told)


def take(
    repo: Repository,
    *,
    here: bool,
    machine: str | None,
    kernel: str | None,
    commit: str | None,
    workload: str | None,
    command: str | None,
    date: str | None,
) -> Told:
    """What the options of a command tell; raises UsageError.

    With `here` machine and kernel are those of this system, unless they are given. A commit that git knows is kept as
    its full id, any other as it was given, with a note. Texts are put on one line.
    """
    from credseries.bench.machine import parse, running_kernel, this_machine
    from credseries.errors import UsageError

    if here and machine is not None:
        raise UsageError("--here and --machine are given", hint="give the one that is true")
    return Told(
        kernel=running_kernel() if here and kernel is None else _line(kernel),
        commit=resolved(repo, commit) if commit else commit,
        machine=this_machine() if here else parse(machine) if machine is not None else None,
        workload=_line(workload),
        command=_line(command),
        date=_iso(date) if date else date,
    )


def _line(text: str | None) -> str | None:
    return " ".join(readable(text).split()) if text is not None else None


def resolved(repo: Repository, revision: str) -> str:
    """The full id of a commit that git knows; any other stays as it was given, with a note."""
    from credseries.errors import UnknownRevision

    try:
        return repo.resolve(revision)
    except UnknownRevision:
        note(f"this repository has no commit {revision}; it is kept as you gave it")
        return readable(revision)


def _iso(text: str) -> str:
    from datetime import datetime

    from credseries.errors import UsageError

    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date", hint="write it as 2024-11-20 or 2024-11-20T12:00:00+01:00") from error
    return text


def missing(record: Record) -> Iterator[str]:
    """What a reviewer will ask of a record and it does not say, each with the option that says it."""
    known = record.provenance
    if not known.workload:
        yield "what ran is not known: --workload SENTENCE"
    if not known.machine.known:
        yield "the machine is not known: --machine TEXT, or --here on that machine"
    if not known.kernel and not known.commit:
        yield "the kernel is not known: --commit REV or --kernel RELEASE, or --here while it runs"
    if unknown := [item.metric.name for item in record.measurements if item.runs is None]:
        yield f"how many runs are behind {', '.join(dict.fromkeys(unknown))} is not known: --runs N"
