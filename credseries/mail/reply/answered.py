"""The mails that a series came in, found among those of a thread: each patch's own, and the cover letter. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credseries.kernel.series_source import Step
from credseries.mail.thread.model import Letter
from credseries.mail.thread.posted import Posted, posted_mail


@dataclass(frozen=True)
class Answered:
    """The mails of a series that can be answered, by the position of their patch; None where it came in none."""

    cover: Posted | None
    patches: tuple[Posted | None, ...]

    @property
    def first(self) -> Posted | None:
        """The mail that is answered with what is said of the whole series: the cover letter, or the first patch."""
        return self.cover or next((mail for mail in self.patches if mail is not None), None)


def find_mails(letters: Sequence[Letter], steps: Sequence[Step]) -> Answered:
    """The mails of the patches of a series, by Message-Id, or, where they have none, by number and title."""
    posted = [mail for letter in letters if (mail := posted_mail(letter)) is not None]
    by_id = {mail.message_id: mail for mail in posted if mail.has_diff}
    by_name = {(mail.number, _plain(mail.title)): mail for mail in posted if mail.has_diff}
    found = tuple(
        by_id.get(step.message_id) if step.message_id else by_name.get((step.number, _plain(step.subject)))
        for step in steps
    )
    first = next((mail for mail in found if mail is not None), None)
    return Answered(_cover(first, posted) if first is not None else None, found)


def _cover(patch: Posted, posted: Sequence[Posted]) -> Posted | None:
    """The cover letter of a patch: the one that it answers, else the one of the same version and size by its sender."""
    letters = [mail for mail in posted if not mail.number and not mail.has_diff and mail.version == patch.version]
    assert patch.letter is not None
    above = {patch.letter.in_reply_to, *patch.letter.references}
    answered = [mail for mail in letters if mail.message_id in above]
    same = [
        mail
        for mail in letters
        if mail.total == patch.total and mail.letter is not None and mail.letter.address == patch.letter.address
    ]
    return next(iter((*answered, *same)), None)


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
