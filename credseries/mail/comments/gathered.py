"""A series' discussion as it is now: remarks made anew of the mails that are kept, with what was decided about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from credseries.kernel.git import Repository
from credseries.mail.comments.asked import asked_people
from credseries.mail.comments.decisions import Decision, decide
from credseries.mail.comments.given import given_trailers
from credseries.mail.comments.reading import read_discussion
from credseries.mail.comments.stored import kept_decisions, kept_letters
from credseries.mail.comments.todo import Facts, Todo, todo
from credseries.mail.comments.versions import KnownVersion, known_versions
from credseries.series import saved
from credseries.series.current import Current
from credseries.series.remarks import Authors, Remark, State
from credseries.series.reroll import Reply


@dataclass(frozen=True)
class Gathered:
    """Remarks in the order of their mails, and facts for a to-do list.

    `problems` say what could not be understood of mails, a sentence each. `decisions` are what the author decided, by
    the ids that the remarks have now, and `lost` the ids of those whose remark is not there any more. `replies` are
    those to each version, by its number.
    """

    remarks: tuple[Remark, ...]
    facts: Facts
    replies: Mapping[int, tuple[Reply, ...]]
    decisions: Mapping[str, Decision]
    problems: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def todo(self) -> Todo:
        """What is left to do."""
        return todo(self.remarks, self.facts)

    @property
    def said(self) -> dict[str, str]:
        """The author's words on what he did about remarks, by their ids."""
        return {
            name: decision.because
            for name, decision in self.decisions.items()
            if decision.state is State.ADDRESSED and decision.because
        }


def gather(repo: Repository, current: Current) -> Gathered:
    """The discussion of a series as it is on its branch. Raises StoreDamaged."""
    mails, decisions = kept(repo, current)
    return gathered(repo, current, known_versions(repo, current), mails, decisions)


def kept(repo: Repository, current: Current) -> tuple[tuple[bytes, ...], dict[str, Decision]]:
    """The mails of a series' discussion, and what its author decided. Raises StoreDamaged."""
    change_id = current.record.change_id
    with saved.opened(repo) as store:
        return kept_letters(store, change_id), kept_decisions(store, change_id)


def gathered(
    repo: Repository,
    current: Current,
    versions: Sequence[KnownVersion],
    mails: Sequence[bytes],
    decisions: Mapping[str, Decision],
) -> Gathered:
    """The discussion of some versions of a series in some mails, with what was decided about its remarks.

    The last version is the one that is being made, unless that is `out` already.
    """
    read = read_discussion(repo, mails, versions, author_here(repo))
    decided = decide(read.remarks, decisions)
    out = [version for version in versions if version.out]
    facts = Facts(
        version=out[-1].version if out else 0,
        patches=tuple(patch for version in versions for patch in version.patches),
        asked=asked_people(repo, current.record.base, out, mails),
        heard=read.heard,
        given=given_trailers(repo, read.replies, out[-1], versions[-1]) if out else (),
        authors=read.authors,
    )
    return Gathered(
        remarks=decided.remarks,
        facts=facts,
        replies={version.version: _replies(read.replies, version.version) for version in versions},
        decisions=decided.decisions,
        problems=(*read.problems, *_not_taken(read.replies)),
        lost=decided.lost,
    )


def author_here(repo: Repository) -> Authors:
    """The author as git's configuration has him."""
    identity = repo.identity("author")
    addresses = (identity.email, repo.config("user.email") or "")
    return Authors(
        frozenset(address.strip().casefold() for address in addresses if address.strip()),
        tuple(name for name in (identity.name,) if name),
    )


def _replies(replies: Iterable[tuple[int, Reply]], version: int) -> tuple[Reply, ...]:
    return tuple(reply for number, reply in replies if number == version)


def _not_taken(replies: Iterable[tuple[int, Reply]]) -> list[str]:
    found = []
    for _, reply in replies:
        who = f"{reply.name} <{reply.address}>"
        found += [f"{trailer} does not name its sender, {who}, and is not taken" for trailer in reply.mismatched]
        found += [f"{trailer} is only spoken of by {who}, and is not taken" for trailer in reply.spoken]
    return found
