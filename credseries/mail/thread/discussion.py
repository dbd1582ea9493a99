"""What was said of series in some mails: their versions, trailers, and remarks with what became of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credseries.mail.thread.answers import answers
from credseries.mail.thread.authors import authors_of
from credseries.mail.thread.kinds import waits
from credseries.mail.thread.model import Letter
from credseries.mail.thread.posted import Posted, Series, posted_series
from credseries.mail.thread.quotes import exchanges
from credseries.mail.thread.remarking import Said, remarks_of
from credseries.mail.thread.replies import Reply, Sorted, sort_replies
from credseries.mail.thread.states import States
from credseries.mail.thread.voices import Voice, voices
from credseries.series.remarks import Authors, Remark
from credseries.series.trailers import Trailer
from credseries.words import numbered

_NOBODY = Authors()


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

    `authors` are those who sent it, those of most of its mails first. `remarks` are in the order of their mails; a
    mail that is known from quotes alone stands before the one that quotes it.
    """

    series: Series
    authors: Authors
    answers: tuple[Answer, ...]
    remarks: tuple[Remark, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Thread:
    """The discussions that some mails hold, in the order in which they began, and mails about none of them."""

    discussions: tuple[Discussion, ...]
    others: tuple[Letter, ...]
    problems: tuple[str, ...] = ()


def read_thread(
    letters: Sequence[Letter], signed: Mapping[str, Signed], own: Authors = _NOBODY, known: Sequence[Letter] = ()
) -> Thread:
    """The discussions in some mails. `signed` are the trailers of replies by Message-Id, `own` its author as
    far as he is known. `known` are all mails of the versions of one series, which need not be among the
    letters; of a mail that is in both the known one counts.
    """
    whole, copies = _each_once([*known, *letters])
    sorted_ = sort_replies(whole, posted_series(whole, {letter.message_id for letter in known}))
    found = tuple(_discussion(series, replies, signed, own, letters) for series, replies in sorted_.series)
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
    series: Series, replies: Sequence[Reply], signed: Mapping[str, Signed], own: Authors, letters: Sequence[Letter]
) -> Discussion:
    heard = voices(series, replies, exchanges)
    authors = authors_of(series, letters, heard) | own

    def is_own(voice: Voice) -> bool:
        return authors.has(voice.name, voice.address)

    found = remarks_of(series, heard, is_own)
    answered = answers(found, is_own)
    states = States(series, answered, is_own)
    waiting = {said.voice.message_id for said in found if waits(said.part.kind)}
    return Discussion(
        series=series,
        authors=authors,
        answers=tuple(
            Answer(
                *(reply.posted.version, reply.posted.number, reply.letter, reply.letter.message_id in waiting),
                signed.get(reply.letter.message_id, Signed()),
            )
            for reply in replies
        ),
        remarks=tuple(_remark(said, answered.get(said.id, ()), states) for said in found),
        problems=tuple(_told(series, replies)),
    )


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
