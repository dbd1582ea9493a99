"""A series made ready to go out: b4's messages with the recipients of a plan.

Nothing is sent here. What `prepare` gives is what is stored, shown and sent, byte for byte.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from credseries.errors import UsageError
from credseries.mail import b4adapter
from credseries.mail.b4adapter import Stamp
from credseries.mail.cover import Cover
from credseries.mail.headers import check_headers, check_identifier
from credseries.mail.message import Message
from credseries.mail.recipients import RecipientPlan, Recipients, parse_address, union
from credseries.mail.text import one_line
from credseries.series.model import SeriesRecord

if TYPE_CHECKING:
    from credseries.kernel.git import Repository


_UNFINISHED = re.compile(r"(?:fixup|squash|amend)! ")  # git-commit(1), --fixup and --squash


@dataclass(frozen=True)
class TreeMail:
    """The messages of a series that goes through a tree."""

    tree: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class UmbrellaMail:
    """The messages of several series of one conversion: the letter over all, and each series as replies to it."""

    letter: Message
    trees: tuple[TreeMail, ...]


def prepare(
    repo: Repository,
    series: SeriesRecord,
    plan: RecipientPlan,
    *,
    stamp: Stamp | None = None,
    below: str | None = None,
    prefixes: Sequence[str] = (),
) -> list[Message]:
    """The series' messages with their recipients, the cover letter first and every patch a reply to it.

    `below` is the Message-Id of the message that the cover letter is a reply to, `prefixes` come first in each subject.
    Raises UsageError when the branch no longer has the patches of the record, or has some that are to become part of
    others, or when something would get into other headers than its own, and what b4adapter raises.
    """
    for patch in series.patches:
        if _UNFINISHED.match(patch.subject):
            raise UsageError(
                f"{series.branch} has a patch that is to become part of another: {patch.subject}",
                hint=f"put it there: credseries refresh --branch {series.branch} --squash",
            )
    built = b4adapter.series_messages(repo, series, stamp, prefixes)
    patches = sum(1 for commit, _ in built if commit)
    if patches != len(series.patches) or patches != len(plan.patches):
        raise UsageError(
            f"b4 finds {patches} patches on {series.branch}, and there are {len(series.patches)}",
            hint=f"patches come after the cover letter: git rebase -i {series.start[:12]} {series.branch}",
        )
    if below is not None:
        _hang(below, [message for _, message in built])
    return _addressed(built, plan)


def prepare_again(
    repo: Repository, series: SeriesRecord, tag: str, version: int, plan: RecipientPlan, *, stamp: Stamp
) -> list[Message]:
    """The messages of a version that was sent, made from its tag to be sent once more; raises as `prepare` does."""
    built = b4adapter.sent_messages(repo, series, tag, version, stamp)
    patches = sum(1 for commit, _ in built if commit)
    if patches != len(plan.patches):
        raise UsageError(
            f"v{version} has {patches} patches, and {series.branch} has {len(plan.patches)}: who got which?",
            hint="send the version on the branch, or make one with `credseries reroll --resend`",
        )
    return _addressed(built, plan)


def only_to(series: SeriesRecord, addresses: Sequence[str]) -> RecipientPlan:
    """A plan by which every message goes to these addresses and to nobody else; raises UnknownRecipient."""
    people = tuple(parse_address(address, "a preview") for address in addresses)
    return RecipientPlan(
        Recipients(0, people, ()), tuple(Recipients(patch.index, people, ()) for patch in series.patches)
    )


def _addressed(built: Sequence[tuple[str, EmailMessage]], plan: RecipientPlan) -> list[Message]:
    first = 1 if built[0][0] else 0
    return [
        _message(index, commit, message, plan.of(index)) for index, (commit, message) in enumerate(built, start=first)
    ]


def _hang(parent: str, messages: Sequence[EmailMessage]) -> None:
    """Make a thread's first message a reply to another one; who follows references goes to that first."""
    first, *rest = messages
    for header in ("In-Reply-To", "References"):
        del first[header]
        first[header] = parent
    for message in rest:
        references = str(message["References"] or first["Message-Id"])
        del message["References"]
        message["References"] = f"{parent} {references}"


def prepare_umbrella(
    repo: Repository,
    letter: Cover,
    series: Sequence[SeriesRecord],
    plans: Sequence[RecipientPlan],
    *,
    own_address: str,
    stamp: Stamp,
    prefixes: Sequence[str] = (),
) -> UmbrellaMail:
    """Several series of one conversion below the letter over them, in an order in which they can be merged.

    Raises UsageError when they are no such series, and as `prepare` does.
    """
    thread = series[0].thread
    if thread is None:
        raise UsageError("these series have no umbrella", hint="`credseries split --threads tree` makes such series")
    stamp = replace(stamp, domain=stamp.domain or own_address.rpartition("@")[2])
    revision = max(record.revision for record in series)
    identifier = b4adapter.new_message_id(thread.umbrella, revision, 0, stamp)
    subject = one_line(f"[{' '.join((*prefixes, *_prefixes(series, revision)))}] {letter.subject}")
    message = b4adapter.letter_message(repo, series[0].branch, subject, letter.body, thread.umbrella)
    message["Date"] = format_datetime(stamp.now)
    message["Message-Id"] = identifier
    over = _message(0, "", message, union(plans, own_address=own_address))
    trees = []
    sent = 1
    for record, plan in zip(series, plans, strict=True):
        mine = replace(stamp, now=stamp.now + timedelta(seconds=sent), token=_token(stamp, record))
        messages = prepare(repo, record, plan, stamp=mine, below=identifier, prefixes=prefixes)
        sent += len(messages)
        trees.append(TreeMail(record.thread.tree if record.thread is not None else "", tuple(messages)))
    return UmbrellaMail(over, tuple(trees))


def _prefixes(series: Sequence[SeriesRecord], revision: int) -> list[str]:
    """What the subject of a letter over several series begins with.

    [PATCH 0/N] is a cover letter to b4, to patchwork and to CI robots: they would wait for N patches that are numbered
    by it, and b4 would take the trees' series, which have the same numbers each, for one. A letter that heads several
    series is commonly a [PATCHSET], and nobody takes it for a patch or for a cover letter.
    """
    common = [prefix for prefix in series[0].prefixes if all(prefix in record.prefixes for record in series)]
    return ["PATCHSET", *common, *([f"v{revision}"] if revision > 1 else [])]


def _token(stamp: Stamp, series: SeriesRecord) -> str:
    """The random part of a series' Message-Ids: all have the same title in theirs, so each must have its own."""
    return hashlib.sha256(f"{stamp.token}\0{series.change_id}".encode()).hexdigest()[:12]


def _message(index: int, commit: str, message: EmailMessage, recipients: Recipients) -> Message:
    for header, addresses in (("To", recipients.to), ("Cc", recipients.cc)):
        del message[header]
        if addresses:
            message[header] = b4adapter.format_addresses([(one_line(each.name), each.address) for each in addresses])
    subject = one_line(str(message["Subject"]))
    identifier, data = str(message["Message-Id"]).strip(), b4adapter.message_bytes(message)
    check_identifier(identifier, subject)
    check_headers(data, subject)
    return Message(
        index=index,
        commit=commit,
        subject=subject,
        title=re.sub(r"^(?:\[[^]]*\]\s*)+", "", subject),
        message_id=identifier,
        to=recipients.to,
        cc=recipients.cc,
        data=data,
    )
