"""What was said of series in some mails: their versions, trailers, and remarks with what became of each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from credseries.mail.thread.answers import answers
from credseries.mail.thread.kinds import waits
from credseries.mail.thread.model import Letter
from credseries.mail.thread.posted import Posted, Series, posted_series
from credseries.mail.thread.quotes import exchanges
from credseries.mail.thread.remarking import Said, remarks_of
from credseries.mail.thread.replies import Reply, Sorted, sort_replies
from credseries.mail.thread.states import States
from credseries.mail.thread.voices import Voice, voices, written_to
from credseries.series.remarks import Remark
from credseries.series.trailers import Trailer
from credseries.words import numbered


@dataclass(frozen=True)
class Signed:
    """The trailers of a reply that b4 takes, those that it does not as they do not name the sender, and those that are
    not given, but spoken of."""

    trailers: tuple[Trailer, ...] = ()
    mismatched: tuple[Trailer, ...] = ()
    spoken: tuple[Trailer, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A reply to patch `patch` (0: the cover letter) of a version; `comments` says that something in it waits."""

    version: int
    patch: int
    letter: Letter
    comments: bool
    signed: Signed


@dataclass(frozen=True)
class Discussion:
    """What was said of a series.

    `authors` are the names of those who sent it. `remarks` are in the order of their mails; a mail that is known from
    quotes alone stands before the one that quotes it.
    """

    series: Series
    authors: tuple[str, ...]
    answers: tuple[Answer, ...]
    remarks: tuple[Remark, ...]
    own: frozenset[str]
    problems: tuple[str, ...] = ()

    def is_own(self, remark: Remark) -> bool:
        """Whether a remark is the author's."""
        return _is_one_of(remark.name, remark.address, self.own, self.authors)


@dataclass(frozen=True)
class Thread:
    """The discussions that some mails hold, in the order in which they began, and mails about none of them."""

    discussions: tuple[Discussion, ...]
    others: tuple[Letter, ...]
    problems: tuple[str, ...] = ()


def read_thread(
    letters: Sequence[Letter], signed: Mapping[str, Signed], own: Collection[str] = (), known: Sequence[Letter] = ()
) -> Thread:
    """The discussions in some mails. `signed` are the trailers of replies by Message-Id, `own` the addresses of the
    author where they are known. `known` are all mails of the versions of one series, which need not be among the
    letters; of a mail that is in both the known one counts.
    """
    whole, copies = _each_once([*known, *letters])
    sorted_ = sort_replies(whole, posted_series(whole, {letter.message_id for letter in known}))
    found = tuple(_discussion(series, replies, signed, own) for series, replies in sorted_.series)
    return Thread(found, sorted_.others, (*_problems(sorted_), *copies))


def _each_once(letters: Sequence[Letter]) -> tuple[list[Letter], list[str]]:
    """Mails without second copies (a list's and one's own); other ones under the same Message-Id are told."""
    found: dict[str, Letter] = {}
    problems: list[str] = []
    for letter in letters:
        there = found.setdefault(letter.message_id, letter)
        if there is not letter and not _is_copy(there, letter):
            problems.append(f"two mails have the Message-Id <{letter.message_id}>: the first one counts")
    return list(found.values()), list(dict.fromkeys(problems))


def _is_copy(one: Letter, two: Letter) -> bool:
    """Whether two mails say the same; lists add footers."""
    first, second = "".join(one.text.split()), "".join(two.text.split())
    return first.startswith(second) or second.startswith(first)


def _problems(found: Sorted) -> list[str]:
    """What could not be understood of mails about nothing known; of others their discussion says it."""
    return [f"<{letter.message_id}>: {problem}" for letter in found.others for problem in letter.problems]


def _discussion(
    series: Series, replies: Sequence[Reply], signed: Mapping[str, Signed], own: Collection[str]
) -> Discussion:
    heard = voices(series, replies, exchanges)
    names, addresses = _authors(series, heard, own)

    def is_own(voice: Voice) -> bool:
        return _is_one_of(voice.name, voice.address, addresses, names)

    found = remarks_of(series, heard, is_own)
    answered = answers(found, is_own)
    states = States(series, answered, is_own)
    waiting = {said.voice.message_id for said in found if waits(said.part.kind)}
    return Discussion(
        series=series,
        authors=names,
        answers=tuple(
            Answer(
                *(reply.posted.version, reply.posted.number, reply.letter, reply.letter.message_id in waiting),
                signed.get(reply.letter.message_id, Signed()),
            )
            for reply in replies
        ),
        remarks=tuple(_remark(said, answered.get(said.id, ()), states) for said in found),
        own=addresses,
        problems=tuple(_told(series, replies)),
    )


def _authors(series: Series, heard: Sequence[Voice], own: Collection[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The names and addresses of those who sent a series; without a mail of it, of whom replies quote it as."""
    letters = [mail.letter for mail in series.by_id.values() if mail.letter is not None]
    addresses = {*series.authors, *(address.casefold() for address in own)}
    names = Counter(letter.name for letter in letters if letter.name)
    if not letters:
        told = Counter(person for voice in heard if (person := written_to(voice, heard)) is not None)
        for name, address in [person for person, _ in told.most_common(1)]:
            names[name] += 1 if name else 0
            addresses |= {address.casefold()} - {""}
    return tuple(name for name, _ in names.most_common()), frozenset(addresses)


def _is_one_of(name: str, address: str, addresses: Collection[str], names: Sequence[str]) -> bool:
    if address and address.casefold() in addresses:
        return True
    return bool(name) and name.casefold() in {known.casefold() for known in names}


def _remark(said: Said, answered: tuple[str, ...], states: States) -> Remark:
    voice, fate = said.voice, states.of(said)
    return Remark(
        id=said.id,
        message_id=voice.message_id,
        name=voice.name,
        address=voice.address,
        date=voice.date.isoformat() if voice.date is not None else "",
        place=said.place,
        kind=said.part.kind,
        state=fate.state,
        quote=said.quote,
        text=said.part.text,
        answers=answered,
        why=fate.why,
    )


def _told(series: Series, replies: Sequence[Reply]) -> list[str]:
    """What could not be understood, with the mail that it is about."""
    letters = [mail.letter for mail in series.by_id.values() if mail.letter is not None]
    letters += [reply.letter for reply in replies]
    found = [f"<{letter.message_id}>: {problem}" for letter in letters for problem in letter.problems]
    for version in series.versions:
        missing = [number for number in range(1, version.total + 1) if _is_missing(version.mails.get(number))]
        if missing:
            found.append(f"v{version.number}: the mails of {numbered(missing)} are not here")
    return found


def _is_missing(mail: Posted | None) -> bool:
    return mail is None or mail.letter is None
