"""The replies to a series: one to each patch of which something is to be said, and one with the summary. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from credseries.mail.message import Address
from credseries.mail.reply.addressees import reply_to_all
from credseries.mail.reply.answered import Answered
from credseries.mail.reply.body import remarks
from credseries.mail.reply.draft import Draft, attribution, make_draft
from credseries.mail.reply.places import PatchMail
from credseries.mail.reply.quoting import LEFT_OUT, quote_line
from credseries.mail.reply.summary import Named, summary
from credseries.mail.reply.words import INSTEAD, inert, wrapped
from credseries.mail.thread.posted import Posted
from credseries.series.observations import Review

Texts = Callable[[int, str], Sequence[str]]  # of a file after the patch at a position, by lines

_INTRODUCED = 4  # lines of a letter that are quoted above the summary


@dataclass(frozen=True)
class Reviewer:
    """Who replies: as whom the mails are from, and the addresses that are the reviewer's."""

    sender: Address
    addresses: frozenset[str]


def draft_replies(review: Review, mails: Answered, texts: Texts, reviewer: Reviewer) -> list[Draft]:
    """The drafts, in the order of the series. A patch of which nothing is to be said gets none.

    Raises UsageError when a field of a mail cannot be repeated in a header.
    """
    written: dict[str, tuple[Posted, list[str]]] = {}
    for position, mail in enumerate(mails.patches, 1):
        items = [item for item in review.observations if item.patch == position]
        if mail is None or mail.letter is None or not items:
            continue
        files = {item.file: texts(position, item.file) for item in items}
        written[mail.message_id] = mail, _reply(mail, files, review, position)
    first = mails.first
    if first is not None and first.letter is not None:
        said = summary(review, _named(mails), alone=first is mails.cover)
        if first is mails.cover:
            lines = [*attribution(first.letter), *_introduction(first), "", *said]
        else:
            _, below = written.get(first.message_id, (first, [*attribution(first.letter), *_introduction(first)]))
            lines = [*said, "", *below]
        written = {first.message_id: (first, lines)} | {
            name: item for name, item in written.items() if name != first.message_id
        }
    return [_draft(mail, lines, reviewer) for mail, lines in written.values()]


def _draft(mail: Posted, lines: Sequence[str], reviewer: Reviewer) -> Draft:
    assert mail.letter is not None
    addressees = reply_to_all(mail.letter, reviewer.addresses)
    return make_draft(mail.letter, mail.number, reviewer.sender, addressees, lines)


def _reply(mail: Posted, files: Mapping[str, Sequence[str]], review: Review, position: int) -> list[str]:
    assert mail.letter is not None
    items = [item for item in review.observations if item.patch == position]
    lines = remarks(PatchMail(mail.placed.lines, dict(files)), mail.placed, items)
    changed = any(line.startswith(">") and INSTEAD in line for line in lines)
    return [*attribution(mail.letter), *lines, *(["", *_about_changed()] if changed else [])]


def _about_changed() -> list[str]:
    return wrapped(f"({INSTEAD} in the quote stands for a control character, or for one that turns the writing.)")


def _named(mails: Answered) -> list[Named]:
    return [Named("", "a patch") if mail is None else _name(mail) for mail in mails.patches]


def _name(mail: Posted) -> Named:
    return Named(f"{mail.number}/{mail.total}" if mail.total > 1 else "", inert(mail.title))


def _introduction(mail: Posted) -> list[str]:
    """The first lines of a mail, quoted."""
    assert mail.letter is not None
    lines = mail.letter.text.split("\n")
    start = next((at for at, line in enumerate(lines) if line.strip()), 0)
    end = next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))
    shown = [quote_line(line) for line in lines[start : min(end, start + _INTRODUCED)]]
    return [*shown, LEFT_OUT] if any(line.strip() for line in lines[start + len(shown) :]) else shown
