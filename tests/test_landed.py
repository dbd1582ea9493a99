"""`landed` tells which patches are in whose tree: as they are, changed by who took them, taken out, in other words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credseries.cli.split import make_all
from credseries.kernel.git import Repository
from credseries.series.demo import make_repository
from credseries.series.model import Selection
from credseries.series.split import Stamp
from tests.clicase import check_snapshot, normal
from tests.gitrepo import commit_all, git, write_files
from tests.mailcase import TODAY, environment
from tests.test_reroll import Case

BRANCH = "creds-rfc"
STAMP = Stamp(TODAY, "c0ffee123456")


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The miniature tree with the default series: to look at, not to write to."""
    home = tmp_path_factory.mktemp("home")
    with environment(HOME=str(home), GIT_CONFIG_GLOBAL=str(home / "gitconfig"), GIT_CONFIG_NOSYSTEM="1"):
        path = tmp_path_factory.mktemp("landed") / "linux"
        make_all(make_repository(path), "rfc", ["HEAD"], None, Selection(), "one", STAMP)
        yield path


def add(path: Path, message: str, files: dict[str, bytes]) -> None:
    write_files(path, files)
    commit_all(path, message)


class Theirs:
    """A maintainer's repository, and what he does with the patches of a series."""

    def __init__(self, path: Path, ours: Path) -> None:
        self.path, self.ours = path, ours
        git(path.parent, "clone", "--quiet", str(ours), path.name)
        git(path, "config", "user.name", "Maintainer")
        git(path, "config", "user.email", "maintainer@example.org")

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments).strip()

    def take(self, commit: str) -> str:
        """Apply a patch as `git am` would: the same change in another commit."""
        self.git("fetch", "--quiet", str(self.ours), f"+refs/heads/{BRANCH}:refs/heads/theirs")
        self.git("cherry-pick", "--keep-redundant-commits", commit)
        return self.git("rev-parse", "HEAD")

    def reword(self, message: str) -> str:
        self.git("commit", "--quiet", "--amend", "--message", message)
        return self.git("rev-parse", "HEAD")

    def amend(self, file: str, text: str) -> str:
        path = self.path / file
        path.write_text(path.read_text() + text)
        self.git("commit", "--quiet", "--amend", "--no-edit", "--all")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def case(split: Path, tmp_path: Path) -> Case:
    return Case(Path(shutil.copytree(split, tmp_path / "linux")), tmp_path)


@pytest.fixture
def theirs(case: Case, tmp_path: Path) -> Theirs:
    made = Theirs(tmp_path / "theirs", case.tree)
    # time has passed, so that no commit of theirs is one of ours
    add(made.path, "Something else", {"Documentation/other.rst": b"other\n"})
    return made


def patches(case: Case) -> list[str]:
    """The commits of the series' patches."""
    return case.git("rev-list", "--reverse", "--no-merges", f"master..{BRANCH}").split("\n")[1:]


def ask(case: Case, *arguments: str | Path) -> dict[str, Any]:
    ran = case.run("landed", "--json", *arguments)
    assert ran.status == 0, ran
    data = json.loads(ran.out)
    assert data["schema"] == 1
    assert isinstance(data, dict)
    return data


def only(case: Case, *arguments: str | Path) -> list[dict[str, Any]]:
    [tree] = ask(case, *arguments)["trees"]
    found = tree["patches"]
    assert isinstance(found, list)
    return found


def states(found: list[dict[str, Any]]) -> list[str]:
    return [patch["state"] for patch in found]


class TestOneTree:
    def test_nothing_is_there(self, case: Case, theirs: Theirs) -> None:
        assert states(only(case, theirs.path)) == ["missing"] * 6

    def test_what_was_applied_is_the_same_patch_in_another_commit(self, case: Case, theirs: Theirs) -> None:
        mine = patches(case)
        taken = [theirs.take(commit) for commit in mine[:3]]
        found = only(case, theirs.path)
        assert states(found) == ["landed"] * 3 + ["missing"] * 3
        assert [patch["landing"]["commit"] for patch in found[:3]] == taken
        assert not set(taken) & set(mine)
        assert {patch["landing"]["how"] for patch in found[:3]} == {"patch"}
        assert {patch["landing"]["committer"] for patch in found[:3]} == {"Maintainer"}

    def test_what_was_pulled_is_the_commit_itself(self, case: Case, theirs: Theirs) -> None:
        theirs.git("pull", "--quiet", "--no-rebase", "--no-edit", str(case.tree), BRANCH)
        found = only(case, theirs.path)
        assert [patch["landing"]["how"] for patch in found] == ["commit"] * 6
        assert [patch["landing"]["commit"] for patch in found] == patches(case)

    def test_an_other_subject_is_still_the_same_patch(self, case: Case, theirs: Theirs) -> None:
        theirs.take(patches(case)[0])
        theirs.reword("creds: Say it in another way")
        [first, *_] = only(case, theirs.path)
        assert (first["state"], first["landing"]["how"]) == ("landed", "patch")
        assert first["landing"]["subject"] == "creds: Say it in another way"

    def test_one_that_was_changed_is_found_by_its_subject(self, case: Case, theirs: Theirs) -> None:
        theirs.take(patches(case)[0])
        taken = theirs.amend("include/linux/cred.h", "/* and more */\n")
        [first, *_] = only(case, theirs.path)
        assert (first["state"], first["landing"]["how"], first["landing"]["commit"]) == ("changed", "subject", taken)
        assert (first["landing"]["added"], first["landing"]["removed"]) == (1, 0)

    def test_one_that_was_changed_and_got_another_prefix_is_found_by_title_and_files(
        self, case: Case, theirs: Theirs
    ) -> None:
        theirs.take(patches(case)[2])
        subject = theirs.git("log", "-1", "--format=%s")
        theirs.amend("fs/backing-file.c", "/* and more */\n")
        theirs.reword(f"vfs: {subject.rpartition(': ')[2]}")
        found = only(case, theirs.path)
        assert (found[2]["state"], found[2]["landing"]["how"]) == ("changed", "title")
        # the patch of the other topic has the same title, and other files
        assert found[4]["state"] == "missing"

    def test_a_link_to_the_mail_is_surer_than_a_subject(self, case: Case, theirs: Theirs) -> None:
        ids = [str(message["Message-Id"]).strip("<>") for message in case.send()]
        assert case.run("reroll", "--sent", "--resend").status == 0
        theirs.take(patches(case)[0])
        theirs.amend("include/linux/cred.h", "/* and more */\n")
        taken = theirs.reword(f"creds: Another subject\n\nLink: https://patch.msgid.link/{ids[1]}\n")
        [first, *_] = only(case, theirs.path)
        assert (first["state"], first["landing"]["how"], first["landing"]["commit"]) == ("changed", "message", taken)

    def test_a_link_to_another_mail_is_none(self, case: Case, theirs: Theirs) -> None:
        ids = [str(message["Message-Id"]).strip("<>") for message in case.send()]
        assert case.run("reroll", "--sent", "--resend").status == 0
        theirs.take(patches(case)[0])
        theirs.amend("include/linux/cred.h", "/* and more */\n")
        theirs.reword(f"creds: Another subject\n\nLink: https://patch.msgid.link/x{ids[1]}\n")
        [first, *_] = only(case, theirs.path)
        assert first["landing"] is None

    def test_what_was_sent_before_is_known_too(self, case: Case, theirs: Theirs) -> None:
        before = patches(case)
        case.b4_send()
        case.git("checkout", "--quiet", BRANCH)
        add(case.tree, "fixup! " + case.git("log", "-1", "--format=%s"), {"fs/overlayfs/more.c": b"int more;\n"})
        case.git("checkout", "--quiet", "master")
        assert case.run("reroll").status == 0
        assert patches(case)[-1] != before[-1]
        for commit in before:
            theirs.take(commit)
        found = only(case, theirs.path)
        assert states(found) == ["landed"] * 6
        assert [patch["landing"]["version"] for patch in found] == [0] * 5 + [1]

    def test_a_patch_that_only_an_earlier_version_had(self, case: Case, theirs: Theirs) -> None:
        case.git("checkout", "--quiet", BRANCH)
        with environment(GIT_COMMITTER_DATE=TODAY.isoformat()):  # b4 looks at commits of this year
            add(case.tree, "doc: Say what guards are", {"Documentation/guards.rst": b"guards\n"})
        case.git("checkout", "--quiet", "master")
        theirs.take(case.git("rev-parse", BRANCH))
        case.b4_send()
        case.git("branch", "--force", BRANCH, f"{BRANCH}~1")
        found = only(case, theirs.path)
        assert [(patch["patch"], patch["only_in_version"]) for patch in found[-1:]] == [(None, 1)]
        assert states(found) == ["missing"] * 6 + ["landed"]

    def test_what_was_reverted_is_said(self, case: Case, theirs: Theirs) -> None:
        first, second = (theirs.take(commit) for commit in patches(case)[:2])
        theirs.git("revert", "--no-edit", second)
        revert = theirs.git("rev-parse", "HEAD")
        found = only(case, theirs.path)
        assert states(found)[:2] == ["landed", "reverted"]
        assert found[1]["landing"]["reverted"] == revert
        again = theirs.take(second)
        found = only(case, theirs.path)
        assert states(found)[:2] == ["landed", "landed"]
        assert found[1]["landing"]["commit"] == again
        assert found[0]["landing"]["commit"] == first

    def test_a_revert_that_was_reverted_is_none(self, case: Case, theirs: Theirs) -> None:
        taken = theirs.take(patches(case)[0])
        theirs.git("revert", "--no-edit", taken)
        theirs.git("revert", "--no-edit", "HEAD")
        assert states(only(case, theirs.path))[0] == "landed"

    def test_somebody_elses_conversion_is_there_in_other_words(self, case: Case, theirs: Theirs) -> None:
        theirs.git("fetch", "--quiet", str(case.tree), BRANCH)
        theirs.git("checkout", "--quiet", "FETCH_HEAD", "--", ".")
        theirs.git("commit", "--quiet", "--message", "treewide: All in one go")
        found = only(case, theirs.path)
        assert states(found) == ["other"] * 6
        assert {patch["landing"] for patch in found} == {None}

    def test_part_of_a_patch(self, case: Case, theirs: Theirs) -> None:
        theirs.git("fetch", "--quiet", str(case.tree), BRANCH)
        theirs.git("checkout", "--quiet", "FETCH_HEAD", "--", "fs/overlayfs/file.c", "include")
        theirs.git("commit", "--quiet", "--message", "treewide: Some of it")
        found = only(case, theirs.path)
        assert found[4]["state"] == "partly"
        assert 0 < found[4]["content"]["there"] < found[4]["content"]["of"]

    def test_the_release_that_has_it_first_is_named(self, case: Case, theirs: Theirs) -> None:
        theirs.take(patches(case)[0])
        theirs.git("tag", "v6.14-rc1")
        theirs.take(patches(case)[1])
        case.git("fetch", "--quiet", "--tags", str(theirs.path))
        assert [patch["landing"]["tag"] for patch in only(case, theirs.path)[:2]] == ["v6.14-rc1", ""]

    def test_a_merge_that_names_the_series(self, case: Case, theirs: Theirs) -> None:
        text = f"Merge patch series\n\nchange-id: {case.change_id}\n"
        theirs.git("pull", "--quiet", "--no-rebase", "--no-commit", "--no-ff", str(case.tree), BRANCH)
        theirs.git("commit", "--quiet", "--message", text)
        [tree] = ask(case, theirs.path)["trees"]
        assert tree["merges"] == [theirs.git("rev-parse", "HEAD")]

    def test_a_merge_of_theirs_that_we_have_on_a_side_branch_is_looked_into(self, case: Case, theirs: Theirs) -> None:
        theirs.git("checkout", "--quiet", "-b", "topic")
        theirs.take(patches(case)[0])
        theirs.git("checkout", "--quiet", "master")
        add(theirs.path, "More", {"Documentation/more.rst": b"more\n"})
        theirs.git("merge", "--quiet", "--no-edit", "topic")
        assert states(only(case, theirs.path))[0] == "landed"


class TestPlaces:
    def test_a_branch_of_a_directory(self, case: Case, theirs: Theirs) -> None:
        theirs.git("checkout", "--quiet", "-b", "vfs-6.14.misc")
        theirs.take(patches(case)[0])
        theirs.git("checkout", "--quiet", "master")
        assert states(only(case, f"{theirs.path}#vfs-6.14.misc"))[0] == "landed"
        assert states(only(case, theirs.path))[0] == "missing"

    def test_a_url(self, case: Case, theirs: Theirs) -> None:
        theirs.take(patches(case)[0])
        assert states(only(case, f"file://{theirs.path}"))[0] == "landed"

    def test_remotes_are_looked_at_as_they_were_fetched(self, case: Case, theirs: Theirs) -> None:
        case.git("remote", "add", "vfs", str(theirs.path))
        case.git("fetch", "--quiet", "vfs")
        theirs.take(patches(case)[0])
        assert [tree["name"] for tree in ask(case)["trees"]] == ["vfs"]
        assert states(only(case, "vfs"))[0] == "missing"
        case.git("fetch", "--quiet", "vfs")
        assert states(only(case, "vfs#master"))[0] == "landed"

    def test_a_revision_that_is_here(self, case: Case, theirs: Theirs) -> None:
        theirs.take(patches(case)[0])
        case.git("fetch", "--quiet", str(theirs.path), "master:refs/tags/next-20261125")
        assert states(only(case, ".#next-20261125"))[0] == "landed"

    def test_nothing_of_the_users_changes(self, case: Case, theirs: Theirs) -> None:
        before = case.git("for-each-ref", "refs/heads", "refs/tags", "refs/remotes"), case.git("status", "--porcelain")
        head = (case.tree / ".git" / "FETCH_HEAD").exists()
        only(case, theirs.path)
        after = case.git("for-each-ref", "refs/heads", "refs/tags", "refs/remotes"), case.git("status", "--porcelain")
        assert (after, (case.tree / ".git" / "FETCH_HEAD").exists()) == (before, head)
        assert len(Repository.discover(case.tree).refs("refs/credseries/trees/")) == 1

    @pytest.mark.parametrize(
        ("place", "status", "message", "hint"),
        [
            ("vsf", 2, "vsf is no remote, no directory and no URL (did you mean vfs?)", "remotes here: vfs"),
            ("vfs#mastr", 2, "has no branch mastr (did you mean master?)", "git fetch vfs"),
            ("THEIRS#nothing", 4, "branch nothing of", "git ls-remote --heads"),
            (".#nothing", 2, "git knows no commit 'nothing'", "git branch -a"),
            ("SCRATCH", 4, "cannot be fetched", "git ls-remote --heads"),
        ],
    )
    def test_what_cannot_be_looked_at(
        self, case: Case, theirs: Theirs, place: str, status: int, message: str, hint: str
    ) -> None:
        case.git("remote", "add", "vfs", str(theirs.path))
        case.git("fetch", "--quiet", "vfs")
        empty = case.scratch / "empty"
        empty.mkdir()
        ran = case.run("landed", place.replace("THEIRS", str(theirs.path)).replace("SCRATCH", str(empty)))
        assert ran.status == status
        assert message in ran.err
        assert hint in ran.err

    def test_nowhere_to_look(self, case: Case) -> None:
        ran = case.run("landed")
        assert ran.status == 2
        assert "there is no remote here to look at" in ran.err


def test_what_a_person_sees(case: Case, theirs: Theirs) -> None:
    mine = patches(case)
    theirs.take(mine[0])
    theirs.git("tag", "v6.14-rc1")
    theirs.take(mine[1])
    theirs.amend("include/linux/cred.h", "/* and more */\n")
    taken = theirs.take(mine[2])
    theirs.git("revert", "--no-edit", taken)
    case.git("fetch", "--quiet", "--tags", str(theirs.path))
    git(case.tree, "remote", "add", "vfs", str(theirs.path))
    git(case.tree, "fetch", "--quiet", "vfs")
    ran = case.run("landed", "vfs")
    assert ran.status == 0, ran
    check_snapshot("landed", normal(ran.out))
