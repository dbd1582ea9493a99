"""perf c2c across kernels: which cache lines the series is about, and how often each place in the code missed there.

A cache line has no name that lasts: its address and its number in the report change from boot to boot. What lasts is
who accesses it, so lines are recognized, and places matched, by symbol and source line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from credseries.bench.findings import HitmFindings, PlaceHitm
from credseries.bench.mean_lines import mean_lines, place_counts
from credseries.bench.model import Better, C2cReport, CacheLine, Measurement, Metric, Record, Role
from credseries.creds.effects import CREDENTIALS
from credseries.errors import UsageError
from credseries.words import many

# What overrides and reverts credentials, and so writes to the reference count in them.
DEFAULT_SEEDS = tuple(sorted({*CREDENTIALS.overrides, *CREDENTIALS.reverts}))
# A line is the series' when a tenth of its HITM comes from the seeds. Samples skid by an instruction or so, and a line
# can hold two hot objects by chance: either gives a symbol a few percent of a foreign line. A counter that is worth
# converting gives its functions far more (in the series that this tool is for, 54 %).
_SEEDED = 0.10
# Without the overrides only reads are left on the line; they have to be most of it, or it is another line that they
# share.
_FAMILIAR = 0.50
# Below a hundredth of the base's HITM a place on the series' lines says nothing about a line of another kernel.
_NOTABLE = 0.01
# Rows that perf or a person left out are worth a word when they hold more than this share of a line's HITM.
_LEFT_OUT = 0.02

BASE = Role("base")
Place = tuple[str, str]


@dataclass(frozen=True)
class _Subject:
    """What makes a cache line one of the series': symbols, and places of such lines in the base."""

    seeds: frozenset[str]
    places: frozenset[Place]

    def has(self, line: CacheLine) -> bool:
        """Whether it is one; a line without any HITM is none."""
        if not line.hitm:
            return False
        counts = place_counts(line)
        seeded = sum(sum(pair) for (symbol, _), pair in counts.items() if _plain(symbol) in self.seeds)
        familiar = sum(sum(pair) for place, pair in counts.items() if place in self.places)
        return seeded >= _SEEDED * line.hitm or (bool(self.places) and familiar >= _FAMILIAR * line.hitm)


def hitm(records: Sequence[Record], seeds: Sequence[str] = DEFAULT_SEEDS) -> HitmFindings:
    """The cache lines that the series is about and all others, by role, with HITM by place; counts are per report.

    In the base a line is the series' when at least 10 % of its HITM is in `seeds`; under another kernel also when at
    least half of it is in places that made up the series' lines in the base. Of several reports of a role the means
    are given, line by line. Raises UsageError when some reports count HITM and others peer accesses.
    """
    reports = _reports(records)
    _check_comparable(reports)
    split: dict[Role, tuple[tuple[CacheLine, ...], tuple[CacheLine, ...]]] = {}
    seeded = _Subject(frozenset(seeds), frozenset())
    familiar = seeded
    for role, found in reports.items():
        split[role] = _split(found, seeded if role == BASE else familiar)
        if role == BASE:
            familiar = _Subject(seeded.seeds, _notable_places(split[role][0]))
    subject = tuple((role, lines) for role, (lines, _) in split.items())
    return HitmFindings(
        seeds=tuple(seeds),
        subject=subject,
        other=tuple((role, lines) for role, (_, lines) in split.items()),
        places=tuple(_places(subject, sorted({record.role for record in records}))),
        notes=tuple(_notes(records, reports, dict(subject))),
    )


def measurements(record: Record, findings: HitmFindings) -> tuple[Measurement, ...]:
    """Remote, local and total HITM on the series' cache lines, in loads that perf sampled: one value for each report.

    Empty when the record has no report with a table.
    """
    reports = [report for report in record.c2c if report.columns]
    if not reports:
        return ()
    chosen = [subject_lines(report, record.role, findings) for report in reports]
    totals = [(sum(line.remote for line in lines), sum(line.local for line in lines)) for lines in chosen]
    what = "peer accesses" if reports[0].peer else "HITM"
    return tuple(
        Measurement(Metric(f"credential lines, {kind}{what}", "loads", Better.LESS), tuple(map(float, values)))
        for kind, values in (
            ("remote ", [remote for remote, _ in totals]),
            ("local ", [local for _, local in totals]),
            ("", [remote + local for remote, local in totals]),
        )
    )


def _subject_of(role: Role, findings: HitmFindings) -> _Subject:
    """What the lines of a role were told by."""
    base = dict(findings.subject).get(BASE, ())
    return _Subject(frozenset(findings.seeds), frozenset() if role == BASE else _notable_places(base))


def subject_lines(report: C2cReport, role: Role, findings: HitmFindings) -> tuple[CacheLine, ...]:
    """The cache lines of one of a role's reports that the series is about, as the report has them."""
    subject = _subject_of(role, findings)
    return tuple(line for line in report.lines if subject.has(line))


def _plain(symbol: str) -> str:
    """A function's name without what a compiler appends to the parts and clones of it (`.isra.0`, `.cold`)."""
    return symbol.partition(".")[0]


def _reports(records: Sequence[Record]) -> dict[Role, list[C2cReport]]:
    """The reports with a table, by role, the base first."""
    found = {
        role: [report for record in records if record.role == role for report in record.c2c if report.columns]
        for role in sorted({record.role for record in records})
    }
    return {role: reports for role, reports in found.items() if reports}


def _check_comparable(reports: dict[Role, list[C2cReport]]) -> None:
    kinds = {report.peer: f"{report.name or 'a report'} ({role})" for role, of in reports.items() for report in of}
    if len(kinds) > 1:
        raise UsageError(
            f"{kinds[True]} counts accesses that peers answered, and {kinds[False]} counts HITM",
            hint="record all kernels on one machine, and report them with the same --display",
        )


def _split(reports: Sequence[C2cReport], subject: _Subject) -> tuple[tuple[CacheLine, ...], tuple[CacheLine, ...]]:
    """The series' lines and all others, of several reports as their means."""
    chosen = [[line for line in report.lines if subject.has(line)] for report in reports]
    others = [[line for line in report.lines if not subject.has(line)] for report in reports]
    return mean_lines(chosen), mean_lines(others)


def _notable_places(lines: Sequence[CacheLine]) -> frozenset[Place]:
    total = sum(line.hitm for line in lines)
    sums = _sums(lines)
    return frozenset(place for place, (remote, local) in sums.items() if remote + local >= _NOTABLE * total > 0)


def _sums(lines: Iterable[CacheLine]) -> dict[Place, tuple[float, float]]:
    """HITM by place, remote and local, over several lines."""
    sums: dict[Place, tuple[float, float]] = {}
    for line in lines:
        for place, (remote, local) in place_counts(line).items():
            before = sums.get(place, (0.0, 0.0))
            sums[place] = (before[0] + remote, before[1] + local)
    return sums


def _places(subject: Sequence[tuple[Role, tuple[CacheLine, ...]]], roles: Sequence[Role]) -> list[PlaceHitm]:
    """The places of all series' lines, worst in the base first, then worst under any other kernel."""
    by_role = {role: _sums(lines) for role, lines in subject}
    names = {place for sums in by_role.values() for place in sums}

    def weight(place: Place) -> tuple[float, float, Place]:
        counts = {role: sum(sums.get(place, (0.0, 0.0))) for role, sums in by_role.items()}
        return (-counts.get(BASE, 0.0), -max(counts.values()), place)

    return [
        PlaceHitm(
            symbol=place[0],
            source=place[1],
            counts=tuple((role, _rounded(by_role[role].get(place)) if role in by_role else None) for role in roles),
        )
        for place in sorted(names, key=weight)
    ]


def _rounded(counts: tuple[float, float] | None) -> tuple[int, int]:
    """Whole loads; halves go up."""
    remote, local = counts or (0.0, 0.0)
    return int(remote + 0.5), int(local + 0.5)


def _notes(
    records: Sequence[Record],
    reports: dict[Role, list[C2cReport]],
    subject: dict[Role, tuple[CacheLine, ...]],
) -> Iterator[str]:
    if not reports:
        return
    if BASE not in reports:
        yield "There is no report of perf c2c of the base: cache lines are told by the symbols alone."
    single = [str(role) for role, of in reports.items() if len(of) == 1]
    if single:
        yield f"One report of perf c2c each ({', '.join(single)}): the spread between runs is not known."
    for role, of in reports.items():
        if len(of) > 1:
            yield f"{role}: means of {len(of)} reports of perf c2c, rounded to whole loads."
        if not subject[role]:
            yield f"{role}: no cache line of credentials is in the report, which leaves out lines with little HITM."
        left = _left_out(subject[role])
        if left > _LEFT_OUT:
            yield f"{role}: {100 * left:.0f} % of the HITM on these cache lines is in rows that were left out."
    bare = sum(1 for record in records for report in record.c2c if not report.columns)
    if bare:
        yield f"{many(bare, 'report')} of perf c2c without a table of cache lines: not counted here."


def _left_out(lines: Sequence[CacheLine]) -> float:
    """The share of HITM, 0 to 1, that no row has."""
    total = sum(line.hitm for line in lines)
    shown = sum(sum(pair) for line in lines for pair in place_counts(line).values())
    return max(0.0, 1 - shown / total) if total else 0.0
