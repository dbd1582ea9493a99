"""How a plan of recipients looks: by person, by message, and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from credseries import render
from credseries.words import many, ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credseries.mail.message import Address
    from credseries.mail.recipients import Change, RecipientPlan, Recipients
    from credseries.mail.recipients.gathered import Gathered
    from credseries.series.model import SeriesRecord

SCHEMA = 1


@dataclass
class Line:
    """Somebody with the numbers of the messages that he gets as To and as Cc (0: the cover letter)."""

    person: Address
    is_list: bool
    to: list[int] = field(default_factory=list)
    cc: list[int] = field(default_factory=list)


def by_person(plan: RecipientPlan) -> list[Line]:
    """Everybody with what he gets: people first, then lists."""
    found: dict[str, Line] = {}
    for recipients in (plan.cover, *plan.patches):
        for people, is_to in ((recipients.to, True), (recipients.cc, False)):
            for person in people:
                key = person.address.casefold()
                line = found.setdefault(key, Line(person, key in plan.lists))
                (line.to if is_to else line.cc).append(recipients.index)
    return sorted(found.values(), key=lambda line: line.is_list)


def show_by_person(plan: RecipientPlan, changes: Sequence[Change], branch: str) -> None:
    """A line for everybody: which patches, as To or as Cc, and why; of files it is just who and why."""
    lines, total = by_person(plan), len(plan.patches)
    lists = sum(line.is_list for line in lines)
    patches = [change for change in changes if change.subject]
    if patches:
        what = f"{branch}: " if branch else ""
        head, policy = f"{what}{many(len(patches), 'patch', 'patches')} to ", f" (policy {plan.policy})"
    else:
        head, policy = f"{', '.join(changes[0].files)}: ", ""
    whom = f"{many(len(lines) - lists, 'person', 'people')} and {many(lists, 'list')}"
    render.say(render.paint(render.printable(f"{head}{whom}{policy}"), "bold"))
    rows = [
        [_who(line.person), *(_gets(line, total) if patches else ()), "; ".join(line.person.reasons)] for line in lines
    ]
    for text in render.columns([[render.printable(cell) for cell in row] for row in rows]):
        render.say(text)


def show_by_patch(plan: RecipientPlan, changes: Sequence[Change], title: str) -> None:
    """Every message with those who get it; `title` is that of the cover letter, empty where there is none."""
    if title and len(changes) > 1:
        _show(f"cover letter: {title}", plan.cover)
    for change, recipients in zip(changes, plan.patches, strict=True):
        _show(change.label if not change.subject else f"patch {change.index}: {change.subject}", recipients)


def show_notes(plan: RecipientPlan) -> None:
    """What is known against recipients."""
    if plan.notes:
        render.say(render.paint("\nto know:", "bold"))
    for note in plan.notes:
        where = f" ({_numbers(note.patches, len(plan.patches))})" if note.patches and len(plan.patches) > 1 else ""
        render.say(render.printable(f"  {note.concern}: {note.text}{where}"))


def as_json(plan: RecipientPlan, found: Gathered, record: SeriesRecord | None) -> dict[str, Any]:
    """The recipients contract, schema 1 (docs in README); numbers are those of patches, 0 the cover letter's."""
    subjects = {0: record.title if record is not None else "", **{item.index: item.subject for item in found.changes}}
    messages = plan.patches if record is None or len(plan.patches) == 1 else (plan.cover, *plan.patches)
    return {
        "schema": SCHEMA,
        "branch": record.branch if record is not None else None,
        "change_id": record.change_id if record is not None else None,
        "version": record.revision if record is not None else None,
        "base": found.base,
        "policy": plan.policy,
        "recipients": [
            {
                "name": line.person.name,
                "address": line.person.address,
                "list": line.is_list,
                "to": line.to,
                "cc": line.cc,
                "reasons": list(line.person.reasons),
            }
            for line in by_person(plan)
        ],
        "messages": [
            {
                "patch": recipients.index,
                "subject": subjects[recipients.index] or None,
                "files": list(_files(found.changes, recipients.index)),
                "to": [asdict(person) for person in recipients.to],
                "cc": [asdict(person) for person in recipients.cc],
            }
            for recipients in messages
        ],
        "notes": [
            {"concern": note.concern, "text": note.text, "address": note.address or None, "patches": list(note.patches)}
            for note in plan.notes
        ],
    }


def _files(changes: Iterable[Change], index: int) -> Sequence[str]:
    return next((change.files for change in changes if change.index == index), ())


def _show(head: str, recipients: Recipients) -> None:
    render.say(render.paint(render.printable(head), "bold"))
    for name, people in (("To", recipients.to), ("Cc", recipients.cc)):
        for person in people:
            render.say(render.printable(f"  {name}: {_who(person)}  ({'; '.join(person.reasons)})"))


def _who(person: Address) -> str:
    return f"{person.name} <{person.address}>" if person.name else person.address


def _gets(line: Line, total: int) -> tuple[str, str]:
    """As what somebody gets which patches; who is To once and Cc another time is told both."""
    to, cc = ([number for number in numbers if number] for numbers in (line.to, line.cc))
    if to and cc:
        return "To/Cc", f"To {ranges(to)}; Cc {ranges(cc)}"
    return ("To", _numbers(to, total)) if to else ("Cc", _numbers(cc, total))


def _numbers(numbers: Sequence[int], total: int) -> str:
    return "all" if len(numbers) == total else ranges(numbers)
