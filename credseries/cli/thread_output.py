"""How `credseries thread` shows discussions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from credseries import render
from credseries.cli.remarks_output import fit, on_patch, remark_json, show_notes, show_remarks, show_rows
from credseries.mail.comments.decisions import Decision, decide
from credseries.mail.comments.todo import by_patch
from credseries.mail.thread.discussion import Answer, Discussion, Thread
from credseries.mail.thread.model import Letter
from credseries.mail.thread.posted import Version
from credseries.series.remarks import Remark, State
from credseries.series.trailers import Trailer
from credseries.words import many

SCHEMA = 1
_OTHERS = 10  # mails that are named


def open_remarks(discussion: Discussion, decisions: Mapping[str, Decision]) -> list[Remark]:
    """The remarks of others that wait for the author."""
    found = decide(discussion.remarks, decisions).remarks
    return [item for item in found if item.state is State.OPEN and not discussion.authors.made(item)]


def _chosen(discussion: Discussion, decisions: Mapping[str, Decision], *, only_open: bool) -> list[Remark]:
    return open_remarks(discussion, decisions) if only_open else list(decide(discussion.remarks, decisions).remarks)


# -- for programs


def show_as_json(thread: Thread, decisions: Mapping[str, Decision], *, only_open: bool) -> None:
    """Discussions in the contract, schema 1 (docs in README)."""
    render.as_json(
        {
            "schema": SCHEMA,
            "series": [_series_json(item, decisions, only_open=only_open) for item in thread.discussions],
            "others": [_letter_json(letter) for letter in thread.others],
            "problems": list(thread.problems),
        }
    )


def _series_json(item: Discussion, decisions: Mapping[str, Decision], *, only_open: bool) -> dict[str, Any]:
    return {
        "title": item.series.title,
        "authors": list(item.authors.names),
        "versions": [_version_json(version, item) for version in item.series.versions],
        "trailers": [
            {
                "version": answer.version,
                "patch": answer.patch,
                "trailer": str(trailer),
                "taken": taken,
                "name": answer.letter.name,
                "address": answer.letter.address,
                "message_id": answer.letter.message_id,
            }
            for answer in item.answers
            for taken, trailers in (
                (True, answer.signed.trailers),
                (False, (*answer.signed.mismatched, *answer.signed.spoken)),
            )
            for trailer in trailers
        ],
        "remarks": [
            remark_json(remark, item.authors.made(remark)) for remark in _chosen(item, decisions, only_open=only_open)
        ],
        "problems": list(item.problems),
    }


def _version_json(version: Version, item: Discussion) -> dict[str, Any]:
    return {
        "version": version.number,
        "patches": version.total,
        "replies": sum(1 for answer in item.answers if answer.version == version.number),
        "mails": [
            {
                "patch": mail.number,
                "subject": mail.title,
                "message_id": mail.message_id or None,
                "here": mail.letter is not None,
            }
            for _, mail in sorted(version.mails.items())
        ],
    }


def _letter_json(letter: Letter) -> dict[str, Any]:
    return {
        "message_id": letter.message_id,
        "subject": letter.subject,
        "name": letter.name,
        "address": letter.address,
    }


# -- for people


def show_for_people(thread: Thread, decisions: Mapping[str, Decision], *, only_open: bool) -> None:
    """Each discussion with its remarks by patch, and what is left."""
    for number, item in enumerate(thread.discussions):
        if number:
            render.say()
        _show(item, decisions, only_open=only_open)
    if not thread.discussions:
        render.say("no patch, and no reply to one")
    others = [[letter.name or letter.address, letter.subject or "(no subject)"] for letter in thread.others]
    show_rows("about no patch that is known", others[:_OTHERS])
    if len(others) > _OTHERS:
        render.say(f"  and {len(others) - _OTHERS} more")
    show_notes("not understood", thread.problems)


def _show(item: Discussion, decisions: Mapping[str, Decision], *, only_open: bool) -> None:
    authors = f" ({', '.join(item.authors.names)})" if item.authors.names else ""
    render.say(render.paint(fit(f"{item.series.title or '(no subject)'}{authors}"), "bold"))
    for line in render.columns([_version_row(version, item, decisions) for version in item.series.versions]):
        render.say(fit(line))
    remarks = _chosen(item, decisions, only_open=only_open)
    subjects = {(one.number, mail.number): mail.title for one in item.series.versions for mail in one.patches}
    shown, answers = _with_answers(item, remarks)
    for key, mine in by_patch(shown):
        render.say()
        title = on_patch(*key) if key is not None else "on no patch that could be told"
        subject = subjects.get(key, "") if key is not None and key[1] else ""
        render.say(render.paint(fit(f"{title}: {subject}" if subject else title), "bold"))
        show_remarks(mine, with_place=False, answers=answers)
    if not remarks:
        render.say("  nothing is open" if only_open else "  no remark")
    if not only_open:
        signed = [(answer, answer.signed) for answer in item.answers]
        show_rows("trailers", [_trailer_row(answer, one) for answer, mine in signed for one in mine.trailers])
        show_rows(
            "trailers that do not name who sent them, and are not taken",
            [_trailer_row(answer, one, by=True) for answer, mine in signed for one in mine.mismatched],
        )
        show_rows(
            "trailers that are only spoken of, and are not taken",
            [_trailer_row(answer, one, by=True) for answer, mine in signed for one in mine.spoken],
        )
    show_notes("not understood", item.problems)


def _with_answers(item: Discussion, remarks: Sequence[Remark]) -> tuple[list[Remark], dict[str, list[Remark]]]:
    """The remarks to list, and below each the answers to it that none before it has; an answer is in one place."""
    by_id = {remark.id: remark for remark in item.remarks}
    below: dict[str, list[Remark]] = {}
    placed: set[str] = set()
    for remark in remarks:
        mine = [name for name in remark.answers if name in by_id and name not in placed]
        placed.update(mine)
        below[remark.id] = [by_id[name] for name in mine]
    return [remark for remark in remarks if remark.id not in placed], below


def _version_row(version: Version, item: Discussion, decisions: Mapping[str, Decision]) -> list[str]:
    replies = sum(1 for answer in item.answers if answer.version == version.number)
    waiting = [remark for remark in open_remarks(item, decisions) if _version_of(remark) == version.number]
    return [
        f"v{version.number}",
        many(version.total, "patch", "patches"),
        many(replies, "reply", "replies"),
        f"{len(waiting)} open",
    ]


def _version_of(remark: Remark) -> int:
    return remark.place.version if remark.place is not None else 0


def _trailer_row(answer: Answer, trailer: Trailer, *, by: bool = False) -> list[str]:
    text = str(trailer).replace("\n", " ")
    return [on_patch(answer.version, answer.patch), f"{text} (by {answer.letter.name})" if by else text]
