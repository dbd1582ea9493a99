"""What mails say of the versions of a series: remarks, trailers, and who was heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credseries.kernel.git import Repository
from credseries.mail.b4adapter import Incoming, read_mails
from credseries.mail.comments.todo import Heard
from credseries.mail.comments.versions import KnownVersion
from credseries.mail.replies import sort_replies
from credseries.series.remarks import Kind, Place, Remark, State
from credseries.series.reroll import Reply


@dataclass(frozen=True)
class Read:
    """What was read: `replies` by version, and the subjects of mails that are about none of them (`others`)."""

    remarks: tuple[Remark, ...]
    replies: tuple[tuple[int, Reply], ...]
    heard: tuple[Heard, ...]
    others: tuple[str, ...]
    problems: tuple[str, ...] = ()


def read_discussion(
    repo: Repository, mails: Sequence[bytes], versions: Sequence[KnownVersion], own: frozenset[str]
) -> Read:
    """Remarks on the versions of a series, from the mails that came."""
    incoming = read_mails(repo, mails)
    places: dict[str, int] = {}
    replies: list[tuple[int, Reply]] = []
    others: set[str] | None = None
    for version in versions:
        sorted_ = sort_replies(incoming, version, "")
        replies += [(version.version, reply) for reply in sorted_.found]
        others = set(sorted_.others) if others is None else others & set(sorted_.others)
    places = {reply.message_id: version for version, reply in replies}
    return Read(
        tuple(_remark(version, reply, incoming) for version, reply in replies),
        tuple((version, reply) for version, reply in replies if reply.address.casefold() not in own),
        tuple(
            Heard(places.get(item.message_id, 0), item.name, item.address, item.message_id, item.in_reply_to)
            for item in incoming
            if item.is_reply and item.message_id in places
        ),
        tuple(sorted(others or ())),
    )


def _remark(version: int, reply: Reply, incoming: Sequence[Incoming]) -> Remark:
    body = next(item.body for item in incoming if item.message_id == reply.message_id)
    kind, state = (Kind.OTHER, State.OPEN) if reply.comments else (Kind.TRAILER, State.NONE)
    text = "\n".join(line for line in body.splitlines() if not line.startswith(">"))
    return Remark(
        *(f"{reply.message_id}#1", reply.message_id, reply.name, reply.address, ""),
        *(Place(version, reply.patch), kind, state, (), text.strip()),
    )
