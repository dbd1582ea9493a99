"""Findings as Markdown with the tables of GitHub (GitHub Flavored Markdown Spec 0.29, 4.10), for a page or an issue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from credseries.bench.findings import Attribution, Comparison, Findings, HitmFindings
from credseries.bench.output.plain import clean
from credseries.bench.output.provenance import facts
from credseries.bench.output.rows import (
    HitmRow,
    attribution_cells,
    comparison_cells,
    direction,
    hitm_cells,
    levels,
    metric_name,
    role_words,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&$])")
_SURE = 0.001  # a smaller p-value is only said to be that


def findings_markdown(findings: Findings) -> str:
    """The findings with where they come from; what was read is escaped. Ends with a line break.

    The numbers are those of the cover letter's table; the tables have the direction of each metric and the p-value of
    the rank test as well.
    """
    parts = [
        f"## {_text(findings.label or 'Benchmark')}",
        _list(f"**{_text(f.title)}**: {_text(f.text)}" for f in facts(findings)),
    ]
    if findings.comparisons:
        parts.append(_comparisons(findings))
    if findings.hitm is not None:
        parts.append(_hitm(findings.hitm))
    parts += [_attribution(item, levels(findings)) for item in findings.attributions]
    notes = dict.fromkeys(_notes(findings))
    if notes:
        parts.append(_list(notes))
    if findings.incomplete:
        parts.append(f"**Not known**: {' '.join(map(_text, findings.incomplete))}")
    return "\n\n".join(parts) + "\n"


def _text(text: str) -> str:
    """Text from outside as one line that means nothing to Markdown; +- becomes the sign for it."""
    return _SPECIAL.sub(r"\\\1", clean(text)).replace(" +- ", " ± ")


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"* {item}" for item in items)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table whose first `words` columns and last column are words, and all others numbers, aligned right."""
    last = len(head) - 1
    rule = [":--" if column < words or column == last else "--:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _comparisons(findings: Findings) -> str:
    head = ("metric", "unit", "base mean ± sd (n)", "patched mean ± sd (n)", f"change [{levels(findings)} interval]")
    rows = [
        (
            _text(cells.name),
            _text(", ".join(filter(None, (cells.unit, direction(item.metric.better))))),
            _text(cells.base),
            _text(cells.patched),
            _text(f"{cells.change} {cells.interval}"),
            _p_value(item.p_value),
            cells.verdict,
        )
        for item, cells in zip(findings.comparisons, comparison_cells(findings.comparisons), strict=True)
    ]
    return _table((*head, "p", "verdict"), rows, words=2)


def _p_value(value: float | None) -> str:
    if value is None:
        return "?"
    return f"\\< {_SURE}" if value < _SURE else f"{value:.3f}"


def _hitm(found: HitmFindings) -> str:
    cells = hitm_cells(found)
    if not cells.roles:
        return f"{cells.what}: there is no report of perf c2c."
    about = f" of {', '.join(map(_text, found.seeds))}" if found.seeds else " of the series"
    rows: list[HitmRow] = [cells.total, *cells.places, *([cells.other] if cells.other else [])]
    table = _table(
        ("symbol", "source", *(_text(role_words(role)) for role in cells.roles), ""),
        [(_text(row.symbol), _text(row.source), *map(_text, row.counts), "") for row in rows],
        words=2,
    )
    return f"{cells.what} as remote/local loads, on the cache lines{about}:\n\n{table}"


def _attribution(item: Attribution, level: str) -> str:
    cells = attribution_cells(item)
    lead = f"What each topic contributes, added last, to {_text(cells.title)}:"
    kernels = _list(f"{_text(name)}: {_text(figure)}" for name, figure in cells.kernels)
    head = ("topic", f"amount [{level} interval]", "share", "everything else", "its share", "verdict")
    rows = [
        (
            _text(part.topic),
            _text(f"{part.amount} {part.interval}"),
            part.share,
            part.rest,
            part.rest_share,
            part.verdict,
        )
        for part in cells.contributions
    ]
    return "\n\n".join((lead, kernels, *([_table(head, rows)] if rows else [])))


def _notes(findings: Findings) -> Iterator[str]:
    for item in findings.comparisons:
        yield from (f"{_text(metric_name(item.metric))}: {_text(note)}" for note in _of_a_comparison(item))
    others = [*(findings.hitm.notes if findings.hitm else ())]
    others += [note for item in findings.attributions for note in item.notes]
    yield from map(_text, (*others, *findings.warnings))


def _of_a_comparison(item: Comparison) -> tuple[str, ...]:
    taken = ("the kernels took turns, and their runs were compared pair by pair.",) if item.paired else ()
    return (*taken, *item.notes)
