"""The columns of a table of perf c2c: which there are, what they are called, and where they stand.

perf prints two header lines (groups of columns, then names) and a line of dots below them, which gives the columns
their edges. In mails the blanks between columns are often squeezed to one: then only the names and their order count.
The names are those of the versions 4.10 to 6.12 of perf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from credseries.bench.readers.c2c.lines import Line, Text

DOTS = re.compile(r"[#\s]*\.{3,}(?:\s+\.{3,}){2,}\s*")
_HEADER = re.compile(
    r"[-=]+ (?:HITM|Peer Snoop|Store Refs) [-=]+|\bRmtHitm\s+LclHitm\b|\bLclHitm\s+RmtHitm\b|\bNum\s+Rmt\s+Lcl\b"
)
_GROUP = re.compile(r"[-=]+ (\S+(?: \S+)*?) [-=]+(?!\S)|(\S+)")
_DECORATED = re.compile(r"[-=]+ \S+(?: \S+)*? [-=]+(?!\S)")

# What is no count: everything right of the counts. A column without one of these names, between the number and the
# first of them, holds counts in summary rows and percentages in the others.
SYMBOL, OBJECT, SOURCE, OFFSET, NODE = "Symbol", "Object", "Source:Line", "Offset", "Node"
_DESCRIBING = frozenset(
    {
        *(SYMBOL, OBJECT, "Shared Object", SOURCE, OFFSET, "Off", NODE, "PA cnt", "Pid", "Tid", "Code address"),
        *("rmt hitm", "lcl hitm", "rmt peer", "lcl peer", "load", "peer", "records", "cnt"),
    }
)
NUMBER, _INDEX = "Num", "Index"
# Which groups a name can be in, for headers whose places say nothing.
_MEMBERS: dict[str, frozenset[str]] = {
    "HITM": frozenset({"RmtHitm", "LclHitm", "Rmt", "Lcl"}),
    "Peer Snoop": frozenset({"Rmt", "Lcl"}),
    "Store Refs": frozenset({"L1 Hit", "L1 Miss", "L1Hit", "L1Miss", "N/A", "Any Lvl"}),
    "Snoop": frozenset({"Peer"}),
}
_NAMES_WITH_BLANKS = frozenset(name for names in (_DESCRIBING, *_MEMBERS.values()) for name in names if " " in name) - {
    "Shared Object"
}
_REMOTE = ("HITM RmtHitm", "HITM Rmt", "RmtHitm", "Peer Snoop Rmt")
_LOCAL = ("HITM LclHitm", "HITM Lcl", "LclHitm", "Peer Snoop Lcl")


@dataclass(frozen=True)
class Column:
    """A column, with the places (from 0, the end exclusive) of its dots."""

    group: str
    name: str
    start: int
    end: int

    @property
    def title(self) -> str:
        """Group and name, which is what tells it from the others."""
        return f"{self.group} {self.name}".strip()


@dataclass(frozen=True)
class Layout:
    """The columns of a table. `collapsed` says that their places mean nothing, for blanks were squeezed."""

    columns: tuple[Column, ...]
    collapsed: bool

    @property
    def numbered(self) -> bool:
        """Whether cache lines have a number."""
        return self.columns[0].name == NUMBER

    @property
    def counts(self) -> tuple[Column, ...]:
        """The columns that hold loads and stores."""
        found = []
        for column in self.columns[1:] if self.numbered else self.columns:
            if column.name in _DESCRIBING or column.name.startswith("Node{"):
                break
            found.append(column)
        return tuple(found)

    @property
    def describing(self) -> tuple[Column, ...]:
        """The columns right of the counts: where in the line, which code, which processors."""
        return self.columns[int(self.numbered) + len(self.counts) :]

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the counted columns, in order."""
        return tuple(column.title for column in self.counts)

    @property
    def of_cache_lines(self) -> bool:
        """Whether it is the Pareto table, and neither the overview of all lines nor a table of something else."""
        names = [column.name for column in self.columns]
        return _INDEX not in names and (self.numbered or remote_and_local(self.titles) is not None)

    def cells(self, line: Line) -> Iterator[tuple[Column, str]] | None:
        """The words of a line below the columns, by place; None if one of them stands below none."""
        words: list[list[str]] = [[] for _ in self.columns]
        for start, end, word in _words(line.text):
            place = nearest(start, end, self.columns)
            if place is None:
                return None
            words[place].append(word)
        return ((column, " ".join(found)) for column, found in zip(self.columns, words, strict=True))


def remote_and_local(titles: Sequence[str]) -> tuple[str, str] | None:
    """Which counted columns hold the loads that hit a modified line (on Arm: peer) of another node and of the same."""
    remote = [title for title in titles if title in _REMOTE]
    local = [title for title in titles if title in _LOCAL]
    return (remote[0], local[0]) if len(remote) == 1 and len(local) == 1 else None


def group_and_name(title: str) -> tuple[str, str]:
    """A counted column's title as what stands above the name, and the name."""
    group = next((group for group in _MEMBERS if title.startswith(group + " ")), "")
    return group, title.removeprefix(group).strip()


def of_peers(titles: Sequence[str]) -> bool:
    """Whether the table counts accesses that peers answered, as on Arm, in place of HITM."""
    pair = remote_and_local(titles)
    return pair is not None and pair[0].startswith("Peer Snoop")


def nearest(start: int, end: int, columns: Sequence[Column]) -> int | None:
    """The column that a word overlaps most; None if it overlaps none. The last one is open to the right."""
    overlaps = []
    for column in columns:
        stop = max(column.end, end) if column is columns[-1] else column.end
        overlaps.append(min(end, stop) - max(start, column.start))
    best = max(range(len(columns)), key=overlaps.__getitem__)
    return best if overlaps[best] > 0 else None


def begins_header(line: Line) -> bool:
    """Whether a line can only be part of a header of perf c2c."""
    return _HEADER.search(line.text) is not None


def read_layout(text: Text, dots: int) -> Layout:
    """The layout that the header above a line of dots (by its index) gives.

    Raises UsageError when the columns have no names, or not as many as there are columns.
    """
    spans = [(found.start(), found.end()) for found in re.finditer(r"\.+", text[dots].text)]
    collapsed = re.search(r"\.  +\.", text[dots].text) is None
    names_line, groups_line = text.at(dots - 1), text.at(dots - 2)
    if names_line is None or names_line.blank or names_line.rule or names_line.depth != text[dots].depth:
        raise text.error(dots, "no names stand above these columns", "a header line with the name of each column")
    groups = groups_line.uncommented if groups_line is not None and _has_groups(groups_line, names_line) else ""
    if collapsed:
        names = _collapsed_names(names_line.uncommented)
        if len(names) != len(spans):
            raise text.error(
                dots - 1,
                f"{len(names)} names ({', '.join(names)}) stand above {len(spans)} columns",
                "as many names as there are groups of dots below them",
            )
        return Layout(tuple(_grouped(names, spans, groups)), collapsed=True)
    bare = [Column("", "", start, end) for start, end in spans]
    named: list[list[str]] = [[] for _ in bare]
    for start, end, word in _words(names_line.uncommented):
        place = nearest(start, end, bare)
        if place is None:
            raise text.error(dots - 1, f"{word!r} stands above no column", "names above the dots of their columns")
        named[place].append(word)
    if not all(named):
        raise text.error(dots - 1, "a column has no name", f"a name above each of the {len(spans)} groups of dots")
    over = _wide_groups(groups, bare)
    columns = (
        Column(group, " ".join(words), start, end)
        for group, words, (start, end) in zip(over, named, spans, strict=True)
    )
    return Layout(tuple(columns), collapsed=False)


def _words(text: str) -> Iterator[tuple[int, int, str]]:
    return ((found.start(), found.end(), found[0]) for found in re.finditer(r"\S+", text))


def _has_groups(line: Line, names: Line) -> bool:
    commented = line.text.lstrip().startswith("#") and names.text.lstrip().startswith("#")
    return line.depth == names.depth and not line.blank and (commented or _DECORATED.search(line.text) is not None)


def _wide_groups(groups: str, columns: Sequence[Column]) -> list[str]:
    """The group above each column. One with dashes spans several, the others stand above one, maybe in two words."""
    over: list[list[str]] = [[] for _ in columns]
    for found in _GROUP.finditer(groups):
        if found[1] is not None:
            for words, column in zip(over, columns, strict=True):
                if min(found.end(), column.end) > max(found.start(), column.start):
                    words.append(found[1])
        elif (place := nearest(found.start(), found.end(), columns)) is not None:
            over[place].append(found[2])
    return [" ".join(words) for words in over]


def _collapsed_names(header: str) -> list[str]:
    """The names in a header line whose blanks were squeezed: those with a blank inside are known."""
    names: list[str] = []
    words = header.split()
    while words:
        if words[0].startswith("Node{") and "}" in header:
            length = next(count for count, word in enumerate(words, 1) if word.endswith("}") or count == len(words))
        else:
            length = 2 if " ".join(words[:2]) in _NAMES_WITH_BLANKS else 1
        names.append(" ".join(words[:length]))
        words = words[length:]
    return names


def _grouped(names: Sequence[str], spans: Sequence[tuple[int, int]], groups: str) -> Iterator[Column]:
    """Columns with the group that a name can be in, of those that the header has."""
    present = [found[1] or found[2] for found in _GROUP.finditer(groups)]
    for name, (start, end) in zip(names, spans, strict=True):
        group = next((group for group in present if name in _MEMBERS.get(group, ())), "")
        yield Column(group, name, start, end)
