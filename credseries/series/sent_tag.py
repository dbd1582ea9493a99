"""The tag of a version that was sent, as b4 makes it (0.16, `ez.reroll`): `sent/CHANGE-ID-vN` names the patches without
the cover letter's commit, and the letter is its message.

Unlike b4's it is never signed: it tells b4 and credseries what went out, on this machine, and it is made when nobody
may be there to type a passphrase.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from credseries.kernel.git import Repository
from credseries.kernel.tags import tag_ref, write_tag
from credseries.kernel.values import NewCommit
from credseries.series.changelog import join_letter
from credseries.series.model import SeriesRecord
from credseries.series.prep import committer, strip_comments


@dataclass(frozen=True)
class SentTag:
    """A tag as an object (`id`), which `ref` has yet to name; `tip` is the last patch, a commit without the letter's
    before it."""

    name: str
    id: str
    tip: str

    @property
    def ref(self) -> str:
        """The full name of its ref."""
        return tag_ref(self.name)


def tag_name(change_id: str, version: int) -> str:
    """The name of b4's tag for a version that was sent."""
    return f"sent/{change_id}-v{version}"


def write_sent_tag(
    repo: Repository, record: SeriesRecord, cover: tuple[str, str], change_id: str, version: int, when: datetime
) -> SentTag:
    """Write the patches of a series as it was sent, and the tag of them, as objects.

    `cover` is the commit of its cover letter and the text of that. Raises GitFailed, MissingIdentity.
    """
    name = tag_name(change_id, version)
    infos = {info.id: info for info in repo.commits(record.start, record.tip)}
    chain = [infos[patch.commit] for patch in record.patches]
    who = committer(repo)
    commits = [NewCommit(i.message, tree=i.tree, author=i.author, author_date=i.author_date) for i in chain]
    tip = repo.write_commits(record.start, commits, author=who, committer=who, when=when)[-1]
    message = _message(repo, replace(record, change_id=change_id), *cover)
    return SentTag(name, write_tag(repo, name, tip, message, who, when), tip)


def _message(repo: Repository, record: SeriesRecord, cover: str, letter: str) -> str:
    """The message that b4 gives the tag of a version: the letter as it was mailed, without the signature.

    It follows b4 0.16, `ez.get_prep_branch_as_patches` and its template.
    """
    subject, _, body = strip_comments(letter).partition("\n\n")
    prefix = f"[{', '.join(record.prefixes)}] " if record.prefixes else ""
    revisions = f"{cover}..{record.tip}"
    shortlog = repo.ran("shortlog", revisions, environment={}).output.decode("utf-8", "replace").rstrip()
    stat = repo.ran("diff", "--stat", revisions, environment={}).output.decode("utf-8", "replace").rstrip()
    needs = [item for item in record.prerequisites if not item.startswith("base-commit:")]
    tail = [
        f"base-commit: {record.base}",
        f"change-id: {record.change_id}",
        *(f"prerequisite-{item}" for item in needs),
        "",
        "Best regards,",
    ]
    mailed = join_letter(body, f"{shortlog}\n\n{stat}\n---\n" + "\n".join(tail))
    return f"{prefix}{subject}\n\n{mailed}\n"
