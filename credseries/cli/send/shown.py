"""What somebody reads before sending: who gets what and why, how it hangs together, and what the checks found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credseries.cli.send.made import Made
    from credseries.mail.message import Message
    from credseries.mail.outbox.model import Entry, Outbox
    from credseries.mail.preflight.model import Check
    from credseries.series.model import SeriesRecord
    from credseries.series.sending import Marked

_PARENT = re.compile(rb"^In-Reply-To:\s*(<[^>\s]*>)", re.MULTILINE | re.IGNORECASE)


def show_ready(made: Made, outbox: Outbox, checks: Sequence[Check], overridden: Sequence[str]) -> None:
    """What is about to go out, and what the checks found."""
    _show_outbox(outbox, _tree_names(made))
    if checks:
        _show_checks(checks, overridden)


def _show_outbox(outbox: Outbox, trees: dict[str, str]) -> None:
    """Every message with its number, and what it replies to; `trees` are names of series by change-id, where they have
    one."""
    numbers = {entry.message_id: entry.number for entry in outbox.entries}
    series = ""
    for entry in outbox.entries:
        if entry.series != series and trees.get(entry.series):
            render.say(render.paint(render.printable(f"\n{trees[entry.series]}:"), "bold"))
        series = entry.series
        message = entry.message
        below = parent(message)
        reply = f", a reply to {numbers.get(below, below)}" if below else ""
        head = render.paint(render.printable(f"{entry.number}  {message.subject}"), "bold")
        render.say(f"{head}  ({len(message.data)} bytes){render.printable(reply)}")
        _show_people(message.to, message.cc)


def parent(message: Message) -> str:
    """The Message-Id of what a message replies to; empty for the first of a thread."""
    found = _PARENT.search(message.data.partition(b"\n\n")[0] + b"\n")
    return found[1].decode("ascii", "replace") if found else ""


def _show_people(to: Iterable[Any], cc: Iterable[Any]) -> None:
    for name, people in (("To", to), ("Cc", cc)):
        for person in people:
            text = f"{person.name} <{person.address}>" if person.name else person.address
            render.say(render.printable(f"  {name}: {text}  ({'; '.join(person.reasons)})"))


def _show_checks(checks: Sequence[Check], overridden: Sequence[str]) -> None:
    """What the checks before a send found wrong, and how many found nothing."""
    failed = [check for check in checks if check.failed]
    passed = sum(check.state == "pass" for check in checks)
    render.say(f"\n{len(checks)} checks: {passed} passed, {len(failed)} failed")
    for check in failed:
        said = "overridden" if check.name in overridden else "failed"
        first, *more = check.detail.split("\n")
        colour = "yellow" if check.name in overridden else "red"
        render.say(f"  {render.paint(f'{check.name} {said}', colour)}: {render.printable(first)}")
        for line in more:
            render.say(render.printable(f"    {line}"))
        if check.hint:
            render.say(render.printable(f"    hint: {check.hint}"))


def summary(outbox: Outbox) -> str:
    """How much goes to how many, in a line."""
    from credseries.words import many

    people = {address.casefold() for entry in outbox.entries for address in entry.recipients}
    return f"{many(len(outbox.entries), 'message')} to {many(len(people), 'address', 'addresses')}"


def left(outbox: Outbox) -> str:
    """How much is still to go out, to how many."""
    from dataclasses import replace

    from credseries.mail.outbox.model import Fate

    return summary(replace(outbox, entries=tuple(outbox.having(Fate.WAITING, Fate.REFUSED))))


def progress(outbox: Outbox) -> str:
    """How much of a version is out, in words: `3 of 7 messages of v1 of creds-rfc are out`."""
    from credseries.mail.outbox.model import Fate
    from credseries.words import many

    out, unknown = len(outbox.having(Fate.SENT)), len(outbox.having(Fate.UNKNOWN))
    total = many(len(outbox.entries), "message")
    versions = " and ".join(f"v{item.revision} of {item.branch}" for item in outbox.series)
    doubt = f", and of {unknown} nobody knows" if unknown else ""
    return f"{out or 'none'} of {total} of {versions} {'is' if out == 1 or not out else 'are'} out{doubt}"


def show_fates(outbox: Outbox) -> None:
    """What became of each message."""
    rows = [
        [str(entry.number), str(entry.fate), render.printable(entry.message.subject), render.printable(_said(entry))]
        for entry in outbox.entries
    ]
    for line in render.columns(rows, indent="  "):
        render.say(line)


def _said(entry: Entry) -> str:
    return f"({entry.dispatch.answer})" if entry.dispatch.answer else ""


def outbox_json(outbox: Outbox, checks: Sequence[Check] = (), marked: Sequence[Marked] = ()) -> dict[str, Any]:
    """An outbox for programs: its messages, what the checks found, and what a send has left of each series."""
    from dataclasses import asdict

    return {
        "schema": 1,
        "key": outbox.key,
        "state": outbox.state,
        "sender": outbox.sender,
        "route": outbox.route or None,
        "signed": outbox.signed,
        "created": outbox.created.isoformat(),
        "series": [asdict(item) for item in outbox.series],
        "messages": [_entry_json(entry) for entry in outbox.entries],
        "checks": [asdict(check) for check in checks],
        "overridden": [{**asdict(item), "when": item.when.isoformat()} for item in outbox.overridden],
        "marked": [asdict(item) for item in marked],
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    from dataclasses import asdict

    message, dispatch = entry.message, entry.dispatch
    return {
        "number": entry.number,
        "series": entry.series or None,
        "patch": message.index or None,
        "commit": message.commit or None,
        "subject": message.subject,
        "message_id": entry.message_id.strip("<>"),
        "in_reply_to": parent(message).strip("<>") or None,
        "size": len(message.data),
        "to": [asdict(person) for person in message.to],
        "cc": [asdict(person) for person in message.cc],
        "recipients": entry.recipients,
        "fate": entry.fate,
        "when": dispatch.when.isoformat() if dispatch.when is not None else None,
        "answer": dispatch.answer or None,
        "refused": dict(dispatch.refused),
    }


def _tree_names(made: Made) -> dict[str, str]:
    """The names of the trees that series go through, by change-id; none for one series by itself."""
    if made.letter is None:
        return {}
    return {item.record.change_id: tree_of(item.record) for item in made.outgoing}


def tree_of(record: SeriesRecord) -> str:
    """The tree that a series goes through, when it is one of several."""
    return record.thread.tree if record.thread is not None else ""
