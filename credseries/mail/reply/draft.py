"""A reply as a message that a mail client goes on with: its fields, the line that says whom it quotes, and its text.

It has no Message-Id and no Date: it is no mail before somebody sends it. Pure.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import SHORTEST, Charset
from email.header import Header
from email.utils import format_datetime, formataddr

from credseries.mail.headers import check_headers
from credseries.mail.message import Address
from credseries.mail.reply.addressees import Addressees
from credseries.mail.reply.words import inert, wrapped
from credseries.mail.text import WIDTH, one_line
from credseries.mail.thread.decode import MADE_UP
from credseries.mail.thread.model import Letter

_LONGEST = 998  # octets of a line of a mail (RFC 5322, 2.1.1)
_FOLD = 76
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = SHORTEST  # b4 has changed what is usual in this process, if it was imported
_ID = re.compile(r"[!-;=?-~]{1,400}@[!-;=?-~]{1,400}")
_REPLY = re.compile(r"re\s*:", re.IGNORECASE)
_SLUG_CHARACTERS = 52
_MOST_IDS = 40


@dataclass(frozen=True)
class Draft:
    """A reply that was not sent. `number` is that of the patch that it answers, 0 for the cover letter; `data` has
    lines ending in LF."""

    number: int
    subject: str
    addressees: Addressees
    data: bytes

    @property
    def file_name(self) -> str:
        """A name for a file of it."""
        title = re.sub(r"^(?:re:|\s|\[[^]]*\])*", "", self.subject, flags=re.IGNORECASE)
        slug = re.sub(r"[^A-Za-z0-9_.]+", "-", title)[:_SLUG_CHARACTERS].strip("-.")
        return f"{self.number:04d}-re-{slug or 'patch'}.eml"


def make_draft(letter: Letter, number: int, sender: Address, addressees: Addressees, lines: Sequence[str]) -> Draft:
    """The draft of an answer to a letter with these lines. Raises UsageError when something would get into its header
    fields that does not belong there."""
    subject = one_line(inert(letter.subject))
    subject = subject if _REPLY.match(subject) else f"Re: {subject}"
    body = "".join(f"{line}\n" for line in lines).encode()
    encoding = "8bit"
    if any(len(line) > _LONGEST for line in body.split(b"\n")):
        body, encoding = quopri.encodestring(body), "quoted-printable"
    fields = [
        ("From", _mailbox(sender)),
        ("To", _mailboxes(addressees.to)),
        ("Cc", _mailboxes(addressees.cc)),
        ("Subject", _encoded(subject)),
        *_thread(letter),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", encoding),
    ]
    head = "".join(f"{name}: {value}\n" for name, value in fields if value).encode("ascii")
    data = head + b"\n" + body
    check_headers(data, subject, needed=("from", "subject"))
    return Draft(number, subject, addressees, data)


def attribution(letter: Letter) -> list[str]:
    """The lines that say whose words the quote below them is, as mail clients write them."""
    who = one_line(inert(letter.name)) or one_line(letter.address) or "somebody"
    text = f"On {_date(letter.date)}, {who} wrote:" if letter.date is not None else f"{who} wrote:"
    return [text] if len(text) <= WIDTH else wrapped(text)


def _date(date: datetime) -> str:
    return format_datetime(date)


def _thread(letter: Letter) -> list[tuple[str, str]]:
    """The fields that put a reply below the mail that it answers (RFC 5322, 3.6.4)."""
    if not is_id(letter.message_id):
        return []
    above = letter.references or ((letter.in_reply_to,) if letter.in_reply_to else ())
    ids = [name for name in dict.fromkeys((*above, letter.message_id)) if is_id(name)]
    if len(ids) > _MOST_IDS:
        ids = [ids[0], *ids[1 - _MOST_IDS :]]
    return [
        ("In-Reply-To", f"<{letter.message_id}>"),
        ("References", "\n ".join(f"<{name}>" for name in ids)),
    ]


def is_id(name: str) -> bool:
    """Whether a bare Message-Id is one that a reply can name, and not a stand-in for one that is missing."""
    return _ID.fullmatch(name) is not None and not name.endswith(MADE_UP)


def _mailboxes(people: Sequence[Address]) -> str:
    return ",\n ".join(map(_mailbox, people))


def _mailbox(person: Address) -> str:
    name = one_line(inert(person.name))
    return formataddr((name, person.address)) if name.isascii() else f"{_encoded(name)} <{person.address}>"


def _encoded(text: str) -> str:
    """A field's text as ASCII, in lines that are not too long; what only looks encoded is encoded, and stays as it is
    for who reads it."""
    plain = text.isascii() and "=?" not in text and all(len(word) < _FOLD for word in text.split(" "))
    return Header(text, "us-ascii" if plain else _UTF8, _FOLD, "Subject").encode()
