"""What is quoted of a patch: as much as a reader needs to see what a remark below it is about. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from credseries.mail.reply.places import Hunk, Nearness, PatchMail, Place
from credseries.mail.reply.words import inert
from credseries.mail.thread.patch_text import What
from credseries.mail.thread.placing import Placed

MARK = "> "
LEFT_OUT = f"{MARK}[...]"
_ABOVE = 12  # lines of a hunk above the one that is meant
_STEP = 6  # more of them, while those are found in other places too
_GAP = 5  # lines: so few are not left out
_FILES = 12  # lines of a list of files that is quoted whole


class Quoter:
    """Quotes a mail from its beginning on, each line once; `quoted` are the positions that were."""

    def __init__(self, mail: PatchMail, placed: Placed) -> None:
        self._mail, self._placed = mail, placed
        self.quoted: set[int] = set()
        self._last = -1
        self._file = ""

    def quote(self, place: Place, path: Collection[int] = ()) -> list[str]:
        """The lines to stand above a remark, with their marks; places are given in the order of the mail.

        `path` are positions of lines that the remark speaks of.
        """
        hunk = self._mail.hunk_at(place.position)
        wanted = self._of_hunk(hunk, place, path) if hunk is not None else self._of_message(place)
        quoted: list[str] = []
        for position in _without_small_gaps([at for at in wanted if at > self._last], self._last):
            if position > self._last + 1:
                quoted.append(LEFT_OUT)
            quoted.append(quote_line(self._mail.lines[position].text))
            self._last = position
            self.quoted.add(position)
        return quoted

    def _of_message(self, place: Place) -> list[int]:
        files = self._mail.files
        if place.nearness is Nearness.FILES and files:
            return list(files) if len(files) <= _FILES else [*files[:_FILES], files[-1]]
        return [place.position]

    def _of_hunk(self, hunk: Hunk, place: Place, path: Collection[int]) -> list[int]:
        begin = max(hunk.first, place.position - _ABOVE)
        while begin > max(hunk.first, self._last + 1) and not self._is_unique(begin, place.position):
            begin = max(hunk.first, begin - _STEP)
        passed = [at for at in path if hunk.first <= at < begin]
        return [*self._heads(hunk), *sorted(passed), *range(begin, place.position + 1)]

    def _is_unique(self, first: int, last: int) -> bool:
        """Whether some lines tell which place of the mail is meant."""
        return self._placed.find([self._mail.lines[at].text for at in range(first, last + 1)]).lines == (last,)

    def _heads(self, hunk: Hunk) -> list[int]:
        """The names of the file, unless its lines are being quoted already, and the head of the hunk."""
        lines = self._mail.lines
        if hunk.file == self._file:
            return [hunk.head]
        self._file = hunk.file
        names = [
            at
            for at in range(hunk.head)
            if lines[at].what is What.HEADER and lines[at].file == hunk.file and lines[at].text[:4] in ("--- ", "+++ ")
        ]
        return [*names, hunk.head]


def quote_line(line: str) -> str:
    """A line with the mark of a quote, and without characters that a reader of the mail would act on."""
    return f"{MARK}{inert(line)}" if line else MARK.rstrip()


def _without_small_gaps(positions: Sequence[int], last: int) -> list[int]:
    """Positions, with those between two of them where they are few."""
    filled: list[int] = []
    for position in positions:
        if last >= 0 and 1 < position - last <= _GAP + 1:
            filled += range(last + 1, position)
        filled.append(position)
        last = position
    return filled
