"""From the records of one benchmark to all that they say: comparisons, attributions, perf c2c, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from credseries.bench.attribution import attribute
from credseries.bench.comparison import Pair, compare_all, listed
from credseries.bench.completeness import incomplete, together
from credseries.bench.findings import Attribution, Findings, HitmFindings
from credseries.bench.model import Measurement, Metric, Record, Role, join
from credseries.bench.noise import noise

BASE, PATCHED = Role("base"), Role("patched")


@dataclass(frozen=True)
class _Part:
    """What one record has of a metric, and the session in which its runs were taken in turns with other roles'."""

    session: str
    measurement: Measurement


_Measured = Mapping[Metric, tuple[_Part, ...]]


def findings(records: Sequence[Record], seeds: Sequence[str] = ()) -> Findings:
    """All that the records of one label say.

    Records of one role are taken together, in their order. `seeds` are the symbols whose cache lines of perf c2c the
    series is about; those of `hitm.DEFAULT_SEEDS` when none are given. Runs are compared in pairs where they were
    taken in turns. `warnings` tell the noise of what is in no comparison, as comparisons tell that of theirs.

    Raises ValueError when there is no record, or they have different labels; UsageError when reports of perf c2c do
    not fit together; EnvironmentProblem when there is something to test and scipy is not installed.
    """
    labels = {record.label for record in records}
    if len(labels) != 1:
        raise ValueError(f"findings are of the records of one label, not of {len(labels)}")
    roles = sorted({record.role for record in records})
    by_role = {role: [record for record in records if record.role == role] for role in roles}
    hitm = _hitm(records, seeds)
    parts = {role: _measured(by_role[role], hitm) for role in roles}
    joined = {role: {metric: _joined(of) for metric, of in parts[role].items()} for role in roles}
    pairs = [
        _pair(parts[BASE][metric], parts[PATCHED][metric])
        for metric in joined.get(BASE, {})
        if metric in joined.get(PATCHED, {})
    ]
    return Findings(
        label=labels.pop(),
        provenance=tuple((role, together(of)) for role, of in by_role.items()),
        runs=tuple((role, _runs(of, joined[role])) for role, of in by_role.items()),
        comparisons=compare_all(pairs),
        attributions=tuple(_attributions(pairs, joined, _summands(records, hitm))),
        hitm=hitm,
        warnings=tuple(dict.fromkeys(_warnings(by_role, parts, joined))),
        incomplete=incomplete(by_role, {role: tuple(of.values()) for role, of in joined.items()}),
    )


def _hitm(records: Sequence[Record], seeds: Sequence[str]) -> HitmFindings | None:
    if not any(record.c2c for record in records):
        return None
    from credseries.bench.hitm import DEFAULT_SEEDS, hitm

    return hitm(records, tuple(seeds) or DEFAULT_SEEDS)


def _measured(records: Sequence[Record], hitm: HitmFindings | None) -> _Measured:
    """What a role's records have of each metric, HITM among them, in the order in which they come."""
    found: dict[Metric, tuple[_Part, ...]] = {}
    for record in records:
        for measurement in (*record.measurements, *_hitm_measurements(record, hitm)):
            part = _Part(record.interleaved, measurement)
            found[measurement.metric] = (*found.get(measurement.metric, ()), part)
    return found


def _hitm_measurements(record: Record, hitm: HitmFindings | None) -> tuple[Measurement, ...]:
    if hitm is None:
        return ()
    from credseries.bench.hitm import measurements

    return measurements(record, hitm)


def _joined(parts: Sequence[_Part]) -> Measurement:
    return join([part.measurement for part in parts])


def _pair(base: Sequence[_Part], patched: Sequence[_Part]) -> Pair:
    """Both sides of a comparison, in pairs if all runs were taken in turns and each has its counterpart."""
    counterparts = {part.session: part for part in patched}
    if not _same_sessions(base, patched) or _uneven(base, patched):
        return Pair(_joined(base), _joined(patched))
    return Pair(_joined(base), _joined([counterparts[part.session] for part in base]), paired=True)


def _same_sessions(base: Sequence[_Part], patched: Sequence[_Part]) -> bool:
    """Whether both come from the same sessions of runs in turns, each once, with the value of every run."""
    ours, theirs = [part.session for part in base], [part.session for part in patched]
    each_run = all(part.session and part.measurement.values for part in (*base, *patched))
    return each_run and len(set(ours)) == len(ours) and sorted(ours) == sorted(theirs)


def _uneven(base: Sequence[_Part], patched: Sequence[_Part]) -> bool:
    """Whether a session has more runs of one kernel than of the other, so that nobody knows which belong together."""
    runs = {part.session: part.measurement.runs for part in patched}
    return any(runs.get(part.session) != part.measurement.runs for part in base)


def _runs(records: Sequence[Record], joined: Mapping[Metric, Measurement]) -> int | None:
    """The number of runs behind a role, if all that was measured agrees on it; reports of perf c2c count as runs."""
    reports = sum(len(record.c2c) for record in records)
    counts = {measurement.runs for measurement in joined.values()} | ({reports} if reports else set())
    return counts.pop() if len(counts) == 1 else None


def _summands(records: Sequence[Record], hitm: HitmFindings | None) -> set[Metric]:
    """Remote and local HITM: who contributes to them is told of their sum."""
    return {item.metric for record in records for item in _hitm_measurements(record, hitm)[:-1]}


def _attributions(
    pairs: Sequence[Pair], joined: Mapping[Role, Mapping[Metric, Measurement]], summands: Collection[Metric]
) -> Iterator[Attribution]:
    for pair in pairs:
        metric = pair.base.metric
        without = {role.topic: of[metric] for role, of in joined.items() if role.topic and metric in of}
        if without and metric not in summands:
            yield attribute(metric, pair.base, pair.patched, without)


def _warnings(
    by_role: Mapping[Role, Sequence[Record]],
    parts: Mapping[Role, _Measured],
    joined: Mapping[Role, Mapping[Metric, Measurement]],
) -> Iterator[str]:
    for role, records in by_role.items():
        yield from (f"{role}: {warning}" for record in records for warning in record.warnings)
    for role, measured in joined.items():
        for metric, measurement in measured.items():
            if role in (BASE, PATCHED) and all(metric in joined.get(side, {}) for side in (BASE, PATCHED)):
                continue  # the notes of its comparison tell
            yield from (f"{metric.title}, {role}: {sentence}" for sentence in noise(measurement))
    yield from _unpaired(parts)
    yield from _not_everywhere(joined)


def _unpaired(parts: Mapping[Role, _Measured]) -> Iterator[str]:
    base, patched = parts.get(BASE, {}), parts.get(PATCHED, {})
    for metric in base:
        if (
            metric in patched
            and _same_sessions(base[metric], patched[metric])
            and _uneven(base[metric], patched[metric])
        ):
            yield (
                f"{metric.title}: runs of base and patched were taken in turns, but are not equally many; "
                "they are not compared in pairs."
            )


def _not_everywhere(joined: Mapping[Role, Mapping[Metric, Measurement]]) -> Iterator[str]:
    """Metrics that some roles lack, those of the same roles in one sentence."""
    names: dict[tuple[str, str], list[str]] = {}
    for metric in dict.fromkeys(metric for measured in joined.values() for metric in measured):
        having = [str(role) for role, measured in joined.items() if metric in measured]
        lacking = [str(role) for role, measured in joined.items() if metric not in measured]
        if lacking:
            names.setdefault((listed(having), listed(lacking)), []).append(metric.title)
    for (present, absent), metrics in names.items():
        yield f"Measured of {present}, but not of {absent}: {'; '.join(metrics)}."
