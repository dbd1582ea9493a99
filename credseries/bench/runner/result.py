"""Where a run's result is: in what the command printed, in a file that it wrote, or in the time that it took."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from credseries.bench.model import Better, Measurement, Metric, Reading, Source
from credseries.bench.readers import read
from credseries.bench.runner.process import Ran
from credseries.errors import CredseriesError, UsageError

WALL_CLOCK = Metric("wall-clock time", "s", Better.LESS)


@dataclass(frozen=True)
class Outcome:
    """What one run gave, and the text that it was read from; None for a time."""

    reading: Reading
    source: Source | None = None


# Of a command that has ended, and what to call the run.
Take = Callable[[Ran, str], Outcome]


def wall_clock(ran: Ran, _name: str) -> Outcome:
    """How long the command took, its start included (about a millisecond)."""
    return Outcome(Reading((Measurement(WALL_CLOCK, (ran.seconds,)),)))


def printed(format: str | None) -> Take:
    """What the command printed on standard output, in a format of `readers.FORMATS`, or one that its content shows."""

    def take(ran: Ran, name: str) -> Outcome:
        try:
            return _read(ran.output, name, format)
        except CredseriesError as error:
            if ran.output.strip() or not ran.errors.strip():
                raise
            raise UsageError(
                f"{name}: nothing was printed on standard output, but something on standard error",
                hint="give --result stderr if the result is there, or --result FILE",
            ) from error

    return take


def complained(format: str | None) -> Take:
    """What the command wrote to standard error: there perf stat has its counts."""
    return lambda ran, name: _read(ran.errors, name, format)


def written(path: Path, format: str | None) -> Take:
    """What the command wrote to a file, which is removed then: what is found there is from this run.

    Raises UsageError, at once, when the file is there already.
    """
    if path.exists():
        raise UsageError(f"{path} is there already", hint="it would be taken for a run's result: move it away")

    def take(_ran: Ran, name: str) -> Outcome:
        try:
            data = path.read_bytes()
            path.unlink()
        except OSError as error:
            raise UsageError(
                f"{name}: the command wrote no {path} that can be read: {error.strerror}",
                hint="give --result the name of the file that it writes",
            ) from error
        return _read(data, name, format)

    return take


def _read(data: bytes, name: str, format: str | None) -> Outcome:
    known, reading = read(data, name, format)
    return Outcome(reading, Source(name, known, hashlib.sha256(data).hexdigest()))
