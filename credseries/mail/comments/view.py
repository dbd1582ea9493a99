"""Which remarks somebody wants to see. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credseries.errors import UsageError
from credseries.mail.comments.gathered import Gathered
from credseries.series.remarks import Remark
from credseries.words import numbered


@dataclass(frozen=True)
class View:
    """Only what is open, only remarks of somebody (a part of name or address), only those on patch `patch` (0: the
    cover letter) of whatever version."""

    only_open: bool = False
    person: str = ""
    patch: int | None = None


def chosen(gathered: Gathered, view: View) -> tuple[Remark, ...]:
    """The remarks that a view shows. Raises UsageError for a person or a patch that there is not at all."""
    found = list(gathered.remarks)
    if view.only_open:
        waiting = {remark.id for remark in (*gathered.todo.open, *gathered.todo.bots)}
        found = [remark for remark in found if remark.id in waiting]
    if view.person:
        _check_person(gathered.remarks, view.person)
        found = [remark for remark in found if _is(remark, view.person)]
    if view.patch is not None:
        _check_patch(gathered, view.patch)
        found = [remark for remark in found if remark.place is not None and remark.place.patch == view.patch]
    return tuple(found)


def _is(remark: Remark, name: str) -> bool:
    return name.casefold() in f"{remark.name} <{remark.address}>".casefold()


def _check_person(remarks: Sequence[Remark], name: str) -> None:
    if not any(_is(remark, name) for remark in remarks):
        people = ", ".join(dict.fromkeys(remark.name or remark.address for remark in remarks))
        hint = f"remarks are by {people}" if people else "there are no remarks; --read MBOX reads some"
        raise UsageError(f"no remark is by {name!r}", hint=hint)


def _check_patch(gathered: Gathered, number: int) -> None:
    known = sorted({patch.number for patch in gathered.facts.patches})
    if number and number not in known:
        raise UsageError(
            f"no version of the series has a patch {number}", hint=f"there are {numbered(known)} (0: the cover letter)"
        )
