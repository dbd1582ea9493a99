"""A series goes onto its branch: objects first, then its record, and at last all of its refs in one step.

A process that is killed before that step has changed nothing that anybody sees, and one killed after it everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from credseries.kernel.git import Repository
from credseries.kernel.values import CommitInfo, NewCommit, RefChange
from credseries.kernel.worktrees import check_not_checked_out
from credseries.series import saved
from credseries.series.current import Current
from credseries.series.model import SeriesRecord
from credseries.series.prep import committer, ensure_strategy


@dataclass(frozen=True)
class Edited:
    """A series' commits with what people did to them, and its cover letter's message."""

    cover: str
    commits: Sequence[NewCommit]


@dataclass(frozen=True)
class Placing:
    """A series to be put on its branch.

    `cover` is the message of the cover letter's commit, `commits` are the record's patches in order; `replaces` is the
    tip that the branch has and loses (None: there is no such branch). `edited` is what goes onto the branch instead of
    what credseries made.
    """

    record: SeriesRecord
    cover: str
    commits: Sequence[NewCommit]
    replaces: str | None = None
    edited: Edited | None = None


def publish(
    repo: Repository,
    placings: Sequence[Placing],
    *,
    when: datetime,
    reflog: str,
    keep: Mapping[str, str] | None = None,
) -> list[SeriesRecord]:
    """Put series on their branches, all in one step, and give their records with the commits' ids.

    `keep` are more refs to be set in that step. Raises UsageError when a branch is checked out and its files would
    change, BranchExists, GitFailed (also when a branch has moved meanwhile), MissingIdentity.
    """
    placed: list[SeriesRecord] = []
    changes = [RefChange(ref, commit, repo.ref(ref) or repo.zero_id) for ref, commit in (keep or {}).items()]
    for item in placings:
        record = _commit(repo, item.record, item.cover, item.commits, when)
        tip = record.tip
        if item.edited is not None:
            tip = _chain(repo, item.record.start, item.edited.cover, item.edited.commits, when)[-1]
        if item.replaces is None or repo.resolve_tree(item.replaces)[1] != repo.resolve_tree(tip)[1]:
            check_not_checked_out(repo, record.branch)
        placed.append(record)
        changes += _changes(repo, record, item.replaces, tip)
    for record in placed:
        saved.save(repo, record)
    repo.update_refs(changes, reflog)
    return placed


def rewrite_series(
    repo: Repository,
    current: Current,
    cover: str,
    messages: Mapping[str, str],
    *,
    when: datetime,
    reflog: str,
    made: str | None = None,
) -> SeriesRecord:
    """Make a series' commits again with other messages, and give its record as it is then.

    `cover` is the message of the cover letter's commit, `messages` has those of patches by commit id. Trees, authors
    and their dates stay; the cover letter's commit goes to the start. That may be done to a branch that is checked out.
    What credseries made follows unless somebody has changed the patches since; `made` is its cover letter's message
    where that is another one. Raises as `publish` does.
    """
    record = current.record
    follows = record.tip == current.pristine.tip or _untouched(repo, current)
    placed = recommit(repo, record, cover, messages, when)
    if repo.resolve_tree(placed.tip)[1] != repo.resolve_tree(record.tip)[1]:
        check_not_checked_out(repo, record.branch)
    ours = placed if made in (None, cover) else recommit(repo, record, made or "", messages, when)
    if follows:
        saved.save(repo, ours)
    repo.update_refs(_changes(repo, ours, record.tip, placed.tip, generated=follows), reflog)
    return placed


def recommit(
    repo: Repository, record: SeriesRecord, cover: str, messages: Mapping[str, str], when: datetime
) -> SeriesRecord:
    """A series' commits made again as objects, with another message of the cover letter's commit and of some patches,
    which are given by commit id: its record with the ids that they have then. No ref is moved."""
    infos = {info.id: info for info in repo.commits(record.start, record.tip)}
    return _commit(repo, record, cover, [_again(infos[patch.commit], messages) for patch in record.patches], when)


def _commit(
    repo: Repository, record: SeriesRecord, cover: str, commits: Sequence[NewCommit], when: datetime
) -> SeriesRecord:
    """Writes the cover letter's commit and the patches' onto the start."""
    ids = _chain(repo, record.start, cover, commits, when)
    patches = tuple(replace(patch, commit=commit) for patch, commit in zip(record.patches, ids[1:], strict=True))
    return replace(record, tip=ids[-1], patches=patches)


def _chain(repo: Repository, start: str, cover: str, commits: Sequence[NewCommit], when: datetime) -> list[str]:
    who = committer(repo)
    chain = [NewCommit(cover, author=who), *commits]
    return repo.write_commits(start, chain, author=repo.identity("author"), committer=who, when=when)


def _changes(
    repo: Repository, record: SeriesRecord, old: str | None, tip: str, *, generated: bool = True
) -> list[RefChange]:
    """What puts a series on its branch, which is at `old` now; its record's commits are what credseries made."""
    ensure_strategy(repo, record.branch)
    changes = [RefChange(f"refs/heads/{record.branch}", tip, old or repo.zero_id)]
    if generated:
        # First, as git renames one ref's file after the other: what is on a branch has its record at every moment.
        ref = saved.generated_ref(record.branch)
        changes.insert(0, RefChange(ref, record.tip, repo.ref(ref) or repo.zero_id))
    return changes


def _again(info: CommitInfo, messages: Mapping[str, str]) -> NewCommit:
    message = messages.get(info.id, info.message)
    return NewCommit(message, tree=info.tree, author=info.author, author_date=info.author_date)


def _untouched(repo: Repository, current: Current) -> bool:
    """Whether the patches are those that credseries made, with their messages and authors."""

    def patches(record: SeriesRecord) -> list[NewCommit]:
        ids = {patch.commit for patch in record.patches}
        return [_again(info, {}) for info in repo.commits(record.start, record.tip) if info.id in ids]

    return patches(current.pristine) == patches(current.record)
