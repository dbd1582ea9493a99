"""A patch of a report, put together from what all parts of the program know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credseries.review.report.model import Patch, Standing, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credseries.review.checklist.model import Part
    from credseries.review.checklist.subject import PatchSubject
    from credseries.review.report.flow import Flow
    from credseries.review.report.model import Need, Remark
    from credseries.series.model import PatchRecord

_FORMS = ("guard", "scoped", "light")


@dataclass(frozen=True)
class Known:
    """What is known of the patches of a series, by their numbers; and all remarks."""

    records: Mapping[int, PatchRecord]
    flows: Mapping[int, tuple[Flow, ...]]
    needs: Mapping[int, tuple[Need, ...]]
    parts: Mapping[int, Part]
    remarks: tuple[Remark, ...]

    def users(self, number: int) -> tuple[int, ...]:
        """The patches that need one."""
        return tuple(sorted(user for user, needs in self.needs.items() if number in {need.patch for need in needs}))


def patch_of(patch: PatchSubject, known: Known) -> Patch:
    """A patch with all that is known of it."""
    from credseries.cli.report.checked import build_standing, checks_of, findings_of, proof_standing, worth_a_line

    number = patch.number
    checks, flows = checks_of(patch.verified), known.flows.get(number, ())
    record, part = known.records.get(number), known.parts.get(number)
    last = max((item.version for item in known.remarks), default=0)
    remarks = tuple(item for item in known.remarks if item.patch == number and item.version == last)
    subject, _, body = patch.message.partition("\n")
    return Patch(
        number=number,
        subject=patch.title,
        commit=patch.commit,
        author=patch.author,
        message=body.strip("\n") if subject.strip() == patch.title.strip() else patch.message,
        topic=patch.topic,
        files=patch.names,
        added=patch.size.added,
        removed=patch.size.removed,
        forms=_forms(record, flows),
        diff=patch.files,
        proof=proof_standing(patch),
        build=build_standing(checks),
        checklist=_answered(part),
        comments=_commented(remarks),
        note=_note(patch, record),
        part=part,
        flows=flows,
        findings=findings_of(patch.audit),
        checks=worth_a_line(checks),
        remarks=remarks,
        needs=known.needs.get(number, ()),
        needed_by=tuple(
            sorted(user for user, needs in known.needs.items() if number in {need.patch for need in needs})
        ),
    )


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


def _note(patch: PatchSubject, record: PatchRecord | None) -> str:
    if patch.rejected:
        return f"There is nothing of this patch to look at: {patch.rejected}."
    if record is not None and record.edited:
        return "Somebody has edited this commit: it is not what credseries made and proved."
    if record is not None and not record.key:
        return "Somebody has added this commit: credseries did not make it."
    return ""
