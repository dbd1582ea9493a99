"""Findings as cells of text: the same words and numbers for a mail, for Markdown and for a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from credseries.bench.findings import Attribution, Comparison, Contribution, Figure, Findings, HitmFindings, PlaceHitm
from credseries.bench.mean_lines import place_counts
from credseries.bench.model import Better, CacheLine, Metric, Role
from credseries.bench.output.numbers import (
    TENTHS,
    UNKNOWN,
    Scale,
    figure_scale,
    holds,
    place_of_interval,
    place_of_spread,
    place_without_spread,
    write,
    write_change,
    write_figure,
    write_interval,
)
from credseries.bench.output.plain import clean
from credseries.bench.readers.c2c.layout import remote_and_local

# How many symbols of cache lines that are not the series' are named.
_NAMED_SYMBOLS = 1


def metric_name(metric: Metric) -> str:
    """What is measured, with the number of tasks if there is one."""
    return clean(metric.title)


def direction(better: Better) -> str:
    """`less is better`, or an empty text."""
    return "" if better is Better.NEITHER else f"{better} is better"


def role_words(role: Role) -> str:
    """A role for people: `without backing-file`."""
    return clean(f"{role.kind} {role.topic}")


def levels(findings: Findings) -> str:
    """The level of the intervals as it stands above them: `95 %`."""
    intervals = [item.interval for item in findings.comparisons]
    intervals += [part.interval for item in findings.attributions for part in item.contributions]
    known = {f"{100 * interval.level:g}" for interval in intervals if interval is not None}
    return f"{'/'.join(sorted(known)) or '95'} %"


# -- comparisons


@dataclass(frozen=True)
class ComparisonCells:
    """A metric under two kernels, ready to print; `unit` is that of the figures."""

    name: str
    unit: str
    base: str
    patched: str
    change: str
    interval: str
    verdict: str

    @property
    def title(self) -> str:
        """The metric with its unit: `run time, 4 tasks [ms]`."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


def comparison_scales(comparisons: Sequence[Comparison]) -> tuple[Scale, ...]:
    """The unit of each comparison; one for all numbers of tasks, where the smallest figure is readable in it."""
    alike: dict[tuple[str, str], list[Figure]] = {}
    for item in comparisons:
        alike.setdefault((item.metric.name, item.metric.unit), []).extend((item.base, item.patched))
    scales = []
    for item in comparisons:
        common = figure_scale(item.metric, alike[item.metric.name, item.metric.unit])
        own = (item.base, item.patched)
        scales.append(common if holds(common, own) else figure_scale(item.metric, own))
    return tuple(scales)


def comparison_cells(comparisons: Sequence[Comparison]) -> tuple[ComparisonCells, ...]:
    """The cells of comparisons that stand below each other."""
    scales = comparison_scales(comparisons)
    return tuple(_comparison_cells(item, unit) for item, unit in zip(comparisons, scales, strict=True))


def _comparison_cells(item: Comparison, unit: Scale) -> ComparisonCells:
    change, interval = write_change(item.change, item.interval)
    return ComparisonCells(
        name=metric_name(item.metric),
        unit=clean(unit.unit),
        base=write_figure(item.base, unit),
        patched=write_figure(item.patched, unit),
        change=change,
        interval=interval,
        verdict=str(item.verdict),
    )


# -- attribution


@dataclass(frozen=True)
class ContributionCells:
    """What a topic contributes, ready to print; `rest` and `rest_share` are of everything else."""

    topic: str
    amount: str
    interval: str
    share: str
    rest: str
    rest_share: str
    verdict: str


@dataclass(frozen=True)
class AttributionCells:
    """An attribution, ready to print; `kernels` are the figures by the words of their role, `change` is the whole."""

    name: str
    unit: str
    kernels: tuple[tuple[str, str], ...]
    change: str
    contributions: tuple[ContributionCells, ...]

    @property
    def title(self) -> str:
        """The metric with its unit."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


def attribution_scale(item: Attribution) -> Scale:
    """The unit of all figures and amounts of an attribution."""
    figures = [item.base, item.patched, *(figure for _, figure in item.without)]
    figures += [Figure(amount) for part in item.contributions for amount in (part.amount, part.rest)]
    return figure_scale(item.metric, figures)


def attribution_cells(item: Attribution) -> AttributionCells:
    """The cells of an attribution, all in one unit."""
    unit = attribution_scale(item)
    kernels = [("base", item.base), *((f"without {topic}", figure) for topic, figure in item.without)]
    kernels.append(("patched", item.patched))
    change = unit.of(item.patched.mean) - unit.of(item.base.mean)
    # The whole is known no better than its parts.
    places = [place for part in item.contributions for place in _amount_places(part, unit)]
    return AttributionCells(
        name=metric_name(item.metric),
        unit=clean(unit.unit),
        kernels=tuple((clean(name), write_figure(figure, unit)) for name, figure in kernels),
        change=write(change, max(places, default=place_without_spread(change)), signed=True),
        contributions=tuple(_contribution_cells(part, unit) for part in item.contributions),
    )


def _contribution_cells(part: Contribution, unit: Scale) -> ContributionCells:
    place, rest_place = _amount_places(part, unit)
    share_place = _share_place(part)
    return ContributionCells(
        topic=clean(part.topic),
        amount=write(unit.of(part.amount), place, signed=True),
        interval=write_interval(part.interval, place, unit),
        share=_percent(part.share, share_place),
        rest=write(unit.of(part.rest), rest_place, signed=True),
        rest_share=_percent(part.rest_share, share_place),
        verdict=str(part.verdict),
    )


def _amount_places(part: Contribution, unit: Scale) -> tuple[int, int]:
    """The places of an amount and of the rest, which is known no better."""
    if part.interval is not None and place_of_interval(part.interval) is not None:
        half = (unit.of(part.interval.high) - unit.of(part.interval.low)) / 2
        return place_of_spread(abs(half)), place_of_spread(abs(half))
    return place_without_spread(unit.of(part.amount)), place_without_spread(unit.of(part.rest))


def _share_place(part: Contribution) -> int:
    """The place of a share: as much as its amount's interval is worth in percent."""
    if part.interval is None or place_of_interval(part.interval) is None or not part.share or not part.amount:
        return TENTHS
    half = abs(Fraction(part.interval.high) - Fraction(part.interval.low)) / 2
    return min(place_of_spread(half * abs(Fraction(part.share) / Fraction(part.amount))), 0)


def _percent(share: float | None, place: int) -> str:
    return UNKNOWN if share is None else f"{write(share, place)} %"


# -- perf c2c


@dataclass(frozen=True)
class HitmRow:
    """Remote and local HITM by role, in the order of `HitmCells.roles`; `source` is empty where there is none."""

    symbol: str
    source: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class HitmCells:
    """HITM across kernels, ready to print: the series' lines, their places, and all other lines in one row."""

    what: str
    roles: tuple[Role, ...]
    total: HitmRow
    places: tuple[HitmRow, ...]
    other: HitmRow | None


def hitm_what(found: HitmFindings) -> str:
    """`HITM`, or on Arm, where there is none, `peer accesses`."""
    lines = [line for _, of in (*found.subject, *found.other) for line in of]
    pairs = (remote_and_local([title for title, _ in line.totals]) for line in lines)
    return "peer accesses" if any(pair and pair[0].startswith("Peer") for pair in pairs) else "HITM"


def hitm_roles(found: HitmFindings) -> tuple[Role, ...]:
    """The roles that there are reports of."""
    return tuple(role for role, _ in found.subject)


def hitm_cells(found: HitmFindings) -> HitmCells:
    """The cells of what perf c2c says."""
    roles = hitm_roles(found)
    others = dict(found.other)
    rest: HitmRow | None = None
    if any(others.values()):
        named = ", ".join(_worst_symbols(line for of in others.values() for line in of))
        rest = HitmRow(
            "other lines", f"({named})" if named else "", tuple(_pair(_total(others.get(role))) for role in roles)
        )
    return HitmCells(
        what=hitm_what(found),
        roles=roles,
        total=HitmRow("total", "", tuple(_pair(found.total(role)) for role in roles)),
        places=tuple(_place_row(place, roles) for place in found.places),
        other=rest,
    )


def place_words(place: PlaceHitm) -> tuple[str, str]:
    """Symbol and source line, the latter without directories: the file's name is enough, and it is what fits."""
    return clean(place.symbol) or UNKNOWN, clean(place.source.rpartition("/")[2])


def _place_row(place: PlaceHitm, roles: Sequence[Role]) -> HitmRow:
    counts = dict(place.counts)
    cells = tuple(_pair(counts.get(role)) for role in roles)
    return HitmRow(*place_words(place), cells)


def _total(lines: Sequence[CacheLine] | None) -> tuple[int, int] | None:
    return None if lines is None else (sum(line.remote for line in lines), sum(line.local for line in lines))


def _pair(counts: tuple[int, int] | None) -> str:
    return UNKNOWN if counts is None else f"{counts[0]}/{counts[1]}"


def _worst_symbols(lines: Iterable[CacheLine]) -> list[str]:
    """The symbols with most of the HITM, worst first, and `..` if there are more."""
    sums: dict[str, float] = {}
    for line in lines:
        for (symbol, _), counts in place_counts(line).items():
            sums[symbol] = sums.get(symbol, 0.0) + sum(counts)
    worst = sorted(sums, key=lambda symbol: (-sums[symbol], symbol))
    return [clean(symbol) for symbol in worst[:_NAMED_SYMBOLS]] + [".."] * (len(worst) > _NAMED_SYMBOLS)
