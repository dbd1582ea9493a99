"""The patches of a thread: each mail of each version, put together to the series that they are versions of. Pure.

Versions of one series are in one thread, or have the change-id that b4 writes, or are by one person and have a title in
common. Of a mail that is not there its replies still say which patch it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from credseries.kernel.mail_subjects import MailSubject, parse_subject
from credseries.mail.thread.model import Letter
from credseries.mail.thread.patch_text import files_of
from credseries.mail.thread.placing import Placed

_CHANGE_ID = re.compile(r"^change-id:\s*(\S+)\s*$", re.MULTILINE | re.IGNORECASE)
_DIFF = re.compile(r"^(?:diff --git \S|--- \S[^\n]*\n\+\+\+ \S)", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Posted:
    """A mail of a version: the cover letter (`number` 0) or a patch. `letter` is None when only replies tell of it."""

    version: int
    number: int
    total: int
    title: str
    message_id: str
    letter: Letter | None

    @cached_property
    def text(self) -> str:
        """Its text, with patches that are attached below it."""
        if self.letter is None:
            return ""
        attached = [text for _, text in self.letter.attached if _DIFF.search(text)]
        return "\n".join([self.letter.text, *attached])

    @cached_property
    def placed(self) -> Placed:
        """Its text, in which quotes can be looked for."""
        return Placed(self.text)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files that it changes, in order."""
        return files_of(self.placed.lines)

    @cached_property
    def has_diff(self) -> bool:
        """Whether it carries a patch."""
        return _DIFF.search(self.text) is not None


@dataclass(frozen=True)
class Version:
    """A version of a series: its mails by number, 0 the cover letter."""

    number: int
    mails: Mapping[int, Posted]

    @property
    def patches(self) -> tuple[Posted, ...]:
        """Its patches in order, as far as they are known."""
        return tuple(self.mails[number] for number in sorted(self.mails) if number)

    @property
    def cover(self) -> Posted | None:
        """Its cover letter."""
        return self.mails.get(0)

    @property
    def total(self) -> int:
        """How many patches it has, as its subjects say."""
        return max((mail.total for mail in self.mails.values()), default=0) or len(self.patches)


@dataclass(frozen=True)
class Series:
    """Versions of one series, the first one first. `by_id` are its mails by Message-Id, second copies too."""

    versions: tuple[Version, ...]
    by_id: Mapping[str, Posted] = field(repr=False)

    @cached_property
    def title(self) -> str:
        """That of the newest version's cover letter, or else of its first patch."""
        for version in reversed(self.versions):
            for mail in (version.cover, *version.patches):
                if mail is not None and mail.title:
                    return mail.title
        return ""

    @cached_property
    def authors(self) -> frozenset[str]:
        """The addresses, in lower case, that its mails came from."""
        letters = [mail.letter for mail in self.by_id.values() if mail.letter is not None]
        return frozenset(letter.address.casefold() for letter in letters if letter.address)

    @cached_property
    def author_names(self) -> frozenset[str]:
        """The names, in lower case, that its mails came from."""
        letters = [mail.letter for mail in self.by_id.values() if mail.letter is not None]
        return frozenset(letter.name.casefold() for letter in letters if letter.name)

    def version(self, number: int) -> Version | None:
        """The version with a number, if there is something of it."""
        return next((version for version in self.versions if version.number == number), None)


def posted_series(letters: Sequence[Letter], known: Collection[str] = ()) -> list[Series]:
    """The series that some mails hold versions of, in the order in which they began.

    `known` are Message-Ids of mails that belong together, whatever they say themselves.
    """
    own = [mail for letter in letters if (mail := posted_mail(letter)) is not None]
    return [_series(group) for group in _grouped(_without_proposals(own, letters), known)]


def posted_mail(letter: Letter) -> Posted | None:
    """The patch or cover letter that a mail is, or None."""
    about = parse_subject(letter.subject)
    if about.is_reply or not about.is_patch:
        return None
    found = named(about, letter.message_id, letter)
    if about.number == 0 and about.total == 0:  # one patch without a number, or a letter without one
        return named(about, letter.message_id, letter, number=1 if found.has_diff else 0)
    return found


def named(about: MailSubject, message_id: str, letter: Letter | None = None, number: int | None = None) -> Posted:
    """The mail of a version that a subject names."""
    place = about.number if number is None else number
    return Posted(about.version, place, about.total or (1 if place == 1 else 0), about.title, message_id, letter)


def _without_proposals(own: Sequence[Posted], letters: Sequence[Letter]) -> list[Posted]:
    """Patches but for those that somebody else sends in reply to something: they are part of what he says."""
    senders = {letter.message_id: letter for letter in letters if letter.message_id}
    kept: list[Posted] = []
    for mail in own:
        assert mail.letter is not None
        root = senders.get(next(iter(mail.letter.references), "") or mail.letter.in_reply_to)
        if root is None or _same_person(root, mail.letter) or mail.version > parse_subject(root.subject).version:
            kept.append(mail)
    return kept


def _same_person(one: Letter, two: Letter) -> bool:
    return one.address.casefold() == two.address.casefold() or (bool(one.name) and one.name == two.name)


def _grouped(mails: Sequence[Posted], known: Collection[str]) -> list[list[Posted]]:
    """Mails that are versions of one series, together.

    In one thread there may be several series, each through a tree of its own, below one letter: what is known by
    nothing but the thread belongs together as long as no two of the mails have the same place in the same version.
    """
    groups = _Groups([(mail.version, mail.number) for mail in mails])
    first: dict[tuple[str, ...], int] = {}
    for position, mail in enumerate(mails):
        for key in (*_names(mail), *([("known",)] if mail.message_id in known else [])):
            groups.join(first.setdefault(key, position), position)
    for ties in (_parents, _threads):
        seen: dict[str, list[int]] = defaultdict(list)
        for position, mail in enumerate(mails):
            for name in ties(mail):
                seen[name].append(position)
        for positions in seen.values():
            for position in positions[1:]:
                groups.join_if_apart(positions[0], position)
    found: dict[int, list[Posted]] = defaultdict(list)
    for position, mail in enumerate(mails):
        found[groups.root(position)].append(mail)
    return list(found.values())


def _names(mail: Posted) -> Iterable[tuple[str, ...]]:
    """What makes mails belong together for sure when they share it."""
    letter = mail.letter
    assert letter is not None
    if change_id := _CHANGE_ID.search(letter.text):
        yield "change-id", change_id.group(1).lower()
    yield "title", letter.address.casefold(), " ".join(mail.title.casefold().split())


def _parents(mail: Posted) -> Iterable[str]:
    """The mail itself, and what a patch answers: its cover letter, or the patch before it."""
    letter = mail.letter
    assert letter is not None
    if letter.message_id:
        yield letter.message_id
    if mail.number and letter.in_reply_to:
        yield letter.in_reply_to


def _threads(mail: Posted) -> Iterable[str]:
    """The first mail of the thread that a mail is in."""
    letter = mail.letter
    assert letter is not None
    if thread := next(iter(letter.references), "") or letter.in_reply_to or letter.message_id:
        yield thread


class _Groups:
    """Numbers that were joined, directly or through others; each has a place, which may be taken once in a group."""

    def __init__(self, places: Sequence[tuple[int, int]]) -> None:
        self._parents = list(range(len(places)))
        self._places = [{place} for place in places]

    def root(self, number: int) -> int:
        """The number that stands for all that are joined with this one."""
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def join(self, one: int, two: int) -> None:
        """Let two numbers belong together; the smaller one stands for both."""
        first, second = sorted((self.root(one), self.root(two)))
        if first != second:
            self._parents[second] = first
            self._places[first] |= self._places[second]

    def join_if_apart(self, one: int, two: int) -> None:
        """Let two numbers belong together if no place is taken by both of their groups."""
        if self._places[self.root(one)].isdisjoint(self._places[self.root(two)]):
            self.join(one, two)


def _series(mails: Sequence[Posted]) -> Series:
    by_version: dict[int, dict[int, Posted]] = defaultdict(dict)
    by_id: dict[str, Posted] = {}
    for mail in mails:
        by_version[mail.version][mail.number] = mail  # of two copies the later one; replies quote their own
        if mail.message_id:
            by_id[mail.message_id] = mail
    versions = tuple(Version(number, by_version[number]) for number in sorted(by_version))
    return Series(versions, by_id)


def with_missing(series: Series, missing: Iterable[Posted]) -> Series:
    """A series with mails that only replies tell of; those that are there stay."""
    by_version = {version.number: dict(version.mails) for version in series.versions}
    by_id = dict(series.by_id)
    for mail in missing:
        there = by_version.setdefault(mail.version, {}).setdefault(mail.number, mail)
        if mail.message_id:
            by_id.setdefault(mail.message_id, there)
    return Series(tuple(Version(number, by_version[number]) for number in sorted(by_version)), by_id)
