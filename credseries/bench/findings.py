"""What measurements say of a change: the results of comparing, as data that tables, pictures and JSON are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from credseries.bench.model import CacheLine, Metric, Provenance, Role


class Verdict(StrEnum):
    """What can be said of a metric. `UNKNOWN`: the data does not allow a word, and the notes say why."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"  # of a metric for which neither way is better
    NO_DIFFERENCE = "no difference shown"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Interval:
    """A confidence interval; `level` is 0.95 for 95 %."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Figure:
    """A metric under one kernel, in the metric's unit. `deviation` is that of single runs; None is not known."""

    mean: float
    deviation: float | None = None
    median: float | None = None
    runs: int | None = None


@dataclass(frozen=True)
class Comparison:
    """A metric under two kernels. `change` is the change of the mean in percent of the base's, None where that is 0.

    `interval` is the 95 % interval of the change, in percent. `p_value` is that of the rank test. `paired` says that
    the runs were taken in turns and compared pair by pair. `notes` are sentences about noise and what is not known.
    """

    metric: Metric
    base: Figure
    patched: Figure
    change: float | None
    interval: Interval | None
    p_value: float | None
    verdict: Verdict
    paired: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contribution:
    """What one topic contributes to a metric's change.

    `amount` is how much the metric changes by adding the topic last: patched minus the series without it, in the
    metric's unit. `share` is that in percent of the whole change from base to patched, None where there is none.
    `rest` and `rest_share` are the same for everything else: the series without it minus base.
    """

    topic: str
    amount: float
    share: float | None
    interval: Interval | None  # of the amount
    rest: float
    rest_share: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Attribution:
    """What each topic contributes to a metric's change, and in `notes` what cannot be told from the data.

    `without` has the figure of each kernel without a topic, by topic.
    """

    metric: Metric
    base: Figure
    patched: Figure
    without: tuple[tuple[str, Figure], ...]
    contributions: tuple[Contribution, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlaceHitm:
    """HITM of one place in the code, by role, summed over the cache lines that are looked at; None: no such record.

    Counts are computed from a line's total and the percentage of the row, so they are rounded to whole loads.
    """

    symbol: str
    source: str
    counts: tuple[tuple[Role, tuple[int, int] | None], ...]  # remote, local


@dataclass(frozen=True)
class HitmFindings:
    """perf c2c across kernels. `subject` are the cache lines that the series is about, `other` all others, by role.

    `places` are the places in subject lines, worst first in the base. `seeds` are the symbols that made a line a
    subject. `notes` say what is not known: the spread between runs, if there is only one.
    """

    seeds: tuple[str, ...]
    subject: tuple[tuple[Role, tuple[CacheLine, ...]], ...]
    other: tuple[tuple[Role, tuple[CacheLine, ...]], ...]
    places: tuple[PlaceHitm, ...]
    notes: tuple[str, ...] = ()

    def total(self, role: Role) -> tuple[int, int] | None:
        """Remote and local HITM of a role's subject lines; None when there is no record of it."""
        for known, lines in self.subject:
            if known == role:
                return sum(line.remote for line in lines), sum(line.local for line in lines)
        return None


@dataclass(frozen=True)
class Findings:
    """All that the records of one label say, with where each comes from; `incomplete` names what a reader will ask.

    `provenance` and `runs` are by role, in the order base, patched, without. `incomplete` has a sentence for every
    claim without its number of runs, workload, machine or kernel.
    """

    label: str
    provenance: tuple[tuple[Role, Provenance], ...]
    runs: tuple[tuple[Role, int | None], ...]
    comparisons: tuple[Comparison, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    hitm: HitmFindings | None = None
    warnings: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
