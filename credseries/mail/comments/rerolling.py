"""What a reroll takes from a series' discussion: the replies to the version that was sent, and who asked for what the
new one changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credseries.kernel.git import Repository
from credseries.mail.comments.decisions import Decision
from credseries.mail.comments.gathered import Gathered, gathered, kept
from credseries.mail.comments.taking import share_out
from credseries.mail.comments.versions import KnownVersion, known_versions, version_made, version_sent
from credseries.mail.thread.model import Letter
from credseries.series.credits import credits_of
from credseries.series.current import Current
from credseries.series.reroll import Reply, Rerolled, with_credits
from credseries.series.sent import Sent


@dataclass(frozen=True)
class Conversation:
    """What was said of a series up to the version that was sent last.

    `letters` are mails that are to be kept now, `mails` these and those that were kept before; `replies` are those to
    the last version.
    """

    current: Current
    versions: tuple[KnownVersion, ...]
    mails: tuple[bytes, ...]
    decisions: Mapping[str, Decision]
    letters: tuple[Letter, ...]
    replies: tuple[Reply, ...]


def conversations(
    repo: Repository, series: Sequence[tuple[Current, Sent]], letters: Sequence[Letter]
) -> list[Conversation]:
    """The conversation about each of some series, with those of some more mails that belong to it.

    Raises StoreDamaged.
    """
    versions = [_up_to(repo, current, sent) for current, sent in series]
    currents = [current for current, _ in series]
    by_series = share_out(repo, letters, list(zip(currents, versions, strict=True)))
    return [_conversation(repo, *parts) for parts in zip(currents, versions, by_series, strict=True)]


def _up_to(repo: Repository, current: Current, sent: Sent) -> tuple[KnownVersion, ...]:
    """The version that was sent last, and those before it."""
    earlier = [version for version in known_versions(repo, current) if version.version < sent.version]
    return (*earlier, version_sent(repo, current, sent))


def _conversation(
    repo: Repository, current: Current, versions: tuple[KnownVersion, ...], letters: Sequence[Letter]
) -> Conversation:
    before, decisions = kept(repo, current)
    mails = tuple(dict.fromkeys((*before, *(letter.raw for letter in letters))))
    found = gathered(repo, current, versions, mails, decisions)
    return Conversation(current, versions, mails, decisions, tuple(letters), found.replies[versions[-1].version])


def as_of(repo: Repository, talk: Conversation, rerolled: Rerolled) -> Gathered:
    """The discussion as it is with a new version, which is on no branch yet."""
    start = rerolled.remade.made.record.start
    made = version_made(repo, talk.current, rerolled.sent.next, start, rerolled.tip)
    return gathered(repo, talk.current, (*talk.versions, made), talk.mails, talk.decisions)


def credited(rerolled: Rerolled, found: Gathered) -> Rerolled:
    """The new version, whose changelog names those who asked for what it changes."""
    credits = credits_of(found.remarks, rerolled.sent.version, rerolled.became, found.said, found.facts.authors)
    return with_credits(rerolled, credits, {remark.message_id for remark in found.remarks})
