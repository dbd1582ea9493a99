"""The remarks of a thread: what each person says in each mail, with its place and what it answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

from credseries.mail.thread.bots import report
from credseries.mail.thread.kinds import waits
from credseries.mail.thread.mentions import Mention, list_items, mentioned, named_by_line
from credseries.mail.thread.model import Exchange, Quote
from credseries.mail.thread.parts import Part, parts
from credseries.mail.thread.posted import Posted, Series
from credseries.mail.thread.sentences import sentences
from credseries.mail.thread.voices import Voice
from credseries.series.remarks import Kind, Place
from credseries.words import many

_TELLING = 10  # characters without white space: shorter words are found anywhere
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, eq=False)
class Said:
    """A remark with what its state is told from.

    `lines` are the positions in the mail `posted` that its quote may end at (none: it points at no line); `is_close`
    says that it stands directly below the quote, and not in a later paragraph or in an answer to what somebody said of
    it, which may be about something else.
    `targets` are the ids of the remarks that it stands below. `fine` says that it is a program's, and that all is well.
    """

    id: str
    voice: Voice
    part: Part
    quote: tuple[str, ...]
    posted: Posted
    place: Place
    lines: tuple[int, ...]
    targets: tuple[str, ...]
    fine: bool = False
    is_close: bool = True

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Its sentences without white space, as far as they tell it from others."""
        whole = _squeezed(self.part.text)
        found = [piece for text in sentences(self.part.text) if len(piece := _squeezed(text)) >= _TELLING]
        lines = [piece for line in self.part.text.split("\n") if len(piece := _squeezed(line)) >= 2 * _TELLING]
        return tuple(dict.fromkeys((whole, *found, *lines)))

    @property
    def waits(self) -> bool:
        """Whether it waits for something."""
        return waits(self.part.kind) and not self.fine


def remarks_of(series: Series, voices: Sequence[Voice], is_own: Callable[[Voice], bool]) -> list[Said]:
    """What is said in some mails about a series, in their order: `voices` has who was answered before who answers.

    What the author says below a quote, and no rule knows, is one answer: nobody waits for another one to its parts.
    """
    by_mail: dict[str, list[Said]] = {}
    for voice in voices:
        by_mail[voice.message_id] = list(_Reader(series, voice, by_mail, is_own=is_own(voice)).read())
    return [said for mine in by_mail.values() for said in mine]


class _Reader:
    """Reads one mail; `earlier` are the remarks of those that were read before, by Message-Id."""

    def __init__(self, series: Series, voice: Voice, earlier: Mapping[str, Sequence[Said]], *, is_own: bool) -> None:
        self._series = series
        self._voice = voice
        self._is_own = is_own
        self._above = [list(earlier.get(name, ())) for name in voice.above]
        self._quoted: dict[int, list[str]] = {}  # lines so far, by depth: what stands above a quote tells its place
        self._count = 0

    def read(self) -> Iterable[Said]:
        """The remarks of the mail."""
        found = report(self._voice.letter) if self._voice.letter is not None else None
        if found is None:
            for exchange in self._voice.exchanges:
                yield from self._exchange(exchange)
            yield from self._attached()
            return
        text = (self._voice.letter.text.strip() if self._voice.letter is not None else "") or "[a report without text]"
        for number, spot in enumerate(found.spots or (None,)):
            words = text if not number else spot.words if spot is not None else ""
            place = self._place(*((spot.file, spot.function, spot.line) if spot is not None else ()))
            yield self._said(Part(Kind.BOT, found.bot, words), (), place, (), (), fine=not found.complains)

    def _exchange(self, exchange: Exchange) -> Iterable[Said]:
        for item in exchange.quotes:
            self._quoted.setdefault(item.depth, []).extend(item.lines)
        found = parts(exchange.words, self._voice.name)
        if self._is_own:
            found = _together(found)
        if not found:
            return
        targets = self._targets(exchange.quotes)
        quote = tuple(_nearest(exchange.quotes))
        pointed = self._pointed(exchange.quotes) if not targets else None
        for part in found:
            is_close = part.paragraph == found[0].paragraph
            if part.kind is Kind.TRAILER:  # of the patch, wherever it stands
                yield self._said(part, quote, self._place(), (), ())
            elif targets:
                first, same = targets[0], {(said.posted.version, said.place) for said in targets}
                place = first.place if len(same) == 1 else self._place()
                lines = first.lines if len(same) == 1 else ()
                ids = tuple(said.id for said in targets)
                yield self._said(part, quote, place, lines, ids, posted=first.posted, is_close=False)
            elif pointed is not None and pointed[0].file:
                place, lines = pointed
                yield self._said(part, quote, place, lines, (), is_close=is_close)
            else:
                place = self._named(part, quote) or self._place()
                lines = pointed[1] if pointed else ()
                yield self._said(part, quote, place, lines, (), is_close=is_close)

    def _attached(self) -> Iterable[Said]:
        """What comes in parts of its own, which nobody has read here."""
        attached = self._voice.letter.attached if self._voice.letter is not None else ()
        for name, text in attached:
            words = f"[attached: {name or 'a part without a name'}, {many(len(text.splitlines()), 'line')}]"
            part = Part(Kind.OTHER, "an attachment", words)
            yield self._said(part, (), self._place(), (), ())

    def _said(
        self,
        part: Part,
        quote: tuple[str, ...],
        place: Place,
        lines: tuple[int, ...],
        targets: tuple[str, ...],
        *,
        posted: Posted | None = None,
        fine: bool = False,
        is_close: bool = True,
    ) -> Said:
        self._count += 1
        name = f"{self._voice.message_id}#{self._count}"
        mail = posted or self._voice.posted
        return Said(name, self._voice, part, quote, mail, place, lines, targets, fine, is_close)

    def _place(self, file: str = "", function: str = "", line: int = 0, *, removed: bool = False) -> Place:
        posted = self._voice.posted
        return Place(posted.version, posted.number, file, function, line, removed)

    # -- what the quote is from

    def _targets(self, quotes: Sequence[Quote]) -> list[Said]:
        """The remarks of other mails that are quoted last: of the last lines at a depth, then of those before."""
        for depth, lines in reversed(_runs(quotes)):
            direct = self._above[depth - 1 : depth]
            if not direct and self._voice.posted.placed.find(lines).sure:
                return []  # the patch itself
            keys = [_squeezed(line) for line in lines]
            text, whole = "".join(keys), set(keys)
            for mine in [*direct, *(other for other in self._above if other not in direct)]:
                found = [said for said in mine if _is_quoted(said, text, whole)]
                if found:
                    return [said for said in found if said.waits] or found
        return []

    def _pointed(self, quotes: Sequence[Quote]) -> tuple[Place, tuple[int, ...]] | None:
        """The place in the patch that is quoted last."""
        seen: set[int] = set()
        for depth, lines in reversed(_runs(quotes)):
            spot = self._voice.posted.placed.find(lines if depth in seen else self._quoted[depth])
            seen.add(depth)
            if spot.sure:
                place = self._place(spot.file, spot.function, spot.line, removed=spot.removed)
                return place, spot.lines if len(spot.lines) == 1 or spot.file else ()
        return None

    def _named(self, part: Part, quote: Sequence[str]) -> Place | None:
        """Of what is said of a cover letter, the patch that the words name, or the line of it that is quoted."""
        posted = self._voice.posted
        version = self._series.version(posted.version)
        if posted.number or version is None:
            return None
        found = mentioned(part.text, version, self._items)
        last = next((line for line in reversed(quote) if line.strip()), "")
        if found is None:
            found = named_by_line(last, version)
        return _at(found, posted.version) if found is not None else None

    @cached_property
    def _items(self) -> Mapping[str, str]:
        """The items of numbered lists in the mail and in those that it answers."""
        texts = [exchange.words for exchange in self._voice.exchanges]
        texts += [said.part.text for mine in self._above for said in mine]
        return list_items(texts)


def _at(found: Mention, version: int) -> Place:
    return Place(version, found.number, found.file)


def _together(found: Sequence[Part]) -> tuple[Part, ...]:
    """Remarks of which those that no rule knows are one where they stand together."""
    done: list[Part] = []
    for part in found:
        if done and part.kind is Kind.OTHER and done[-1].kind is Kind.OTHER:
            between = "\n" if part.paragraph == done[-1].paragraph else "\n\n"
            done[-1] = replace(part, text=f"{done[-1].text}{between}{part.text}")
        else:
            done.append(part)
    return tuple(done)


def _runs(quotes: Sequence[Quote]) -> list[tuple[int, list[str]]]:
    """The lines of quotes, those that stand together at one depth in one piece."""
    found: list[tuple[int, list[str]]] = []
    for quote in quotes:
        if found and found[-1][0] == quote.depth:
            found[-1][1].extend(quote.lines)
        else:
            found.append((quote.depth, list(quote.lines)))
    return [(depth, lines) for depth, lines in found if any(line.strip() for line in lines)]


def _nearest(quotes: Sequence[Quote]) -> list[str]:
    """The lines that stand directly above some words."""
    runs = _runs(quotes)
    lines = [line.rstrip() for line in runs[-1][1]] if runs else []
    there = [number for number, line in enumerate(lines) if line]
    return lines[there[0] : there[-1] + 1] if there else []


def _is_quoted(said: Said, text: str, lines: Set[str]) -> bool:
    """Whether a remark, or a whole sentence or line of it, is in some text without white space; what is short must be
    one of its `lines`."""
    return any(piece in text if len(piece) >= _TELLING else piece in lines for piece in said.pieces if piece)


def _squeezed(text: str) -> str:
    return _SPACE.sub("", text)
