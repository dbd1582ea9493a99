"""Which mail of which version each reply is about, and what stands between them. Pure.

The way up goes by In-Reply-To, and where a mail on it is not there by References; then the subject tells. A reply to a
patch that is not there tells of that patch. What is about no patch at all is told too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from credseries.kernel.mail_subjects import MailSubject, parse_subject
from credseries.mail.thread.model import Letter
from credseries.mail.thread.posted import Posted, Series, named, with_missing

_DEPTH = 16  # replies above a reply that anybody quotes


@dataclass(frozen=True)
class Reply:
    """A reply to `posted`. `above` are the Message-Ids of the replies between them, the one that it answers first;
    the last of them need not be among the mails that are there."""

    letter: Letter
    posted: Posted
    above: tuple[str, ...]

    @property
    def parent(self) -> str:
        """The Message-Id of the mail that it answers, or empty when it names none."""
        return self.above[0] if self.above else self.posted.message_id


@dataclass(frozen=True)
class Sorted:
    """Series with the replies to each, in the order of the mails, and mails about no series."""

    series: tuple[tuple[Series, tuple[Reply, ...]], ...]
    others: tuple[Letter, ...]


@dataclass(frozen=True)
class _Found:
    """What a reply is about: a mail of one of the series (by position), or one that nobody has (`key` tells it)."""

    posted: Posted
    above: tuple[str, ...]
    series: int | None
    key: str = ""


def sort_replies(letters: Sequence[Letter], series: Sequence[Series]) -> Sorted:
    """The replies among some mails, each with the mail of a series that it is about."""
    found, others = _Sorting(letters, series).sorted()
    missing: dict[int, list[Posted]] = defaultdict(list)
    unknown: dict[str, list[Posted]] = defaultdict(list)
    for item in found.values():
        if item.series is not None and item.posted.letter is None:
            missing[item.series].append(item.posted)
        elif item.series is None:
            unknown[item.key].append(item.posted)
    whole = [with_missing(one, missing[position]) for position, one in enumerate(series)]
    keys = list(unknown)
    whole += [with_missing(Series((), {}), unknown[key]) for key in keys]
    replies: dict[int, list[Reply]] = defaultdict(list)
    for letter in letters:
        about = found.get(id(letter))
        if about is not None:
            position = about.series if about.series is not None else len(series) + keys.index(about.key)
            replies[position].append(Reply(letter, about.posted, about.above))
    return Sorted(tuple((one, tuple(replies[position])) for position, one in enumerate(whole)), tuple(others))


class _Sorting:
    """Looks for what replies are about; each mail is looked at once."""

    def __init__(self, letters: Sequence[Letter], series: Sequence[Series]) -> None:
        self._letters = letters
        self._series = series
        self._by_id: dict[str, Letter] = {}
        for letter in letters:
            if letter.message_id:
                self._by_id.setdefault(letter.message_id, letter)
        self._posted = {
            name: (position, mail) for position, one in enumerate(series) for name, mail in one.by_id.items()
        }
        self._titles: dict[tuple[int, str], list[tuple[int, Posted]]] = defaultdict(list)
        for position, one in enumerate(series):
            for version in one.versions:
                for mail in version.mails.values():
                    self._titles[version.number, _title(mail.title)].append((position, mail))
        self._known: dict[int, _Found | None] = {}

    def sorted(self) -> tuple[dict[int, _Found], list[Letter]]:
        """What each reply (by identity of the letter) is about, and the mails that are about nothing known."""
        mails = {id(mail.letter) for _, mail in self._posted.values()}
        mails |= {id(mail.letter) for one in self._series for item in one.versions for mail in item.mails.values()}
        found: dict[int, _Found] = {}
        others: list[Letter] = []
        for letter in self._letters:
            if id(letter) in mails or (letter.message_id and letter.message_id in self._posted):
                continue
            if (item := self._about(letter)) is None:
                others.append(letter)
            else:
                found[id(letter)] = item
        return found, others

    def _about(self, letter: Letter) -> _Found | None:
        """What a mail is about: as the mail that it answers is, up to one that answers none that is there."""
        path: list[Letter] = []
        here = letter
        while id(here) not in self._known:
            path.append(here)
            self._known[id(here)] = None  # mails that answer each other in a circle are about nothing
            parent = self._by_id.get(_parent(here))
            if parent is None or _parent(here) in self._posted:
                break
            here = parent
        for item in reversed(path):
            parent = self._by_id.get(_parent(item))
            above = self._known.get(id(parent)) if parent is not None else None
            if _parent(item) in self._posted:
                position, mail = self._posted[_parent(item)]
                self._known[id(item)] = _Found(mail, (), position)
            elif above is not None and parent is not None:
                more = (parent.message_id, *above.above)[:_DEPTH]
                self._known[id(item)] = _Found(above.posted, more, above.series, above.key)
            else:
                self._known[id(item)] = self._by_itself(item)
        return self._known[id(letter)]

    def _by_itself(self, letter: Letter) -> _Found | None:
        """What a mail is about whose parent is not there, or leads nowhere."""
        about = parse_subject(letter.subject)
        above: list[str] = [_parent(letter)] if _parent(letter) else []
        for name in reversed(letter.references):
            if name in self._posted:
                position, mail = self._posted[name]
                return _Found(self._refined(mail, position, about), tuple(above[:_DEPTH]), position)
            known = self._by_id.get(name)
            if known is not None and (there := self._known.get(id(known))) is not None:
                return _Found(there.posted, (*above, name, *there.above)[:_DEPTH], there.series, there.key)
        if (by_title := self._titles.get((about.version, _title(about.title)), [])) and _one_series(by_title):
            same = [item for item in by_title if item[1].number == about.number] or by_title
            return _Found(same[0][1], tuple(above), same[0][0])
        if not (about.is_patch and (about.is_reply or above)):
            return None
        number = about.number if about.total else 1  # [PATCH] alone is a series of one
        stub = named(about, "", number=number)
        key = next(iter(letter.references), "") or letter.in_reply_to or _title(about.title)
        return _Found(stub, tuple(above), None, key)

    def _refined(self, mail: Posted, position: int, about: MailSubject) -> Posted:
        """The patch that a subject names, of the version whose mail is the nearest one that is there."""
        if not about.is_patch or not about.total or (about.version, about.number) == (mail.version, mail.number):
            return mail
        if about.version != mail.version or about.total not in (mail.total, 0):
            return mail
        version = self._series[position].version(mail.version)
        there = version.mails.get(about.number) if version is not None else None
        return there or named(about, "")


def _parent(letter: Letter) -> str:
    return letter.in_reply_to or (letter.references[-1] if letter.references else "")


def _title(text: str) -> str:
    return " ".join(text.casefold().split())


def _one_series(found: Sequence[tuple[int, Posted]]) -> bool:
    return len({position for position, _ in found}) == 1
