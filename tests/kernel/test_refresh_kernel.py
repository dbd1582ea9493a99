"""A series for Linux 6.1 moves to 6.12, with what people did to it by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.kernel.values import NewCommit
from credseries.series import saved
from tests.clicase import credseries
from tests.gitrepo import git

pytestmark = pytest.mark.kernel

BRANCH = "creds-rfc"
# Functions that both releases have, that only 6.1 has, and that stand in another file in 6.12.
BOTH = (("fs/overlayfs/inode.c", "static int ovl_fiemap("), ("fs/overlayfs/readdir.c", "static int ovl_iterate("))
GONE = (("fs/overlayfs/file.c", "static ssize_t ovl_read_iter("),)


@pytest.fixture
def linux(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    both = cache / "linux-6.1-to-6.12"
    if not (both / "HEAD").is_file():
        pytest.skip(f"there is no {both}; see tests/kernel/prepare.sh")
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    git(tmp_path, "clone", "--quiet", "--shared", "--no-checkout", str(both), "linux")
    return tmp_path / "linux"


def edit_by_hand(linux: Path, marks: Sequence[tuple[str, str]]) -> list[str]:
    """Put a comment before each function in the patch of guards, as an amended commit; and add a commit of our own."""
    repo = Repository.discover(linux)
    record = saved.load(repo, BRANCH)
    chain = []
    infos = {info.id: info for info in repo.commits(record.start, record.tip)}
    for patch in record.patches:
        changes = repo.read_files(patch.commit, patch.files)
        for number, (path, head) in enumerate(marks):
            if path in changes and "guards" in patch.subject:
                text = changes[path].decode()
                assert text.count(f"\n{head}") == 1, head
                changes[path] = text.replace(f"\n{head}", f"\n/* mark {number} */\n{head}").encode()
        chain.append(NewCommit(infos[patch.commit].message, changes))
    chain.append(NewCommit("ovl: My own patch\n", {"fs/overlayfs/own.txt": b"# mark own\n"}))
    cover = next(info for info in infos.values() if info.id not in {patch.commit for patch in record.patches})
    who = repo.identity("author")
    [*_, tip] = repo.write_commits(cover.id, chain, author=who, committer=who, when=datetime.now().astimezone())
    git(linux, "update-ref", f"refs/heads/{BRANCH}", tip)
    return [*(f"/* mark {number} */" for number in range(len(marks))), "# mark own"]


def contents(linux: Path, refs: Sequence[str]) -> str:
    return "\n".join(git(linux, "grep", "-h", "mark", ref, "--", "fs/overlayfs") for ref in refs)


def test_what_fits_is_kept_in_place(linux: Path) -> None:
    assert credseries("split", "--base", "origin/old", cwd=linux).status == 0
    before = saved.load(Repository.discover(linux), BRANCH)
    marks = edit_by_hand(linux, BOTH)
    ran = credseries("refresh", "--onto", "origin/master", cwd=linux)
    assert ran.status == 0, ran.out + ran.err
    after = saved.current(Repository.discover(linux), BRANCH)
    assert before.base_version.startswith("6.1.")
    assert after.record.base_version.startswith("6.12.")
    assert [mark for mark in marks if mark not in contents(linux, [BRANCH])] == []
    assert any(patch.subject.startswith("fixup! ovl: Use guards") for patch in after.record.patches)
    assert after.record.patches[-1].subject == "ovl: My own patch"
    assert "backing_file_read_iter()" in ran.out
    assert "appeared" in ran.out
    assert "ovl_read_iter()" in ran.out
    assert "vanished" in ran.out
    audit = credseries("audit", f"origin/master..{BRANCH}", cwd=linux)
    assert audit.out.splitlines()[-1].endswith("0 errors, 0 warnings, 2 notes"), audit.out


def test_what_does_not_fit_is_named_and_kept_aside(linux: Path) -> None:
    assert credseries("split", "--base", "origin/old", cwd=linux).status == 0
    marks = edit_by_hand(linux, GONE)
    refs = git(linux, "for-each-ref")
    ran = credseries("refresh", "--onto", "origin/master", cwd=linux)
    assert ran.status == 1
    assert "ovl: Use guards for credential overrides" in ran.err
    assert git(linux, "for-each-ref") == refs
    ran = credseries("refresh", "--onto", "origin/master", "--set-aside", "--json", cwd=linux)
    assert ran.status == 1
    told = json.loads(ran.out)["series"][0]
    assert [mark for mark in marks if mark not in contents(linux, [BRANCH, *told["set_aside"]])] == []
    assert len(told["conflicts"]) == 1
