"""Who said what in a thread: each reply, and those that are known only because others quote them. Pure.

When a mail is not there, its words still stand in the answers to it, one mark deep. They are read as a mail of the one
whom the line above the quote names: so that what a reviewer asked for is not lost when only the author's answer is
there. Of a patch that is not there the same quote is the patch, and no remark; what it looks like and whose it is tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from credseries.mail.thread.model import Exchange, Letter, Quote
from credseries.mail.thread.posted import Posted, Series
from credseries.mail.thread.replies import Reply

_ADDRESS = re.compile(r"<?(?P<address>[^\s<>\"(),:;]+@[^\s<>\"(),:;]+)>?")
_PATCH = re.compile(r"^(?:diff --git |@@ -\d|[-+]{3} [ab]/|Signed-off-by: )")
_QUOTED = 4  # replies above a reply in which lines are looked for that lost their marks
Split = Callable[[str, Sequence[str]], tuple[Exchange, ...]]


@dataclass(frozen=True)
class Voice:
    """What one person wrote in one mail about `posted`. `letter` is None when it is known only from quotes.

    `above` are the Message-Ids of the replies between it and the patch, the one that it answers first.
    """

    message_id: str
    name: str
    address: str
    date: datetime | None
    posted: Posted
    above: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    letter: Letter | None = None


def voices(series: Series, replies: Sequence[Reply], split: Split) -> list[Voice]:
    """Everybody's words, who was answered before those who answer him. `split` parts a text into quotes and words; it
    is given the texts that may be quoted too."""
    texts = {reply.letter.message_id: reply.letter.text for reply in replies}
    found = [_voice(reply, texts, split) for reply in replies]
    people = _people([*(reply.letter for reply in replies), *_letters(series)])
    quoted = _quoted(series, found, people)
    whole = [_answering(voice, quoted) for voice in found]
    return _in_order([*(voice for _, voice in quoted.values()), *whole])


def _letters(series: Series) -> list[Letter]:
    return [mail.letter for mail in series.by_id.values() if mail.letter is not None]


def _voice(reply: Reply, texts: Mapping[str, str], split: Split) -> Voice:
    letter = reply.letter
    answered = [texts[name] for name in reply.above[:_QUOTED] if name in texts]
    if reply.posted.letter is not None:
        answered.append(reply.posted.text)
    return Voice(
        *(letter.message_id, letter.name, letter.address, letter.date, reply.posted, reply.above),
        split(letter.text, answered),
        letter,
    )


# -- words that are known from quotes


def _quoted(
    series: Series, found: Sequence[Voice], people: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[str, Voice]]:
    """The mails that are not there, made of what the answers to them quote: by the Message-Id of the answer."""
    there = {voice.message_id for voice in found} | set(series.by_id)
    made: dict[str, Voice] = {}
    answers: dict[str, str] = {}
    for voice in found:
        parent = voice.above[0] if voice.above else ""
        if (parent and parent in there) or (not voice.above and voice.posted.letter is not None):
            continue
        if not _is_reply_quoted(series, voice):
            continue
        name = parent or f"{voice.message_id}/quoted"
        answers[voice.message_id] = name
        inner = _inner(voice.exchanges)
        if name in made:
            inner = _merged(made[name].exchanges, inner)
        who, address = _person(_whose(voice.exchanges, 1), people, voice.letter.text if voice.letter else "")
        made[name] = Voice(name, who, address, None, voice.posted, voice.above[1:], inner)
    return {answer: (name, made[name]) for answer, name in answers.items()}


def _is_reply_quoted(series: Series, voice: Voice) -> bool:
    """Whether what a mail quotes one mark deep are the words of a reply, and not the patch itself."""
    quotes = [quote for exchange in voice.exchanges for quote in (*exchange.quotes, *exchange.below)]
    outer = [line for quote in quotes if quote.depth == 1 for line in quote.lines if line.strip()]
    if not outer or any(_PATCH.match(line) for line in outer):
        return False
    if any(quote.depth > 1 for quote in quotes):
        return True
    if voice.posted.letter is not None and voice.posted.placed.has(outer[:2]):
        return False
    whose = _whose(voice.exchanges, 1).casefold()
    known = [*series.authors, *series.author_names]
    return bool(whose) and bool(known) and not any(name in whose for name in known)


def written_to(voice: Voice, others: Sequence[Voice]) -> tuple[str, str] | None:
    """Name and address of the one who sent the patch that a mail answers, as the mail's quotes of it say."""
    whose = _whose(voice.exchanges, len(voice.above) + 1)
    people = {key: (one.name, one.address) for one in others for key in (one.name.casefold(), one.address.casefold())}
    return _person(whose, people, voice.letter.text if voice.letter else "") if whose else None


def _whose(exchanges: Iterable[Exchange], depth: int) -> str:
    """Whom the lines above quotes of a depth name, first of all."""
    for exchange in exchanges:
        for quote in (*exchange.quotes, *exchange.below):
            if quote.depth == depth and quote.whose:
                return quote.whose
    return ""


def _inner(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """The mail that was quoted: its words are what is one mark deep, its quotes what is deeper."""
    found: list[Exchange] = []
    above: list[Quote] = []
    words: list[str] = []

    def close() -> None:
        if any(line.strip() for line in words):
            found.append(Exchange(tuple(above), "\n".join(words).strip("\n"), 0))
            above.clear()
        words.clear()

    for exchange in exchanges:
        for quote in (*exchange.quotes, *exchange.below):
            if quote.depth == 1:
                words += quote.lines
            else:
                close()
                above.append(replace(quote, depth=quote.depth - 1))
        close()
    return tuple(found)


def _merged(one: Sequence[Exchange], two: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """What two answers quote of the same mail: what only the second one has comes after."""
    known = _plain("\n".join(exchange.words for exchange in one))
    return (*one, *(exchange for exchange in two if _plain(exchange.words) not in known))


def _plain(text: str) -> str:
    return "".join(text.split())


def _people(letters: Iterable[Letter]) -> dict[str, tuple[str, str]]:
    """Names and addresses by both, in lower case."""
    found: dict[str, tuple[str, str]] = {}
    for letter in letters:
        for key in (letter.name, letter.address):
            if key:
                found.setdefault(key.casefold(), (letter.name, letter.address))
    return found


def _person(whose: str, people: Mapping[str, tuple[str, str]], text: str) -> tuple[str, str]:
    """The name and the address of somebody who is named in a line above a quote in some text."""
    match = _ADDRESS.search(whose)
    address = match["address"] if match else ""
    name = (whose[: match.start()] if match else whose).strip(" \t\"'<>(),")
    for key in (address.casefold(), name.casefold()):
        if key and key in people:
            return people[key][0] or name, people[key][1] or address
    if name and not address:
        words = r"\s+(?:[>|]+\s*)*".join(re.escape(word) for word in name.split())
        found = re.search(words + r"[\"',]*[\s>]{1,9}[<\[(](?P<address>[^\s<>\[\]()]+@[^\s<>\[\]()]+)", text)
        address = found["address"] if found else ""
    return name, address


# -- order


def _answering(voice: Voice, quoted: Mapping[str, tuple[str, Voice]]) -> Voice:
    """A mail, with the one that it quotes as what it answers."""
    if voice.message_id not in quoted or voice.above:
        return voice
    return replace(voice, above=(quoted[voice.message_id][0],))


def _in_order(found: Sequence[Voice]) -> list[Voice]:
    """Each mail once, by date as far as it is known, and each behind the one that it answers."""
    by_id: dict[str, Voice] = {}
    for voice in found:
        by_id.setdefault(voice.message_id, voice)
    waiting = sorted(by_id.values(), key=_time)
    seen: set[str] = set()
    done: list[Voice] = []
    for voice in waiting:
        path: list[Voice] = []
        here: Voice | None = voice
        while here is not None and here.message_id not in seen:
            seen.add(here.message_id)
            path.append(here)
            here = by_id.get(here.above[0]) if here.above else None
        done += reversed(path)
    return done


def _time(voice: Voice) -> float:
    """Seconds since 1970; 0 when a mail does not tell."""
    if voice.date is None:
        return 0.0
    return (voice.date if voice.date.tzinfo is not None else voice.date.replace(tzinfo=UTC)).timestamp()
