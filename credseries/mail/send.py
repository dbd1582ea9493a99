"""A series made ready to go out: b4's messages with the recipients of a plan, and a preview of them.

Nothing is sent here. What `prepare` gives is what is stored, shown and sent, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING

from credseries.errors import UsageError
from credseries.mail import b4adapter
from credseries.mail.b4adapter import Stamp
from credseries.mail.message import Address, Message
from credseries.mail.recipients import RecipientPlan, Recipients
from credseries.mail.text import one_line
from credseries.series.model import SeriesRecord

if TYPE_CHECKING:
    from credseries.kernel.git import Repository


_UNFINISHED = re.compile(r"(?:fixup|squash|amend)! ")  # git-commit(1), --fixup and --squash


@dataclass(frozen=True)
class Preview:
    """What a person checks before sending: `size` is in bytes."""

    subject: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    size: int


def prepare(
    repo: Repository, series: SeriesRecord, plan: RecipientPlan, *, stamp: Stamp | None = None
) -> list[Message]:
    """The series' messages with their recipients, the cover letter first and every patch a reply to it.

    Raises UsageError when the branch no longer has the patches of the record, or has some that are to become part of
    others, and what b4adapter raises.
    """
    for patch in series.patches:
        if _UNFINISHED.match(patch.subject):
            raise UsageError(
                f"{series.branch} has a patch that is to become part of another: {patch.subject}",
                hint=f"put it there: credseries refresh --branch {series.branch} --squash",
            )
    built = b4adapter.series_messages(repo, series, stamp)
    patches = sum(1 for commit, _ in built if commit)
    if patches != len(series.patches) or patches != len(plan.patches):
        raise UsageError(
            f"b4 finds {patches} patches on {series.branch}, and there are {len(series.patches)}",
            hint=f"patches come after the cover letter: git rebase -i {series.start[:12]} {series.branch}",
        )
    first = 1 if built[0][0] else 0
    return [
        _message(index, commit, message, plan.of(index)) for index, (commit, message) in enumerate(built, start=first)
    ]


def _message(index: int, commit: str, message: EmailMessage, recipients: Recipients) -> Message:
    for header, addresses in (("To", recipients.to), ("Cc", recipients.cc)):
        del message[header]
        if addresses:
            message[header] = b4adapter.format_addresses([(one_line(each.name), each.address) for each in addresses])
    subject = one_line(str(message["Subject"]))
    return Message(
        index=index,
        commit=commit,
        subject=subject,
        title=re.sub(r"^(?:\[[^]]*\]\s*)+", "", subject),
        message_id=str(message["Message-Id"]).strip(),
        to=recipients.to,
        cc=recipients.cc,
        data=b4adapter.message_bytes(message),
    )


def preview(messages: Sequence[Message]) -> list[Preview]:
    """What to show of the messages, in order."""
    return [Preview(message.subject, message.to, message.cc, len(message.data)) for message in messages]
