"""Reads the table of findings back, by what a person sees: the words of its heads, lines and columns.

It shares nothing with the code that writes it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

VERDICTS = ("no difference shown", "not known", "different", "better", "worse")
_FIGURE = r"(?P<{0}>\S+) \+- (?P<{0}_sd>\S+) \((?P<{0}_n>\d+|\?)\)"
_INTERVAL = r"(?: \[(?P<low>\S+), (?P<high>\S+)\])?"
_CHANGE = r"(?P<change>\S+)(?: %)?" + _INTERVAL
_ALIGNED = re.compile(rf" +{_FIGURE.format('base')} +{_FIGURE.format('patched')} +{_CHANGE}")
_STACKED = tuple(
    re.compile(rf"    {name} +{cell}")
    for name, cell in (
        ("base", _FIGURE.format("base")),
        ("patched", _FIGURE.format("patched")),
        ("change", r"(?P<change>\S+)(?: %)?"),
    )
)
_ENDS = re.compile(r"    interval +\[(?P<low>\S+), (?P<high>\S+)\]")
_KERNEL = re.compile(rf"    (?P<name>.*?) +{_FIGURE.format('mean')}")
_PLACE_COUNTS = r"(?: +(?:\d+/\d+|\?)){%d}"
_AMOUNT = re.compile(rf"(?P<amount>\S+){_INTERVAL} +(?P<share>\S+)(?: %)?(?: +(?P<verdict>[a-z ]+))?")
# How much of the unit that a tool gave one of these is.
_SIZES = {
    **{"ns": Fraction(1, 10**9), "us": Fraction(1, 10**6), "ms": Fraction(1, 1000), "s": Fraction(1)},
    **{"B": Fraction(1), "KiB": Fraction(2**10), "MiB": Fraction(2**20), "GiB": Fraction(2**30)},
    **{"TiB": Fraction(2**40), "Hz": Fraction(1), "kHz": Fraction(10**3), "MHz": Fraction(10**6)},
    **{"GHz": Fraction(10**9)},
}


def number(text: str) -> Fraction | None:
    """A written number, exactly; None for a question mark."""
    return None if text == "?" else Fraction(text.replace(",", ""))


def factor(unit: str, of: str) -> Fraction:
    """How many of a metric's own unit `of` one of the written unit is."""
    power = re.fullmatch(r"10\^(-?\d+)(?: (.*))?", unit)
    if power:
        return Fraction(10) ** int(power[1]) * factor(power[2] or "", of)
    if unit == of:
        return Fraction(1)
    rate, whole = unit.removesuffix("/s"), of.removesuffix("/s")
    return _SIZES[rate] / _SIZES[whole]


@dataclass(frozen=True)
class Row:
    """A metric as it stands in the table: `numbers` by name, None for `?`, in the unit that is written."""

    title: str
    unit: str
    verdict: str
    numbers: dict[str, Fraction | None]


@dataclass
class Table:
    """All that the table says."""

    rows: list[Row] = field(default_factory=list)
    hitm: list[list[tuple[int, int] | None]] = field(default_factory=list)
    attributions: list[tuple[str, list[Row], list[Row]]] = field(default_factory=list)
    not_known: str = ""


def parse_table(text: str) -> Table:
    """Read a table of findings; an AssertionError says which line is none of it."""
    table = Table()
    paragraphs = [paragraph.split("\n") for paragraph in text.split("\n\n")]
    for position, lines in enumerate(paragraphs):
        if lines[0].startswith("  metric [unit] "):
            table.rows += _rows(lines[3:])
        elif _is_of_places(lines):
            _add_places(table, lines)
        elif lines[0].startswith("  What each topic contributes, added last, to"):
            lead, kernels = _kernels(lines)
            below = paragraphs[position + 1] if position + 1 < len(paragraphs) else [""]
            parts = _contributions(below) if below[0].startswith("  topic ") else []
            table.attributions.append((_unit(lead), kernels, parts))
        elif lines[0].startswith("  Not known: "):
            table.not_known = " ".join(line.strip() for line in lines)
    return table


def _unit(title: str) -> str:
    found = re.search(r"\[([^\[\]]*)\]$", title)
    return found[1] if found else ""


def _numbers(found: re.Match[str]) -> dict[str, Fraction | None]:
    return {name: number(text) for name, text in found.groupdict().items() if text is not None and name != "name"}


def _rows(lines: list[str]) -> Iterator[Row]:
    rest = deque(lines)
    while rest:
        title = rest.popleft()
        verdict = next(word for word in VERDICTS if title.endswith(f"  {word}"))
        name = title.removesuffix(verdict).strip()
        figures = rest.popleft()
        aligned = _ALIGNED.fullmatch(figures)
        if aligned:
            yield Row(name, _unit(name), verdict, _numbers(aligned))
            continue
        numbers: dict[str, Fraction | None] = {}
        for pattern, line in zip(_STACKED, (figures, rest.popleft(), rest.popleft()), strict=True):
            found = pattern.fullmatch(line)
            assert found, line
            numbers |= _numbers(found)
        ends = _ENDS.fullmatch(rest[0]) if rest else None
        if ends:
            numbers |= _numbers(ends)
            rest.popleft()
        yield Row(name, _unit(name), verdict, numbers)


def _is_of_places(lines: list[str]) -> bool:
    return any(re.fullmatch(r"  =+", line) for line in lines) and any(
        re.match(r"  total( +(\d+/\d+|\?))+$", line) for line in lines
    )


def _add_places(table: Table, lines: list[str]) -> None:
    rows = [line for line in lines[lines.index("  " + "=" * 70) + 1 :] if not line.startswith("  ==")]
    count = len(re.findall(r"\d+/\d+|\?", rows[0]))
    counts = [line for line in rows if re.search(_PLACE_COUNTS % count + "$", line)]
    table.hitm = table.hitm or [[] for _ in counts]
    for known, line in zip(table.hitm, counts, strict=True):
        for cell in line.split()[-count:]:
            known.append(None if cell == "?" else tuple(map(int, cell.split("/"))))  # type: ignore[arg-type]


def _kernels(lines: list[str]) -> tuple[str, list[Row]]:
    first = next(index for index, line in enumerate(lines) if line.startswith("    base "))
    rows = []
    for line in lines[first:]:
        found = _KERNEL.fullmatch(line)
        assert found, line
        rows.append(Row(found["name"], "", "", _numbers(found)))
    return " ".join(line.strip() for line in lines[:first]), rows


def _contributions(lines: list[str]) -> Iterator[Row] | list[Row]:
    if "share of the change" in lines[1]:
        return list(_stacked_contributions(lines[3:]))
    return [_contribution(line) for line in lines[2:]]


def _contribution(line: str) -> Row:
    # The numbers stand at the right; the topic's name, whatever it looks like, ends before two blanks.
    for start in (found.end() for found in re.finditer(r"  +", line[2:])):
        found = _AMOUNT.fullmatch(line[2 + start :])
        if found:
            numbers = {name: number(found[name]) for name in ("amount", "low", "high", "share") if found[name]}
            return Row(line[: 2 + start].strip(), "", (found["verdict"] or "").strip(), numbers)
    raise AssertionError(line)


def _stacked_contributions(lines: list[str]) -> Iterator[Row]:
    row: dict[str, Fraction | None] = {}
    title = ""
    for line in lines:
        found = re.fullmatch(r"    (amount|interval|share|everything else|its share)  +(.*)", line)
        if not found:
            title, row = line, {}
            continue
        cell = found[2].removesuffix(" %")
        if found[1] == "interval":
            low, high = cell.strip("[]").split(", ")
            row |= {"low": number(low), "high": number(high)}
        elif found[1] in ("amount", "share"):
            row[found[1]] = number(cell)
        elif found[1] == "everything else":
            verdict = next(word for word in VERDICTS if title.endswith(f"  {word}"))
            yield Row(title.removesuffix(verdict).strip(), "", verdict, row)
            row = {"amount": number(cell)}
        else:
            yield Row("everything else", "", "", {**row, "share": number(cell)})
