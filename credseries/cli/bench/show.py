"""`credseries bench show`: what the records of a benchmark say of the change."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.bench.options import Label, Symbols
from credseries.cli.options import HERE, Tree, open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from credseries.bench.findings import Findings


class Form(StrEnum):
    """How findings are written."""

    TEXT = "text"
    MD = "md"
    JSON = "json"


FormOption = Annotated[
    Form, typer.Option("--format", help="Text as in the cover letter, Markdown, or JSON (a documented contract).")
]
Width = Annotated[int, typer.Option("--width", metavar="N", min=60, max=1000, help="Columns of text.")]
Bars = Annotated[bool, typer.Option("--bars", help="Draw bars of before and after below the text.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show", short_help="Say what the records of a benchmark show.")(show)


def show(
    label: Label = None,
    format: FormOption = Form.TEXT,
    width: Width = 72,
    bars: Bars = False,
    symbol: Symbols = None,
    tree: Tree = HERE,
) -> None:
    """Say what the records of one benchmark show: what changed, by how much, and how sure that is.

    Metrics of base and patched are compared, with the 95 % interval of the change and a verdict. With records of
    without:TOPIC as well, a table says what each topic contributes. Reports of perf c2c are told by the cache lines
    that the series is about, and lines that it has nothing to do with are kept apart.

    What a reviewer will ask and the records do not answer stands at the end.

    \b
    Examples:
      credseries bench show faccessat
      credseries bench show faccessat --bars
      credseries bench show faccessat --format md >> results.md
      credseries bench show web --symbol ovl_override_creds --symbol revert_creds
    """
    if bars and format is not Form.TEXT:
        from credseries.errors import UsageError

        raise UsageError("--bars is for text", hint="leave out --format, or use `credseries bench chart` for pictures")
    found = found_of(tree, label, symbol or [])
    match format:
        case Form.TEXT:
            _text(found, width, bars=bars)
        case Form.MD:
            from credseries.bench.output.markdown import findings_markdown

            _say(findings_markdown(found))
        case Form.JSON:
            from credseries.bench.output.as_json import findings_json

            render.as_json(findings_json(found))


def found_of(tree: Path, label: str | None, symbols: list[str]) -> Findings:
    """What the records of a label, or of the only one, say; raises UsageError when there are none."""
    from credseries.bench.findings_of import findings
    from credseries.bench.labels import chosen
    from credseries.bench.records import opened

    with opened(open_repository(tree)) as records:
        name = chosen(label, records.labels())
        kept = records.by_label(name)
    with render.working("comparing"):
        return findings(kept, symbols)


def _text(found: Findings, width: int, *, bars: bool) -> None:
    from credseries.bench.output.table import findings_table

    _say(findings_table(found, width))
    if bars:
        from credseries.bench.output.bars import bars as drawn

        # Not made printable: that would take the colours, which are control characters, away.
        plain = not sys.stdout.encoding.lower().startswith("utf")
        render.say()
        render.say(drawn(found, render.colours(sys.stdout), width, plain).rstrip("\n"))


def _say(text: str) -> None:
    render.say(render.printable(text.rstrip("\n")))
