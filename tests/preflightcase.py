"""A series on its way out, and what people do to a branch by hand before they send it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from credseries.cli.preflight import Outgoing, gather_checks
from credseries.cli.recipients import plan_recipients
from credseries.kernel.git import Repository
from credseries.mail.message import Message
from credseries.mail.preflight.model import Check
from credseries.mail.send import prepare
from credseries.series import saved
from credseries.series.prep import CoverMessage, read_cover
from credseries.series.publish import rewrite_series
from credseries.series.sending import SentSeries, mark_sent
from tests.gitrepo import git

BRANCH = "creds-rfc"
Edit = Callable[[str], str]
MMAP = ("int backing_file_mmap(", "/* by hand */ int backing_file_mmap(")
# Where a call that is made on each path gets lost on one of them.
LOST_CALL = ("	nread = vfs_iter_read(file, iter);\n			kfree(aio);", "	kfree(aio);")


def outgoing(tree: Path, branch: str = BRANCH) -> Outgoing:
    """The series as it would go out."""
    repo = Repository.discover(tree)
    record = saved.load(repo, branch)
    plan = plan_recipients(repo, record, ["linux-fsdevel@vger.kernel.org"], [])
    return Outgoing(record, plan, tuple(prepare(repo, record, plan)))


@cache
def _as_split() -> list[Outgoing]:
    return []


def as_split(tree: Path) -> Outgoing:
    """The series as it was split, in this copy or in any other: the copies have the same commits."""
    if not _as_split():
        _as_split().append(outgoing(tree))
    return _as_split()[0]


def changed(series: Outgoing, number: int, **fields: object) -> Outgoing:
    """The series with something of one of its messages changed."""
    messages: list[Message] = [
        replace(message, **fields) if message.index == number else message  # type: ignore[arg-type]
        for message in series.messages
    ]
    return replace(series, messages=tuple(messages))


def as_it_is(tree: Path, series: Outgoing) -> Outgoing:
    """The record as it is on the branch now, with messages from before: for what is not about messages."""
    return replace(series, record=saved.load(Repository.discover(tree), series.record.branch))


def checks(tree: Path, *series: Outgoing, require: Sequence[str] = ("none",)) -> dict[str, Check]:
    """The checks by name."""
    found = gather_checks(Repository.discover(tree), series or [outgoing(tree)], require=require)
    return {check.name: check for check in found}


def said(check: Check, name: str, *words: str) -> Check:
    """The check of that name has failed, says all that, and says what to do about it."""
    assert check.name == name
    assert check.failed, check
    assert check.hint
    for word in words:
        assert word in check.detail, check
    return check


def fails(tree: Path, name: str, *words: str, series: Outgoing | None = None) -> Check:
    """The check fails for a series (as it is on the branch, unless one is given), and says all that."""
    return said(checks(tree, *([series] if series else []))[name], name, *words)


def rewrite(tree: Path, *, letter: Edit = str, message: Edit = str, patch: int = 1, branch: str = BRANCH) -> None:
    """The letter or the message of a patch, edited."""
    repo = Repository.discover(tree)
    current = saved.current(repo, branch)
    cover = read_cover(current.cover_message)
    commit = current.record.patches[patch - 1].commit
    infos = {info.id: info for info in repo.commits(current.record.start, current.record.tip)}
    rewrite_series(
        repo,
        current,
        CoverMessage(letter(cover.letter), cover.tracking).text,
        {commit: message(infos[commit].message)},
        when=datetime.now().astimezone(),
        reflog="by hand",
    )


def rebase(tree: Path, editor: str, *more: str) -> None:
    """The branch's commits in another order, or fewer of them; `editor` edits the list as sed does."""
    git(tree, "checkout", "--quiet", BRANCH)
    subprocess.run(
        ["git", "-C", tree, "rebase", "--quiet", "-i", "--keep-empty", *more, "master"],
        env={**os.environ, "GIT_SEQUENCE_EDITOR": editor, "GIT_EDITOR": "true"},
        check=True,
        capture_output=True,
    )
    git(tree, "checkout", "--quiet", "master")


def amend(tree: Path, path: str, old: str, new: str) -> None:
    """The last patch that changes a file, changed by hand as one does it."""
    patch = git(tree, "log", "-1", "--format=%H", BRANCH, "--", path).strip()
    git(tree, "checkout", "--quiet", BRANCH)
    text = (tree / path).read_text()
    assert text.count(old) == 1, old
    (tree / path).write_text(text.replace(old, new))
    git(tree, "commit", "--quiet", "--all", f"--fixup={patch}")
    git(tree, "checkout", "--quiet", "master")
    rebase(tree, "true", "--autosquash")


def add(tree: Path, path: str, text: str, message: str) -> None:
    """A patch by hand, on top of the branch, that appends a text to a file."""
    git(tree, "checkout", "--quiet", BRANCH)
    place = tree / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text((place.read_text() if place.exists() else "") + text)
    git(tree, "add", path)
    git(tree, "commit", "--quiet", "-m", message)
    git(tree, "checkout", "--quiet", "master")


def mark(tree: Path) -> None:
    """The series as if it had been sent."""
    repo = Repository.discover(tree)
    record = saved.load(repo, BRANCH)
    numbers = range(len(record.patches) + 1)
    ids = {number: f"20261123-rfc-v{record.revision}-{number}-c0ffee123456@example.org" for number in numbers}
    mark_sent(repo, [SentSeries(record, ids)], datetime.now().astimezone())
