"""What is to go out, made from the branches: messages, their recipients and signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credseries import render
from credseries.cli.recipients import plan_recipients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.cli.preflight import Outgoing
    from credseries.kernel.git import Repository
    from credseries.mail.b4adapter import Stamp
    from credseries.mail.cover import Cover
    from credseries.mail.message import Message
    from credseries.mail.outbox.model import Outbox, OutgoingSeries
    from credseries.mail.recipients import RecipientPlan
    from credseries.mail.send import UmbrellaMail
    from credseries.series.current import Current
    from credseries.series.model import SeriesRecord


@dataclass(frozen=True)
class Request:
    """What somebody asked for: which series, who gets them besides their owners, and whether they are signed.

    `only_to` are the addresses of a preview, which has no other recipients. `resend` is the version that is to be sent
    once more, 0 for the one on the branch.
    """

    branch: str | None = None
    umbrella: bool = False
    cc: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    policy: str | None = None
    sign: bool = True
    only_to: tuple[str, ...] = ()
    resend: int = 0


@dataclass(frozen=True)
class Made:
    """The messages of one series, or of several below a letter, under the key of their version."""

    key: str
    outgoing: tuple[Outgoing, ...]
    letter: Message | None
    signed: bool
    again: bool = False

    @property
    def parts(self) -> list[tuple[str, Sequence[Message]]]:
        """The messages in the order in which they go out, by change-id; a letter over all belongs to none."""
        parts: list[tuple[str, Sequence[Message]]] = [("", [self.letter])] if self.letter is not None else []
        return parts + [(item.record.change_id, item.messages) for item in self.outgoing]

    @property
    def messages(self) -> list[Message]:
        """All messages in the order in which they go out."""
        return [message for _, part in self.parts for message in part]

    def outbox(self, repo: Repository, sender: str, stamp: Stamp) -> Outbox:
        """These as an outbox, nothing of it out."""
        from credseries.mail.outbox.model import Outbox, line_up

        return Outbox(
            key=self.key,
            series=tuple(_outgoing(repo, item.record) for item in self.outgoing),
            entries=line_up(self.parts),
            sender=sender,
            created=stamp.now,
            token=stamp.token,
            signed=self.signed,
            again=self.again,
        )


def _outgoing(repo: Repository, record: SeriesRecord) -> OutgoingSeries:
    from credseries.mail.outbox.model import OutgoingSeries
    from credseries.series.sent import generated_at

    generated = generated_at(repo, record)
    return OutgoingSeries(record.branch, record.change_id, record.revision, record.tip, generated)


def new_stamp() -> Stamp:
    """The time, and a token that no other messages have."""
    import secrets
    from datetime import datetime

    from credseries.mail.b4adapter import Stamp

    return Stamp(datetime.now().astimezone(), secrets.token_hex(6))


def find_series(repo: Repository, request: Request) -> tuple[Current, ...]:
    """The series that is meant, or all of its conversion. Raises NotASeries, UsageError."""
    from credseries.series import saved
    from credseries.series.group import threads

    if request.umbrella:
        return tuple(threads(repo, request.branch))
    return (saved.current(repo, request.branch),)


def key_of(found: Sequence[Current], request: Request) -> str:
    """The key of the version that is to go out."""
    from credseries.mail.outbox.model import version_key

    thread = found[0].pristine.thread
    if request.umbrella and thread is not None:
        return version_key(thread.umbrella, max(item.record.revision for item in found))
    record = found[0].record
    if request.resend:
        return f"{version_key(record.change_id, request.resend)} again"
    return version_key(record.change_id, record.revision)


def make(repo: Repository, found: Sequence[Current], request: Request, stamp: Stamp) -> Made:
    """The messages, with signatures when they are to be signed. Raises what building, addressing and signing raise."""
    from credseries.cli.preflight import Outgoing
    from credseries.mail.attest import attest, signing_key

    records = [item.record for item in found]
    plans = [_plan(repo, record, request) for record in records]
    letter: Message | None = None
    with render.working("building the messages"):
        if request.umbrella:
            from credseries.cli.cover import umbrella_letter

            over = umbrella_letter(repo, found)
            mail = _umbrella(repo, over, records, plans, stamp, _prefixes(request))
            letter, parts = mail.letter, [one.messages for one in mail.trees]
        elif request.resend:
            parts = [_again(repo, found[0], request.resend, plans[0], stamp)]
        else:
            parts = [_messages(repo, records[0], plans[0], stamp, _prefixes(request))]
    signed = request.sign and bool(signing_key(repo))
    if signed:
        with render.working("signing the messages"):
            letter = attest(repo, [letter])[0] if letter is not None else None
            parts = [tuple(attest(repo, part)) for part in parts]
    outgoing = tuple(Outgoing(record, plan, part) for record, plan, part in zip(records, plans, parts, strict=True))
    return Made(key_of(found, request), outgoing, letter, signed, bool(request.resend))


def _prefixes(request: Request) -> tuple[str, ...]:
    return ("PREVIEW",) if request.only_to else ()


def _plan(repo: Repository, record: SeriesRecord, request: Request) -> RecipientPlan:
    from credseries.mail.send import only_to

    if request.only_to:
        return only_to(record, request.only_to)
    return plan_recipients(repo, record, request.cc, request.to, request.policy)


def _messages(
    repo: Repository, record: SeriesRecord, plan: RecipientPlan, stamp: Stamp | None, prefixes: Sequence[str] = ()
) -> tuple[Message, ...]:
    from credseries.mail.send import prepare

    return tuple(prepare(repo, record, plan, stamp=stamp, prefixes=prefixes))


def _again(repo: Repository, current: Current, version: int, plan: RecipientPlan, stamp: Stamp) -> tuple[Message, ...]:
    from credseries.mail.send import prepare_again
    from credseries.series.sent_tag import tag_name

    record = current.record
    tag = tag_name(record.change_id, version)
    return tuple(prepare_again(repo, record, tag, version, plan, stamp=stamp))


def version_again(repo: Repository, current: Current, text: str) -> int:
    """The version that is to be sent once more: `latest`, or its number. Raises UsageError when it was never sent."""
    from credseries.errors import UsageError
    from credseries.kernel.tags import read_tag
    from credseries.series.sent_tag import tag_name

    record = current.record
    number = record.revision - 1 if text == "latest" else int(text.removeprefix("v") or 0) if _is_version(text) else 0
    if number < 1 or read_tag(repo, tag_name(record.change_id, number)) is None:
        raise UsageError(
            f"{text!r} is no version of {record.branch} that was sent", hint="give the number of one, or `latest`"
        )
    return number


def _is_version(text: str) -> bool:
    return text.removeprefix("v").isascii() and text.removeprefix("v").isdigit()


def _umbrella(
    repo: Repository,
    letter: Cover,
    series: Sequence[SeriesRecord],
    plans: Sequence[RecipientPlan],
    stamp: Stamp,
    prefixes: Sequence[str] = (),
) -> UmbrellaMail:
    from credseries.mail.send import prepare_umbrella

    own = repo.identity("author").email
    return prepare_umbrella(repo, letter, series, plans, own_address=own, stamp=stamp, prefixes=prefixes)


def build_messages(repo: Repository, series: SeriesRecord, cc: Sequence[str], to: Sequence[str] = ()) -> list[Message]:
    """The messages of a series with the recipients that the base's MAINTAINERS names for each."""
    recipients = plan_recipients(repo, series, cc, to)
    with render.working("building the messages"):
        return list(_messages(repo, series, recipients, None))


def build_umbrella(
    repo: Repository,
    letter: Cover,
    series: Sequence[SeriesRecord],
    cc: Sequence[str] = (),
    to: Sequence[str] = (),
    stamp: Stamp | None = None,
) -> UmbrellaMail:
    """The messages of several series of one conversion, below the letter over them."""
    plans = [plan_recipients(repo, record, cc, to) for record in series]
    with render.working("building the messages"):
        return _umbrella(repo, letter, series, plans, stamp or new_stamp())
