"""The trailers that replies bring: which lines are trailers, and whose they must be, is b4's to say, and of those that
are part of a sentence what it says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from credseries.mail.b4adapter import Incoming, read_mails_in
from credseries.mail.thread.discussion import Signed
from credseries.mail.thread.model import Letter
from credseries.mail.thread.spoken import spoken_of
from credseries.series.trailers import Trailer, parse_trailer

_ID = re.compile(rb"^message-id\s*:", re.MULTILINE | re.IGNORECASE)


def signed_by(letters: Sequence[Letter], directory: Path) -> dict[str, Signed]:
    """The trailers in replies, by Message-Id; b4 works in `directory`, which need not be a repository.

    b4 does not see a mail without a Message-Id. Raises B4Failed.
    """
    mails = [letter.raw for letter in letters if _may_have_any(letter)]
    found: Mapping[str, Signed] = {}
    if mails:
        incoming = read_mails_in(directory, mails)
        texts = {letter.message_id: letter.text for letter in letters}
        found = {item.message_id: _signed(item, texts.get(item.message_id, "")) for item in incoming}
    return {name: signed for name, signed in found.items() if signed != Signed()}


def _signed(mail: Incoming, text: str) -> Signed:
    good, mismatched = _trailers(mail.trailers), _trailers(mail.mismatched)
    spoken = spoken_of((*good, *mismatched), text)
    return Signed(
        tuple(trailer for trailer in good if trailer not in spoken),
        tuple(trailer for trailer in mismatched if trailer not in spoken),
        spoken,
    )


def _may_have_any(letter: Letter) -> bool:
    """Whether it is worth b4's time: a mail of its own kind, with a line in it that looks like a trailer."""
    head = letter.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return _ID.search(head) is not None and any(parse_trailer(line) is not None for line in letter.text.split("\n"))


def _trailers(lines: Iterable[str]) -> tuple[Trailer, ...]:
    return tuple(trailer for line in lines if (trailer := parse_trailer(line)) is not None)
