"""A small repository with a series on a branch, its record, and b4 and git as a person runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from credseries.kernel.git import Repository
from credseries.kernel.values import NewCommit
from credseries.mail.b4adapter import Stamp
from credseries.mail.cover import Cover
from credseries.series.model import PatchRecord, SeriesRecord, SiteRecord, TopicRecord
from credseries.series.prep import CoverMessage, is_cover, new_tracking
from credseries.series.publish import Placing, publish
from tests.gitrepo import commit_all, git, make_repo, write_files

B4 = Path(sys.executable).parent / "b4"
BRANCH = "ovl-creds"
CHANGE_ID = "20261123-ovl-creds-0123456789ab"
STAMP = Stamp(datetime(2026, 11, 23, 9, 30, tzinfo=UTC), "c0ffee123456")
# b4 finds no cover letter that is older than a year, whatever year it is when the tests run.
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
AUTHOR = "Zoë Łukaszewicz"
LONG_LINE = b"/* " + b"x" * 2000 + b" */\n"

BASE = {
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 12\n",
    "include/linux/cred.h": b"/* cred */\n",
    "fs/backing-file.c": b"int a;\n\nint b;\n",
    "fs/overlayfs/dir.c": b"int dir;\n",
}
COMMITS: tuple[tuple[str, Mapping[str, bytes]], ...] = (
    (
        "cred: Add a light override for Zoë\n\n"
        "From here on, a long-lived credential needs no reference. Naïve text, ünïcode.\n",
        {"include/linux/cred.h": b"/* cred */\n/* light: \xc3\xa9 */\n" + LONG_LINE},
    ),
    (
        "backing-file: Convert to guard(cred)\n\nOne scope, one revert.\n",
        {"fs/backing-file.c": b"int a;\nFrom here to there\n>From quoted\n\nint b;\n"},
    ),
    (
        "overlayfs: Convert to guard, its subject much longer than a line of mail: ünd nöch länger\n\nAll of it.\n",
        {"fs/overlayfs/dir.c": b"int dir;\nint no_newline;", "fs/overlayfs/new.bin": bytes(range(256))},
    ),
)


@dataclass(frozen=True)
class Tree:
    """A work tree, and the ids of the base and of the branch's tip."""

    path: Path
    base: str
    tip: str

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments).strip()

    def b4(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """b4 as a person runs it today, who answers each question with Enter."""
        return subprocess.run(
            [str(B4), "--offline-mode", *arguments],
            cwd=cwd or self.path,
            env={**os.environ, "GIT_COMMITTER_DATE": TODAY.isoformat()},
            input="\n",
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def environment(**changes: str | None) -> Iterator[None]:
    """Environment variables for a block; None removes one."""
    before = {name: os.environ.get(name) for name in changes}
    try:
        _set(changes)
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def make_tree(path: Path, commits: tuple[tuple[str, Mapping[str, bytes]], ...] = COMMITS) -> Tree:
    """A repository whose `main` is the base, and is checked out; its branch `ovl-creds` has the commits."""
    make_repo(path.parent, BASE, name=path.name)
    git(path, "branch", "--quiet", "-m", "main")
    git(path, "config", "user.name", AUTHOR)
    git(path, "config", "user.email", "zoe@example.org")
    base = tip = git(path, "rev-parse", "HEAD").strip()
    git(path, "checkout", "--quiet", "-b", BRANCH)
    for message, files in commits:
        write_files(path, files)
        tip = commit_all(path, message)
    git(path, "checkout", "--quiet", "main")
    return Tree(path, base, tip)


def site(file: str, line: int, function: str, form: str, reason: str = "") -> SiteRecord:
    return SiteRecord(file, line, function, "ofs->creator_cred", "mount", "direct", form, reason)


def make_series(base: str = "a" * 40, tip: str = "b" * 40) -> SeriesRecord:
    """The record of the branch that `make_tree` makes."""
    subjects = [message.splitlines()[0] for message, _ in COMMITS]
    return SeriesRecord(
        branch=BRANCH,
        recipe="overlayfs",
        title="overlayfs: Optimize override/revert creds",
        summary="Some workloads suffer from contention on the ->usage counter of their credentials.",
        base=base,
        tip=tip,
        base_version="6.12.0",
        change_id=CHANGE_ID,
        revision=1,
        prefixes=("RFC",),
        counts_references=True,
        topics=(
            TopicRecord("helpers", "cred: Add the light pair", "VFS", (), ""),
            TopicRecord("backing-file", "Convert fs/backing-file.c", "VFS", ("helpers",), "wide fsdevel review"),
            TopicRecord("overlayfs", "Convert fs/overlayfs/", "overlayfs", ("helpers",), "reviewed in parallel"),
        ),
        patches=(
            PatchRecord(1, "1" * 40, subjects[0], "helpers", "VFS", ("include/linux/cred.h",), 2, 0),
            PatchRecord(
                2,
                "2" * 40,
                subjects[1],
                "backing-file",
                "VFS",
                ("fs/backing-file.c",),
                2,
                0,
                (site("fs/backing-file.c", 1, "a", "guard"), site("fs/backing-file.c", 3, "b", "scoped")),
                ("linux-fsdevel",),
            ),
            PatchRecord(
                3,
                "3" * 40,
                subjects[2],
                "overlayfs",
                "overlayfs",
                ("fs/overlayfs/dir.c", "fs/overlayfs/new.bin"),
                3,
                0,
                (site("fs/overlayfs/dir.c", 1, "ovl_dir", "light", "a goto crosses the guard"),),
            ),
        ),
        refused=(site("fs/overlayfs/inode.c", 293, "ovl_permission", "refused", "a filter would move"),),
        assumptions=("Indirect calls leave the credentials as they found them.",),
        start=base,
    )


def put_on_branch(path: Path, series: SeriesRecord, cover: Cover) -> SeriesRecord:
    """The series of the commits on its branch, with a cover letter, as credseries puts it there."""
    repo = Repository.discover(path)
    tip = repo.branch_tip(series.branch)
    assert tip is not None
    commits = [
        NewCommit(info.message, tree=info.tree, author=info.author, author_date=info.author_date)
        for info in repo.commits(series.start, tip)
        if not is_cover(info.message)
    ]
    message = CoverMessage(cover.text, new_tracking(series)).text
    return publish(repo, [Placing(series, message, commits, tip)], when=TODAY, reflog="test")[0]
