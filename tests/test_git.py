"""Claims about `Repository`, each against a real git repository."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from credseries.errors import (
    BranchExists,
    GitFailed,
    MissingIdentity,
    NotAKernelTree,
    NotARepository,
    UnknownRevision,
    UsageError,
)
from credseries.kernel.git import Identity, NewCommit, RefChange, Repository
from credseries.kernel.git_process import run_writer, uninterrupted
from credseries.kernel.release import check_kernel_tree
from credseries.kernel.worktrees import check_not_checked_out, checked_out, private_worktree
from tests.gitrepo import commit_all, git, make_repo, write_files
from tests.mailcase import environment

DEVELOPER = Identity("Test Developer", "dev@example.org")
WHEN = datetime(2024, 11, 20, 12, 0, tzinfo=UTC)
NEEDLES = ["override_creds", "revert_creds"]
ODD_NAMES = ["a b.c", 'qu"ote.c', "back\\slash.c", "new\nline.c", "-dash.c", ":(top)x.c", "*.c", "grüße.c"]


def open_repo(path: Path) -> tuple[Repository, str]:
    repository = Repository.discover(path)
    return repository, repository.resolve("HEAD")


def write(repository: Repository, base: str, *commits: NewCommit) -> list[str]:
    return repository.write_commits(base, commits, author=DEVELOPER, committer=DEVELOPER, when=WHEN)


def hits(repository: Repository, commit: str, *paths: str) -> list[str]:
    """The files with a hit; asserts that the fast way and the plain way agree."""
    found = list(repository.grep_files(commit, NEEDLES, paths))
    plain = dataclasses.replace(repository, work_tree=None)
    assert found == list(plain.grep_files(commit, NEEDLES, paths))
    return found


class TestDiscover:
    def test_finds_the_repository_from_a_subdirectory(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"fs/a.c": "int a;\n"})
        repository = Repository.discover(path / "fs")
        assert repository.work_tree == path
        assert repository.git_dir == repository.common_dir == path / ".git"

    def test_finds_the_repository_from_its_git_directory(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": ""})
        assert Repository.discover(path / ".git" / "refs").work_tree == path

    def test_a_linked_work_tree_shares_the_common_directory(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": ""})
        git(path, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
        repository = Repository.discover(tmp_path / "linked")
        assert repository.work_tree == tmp_path / "linked"
        assert repository.common_dir == path / ".git"
        assert repository.git_dir == path / ".git" / "worktrees" / "linked"
        assert repository.current_branch() == "other"

    def test_a_bare_repository_has_no_work_tree(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "override_creds"})
        git(tmp_path, "clone", "-q", "--bare", str(path), str(tmp_path / "bare"))
        repository, head = open_repo(tmp_path / "bare")
        assert repository.work_tree is None
        assert not repository.is_dirty()
        assert hits(repository, head) == ["a.c"]

    def test_no_repository_is_an_error_with_a_hint(self, tmp_path: Path) -> None:
        with pytest.raises(NotARepository, match="not a git repository") as caught:
            Repository.discover(tmp_path)
        assert "--tree DIR" in caught.value.hint

    def test_no_directory_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(NotARepository, match="not a directory"):
            Repository.discover(tmp_path / "nowhere")

    def test_no_git_says_how_to_get_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(GitFailed) as caught:
            Repository.discover(tmp_path)
        assert "apt install git" in caught.value.hint


class TestReading:
    def test_resolves_revisions(self, tmp_path: Path) -> None:
        repository, head = open_repo(make_repo(tmp_path, {"a.c": ""}))
        git(tmp_path / "repo", "tag", "-a", "-m", "x", "v6.12")
        assert repository.resolve("v6.12") == repository.resolve("master") == repository.resolve(head[:9]) == head

    @pytest.mark.parametrize("revision", ["nowhere", "--all", "HEAD:a.c", "", "HEAD^{tree}"])
    def test_what_is_no_commit_is_unknown(self, tmp_path: Path, revision: str) -> None:
        repository, _ = open_repo(make_repo(tmp_path, {"a.c": ""}))
        with pytest.raises(UnknownRevision):
            repository.resolve(revision)

    def test_a_repository_without_a_commit_says_so(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q")
        with pytest.raises(UnknownRevision, match="no commit yet"):
            Repository.discover(tmp_path).resolve("HEAD")

    def test_reads_files_of_a_commit_and_leaves_out_what_is_missing(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": b"\0binary\n", "fs/b.c": "", "x y missing": "there"})
        repository, head = open_repo(path)
        write_files(path, {"a.c": "changed on disk"})
        wanted = ["a.c", "none.c", "fs", "fs/b.c", "x y missing", "new\nline"]
        expected = {"a.c": b"\0binary\n", "fs/b.c": b"", "x y missing": b"there"}
        assert repository.read_files(head, wanted) == expected

    def test_odd_names_are_only_names(self, tmp_path: Path) -> None:
        files = {name: f"revert_creds({number})" for number, name in enumerate(ODD_NAMES)}
        repository, head = open_repo(make_repo(tmp_path, files))
        assert repository.read_files(head, ODD_NAMES) == {name: text.encode() for name, text in files.items()}
        assert sorted(repository.list_tree(head)) == sorted(ODD_NAMES)
        assert sorted(hits(repository, head)) == sorted(ODD_NAMES)
        for name in ODD_NAMES:
            assert repository.exists(head, name) == "file"
            assert hits(repository, head, name) == [name]

    def test_names_that_are_not_utf8_survive(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": ""})
        (path / os.fsdecode(b"latin-\xe9.c")).write_bytes(b"override_creds")
        commit_all(path, "Add")
        repository, head = open_repo(path)
        assert hits(repository, head) == [os.fsdecode(b"latin-\xe9.c")]
        assert repository.read_files(head, hits(repository, head))

    def test_lists_a_tree_and_says_what_exists(self, tmp_path: Path) -> None:
        repository, head = open_repo(make_repo(tmp_path, {"fs/b/c.c": "", "fs/a.c": "", "fs.c": ""}))
        assert repository.list_tree(head) == ["fs.c", "fs/a.c", "fs/b/c.c"]
        assert repository.list_tree(head, "fs/b") == ["fs/b/c.c"]
        assert repository.list_tree(head, "fs/b/") == ["fs/b/c.c"]
        assert repository.list_tree(head, "nothing") == []
        kinds = [repository.exists(head, path) for path in ("fs", "fs/", "fs/a.c", "fs/a", "", ".")]
        assert kinds == ["directory", "directory", "file", None, "directory", "directory"]

    def test_dirt_is_what_tracked_files_have(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        repository = Repository.discover(path)
        write_files(path, {"untracked.c": "x"})
        assert not repository.is_dirty()
        write_files(path, {"a.c": "two"})
        assert repository.is_dirty()

    def test_diffs_ignore_the_users_external_tools(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one\n", ".gitattributes": "*.c diff=own\n"})
        repository, base = open_repo(path)
        for key in ("diff.external", "diff.own.command", "diff.own.textconv"):
            git(path, "config", key, "false")
        git(path, "config", "diff.noprefix", "true")
        write_files(path, {"a.c": "two\nthree\n", "b.bin": b"\0"})
        tip = commit_all(path, "Change")
        (changes,) = repository.changes([tip])
        assert [(item.path, item.added, item.removed) for item in changes] == [("a.c", 2, 1), ("b.bin", 0, 0)]
        assert "-one\n+two\n+three\n" in repository.diff(base, tip)
        assert repository.diff(base, tip).startswith("diff --git a/a.c b/a.c\n")
        assert repository.diff(base, tip, ["nothing"]) == ""

    def test_commits_come_oldest_first(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": ""})
        repository, base = open_repo(path)
        first = commit_all(path, "First\n\nBody: grüße\n\nSigned-off-by: A <a@b>\n")
        second = commit_all(path, "Second")
        one, two = repository.commits(base, second)
        assert (one.id, one.subject, one.body) == (first, "First", "Body: grüße\n\nSigned-off-by: A <a@b>")
        assert (two.id, two.subject, two.body) == (second, "Second", "")
        assert two.tree == git(path, "rev-parse", "HEAD^{tree}").strip()
        assert repository.commits(second, second) == []

    def test_a_failure_names_the_command_and_what_git_said(self, tmp_path: Path) -> None:
        repository, _ = open_repo(make_repo(tmp_path, {"a.c": ""}))
        with pytest.raises(GitFailed, match=r"`git ls-tree .*status 128: fatal: not a tree object") as caught:
            repository.list_tree("0123456789" * 4)
        assert caught.value.hint


class TestGrep:
    FILES: ClassVar = {
        "fs/a.c": "override_creds(x);",
        "fs/b.c": "nothing",
        "fs/sub/c.c": "x revert_creds",
        "mm/d.c": "revert_creds",
    }

    def test_finds_files_in_tree_order(self, tmp_path: Path) -> None:
        repository, head = open_repo(make_repo(tmp_path, self.FILES))
        assert hits(repository, head) == ["fs/a.c", "fs/sub/c.c", "mm/d.c"]

    def test_paths_restrict_and_are_relative_to_the_top(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, self.FILES)
        repository, head = open_repo(path / "fs")
        assert hits(repository, head, "fs/sub", "mm/d.c") == ["fs/sub/c.c", "mm/d.c"]
        assert hits(repository, head, "fs/") == ["fs/a.c", "fs/sub/c.c"]
        assert hits(repository, head, "fs/*.c") == []

    def test_answers_for_the_commit_whatever_the_work_tree_holds(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, self.FILES)
        repository, head = open_repo(path)
        write_files(path, {"fs/a.c": "no hit now", "fs/b.c": "override_creds", "fs/new.c": "revert_creds"})
        write_files(path, {"added.c": "revert_creds"})
        git(path, "add", "added.c")
        git(path, "rm", "-q", "--cached", "mm/d.c")
        (path / "fs/sub/c.c").unlink()
        assert hits(repository, head) == ["fs/a.c", "fs/sub/c.c", "mm/d.c"]

    def test_answers_for_an_older_commit(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, self.FILES)
        repository, base = open_repo(path)
        git(path, "mv", "fs/a.c", "fs/z.c")
        tip = commit_all(path, "Move")
        assert hits(repository, base) == ["fs/a.c", "fs/sub/c.c", "mm/d.c"]
        assert hits(repository, tip) == ["fs/sub/c.c", "fs/z.c", "mm/d.c"]

    @pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
    def test_does_not_trust_files_that_git_does_not_watch(self, tmp_path: Path, flag: str) -> None:
        path = make_repo(tmp_path, self.FILES)
        repository, head = open_repo(path)
        git(path, "update-index", flag, "fs/a.c", "fs/b.c")
        write_files(path, {"fs/a.c": "no hit now", "fs/b.c": "override_creds"})
        assert hits(repository, head) == ["fs/a.c", "fs/sub/c.c", "mm/d.c"]

    def test_sparse_checkout_hides_nothing(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, self.FILES)
        git(path, "sparse-checkout", "set", "mm")
        repository, head = open_repo(path)
        assert not (path / "fs").exists()
        assert hits(repository, head) == ["fs/a.c", "fs/sub/c.c", "mm/d.c"]

    def test_attributes_and_configuration_hide_nothing(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {**self.FILES, ".gitattributes": "*.c binary\n", "e.bin": b"\0revert_creds"})
        git(path, "config", "grep.patternType", "perl")
        git(path, "config", "color.ui", "always")
        repository, head = open_repo(path)
        assert hits(repository, head) == ["e.bin", "fs/a.c", "fs/sub/c.c", "mm/d.c"]

    def test_links_are_no_source_files(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "override_creds"})
        (path / "link.c").symlink_to("a.c")
        (path / "override_creds").symlink_to("revert_creds")
        commit_all(path, "Link")
        repository, head = open_repo(path)
        assert hits(repository, head) == ["a.c"]
        (path / "override_creds").unlink()
        assert hits(repository, head) == ["a.c"]

    def test_a_fresh_clone_without_checkout_is_searched(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, self.FILES)
        git(tmp_path, "clone", "-q", "--no-checkout", str(path), str(tmp_path / "clone"))
        repository, head = open_repo(tmp_path / "clone")
        assert hits(repository, head) == ["fs/a.c", "fs/sub/c.c", "mm/d.c"]

    def test_many_differences_fall_back_to_the_commit(self, tmp_path: Path) -> None:
        files = {f"f{number:04}.c": "revert_creds" if number % 500 == 0 else "x" for number in range(2100)}
        path = make_repo(tmp_path, files)
        repository, head = open_repo(path)
        git(path, "rm", "-q", "-r", ".")
        assert hits(repository, head) == ["f0000.c", "f0500.c", "f1000.c", "f1500.c", "f2000.c"]

    def test_the_users_index_is_not_written(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, self.FILES)
        os.utime(path / "fs/a.c", (1, 1))
        before = (path / ".git/index").read_bytes()
        repository, head = open_repo(path)
        assert hits(repository, head)
        assert not repository.is_dirty()
        assert (path / ".git/index").read_bytes() == before

    def test_can_be_ended_early(self, tmp_path: Path) -> None:
        repository, head = open_repo(make_repo(tmp_path, self.FILES))
        search = repository.grep_files(head, NEEDLES)
        assert next(search) == "fs/a.c"
        search.close()
        assert list(search) == []


class TestNames:
    def test_reads_configuration(self, tmp_path: Path) -> None:
        repository = Repository.discover(make_repo(tmp_path, {"a.c": ""}))
        assert repository.config("user.email") == "dev@example.org"
        assert repository.config("credseries.nothing") is None

    def test_knows_who_commits(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository = Repository.discover(make_repo(tmp_path, {"a.c": ""}))
        monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
        assert repository.identity("author") == Identity("Somebody Else", "dev@example.org")
        assert str(repository.identity("committer")) == "Test Developer <dev@example.org>"

    @pytest.mark.parametrize("key", ["user.name", "user.email"])
    def test_never_guesses_an_identity(self, tmp_path: Path, key: str) -> None:
        repository = Repository.discover(make_repo(tmp_path, {"a.c": ""}))
        git(tmp_path / "repo", "config", "--global", "--unset", key)
        with pytest.raises(MissingIdentity) as caught:
            repository.identity("author")
        assert "git config --global user.email" in caught.value.hint

    def test_branches(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": ""})
        repository, head = open_repo(path)
        assert repository.branch_tip("master") == head
        assert [repository.branch_tip(name) for name in ("none", "mas*", "master@{0}", "-x")] == [None] * 4
        assert repository.current_branch() == "master"
        git(path, "checkout", "-q", "--detach")
        assert repository.current_branch() is None
        valid = [repository.valid_branch_name(name) for name in ("b4/creds", "a..b", "-x", "HEAD", "a b", "")]
        assert valid == [True, False, False, False, False, False]


class TestWriting:
    @pytest.mark.parametrize("object_format", ["sha1", "sha256"])
    def test_writes_objects_and_nothing_else(self, tmp_path: Path, object_format: str) -> None:
        path = make_repo(tmp_path, {"fs/a.c": "one\n", "b.c": "b\n"}, object_format=object_format)
        repository, base = open_repo(path)
        refs, index = git(path, "for-each-ref"), (path / ".git/index").read_bytes()
        before = {entry for entry in (path / ".git").rglob("*") if "objects" not in entry.parts}
        ids = write(
            repository,
            base,
            NewCommit("fs: change a\n\nWhy.\n", {"fs/a.c": b"two\n"}),
            NewCommit("Add a file", {"fs/new.c": b"no newline", "b.c": b""}),
        )
        assert git(path, "for-each-ref") == refs
        assert (path / ".git/index").read_bytes() == index
        assert {entry for entry in (path / ".git").rglob("*") if "objects" not in entry.parts} == before
        assert git(path, "status", "--porcelain") == ""
        assert [commit.id for commit in repository.commits(base, ids[-1])] == ids
        assert [commit.subject for commit in repository.commits(base, ids[-1])] == [
            "fs: change a",
            "Add a file",
        ]
        contents = {"fs/a.c": b"two\n", "b.c": b"", "fs/new.c": b"no newline"}
        assert repository.read_files(ids[-1], contents) == contents
        fsck = subprocess.run(["git", "-C", str(path), "fsck", "--strict"], capture_output=True, text=True, check=True)
        assert fsck.stdout == f"dangling commit {ids[-1]}\n"
        date = git(path, "show", "-s", "--format=%an <%ae> %ad", "--date=raw", ids[0]).strip()
        assert date == "Test Developer <dev@example.org> 1732104000 +0000"

    def test_the_same_input_gives_the_same_ids(self, tmp_path: Path) -> None:
        repository, base = open_repo(make_repo(tmp_path, {"a.c": "one\n"}))
        commit = NewCommit("Change", {"a.c": b"two\n"})
        assert write(repository, base, commit) == write(repository, base, commit)
        assert write(repository, base) == []

    def test_odd_names_and_modes_survive(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, dict.fromkeys(ODD_NAMES, "x"))
        (path / "run.sh").write_text("old")
        (path / "run.sh").chmod(0o755)
        commit_all(path, "Add a script")
        repository, base = open_repo(path)
        names = [*ODD_NAMES, "run.sh"]
        (tip,) = write(repository, base, NewCommit("Change", {name: name.encode() for name in names}))
        assert repository.read_files(tip, names) == {name: name.encode() for name in names}
        assert git(path, "ls-tree", tip, "run.sh").startswith("100755 blob")
        assert len(repository.list_tree(tip)) == len(names)

    def test_a_commit_can_have_a_tree_that_is_there_and_an_author_of_its_own(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"fs/a.c": "one\n", "b.c": "b\n"})
        repository, base = open_repo(path)
        (changed,) = write(repository, base, NewCommit("Change", {"fs/a.c": b"two\n", "n.c": b""}))
        author = Identity("Zoë", "zoe@example.org")
        ids = write(
            repository,
            base,
            NewCommit("Nothing"),
            NewCommit(
                "The same", tree=repository.resolve_tree(changed)[1], author=author, author_date="1500000000 +0300"
            ),
            NewCommit("Back", tree=repository.resolve_tree(base)[1]),
        )
        nothing, same, back = repository.commits(base, ids[-1])
        assert nothing.tree == back.tree == repository.resolve_tree(base)[1]
        assert (same.tree, same.author, same.author_date) == (
            repository.resolve_tree(changed)[1],
            author,
            "1500000000 +0300",
        )
        assert (back.author, back.committer, back.committed) == (DEVELOPER, DEVELOPER, int(WHEN.timestamp()))
        assert [info.parents for info in (nothing, same, back)] == [(base,), (nothing.id,), (same.id,)]
        git(path, "fsck", "--strict")

    def test_changes_of_many_commits_at_once(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, dict.fromkeys(ODD_NAMES, "x\n"))
        repository, base = open_repo(path)
        (path / "tab\tname.c").write_text("new\n")
        (path / ODD_NAMES[0]).chmod(0o755)
        first = commit_all(path, "First")
        git(path, "rm", "--quiet", "--", ODD_NAMES[3])
        second = commit_all(path, "Second")
        found = repository.changes([second, first, base])
        assert [[(item.path, item.modes, item.added, item.removed) for item in each] for each in found[:2]] == [
            [(ODD_NAMES[3], ("100644", "000000"), 0, 1)],
            [(ODD_NAMES[0], ("100644", "100755"), 0, 0), ("tab\tname.c", ("000000", "100644"), 1, 0)],
        ]
        assert repository.diffs([second, first])[second].startswith(b"diff --git ")
        assert repository.changes([]) == []

    def test_a_date_without_a_time_zone_is_refused(self, tmp_path: Path) -> None:
        repository, base = open_repo(make_repo(tmp_path, {"a.c": ""}))
        with pytest.raises(ValueError, match="time zone"):
            repository.write_commits(
                base, [NewCommit("x", {})], author=DEVELOPER, committer=DEVELOPER, when=datetime(2024, 1, 1)
            )

    def test_refs_change_all_or_none(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": ""})
        repository, base = open_repo(path)
        zero = repository.zero_id
        repository.update_refs([RefChange("refs/heads/one", base, zero)], "split")
        assert repository.branch_tip("one") == base
        assert "split" in git(path, "reflog", "show", "one")
        changes = [RefChange("refs/heads/two", base, zero), RefChange("refs/heads/one", base, zero)]
        with pytest.raises(BranchExists, match="one exists already"):
            repository.update_refs(changes, "split")
        assert repository.branch_tip("two") is None
        (tip,) = write(repository, base, NewCommit("Change", {"a.c": b"two\n"}))
        with pytest.raises(GitFailed, match="expected") as caught:
            repository.update_refs([RefChange("refs/heads/one", base, tip)], "reroll")
        assert "run the command again" in caught.value.hint
        repository.update_refs([RefChange("refs/heads/one", tip, base), RefChange("refs/heads/two", tip)], "reroll")
        assert repository.branch_tip("one") == repository.branch_tip("two") == tip
        repository.update_refs([RefChange("refs/heads/two", zero, tip)], "drop")
        assert repository.branch_tip("two") is None

    def test_a_branch_in_the_way_of_a_directory_counts_as_existing(self, tmp_path: Path) -> None:
        repository, base = open_repo(make_repo(tmp_path, {"a.c": ""}))
        with pytest.raises(BranchExists):
            repository.update_refs([RefChange("refs/heads/master/sub", base, repository.zero_id)], "split")


class TestPrivateWorktree:
    def test_has_the_branch_checked_out_and_leaves_nothing(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        git(path, "branch", "b4/creds")
        repository = Repository.discover(path)
        index = (path / ".git/index").read_bytes()
        with private_worktree(repository, "b4/creds") as worktree:
            assert [entry.name for entry in worktree.iterdir()] == [".git"]
            assert Repository.discover(worktree).current_branch() == "b4/creds"
            assert Repository.discover(worktree).common_dir == repository.common_dir
        assert not worktree.parent.exists()
        assert git(path, "worktree", "list").count("\n") == 1
        assert (path / ".git/index").read_bytes() == index
        assert git(path, "status", "--porcelain") == ""
        assert repository.current_branch() == "master"

    def test_goes_away_after_an_exception(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        seen: list[Path] = []

        def fail() -> None:
            with private_worktree(Repository.discover(path), "master") as worktree:
                seen.append(worktree)
                (worktree / "left.txt").write_text("x")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert not seen[0].parent.exists()
        assert git(path, "worktree", "list").count("\n") == 1

    def test_works_in_a_bare_repository(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": ""})
        git(tmp_path, "clone", "-q", "--bare", str(path), str(tmp_path / "bare"))
        with private_worktree(Repository.discover(tmp_path / "bare"), "master") as worktree:
            assert Repository.discover(worktree).current_branch() == "master"

    def test_leaves_nothing_in_the_repository_when_it_is_killed(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        before = sorted((path / ".git").rglob("*"))
        code = (
            "import os, signal, sys; from pathlib import Path\n"
            "from credseries.kernel.git import Repository\n"
            "from credseries.kernel.worktrees import private_worktree\n"
            "with private_worktree(Repository.discover(Path(sys.argv[1])), 'master') as place:\n"
            "    Repository.discover(place).is_dirty()\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        place = {**os.environ, "TMPDIR": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", code, str(path)], env=place, check=False)
        assert done.returncode == -signal.SIGKILL
        assert sorted((path / ".git").rglob("*")) == before
        assert git(path, "worktree", "list").count("\n") == 1


class TestCheckedOut:
    def test_here_or_in_a_linked_work_tree(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        git(path, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "b4/other")
        git(path, "branch", "free")
        repository = Repository.discover(path)
        places = [checked_out(repository, name) for name in ("master", "b4/other", "other", "free")]
        assert places == [path, tmp_path / "linked", None, None]
        check_not_checked_out(repository, "free")
        with pytest.raises(UsageError, match=r"checked out in .*/linked") as caught:
            check_not_checked_out(repository, "b4/other")
        assert "switch --detach" in caught.value.hint

    def test_a_work_tree_that_is_gone_does_not_count(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        git(path, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
        shutil.rmtree(tmp_path / "linked")
        assert checked_out(Repository.discover(path), "other") is None

    @pytest.mark.parametrize("linked", [False, True])
    def test_a_branch_that_is_being_rebased(self, tmp_path: Path, linked: bool) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        git(path, "branch", "topic")
        place = path
        if linked:
            place = tmp_path / "linked"
            git(path, "worktree", "add", "-q", str(place), "topic")
        else:
            git(path, "checkout", "-q", "topic")
        commit_all(place, "More")
        with environment(GIT_SEQUENCE_EDITOR="sed -i 1ibreak"):
            git(place, "rebase", "-q", "-i", "HEAD~1")
        assert Repository.discover(place).current_branch() is None
        assert checked_out(Repository.discover(path), "topic") == place


class TestInterrupts:
    def test_one_waits_until_what_is_written_is_written(self) -> None:
        steps = []

        def write_it() -> None:
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
                steps.append("written")
            steps.append("never")

        with pytest.raises(KeyboardInterrupt):
            write_it()
        assert steps == ["written"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    def test_a_git_that_writes_has_a_session_of_its_own(self, tmp_path: Path) -> None:
        path = make_repo(tmp_path, {"a.c": "one"})
        script = f"!ps -o sid= -p $$ >{tmp_path}/session"
        run_writer(["-c", f"alias.mine={script}", "mine"], directory=path, environment={})
        assert int((tmp_path / "session").read_text()) != os.getsid(0)


def test_hooks_do_not_run(tmp_path: Path) -> None:
    path = make_repo(tmp_path, {"a.c": ""})
    for name in ("reference-transaction", "post-checkout"):
        hook = path / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
    repository, head = open_repo(path)
    repository.update_refs([RefChange("refs/heads/new", head, repository.zero_id)], "split")
    with private_worktree(repository, "new"):
        pass
    assert not (tmp_path / "ran").exists()


class TestKernelTree:
    FILES: ClassVar = {
        "Makefile": "# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n",
        "include/linux/cred.h": "",
        "MAINTAINERS": "",
    }

    def test_gives_the_version(self, tmp_path: Path) -> None:
        repository, head = open_repo(make_repo(tmp_path, self.FILES))
        assert check_kernel_tree(repository, head) == "6.12.117"

    def test_names_what_is_missing(self, tmp_path: Path) -> None:
        repository, head = open_repo(make_repo(tmp_path, {"Makefile": "all:\n"}))
        with pytest.raises(NotAKernelTree, match=r"has no include/linux/cred\.h, MAINTAINERS"):
            check_kernel_tree(repository, head)
