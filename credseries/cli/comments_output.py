"""How `credseries comments` shows remarks, and what is left to do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from credseries import render
from credseries.mail.comments.decisions import short_key
from credseries.mail.comments.todo import by_patch, by_person, is_own
from credseries.series.remarks import Remark, State
from credseries.words import many

if TYPE_CHECKING:
    from credseries.mail.comments.gathered import Gathered
    from credseries.mail.comments.taking import Taken
    from credseries.mail.comments.todo import Given, Person
    from credseries.series.model import SeriesRecord

SCHEMA = 1
_INDENT = " " * 6
_NARROWEST = 40  # columns
_TEXT_LINES = 2  # of a remark
_OTHERS = 5  # mails that are named
_COLOURS = {
    State.OPEN: "yellow",
    State.ANSWERED: "cyan",
    State.ADDRESSED: "green",
    State.DECLINED: "dim",
    State.NONE: "dim",
}


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
            "remarks": [_remark_json(item, is_own(item, facts.own)) for item in remarks],
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


def _remark_json(item: Remark, own: bool) -> dict[str, Any]:
    place = item.place
    return {
        "id": item.id,
        "key": short_key(item),
        "message_id": item.message_id,
        "name": item.name,
        "address": item.address,
        "own": own,
        "date": item.date or None,
        "version": place.version if place is not None else None,
        "patch": place.patch if place is not None else None,
        "file": (place.file or None) if place is not None else None,
        "function": (place.function or None) if place is not None else None,
        "line": (place.line or None) if place is not None else None,
        "removed": place.removed if place is not None else False,
        "kind": item.kind.value,
        "state": item.state.value,
        "why": item.why or None,
        "quote": list(item.quote),
        "text": item.text,
        "answers": list(item.answers),
    }


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
        render.say(render.paint(_fit(title), "bold"))
        _show_remarks(mine, with_place=by_person)
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
        render.say(_fit(f"  {subject}"))
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


def _show_remarks(remarks: Sequence[Remark], *, with_place: bool) -> None:
    rows = [
        [
            short_key(item),
            item.kind.value,
            item.state.value if item.state is not State.NONE else "-",
            *([] if with_place else [item.name or item.address]),
            _place(item, with_patch=with_place),
        ]
        for item in remarks
    ]
    for line, item in zip(render.columns(rows), remarks, strict=True):
        render.say(_coloured(_fit(line), item))
        if item.quote:
            render.say(render.paint(_fit(f"{_INDENT}> {_last_of(item.quote)}"), "dim"))
        for text in _text_lines(item.text):
            render.say(text)
        if item.why:
            render.say(render.paint(_fit(f"{_INDENT}({item.why})"), "dim"))


def _coloured(line: str, item: Remark) -> str:
    state = item.state.value
    before, found, after = line.partition(f"  {state} ")
    return f"{before}  {render.paint(state, _COLOURS[item.state])} {after}" if found else line


def _place(item: Remark, *, with_patch: bool) -> str:
    place = item.place
    if place is None:
        return "-"
    patch = [f"v{place.version} {f'patch {place.patch}' if place.patch else 'cover letter'}"] if with_patch else []
    line = f":{place.line}{' (removed)' if place.removed else ''}" if place.line else ""
    file = [f"{place.file}{line}"] if place.file else []
    function = [f"{place.function}()"] if place.function else []
    return " ".join([*patch, *file, *function]) or "-"


def _last_of(quote: Sequence[str]) -> str:
    """The line that a remark stands below, and a sign that there were others."""
    lines = [" ".join(line.split()) for line in quote if line.strip()]
    return ("... " if len(lines) > 1 else "") + lines[-1] if lines else ""


def _text_lines(text: str) -> list[str]:
    """The first lines of a remark, wrapped."""
    import textwrap

    wrapped = textwrap.wrap(render.printable(" ".join(text.split())), _width() - len(_INDENT))
    more = len(wrapped) > _TEXT_LINES
    kept = wrapped[:_TEXT_LINES]
    if more:
        kept[-1] = _cut(f"{kept[-1]} ...", _width() - len(_INDENT))
    return [_INDENT + line for line in kept]


def _width() -> int:
    return max(shutil.get_terminal_size().columns, _NARROWEST)


def _fit(text: str) -> str:
    """A line that is not wider than the terminal."""
    return _cut(render.printable(text), _width())


def _cut(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    return text.removesuffix(" ...")[: width - 4].rstrip() + " ..."


def _show_todo(gathered: Gathered) -> None:
    todo, version = gathered.todo, gathered.facts.version
    _show_rows(
        "trailers that the branch has not yet (credseries reroll takes them)",
        [[_on(item.version, item.patch), str(item.trailer).replace("\n", " ")] for item in todo.trailers],
    )
    _show_rows(
        "your questions that nobody has answered",
        [[short_key(item), _place(item, with_patch=True), " ".join(item.text.split())] for item in todo.questions],
    )
    _show_rows("asked, and silent", [[_named(person), person.why] for person in todo.silent])
    _show_rows(
        f"spoke of an earlier version, and not of v{version}", [[_named(item), item.why] for item in todo.not_back]
    )
    patches = [patch for patch in gathered.facts.patches if patch.version == version]
    if todo.unreviewed and len(todo.unreviewed) == len(patches):
        render.say()
        render.say(f"no patch of v{version} has a review yet")
    else:
        _show_rows(
            f"no review yet, of v{version}", [[f"patch {item.number}", item.subject] for item in todo.unreviewed]
        )


def _on(version: int, patch: int) -> str:
    return f"v{version} patch {patch}" if patch else f"v{version} cover letter"


def _show_rows(title: str, rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    render.say()
    render.say(render.paint(f"{title}:", "bold"))
    for line in render.columns(rows):
        render.say(_fit(line))


def _show_notes(gathered: Gathered) -> None:
    _show_rows("not understood", [[problem] for problem in gathered.problems])
    for identity in gathered.lost:
        render.complain(
            render.printable(f"note: what you decided about {identity} is about a remark that is not there")
        )
