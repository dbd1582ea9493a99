"""Which version of a series was sent: b4's tag of it, or one like it that a reroll makes.

b4 (0.16, `ez.reroll`) tags the patches without the cover letter's commit, `sent/CHANGE-ID-vN`, with the letter as the
tag's message, and goes on to version N + 1. What b4 has no place for is in the store: which series credseries had made
when a version was sent, and the ids of the messages that it built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from credseries.errors import GitFailed, NotASeries, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.tags import Tag, read_tag
from credseries.kernel.values import CommitInfo
from credseries.series import saved
from credseries.series.current import Current, Side, pair_up, read_current, without_places
from credseries.series.model import PatchRecord, SeriesRecord
from credseries.series.prep import read_cover
from credseries.series.sent_tag import tag_name, write_sent_tag
from credseries.series.trailers import split_message
from credseries.series.versions import FIXES, VersionPatch

_MESSAGES, _SENT = "messages", "sent"
_B4_ID = re.compile(r"(?P<head>.+-v(?P<version>\d+)-)(?P<number>\d+)(?P<rest>-[0-9a-f]+@.+)")


@dataclass(frozen=True)
class Sent:
    """A version that was sent, and the one that comes `next`.

    `base`, `start` and `tip` are commits: the base that everybody has, what its patches come after, and the last of
    them. `message_ids` are the Message-Ids
    of its messages (without brackets) by the number of the patch, 0 for the cover letter. `refs` are refs that have yet
    to be set for it, `generated` the id that its record is kept under. `note` is something that a person should know.
    """

    version: int
    next: int
    tag: str
    base: str
    start: str
    tip: str
    patches: tuple[VersionPatch, ...]
    message_ids: Mapping[int, str] = field(default_factory=dict)
    refs: Mapping[str, str] = field(default_factory=dict)
    generated: str = ""
    note: str = ""

    @property
    def message_id(self) -> str:
        """The Message-Id that a link to the version has: of the cover letter, or of the only patch."""
        return self.message_ids.get(0) or self.message_ids.get(1, "")


@dataclass(frozen=True)
class Claim:
    """What a person says: that the series was `sent` as it is on its branch, with the Message-Id `message_id`."""

    sent: bool = False
    message_id: str = ""


def bare_id(text: str) -> str:
    """A Message-Id without brackets, from one with them or from a link to it; raises UsageError."""
    found = text.strip().rstrip("/").rpartition("/")[2] if "://" in text else text.strip()
    found = found.removeprefix("<").removesuffix(">")
    if not re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", found):
        raise UsageError(f"{text!r} is no Message-Id", hint="it looks like 20261123-name-v1-0-0123456789ab@example.org")
    return found


def remember_messages(repo: Repository, record: SeriesRecord, ids: Mapping[int, str]) -> None:
    """Keep the Message-Ids, by number, of messages that were built for a series as it is on its branch."""
    generated = repo.ref(saved.generated_ref(record.branch)) or ""
    value = {"version": record.revision, "tip": record.tip, "generated": generated, "ids": sorted(ids.items())}
    with saved.opened(repo) as store:
        store.put(_MESSAGES, f"{record.change_id}-v{record.revision}", value)


def remember_sent(repo: Repository, change_id: str, version: int, generated: str, ids: Mapping[int, str]) -> None:
    """Keep what is known of a version that was sent: what credseries had made then, and the Message-Ids by number."""
    with saved.opened(repo) as store:
        store.put(_SENT, f"{change_id}-v{version}", {"generated": generated, "ids": sorted(ids.items())})


def generated_at(repo: Repository, record: SeriesRecord) -> str:
    """What credseries had made of a series, the id that its record is kept under, when it was as it is in this one."""
    built = _kept(repo, _MESSAGES, record.change_id, record.revision)
    known = str(built["generated"]) if built.get("tip") == record.tip else ""
    return known or repo.ref(saved.generated_ref(record.branch)) or ""


def was_built(repo: Repository, record: SeriesRecord) -> bool:
    """Whether messages were built for this version of a series."""
    return bool(_kept(repo, _MESSAGES, record.change_id, record.revision))


def find_sent(repo: Repository, current: Current, claim: Claim, when: datetime) -> Sent | None:
    """The version of a series that was sent last; None when none was, as far as is known.

    A claim that this version was sent makes the tag (as an object: `refs` says which ref has yet to name it). Said once
    more, of a version that a reroll has made since, it is what was claimed before. Raises NotASeries when the series
    has no cover letter any more.
    """
    if current.cover is None:
        raise NotASeries(
            f"branch {current.record.branch} has no cover letter any more",
            hint="`credseries cover --note TEXT` renders it anew",
        )
    tracking = read_cover(current.cover_message).tracking["series"]
    version, change_id = int(tracking["revision"]), str(tracking.get("change-id", current.record.change_id))
    history = {key: list(value) for key, value in tracking.get("history", {}).items()}
    here = read_tag(repo, tag_name(change_id, version))
    before = read_tag(repo, tag_name(change_id, version - 1)) if version > 1 else None
    built = _kept(repo, _MESSAGES, change_id, version)
    named = _B4_ID.fullmatch(claim.message_id)
    earlier = claim.message_id in history.get(f"v{version - 1}", ()) or (named and int(named["version"]) < version)
    again = before is not None and (earlier or not claim.sent)
    if here is not None:
        return _tagged(repo, current, change_id, version, version + 1, here, history, claim.message_id)
    if (claim.sent or claim.message_id) and not again and (before is None or built or claim.message_id):
        return _claimed(repo, current, change_id, version, claim, built, when)
    if before is None:
        return None
    found = _tagged(repo, current, change_id, version - 1, version, before, history, claim.message_id)
    if built:
        note = f"messages of v{version} were built: if they were sent, say --sent, and v{version + 1} comes next"
        return _noted(found, note)
    return found


def _kept(repo: Repository, kind: str, change_id: str, version: int) -> dict[str, Any]:
    with saved.opened(repo) as store:
        found = store.get(kind, f"{change_id}-v{version}")
    return found if isinstance(found, dict) else {}


def known_ids(repo: Repository, change_id: str, version: int, history: Sequence[str], patches: int) -> dict[int, str]:
    """The Message-Ids (bare) of a version's messages by number, 0 for the cover letter, as far as they are known.

    `history` is what b4 notes of the version, `patches` how many patches it has.
    """
    kept = _kept(repo, _SENT, change_id, version) or _kept(repo, _MESSAGES, change_id, version)
    ids = {int(number): str(found) for number, found in kept.get("ids", ())}
    last = history[-1] if history else ""
    return ids if ids and (not last or last in ids.values()) else ids_like(last, patches)


def _noted(sent: Sent, note: str) -> Sent:
    return replace(sent, note=note)


# -- a version that has a tag


def _tagged(
    repo: Repository,
    current: Current,
    change_id: str,
    version: int,
    following: int,
    tag: Tag,
    history: Mapping[str, Sequence[str]],
    message_id: str,
) -> Sent:
    kept = _kept(repo, _SENT, change_id, version) or _kept(repo, _MESSAGES, change_id, version)
    base = re.search(r"^base-commit:\s*(\S+)", tag.message, re.MULTILINE | re.IGNORECASE)
    known = [*history.get(f"v{version}", ()), *([message_id] if message_id else ())]
    candidates = _candidates(repo, current, change_id, str(kept.get("generated", "")))
    known_starts = {start: repo.merge_base(start, tag.commit) == start for start in {item.start for item in candidates}}
    starts = [record for record in candidates if known_starts[record.start]]
    start = starts[0].start if starts else repo.resolve(base.group(1)) if base else current.pristine.start
    infos = repo.commits(start, tag.commit)
    record = _likeliest(starts or candidates, infos)
    patches = version_patches(repo, infos, _recognize(repo, record, infos))
    return Sent(
        version=version,
        next=following,
        tag=tag_name(change_id, version),
        base=base.group(1) if base else start,
        start=start,
        tip=tag.commit,
        patches=patches,
        message_ids=known_ids(repo, change_id, version, known, len(infos)),
        generated=record.tip,
    )


def _candidates(repo: Repository, current: Current, change_id: str, generated: str) -> list[SeriesRecord]:
    """What the version that was sent may have been made as: as it is known, as the branch is made now, as ever."""
    ever = saved.records(repo, change_id)
    return [*(record for record in ever if record.tip == generated), current.pristine, *ever]


def _likeliest(records: Sequence[SeriesRecord], infos: Sequence[CommitInfo]) -> SeriesRecord:
    subjects = {info.subject for info in infos}
    return max(records, key=lambda record: len(subjects & {patch.subject for patch in record.patches}))


def _recognize(repo: Repository, record: SeriesRecord, infos: Sequence[CommitInfo]) -> list[PatchRecord | None]:
    """Which patch of a record each commit is."""
    try:
        made = sides(repo, [(patch.commit, patch.subject) for patch in record.patches])
    except GitFailed:  # commits that no ref names are gone some day
        made = [Side(patch.subject, ()) for patch in record.patches]
    pairs = pair_up(made, sides(repo, [(info.id, info.subject) for info in infos]))
    found: list[PatchRecord | None] = [None] * len(infos)
    for pair in pairs:
        found[pair.now] = record.patches[pair.made]
    return found


def sides(repo: Repository, commits: Sequence[tuple[str, str]]) -> list[Side]:
    """Commits, given with their subjects, as they are compared."""
    ids = [commit for commit, _ in commits]
    diffs = repo.diffs(ids)
    return [
        Side(subject, changes, without_places(diffs.get(commit, b"")))
        for (commit, subject), changes in zip(commits, repo.changes(ids), strict=True)
    ]


def version_patches(
    repo: Repository, infos: Sequence[CommitInfo], records: Sequence[PatchRecord | None]
) -> tuple[VersionPatch, ...]:
    """Commits as the patches of a version, each with its record if it has one; `fixup!` commits are parts of others."""
    ids = repo.patch_ids([info.id for info in infos])
    found: list[VersionPatch] = []
    for info, record, side in zip(infos, records, sides(repo, [(i.id, i.subject) for i in infos]), strict=True):
        if record is None and info.subject.startswith(FIXES) and found:
            _mark_open(found, info.subject.partition("! ")[2])
            continue
        message, trailers = split_message(info.message)
        text = message.partition("\n")[2].strip("\n")
        key, sites = (record.key, record.sites) if record is not None else ("", ())
        number, patch_id = len(found) + 1, ids.get(info.id, "")
        found.append(VersionPatch(number, info.subject, text, key, sites, patch_id, side, trailers, info.id))
    return tuple(found)


def _mark_open(patches: list[VersionPatch], subject: str) -> None:
    place = next((n for n, patch in enumerate(patches) if patch.subject == subject), len(patches) - 1)
    patches[place] = replace(patches[place], open=True)


def ids_like(message_id: str, patches: int) -> dict[int, str]:
    """The Message-Ids of a version by number, from that of its first message: b4 numbers them (`ez.make_msgid_tpt`).

    The first message is the cover letter; a series of one patch has none.
    """
    match = _B4_ID.fullmatch(message_id)
    if match is None:
        return {0: message_id} if message_id else {}
    return {number: f"{match['head']}{number}{match['rest']}" for number in range(int(match["number"]), patches + 1)}


# -- a version that is said to have been sent


def _claimed(
    repo: Repository,
    current: Current,
    change_id: str,
    version: int,
    claim: Claim,
    built: Mapping[str, Any],
    when: datetime,
) -> Sent:
    """The branch as it is, or as it was when its messages were built, as a version that was sent."""
    ids = {int(number): str(found) for number, found in built.get("ids", ())}
    mine = not claim.message_id or claim.message_id in ids.values()
    was, note = current, ""
    if built and mine and built["tip"] != current.record.tip:
        was = _as_built(repo, current, built)
        note = f"v{version} is what the messages were built from, {was.record.tip[:12]}; the branch has changed since"
    if not mine:
        ids = ids_like(claim.message_id, len(was.record.patches))
    letter = read_cover(was.cover_message).letter
    tag = write_sent_tag(repo, was.record, (was.cover or "", letter), change_id, version, when)
    kept = [patch if patch.key else None for patch in was.record.patches]
    return Sent(
        version=version,
        next=version + 1,
        tag=tag.name,
        base=was.record.base,
        start=was.record.start,
        tip=tag.tip,
        patches=version_patches(repo, repo.commits(was.record.start, tag.tip), kept),
        message_ids=ids,
        refs={tag.ref: tag.id},
        generated=was.pristine.tip,
        note=note or ("" if ids else f"the Message-Id of v{version} is not known: --sent-as MESSAGE-ID gives the link"),
    )


def _as_built(repo: Repository, current: Current, built: Mapping[str, Any]) -> Current:
    """The series as it was on its branch when messages were built."""
    records = [item for item in saved.records(repo, current.record.change_id) if item.tip == built["generated"]]
    try:
        if records:
            return read_current(repo, records[0], str(built["tip"]))
    except GitFailed:
        pass
    raise UsageError(
        f"the messages were built from {str(built['tip'])[:12]}, and git does not have that commit any more",
        hint="say which message was sent: with --sent-as MESSAGE-ID the branch as it is now counts as sent",
    )
