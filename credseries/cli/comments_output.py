"""How `credseries comments` shows remarks, and what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from credseries import render
from credseries.cli.remarks_output import fit, on_patch, place_of, remark_json, show_remarks, show_rows
from credseries.mail.comments.decisions import short_key
from credseries.mail.comments.todo import by_patch, by_person
from credseries.series.remarks import Remark
from credseries.words import many

if TYPE_CHECKING:
    from credseries.mail.comments.gathered import Gathered
    from credseries.mail.comments.taking import Taken
    from credseries.mail.comments.todo import Given, Person
    from credseries.series.model import SeriesRecord

SCHEMA = 1
_OTHERS = 5  # mails that are named


# -- for programs


def show_as_json(record: SeriesRecord, gathered: Gathered, remarks: Sequence[Remark], taken: Taken | None) -> None:
    """Remarks and to-do list in the contract, schema 1 (docs in README)."""
    todo, facts = gathered.todo, gathered.facts
    render.as_json(
        {
            "schema": SCHEMA,
            "branch": record.branch,
            "change_id": record.change_id,
            "version": facts.version or None,
            "read": _taken_json(taken) if taken is not None else None,
            "remarks": [remark_json(item, facts.authors.made(item)) for item in remarks],
            "todo": {
                "open": [item.id for item in todo.open],
                "bots": [item.id for item in todo.bots],
                "trailers": [_given_json(item) for item in todo.trailers],
                "questions": [item.id for item in todo.questions],
                "silent": [_person_json(item) for item in todo.silent],
                "not_back": [_person_json(item) for item in todo.not_back],
                "unreviewed": [{"patch": item.number, "subject": item.subject} for item in todo.unreviewed],
            },
            "problems": list(gathered.problems),
            "lost_decisions": list(gathered.lost),
        }
    )


def _taken_json(taken: Taken) -> dict[str, Any]:
    return {"new": taken.added.new, "known": taken.added.known, "others": list(taken.others)}


def _given_json(item: Given) -> dict[str, Any]:
    return {
        "version": item.version,
        "patch": item.patch,
        "trailer": str(item.trailer),
        "name": item.name,
        "message_id": item.message_id,
        "missing": list(item.missing),
    }


def _person_json(person: Person) -> dict[str, Any]:
    return {"name": person.name or None, "address": person.address, "why": person.why or None}


# -- for people


def show_for_people(
    record: SeriesRecord,
    gathered: Gathered,
    remarks: Sequence[Remark],
    taken: Taken | None,
    *,
    by_person: bool,
    with_todo: bool,
) -> None:
    """Remarks in groups, and below them (`with_todo`) what is left to do."""
    if taken is not None:
        _show_taken(taken)
    render.say(render.paint(render.printable(_head(record, gathered)), "bold"))
    titled = _people(remarks) if by_person else _patches(gathered, remarks)
    for title, mine in titled:
        render.say()
        render.say(render.paint(fit(title), "bold"))
        show_remarks(mine, with_place=by_person)
    if not remarks:
        render.say("  no remark" if not gathered.remarks else "  no remark of those that are asked for")
    if with_todo:
        _show_todo(gathered)
    _show_notes(gathered)


def _show_taken(taken: Taken) -> None:
    known = f", {taken.added.known} known already" if taken.added.known else ""
    others = f", {len(taken.others)} about something else and not kept" if taken.others else ""
    render.say(f"read {many(taken.added.new, 'new mail')}{known}{others}")
    for subject in taken.others[:_OTHERS]:
        render.say(fit(f"  {subject}"))
    if len(taken.others) > _OTHERS:
        render.say(f"  and {len(taken.others) - _OTHERS} more")


def _head(record: SeriesRecord, gathered: Gathered) -> str:
    todo, version = gathered.todo, gathered.facts.version
    people = {item.address.casefold() for item in todo.open}
    parts = [f"v{version} sent" if version else "nothing sent", many(len(gathered.remarks), "remark")]
    parts.append(f"{len(todo.open)} open" + (f", of {many(len(people), 'person', 'people')}" if people else ""))
    if todo.bots:
        parts.append(many(len(todo.bots), "open report of bots", "open reports of bots"))
    return f"{record.branch}: {'; '.join(parts)}"


def _patches(gathered: Gathered, remarks: Sequence[Remark]) -> list[tuple[str, list[Remark]]]:
    subjects = {(patch.version, patch.number): patch.subject for patch in gathered.facts.patches}
    titled = []
    for key, mine in by_patch(remarks):
        if key is None:
            title = "on no patch that could be told"
        elif not key[1]:
            title = f"v{key[0]} cover letter"
        else:
            title = f"v{key[0]} patch {key[1]}: {subjects.get(key, '')}".rstrip(": ")
        titled.append((title, mine))
    return titled


def _people(remarks: Sequence[Remark]) -> list[tuple[str, list[Remark]]]:
    return [(_named(person), mine) for person, mine in by_person(remarks)]


def _named(person: Person) -> str:
    return f"{person.name} <{person.address}>" if person.name else person.address


def _show_todo(gathered: Gathered) -> None:
    todo, version = gathered.todo, gathered.facts.version
    show_rows(
        "trailers that the branch has not yet (credseries reroll takes them)",
        [[on_patch(item.version, item.patch), str(item.trailer).replace("\n", " ")] for item in todo.trailers],
    )
    show_rows(
        "your questions that nobody has answered",
        [[short_key(item), place_of(item, with_patch=True), " ".join(item.text.split())] for item in todo.questions],
    )
    show_rows("asked, and silent", [[_named(person), person.why] for person in todo.silent])
    show_rows(
        f"spoke of an earlier version, and not of v{version}", [[_named(item), item.why] for item in todo.not_back]
    )
    patches = [patch for patch in gathered.facts.patches if patch.version == version]
    if todo.unreviewed and len(todo.unreviewed) == len(patches):
        render.say()
        render.say(f"no patch of v{version} has a review yet")
    else:
        show_rows(f"no review yet, of v{version}", [[f"patch {item.number}", item.subject] for item in todo.unreviewed])


def _show_notes(gathered: Gathered) -> None:
    show_rows("not understood", [[problem] for problem in gathered.problems])
    for identity in gathered.lost:
        render.complain(
            render.printable(f"note: what you decided about {identity} is about a remark that is not there")
        )
