"""What git's log says that the subjects of a path begin with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from credseries.kernel import git as git_module
from credseries.kernel.git import Repository
from credseries.kernel.subjects import common_prefix
from tests.gitrepo import commit_all, git, make_repo, write_files


@pytest.mark.parametrize(
    ("subjects", "prefix"),
    [
        (["ovl: fix a leak", "ovl: add a test", "fs: do all"], "ovl"),
        (["fs/overlayfs: a", "fs/overlayfs: b"], "fs/overlayfs"),
        (["Ovl: a", "ovl: b", "ovl: c", "fs: d"], "ovl"),
        (["OVL: a", "ovl: b"], "OVL"),  # the newest of two spellings
        (['Revert "ovl: a"', "ovl: a"], "ovl"),
        (['Reapply "Revert "ovl: a""', "ovl: a"], "ovl"),
        (["x86/mm: a: b", "x86/mm: c"], "x86/mm"),
        (["ovl: a", "ovl: b", *["no prefix here"] * 20], "ovl"),
        (["ovl: a", "Merge tag 'ovl: x'", "Linux 6.12: y"], ""),
        (["ovl: a"], ""),
        ([], ""),
        (["ovl:a", "ovl:b"], ""),
        (["a: 1", "a: 2", "b: 1", "c: 1", "d: 1", "e: 1"], ""),
        (["a: 1", "a: 2", "b: 1", "c: 1", "d: 1"], "a"),
        (["this is a sentence: a", "this is a sentence: b"], ""),
        (["[PATCH] x: a", "[PATCH] x: b"], ""),
        (["a" * 31 + ": x", "a" * 31 + ": y"], ""),
        ([": a", ": b"], ""),
    ],
)
def test_the_prefix_that_stands_out(subjects: list[str], prefix: str) -> None:
    assert common_prefix(subjects) == prefix


def test_subjects_are_those_of_a_path_newest_first(tmp_path: Path) -> None:
    path = make_repo(tmp_path, {"fs/a.c": "1", "fs/b.c": "1"})
    for number, file, subject in [(2, "a", "ovl: two"), (3, "b", "fs: other"), (4, "a", "ovl: Ünïcode")]:
        write_files(path, {f"fs/{file}.c": str(number)})
        commit_all(path, f"{subject}\n\nbody: of it\n")
    git(path, "config", "log.follow", "true")
    git(path, "config", "log.showSignature", "true")
    repo = Repository.discover(path)
    head = repo.resolve("HEAD")
    assert repo.subjects(head, "fs/a.c") == ["ovl: Ünïcode", "ovl: two"]
    assert repo.subjects(head, "fs") == ["ovl: Ünïcode", "fs: other", "ovl: two"]
    assert repo.subjects(head, "fs", 1) == ["ovl: Ünïcode"]
    assert repo.subjects(repo.resolve("HEAD~2"), "fs/a.c") == ["ovl: two"]
    assert repo.subjects(head, "fs/none.c") == []
    assert common_prefix(repo.subjects(head, "fs")) == "ovl"


def test_merges_do_not_count(tmp_path: Path) -> None:
    path = make_repo(tmp_path, {"fs/a.c": "1", "b": "1"})
    git(path, "checkout", "--quiet", "-b", "side")
    write_files(path, {"fs/a.c": "2"})
    commit_all(path, "ovl: side")
    git(path, "checkout", "--quiet", "master")
    write_files(path, {"b": "2"})
    commit_all(path, "b: main")
    git(path, "merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    repo = Repository.discover(path)
    assert repo.subjects(repo.resolve("HEAD"), "fs") == ["ovl: side"]


@pytest.mark.parametrize("depth", [1, 2])
def test_the_edge_of_a_shallow_clone_does_not_count(tmp_path: Path, depth: int) -> None:
    """The oldest commit of a shallow clone seems to add every file."""
    path = make_repo(tmp_path, {"fs/a.c": "1"})
    for number in range(4):
        write_files(path, {"fs/a.c": f"new {number}"})
        commit_all(path, f"ovl: {number}")
    git(tmp_path, "clone", "--quiet", f"--depth={depth}", f"file://{path}", "shallow")
    repo = Repository.discover(tmp_path / "shallow")
    assert repo.subjects(repo.resolve("HEAD"), "fs/a.c") == ["ovl: 3"][: depth - 1]


def long_history(path: Path, commits: int) -> None:
    """A history that changes fs/rare.c in its third commit and fs/often.c in every one, a second a commit."""
    lines = ["commit refs/heads/master", "committer A <a@example.org> 1000000000 +0000", "data 5", "start"]
    lines += ["M 644 inline fs/rare.c", "data 1", "0", "M 644 inline fs/often.c", "data 1", "0"]
    for number in range(1, commits):
        subject = f"ovl: {number:08d}"
        lines += ["commit refs/heads/master", f"committer A <a@example.org> {1000000000 + number} +0000"]
        lines += [f"data {len(subject)}", subject, "M 644 inline fs/often.c", "data 8", f"{number:08d}"]
        if number == 2:
            lines += ["M 644 inline fs/rare.c", "data 1", "2"]
    stream = "\n".join([*lines, ""]).encode()
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=stream, check=True)


def test_not_all_of_a_long_history_is_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "--quiet", "long")
    long_history(tmp_path / "long", 300)
    repo = Repository.discover(tmp_path / "long")
    head = repo.resolve("HEAD")
    assert repo.subjects(head, "fs/rare.c") == ["ovl: 00000002"]
    monkeypatch.setattr(git_module, "_WALKED", 100)
    assert repo.subjects(head, "fs/rare.c") == []
    assert len(repo.subjects(head, "fs/often.c", 1000)) == 101
    assert repo.subjects(head, "fs/often.c", 2) == ["ovl: 00000299", "ovl: 00000298"]
