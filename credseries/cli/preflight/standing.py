"""Facts of where a series stands: its texts and its sender, its base, what was sent of it, and what b4 has checked."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.message import Message
    from credseries.mail.preflight.letter import Letter
    from credseries.mail.preflight.patches import PatchText
    from credseries.mail.preflight.place import Base, Earlier
    from credseries.series.current import Current
    from credseries.series.model import SeriesRecord


def texts(repo: Repository, record: SeriesRecord) -> list[PatchText]:
    from credseries.mail.preflight.patches import PatchText

    infos = {info.id: info for info in repo.commits(record.start, record.tip)}
    chain = [(patch.index, infos[patch.commit]) for patch in record.patches]
    return [PatchText(number, info.message, info.author.email) for number, info in chain]


def letter_of(current: Current, messages: Sequence[Message]) -> Letter:
    from credseries.mail.preflight.letter import Letter
    from credseries.series.changelog import split_letter
    from credseries.series.prep import read_cover, strip_comments

    first = messages[0].data if messages else b""
    if current.cover is None:
        return Letter("", "", first, there=False)
    return Letter(*split_letter(strip_comments(read_cover(current.cover_message).letter)), first)


def sender_of(messages: Sequence[Message]) -> str:
    """The address that the messages are from."""
    if not messages:
        return ""
    return parseaddr(str(message_from_bytes(messages[0].data, policy=policy.default)["From"] or ""))[1]


def address(repo: Repository, key: str) -> str:
    return parseaddr(repo.config(key) or "")[1]


def base_of(repo: Repository, record: SeriesRecord) -> Base:
    from credseries.kernel.published import published_in, remotes
    from credseries.mail.preflight.place import Base

    names = remotes(repo)
    return Base(record.base, names, published_in(repo, record.base) if names else "")


def earlier_of(repo: Repository, current: Current) -> Earlier:
    from datetime import datetime

    from credseries.mail.preflight.place import Earlier
    from credseries.series.prep import read_cover
    from credseries.series.sent import Claim, find_sent
    from credseries.series.sent_tag import tag_name

    version = current.record.revision
    if current.cover is None:
        return Earlier(version)
    series = read_cover(current.cover_message).tracking["series"]
    tag = tag_name(str(series.get("change-id", current.record.change_id)), version)
    if repo.ref(f"refs/tags/{tag}") is not None:
        return Earlier(version, sent=f"there is the tag {tag}")
    history = series.get("history", {}).get(f"v{version}")
    if history:
        return Earlier(version, sent=f"b4 has noted its message {history[-1]}")
    out, begun = _journal(repo, current.record)
    before = find_sent(repo, current, Claim(), datetime.now().astimezone())
    same = before is not None and _is_same(repo, current, before.patches, before.base)
    return Earlier(version, out, begun, before.version if before is not None and same else 0)


def _journal(repo: Repository, record: SeriesRecord) -> tuple[str, str]:
    """What the outbox says of a version: that all of it is out, or which part, each empty when that is not so."""
    from credseries.mail.outbox.model import Fate, State, version_key
    from credseries.mail.outbox.stored import StoredOutbox
    from credseries.series import saved

    conversation = record.thread.umbrella if record.thread is not None else record.change_id
    keys = dict.fromkeys(version_key(name, record.revision) for name in (record.change_id, conversation))
    with saved.opened(repo) as store:
        stored = StoredOutbox(store)
        there = [outbox for key in keys if (outbox := stored.load(key)) is not None]
        given_up = [outbox for key in keys for outbox in stored.given_up(key)]
    mine = [item for item in there if any(series.change_id == record.change_id for series in item.series)]
    if any(outbox.state is State.SENT for outbox in mine):
        return "the outbox has all of its messages as sent", ""
    for outbox in [*mine, *given_up]:
        if outbox.begun:
            out = len(outbox.having(Fate.SENT, Fate.UNKNOWN))
            what = "given up with" if outbox in given_up else "in the outbox, with"
            return "", f"{what} {out} of {len(outbox.entries)} messages out"
    return "", ""


def _is_same(repo: Repository, current: Current, before: Any, base: str) -> bool:
    """Whether there is nothing in the patches, their base or the changelog that a reviewer could be told of."""
    from credseries.series.changelog import items_of, split_letter
    from credseries.series.prep import read_cover
    from credseries.series.sent import version_patches
    from credseries.series.versions import compare_versions

    record = current.record
    infos = {info.id: info for info in repo.commits(record.start, record.tip)}
    keyed = [patch if patch.key else None for patch in record.patches]
    now = version_patches(repo, [infos[patch.commit] for patch in record.patches], keyed)
    notes = split_letter(read_cover(current.cover_message).letter)[1]
    told = [item for item in items_of(notes, record.revision) if not item.startswith("- Link to v")]
    return base == record.base and not told and not any(item.is_news for item in compare_versions(before, now))


def asked_by_b4(repo: Repository, current: Current, trees: Collection[str]) -> tuple[bool, list[str]]:
    """Whether b4 has something to check that no other check is about, and what of it was not checked.

    `trees` are those whose series go out together: what is needed of them nobody can find before.
    """
    from credseries.mail.b4adapter import unchecked
    from credseries.series.prep import b4_setting, read_cover

    if current.cover is None:
        return False, []
    needs = set(read_cover(current.cover_message).tracking["series"].get("prerequisites", []))
    thread = current.pristine.thread
    if thread is not None and {item.tree for item in thread.needs} <= set(trees):
        needs -= {*current.pristine.prerequisites, f"base-commit: {current.pristine.base}"}
    commanded = b4_setting(repo, "prep-perpatch-check-cmd") is not None
    if not commanded and not needs:
        return False, []
    return True, [name for name in unchecked(repo, current.record) if needs or name != "needs-checking-deps"]
