"""What became of each remark: still open, answered by mail, or addressed by a later version. Pure.

A version addresses a remark as far as its mails show it: the patch is another one where the remark points, it was split
or dropped as was asked, the people that were to be in Cc are, the cover letter says what was asked for. What the mails
do not show stays open; the author says then that it is done (`credseries comments --resolve`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from credseries.mail.thread.asked import COPIED, in_copy, lacks_label, split_files, wanted_labels
from credseries.mail.thread.posted import Posted, Series, Version
from credseries.mail.thread.remarking import Said
from credseries.mail.thread.successors import Became, Later, changed_there
from credseries.mail.thread.voices import Voice
from credseries.series.remarks import Kind, State
from credseries.words import numbered

_SPLIT = re.compile(
    r"\b(?:split|separate(?:ly)?|own patch|patch of its own|two patches|several patches|factor\w* out)\b", re.I
)
_ORDER = re.compile(r"\b(?:first|before|after|earlier|later|reorder|order|beginning|last|end)\b", re.I)
_SILENT = (Kind.PRAISE, Kind.TRAILER)


@dataclass(frozen=True)
class Fate:
    """The state of a remark, and in words how it is known."""

    state: State
    why: str = ""


class States:
    """Tells states for one series."""

    def __init__(
        self, series: Series, answered: Mapping[str, tuple[str, ...]], is_own: Callable[[Voice], bool]
    ) -> None:
        self._series = series
        self._answered = answered
        self._is_own = is_own
        self._pairs: dict[tuple[int, int], Later] = {}

    def of(self, said: Said) -> Fate:
        """What became of a remark."""
        if said.part.kind in _SILENT:
            return Fate(State.NONE)
        if said.fine:
            return Fate(State.NONE, f"{said.part.rule} says that all is well")
        answered = self._answer(said)
        if self._is_own(said.voice):
            return answered if said.part.kind is Kind.QUESTION else Fate(State.NONE)
        hint = ""
        for later in self._later(said.place.version):
            why, doubt = self._addressed(said, later)
            if why:
                return Fate(State.ADDRESSED, why)
            hint = doubt or hint
        return answered if answered.state is not State.OPEN else Fate(State.OPEN, hint)

    def _answer(self, said: Said) -> Fate:
        ids = self._answered.get(said.id, ())
        if not ids:
            return Fate(State.OPEN)
        mails = dict.fromkeys(name.rpartition("#")[0] for name in ids)
        return Fate(State.ANSWERED, f"answered in {', '.join(f'<{name}>' for name in mails)}")

    def _later(self, version: int) -> list[Later]:
        old = self._series.version(version)
        if old is None:
            return []
        newer = [one for one in self._series.versions if one.number > version]
        return [self._pairs.setdefault((version, new.number), Later(old, new)) for new in newer]

    def _addressed(self, said: Said, later: Later) -> tuple[str, str]:
        """Why a later version addresses a remark (or nothing), and else what it may have to do with it."""
        new = later.new
        why = _by_people(said, new) or _by_letter(said, later)
        if why or not later.is_comparable:
            return why, ""
        if said.place.patch == 0:
            return _by_files(said, later), ""
        became = later.became.get(said.place.patch)
        if became is None:
            return "", ""
        name = f"patch {said.place.patch}"
        if not became.new:
            return (f"{name} is not in v{new.number} any more", "") if later.is_whole else ("", "")
        changed = bool(said.lines) and changed_there(said.posted, said.lines, became.new)
        if changed and said.is_close:
            return f"{name} changed in v{new.number} where it points", ""
        if why := _by_shape(said, became, new.number):
            return why, ""
        if changed:
            return "", f"{name} changed in v{new.number} below the same quote; whether that is meant, only you can tell"
        if became.is_same or said.place.file or said.lines:
            return "", ""
        return "", f"{name} changed in v{new.number}; it points at no line, so only you can tell"


def _by_people(said: Said, new: Version) -> str:
    """Whether those who were to get a copy got one."""
    if said.part.kind is not Kind.REQUEST or not COPIED.search(said.part.text):
        return ""
    mails = [mail for mail in new.mails.values() if said.place.patch in (0, mail.number) or mail.number == 0]
    found = in_copy(said.part.text, [mail.letter for mail in mails if mail.letter is not None])
    return f"{', '.join(found)} {'gets' if len(found) == 1 else 'get'} v{new.number}" if found else ""


def _by_letter(said: Said, later: Later) -> str:
    """Whether the new cover letter has what was asked for, and the old one had not."""
    new, old = _letter(later.new), _letter(later.old)
    if new is None or said.part.kind not in (Kind.REQUEST, Kind.QUESTION):
        return ""
    for label in wanted_labels(said.part.text):
        if not lacks_label(label, new.text) and (old is None or lacks_label(label, old.text)):
            what = "cover letter" if new.number == 0 else "letter"
            return f"the {what} of v{later.new.number} states the {label}"
    return ""


def _letter(version: Version) -> Posted | None:
    """Where a version says what it is about: its cover letter, or the only patch."""
    return version.cover or (version.patches[0] if len(version.patches) == 1 else None)


def _by_files(said: Said, later: Later) -> str:
    """Whether files that were to be in patches of their own are."""
    if said.part.kind is not Kind.REQUEST or not _SPLIT.search(said.part.text):
        return ""
    files = split_files(said.part.text, later.old, later.new)
    return f"{' and '.join(files)} are in patches of their own in v{later.new.number}" if files else ""


def _by_shape(said: Said, became: Became, version: int) -> str:
    """Whether a patch was split, or moved, as was asked."""
    if said.part.kind not in (Kind.REQUEST, Kind.NIT):
        return ""
    name = f"patch {said.place.patch}"
    if len(became.new) > 1 and _SPLIT.search(said.part.text):
        return f"{name} was split into {numbered([mail.number for mail in became.new])} in v{version}"
    if became.moved and _ORDER.search(said.part.text):
        return f"{name} comes earlier in v{version}: as patch {became.new[0].number}"
    return ""
