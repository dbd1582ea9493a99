"""The text of a reply to a patch: its lines quoted, and below them what is to be said. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from credseries.creds.audit.compared import Severity
from credseries.mail.reply.places import Nearness, PatchMail, Place
from credseries.mail.reply.quoting import Quoter
from credseries.mail.reply.words import shown, wrapped
from credseries.mail.text import WIDTH
from credseries.mail.thread.placing import Placed
from credseries.series.observations import Observation, PathLine

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
_PATH = 9  # lines of a path that are shown
_BEGIN, _END = 3, 5  # of a longer one


@dataclass(frozen=True)
class Put:
    """An observation, and where it is said."""

    item: Observation
    place: Place


def put(mail: PatchMail, observations: Sequence[Observation]) -> list[Put]:
    """Observations with their places, in the order of the mail, errors before warnings before notes at each place."""
    found = [Put(item, mail.place(item)) for item in observations]
    return sorted(found, key=lambda one: (one.place.position, _ORDER.index(one.item.severity), one.item.line))


def remarks(mail: PatchMail, placed: Placed, observations: Sequence[Observation]) -> list[str]:
    """The lines of a reply, without the line that says whom it quotes.

    What is less than an error and is to be said of several places is said at the first, with the others listed.
    """
    puts, others = _listed(put(mail, observations))
    writer = _Writer(mail, placed, others)
    for place, group in groupby(puts, key=lambda one: one.place):
        writer.write(place, [one.item for one in group])
    return writer.lines[:-1]


def _listed(puts: Sequence[Put]) -> tuple[list[Put], dict[Observation, list[Observation]]]:
    """What is said at its own place, and what is listed with one of these: warnings and notes of which the same is to
    be said, and what has no place in the diff."""
    kept: list[Put] = []
    heads: dict[tuple[str, bool], Observation] = {}
    others: dict[Observation, list[Observation]] = {}
    for one in puts:
        is_error = one.item.severity is Severity.ERROR and one.place.nearness is not Nearness.FILES
        head = heads.setdefault((one.item.group, is_error), one.item)
        if head is one.item or is_error or not one.item.group:
            kept.append(one)
        else:
            others.setdefault(head, []).append(one.item)
    return kept, others


class _Writer:
    """Writes a reply from its beginning on; of each group of observations the first is said in full."""

    def __init__(self, mail: PatchMail, placed: Placed, others: Mapping[Observation, Sequence[Observation]]) -> None:
        self.lines: list[str] = []
        self._mail, self._others = mail, others
        self._quoter = Quoter(mail, placed)
        self._first: dict[str, Observation] = {}

    def write(self, place: Place, items: Sequence[Observation]) -> None:
        """What is to be said at a place, below the lines quoted for it."""
        self.lines += self._quoter.quote(place, [at for item in items for at in self._added(item)])
        last: tuple[PathLine, ...] = ()
        for item in items:
            self.lines += ["", *self._remark(item, place, item.path if item.path != last else ())]
            last = item.path
        self.lines.append("")

    def _added(self, item: Observation) -> list[int]:
        """The lines of the way to an observation that the patch adds."""
        found = (self._mail.position(item.file, step.number) for step in item.path)
        return [at for at in found if at is not None and self._mail.lines[at].text.startswith("+")]

    def _remark(self, item: Observation, place: Place, path: Sequence[PathLine]) -> list[str]:
        first = self._first.setdefault(item.group, item) if item.group else item
        if first is not item and item.again:
            if (first.file, first.extent) == (item.file, item.extent):
                return wrapped(f"{item.again}.")
            return [*wrapped(f"{item.again}, in {item.function}()."), *_path(path, item.file, seen=True)]
        seen = all(self._mail.position(item.file, step.number) in self._quoter.quoted for step in path)
        lines = [*wrapped(" ".join(_sentences(item, place))), *_path(path, item.file, seen=seen)]
        if others := self._others.get(item):
            lines += ["", *wrapped("The same goes for:"), "", *(shown(_where(other)) for other in others)]
        return lines


def _sentences(item: Observation, place: Place) -> Iterator[str]:
    yield f"Note: {item.text}" if item.severity is Severity.NOTE else item.text
    if place.nearness is Nearness.FUNCTION:
        yield "That line is not in this diff; this is the nearest hunk of its function."
    elif place.nearness is Nearness.FILES and item.line:
        yield "That function is not in this diff."


def _where(item: Observation) -> str:
    return f"{item.file}:{item.line} {item.function}()" if item.function else f"{item.file}:{item.line}"


def _path(path: Sequence[PathLine], file: str, *, seen: bool) -> list[str]:
    """The lines that lead there: their numbers, and unless a reader sees them above, their text; of a long way its
    beginning and its end."""
    if len(path) < 2:
        return []
    steps = [*path] if len(path) <= _PATH else [*path[:_BEGIN], None, *path[-_END:]]
    if seen:
        numbers = " -> ".join(str(step.number) if step is not None else ".." for step in steps)
        return ["", *wrapped(f"Path: {numbers} in {file} after this patch.")]
    width = max(len(str(step.number)) for step in path)
    lines = [f"    {'..':>{width}}" if step is None else _step(step, width) for step in steps]
    return ["", *wrapped(f"The path to it, in {file} after this patch:"), "", *lines]


def _step(step: PathLine, width: int) -> str:
    return f"    {step.number:>{width}}{shown(step.text, '  ', WIDTH - 4 - width)}"
