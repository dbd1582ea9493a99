"""Who sent a series: by its own mails, and where none is there by whom replies quote it as. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from credseries.mail.thread.model import Letter
from credseries.mail.thread.posted import Series
from credseries.mail.thread.voices import Voice, written_to
from credseries.series.remarks import Authors

# A list, or b4's web endpoint, that has put itself into From: `Zoe via B4 Relay <devnull+zoe.example.org@kernel.org>`.
_VIA = re.compile(r"['\"]?(?P<name>.*\S)['\"]?\s+via\s+\S.*", re.IGNORECASE | re.DOTALL)
_WRITTEN = re.compile(r"\s*From: (?P<name>[^<\n]*)<(?P<address>[^\s<>]+@[^\s<>]+)>\s*\n")


def authors_of(series: Series, letters: Sequence[Letter], heard: Sequence[Voice]) -> Authors:
    """The senders of a series' mails, those of most of them first.

    `letters` are mails as they came: some may be of the series, of which it has its own copies.
    """
    mails = {id(mail.letter): mail.letter for mail in series.by_id.values() if mail.letter is not None}
    mails |= {id(letter): letter for letter in letters if letter.message_id in series.by_id}
    people = Counter(person for letter in mails.values() for person in _senders(letter))
    if not people:
        told = Counter(person for voice in heard if (person := written_to(voice, heard)) is not None)
        people = Counter(dict(told.most_common(1)))
    names: Counter[str] = Counter()
    for (name, _), count in people.items():
        names[name] += count
    return Authors(
        frozenset(address.casefold() for _, address in people if address),
        tuple(name for name, _ in names.most_common() if name),
    )


def _senders(letter: Letter) -> list[tuple[str, str]]:
    """Name and address of the sender, who may be another one than From says, and then is said in the text."""
    via = _VIA.fullmatch(letter.name)
    if via is None:
        return [(letter.name, letter.address)]
    written = _WRITTEN.match(letter.text)
    found = [(via["name"], "")]
    return [*found, (written["name"].strip(" \"'"), written["address"])] if written is not None else found
