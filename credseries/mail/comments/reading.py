"""What mails say of the versions of a series: remarks, trailers, and who was heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from credseries.kernel.git import Repository
from credseries.mail.comments.todo import Heard
from credseries.mail.comments.versions import KnownVersion
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import Answer, Discussion, Thread, read_thread
from credseries.mail.thread.model import Letter
from credseries.mail.thread.signed import signed_by
from credseries.series.remarks import Authors, Remark
from credseries.series.reroll import Reply


@dataclass(frozen=True)
class Read:
    """What was read: `replies` by version, and the subjects of mails that are about none of them (`others`).

    `authors` are those of the series. `problems` say what could not be understood, a sentence each.
    """

    remarks: tuple[Remark, ...]
    replies: tuple[tuple[int, Reply], ...]
    heard: tuple[Heard, ...]
    others: tuple[str, ...]
    authors: Authors
    problems: tuple[str, ...] = ()


def read_discussion(repo: Repository, mails: Sequence[bytes], versions: Sequence[KnownVersion], here: Authors) -> Read:
    """Remarks on the versions of a series, from the mails that came; `here` is its author as far as he is known here.

    Raises B4Failed.
    """
    letters = [read_letter(mail) for mail in mails]
    known = [read_letter(mail) for version in versions for mail in version.mails]
    thread = read_thread(letters, signed_by(letters, repo.work_tree or repo.git_dir), here, known)
    ours, others = _parted(thread, known)
    answers = [answer for discussion in ours for answer in discussion.answers]
    remarks = [remark for discussion in ours for remark in discussion.remarks]
    authors = reduce(or_, (discussion.authors for discussion in ours), here)
    return Read(
        remarks=tuple(remarks),
        replies=tuple(
            (answer.version, _reply(answer))
            for answer in answers
            if not authors.has(answer.letter.name, answer.letter.address)
        ),
        heard=tuple(_heard(answer) for answer in answers),
        authors=authors,
        others=tuple(sorted({letter.subject for letter in others})),
        problems=tuple(problem for discussion in ours for problem in discussion.problems),
    )


def _parted(thread: Thread, known: Iterable[Letter]) -> tuple[list[Discussion], list[Letter]]:
    """The discussions of known mails, and all mails that are about something else."""
    ids = {letter.message_id for letter in known}
    ours = [item for item in thread.discussions if ids.intersection(item.series.by_id)]
    rest = [item for item in thread.discussions if item not in ours]
    others = [answer.letter for item in rest for answer in item.answers]
    return ours, [*thread.others, *others]


def _reply(answer: Answer) -> Reply:
    letter, signed = answer.letter, answer.signed
    return Reply(
        patch=answer.patch,
        name=letter.name,
        address=letter.address,
        message_id=letter.message_id,
        comments=answer.comments,
        trailers=signed.trailers,
        mismatched=signed.mismatched,
        spoken=signed.spoken,
    )


def _heard(answer: Answer) -> Heard:
    letter = answer.letter
    return Heard(answer.version, letter.name, letter.address, letter.message_id, letter.in_reply_to)
