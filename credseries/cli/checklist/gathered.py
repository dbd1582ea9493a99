"""All that is known of a series, put together as the subject of a checklist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from credseries.cli.checklist.code import Code
    from credseries.cli.checklist.source import Source
    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Step
    from credseries.review.checklist.model import Audience, Checklist
    from credseries.review.checklist.subject import PatchSubject, Subject
    from credseries.review.snapshots import Snapshots
    from credseries.series.model import SeriesRecord
    from credseries.verify.results import KeptResults

    Read = Callable[[], Snapshots] | None


def branch_checklist(repo: Repository, branch: str | None, audience: Audience | None = None) -> Checklist:
    """The checklist of the series on a branch that `credseries split` made, by default its author's.

    Raises NotASeries, NotAKernelTree, GitFailed and StoreDamaged.
    """
    from credseries.cli.checklist.source import branch_source

    return source_checklist(repo, branch_source(repo, branch), audience)


def source_checklist(repo: Repository, source: Source, audience: Audience | None = None) -> Checklist:
    """The checklist of a series; without an audience, as its author has it where it was made here, else a reviewer.

    Raises NotAKernelTree, GitFailed and StoreDamaged.
    """
    from credseries.review.checklist.checking import checklist

    return checklist(read_subject(repo, source), audience if audience is not None else usual_audience(source))


def usual_audience(source: Source) -> Audience:
    """Who works through the checklist of a series if nobody else is named."""
    from credseries.review.checklist.model import Audience

    return Audience.AUTHOR if source.current is not None else Audience.REVIEWER


def read_subject(repo: Repository, source: Source, read: Read = None) -> Subject:
    """What is known of a series; `read` gives its trees, where somebody else reads them as well.

    Raises NotAKernelTree, GitFailed and StoreDamaged.
    """
    from credseries.verify.results import KeptResults

    kept = KeptResults(repo)
    try:
        return _saved(repo, source, kept, read) if source.current is not None else _anybodys(repo, source, kept, read)
    finally:
        kept.close()


# -- what is known of any series


@dataclass(frozen=True)
class Texts:
    """The patches as texts, by number: the diff, and its size without white space."""

    diffs: Mapping[int, bytes]
    bare: Mapping[int, tuple[int, int]]


def texts_of(repo: Repository, steps: Sequence[Step]) -> Texts:
    pairs = [(step.before, step.after) for step in steps]
    numbers = [step.number for step in steps]
    return Texts(
        dict(zip(numbers, repo.tree_diffs(pairs), strict=True)),
        dict(zip(numbers, repo.sizes_without_space(pairs), strict=True)),
    )


def patch_of(step: Step, texts: Texts, code: Code, **known: Any) -> PatchSubject:
    """A patch with what git and the audit know of it, and what else is known."""
    from credseries.review.checklist.subject import PatchSubject, Size
    from credseries.review.code.diff import parse_diff
    from credseries.verify.levels.style import message_problems

    files = parse_diff(texts.diffs[step.number])
    by_number = {item.number: item for item in code.series.patches}
    return PatchSubject(
        step.number,
        step.subject,
        step.message,
        step.author,
        step.commit,
        step.rejected,
        files,
        tuple(file.path for file in files) or step.files,
        by_number[step.number],
        code.audits[step.number],
        size=Size(sum(len(file.added) for file in files), sum(len(file.removed) for file in files)),
        size_without_space=Size(*texts.bare[step.number]),
        problems=tuple(problem.message for problem in message_problems(step.message) if _counts(problem)),
        **known,
    )


def _counts(problem: Any) -> bool:
    """Whether a problem of a message is a check of its own nowhere else."""
    return "prefix that names the subsystem" not in problem.message


def _moves_nothing(_file: str, _call: str) -> bool:
    """Nobody has allowed a call of somebody else's series to move."""
    return False


# -- a series that was made here


def _saved(repo: Repository, source: Source, kept: KeptResults, read: Read) -> Subject:
    from credseries.cli.checklist import standing
    from credseries.cli.checklist.code import read_code, read_proof
    from credseries.cli.checklist.verified import read_verified
    from credseries.cli.verify import allowed_moves
    from credseries.creds.proof import ASSUMPTIONS
    from credseries.review.checklist.subject import Origin, Subject

    assert source.current is not None
    current, record, steps = source.current, source.current.record, source.series.steps
    code = read_code(repo, source.series, kept, allowed_moves(repo, record), read)
    proven = read_proof(repo, record, kept)
    texts = texts_of(repo, steps)
    numbers = {patch.commit: patch.index for patch in record.patches}
    records = {patch.index: patch for patch in record.patches}
    verified = read_verified(repo, source.series, record, kept)
    lists = standing.planned_lists(repo, record)
    said = standing.open_remarks(repo, current)
    reviews = standing.carried_reviews(repo, current, {numbers[step.commit]: step.message for step in steps})
    prefixes = standing.read_prefixes(repo, record.base, {patch.index: patch.files for patch in record.patches}, kept)
    patches = []
    for step in steps:
        index = numbers[step.commit]
        patches.append(
            patch_of(
                step,
                texts,
                code,
                proof=proven.patches[index],
                prefixes=prefixes[index],
                verified=verified.get(step.number, ()),
                lists=lists[index] if not isinstance(lists, str) else (),
                lists_problem=lists if isinstance(lists, str) else "",
                said=said.get(index, ()) if said is not None else None,
                reviews=reviews[index],
                topic=records[index].topic,
                trees=(records[index].tree,),
            )
        )
    letter = _letter(current.cover_message) if current.cover is not None else None
    return Subject(
        record.title,
        record.branch,
        record.base,
        record.tip,
        Origin.SAVED,
        tuple(patches),
        counts=code.series.counts,
        command=source.command,
        broken=(*proven.broken, *_too_early(code)),
        topics=_topics(record),
        left=_refused(record),
        letter=letter,
        numbers=standing.numbers_of(letter, record.measured, record.numbers),
        verified=verified.get(0, ()),
        said=said.get(0, ()) if said is not None else None,
        assumptions=ASSUMPTIONS,
        has_other_series=record.thread is not None,
    )


def _letter(message: str) -> str:
    from credseries.series.prep import read_cover, strip_comments

    return strip_comments(read_cover(message).letter)


def _topics(record: SeriesRecord) -> tuple[Any, ...]:
    from credseries.review.checklist.subject import Topic

    return tuple(
        Topic(
            topic.name,
            topic.tree,
            topic.after,
            tuple(patch.index for patch in record.patches if patch.topic == topic.name),
        )
        for topic in record.topics
    )


def _refused(record: SeriesRecord) -> tuple[Any, ...]:
    from credseries.review.checklist.subject import Left

    refused = [site for site in record.refused if site.kind == "site"]
    return tuple(Left(site.file, site.function, site.line, site.override, site.reason) for site in refused)


def _too_early(code: Code) -> list[str]:
    """What patches use and only later ones add."""
    return [
        f"patch {use.patch} uses {item.name} ({use.file}:{use.line}), and patch {patch.number} adds it"
        for patch in code.series.patches
        for item in patch.names
        for use in item.uses[:1]
        if use.patch < patch.number
    ]


# -- anybody's series


def _anybodys(repo: Repository, source: Source, kept: KeptResults, read: Read) -> Subject:
    from credseries.cli.checklist import standing
    from credseries.cli.checklist.code import read_code
    from credseries.cli.checklist.mails import read_mails
    from credseries.cli.checklist.verified import read_verified
    from credseries.creds.proof import ASSUMPTIONS
    from credseries.review.checklist.subject import Left, Origin, Subject

    series = source.series
    code = read_code(repo, series, kept, _moves_nothing, read)
    texts = texts_of(repo, series.steps)
    verified = read_verified(repo, series, None, kept)
    mails = read_mails(repo, source)
    maintainers = standing.read_maintainers(repo, series.base)
    changed = {step.number: _paths(texts.diffs[step.number]) or step.files for step in series.steps}
    prefixes = standing.read_prefixes(repo, series.base, changed, kept)
    patches = []
    for step in series.steps:
        gets = mails.gets.get(step.number)
        asked = standing.asked_lists(maintainers, step, texts.diffs[step.number], gets)
        patches.append(
            patch_of(
                step,
                texts,
                code,
                prefixes=prefixes[step.number],
                verified=verified.get(step.number, ()),
                lists=tuple(asked) if gets is not None else None,
                said=mails.said.get(step.number, ()) if mails.said is not None else None,
                reviews=mails.reviews.get(step.number) or standing.reviews_in(step.message),
                trees=standing.trees_of(maintainers, changed[step.number]),
            )
        )
    title = mails.title or (series.steps[0].subject if len(series.steps) == 1 else source.name)
    return Subject(
        title,
        source.name,
        series.base,
        series.steps[-1].commit,
        Origin.MAILS if source.is_mail else Origin.COMMITS,
        tuple(patches),
        counts=code.series.counts,
        command=source.command,
        broken=tuple(_too_early(code)),
        left=tuple(
            Left(item.file, item.function, item.line, item.text, item.why, item.form) for item in code.series.left
        ),
        letter=mails.letter,
        numbers=standing.numbers_of(mails.letter),
        verified=verified.get(0, ()),
        said=mails.said.get(0, ()) if mails.said is not None else None,
        assumptions=ASSUMPTIONS,
        remarks=series.remarks,
    )


def _paths(diff: bytes) -> tuple[str, ...]:
    from credseries.review.code.diff import parse_diff

    return tuple(file.path for file in parse_diff(diff))
