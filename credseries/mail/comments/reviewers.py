"""Who has said something of earlier versions of a series: they want to see the next one."""

from __future__ import annotations

from credseries.kernel.git import Repository
from credseries.mail.comments.stored import kept_names
from credseries.mail.recipients.earlier import reviewers_of
from credseries.mail.recipients.model import Reviewer
from credseries.series import saved


def earlier_reviewers(repo: Repository, branch: str) -> list[Reviewer]:
    """Everybody but the author who has said something of the series on a branch, in mails that were read.

    Raises NotASeries, StoreDamaged.
    """
    current = saved.current(repo, branch)
    with saved.opened(repo) as store:
        if not kept_names(store, current.record.change_id):
            return []
    from credseries.mail.comments.gathered import gather  # reads mails, which most series have none of

    found = gather(repo, current)
    return reviewers_of(remark for remark in found.remarks if not found.facts.authors.made(remark))
