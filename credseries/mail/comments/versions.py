"""The versions of a series as the mails that they were: for a reader of replies, who has to know what was replied to.

The outbox has the mails that it sent. Of a version that went out in another way there is b4's tag, and of the one that
is being made there are the commits on the branch: those are written as mails here, with the Message-Ids that they are
known to have had, and that no one else ever gets to see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.charset import SHORTEST, Charset
from email.header import Header
from email.utils import format_datetime, formataddr

from credseries.kernel.git import Repository
from credseries.kernel.tags import list_tags
from credseries.kernel.values import CommitInfo, Identity
from credseries.mail.comments.todo import PatchSeen, Person
from credseries.mail.outbox.model import Entry, version_key
from credseries.mail.outbox.stored import StoredOutbox
from credseries.series import saved
from credseries.series.current import Current
from credseries.series.history import Version, patches_of, sent_versions
from credseries.series.prep import is_cover, read_cover, strip_comments
from credseries.series.sent import Sent, known_ids, was_built
from credseries.series.trailers import trailers_of
from credseries.words import many

_UNKNOWN_HOST = "credseries.invalid"  # RFC 2606: nobody has a Message-Id there


@dataclass(frozen=True)
class KnownVersion:
    """A version of a series: its `commits`, which are its `patches`, its `mails` as bytes, their Message-Ids by number
    (0: the cover letter) as far as they are known, whom it `asked` (To, with reasons), and whether it is `out`."""

    version: int
    message_ids: Mapping[int, str]
    commits: tuple[CommitInfo, ...]
    patches: tuple[PatchSeen, ...]
    mails: tuple[bytes, ...]
    asked: tuple[Person, ...] = ()
    out: bool = True


@dataclass(frozen=True)
class _Content:
    """What the mails of a version are written from."""

    version: int
    ids: Mapping[int, str]
    commits: Sequence[CommitInfo]
    prefixes: Sequence[str]
    letter: str
    change_id: str

    @property
    def date(self) -> datetime:
        """When its last patch was made: after what was said of the version before."""
        return datetime.fromtimestamp(self.commits[-1].committed, UTC)


def known_versions(repo: Repository, current: Current) -> list[KnownVersion]:
    """The versions of a series, the first one first: those that were sent, and the one on its branch."""
    tags = list_tags(repo, "sent")
    messages = {tag.name: tag.message for tag in tags}
    found: dict[int, KnownVersion] = {}
    for sent in sent_versions(current, tags):
        commits = patches_of(repo, current, sent)
        if commits is not None:
            found[sent.version] = _sent_version(repo, current, sent, commits, messages.get(sent.tag, ""))
    if current.record.revision not in found:
        found[current.record.revision] = _on_branch(repo, current)
    return [found[number] for number in sorted(found)]


def version_sent(repo: Repository, current: Current, sent: Sent) -> KnownVersion:
    """The version that a reroll starts from, which need not have its tag yet."""
    ids = {patch.commit for patch in sent.patches}
    commits = [info for info in repo.commits(sent.start, sent.tip) if info.id in ids]
    return _known(repo, current, sent.version, sent.message_ids, commits)


def version_made(repo: Repository, current: Current, version: int, start: str, tip: str) -> KnownVersion:
    """A version that was made as objects, and is on no branch yet."""
    return _known(repo, current, version, {}, repo.commits(start, tip), out=False)


def _sent_version(
    repo: Repository, current: Current, sent: Version, commits: Sequence[CommitInfo], message: str
) -> KnownVersion:
    ids = known_ids(repo, current.record.change_id, sent.version, sent.message_ids, len(commits))
    return _known(repo, current, sent.version, ids, commits, letter=message)


def _on_branch(repo: Repository, current: Current) -> KnownVersion:
    record = current.record
    commits = [info for info in repo.commits(record.start, record.tip) if not is_cover(info.message)]
    ids = known_ids(repo, record.change_id, record.revision, (), len(commits))
    return _known(repo, current, record.revision, ids, commits, out=was_built(repo, record))


def _known(
    repo: Repository,
    current: Current,
    version: int,
    ids: Mapping[int, str],
    commits: Sequence[CommitInfo],
    *,
    letter: str = "",
    out: bool = True,
) -> KnownVersion:
    record = current.record
    if not letter and current.cover is not None:
        letter = strip_comments(read_cover(current.cover_message).letter)
    content = _Content(version, ids, commits, record.prefixes, letter, record.change_id)
    entries = _entries(repo, record.change_id, version)
    written = _mails(repo, content)
    # an outbox that was given up in the middle has some of them
    mails = {**written, **{entry.message.index: entry.message.data for entry in entries}}
    patches = tuple(
        PatchSeen(version, number, info.subject, trailers_of(info.message)) for number, info in enumerate(commits, 1)
    )
    known = {**ids, **{entry.message.index: entry.message_id.strip("<>") for entry in entries}}
    in_order = tuple(mails[number] for number in sorted(mails))
    return KnownVersion(version, known, tuple(commits), patches, in_order, _asked(entries), out)


def _entries(repo: Repository, change_id: str, version: int) -> list[Entry]:
    with saved.opened(repo) as store:
        outbox = StoredOutbox(store).load(version_key(change_id, version))
    if outbox is None or not outbox.begun:
        return []
    return [entry for entry in outbox.entries if entry.series == change_id]


def _asked(entries: Sequence[Entry]) -> tuple[Person, ...]:
    found: dict[str, Person] = {}
    for entry in entries:
        for person in entry.message.to:
            found.setdefault(person.address.casefold(), Person(person.name, person.address, "; ".join(person.reasons)))
    return tuple(found.values())


# -- a version written as mails


def _mails(repo: Repository, content: _Content) -> dict[int, bytes]:
    """The mails of a version by number, the cover letter (0) when it has more than one patch."""
    diffs = repo.diffs([info.id for info in content.commits])
    author = repo.identity("author")
    found = {}
    if len(content.commits) > 1:
        subject, _, body = content.letter.partition("\n\n")
        patches = many(len(content.commits), "patch", "patches")
        letter = f"{body}\n\n---\n{patches}\n---\nchange-id: {content.change_id}\n"
        found[0] = _mail(content, 0, subject or "(no subject)", author, letter.encode())
    for number, info in enumerate(content.commits, 1):
        message = info.body.strip("\n").encode("utf-8", "surrogateescape")
        text = message + b"\n---\n\n" + diffs.get(info.id, b"") + b"-- \n"
        found[number] = _mail(content, number, info.subject, author, text)
    return found


def _mail(content: _Content, number: int, subject: str, author: Identity, body: bytes) -> bytes:
    total = len(content.commits)
    version = [f"v{content.version}"] if content.version > 1 else []
    place = [f"{number:0{len(str(total))}d}/{total}"] if total > 1 else []
    prefix = " ".join(["PATCH", *content.prefixes, *version, *place])
    first = 0 if total > 1 else 1
    root = _message_id(content, first)
    headers = [
        ("From", formataddr((author.name, author.email), _utf8())),
        ("Date", format_datetime(content.date)),
        ("Message-Id", f"<{_message_id(content, number)}>"),
        *([("In-Reply-To", f"<{root}>"), ("References", f"<{root}>")] if number != first else []),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
    ]
    encoded = Header(f"[{prefix}] {subject}", _utf8(), header_name="Subject").encode()
    head = "".join(f"{name}: {value}\n" for name, value in [("Subject", encoded), *headers])
    return head.encode("ascii", "replace") + b"\n" + body


def _utf8() -> Charset:
    """UTF-8 that is encoded in headers: b4 sets the email package to leave it as it is, for the whole process."""
    charset = Charset("utf-8")
    charset.header_encoding = SHORTEST
    return charset


def _message_id(content: _Content, number: int) -> str:
    """The Message-Id that a mail had, or one that nobody has."""
    return content.ids.get(number) or f"{content.change_id}-v{content.version}-{number}@{_UNKNOWN_HOST}"
