"""Reroll: the next version of a series, compared with the one that was sent, and what of its reviews still holds."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from credseries.errors import GitFailed, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.values import NewCommit
from credseries.series.assemble import Letter
from credseries.series.changelog import items_of, split_letter
from credseries.series.prep import CoverMessage, committer, read_cover
from credseries.series.refresh import Refreshed, Remade, put
from credseries.series.sent import Sent, remember_sent, version_patches
from credseries.series.told import Credit, Fact, Told
from credseries.series.trailers import Trailer, parse_trailer, revise, trailers_of
from credseries.series.versions import Became, Fate, VersionPatch, compare_versions


@dataclass(frozen=True)
class Reply:
    """A reply to a message of the version that was sent, to the patch `patch` (0: the cover letter).

    `comments` says that it has text of its own besides quotes and trailers. `mismatched` are trailers that do not name
    its sender, `spoken` those that it does not give, but speaks of.
    """

    patch: int
    name: str
    address: str
    message_id: str
    comments: bool
    trailers: tuple[Trailer, ...] = ()
    mismatched: tuple[Trailer, ...] = ()
    spoken: tuple[Trailer, ...] = ()


@dataclass(frozen=True)
class Rerolled:
    """A series' next version, ready for its branch (`remade`): compared with the one that was `sent`.

    `patches` are the new version's, `tip` is the last of them, as an object and without the cover letter. `trailers` is
    what becomes of the trailers this time, `told` what there is to be told, `replies` are those that were read.
    """

    remade: Remade
    sent: Sent
    patches: tuple[VersionPatch, ...]
    tip: str
    became: tuple[Became, ...]
    trailers: tuple[Fact, ...]
    told: Told
    replies: tuple[Reply, ...]

    @property
    def branch(self) -> str:
        """The series' branch."""
        return self.remade.made.record.branch

    @property
    def rebased(self) -> bool:
        """Whether the new version has another base than the one that was sent."""
        return self.remade.made.record.base != self.sent.base

    @property
    def author_items(self) -> tuple[str, ...]:
        """What the branch's changelog already says of the new version."""
        notes = split_letter(read_cover(self.remade.old.cover_message).letter)[1]
        return tuple(item for item in items_of(notes, self.sent.next) if not item.startswith("- Link to v"))

    @property
    def is_news(self) -> bool:
        """Whether the new version differs from the one that was sent in anything that a reviewer is told of."""
        told, added = self.told, any(fact.what == "added" for fact in self.trailers)
        return self.rebased or added or bool(told.because or told.dropped) or any(item.is_news for item in self.became)


def reroll(
    repo: Repository,
    remade: Remade,
    sent: Sent,
    replies: Sequence[Reply],
    because: Mapping[int, str],
    when: datetime,
    *,
    keep_reviews: bool = False,
) -> Rerolled:
    """The next version of a series that was made anew, with the trailers that still hold; nothing is put on a branch.

    `because` has the author's reasons by the number of the patch that was sent (0: of the series). Who is named in the
    changelog is said later (`with_credits`): what a version addresses is known when it is made.
    """
    own = Trailer("Signed-off-by", str(repo.identity("author")))
    first = _write(repo, remade, when)
    became = compare_versions(sent.patches, first.patches, _reasons(remade, sent))
    facts = _decide(remade, sent, first, became, replies, own, keep_reviews=keep_reviews)
    carried = replace(remade.carried, commits=_with_trailers(remade, first, facts, own))
    remade = replace(remade, carried=carried)
    written = _write(repo, remade, when)
    pristine = remade.old.pristine
    earlier = pristine.told if pristine.revision == sent.next else Told()
    told = Told(
        earlier.credits,
        {**earlier.because, **because},
        _lasting(earlier.dropped, facts),
    )
    record = replace(remade.made.record, told=told)
    remade = replace(remade, made=replace(remade.made, record=record))
    tip = written.ids[-1] if written.ids else record.start
    return Rerolled(remade, sent, written.patches, tip, tuple(became), tuple(facts), told, tuple(replies))


def check_news(rerolled: Sequence[Rerolled]) -> None:
    """Raises UsageError when there is nothing that a reviewer could be told."""
    if any(item.is_news or item.author_items for item in rerolled):
        return
    first = rerolled[0]
    raise UsageError(
        f"nothing has changed since v{first.sent.version} of {first.branch}",
        hint="--onto REV moves it to another base, --because 0=TEXT says what is new; --resend sends it again as it is",
    )


def put_rerolled(
    repo: Repository, remade: Sequence[Remade], rerolled: Sequence[Rerolled], letter: Letter, when: datetime
) -> list[Refreshed]:
    """Put the new versions (and the threads among `remade` that were not sent) on their branches, all in one step.

    The tags of versions that were sent are made in that step. Raises as `refresh.put` does.
    """
    by_branch = {item.branch: item for item in rerolled}

    def more(remade: Remade, message: CoverMessage) -> CoverMessage:
        item = by_branch.get(remade.made.record.branch)
        return message if item is None else replace(message, tracking=_tracking(message.tracking, item.sent))

    refs: dict[str, str] = {}
    for item in rerolled:
        refs |= item.sent.refs
        sent = item.sent
        remember_sent(repo, item.remade.made.record.change_id, sent.version, sent.generated, sent.message_ids)
    branches = [item.made.record.branch for item in remade]
    chosen = [
        by_branch[name].remade if name in by_branch else item for name, item in zip(branches, remade, strict=True)
    ]
    return put(repo, chosen, letter, when, "credseries reroll", more, refs)


def range_diff(repo: Repository, rerolled: Rerolled, *, coloured: bool = False) -> str:
    """What `git range-diff` says of the patches that were sent and those of the new version. Raises GitFailed."""
    start = rerolled.remade.made.record.start
    finished = repo.ran(
        *("range-diff", "--color=always" if coloured else "--color=never", "--no-notes"),
        *(f"{rerolled.sent.start}..{rerolled.sent.tip}", f"{start}..{rerolled.tip}"),
        environment={},
    )
    if finished.status != 0:
        raise GitFailed(f"`git range-diff` failed: {finished.errors}", hint="--no-range-diff leaves it out")
    return finished.output.decode("utf-8", "replace").rstrip("\n")


def _tracking(tracking: Mapping[str, Any], sent: Sent) -> dict[str, Any]:
    """b4's tracking data with the Message-Id of the version that was sent."""
    series = dict(tracking["series"])
    history = {key: list(value) for key, value in series.get("history", {}).items()}
    known = history.get(f"v{sent.version}", [])
    if sent.message_id and sent.message_id not in known:
        history[f"v{sent.version}"] = [*known, sent.message_id]
    return {**tracking, "series": {**series, **({"history": history} if history else {})}}


# -- what the new version is


@dataclass(frozen=True)
class _Written:
    """A series' commits as objects: their ids, and the patches that they are."""

    ids: tuple[str, ...]
    patches: tuple[VersionPatch, ...]


def _write(repo: Repository, remade: Remade, when: datetime) -> _Written:
    record, carried = remade.made.record, remade.carried
    who = committer(repo)
    ids = repo.write_commits(record.start, carried.commits, author=repo.identity("author"), committer=who, when=when)
    records = [record.patches[place] if place is not None else None for place in carried.places]
    infos = repo.commits(record.start, ids[-1]) if ids else []
    return _Written(tuple(ids), version_patches(repo, infos, records))


def _reasons(remade: Remade, sent: Sent) -> dict[int, str]:
    """Why patches that were sent are gone, by number, where that is known."""
    record = remade.made.record
    here = f"Linux {record.base_version} ({record.base[:12]})"
    present = {(item.file, item.function) for item in remade.present}
    by_hand = {patch.key for patch in remade.old.dropped if patch.key}
    gone = {patch.key for patch in remade.changes.gone}
    left = {(site.file, site.function) for site in record.refused}
    found = {}
    for patch in sent.patches:
        places = {(site.file, site.function) for site in patch.sites}
        if patch.key in by_hand:
            found[patch.number] = "by hand"
        elif places and places <= present:
            found[patch.number] = f"converted in {here} already"
        elif places and places <= left:
            found[patch.number] = "its sites stay as they are now"
        elif patch.key in gone and not places:
            found[patch.number] = f"not needed on {here}"
    return found


# -- trailers


def _decide(
    remade: Remade,
    sent: Sent,
    written: _Written,
    became: Sequence[Became],
    replies: Sequence[Reply],
    own: Trailer,
    *,
    keep_reviews: bool,
) -> list[Fact]:
    """What becomes of the trailers of patches that were sent before, patch by patch."""
    before = {patch.number: patch for patch in sent.patches}
    collected = _collected(sent, replies)
    there = _there(remade, written, own)
    facts: dict[tuple[int, tuple[str, str]], Fact] = {}
    for item in became:
        said = [trailer for number in item.old for trailer in before[number].trailers]
        known = {trailer.identity for trailer in said}
        for number in item.new if item.old else ():
            mine = [(trailer, "") for trailer in there[number]]
            for other in item.new:  # what is no review holds for every part of a patch that was split
                mine += [(trailer, "") for trailer in there[other] if not trailer.is_review]
            mine += [pair for old in item.old for pair in collected.get(old, ())]
            for trailer, message_id in mine:
                lost = trailer.is_review and not item.keeps_reviews and not keep_reviews
                what = "dropped" if lost else "kept" if trailer.identity in known else "added"
                reason = _lost(item) if lost else ""
                fact = Fact(what, str(trailer), number, item.old, reason, message_id)
                facts.setdefault((number, trailer.identity), fact)
    return list(facts.values())


def _there(remade: Remade, written: _Written, own: Trailer) -> dict[int, list[Trailer]]:
    """The trailers that somebody put into the messages on the branch, by the number of the patch."""
    found: dict[int, list[Trailer]] = {}
    for patch in written.patches:
        place = remade.carried.places[written.ids.index(patch.commit)]
        made = trailers_of(remade.made.commits[place].message) if place is not None else ()
        ours = {own.identity, *(trailer.identity for trailer in made)}
        found[patch.number] = [trailer for trailer in patch.trailers if trailer.identity not in ours]
    return found


def _collected(sent: Sent, replies: Sequence[Reply]) -> dict[int, list[tuple[Trailer, str]]]:
    """The trailers of replies by the number of the patch; those to the cover letter are for every patch."""
    found: dict[int, list[tuple[Trailer, str]]] = {}
    for reply in replies:
        for patch in sent.patches:
            if reply.patch in (0, patch.number):
                found.setdefault(patch.number, []).extend((trailer, reply.message_id) for trailer in reply.trailers)
    return found


def _lost(item: Became) -> str:
    """Why reviews of a patch do not hold any more."""
    ways = {
        Fate.SPLIT: f"split into {len(item.new)} patches",
        Fate.MERGED: f"merged from {len(item.old)} patches",
        Fate.REGROUPED: "its parts are in other patches",
    }
    return ways.get(item.fate, "changed")


def _with_trailers(remade: Remade, written: _Written, facts: Sequence[Fact], own: Trailer) -> tuple[NewCommit, ...]:
    """The commits with the trailers that they have now."""
    commits = list(remade.carried.commits)
    for patch in written.patches:
        place = written.ids.index(patch.commit)
        mine = [(fact.what, parse_trailer(fact.trailer)) for fact in facts if fact.patch == patch.number]
        drop = [trailer for what, trailer in mine if what == "dropped" and trailer is not None]
        add = [trailer for what, trailer in mine if what != "dropped" and trailer is not None]
        commits[place] = replace(commits[place], message=revise(commits[place].message, add, drop, own.value))
    return tuple(commits)


# -- what is told


def with_credits(rerolled: Rerolled, credits: Sequence[Credit], read: Container[str]) -> Rerolled:
    """The version with those who are to be named in its changelog.

    Who was named when it was made before stays, but for those whose message is `read` again (by Message-Id): what its
    remarks count for now is in `credits`.
    """
    before = [credit for credit in rerolled.told.credits if credit.message_id not in read]
    told = replace(rerolled.told, credits=tuple(dict.fromkeys((*before, *credits))))
    made = rerolled.remade.made
    remade = replace(rerolled.remade, made=replace(made, record=replace(made.record, told=told)))
    return replace(rerolled, remade=remade, told=told)


def number_of(name: str, sent: Sent) -> int:
    """The number of the patch that was sent which a number, or a part of a subject, names; 0 is the series."""
    if name.strip().isdigit() and int(name) <= len(sent.patches):
        return int(name)
    found = [patch for patch in sent.patches if name.strip().lower() in patch.subject.lower() and name.strip()]
    if len(found) == 1:
        return found[0].number
    what = f"{len(found)} patches of" if found else "no patch of"
    raise UsageError(
        f"{name!r} names {what} v{sent.version}",
        hint=f"give a number from 1 to {len(sent.patches)} (0: the series), or a part of one subject",
    )


def _lasting(earlier: Sequence[Fact], now: Sequence[Fact]) -> tuple[Fact, ...]:
    """The trailers that were dropped, this time or when the version was made before, and are not on the branch now."""
    known = {(fact.trailer, fact.old): fact for fact in earlier}
    known |= {(fact.trailer, fact.old): fact for fact in now}
    return tuple(fact for fact in known.values() if fact.what == "dropped")
