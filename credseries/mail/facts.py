"""What a cover letter says of a series, as text ready to print: the blocks that its template puts in order.

Every block is wrapped or indented here: a template is layout only, and no fact can produce a line that b4
reads as a mark of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from credseries.mail.text import one_line, prose, verbatim
from credseries.series.compare import sites_of
from credseries.series.model import Measured, Needed, PatchRecord, SeriesRecord, SiteRecord, Thread, TopicRecord
from credseries.series.told import PatchReview
from credseries.words import many, numbered

_FORM_COLUMNS = (("guard", "guard"), ("scoped_guard", "scoped"), ("light", "light"))
FORM_TITLES = tuple(title for title, _ in _FORM_COLUMNS)
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
    reviews: str
    threads: str
    needs: str
    merge_plan: str
    numbers: str
    note: str
    base: str


def cover_facts(series: SeriesRecord) -> CoverFacts:
    """The blocks for this series."""
    sites = converted(series)
    moved = accepted_moves(sites)
    return CoverFacts(
        title=one_line(series.title),
        summary=prose(series.summary),
        effect=prose(effect([series], len(sites), len(series.refused))),
        forms_table=_forms_table(series),
        refused_intro=prose(refused_intro(len(series.refused))),
        refusals=refusals(series.refused),
        proof=proof(moved),
        moved=moved,
        assumptions=bullets(series.assumptions),
        reviews=_reviews(series.told.reviews),
        threads=_threads(series.thread),
        needs=_needs(series.thread),
        merge_plan=_merge_plan(series),
        numbers=numbers(series.measured, series.numbers),
        note=prose(series.note),
        # One line and not wrapped: the last paragraph must not start a line with anything like a trailer.
        base=f"Based on Linux {one_line(series.base_version)}, commit {series.base[:12]}.",
    )


def numbers(measured: Measured, given: str) -> str:
    """What benchmark records say, and the author's own numbers below it; both as they are."""
    return "\n\n".join(block for block in (verbatim(measured.text), verbatim(given)) if block)


_PROOF = (
    "Every conversion was proven, function by function, by running the original and the rewritten function side by "
    "side over every path: {calls} under the same credentials as before, every exit leaves the same credentials in "
    "force, a light override is ended by a light revert, no jump enters a guard's scope past the guard, and no "
    "saved credentials are read that are no longer saved."
)


def proof(moved: str) -> str:
    """What was proven, but for calls that moved because somebody allowed it."""
    return prose(_PROOF.format(calls="each call but those below runs" if moved else "each call runs"))


def converted(series: SeriesRecord) -> list[SiteRecord]:
    """The sites that a series converts, by place, each once and as the last of its patches leaves it."""
    return [site for sites in sites_of(series).values() for site in sites if site.form != "refused"]


def effect(records: Sequence[SeriesRecord], number: int, refused: int) -> str:
    """What one series or several convert, and what a converted site gains."""
    counting = {record.counts_references for record in records}
    if counting == {True}:
        gain = (
            "override_creds() and revert_creds() take and drop a reference on every call in this tree; "
            "a converted site leaves the reference count, and its cache line, alone."
        )
    elif counting == {False}:
        gain = "override_creds() takes no reference in this tree; with a guard no path can miss the revert."
    else:
        gain = (
            "Where override_creds() takes a reference, a converted site leaves the reference count, and its cache "
            "line, alone; elsewhere a guard sees to it that no path can miss the revert."
        )
    who, covers = ("The series converts", "it covers") if len(records) == 1 else ("Together they convert", "they cover")
    sites = f"{number} of {many(number + refused, 'site')}"
    return f"{who} {sites} that override credentials in the files {covers}. {gain}"


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


def columns(rows: Sequence[Sequence[str]]) -> str:
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
    rows = [["topic", "patches", *FORM_TITLES, "sites"]]
    counts = []
    for topic, patches in _topics(series):
        last = {(site.file, site.line): site for patch in patches for site in patch.sites}
        counts.append([len(patches), *form_counts(last.values())])
        rows.append([one_line(topic.name), *cells(counts[-1])])
    if len(counts) == 1:
        return columns(rows)
    total = [len(series.patches), *form_counts(converted(series))]
    rows.append(["total", *cells(total)])
    twice = total != [sum(column) for column in zip(*counts, strict=True)]
    note = "A site that two topics convert counts once in the total, in the form that it has in the end."
    return columns(rows) + (f"\n\n{prose(note)}" if twice else "")


def form_counts(sites: Iterable[SiteRecord]) -> list[int]:
    """How many sites have each form, and how many there are."""
    forms = [site.form for site in sites]
    numbers = [forms.count(form) for _, form in _FORM_COLUMNS]
    return [*numbers, sum(numbers)]


def cells(numbers: Iterable[int]) -> list[str]:
    """Numbers as a table shows them."""
    return [str(number) if number else "-" for number in numbers]


def refused_intro(number: int) -> str:
    """The line before the refused sites."""
    stay = "site stays as it is, because its conversion"
    if number != 1:
        stay = "sites stay as they are, because their conversion"
    return f"{number} {stay} could not be proven:"


def refusals(refused: Iterable[SiteRecord]) -> str:
    """The refused sites by reason."""
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


def accepted_moves(sites: Iterable[SiteRecord]) -> str:
    """Calls that moved into a scope all the same: only an explicit permission lets a guard do that."""
    lines = [
        prose(f"{_place(site.file, line, site.function)}: {one_line(call)}", "  ", "      ")
        for site in sites
        if site.form == "guard"
        for line, call in site.moved
    ]
    return "\n".join(lines)


def bullets(texts: Iterable[str]) -> str:
    """Sentences as a list."""
    return "\n".join(prose(one_line(text), "  - ", "    ") for text in texts)


# -- reviews

_WAITING = 20  # patches that are named one by one


def _reviews(reviews: Sequence[PatchReview]) -> str:
    """Which patches wait for a review, once some have one and others have not."""
    done = [item for item in reviews if item.reviewed]
    left = [item for item in reviews if not item.reviewed]
    if not done or not left:
        return ""
    have = "has" if len(done) == 1 else "have"
    head = f"{numbered([item.number for item in done]).capitalize()} {have} a Reviewed-by or an Acked-by"
    if len(left) > _WAITING:
        return prose(f"{head}. No review yet: {numbered([item.number for item in left])}.")
    lines = (prose(f"{item.number}: {one_line(item.subject)}", "  ", "     ") for item in left)
    return prose(f"{head}. No review yet:") + "\n\n" + "\n".join(lines)


# -- one of several series


def _threads(thread: Thread | None) -> str:
    """What else belongs to the conversion, in an order in which it can be merged."""
    if thread is None or len(thread.trees) < 2:
        return ""
    intro = (
        f"This is one of {len(thread.trees)} series of one conversion, a tree each; it goes through the "
        f"{one_line(thread.tree)} tree. They can be merged in this order:"
    )
    titles = dict(zip(thread.trees, thread.titles, strict=False))
    lines = []
    for number, tree in enumerate(thread.trees, 1):
        title = f": {one_line(titles[tree])}" if tree in titles else ""
        mine = " (this series)" if tree == thread.tree else ""
        lines.append(prose(f"{one_line(tree)}{title}{mine}", f"  {number}. ", "     "))
    return f"{prose(intro)}\n\n" + "\n".join(lines)


def _needs(thread: Thread | None) -> str:
    """What has to be applied before a series, by name."""
    if thread is None or len(thread.trees) < 2:
        return ""
    if not thread.needs:
        return prose("It needs nothing of the others.")
    blocks = []
    for number, item in enumerate(thread.needs):
        what = f"{'It needs' if number == 0 else 'and'} {needed(item)} applied first:"
        blocks.append(prose(what) + "\n\n" + "\n".join(prose(text, "  ", "      ") for text in item.subjects))
    return "\n\n".join(blocks)


def needed(item: Needed) -> str:
    """What is needed of another series, in words."""
    number, of = len(item.keys), f"of the {one_line(item.tree)} series"
    if item.whole:
        return f"all {number} patches {of}" if number > 1 else f"the patch {of}"
    return f"{number} of the patches {of}" if number > 1 else f"one of the patches {of}"


# -- merge plan


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
    before = _closure(topic, earlier)
    free = [other.name for other in earlier if other.name not in before]
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
