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
_BEGIN, _END = 2, 6  # of a longer one


@dataclass(frozen=True)
class Put:
    """An observation, and where it is said."""

    item: Observation
    place: Place


def put(mail: PatchMail, observations: Sequence[Observation]) -> list[Put]:
    """Observations with their places, in the order of the mail, errors before warnings before notes at each place, and
    those together of which the same is to be said."""
    found = [Put(item, mail.place(item)) for item in observations]
    first: dict[tuple[int, str], int] = {}
    for one in sorted(found, key=lambda one: one.item.line):
        first.setdefault((one.place.position, one.item.group), one.item.line)
    return sorted(found, key=lambda one: _order(one, first[one.place.position, one.item.group]))


def _order(one: Put, group: int) -> tuple[int, int, int, str, int]:
    severity = _ORDER.index(one.item.severity)
    return one.place.position, severity, group if one.item.group else one.item.line, one.item.group, one.item.line


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
    """Writes a reply from its beginning on. What is said of a function is said in full once: of the next place of which
    the same is to be said only that, as long as nothing else was said between."""

    def __init__(self, mail: PatchMail, placed: Placed, others: Mapping[Observation, Sequence[Observation]]) -> None:
        self.lines: list[str] = []
        self._mail, self._others = mail, others
        self._quoter = Quoter(mail, placed)
        self._said: set[tuple[str, ...]] = set()
        self._last: tuple[str, ...] = ()
        self._path: tuple[PathLine, ...] = ()

    def write(self, place: Place, items: Sequence[Observation]) -> None:
        """What is to be said at a place, below the lines quoted for it."""
        quoted = self._quoter.quote(place, [at for item in items for at in self._added(item)])
        if not quoted and self.lines:  # more is said of the line above
            self.lines.pop()
        self.lines += quoted
        self._path = ()
        for subject, group in groupby(items, key=_subject):
            first, *more = group
            if subject != self._last or not first.again:
                self.lines += ["", *self._in_full(first, place)]
            else:
                more = [first, *more]
            if more:
                self.lines += ["", *wrapped(_again(more, place))]
            self._last = subject
        self.lines.append("")

    def _added(self, item: Observation) -> list[int]:
        """The lines of the way to an observation that the patch adds."""
        found = (self._mail.position(item.file, step.number) for step in item.path)
        return [at for at in found if at is not None and self._mail.lines[at].text.startswith("+")]

    def _in_full(self, item: Observation, place: Place) -> list[str]:
        lines = wrapped(" ".join(_sentences(item, place)))
        if _subject(item) not in self._said and item.path != self._path:
            seen = all(self._mail.position(item.file, step.number) in self._quoter.quoted for step in item.path)
            lines += _path(item.path, item.file, seen=seen)
        self._said.add(_subject(item))
        self._path = item.path
        if others := self._others.get(item):
            lines += [
                "",
                *wrapped("The same goes for:"),
                "",
                *(shown(_where(other)) for other in sorted(others, key=_file_order)),
            ]
        return lines


def _subject(item: Observation) -> tuple[str, ...]:
    """What something is said of: what has the same is told apart by its places alone."""
    return (item.group or item.text, item.file, str(item.extent))


def _again(items: Sequence[Observation], place: Place) -> str:
    *some, last = [item.again for item in items]
    names = f"{', '.join(some)} and {last}" if some else last
    if place.nearness is Nearness.LINE:
        return f"The same goes for {names}."
    return f"The same goes for {names}, which {'are' if some else 'is'} not in this diff."


def _sentences(item: Observation, place: Place) -> Iterator[str]:
    yield f"Note: {item.text}" if item.severity is Severity.NOTE and not item.is_question else item.text
    if place.nearness is Nearness.FUNCTION:
        yield "That line is not in this diff; this is the nearest hunk of its function."
    elif place.nearness is Nearness.FILES and item.line:
        yield f"That {'function' if item.function else 'line'} is not in this diff."


def _file_order(item: Observation) -> tuple[str, int]:
    return item.file, item.line


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
