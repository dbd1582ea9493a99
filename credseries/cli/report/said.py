"""The discussion of a series: what was said, what came of it, and what is left to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from credseries.review.report.model import Discussion, Remark, Todo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credseries.cli.checklist.source import Source
    from credseries.kernel.git import Repository
    from credseries.mail.comments.gathered import Gathered
    from credseries.mail.comments.todo import Person
    from credseries.series import remarks
    from credseries.series.current import Current

_ARCHIVE = "https://lore.kernel.org/r/"
_ID = re.compile(r"[\w.+$~%/=-]+@[\w.\[\]-]+")  # what is safe in an address; others are not linked
_INVALID = ".invalid"  # RFC 2606: made up


def discussion_of(repo: Repository, current: Current) -> Discussion:
    """The remarks on all versions of a series, as they are kept. Raises StoreDamaged."""
    from credseries.mail.comments.gathered import gather

    gathered = gather(repo, current)
    found = tuple(_remark(item, own=gathered.facts.authors.made(item)) for item in gathered.remarks)
    return Discussion(found, tuple(_todo(gathered)), gathered.problems)


def discussion_of_mails(source: Source) -> Discussion | None:
    """What was said of a series in the mails that it was read from."""
    from credseries.mail.thread.discussion import read_thread

    subjects = {step.subject for step in source.series.steps}
    for discussion in read_thread(source.letters, {}).discussions if source.letters else ():
        versions = discussion.series.versions[-1:]
        if any(subjects & {mail.title for mail in version.patches} for version in versions):
            found = tuple(_remark(item, own=discussion.authors.made(item)) for item in discussion.remarks)
            return Discussion(found)
    return None


def _remark(item: remarks.Remark, *, own: bool) -> Remark:
    from credseries.cli.remarks_output import place_of
    from credseries.mail.comments.decisions import short_key

    place = item.place
    where = place_of(item, with_patch=False)
    return Remark(
        key=short_key(item),
        who=item.name or item.address,
        date=item.date,
        kind=item.kind.value,
        state=item.state.value,
        version=place.version if place is not None else 0,
        patch=place.patch if place is not None else None,
        place=where if where != "-" else "",
        quote=item.quote,
        text=item.text,
        why=item.why,
        link=_link(item.message_id),
        own=own,
    )


def _link(message_id: str) -> str:
    """Where a mail can be read; empty for one that no archive can have."""
    name = message_id.strip("<>")
    return f"{_ARCHIVE}{name}/" if _ID.fullmatch(name) and not name.endswith(_INVALID) else ""


def _todo(gathered: Gathered) -> Iterator[Todo]:
    from credseries.cli.remarks_output import on_patch

    todo, version = gathered.todo, gathered.facts.version
    trailers = tuple(f"{on_patch(item.version, item.patch)}: {item.trailer}" for item in todo.trailers)
    questions = tuple(" ".join(item.text.split()) for item in todo.questions)
    unreviewed = tuple(f"patch {item.number}: {item.subject}" for item in todo.unreviewed)
    every = [patch for patch in gathered.facts.patches if patch.version == version]
    if len(unreviewed) == len(every):
        unreviewed = (f"no patch of v{version} has a review",) if unreviewed else ()
    for title, items in (
        ("Trailers that the branch has not yet", trailers),
        ("Questions of the author without an answer", questions),
        ("Asked, and silent", tuple(map(_person, todo.silent))),
        (f"Spoke of an earlier version, and not of v{version}", tuple(map(_person, todo.not_back))),
        ("No review yet", unreviewed),
    ):
        if items:
            yield Todo(title, items)


def _person(person: Person) -> str:
    who = f"{person.name} <{person.address}>" if person.name else person.address
    return f"{who}: {person.why}" if person.why else who
