"""The letter over several series of one conversion, a tree each: rendered from their records; pure.

Unlike a series' own cover letter it is kept nowhere: no branch is its place, and all that it says is in the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from credseries.errors import UsageError
from credseries.mail.cover import Cover, fill
from credseries.mail.facts import (
    FORM_TITLES,
    accepted_moves,
    bullets,
    cells,
    columns,
    converted,
    effect,
    form_counts,
    needed,
    numbers,
    proof,
    refusals,
    refused_intro,
)
from credseries.mail.text import one_line, prose
from credseries.series.group import Words
from credseries.series.model import SeriesRecord, SiteRecord
from credseries.words import many

TEMPLATE = "umbrella.txt.j2"
_NO_WORDS = Words()
_PARTS = "This is one conversion in {series}, one for each tree that it goes through; they follow as replies."


@dataclass(frozen=True)
class UmbrellaFacts:
    """The blocks of the letter; an empty one has nothing to say."""

    title: str
    summary: str
    effect: str
    forms_table: str
    refused_intro: str
    refusals: str
    proof: str
    moved: str
    assumptions: str
    merge_plan: str
    numbers: str
    note: str
    base: str


def title_of(records: Sequence[SeriesRecord]) -> str:
    """What several series are called together: their title without the name of the tree."""
    first = records[0]
    return first.title.removesuffix(f" ({first.thread.tree})") if first.thread is not None else first.title


def umbrella_facts(records: Sequence[SeriesRecord], words: Words) -> UmbrellaFacts:
    """The blocks for these series, which are in an order in which they can be merged."""
    sites = _by_place(site for record in records for site in converted(record))
    places = {(site.file, site.line) for site in sites}
    refused = [
        site
        for site in _by_place(chain.from_iterable(record.refused for record in records))
        if (site.file, site.line) not in places
    ]
    moved = accepted_moves(sites)
    bases = {(record.base_version, record.base) for record in records}
    version, base = next(iter(bases))
    gained = effect(records, len(sites), len(refused))
    return UmbrellaFacts(
        title=one_line(title_of(records)),
        summary=prose(records[0].summary),
        effect=prose(f"{_PARTS.format(series=many(len(records), 'series', 'series'))} {gained}"),
        forms_table=_forms_table(records, sites),
        refused_intro=prose(refused_intro(len(refused))),
        refusals=refusals(refused),
        proof=proof(moved),
        moved=moved,
        assumptions=bullets(dict.fromkeys(text for record in records for text in record.assumptions)),
        merge_plan="\n".join(_step(number, record, records) for number, record in enumerate(records, 1)),
        numbers=numbers(words.measured, words.numbers),
        note=prose(words.note),
        base=f"All are based on Linux {one_line(version)}, commit {base[:12]}."
        if len(bases) == 1
        else "Each is based on the commit that the merge plan names.",
    )


def _by_place(sites: Iterable[SiteRecord]) -> list[SiteRecord]:
    """Each place once, as the last of these has it: two trees can have a step each of one site's conversion."""
    last = {(site.file, site.line): site for site in sites}
    return [last[place] for place in sorted(last)]


def _forms_table(records: Sequence[SeriesRecord], sites: Sequence[SiteRecord]) -> str:
    rows = [["tree", "patches", *FORM_TITLES, "sites"]]
    for record in records:
        tree = record.thread.tree if record.thread is not None else record.branch
        rows.append([one_line(tree), *cells([len(record.patches), *form_counts(converted(record))])])
    if len(records) > 1:
        total = [sum(len(record.patches) for record in records), *form_counts(sites)]
        rows.append(["total", *cells(total)])
    return columns(rows)


def _step(number: int, record: SeriesRecord, records: Sequence[SeriesRecord]) -> str:
    """A series in the merge plan: where it goes, what it is based on, what it waits for, what its topics say."""
    thread = record.thread
    tree = one_line(thread.tree) if thread is not None else ""
    head = f"{tree}: {one_line(record.title)}"
    based = f"{many(len(record.patches), 'patch', 'patches')} on Linux {one_line(record.base_version)}, "
    based += f"commit {record.base[:12]}"
    needs = [needed(item) for item in thread.needs] if thread is not None else []
    waits = f"needs {' and '.join(needs)} applied first" if needs else "needs nothing of the others"
    # A maintainer's question is also what need not wait.
    free = _free(record, records[: number - 1])
    if free and needs:
        waits += f", and nothing of {' or '.join(free)}"
    notes = [f"{topic.name}: {one_line(topic.note).rstrip('.')}." for topic in record.topics if topic.note]
    return prose(" ".join([f"{head}.", f"{based}; {waits}.", *notes]), f"  {number}. ", "     ")


def _free(record: SeriesRecord, earlier: Sequence[SeriesRecord]) -> list[str]:
    """The trees of earlier series that a series does not need."""
    needs = {item.tree for item in record.thread.needs} if record.thread is not None else set()
    return [other.thread.tree for other in earlier if other.thread is not None and other.thread.tree not in needs]


def render_umbrella(records: Sequence[SeriesRecord], words: Words = _NO_WORDS) -> Cover:
    """The letter over series of one conversion, wrapped at 72 columns; `words` are its author's."""
    if any(record.thread is None for record in records):
        raise UsageError("these series have no umbrella", hint="`credseries split --threads tree` makes such series")
    return fill(TEMPLATE, umbrella_facts(records, words))
