"""Reports of perf c2c for tests: fixtures as text, and short ways to say what a report holds."""

from __future__ import annotations

from pathlib import Path

from credseries.bench.model import C2cReport, CacheLine
from credseries.bench.readers import c2c

FIXTURES = Path(__file__).parent / "bench" / "c2c"


def fixture(name: str) -> str:
    """The text of a fixture."""
    return (FIXTURES / name).read_text(encoding="utf-8")


def reports(name: str) -> tuple[C2cReport, ...]:
    """The reports in a fixture."""
    return c2c.read(fixture(name), name).c2c


def totals(line: CacheLine) -> tuple[int, ...]:
    """A cache line's number and its totals, as they stand in its summary row."""
    return (line.number, *(total for _, total in line.totals))


def rows(line: CacheLine) -> list[tuple[tuple[float, ...], str, str]]:
    """A cache line's rows: percentages, symbol, source line."""
    return [(tuple(share for _, share in row.shares), row.symbol, row.source) for row in line.rows]
