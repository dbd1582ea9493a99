"""Trailers that came in replies, and which patches on the branch should have them and do not."""

from __future__ import annotations

from collections.abc import Iterable

from credseries.kernel.git import Repository
from credseries.mail.comments.todo import Given
from credseries.mail.comments.versions import KnownVersion
from credseries.series.reroll import Reply
from credseries.series.sent import version_patches
from credseries.series.trailers import Trailer
from credseries.series.versions import Became, VersionPatch, compare_versions


def given_trailers(
    repo: Repository, replies: Iterable[tuple[int, Reply]], sent: KnownVersion, now: KnownVersion
) -> tuple[Given, ...]:
    """The trailers of all replies; of those to the version that was sent last, what is missing `now`.

    A review of a patch that has changed since is not missed: it was of another patch.
    """
    said = [(version, reply, trailer) for version, reply in replies for trailer in reply.trailers]
    if not said:
        return ()
    patches = _version_patches(repo, now)
    became = compare_versions(_version_patches(repo, sent), patches)
    return tuple(
        Given(
            *(version, reply.patch, trailer, reply.name, reply.message_id),
            missing=_missing(reply, trailer, became, patches) if version == sent.version else (),
        )
        for version, reply, trailer in said
    )


def _version_patches(repo: Repository, version: KnownVersion) -> tuple[VersionPatch, ...]:
    return version_patches(repo, version.commits, [None] * len(version.commits))


def _missing(
    reply: Reply, trailer: Trailer, became: Iterable[Became], patches: Iterable[VersionPatch]
) -> tuple[int, ...]:
    """The patches that became of the one that was replied to, and have not the trailer."""
    meant: set[int] = set()
    for item in became:
        if (reply.patch in item.old or (reply.patch == 0 and item.old)) and (
            item.keeps_reviews or not trailer.is_review
        ):
            meant.update(item.new)
    has = {patch.number for patch in patches if trailer.identity in {other.identity for other in patch.trailers}}
    return tuple(sorted(meant - has))
