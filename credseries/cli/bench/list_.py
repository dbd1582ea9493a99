"""`credseries bench list`: the records there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Json, Tree, open_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credseries.bench.model import Record

SCHEMA = 1
_HEAD = ["id", "label", "role", "runs", "metrics", "kernel", "date", "machine"]
_UNKNOWN = "?"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("list", short_help="List the records there are.")(list_records)


def list_records(tree: Tree = HERE, json: Json = False) -> None:
    """List the records of benchmarks: what each is of, and where, when and how often it was measured.

    A question mark stands for what is not known; `credseries bench edit` adds it.

    \b
    Examples:
      credseries bench list
      credseries bench list --json | jq -r '.records[] | select(.runs == null).id'
    """
    from credseries.bench.records import opened

    with opened(open_repository(tree)) as records:
        found = records.all()
    if json:
        render.as_json({"schema": SCHEMA, "records": [as_json(name, record) for name, record in found.items()]})
    else:
        show(found)


def as_json(identifier: str, record: Record) -> dict[str, Any]:
    """A record in the contract, schema 1 (docs in README); `bench export` has the values too."""
    from credseries.bench.machine import describe
    from credseries.cli.bench.told import missing

    known = record.provenance
    return {
        "id": identifier,
        "label": record.label,
        "role": str(record.role),
        "runs": record.runs,
        "metrics": [
            {"name": item.metric.name, "unit": item.metric.unit, "tasks": item.metric.tasks, "runs": item.runs}
            for item in record.measurements
        ],
        "c2c_reports": len(record.c2c),
        "kernel": known.kernel or None,
        "commit": known.commit or None,
        "machine": describe(known.machine) if known.machine.known else None,
        "workload": known.workload or None,
        "command": known.command or None,
        "date": known.date or None,
        "sources": [{"name": source.name, "format": source.format} for source in record.sources],
        "missing": [text.partition(":")[0] for text in missing(record)],
        "warnings": list(record.warnings),
    }


def show(found: Mapping[str, Record]) -> None:
    """The records as a table for people."""
    if not found:
        render.say("no records yet; `credseries bench add` makes them")
        return
    for line in render.columns([_HEAD, *(_row(name, record) for name, record in found.items())], indent=""):
        render.say(render.printable(line))


def _row(identifier: str, record: Record) -> list[str]:
    from credseries.bench.machine import describe

    known = record.provenance
    metrics = [str(len(record.measurements))] if record.measurements else []
    return [
        identifier,
        record.label,
        str(record.role),
        str(record.runs) if record.runs is not None else _runs(record),
        " + ".join([*metrics, *(["c2c"] if record.c2c else [])]) or "0",
        _short(known.commit) or known.kernel or _UNKNOWN,
        known.date[:10] or _UNKNOWN,
        describe(known.machine) if known.machine.known else _UNKNOWN,
    ]


def _runs(record: Record) -> str:
    """The numbers of runs where metrics do not agree on one."""
    counts = {item.runs for item in record.measurements} | ({len(record.c2c)} if record.c2c else set())
    known = sorted(count for count in counts if count is not None)
    if not known:
        return _UNKNOWN
    return f"{known[0]}-{known[-1]}" if None not in counts else f"{known[-1]} or {_UNKNOWN}"


def _short(commit: str) -> str:
    whole = len(commit) in (40, 64) and set(commit) <= set("0123456789abcdef")
    return commit[:12] if whole else commit
