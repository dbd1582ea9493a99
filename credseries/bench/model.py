"""What was measured: metrics with their values, reports of perf c2c, and where, when and how both came about.

A number without its machine, workload and number of runs is no argument. So a record keeps them, and says what it does
not know rather than leave a blank that somebody takes for an answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from credseries.errors import UsageError
from credseries.words import many


class Better(StrEnum):
    """Which way a metric gets better; `NEITHER` for what only describes a run."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


@dataclass(frozen=True)
class Metric:
    """What a number measures; two numbers can be compared when their metrics are equal.

    `tasks` is the number of processes or threads that it was measured with, where the benchmark scales over them.
    """

    name: str
    unit: str
    better: Better
    tasks: int | None = None

    @property
    def title(self) -> str:
        """What to call it: its name, with the number of tasks where it has one."""
        return self.name if self.tasks is None else f"{self.name} ({many(self.tasks, 'task')})"


@dataclass(frozen=True)
class Summary:
    """What a tool says of several runs without giving each of them; None for what it does not say.

    `deviation` is the standard deviation of single runs (not of their mean), in the metric's unit.
    """

    mean: float
    deviation: float | None = None
    runs: int | None = None


@dataclass(frozen=True)
class Measurement:
    """The values of a metric: one a run in `values`, in order; or `summary` where only that is known."""

    metric: Metric
    values: tuple[float, ...] = ()
    summary: Summary | None = None

    def __post_init__(self) -> None:
        numbers = self.values if self.summary is None else (self.summary.mean, self.summary.deviation or 0.0)
        if (self.summary is None) == (not self.values) or not all(map(math.isfinite, numbers)):
            raise ValueError(f"{self.metric.name}: either values or a summary, in finite numbers")

    @property
    def runs(self) -> int | None:
        """The number of runs behind it, or None if nobody knows."""
        return len(self.values) if self.summary is None else self.summary.runs


# -- perf c2c


@dataclass(frozen=True)
class CacheLineRow:
    """An instruction's accesses to a cache line: shares of the line's total in percent, by column name.

    Column names are those of perf, group and name ("HITM RmtHitm", "Store Refs L1 Hit"), as `C2cReport.columns`
    gives them. `symbol` is without its `[k]`, which is in `level`; an absent column is an empty text.
    """

    shares: tuple[tuple[str, float], ...]
    symbol: str
    shared_object: str = ""
    source: str = ""
    level: str = ""
    node: str = ""
    offset: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Symbol and source line: by this rows are matched across kernels, never by address."""
        return (self.symbol, self.source)


@dataclass(frozen=True)
class CacheLine:
    """A cache line of the Pareto table: its number there, its totals by column name, and who accessed it.

    The totals that every layout has are `remote` and `local`: loads that hit a line modified by another core on
    another node, and on the same one. On Arm, where there is no HITM, they count peer accesses (`C2cReport.peer`).
    """

    number: int
    remote: int
    local: int
    totals: tuple[tuple[str, int], ...]
    rows: tuple[CacheLineRow, ...]
    address: str = ""

    @property
    def hitm(self) -> int:
        """Remote and local HITM together."""
        return self.remote + self.local


@dataclass(frozen=True)
class C2cReport:
    """What one `perf c2c report` said: its cache lines, worst first as it lists them.

    `statistics` are the key-value lines of its titled blocks, as ("title", "key", value), NaN left out.
    `peer` says that `remote` and `local` of its lines count peer accesses. `name` tells where it was read: a file, or
    a file and the words that stood before the table.
    """

    columns: tuple[str, ...]
    lines: tuple[CacheLine, ...]
    statistics: tuple[tuple[str, str, float], ...] = ()
    peer: bool = False
    name: str = ""


# -- where it comes from


@dataclass(frozen=True)
class Machine:
    """What the runs ran on; None or an empty text for what is not known. Memory is in bytes.

    `virtual` names the hypervisor when it is a virtual machine ("kvm"), is empty when it is not, None if unknown.
    """

    name: str = ""
    cpu: str = ""
    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None
    nodes: int | None = None
    memory: int | None = None
    virtual: str | None = None

    @property
    def known(self) -> bool:
        """Whether it says what machine it was: a processor, or at least words of somebody."""
        return bool(self.cpu or self.name)


@dataclass(frozen=True)
class Provenance:
    """How measurements came about. `commit` is what the kernel was built from, `kernel` its release (`uname -r`).

    `workload` is a sentence for a reviewer, `date` is ISO 8601, `pinned` lists the processors that runs were bound to.
    An empty text means that nobody said.
    """

    kernel: str = ""
    commit: str = ""
    machine: Machine = field(default_factory=Machine)
    workload: str = ""
    command: str = ""
    date: str = ""
    pinned: str = ""


_ROLE = re.compile(r"(base|patched)|without:([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, order=True)
class Role:
    """Which kernel a record is of: `base`, `patched`, or `without:TOPIC`, the series without one of its topics."""

    kind: str
    topic: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.topic}" if self.topic else self.kind

    @classmethod
    def parse(cls, text: str) -> Role:
        """The role that a person wrote; raises UsageError for anything else."""
        found = _ROLE.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{text!r} is no role of a benchmark",
                hint="say base, patched, or without:TOPIC with the name of a topic that was left out",
            )
        return cls(found[1]) if found[1] else cls("without", found[2])


@dataclass(frozen=True)
class Source:
    """A file that was read: its name, its format (`readers.FORMATS`), and the SHA-256 of its bytes in hexadecimal."""

    name: str
    format: str
    digest: str


@dataclass(frozen=True)
class Record:
    """Measurements of one kernel with their provenance, under a label that a person chose (`workload`, mostly).

    Records with the same label are of the same benchmark and can be compared. `interleaved` names the session of runs
    that were taken in turns with other roles' (then the n-th values belong together), and is empty otherwise.
    """

    role: Role
    label: str
    measurements: tuple[Measurement, ...] = ()
    c2c: tuple[C2cReport, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    sources: tuple[Source, ...] = ()
    warnings: tuple[str, ...] = ()
    interleaved: str = ""

    @property
    def runs(self) -> int | None:
        """The number of runs if all measurements agree on it, else None; reports of perf c2c count as runs."""
        counts = {item.runs for item in self.measurements} | ({len(self.c2c)} if self.c2c else set())
        return counts.pop() if len(counts) == 1 else None


@dataclass(frozen=True)
class Reading:
    """What a reader found in one file; a file is one run unless it gives several values."""

    measurements: tuple[Measurement, ...] = ()
    c2c: tuple[C2cReport, ...] = ()
    command: str = ""
    notes: tuple[str, ...] = ()


def join(readings: Sequence[Measurement]) -> Measurement:
    """The measurements of one metric, from several files, as one: their values in a row, or their pooled summary.

    The pooled deviation is that of all runs together, and is unknown when one part's is. Raises ValueError when there
    is nothing to join or the metrics are not equal.
    """
    metrics = {item.metric for item in readings}
    if len(metrics) != 1:
        raise ValueError("measurements of one metric can be joined")
    metric = metrics.pop()
    if all(item.values for item in readings):
        return Measurement(metric, tuple(value for item in readings for value in item.values))
    if len(readings) == 1:
        return readings[0]
    parts = [_summary(item) for item in readings]
    counts = [part.runs for part in parts]
    if any(count is None for count in counts):
        # Without the runs behind them each mean counts the same, and nothing can be said of the spread.
        return Measurement(metric, summary=Summary(math.fsum(part.mean for part in parts) / len(parts)))
    numbers = [count for count in counts if count is not None]
    total = sum(numbers)
    mean = math.fsum(part.mean * count for part, count in zip(parts, numbers, strict=True)) / total
    return Measurement(metric, summary=Summary(mean, _pooled(parts, numbers, mean), total))


def _summary(item: Measurement) -> Summary:
    if item.summary is not None:
        return item.summary
    mean = math.fsum(item.values) / len(item.values)
    if len(item.values) == 1:
        return Summary(mean, None, 1)
    squares = math.fsum((value - mean) ** 2 for value in item.values)
    return Summary(mean, math.sqrt(squares / (len(item.values) - 1)), len(item.values))


def _pooled(parts: Sequence[Summary], counts: Sequence[int], mean: float) -> float | None:
    """The standard deviation of all runs of several summaries, from the sums of squares about the common mean."""
    squares = 0.0
    for part, count in zip(parts, counts, strict=True):
        if part.deviation is None and count > 1:
            return None
        squares += (count - 1) * (part.deviation or 0.0) ** 2 + count * (part.mean - mean) ** 2
    return math.sqrt(squares / (sum(counts) - 1)) if sum(counts) > 1 else None
