"""Replies to what a script makes of Linux 6.12: a guard in the place of each override, whatever comes after it."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from credseries.cli.replies import draft_for
from credseries.creds.audit.compared import Severity
from credseries.kernel.git import Repository
from credseries.kernel.values import NewCommit
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.mbox import split_mbox
from credseries.rewrite.forms import write_naive_guard
from credseries.series.scan import Survey
from tests.gitrepo import git
from tests.replycase import new_lines, said

pytestmark = pytest.mark.kernel


def by_script(survey: Survey) -> dict[str, bytes]:
    """The files of the tree with a guard for the first override of each function."""
    found: dict[str, bytes] = {}
    for (path, _), analysis in sorted(survey.program.analyses.items()):
        sites = [site for site in analysis.sites if site.problem is None and site.statement != (0, 0)]
        site = next((site for site in sites if not site.converted), None)
        if site is not None:
            before = found.get(path, survey.program.files[path].source)
            after = site.function.rewritten(write_naive_guard(site, survey.names).text)
            assert before.count(site.function.source) == 1
            found[path] = before.replace(site.function.source, after.source)
    return found


@pytest.fixture(scope="module")
def thread(clone: Path, survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mails of it, a patch a file."""
    repo = Repository.discover(clone)
    base = repo.resolve("HEAD")
    commits = [NewCommit(f"{path}: Use guards\n", {path: text}) for path, text in by_script(survey).items()]
    who = repo.identity("author")
    tip = repo.write_commits(base, commits, author=who, committer=who, when=datetime.now(UTC))[-1]
    box = tmp_path_factory.mktemp("thread") / "thread.mbox"
    command = [
        "git",
        "format-patch",
        "--stdout",
        "--thread=shallow",
        "--cover-letter",
        f"--base={base}",
        f"{base}..{tip}",
    ]
    box.write_bytes(subprocess.run(command, cwd=clone, check=True, capture_output=True).stdout)
    return box


def test_each_finding_stands_below_its_line(clone: Path, thread: Path) -> None:
    repo = Repository.discover(clone)
    git(clone, "config", "user.email", "rita@example.net")
    replies = draft_for(repo, [str(thread)], None)
    patches = {number: read_letter(mail).text for number, mail in enumerate(split_mbox(thread.read_bytes()))}
    drafts = {draft.number: read_letter(draft.data).text for draft in replies.drafts}
    errors = [item for item in replies.review.observations if item.severity is Severity.ERROR]
    exact = 0
    for item in errors:
        place = re.compile(rf"{re.escape(item.file)}:{item.line}\b")
        pieces = [piece for piece in said(drafts[item.patch]) if place.search(" ".join(piece.words.split()))]
        assert pieces, item
        lines, at = patches[item.patch].split("\n"), new_lines(patches[item.patch]).get((item.file, item.line))
        if at is None:
            assert all("not in this diff" in " ".join(piece.words.split()) for piece in pieces), item
            continue
        exact += 1
        assert any(list(piece.quoted) == lines[at + 1 - len(piece.quoted) : at + 1] for piece in pieces), item
    assert len(errors) >= 60
    assert exact >= len(errors) // 3
    assert set(drafts) == {0} | {item.patch for item in replies.review.observations if item.patch}
