"""All that is known of a series, from all over the program, as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from credseries import render
from credseries.review.report.model import Discussion, Missing, Report, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from credseries.cli.checklist.source import Source
    from credseries.kernel.git import Repository
    from credseries.review.checklist.model import Audience, Checklist
    from credseries.review.checklist.subject import Subject
    from credseries.review.report.flow import Flow
    from credseries.review.report.model import Benchmark, Recipients
    from credseries.series.model import SeriesRecord

_Made = TypeVar("_Made")


def gather_report(repo: Repository, source: Source, now: datetime, audience: Audience | None = None) -> Report:
    """The report of a series. What nobody knows is missing in it, with the command that makes it.

    Raises NotAKernelTree, GitFailed, StoreDamaged.
    """
    from credseries.cli.report import code
    from credseries.cli.report.checked import checks_of, worth_a_line
    from credseries.cli.report.patches import Known, patch_of

    missing: dict[str, Missing] = {}
    record = source.current.record if source.current is not None else None
    with render.working("reading the patches"):
        subject, flows = _code(repo, source)
    with render.working("gathering what is known of the series"):
        checklist = _checklist(source, subject, audience)
        discussion = _discussion(repo, source, missing)
        people = _or_missing(missing, "recipients", "credseries recipients", lambda: _recipients(repo, record, missing))
        numbers = _or_missing(
            missing, "benchmarks", "credseries bench list", lambda: _benchmarks(repo, record, missing)
        )
        refused = code.refused_of(repo, record, subject)
    _note_missing(missing, subject, source)
    parts = {part.index: part for part in checklist.parts}
    known = Known(
        {patch.index: patch for patch in record.patches} if record is not None else {},
        flows,
        code.needs_of(subject.patches),
        parts,
        discussion.remarks if discussion is not None else (),
    )
    converted = _converted(record)
    return Report(
        title=subject.title,
        subject=source.name,
        summary=record.summary if record is not None else "",
        base=repo.resolve(subject.base),
        base_version=record.base_version if record is not None else subject.base_version,
        tip=subject.tip,
        made=now.strftime("%Y-%m-%d %H:%M %z").strip(),
        version=record.revision if record is not None else 0,
        recipe=record.recipe if record is not None else "",
        letter=subject.letter or "",
        converted=converted,
        sites=converted + len(record.refused) if record is not None else 0,
        topics=_topics(repo, record),
        patches=tuple(patch_of(patch, known) for patch in subject.patches),
        part=parts.get(0),
        checks=worth_a_line(checks_of(subject.verified)),
        refused=refused,
        discussion=discussion,
        recipients=people,
        benchmarks=numbers or (),
        assumptions=subject.assumptions,
        remarks=subject.remarks,
        missing=missing,
    )


# -- parts


def _code(repo: Repository, source: Source) -> tuple[Subject, Mapping[int, tuple[Flow, ...]]]:
    """What is known of the series, and the pictures of its patches; the trees of both are read once."""
    from credseries.cli.checklist.gathered import read_subject
    from credseries.cli.report.code import flows_of
    from credseries.review.report.pictures import Pictures

    pictures = Pictures(repo, source.series)
    try:
        subject = read_subject(repo, source, lambda: pictures.snapshots)
        return subject, flows_of(pictures, subject.patches)
    finally:
        pictures.close()


def _or_missing(missing: dict[str, Missing], name: str, command: str, make: Callable[[], _Made | None]) -> _Made | None:
    """A part of the report; what goes wrong with it is told in its place, and the rest is there."""
    from credseries.errors import CredseriesError, StoreDamaged

    try:
        return make()
    except StoreDamaged:
        raise
    except CredseriesError as error:
        missing[name] = Missing(f"{error.message}{f' ({error.hint})' if error.hint else ''}", command)
        return None


def _checklist(source: Source, subject: Subject, audience: Audience | None) -> Checklist:
    from credseries.cli.checklist.gathered import usual_audience
    from credseries.review.checklist.checking import checklist

    return checklist(subject, audience if audience is not None else usual_audience(source))


def _discussion(repo: Repository, source: Source, missing: dict[str, Missing]) -> Discussion | None:
    from credseries.cli.report.said import discussion_of, discussion_of_mails

    current = source.current
    if current is not None:
        found = _or_missing(missing, "discussion", "credseries comments", lambda: discussion_of(repo, current))
    else:
        found = discussion_of_mails(source)
    if found is None or not found.remarks:
        why, command = "No reply has been read yet.", "credseries comments --read MBOX"
        if current is None:
            why, command = "There is no reply among what was read.", "b4 mbox -o- MESSAGE-ID | credseries report -"
        missing.setdefault("discussion", Missing(why, command))
    return found


def _recipients(repo: Repository, record: SeriesRecord | None, missing: dict[str, Missing]) -> Recipients | None:
    from credseries.cli.report.people import recipients_of

    if record is not None:
        return _or_missing(missing, "recipients", "credseries recipients", lambda: recipients_of(repo, record))
    missing["recipients"] = Missing(
        "Who gets what is planned for a series that `credseries split` made.", "credseries recipients FILE|PATCH..."
    )
    return None


def _benchmarks(repo: Repository, record: SeriesRecord | None, missing: dict[str, Missing]) -> tuple[Benchmark, ...]:
    from credseries.cli.report.measured import benchmarks_of

    found = _or_missing(missing, "benchmarks", "credseries bench list", lambda: benchmarks_of(repo, record)) or ()
    if not found:
        why = Missing(
            "No benchmark has been recorded here.", "credseries bench run --role base --label NAME -- COMMAND"
        )
        missing.setdefault("benchmarks", why)
    return found


def _note_missing(missing: dict[str, Missing], subject: Subject, source: Source) -> None:
    """Say which levels nobody has checked yet."""
    from credseries.review.checklist.subject import Known

    checks = [*(check for patch in subject.patches for check in patch.verified), *subject.verified]
    known = {check.level for check in checks if check.known in (Known.PASS, Known.FAIL)}
    lacking = [level for level in dict.fromkeys(check.level for check in checks) if level not in known]
    if lacking:
        command = f"credseries verify{source.command} --level {lacking[0]}"
        missing["build"] = Missing(f"Not checked yet: {', '.join(lacking)}.", command)


def _converted(record: SeriesRecord | None) -> int:
    from credseries.mail.facts import converted

    return len(converted(record)) if record is not None else 0


def _topics(repo: Repository, record: SeriesRecord | None) -> tuple[Topic, ...]:
    from credseries.cli.status import look_at, state
    from credseries.series.status import SeriesStatus, read_status

    if record is None:
        return ()
    [status] = read_status(repo, [record.branch], None, look_at(repo))
    if not isinstance(status, SeriesStatus):
        return ()
    known = {topic.name: topic for topic in record.topics}
    there = {topic.name for topic in status.topics}
    found = []
    for item in status.topics:
        topic = known.get(item.name)
        lists = dict.fromkeys(name for patch in record.patches if patch.topic == item.name for name in patch.lists)
        after = tuple(name for name in topic.after if name in there) if topic is not None else ()
        note = topic.note if topic is not None else ""
        made = Topic(item.name, item.title, item.tree, item.patches, after, tuple(lists), note, state(item), item.waits)
        found.append(made)
    return tuple(found)
