"""What a send leaves in the repository: the version that went out has its tag, and the branch goes on to the next one.

It is what b4 does after `b4 send` (0.16, `ez.reroll`): a tag `sent/CHANGE-ID-vN`, the Message-Id in the tracking data
of the cover letter, the version number one higher, and the head of a changelog in the letter, for its author to fill
in. Made from objects, it touches no work tree and no index, and all of it moves in one step. Done again, it finishes
what is not done yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from credseries.errors import GitFailed, NotASeries, UnknownRevision, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.tags import tag_ref
from credseries.kernel.values import CommitInfo, RefChange
from credseries.kernel.worktrees import being_rebased
from credseries.series import saved
from credseries.series.changelog import join_letter, open_version, split_letter
from credseries.series.current import Current
from credseries.series.model import SeriesRecord
from credseries.series.prep import CoverMessage, is_cover, message_link, read_cover
from credseries.series.publish import recommit
from credseries.series.sent import bare_id, generated_at, remember_sent
from credseries.series.sent_tag import tag_name, write_sent_tag


@dataclass(frozen=True)
class SentSeries:
    """A series whose messages have gone out: its record as it was on its branch when they were built, and their
    Message-Ids by the number of the patch, 0 for the cover letter."""

    record: SeriesRecord
    message_ids: Mapping[int, str]

    @property
    def message_id(self) -> str:
        """The Message-Id (without brackets) that a link to the version has, and b4 notes."""
        return bare_id(self.message_ids[min(self.message_ids)])


@dataclass(frozen=True)
class Marked:
    """What a send has left of a series: the version that went out, its tag, and the version that is on the branch now
    (0: it is no such series any more). `changed` is False when all of it was there already; `note` is something that a
    person should know."""

    branch: str
    version: int
    tag: str
    now: int
    changed: bool
    note: str = ""


@dataclass(frozen=True)
class _Plan:
    marked: Marked
    change_id: str
    generated: str
    message_ids: Mapping[int, str]
    changes: tuple[RefChange, ...] = field(default=())


def mark_sent(repo: Repository, sends: Sequence[SentSeries], when: datetime) -> list[Marked]:
    """Note that versions of series were sent, all in one step; once more, it changes nothing.

    What was sent is tagged as it was, whatever has become of the branch meanwhile; and of the branch only the cover
    letter's commit changes, so it may be checked out. Raises UsageError when git does not have any more what was sent,
    GitFailed (also when a branch moves at the same time), MissingIdentity and StoreDamaged.
    """
    plans = [_plan(repo, item, when) for item in sends]
    for plan in plans:
        remember_sent(repo, plan.change_id, plan.marked.version, plan.generated, plan.message_ids)
    # The tags first, as git renames one ref's file after the other: a version with a tag is known to have been sent.
    changes = sorted(
        (change for plan in plans for change in plan.changes), key=lambda change: "/tags/" not in change.ref
    )
    if changes:
        repo.update_refs(changes, "credseries send")
    return [plan.marked for plan in plans]


def _plan(repo: Repository, send: SentSeries, when: datetime) -> _Plan:
    record, cover = send.record, _cover(repo, send.record)
    letter = read_cover(cover.message)
    series = letter.tracking["series"]
    change_id, version = str(series.get("change-id", record.change_id)), int(series["revision"])
    name = tag_name(change_id, version)
    changes = []
    if repo.ref(tag_ref(name)) is None:
        tag = write_sent_tag(repo, record, (cover.id, letter.letter), change_id, version, when)
        changes.append(RefChange(tag.ref, tag.id, repo.zero_id))
    now, moved, note = _move_on(repo, send, change_id, version, when)
    changes += moved
    return _Plan(
        Marked(record.branch, version, name, now, bool(changes), note),
        change_id,
        generated_at(repo, record),
        {number: bare_id(found) for number, found in send.message_ids.items()},
        tuple(changes),
    )


def _cover(repo: Repository, record: SeriesRecord) -> CommitInfo:
    """The commit of the cover letter as it was sent."""
    try:
        covers = [info for info in repo.commits(record.start, record.tip) if is_cover(info.message)]
    except (GitFailed, UnknownRevision) as error:
        raise UsageError(
            f"{record.branch} was sent as {record.tip[:12]}, and git does not have that commit any more",
            hint="the version cannot be tagged; `credseries reroll --sent-as MESSAGE-ID` takes the branch as it is now",
        ) from error
    if not covers:
        raise NotASeries(f"{record.tip[:12]} of {record.branch} has no cover letter", hint="b4 cannot have sent it")
    return covers[-1]


# -- the branch goes on to the next version


def _move_on(
    repo: Repository, send: SentSeries, change_id: str, version: int, when: datetime
) -> tuple[int, list[RefChange], str]:
    """The version that the branch has then, how it moves, and what there is to be said about it."""
    branch = send.record.branch
    current, why = _still_there(repo, send.record, change_id)
    if current is None:
        return 0, [], why
    cover = read_cover(current.cover_message)
    following = _following(repo, cover, version, send.message_id)
    now = int(following.tracking["series"]["revision"])
    if following == cover:
        return now, [], ""
    rebase = being_rebased(repo, branch)
    if rebase is not None:
        note = (
            f"{branch} stays at v{version}, as it is being rebased in {rebase}; `credseries reroll` goes on to the next"
        )
        return int(cover.tracking["series"]["revision"]), [], note
    placed = recommit(repo, current.record, following.text, {}, when)
    note = ""
    if current.record.tip != send.record.tip:
        note = f"{branch} has changed since its messages were built; the tag is of what was sent"
    return now, [RefChange(f"refs/heads/{branch}", placed.tip, current.record.tip)], note


def _still_there(repo: Repository, record: SeriesRecord, change_id: str) -> tuple[Current | None, str]:
    """The series as its branch has it now; None when that is no version of it any more, and then why."""
    try:
        current = saved.current(repo, record.branch)
    except NotASeries as error:
        return None, f"{error.message}; what was sent is tagged"
    if current.cover is None:
        return None, f"{record.branch} has no cover letter any more; what was sent is tagged"
    tracking = read_cover(current.cover_message).tracking["series"]
    if str(tracking.get("change-id", current.record.change_id)) != change_id:
        return None, f"{record.branch} is another series by now; what was sent is tagged"
    return current, ""


def _following(repo: Repository, cover: CoverMessage, version: int, message_id: str) -> CoverMessage:
    """A cover letter's commit as it is when a version has been sent: as it was, where it is beyond that already."""
    series: dict[str, Any] = dict(cover.tracking["series"])
    history = {key: list(value) for key, value in series.get("history", {}).items()}
    known = history.get(f"v{version}", [])
    if message_id not in known:
        history[f"v{version}"] = [*known, message_id]
        series["history"] = history
    letter = cover.letter
    if series["revision"] == version:
        series["revision"] = version + 1
        text, notes = split_letter(letter)
        letter = join_letter(text, open_version(notes, version + 1, message_link(repo, message_id)))
    return replace(cover, letter=letter, tracking={**cover.tracking, "series": series})
