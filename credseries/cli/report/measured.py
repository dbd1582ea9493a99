"""What benchmark records say, as charts and tables of a report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from credseries.review.report.chart import Bar, BarGroup, Change, Chart, Curve, Point
from credseries.review.report.model import Benchmark, Fact, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from credseries.bench.findings import Attribution, Comparison, Figure, Findings, HitmFindings, Interval
    from credseries.bench.model import Role
    from credseries.bench.output.numbers import Scale
    from credseries.kernel.git import Repository
    from credseries.series.model import SeriesRecord

_MOST_PLACES = 12


def benchmarks_of(repo: Repository, record: SeriesRecord | None) -> tuple[Benchmark, ...]:
    """The benchmarks of a repository, those of the series' cover letter first.

    Raises StoreDamaged, and EnvironmentProblem when what statistics need is not installed.
    """
    from credseries.bench.findings_of import findings
    from credseries.bench.records import opened

    in_letter = record.measured.labels if record is not None else ()
    with opened(repo) as records:
        labels = records.labels()
        kept = {label: records.by_label(label) for label in labels}
    ordered = sorted(labels, key=lambda label: (label not in in_letter, label))
    return tuple(_benchmark(findings(kept[label]), in_letter=label in in_letter) for label in ordered)


def _benchmark(found: Findings, *, in_letter: bool) -> Benchmark:
    from credseries.bench.output.provenance import facts

    return Benchmark(
        found.label,
        _headline(found),
        tuple(_charts(found)),
        tuple(_tables(found)),
        tuple(Fact(fact.title, fact.text) for fact in facts(found)),
        (*found.warnings, *(found.hitm.notes if found.hitm is not None else ())),
        found.incomplete,
        in_letter,
    )


def _headline(found: Findings) -> str:
    """The change that is surest, in words."""
    from credseries.bench.findings import Verdict
    from credseries.bench.output.rows import comparison_cells

    order = [Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT, Verdict.UNKNOWN, Verdict.NO_DIFFERENCE]
    known = [item for item in found.comparisons if item.change is not None and math.isfinite(item.change)]
    if not known:
        return "nothing that can be compared"
    best = min(known, key=lambda item: (order.index(item.verdict), -abs(item.change or 0.0)))
    [cells] = comparison_cells([best])
    return f"{cells.name}: {cells.change}, {_verdict(cells.verdict)}"


def _verdict(words: str) -> str:
    return "verdict not known" if words == "not known" else words


# -- charts


def _charts(found: Findings) -> Iterator[Chart]:
    yield from _changes(found)
    yield from _scaling(found)
    yield from _places(found)
    yield from _topics(found)


def _changes(found: Findings) -> Iterator[Chart]:
    from credseries.bench.output.numbers import write_change
    from credseries.bench.output.rows import levels, metric_name

    known = [item for item in found.comparisons if item.change is not None and math.isfinite(item.change)]
    if not known:
        return
    arrows = {"less": " ↓", "more": " ↑"}
    changes = tuple(
        Change(
            metric_name(item.metric) + arrows.get(str(item.metric.better), ""),
            item.change or 0.0,
            *_ends(item.interval),
            _verdict(str(item.verdict)),
            " ".join(write_change(item.change, item.interval)).strip(),
        )
        for item in known
    )
    spread = f", with its {levels(found)} interval" if any(item.low is not None for item in changes) else ""
    axis = f"change from base to patched in percent{spread}; ↓ less is better, ↑ more is better"
    told = "; ".join(f"{item.name}: {item.text}, {item.verdict}" for item in changes)
    yield Chart("Change of each metric", axis, told, changes=changes)


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    if interval is None or not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return None, None
    return interval.low, interval.high


def _scaling(found: Findings) -> Iterator[Chart]:
    from credseries.bench.output.charts.style import unit_words
    from credseries.bench.output.numbers import figure_scale
    from credseries.bench.output.plain import clean

    alike: dict[tuple[str, str], dict[int, Comparison]] = {}
    for item in found.comparisons:
        if item.metric.tasks is not None:
            alike.setdefault((item.metric.name, item.metric.unit), {})[item.metric.tasks] = item
    for (name, _), by_tasks in alike.items():
        if len(by_tasks) < 2:
            continue
        items = [by_tasks[tasks] for tasks in sorted(by_tasks)]
        unit = figure_scale(items[0].metric, (figure for item in items for figure in (item.base, item.patched)))
        curves = (
            Curve("base", tuple(_point(item.metric.tasks, item.base, unit) for item in items)),
            Curve("patched", tuple(_point(item.metric.tasks, item.patched, unit) for item in items)),
        )
        title = f"{clean(name)} over the number of tasks"
        axis = f"{unit_words(clean(unit.unit), items[0].metric.better)}, mean and standard deviation"
        yield Chart(title, axis, title, curves=curves)


def _point(tasks: int | None, figure: Figure, unit: Scale) -> Point:
    spread = float(unit.of(figure.deviation)) if figure.deviation is not None else None
    return Point(float(tasks or 0), float(unit.of(figure.mean)), spread)


def _places(found: Findings) -> Iterator[Chart]:
    from credseries.bench.output.rows import hitm_roles, hitm_what, place_words
    from credseries.words import many

    hitm = found.hitm
    if hitm is None or not any(lines for _, lines in hitm.subject):
        return
    roles = hitm_roles(hitm)
    groups = [BarGroup("total", _bars(roles, {role: hitm.total(role) for role in roles}))]
    for place in hitm.places[:_MOST_PLACES]:
        groups.append(BarGroup(" ".join(place_words(place)).strip(), _bars(roles, dict(place.counts))))
    left = len(hitm.places) - _MOST_PLACES
    what = hitm_what(hitm)
    told = "; ".join(f"{bar.series} {bar.text}" for bar in groups[0].bars)
    yield Chart(
        f"{what} by place in the code, on the series' cache lines",
        "sampled loads, remote (dark) and local (light)",
        f"{what} in total: {told}",
        groups=tuple(groups),
        note=f"{many(left, 'more place')} not drawn" if left > 0 else "",
    )


def _bars(roles: Sequence[Role], counts: dict[Role, tuple[int, int] | None]) -> tuple[Bar, ...]:
    from credseries.bench.output.rows import role_words

    found = []
    for role in roles:
        pair = counts.get(role)
        text = "no report" if pair is None else f"{pair[0]} + {pair[1]}"
        found.append(Bar(role_words(role), tuple(map(float, pair)) if pair is not None else None, text))
    return tuple(found)


def _topics(found: Findings) -> Iterator[Chart]:
    from credseries.bench.output.rows import attribution_cells, attribution_scale

    for item in found.attributions:
        if not item.contributions:
            continue
        unit, cells = attribution_scale(item), attribution_cells(item)
        whole = float(unit.of(item.patched.mean)) - float(unit.of(item.base.mean))
        changes = [Change("whole change", whole, None, None, "", cells.change)]
        for part, words in zip(item.contributions, cells.contributions, strict=True):
            low, high = (float(unit.of(end)) if end is not None else None for end in _ends(part.interval))
            text = f"{words.amount} {words.interval}".strip() + f", {words.share}"
            changes.append(Change(words.topic, float(unit.of(part.amount)), low, high, _verdict(words.verdict), text))
        told = "; ".join(f"{change.name}: {change.text}" for change in changes)
        axis = f"change by adding the topic last{f', in {cells.unit}' if cells.unit else ''}"
        yield Chart(f"What each topic contributes to {cells.name}", axis, told, changes=tuple(changes))


# -- tables


def _tables(found: Findings) -> Iterator[Table]:
    from credseries.bench.output.rows import comparison_cells

    if found.comparisons:
        rows = tuple(
            (cells.title, cells.base, cells.patched, cells.change, cells.interval, cells.verdict)
            for cells in comparison_cells(found.comparisons)
        )
        head = ("metric", "base", "patched", "change", "interval", "verdict")
        yield Table("Base and patched", head, rows)
    if found.hitm is not None:
        yield from _hitm_table(found.hitm)
    yield from map(_topic_table, found.attributions)


def _hitm_table(found: HitmFindings) -> Iterator[Table]:
    from credseries.bench.output.rows import hitm_cells, role_words

    cells = hitm_cells(found)
    if not cells.roles:
        return
    rows = [cells.total, *cells.places, *([cells.other] if cells.other is not None else [])]
    yield Table(
        f"{cells.what}, remote/local",
        ("place", *map(role_words, cells.roles)),
        tuple((f"{row.symbol} {row.source}".strip(), *row.counts) for row in rows),
    )


def _topic_table(item: Attribution) -> Table:
    from credseries.bench.output.rows import attribution_cells

    cells = attribution_cells(item)
    rows = tuple((part.topic, part.amount, part.interval, part.share, part.verdict) for part in cells.contributions)
    return Table(f"Topics: {cells.title}", ("topic", "amount", "interval", "share", "verdict"), rows)
