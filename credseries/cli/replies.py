"""Drafts of replies to a series in mails: made of what the audit finds, written out or shown, never sent."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.reply.draft import Draft
    from credseries.mail.reply.drafting import Reviewer
    from credseries.series.observations import Review


@dataclass(frozen=True)
class Replies:
    """The drafts, and what a person should know about how they came about."""

    drafts: tuple[Draft, ...]
    review: Review
    remarks: tuple[str, ...]


def draft_for(repo: Repository, places: Sequence[str], base: str | None) -> Replies:
    """Audit the series in some mails and draft the replies to them. Raises UsageError when they are no mails."""
    from credseries.errors import UsageError
    from credseries.kernel.series_source import STDIN, from_patches
    from credseries.mail.reply.answered import find_mails
    from credseries.mail.reply.drafting import draft_replies
    from credseries.mail.thread.charsets import decode_text
    from credseries.mail.thread.decode import read_letter
    from credseries.mail.thread.sources import read_source
    from credseries.review.audit import audit
    from credseries.review.wording import review_of

    reviewer = reviewer_of(repo)
    given = sys.stdin.buffer.read() if STDIN in places else b""
    letters = [read_letter(raw.data) for place in places for raw in read_source(Path(place), stdin=io.BytesIO(given))]
    series = from_patches(repo, places, base, lambda: given)
    mails = find_mails(letters, series.steps)
    if mails.first is None:
        raise UsageError(
            f"{', '.join(places)}: no mail of it can be answered",
            hint="a reply needs the mails as they were sent: give an mbox of the thread (`b4 mbox MESSAGE-ID`)",
        )

    def contents(tree: str, file: str) -> bytes:
        return repo.read_files(tree, [file]).get(file, b"")

    def texts(position: int, file: str) -> list[str]:
        return decode_text(contents(series.steps[position - 1].after, file)).text.split("\n")

    review = review_of(audit(repo, series), contents)
    unanswered = [
        f"patch {step.number} ({step.subject}) came in no mail that can be answered"
        for step, mail in zip(series.steps, mails.patches, strict=True)
        if mail is None
    ]
    drafts = draft_replies(review, mails, texts, reviewer)
    return Replies(tuple(drafts), review, (*series.remarks, *unanswered))


def reviewer_of(repo: Repository) -> Reviewer:
    """Who replies: git's sendemail.from, else its author. Raises MissingIdentity and UnknownRecipient."""
    from credseries.mail.recipients.address import make_address, parse_address
    from credseries.mail.reply.drafting import Reviewer

    identity = repo.identity("author")
    configured = repo.config("sendemail.from")
    person = make_address(identity.name, identity.email, "the reviewer")
    sender = parse_address(configured, "the reviewer") if configured else person
    own = {person.address, sender.address, repo.config("user.email") or person.address}
    return Reviewer(sender, frozenset(own))
