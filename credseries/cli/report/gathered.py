"""All that is known of a series, from all over the program, as a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from credseries import render
from credseries.review.report.model import Discussion, Missing, Patch, Report, Standing, State, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Series, Step
    from credseries.review.checklist.model import Checklist, Part
    from credseries.review.report.flow import Flow
    from credseries.review.report.model import Benchmark, Check, Finding, Need, Recipients, RefusedSite, Remark
    from credseries.series.current import Current
    from credseries.series.model import PatchRecord, SeriesRecord

_Made = TypeVar("_Made")
_FORMS = ("guard", "scoped", "light")


@dataclass(frozen=True)
class Asked:
    """A series that a report is wanted of: as it is on its branch where split has made it (`current`), or as git or
    mails have it. `name` is what it was asked for by."""

    series: Series
    name: str
    current: Current | None = None

    @property
    def record(self) -> SeriesRecord | None:
        """The record that split has made."""
        return self.current.record if self.current is not None else None


@dataclass(frozen=True)
class _Code:
    """What is known of the patches' code, by their numbers."""

    diffs: Mapping[int, bytes]
    files: Mapping[int, tuple[str, ...]]
    flows: Mapping[int, tuple[Flow, ...]]
    findings: Mapping[int, tuple[Finding, ...]]
    needs: Mapping[int, tuple[Need, ...]]
    checks: Mapping[int, list[Check]]


def gather_report(repo: Repository, asked: Asked, now: datetime) -> Report:
    """The report of a series. What cannot be known is missing in it, with the command that makes it.

    Raises GitFailed, StoreDamaged, NotAKernelTree.
    """
    from credseries.creds.proof import ASSUMPTIONS

    missing: dict[str, Missing] = {}
    record = asked.record
    with render.working("reading the patches"):
        code = _code(repo, asked)
    with render.working("gathering what is known of the series"):
        checklist = _or_missing(missing, "checklist", "credseries checklist", lambda: _checklist(repo, asked))
        discussion = _discussion(repo, asked, missing)
        people = _or_missing(missing, "recipients", "credseries recipients", lambda: _recipients(repo, asked, missing))
        numbers = _or_missing(missing, "benchmarks", "credseries bench list", lambda: _benchmarks(repo, asked, missing))
        refused = _refused(repo, record)
    parts = {part.index: part for part in checklist.parts} if checklist is not None else {}
    remarks = discussion.remarks if discussion is not None else ()
    patches = tuple(_patch(step, asked, code, parts, remarks) for step in asked.series.steps)
    _note_missing(missing, code)
    return Report(
        title=record.title if record is not None else _title(asked),
        subject=asked.name,
        summary=record.summary if record is not None else "",
        base=repo.resolve(asked.series.base) if asked.series.steps else asked.series.base,
        base_version=record.base_version if record is not None else "",
        tip=asked.series.steps[-1].commit,
        made=now.strftime("%Y-%m-%d %H:%M %z").strip(),
        version=record.revision if record is not None else 0,
        recipe=record.recipe if record is not None else "",
        letter=_letter(asked),
        converted=_converted(record),
        sites=_converted(record) + len(record.refused) if record is not None else 0,
        topics=_topics(repo, asked),
        patches=patches,
        part=parts.get(0),
        checks=tuple(_worth(code.checks.get(0, []))),
        refused=refused,
        discussion=discussion,
        recipients=people,
        benchmarks=numbers or (),
        assumptions=ASSUMPTIONS,
        remarks=tuple(asked.series.remarks),
        missing=missing,
    )


# -- parts


def _code(repo: Repository, asked: Asked) -> _Code:
    from credseries.cli.report import code
    from credseries.cli.report.checked import known_checks
    from credseries.review.report.pictures import Pictures

    series = asked.series
    diffs = repo.tree_diffs([(step.before, step.after) for step in series.steps])
    pictures = Pictures(repo, series)
    try:
        audit = code.audited(repo, series, pictures)
        return _Code(
            {step.number: diff for step, diff in zip(series.steps, diffs, strict=True)},
            pictures.files,
            code.flows_of(pictures, audit),
            code.findings_of(audit),
            code.needs_of(repo, series, pictures.files),
            known_checks(repo, series, asked.record),
        )
    finally:
        pictures.close()


def _or_missing(missing: dict[str, Missing], name: str, command: str, make: Callable[[], _Made]) -> _Made | None:
    """A part of the report; what goes wrong with it is told in its place, and the rest is there."""
    from credseries.errors import CredseriesError, StoreDamaged

    try:
        return make()
    except StoreDamaged:
        raise
    except CredseriesError as error:
        missing[name] = Missing(f"{error.message}{f' ({error.hint})' if error.hint else ''}", command)
        return None


def _checklist(repo: Repository, asked: Asked) -> Checklist | None:
    from credseries.cli.report.answers import answers_of

    return answers_of(repo, asked.record) if asked.record is not None else None


def _discussion(repo: Repository, asked: Asked, missing: dict[str, Missing]) -> Discussion | None:
    from credseries.cli.report.said import discussion_of

    current = asked.current
    if current is None:
        missing["discussion"] = Missing(
            "What was said is kept with a series that `credseries split` made.", f"credseries thread {asked.name}"
        )
        return None
    found = _or_missing(missing, "discussion", "credseries comments", lambda: discussion_of(repo, current))
    if found is not None and not found.remarks:
        missing["discussion"] = Missing("No reply has been read yet.", "credseries comments --read MBOX")
    return found


def _recipients(repo: Repository, asked: Asked, missing: dict[str, Missing]) -> Recipients | None:
    from credseries.cli.report.people import recipients_of

    if asked.record is not None:
        return recipients_of(repo, asked.record)
    missing["recipients"] = Missing(
        "Who gets what is planned for a series that `credseries split` made.", "credseries recipients FILE|PATCH..."
    )
    return None


def _benchmarks(repo: Repository, asked: Asked, missing: dict[str, Missing]) -> tuple[Benchmark, ...]:
    from credseries.cli.report.measured import benchmarks_of

    found = benchmarks_of(repo, asked.record)
    if not found:
        missing["benchmarks"] = Missing(
            "No benchmark has been recorded here.", "credseries bench run --role base --label NAME -- COMMAND"
        )
    return found


def _refused(repo: Repository, record: SeriesRecord | None) -> tuple[RefusedSite, ...]:
    from credseries.cli.report.code import refused_of

    return refused_of(repo, record) if record is not None else ()


def _note_missing(missing: dict[str, Missing], code: _Code) -> None:
    """Say which levels nobody has checked yet."""
    checks = [check for mine in code.checks.values() for check in mine]
    levels = dict.fromkeys(check.level for check in checks)
    known = {check.level for check in checks if check.state is not State.OPEN}
    lacking = [level for level in levels if level not in known]
    if lacking:
        missing["build"] = Missing(f"Not checked yet: {', '.join(lacking)}.", f"credseries verify --level {lacking[0]}")
    if "proof" in lacking:
        missing["proof"] = Missing("The patches were not compared yet.", "credseries verify --level proof")


def _title(asked: Asked) -> str:
    steps = asked.series.steps
    return steps[0].subject if len(steps) == 1 else asked.name


def _letter(asked: Asked) -> str:
    from credseries.mail.cover import stored_cover

    if asked.current is None or asked.current.cover is None:
        return ""
    return stored_cover(asked.current).text


def _converted(record: SeriesRecord | None) -> int:
    from credseries.mail.facts import converted

    return len(converted(record)) if record is not None else 0


# -- topics


def _topics(repo: Repository, asked: Asked) -> tuple[Topic, ...]:
    from credseries.cli.status import look_at, state
    from credseries.series.status import SeriesStatus, read_status

    record = asked.record
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


# -- patches


def _patch(step: Step, asked: Asked, code: _Code, parts: Mapping[int, Part], remarks: Sequence[Remark]) -> Patch:
    from credseries.cli.report.checked import build_standing, proof_standing
    from credseries.review.report.diff import read_diff

    number = step.number
    record = _record_of(step, asked.record)
    index = record.index if record is not None else number
    diff = code.diffs[number]
    files = read_diff(diff)
    checks = code.checks.get(number, [])
    part = parts.get(index)
    mine = tuple(item for item in remarks if item.patch == index and item.version == _version(remarks))
    subject, _, body = step.message.partition("\n")
    return Patch(
        number=number,
        subject=step.subject,
        commit=step.commit,
        author=step.author,
        message=body.strip("\n") if subject else step.message,
        topic=record.topic if record is not None else "",
        files=code.files.get(number, step.files),
        added=sum(file.count("+") for file in files),
        removed=sum(file.count("-") for file in files),
        forms=_forms(record, code.flows.get(number, ())),
        diff=diff,
        proof=proof_standing(checks, step.rejected),
        build=build_standing(checks),
        checklist=_answered(part),
        comments=_commented(mine),
        note=_note(step, record),
        part=part,
        flows=code.flows.get(number, ()),
        findings=code.findings.get(number, ()),
        checks=tuple(_worth(checks)),
        remarks=mine,
        needs=code.needs.get(number, ()),
        needed_by=tuple(sorted(user for user, needs in code.needs.items() if number in {need.patch for need in needs})),
    )


def _record_of(step: Step, record: SeriesRecord | None) -> PatchRecord | None:
    patches = record.patches if record is not None else ()
    return next((patch for patch in patches if step.commit and patch.commit == step.commit), None)


def _version(remarks: Sequence[Remark]) -> int:
    """The last version that something was said of."""
    return max((item.version for item in remarks), default=0)


def _forms(record: PatchRecord | None, flows: Sequence[Flow]) -> str:
    from credseries.cli.report.code import forms_words

    if record is not None and record.sites:
        return forms_words([(form, record.count(form)) for form in _FORMS])
    forms = [site.form for flow in flows for site in flow.sites]
    return forms_words([(form, forms.count(form)) for form in _FORMS])


def _answered(part: Part | None) -> Standing:
    from credseries.review.checklist.model import Answer
    from credseries.words import many

    if part is None:
        return Standing(State.OPEN, "not answered")
    answers = [line.answer for line in part.lines]
    fails, asks, passes = (answers.count(item) for item in (Answer.FAIL, Answer.HUMAN, Answer.PASS))
    if fails:
        return Standing(State.FAIL, f"{fails} {'fails' if fails == 1 else 'fail'}")
    if asks:
        return Standing(State.LOOK, many(asks, "question"))
    return Standing(State.PASS, f"{passes} pass")


def _commented(remarks: Sequence[Remark]) -> Standing:
    waiting = sum(item.is_open for item in remarks)
    if waiting:
        return Standing(State.LOOK, f"{waiting} open")
    return Standing(State.PASS, "none open") if remarks else Standing(State.NONE, "none")


def _note(step: Step, record: PatchRecord | None) -> str:
    if step.rejected:
        return f"There is nothing of this patch to look at: {step.rejected}."
    if record is not None and record.edited:
        return "Somebody has edited this commit: it is not what credseries made and proved."
    if record is not None and not record.key:
        return "Somebody has added this commit: credseries did not make it."
    return ""


def _worth(checks: Sequence[Check]) -> tuple[Check, ...]:
    from credseries.cli.report.checked import required_checks

    return required_checks(checks)
