"""Reads what benchmarks print: the format is found out by what is in a file, or said by a person, and never guessed.

Each format has a module with `matches(text)`, and `read(text, name)` or, where it compares two kernels,
`sides(text, name)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from credseries.bench.model import Reading
from credseries.bench.readers import c2c, fio, hyperfine, lkp, ministat, plain, stress_ng, will_it_scale
from credseries.bench.readers.perf_stat import csv as perf_stat_csv
from credseries.bench.readers.perf_stat import json as perf_stat_json
from credseries.bench.readers.perf_stat import text as perf_stat_text
from credseries.bench.unreadable import unreadable
from credseries.errors import UsageError

SIDES = ("base", "patched")
# What files begin with that are no text, by what to do about each.
_BINARY = (
    (b"PERFILE2", "data of perf record", "what `perf c2c report --stdio > FILE` makes of it"),
    (b"\x1f\x8b", "compressed (gzip)", "the text in it: gunzip it first"),
    (b"\xfd7zXZ\0", "compressed (xz)", "the text in it: unxz it first"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "the text in it: unzstd it first"),
    (b"BZh", "compressed (bzip2)", "the text in it: bunzip2 it first"),
)


class Format(Protocol):
    """A way in which benchmarks print."""

    @property
    def matches(self) -> Callable[[str], bool]:
        """Whether a text looks like it, damaged or not."""

    def read(self, text: str, name: str, side: str | None, runs: int | None) -> Reading:
        """What a text says; raises UsageError, with the line, when it is damaged or a side does not fit."""


@dataclass(frozen=True)
class OneKernel:
    """A format whose files are of one kernel each."""

    matches: Callable[[str], bool]
    whole: Callable[[str, str], Reading]

    def read(self, text: str, name: str, side: str | None, runs: int | None) -> Reading:  # noqa: ARG002
        """What a text says; it knows its number of runs itself, or has no use for it."""
        _without_side(name, side)
        return self.whole(text, name)


@dataclass(frozen=True)
class WithoutRuns:
    """A format whose files are of one kernel each and do not say how many runs are behind their means."""

    matches: Callable[[str], bool]
    whole: Callable[[str, str, int | None], Reading]

    def read(self, text: str, name: str, side: str | None, runs: int | None) -> Reading:
        """What a text says, with the number of runs, if somebody knows it."""
        _without_side(name, side)
        return self.whole(text, name, runs)


@dataclass(frozen=True)
class TwoKernels:
    """A format whose files compare two kernels, of which a record is one."""

    matches: Callable[[str], bool]
    sides: Callable[[str, str], tuple[Reading, Reading]]

    def read(self, text: str, name: str, side: str | None, runs: int | None) -> Reading:  # noqa: ARG002
        """What a text says of one of them."""
        if side is None:
            raise UsageError(
                f"{name} compares two kernels", hint="say which one to read: --side base or --side patched"
            )
        return self.sides(text, name)[SIDES.index(side)]


# By the name that a person gives to --format, in the order of help texts.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "perf-c2c": OneKernel(c2c.matches, c2c.read),
        "perf-stat": OneKernel(perf_stat_text.matches, perf_stat_text.read),
        "perf-stat-csv": WithoutRuns(perf_stat_csv.matches, perf_stat_csv.read),
        "perf-stat-json": WithoutRuns(perf_stat_json.matches, perf_stat_json.read),
        "fio": OneKernel(fio.matches, fio.read),
        "hyperfine": OneKernel(hyperfine.matches, hyperfine.read),
        "will-it-scale": OneKernel(will_it_scale.matches, will_it_scale.read),
        "stress-ng": OneKernel(stress_ng.matches, stress_ng.read),
        "lkp": TwoKernels(lkp.matches, lkp.sides),
        "ministat": TwoKernels(ministat.matches, ministat.sides),
        "csv": OneKernel(plain.matches, plain.read),
    }
)


def read(
    data: bytes, name: str, format: str | None = None, side: str | None = None, runs: int | None = None
) -> tuple[str, Reading]:
    """The format of a file, a name of `FORMATS`, and what it says; `name` is how errors call the file.

    `side` is base or patched, for a file that compares both. `runs` is how many runs are behind the means of a file
    that does not say it, like the CSV of perf stat: only with it the deviation of single runs is known. Raises
    UsageError for what is no text, for a format that is unknown or could be several, and for what is damaged.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", hint=f"known formats: {', '.join(FORMATS)}")
    if side is not None and side not in SIDES:
        raise UsageError(f"{side!r} is no side of a comparison", hint="say base or patched")
    text = _text(data, name)
    found = format or _detected(text, name)
    return found, FORMATS[found].read(text, name, side, runs)


def _text(data: bytes, name: str) -> str:
    """The text of a file, with line ends of one kind."""
    for magic, what, expected in _BINARY:
        if data.startswith(magic):
            raise unreadable(name, 0, f"this is {what}, not text", expected)
    if not data.strip():
        raise unreadable(name, 0, "there is nothing in it", "what a benchmark printed (perf stat prints to stderr)")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise unreadable(name, line, "a byte 0: this is binary data, or UTF-16", "text in UTF-8")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{error.object[error.start]:02x} is no UTF-8"
        raise unreadable(name, line, byte, "text in UTF-8: `iconv -f ISO-8859-1 -t UTF-8`, if it is that") from error


def _detected(text: str, name: str) -> str:
    found = [format for format, reader in FORMATS.items() if reader.matches(text)]
    if not found:
        raise UsageError(
            f"{name}: no format that is known",
            hint=f"known formats: {', '.join(FORMATS)}; --format NAME says what is wrong with it as one of them",
        )
    if len(found) > 1:
        raise UsageError(
            f"{name} may be {', '.join(found[:-1])} or {found[-1]}",
            hint="--format NAME decides, or a file for each",
        )
    return found[0]


def _without_side(name: str, side: str | None) -> None:
    if side is not None:
        raise UsageError(f"{name} is of one kernel, and has no side {side}", hint="leave --side out")
