"""`split` adds one branch and nothing else; what it adds is what git, b4 and a mail reader expect of a series."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from credseries.cli.send import build_messages
from credseries.cli.split import make_series
from credseries.errors import (
    BranchExists,
    GitFailed,
    MissingIdentity,
    ProofError,
    UnknownRevision,
    UsageError,
)
from credseries.kernel.git import Repository
from credseries.mail.files import write_mbox, write_messages
from credseries.series import saved
from credseries.series.demo import make_repository
from credseries.series.model import SeriesRecord, series_from_json
from credseries.series.split import Stamp
from tests.clicase import check_snapshot
from tests.gitrepo import git
from tests.mailcase import TODAY, Tree, environment

STAMP = Stamp(TODAY, "c0ffee123456")
BRANCH = "creds-rfc"
ELSEWHERE = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "b4.prep-cover-strategy",
    "GIT_CONFIG_VALUE_0": "branch-description",
}


@dataclass(frozen=True)
class Series:
    """A split miniature tree: its repository, and the series' record."""

    path: Path
    repo: Repository
    record: SeriesRecord

    @property
    def cover(self) -> str:
        """The commit of the cover letter."""
        return git(self.path, "rev-parse", f"{self.record.patches[0].commit}^").strip()

    @property
    def commits(self) -> list[str]:
        """The base's and the patches' commit ids."""
        return [self.record.base, *(patch.commit for patch in self.record.patches)]


def trees(path: Path, commits: list[str]) -> list[str]:
    return [git(path, "rev-parse", f"{commit}^{{tree}}").strip() for commit in commits]


def contents(path: Path) -> dict[str, tuple[str, int, int]]:
    """Every file of a work tree, and of the git directory the index: its hash, mode and time of change."""
    files = [item for item in path.rglob("*") if item.is_file() and ".git" not in item.relative_to(path).parts]
    return {
        str(item): (hashlib.sha256(item.read_bytes()).hexdigest(), item.stat().st_mode, item.stat().st_mtime_ns)
        for item in (*files, path / ".git/index")
    }


def references(path: Path) -> dict[str, str]:
    lines = git(path, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in lines)


@pytest.fixture
def linux(tmp_path: Path) -> Path:
    make_repository(tmp_path / "linux")
    return tmp_path / "linux"


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Series]:
    home = tmp_path_factory.mktemp("home")
    with environment(HOME=str(home), GIT_CONFIG_GLOBAL=str(home / "gitconfig"), GIT_CONFIG_NOSYSTEM="1"):
        path = tmp_path_factory.mktemp("series") / "linux"
        repo = make_repository(path)
        yield Series(path, repo, make_series(repo, "rfc", "HEAD", None, STAMP))


@pytest.fixture
def at_base(series: Series, tmp_path: Path) -> Path:
    """A clone that has the base checked out and does not know the series."""
    git(tmp_path, "clone", "--quiet", "--no-local", "--single-branch", str(series.path), "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD").strip() == series.record.base
    return tmp_path / "clone"


class TestOneBranchIsAdded:
    def test_to_a_dirty_tree_that_stays_as_it_was(self, linux: Path) -> None:
        (linux / "fs/overlayfs/dir.c").write_text("half-written\n")
        (linux / "fs/overlayfs/file.c").unlink()
        (linux / "staged.c").write_text("int staged;\n")
        git(linux, "add", "staged.c", "fs/overlayfs/file.c")
        (linux / "scratch").write_bytes(b"\xff mine")
        status = git(linux, "status", "--porcelain", "-uall")
        before, refs = contents(linux), references(linux)
        head = (linux / ".git/HEAD").read_bytes()

        record = make_series(Repository.discover(linux), "rfc", "HEAD", None, STAMP)

        assert contents(linux) == before
        assert (linux / ".git/HEAD").read_bytes() == head
        ours = {f"refs/heads/{BRANCH}": record.tip, f"refs/credseries/generated/{BRANCH}": record.tip}
        assert references(linux) == {**refs, **ours}
        assert git(linux, "status", "--porcelain", "-uall") == status
        assert git(linux, "worktree", "list").count("\n") == 1
        git(linux, "fsck", "--strict")

    def test_under_the_name_that_was_asked_for(self, linux: Path) -> None:
        record = make_series(Repository.discover(linux), "rfc", "HEAD", "b4/creds", STAMP)
        assert git(linux, "rev-parse", "refs/heads/b4/creds").strip() == record.tip

    def test_from_a_base_that_is_not_checked_out(self, linux: Path) -> None:
        base = git(linux, "rev-parse", "HEAD").strip()
        git(linux, "rm", "--quiet", "-r", "fs")
        git(linux, "commit", "--quiet", "-m", "Remove it all")
        record = make_series(Repository.discover(linux), "rfc", base, None, STAMP)
        assert git(linux, "merge-base", BRANCH, base).strip() == record.base == base


class TestHistory:
    def test_messages(self, series: Series) -> None:
        """The whole text, for a person to read."""
        text = git(series.path, "log", "--reverse", "--format=%B%n=====", f"{series.cover}..{BRANCH}")
        check_snapshot("split-messages.txt", text)

    def test_messages_are_as_the_kernel_wants_them(self, series: Series) -> None:
        for commit in series.commits[1:]:
            subject, blank, *body = git(series.path, "log", "-1", "--format=%B", commit).rstrip("\n").split("\n")
            assert re.match(r"[\w/-]+: [A-Z]", subject), subject
            assert len(subject) <= 75
            assert blank == ""
            assert all(len(line) <= 75 for line in body)
            assert body[-1] == "Signed-off-by: Demo Developer <demo@example.org>"

    def test_helpers_come_first_and_topics_are_not_mixed(self, series: Series) -> None:
        topics = [patch.topic for patch in series.record.patches]
        assert list(dict.fromkeys(topics)) == ["helpers", "backing-file", "overlayfs"]
        assert topics == sorted(topics, key=["helpers", "backing-file", "overlayfs"].index)
        for patch in series.record.patches:
            files = git(series.path, "diff", "--name-only", f"{patch.commit}^", patch.commit).split()
            assert tuple(files) == patch.files
            where = {"helpers": "include/linux/", "backing-file": "fs/backing-file.c", "overlayfs": "fs/overlayfs/"}
            assert all(file.startswith(where[patch.topic]) for file in files)

    def test_no_symbol_is_used_before_it_is_there(self, series: Series) -> None:
        def first(symbol: str, *paths: str) -> int:
            found = git(series.path, "log", "--reverse", "--format=%H", f"-S{symbol}", BRANCH, "--", *paths)
            return series.commits.index(found.split()[0])

        assert first("DEFINE_GUARD(cred", "include/linux/cred.h") < first("guard(cred)", "fs")
        assert first("override_creds_light(", "include/linux/cred.h") < first("override_creds_light(", "fs")
        assert first("ovl_creds(", "fs/overlayfs/util.c") < first("guard(cred)(ovl_creds(", "fs/overlayfs")

    def test_is_the_record(self, series: Series) -> None:
        ids = git(series.path, "rev-list", "--reverse", f"{series.record.base}..{BRANCH}").split()
        assert ids == [series.cover, *(patch.commit for patch in series.record.patches)]
        assert trees(series.path, [series.cover]) == trees(series.path, [series.record.base])
        for patch in series.record.patches:
            lines = git(series.path, "diff", "--numstat", f"{patch.commit}^", patch.commit).splitlines()
            added, removed = (sum(int(line.split("\t")[column]) for line in lines) for column in (0, 1))
            assert (added, removed) == (patch.added, patch.removed)

    def test_no_line_ends_in_a_blank(self, series: Series) -> None:
        assert git(series.path, "diff", "--check", series.record.base, BRANCH) == ""


class TestRecord:
    def test_comes_back_equal(self, series: Series) -> None:
        assert saved.load(series.repo, BRANCH) == series.record
        assert saved.load(Repository.discover(series.path), None) == series.record
        assert series_from_json(series.record.to_json()) == series.record

    def test_names_every_site_once(self, series: Series) -> None:
        converted = [site for patch in series.record.patches for site in patch.sites]
        places = [(site.file, site.line) for site in (*converted, *series.record.refused)]
        assert len(places) == len(set(places))
        assert all(site.form == "refused" and site.reason for site in series.record.refused)
        assert {site.form for site in converted} == {"guard", "scoped", "light"}

    def test_the_same_stamp_gives_the_same_commits(self, series: Series, tmp_path: Path) -> None:
        git(tmp_path, "clone", "--quiet", "--no-local", "--single-branch", str(series.path), "second")
        second = tmp_path / "second"
        git(second, "config", "user.name", "Demo Developer")
        git(second, "config", "user.email", "demo@example.org")
        again = make_series(Repository.discover(second), "rfc", "HEAD", None, STAMP)
        assert again == series.record

    def test_another_branch_from_the_same_stamp_is_the_same_history(self, linux: Path) -> None:
        repo = Repository.discover(linux)
        first = make_series(repo, "rfc", "HEAD", "first", STAMP)
        second = make_series(repo, "rfc", "HEAD", "second", STAMP)
        assert first.tip == second.tip


class TestB4:
    def test_knows_the_branch(self, series: Series, tmp_path: Path) -> None:
        git(series.path, "worktree", "add", "--quiet", str(tmp_path / "work"), BRANCH)
        try:
            shown = Tree(tmp_path / "work", series.record.base, series.record.tip).b4("prep", "--show-info")
        finally:
            git(series.path, "worktree", "remove", "--force", str(tmp_path / "work"))
        assert shown.returncode == 0, shown.stderr
        facts = dict(line.split(": ", 1) for line in shown.stdout.splitlines() if ": " in line)
        assert facts["change-id"] == series.record.change_id
        assert facts["cover-subject"] == series.record.title
        assert facts["base-commit"] == series.record.base
        assert facts["series-range"] == f"{series.cover}..{series.record.tip}"
        assert facts["revision"] == "1"

    def test_takes_the_mbox_and_gives_the_same_tree(self, series: Series, tmp_path: Path, at_base: Path) -> None:
        write_mbox(build_messages(series.repo, series.record, ["fsdevel"]), tmp_path / "x.mbox")
        taken = Tree(at_base, "", "").b4("-n", "am", "-m", str(tmp_path / "x.mbox"), "-o", str(tmp_path / "taken"))
        assert taken.returncode == 0, taken.stderr
        (ready,) = (tmp_path / "taken").glob("*.mbx")
        git(at_base, "am", "--quiet", str(ready))
        arrived = git(at_base, "rev-list", "--reverse", f"{series.record.base}..HEAD").split()
        assert trees(at_base, arrived) == trees(series.path, series.commits[1:])


def test_the_messages_apply_one_by_one_to_the_same_trees(series: Series, tmp_path: Path, at_base: Path) -> None:
    paths = write_messages(build_messages(series.repo, series.record, ["fsdevel"]), tmp_path / "eml")
    assert len(paths) == len(series.record.patches) + 1
    for path, tree in zip(paths[1:], trees(series.path, series.commits[1:]), strict=True):
        git(at_base, "am", "--quiet", str(path))
        assert trees(at_base, ["HEAD"]) == [tree]
    format_ = "--format=%an <%ae>%n%B"
    arrived = git(at_base, "log", format_, f"{series.record.base}..HEAD")
    assert arrived == git(series.path, "log", format_, f"{series.cover}..{BRANCH}")


class TestFailure:
    @pytest.fixture
    def untouched(self, linux: Path) -> Iterator[Path]:
        """A repository that a failing split leaves without a branch, a record or anything in b4's place."""
        refs, before = references(linux), contents(linux)
        config = (linux / ".git/config").read_bytes()
        yield linux
        assert references(linux) == refs
        assert contents(linux) == before
        assert (linux / ".git/config").read_bytes() == config
        assert saved.branches(Repository.discover(linux)) == []
        assert git(linux, "worktree", "list").count("\n") == 1

    def test_b4_has_to_be_told_and_cannot(self, untouched: Path) -> None:
        """Only who keeps cover letters elsewhere has something written to git's configuration."""
        lock = untouched / ".git/config.lock"
        lock.touch()
        try:
            with environment(**ELSEWHERE), pytest.raises(GitFailed, match=r"config\.lock|config file"):
                make_series(Repository.discover(untouched), "rfc", "HEAD", None, STAMP)
        finally:
            lock.unlink()

    def test_and_works_when_what_was_in_the_way_is_gone(self, linux: Path) -> None:
        (linux / ".git/config.lock").touch()
        with environment(**ELSEWHERE), pytest.raises(GitFailed):
            make_series(Repository.discover(linux), "rfc", "HEAD", None, STAMP)
        (linux / ".git/config.lock").unlink()
        assert make_series(Repository.discover(linux), "rfc", "HEAD", None, STAMP).branch == BRANCH

    @pytest.mark.parametrize("ref", [f"heads/{BRANCH}", f"credseries/generated/{BRANCH}"])
    def test_one_of_two_refs_cannot_be_written(self, untouched: Path, ref: str) -> None:
        lock = untouched / f".git/refs/{ref}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        try:
            with pytest.raises((GitFailed, BranchExists)):
                make_series(Repository.discover(untouched), "rfc", "HEAD", None, STAMP)
        finally:
            lock.unlink()

    def test_nobody_to_sign_off(self, untouched: Path) -> None:
        config = (untouched / ".git/config").read_text()
        git(untouched, "config", "--unset", "user.email")
        try:
            with environment(GIT_CONFIG_GLOBAL="/dev/null"), pytest.raises(MissingIdentity):
                make_series(Repository.discover(untouched), "rfc", "HEAD", None, STAMP)
        finally:
            (untouched / ".git/config").write_text(config)

    @pytest.mark.parametrize("name", ["a..b", "-x", "a b", "with.dot"])
    def test_a_name_that_git_or_b4_cannot_work_with(self, untouched: Path, name: str) -> None:
        with pytest.raises(UsageError):
            make_series(Repository.discover(untouched), "rfc", "HEAD", name, STAMP)

    def test_no_such_base(self, untouched: Path) -> None:
        with pytest.raises(UnknownRevision):
            make_series(Repository.discover(untouched), "rfc", "v9.99", None, STAMP)

    def test_the_branch_exists(self, linux: Path) -> None:
        git(linux, "branch", BRANCH)
        refs = references(linux)
        with pytest.raises(BranchExists) as failure:
            make_series(Repository.discover(linux), "rfc", "HEAD", None, STAMP)
        assert "--branch" in failure.value.hint
        assert references(linux) == refs

    def test_what_is_split_has_nothing_left_to_split(self, linux: Path) -> None:
        repo = Repository.discover(linux)
        make_series(repo, "rfc", "HEAD", "first", STAMP)
        refs = references(linux)
        with pytest.raises(ProofError):
            make_series(repo, "rfc", "first", "second", STAMP)
        assert references(linux) == refs
