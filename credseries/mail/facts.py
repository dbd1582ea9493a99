"""What a cover letter says of a series, as text ready to print: the blocks that its template puts in order.

Every block is wrapped or indented here: a template is layout only, and no fact can produce a line that b4
reads as a mark of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from credseries.mail.text import one_line, prose, verbatim
from credseries.series.model import PatchRecord, SeriesRecord, SiteRecord, TopicRecord

_FORM_COLUMNS = (("guard", "guard"), ("scoped_guard", "scoped"), ("light", "light"))
_REASON_CHARACTERS = 240


@dataclass(frozen=True)
class CoverFacts:
    """The blocks of a cover letter; an empty one has nothing to say."""

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


def cover_facts(series: SeriesRecord) -> CoverFacts:
    """The blocks for this series."""
    moved = _accepted_moves(series)
    return CoverFacts(
        title=one_line(series.title),
        summary=prose(series.summary),
        effect=prose(_effect(series)),
        forms_table=_forms_table(series),
        refused_intro=prose(_refused_intro(series)),
        refusals=_refusals(series.refused),
        proof=prose(_PROOF.format(calls="each call but those below runs" if moved else "each call runs")),
        moved=moved,
        assumptions=_bullets(series.assumptions),
        merge_plan=_merge_plan(series),
        numbers=verbatim(series.numbers),
        note=prose(series.note),
        # One line and not wrapped: the last paragraph must not start a line with anything like a trailer.
        base=f"Based on Linux {one_line(series.base_version)}, commit {series.base[:12]}.",
    )


_PROOF = (
    "Every conversion was proven, function by function, by running the original and the rewritten function side by "
    "side over every path: {calls} under the same credentials as before, every exit leaves the same credentials in "
    "force, a light override is ended by a light revert, no jump enters a guard's scope past the guard, and no "
    "saved credentials are read that are no longer saved."
)


def _sites(series: SeriesRecord) -> list[SiteRecord]:
    return [site for patch in series.patches for site in patch.sites if site.form != "refused"]


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _effect(series: SeriesRecord) -> str:
    converted = len(_sites(series))
    total = converted + len(series.refused)
    counted = (
        "override_creds() and revert_creds() take and drop a reference on every call in this tree; "
        "a converted site leaves the reference count, and its cache line, alone."
        if series.counts_references
        else "override_creds() takes no reference in this tree; with a guard no path can miss the revert."
    )
    sites = f"{converted} of {_many(total, 'site')}"
    return f"The series converts {sites} that override credentials in the files it covers. {counted}"


def _topics(series: SeriesRecord) -> list[tuple[TopicRecord, list[PatchRecord]]]:
    """The topics that have patches, in the order of the series."""
    by_name: dict[str, list[PatchRecord]] = {}
    for patch in series.patches:
        by_name.setdefault(patch.topic, []).append(patch)
    known = {topic.name: topic for topic in series.topics}
    return [
        (known.get(name, TopicRecord(name, name, patches[0].tree, (), "")), patches)
        for name, patches in by_name.items()
    ]


def _columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as an indented table with a rule below the head; numbers are aligned right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    ruled = [rows[0], ["=" * width for width in widths], *rows[1:]]
    lines = (
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in ruled
    )
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _forms_table(series: SeriesRecord) -> str:
    rows = [["topic", "patches", *(title for title, _ in _FORM_COLUMNS), "sites"]]
    counts = []
    for topic, patches in _topics(series):
        forms = [sum(patch.count(form) for patch in patches) for _, form in _FORM_COLUMNS]
        counts.append([len(patches), *forms, sum(forms)])
        rows.append([one_line(topic.name), *_cells(counts[-1])])
    if len(counts) > 1:
        rows.append(["total", *_cells([sum(column) for column in zip(*counts, strict=True)])])
    return _columns(rows)


def _cells(numbers: Iterable[int]) -> list[str]:
    return [str(number) if number else "-" for number in numbers]


def _refused_intro(series: SeriesRecord) -> str:
    stay = (
        "site stays as it is, because its conversion"
        if len(series.refused) == 1
        else ("sites stay as they are, because their conversion")
    )
    return f"{len(series.refused)} {stay} could not be proven:"


def _refusals(refused: Iterable[SiteRecord]) -> str:
    groups: dict[str, list[SiteRecord]] = {}
    for site in refused:
        groups.setdefault(_short(site.reason), []).append(site)
    blocks = []
    for reason, sites in groups.items():
        places = "\n".join(f"    {_place(site.file, site.line, site.function)}" for site in sites)
        blocks.append(f"{prose(reason, '  ')}\n{places}")
    return "\n\n".join(blocks)


def _place(file: str, line: int, function: str) -> str:
    return f"{one_line(file)}:{line} {one_line(function)}()"


def _short(reason: str) -> str:
    text = one_line(reason) or "no reason recorded"
    if len(text) <= _REASON_CHARACTERS:
        return text
    return text[:_REASON_CHARACTERS].rsplit(" ", 1)[0] + " ..."


def _accepted_moves(series: SeriesRecord) -> str:
    """Calls that moved into a scope all the same: only an explicit permission lets a guard do that."""
    lines = [
        prose(f"{_place(site.file, line, site.function)}: {one_line(call)}", "  ", "      ")
        for site in _sites(series)
        if site.form == "guard"
        for line, call in site.moved
    ]
    return "\n".join(lines)


def _bullets(texts: Iterable[str]) -> str:
    return "\n".join(prose(one_line(text), "  - ", "    ") for text in texts)


def _merge_plan(series: SeriesRecord) -> str:
    topics = _topics(series)
    steps = [
        prose(_step(topic, patches, [earlier for earlier, _ in topics[:number]]), f"  {number + 1}. ", "     ")
        for number, (topic, patches) in enumerate(topics)
    ]
    return "\n".join(steps)


def _step(topic: TopicRecord, patches: Sequence[PatchRecord], earlier: Sequence[TopicRecord]) -> str:
    title = "" if topic.title == topic.name else f": {topic.title}"
    clauses = [f"{topic.name}{title} ({_range(patches)})", f"through the {topic.tree} tree"]
    if topic.after:
        clauses.append(f"needs {' and '.join(topic.after)}")
    # A reviewer's question is also what need not wait.
    needed = _closure(topic, earlier)
    free = [other.name for other in earlier if other.name not in needed]
    if free and earlier:
        clauses.append(f"does not need {' or '.join(free)}")
    note = one_line(topic.note).rstrip(".")
    sentence = "; ".join(one_line(clause) for clause in clauses) + "."
    return f"{sentence} {note[:1].upper()}{note[1:]}." if note else sentence


def _closure(topic: TopicRecord, earlier: Sequence[TopicRecord]) -> set[str]:
    known = {other.name: other for other in earlier}
    needed: set[str] = set()
    pending = list(topic.after)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += known[name].after if name in known else ()
    return needed


def _range(patches: Sequence[PatchRecord]) -> str:
    numbers = [patch.index for patch in patches]
    if len(numbers) == 1:
        return f"patch {numbers[0]}"
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"patches {numbers[0]}-{numbers[-1]}"
    return "patches " + ", ".join(str(number) for number in numbers)
