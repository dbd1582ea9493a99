"""Every check of what is about to be sent, from facts gathered all over the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.message import Message
    from credseries.mail.preflight.model import Check
    from credseries.mail.recipients import RecipientPlan
    from credseries.series.model import SeriesRecord
    from credseries.verify.model import Level


@dataclass(frozen=True)
class Outgoing:
    """A series on its way out: as it is on its branch, who gets it, and its messages as they would be sent."""

    record: SeriesRecord
    plan: RecipientPlan
    messages: Sequence[Message]


def check_names(repo: Repository, override: Sequence[str], require: Sequence[str]) -> None:
    """Raise UsageError for a check to be overridden, or a level to be required, that there is not; it takes no time."""
    from credseries.cli.preflight.verified import required_level
    from credseries.mail.preflight.model import require_known

    require_known(override)
    required_level(repo, require)


def gather_checks(
    repo: Repository,
    outgoing: Sequence[Outgoing],
    *,
    letter: Message | None = None,
    require: Sequence[str] = (),
) -> tuple[Check, ...]:
    """Every check of one series, or of all that go out below a letter over them (`letter`).

    `require` are levels of `credseries verify` that must have passed (`none` requires none); without any, git's
    credseries.require tells, and without that it is `style`. Raises UsageError for a level that there is not, and what
    reading the series raises.
    """
    from credseries.cli.preflight.verified import required_level
    from credseries.mail.preflight.model import joined

    level = required_level(repo, require)
    parts = []
    trees = [item.record.thread.tree for item in outgoing if item.record.thread is not None]
    with render.working("checking whether the series can go out"):
        for item in outgoing:
            parts.append((item.record.branch, _checks(repo, item, level, trees)))
        if letter is not None:
            parts.append(("the letter over all", _checks_of_letter(repo, outgoing[0].record, letter)))
    return joined(parts)


def _checks(repo: Repository, outgoing: Outgoing, level: Level | None, trees: Sequence[str]) -> list[Check]:
    from credseries.cli.preflight.code import broken, proofs, read_code
    from credseries.cli.preflight.standing import (
        address,
        asked_by_b4,
        base_of,
        earlier_of,
        letter_of,
        sender_of,
        texts,
    )
    from credseries.cli.preflight.verified import verified
    from credseries.mail.preflight import letter, messages, patches, place, proven
    from credseries.mail.preflight.patches import Sender
    from credseries.series import saved

    record, current = outgoing.record, saved.current(repo, outgoing.record.branch)
    written, numbered = texts(repo, record), [item.index for item in outgoing.messages if item.commit]
    code = read_code(repo, record)
    sender = Sender(sender_of(outgoing.messages), address(repo, "user.email"), address(repo, "sendemail.from"))
    words = letter_of(current, outgoing.messages)
    return [
        proven.proof_check(proofs(repo, record, code)),
        proven.verify_check(level.word if level is not None else "", verified(repo, record, level)),
        patches.order_check(written, broken(repo, record, code), numbered),
        patches.body_check(written),
        patches.signed_check(written, sender),
        letter.cover_check(words),
        letter.numbers_check(words, record.measured, record.numbers),
        messages.recipients_check(outgoing.messages, outgoing.plan.notes),
        messages.size_check(outgoing.messages),
        place.base_check(base_of(repo, record)),
        place.sent_check(earlier_of(repo, current)),
        place.b4_check(*asked_by_b4(repo, current, trees)),
    ]


def _checks_of_letter(repo: Repository, record: SeriesRecord, letter: Message) -> list[Check]:
    """Those checks that a letter over several series, of which one is given, can fail."""
    from credseries.mail.preflight.letter import Letter, cover_check, numbers_check
    from credseries.mail.preflight.messages import recipients_check, size_check
    from credseries.series.group import Words, words

    given = words(repo, record.thread.umbrella) if record.thread is not None else Words()
    body = letter.data.partition(b"\n\n")[2].decode("utf-8", "replace")
    text = Letter(f"{letter.title}\n\n{body}", "", letter.data)
    return [
        cover_check(text),
        numbers_check(text, given.measured, given.numbers),
        recipients_check([letter], ()),
        size_check([letter]),
    ]
