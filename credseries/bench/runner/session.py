"""A session of runs: the commands of all roles in the order of a plan, and the records that they give.

Nothing is half done: records are made when all runs have ended well. A run that fails, or an interrupt, leaves none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from credseries.bench.model import Measurement, Provenance, Reading, Record, Role, join
from credseries.bench.runner.conditions import Conditions, disturbances
from credseries.bench.runner.result import Outcome
from credseries.errors import UsageError


@dataclass(frozen=True)
class Session:
    """What runs gave: for each role its outcomes in order, and sentences on what disturbed the machine meanwhile."""

    outcomes: tuple[tuple[Role, tuple[Outcome, ...]], ...]
    disturbances: tuple[str, ...] = ()


def perform(
    warm_up: Sequence[Role],
    order: Sequence[Role],
    start: Callable[[Role, str], Outcome],
    observe: Callable[[], Conditions],
    begin: Callable[[str], None] = lambda _name: None,
) -> Session:
    """Runs what warms up, which is read but not kept, and then the runs that count, in order.

    `start` runs the command of a role once and gives its outcome; it gets what to call the run ("run 2 of base").
    `observe` looks at the machine, and `begin` hears the name of a run before it starts. Whatever one of them raises
    ends the session.
    """
    before = observe()
    for number, role in enumerate(warm_up, 1):
        name = f"warm-up run {number} ({role})"
        begin(name)
        start(role, name)
    taken: dict[Role, list[Outcome]] = {role: [] for role in sorted(set(order))}
    after = []
    for role in order:
        name = f"run {len(taken[role]) + 1} of {role}"
        begin(name)
        taken[role].append(start(role, name))
        after.append(observe())
    outcomes = tuple((role, tuple(items)) for role, items in taken.items())
    return Session(outcomes, disturbances(before, after))


def records(
    session: Session, label: str, provenance: Mapping[Role, Provenance], interleaved: str
) -> tuple[Record, ...]:
    """A record for each role; `interleaved` names the session, and stands in them when there are several.

    Raises UsageError when no metric is in every run of a role.
    """
    several = len(session.outcomes) > 1
    return tuple(
        _record(role, outcomes, label, provenance[role], interleaved if several else "", session.disturbances)
        for role, outcomes in session.outcomes
    )


def _record(
    role: Role,
    outcomes: Sequence[Outcome],
    label: str,
    provenance: Provenance,
    interleaved: str,
    disturbed: tuple[str, ...],
) -> Record:
    readings = [outcome.reading for outcome in outcomes]
    measurements, missing = _joined(readings)
    c2c = tuple(report for reading in readings for report in reading.c2c)
    if not measurements and not c2c:
        raise UsageError(
            f"no metric is in every run of {role}", hint="let the command print the same metrics each time"
        )
    notes = dict.fromkeys(note for reading in readings for note in reading.notes)
    return Record(
        role,
        label,
        measurements,
        c2c,
        provenance,
        tuple(outcome.source for outcome in outcomes if outcome.source is not None),
        (*disturbed, *missing, *notes),
        interleaved,
    )


def _joined(readings: Sequence[Reading]) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """The metrics that are in every run, over all runs; and sentences on those that are not.

    These are left out: the n-th values of two roles belong together, and with one missing they would not any more.
    """
    metrics = dict.fromkeys(item.metric for reading in readings for item in reading.measurements)
    found, missing = [], []
    for metric in metrics:
        items = [[item for item in reading.measurements if item.metric == metric] for reading in readings]
        if absent := [number for number, there in enumerate(items, 1) if not there]:
            which = ", ".join(map(str, absent))
            missing.append(f"{metric.title} is left out: it is not in the result of run {which}")
        else:
            found.append(join([item for there in items for item in there]))
    return tuple(found), tuple(missing)
