"""Reads `perf c2c report --stdio`: what perf 4.10 to 6.12 write, and what people make of it to fit it into a mail.

There is no machine-readable output of perf c2c. Titles, names of columns, and how tables are drawn are those of
tools/perf/builtin-c2c.c; the forms with squeezed blanks, quote marks and words around are seen on the mailing lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from credseries.bench.model import C2cReport, Reading
from credseries.bench.readers.c2c.layout import begins_header
from credseries.bench.readers.c2c.lines import Text
from credseries.bench.readers.c2c.pareto import Pareto
from credseries.bench.readers.c2c.parts import PARETO, Overview, Statistics, Words, parts, title_of
from credseries.bench.unreadable import unreadable
from credseries.words import many

_EDITED = re.compile(r"\s*\([^()]*\)\s*$")
_LONGEST_NAME = 100


def matches(text: str) -> bool:
    """Whether there is a title or a header of `perf c2c report` anywhere in a text."""
    return any(title_of(line) or begins_header(line) for line in Text.of(text, "").lines)


def read(text: str, name: str) -> Reading:
    """The reports in a text, which may be a mail with words around them; each is named by the words before it.

    Notes say where somebody cut something out. Raises UsageError, with the line, where the text is damaged or
    contradicts itself, and when it has no report.
    """
    source = Text.of(text, name)
    drafts = _drafts(source)
    if not drafts:
        raise unreadable(
            name,
            0,
            "no table and no statistics of perf c2c",
            "the output of `perf c2c report --stdio`, or a mail with its Pareto table",
        )
    return Reading(
        c2c=tuple(_report(draft, name) for draft in drafts),
        notes=tuple(note for draft in drafts for note in _notes(draft, source)),
    )


@dataclass(frozen=True)
class _Draft:
    """A report, as far as its parts have come."""

    words: str
    statistics: tuple[Statistics, ...] = ()
    overview: Overview | None = None
    table: Pareto | None = None

    def takes(self, part: Statistics | Overview | Pareto) -> bool:
        """Whether a part can belong to it: perf writes each block once, and the Pareto table last."""
        if self.table is not None:
            return False
        if isinstance(part, Statistics):
            return self.overview is None and part.title not in {known.title for known in self.statistics}
        return isinstance(part, Pareto) or self.overview is None

    def joined(self, part: Statistics | Overview | Pareto) -> _Draft:
        """It with one part more."""
        if isinstance(part, Statistics):
            return _Draft(self.words, (*self.statistics, part), self.overview, self.table)
        if isinstance(part, Overview):
            return _Draft(self.words, self.statistics, part, self.table)
        return _Draft(self.words, self.statistics, self.overview, part)


def _drafts(text: Text) -> list[_Draft]:
    """Parts put together to reports: a new one begins after words, and with a part that the last one has."""
    drafts: list[_Draft] = []
    words: list[str] = []
    for part in parts(text):
        if isinstance(part, Words):
            words = [part.text] if part.first else [*words, part.text]
            continue
        if not drafts or words or not drafts[-1].takes(part):
            drafts.append(_Draft(_title(words)))
            words = []
        drafts[-1] = drafts[-1].joined(part)
    for draft in drafts:
        _check_whole(draft, text)
    return drafts


def _check_whole(draft: _Draft, text: Text) -> None:
    """Raise UsageError if the overview lists cache lines and the Pareto table has none of them."""
    overview, table = draft.overview, draft.table
    if overview is not None and (table is None or (overview.lines and not table.lines)):
        raise text.error(overview.index, "no Pareto table belongs to this overview", f"the block {PARETO!r} below it")


def _notes(draft: _Draft, text: Text) -> Iterator[str]:
    """What somebody has cut out of a report."""
    if draft.table is None:
        return
    for cut in draft.table.cuts:
        yield f"{cut}: something was cut out of the report here"
    if draft.overview is not None and draft.overview.lines > len(draft.table.lines):
        place = f"{text.name}:{text[draft.overview.index].number}"
        listed = many(draft.overview.lines, "cache line")
        yield f"{place}: the overview lists {listed}, the table of their rows has {len(draft.table.lines)}"


def _title(words: Sequence[str]) -> str:
    """A paragraph on one line, without a note in parentheses and a colon at its end, and not too long."""
    said = _EDITED.sub("", " ".join(" ".join(words).split()).rstrip(" :")).rstrip(" :")
    return said if len(said) <= _LONGEST_NAME else ".. " + said[-_LONGEST_NAME:].partition(" ")[2]


def _report(draft: _Draft, name: str) -> C2cReport:
    statistics = ((block.title, key, value) for block in draft.statistics for key, value in block.values)
    table = draft.table or Pareto((), (), False, (), 0)
    return C2cReport(
        columns=table.columns,
        lines=table.lines,
        statistics=tuple(statistics),
        peer=table.peer,
        name=f"{name}: {draft.words}" if draft.words else name,
    )
