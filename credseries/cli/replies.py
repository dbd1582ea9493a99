"""Drafts of replies to a series in mails: made of what the audit finds, written out or shown, never sent."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from credseries import render
from credseries.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.reply.draft import Draft
    from credseries.mail.reply.drafting import Reviewer
    from credseries.series.observations import Review


@dataclass(frozen=True)
class Where:
    """Where drafts are written to: a directory, an mbox, or (neither) standard output; `force` writes over files."""

    directory: Path | None = None
    mbox: Path | None = None
    force: bool = False


@dataclass(frozen=True)
class Replies:
    """The drafts, and what a person should know about how they came about."""

    drafts: tuple[Draft, ...]
    review: Review
    remarks: tuple[str, ...]


def are_mails(places: Sequence[str]) -> bool:
    """Whether some places hold patches in mails that were sent, and so can be answered; standard input is one."""
    from credseries.errors import CredseriesError
    from credseries.kernel.series_source import STDIN
    from credseries.mail.reply.draft import is_id
    from credseries.mail.thread.decode import read_letter
    from credseries.mail.thread.posted import posted_mail
    from credseries.mail.thread.sources import read_source

    if STDIN in places:
        return True
    try:
        letters = [read_letter(raw.data) for place in places for raw in read_source(Path(place))]
    except CredseriesError:
        return False
    return any(is_id(letter.message_id) and posted_mail(letter) is not None for letter in letters)


def show_replies(
    repo: Repository, places: Sequence[str], base: str | None, where: Where, *, questions: bool = False
) -> bool:
    """Draft the replies to the series in some mails and write them out; whether nothing worse than a note was found."""
    from credseries.creds.audit.compared import Severity
    from credseries.errors import UsageError
    from credseries.mail.files import check_free, write_drafts, write_drafts_mbox

    place = where.directory or where.mbox
    if where.directory is not None and where.mbox is not None:
        raise UsageError("--output-dir and --to-mbox at once", hint="give one of them")
    if place is not None and not where.force:
        check_free(place)
    with render.working("working through the checklist"):
        replies = draft_for(repo, places, base, questions=questions)
    for remark in replies.remarks:
        render.complain(render.printable(f"note: {remark}"))
    if where.directory is not None:
        for path in write_drafts(replies.drafts, where.directory, force=where.force):
            render.say(render.printable(str(path)))
    elif where.mbox is not None:
        write_drafts_mbox(replies.drafts, where.mbox, force=where.force)
        render.say(render.printable(str(where.mbox)))
    else:
        _print(replies.drafts)
    render.complain(f"{many(len(replies.drafts), 'draft')}; nothing was sent")
    return all(item.severity is Severity.NOTE for item in replies.review.observations)


def _print(drafts: Sequence[Draft]) -> None:
    """The drafts as an mbox; to somebody at a terminal without the lines that part its messages."""
    from credseries.mail.files import mbox_bytes

    if not sys.stdout.isatty():
        render.data(mbox_bytes(drafts).decode("utf-8", "surrogateescape"))
        return
    for number, draft in enumerate(drafts):
        if number:
            render.say(render.paint("\n" + "-" * 72 + "\n", "dim"))
        for line in draft.data.decode("utf-8", "replace").rstrip("\n").split("\n"):
            shown = render.printable(line)
            render.say(render.paint(shown, "cyan") if line.startswith(">") else shown)


def draft_for(repo: Repository, places: Sequence[str], base: str | None, *, questions: bool = False) -> Replies:
    """Work through the checklist of the series in some mails and draft the replies to them.

    Raises UsageError when they are no mails.
    """
    from credseries.cli.checklist.gathered import read_subject
    from credseries.cli.checklist.source import find_source
    from credseries.errors import UsageError
    from credseries.mail.reply.answered import find_mails
    from credseries.mail.reply.drafting import draft_replies
    from credseries.mail.thread.charsets import decode_text
    from credseries.review.checklist.checking import checklist
    from credseries.review.checklist.model import Audience
    from credseries.review.observed import review_of

    reviewer = reviewer_of(repo)
    source = find_source(repo, places, None, base)
    steps = source.series.steps
    mails = find_mails(source.letters, steps)
    if mails.first is None:
        raise UsageError(
            f"{', '.join(places)}: no mail of it can be answered",
            hint="a reply needs the mails as they were sent: give an mbox of the thread (`b4 mbox MESSAGE-ID`)",
        )

    def contents(tree: str, file: str) -> bytes:
        return repo.read_files(tree, [file]).get(file, b"")

    def texts(position: int, file: str) -> list[str]:
        return decode_text(contents(steps[position - 1].after, file)).text.split("\n")

    subject = read_subject(repo, source)
    review = review_of(subject, checklist(subject, Audience.REVIEWER), steps, contents, questions=questions)
    unanswered = [
        f"patch {step.number} ({step.subject}) came in no mail that can be answered"
        for step, mail in zip(steps, mails.patches, strict=True)
        if mail is None
    ]
    drafts = draft_replies(review, mails, texts, reviewer)
    return Replies(tuple(drafts), review, (*source.series.remarks, *unanswered))


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
