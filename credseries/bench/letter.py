"""The block of a cover letter that benchmark records make, and what a reader will miss in it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from credseries.bench.findings import HitmFindings
from credseries.bench.model import C2cReport, CacheLine, Record

WIDTH = 70  # columns: a cover letter has 72, and indents what it holds by two
_LINES, _ROWS = 3, 8  # of a report of perf c2c: what people paste of it
_OTHERS = 1  # cache lines at least that are not the series', to compare with


@dataclass(frozen=True)
class Block:
    """Text for a cover letter, not indented; `incomplete` has a sentence for every claim that lacks something."""

    text: str
    incomplete: tuple[str, ...]


def block(records: Mapping[str, Sequence[Record]], seeds: Sequence[str] = ()) -> Block:
    """What the records of some labels say, label by label: tables with their provenance, and excerpts of perf c2c.

    Raises EnvironmentProblem when what statistics need is not installed.
    """
    from credseries.bench.findings_of import findings
    from credseries.bench.output.table import findings_table

    texts, incomplete = [], []
    for label, mine in records.items():
        found = findings(mine, seeds)
        texts += [textwrap.dedent(findings_table(found, WIDTH + 2)), *_excerpts(mine, found.hitm)]
        incomplete += [f"{label}: {sentence}" for sentence in found.incomplete]
    return Block("\n\n".join(text.strip("\n") for text in texts), tuple(dict.fromkeys(incomplete)))


def _excerpts(records: Sequence[Record], found: HitmFindings | None) -> Iterator[str]:
    """The cache lines that matter of each kernel, as perf c2c shows them; of several runs the first."""
    from credseries.bench.hitm import subject_lines
    from credseries.bench.output.c2c_block import c2c_block

    for record in sorted(records, key=lambda item: item.role):
        reports = [report for report in record.c2c if report.columns]
        if reports and found is not None:
            which = "" if len(reports) == 1 else f", the first of {len(reports)} runs"
            first = reports[0]
            report = _that_matters(first, subject_lines(first, record.role, found))
            excerpt = textwrap.dedent(c2c_block(report, _LINES, _ROWS, WIDTH + 2))
            yield f"perf c2c, {record.role} ({record.label}{which}):\n\n{excerpt}"


def _that_matters(report: C2cReport, subject: Sequence[CacheLine]) -> C2cReport:
    """The report with those lines first that are to be shown: of the series' lines too, however far down they are."""
    mine = [line for line in report.lines if line in subject][: _LINES - _OTHERS]
    others = [line for line in report.lines if line not in mine]
    room = _LINES - len(mine)
    shown = sorted([*mine, *others[:room]], key=report.lines.index)
    return replace(report, lines=(*shown, *others[room:]))
