"""`status` tells where series stand: what was changed, sent (by real b4) and merged, and what waits for what."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from credseries.cli.options import take_survey
from credseries.cli.split import make_all
from credseries.cli.status import look_at
from credseries.errors import NotASeries, StoreDamaged, UnknownRevision
from credseries.kernel.git import Repository
from credseries.series import saved
from credseries.series.assemble import finder
from credseries.series.demo import make_repository
from credseries.series.merged import Merged, merged_patches
from credseries.series.model import PatchRecord, Selection, SeriesRecord
from credseries.series.split import Stamp
from credseries.series.status import SeriesStatus, State, Unreadable, read_status
from tests.clicase import check_snapshot, credseries, normal
from tests.gitrepo import commit_all, git
from tests.mailcase import TODAY, environment
from tests.test_reroll import Case

STAMP = Stamp(TODAY, "c0ffee123456")
BRANCH = "creds-rfc"
RECIPES = ("rfc", "guards", "light", "per-file")


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The miniature tree, split by several recipes and by tree: to look at, not to write to."""
    home = tmp_path_factory.mktemp("home")
    with environment(HOME=str(home), GIT_CONFIG_GLOBAL=str(home / "gitconfig"), GIT_CONFIG_NOSYSTEM="1"):
        path = tmp_path_factory.mktemp("status") / "linux"
        repo = make_repository(path)
        for recipe in RECIPES:
            make_all(repo, recipe, ["HEAD"], None, Selection(), "one", STAMP)
        make_all(repo, "rfc", ["HEAD"], "tree", Selection(), "tree", STAMP)
        yield path


@pytest.fixture
def case(every: Path, tmp_path: Path) -> Case:
    """A copy of that tree, with the default series alone."""
    tree = Path(shutil.copytree(every, tmp_path / "linux"))
    for branch in saved.branches(Repository.discover(tree)):
        if branch != BRANCH:
            git(tree, "branch", "--quiet", "-D", branch)
    return Case(tree, tmp_path)


def merged_in(path: Path, record: SeriesRecord, revision: str) -> Mapping[str, Merged]:
    repo = Repository.discover(path)
    commit = repo.resolve(revision)
    return merged_patches(record, take_survey(repo, commit, "rfc"), finder(repo, commit))


def load(path: Path, branch: str) -> SeriesRecord:
    return saved.load(Repository.discover(path), branch)


def status(path: Path, onto: str | None = None) -> list[SeriesStatus]:
    repo = Repository.discover(path)
    found = read_status(repo, saved.branches(repo), onto, look_at(repo))
    assert all(isinstance(item, SeriesStatus) for item in found)
    return [item for item in found if isinstance(item, SeriesStatus)]


def one(path: Path, onto: str | None = None) -> SeriesStatus:
    [found] = status(path, onto)
    return found


def states(found: SeriesStatus) -> dict[str, State]:
    return {topic.name: topic.state for topic in found.topics}


def as_json(path: Path, *arguments: str) -> dict[str, Any]:
    ran = credseries("status", "--json", *arguments, cwd=path)
    assert (ran.status, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


# -- what is merged


class TestMerged:
    @pytest.mark.parametrize("recipe", RECIPES)
    def test_each_prefix_of_a_series_is_merged_in_itself(self, every: Path, recipe: str) -> None:
        record = load(every, f"creds-{recipe}")
        keys = [patch.key for patch in record.patches]
        for number in range(len(keys) + 1):
            commit = record.patches[number - 1].commit if number else record.base
            whole = {key for key, item in merged_in(every, record, commit).items() if item.whole}
            # a patch that only prepares for another shows when that one is there
            unseen = {key for key in keys if "/counted/" in key} if number < len(keys) else set()
            assert set(keys[:number]) - unseen <= whole <= set(keys[:number])

    @pytest.mark.parametrize("other", ["per-file", "guards"])
    def test_it_does_not_matter_in_which_patches(self, every: Path, other: str) -> None:
        assert all(item.whole for item in merged_in(every, load(every, BRANCH), f"creds-{other}").values())

    def test_guards_are_more_than_the_light_pair(self, every: Path) -> None:
        light = merged_in(every, load(every, "creds-light"), "creds-guards")
        assert all(item.whole for item in light.values())
        guards = merged_in(every, load(every, BRANCH), "creds-light")
        assert guards["backing-file/guard"] == Merged(0, 5)
        assert guards["overlayfs/guard"] == Merged(0, 41)
        assert guards["overlayfs/light"] == Merged(6, 6)
        assert guards["helpers/guard"] == Merged(0, 1)
        assert guards["helpers/light-pair"] == Merged(1, 1)

    def test_nothing_is_there_of_what_the_base_lacks(self, every: Path) -> None:
        for branch in saved.branches(Repository.discover(every)):
            record = load(every, branch)
            assert not any(item.there for item in merged_in(every, record, record.base).values())

    def test_sites_are_counted_one_by_one(self, case: Case) -> None:
        record = load(case.tree, BRANCH)
        case.git("checkout", "--quiet", "--detach", BRANCH)
        text = (case.tree / "fs/backing-file.c").read_text()
        case.git("checkout", "--quiet", "--detach", "master")
        old = (case.tree / "fs/backing-file.c").read_text()
        case.git("checkout", "--quiet", "--detach", record.patches[1].commit)
        # the first function as it was, the others converted
        mark = "ssize_t backing_file_write_iter("
        (case.tree / "fs/backing-file.c").write_text(old.partition(mark)[0] + mark + text.partition(mark)[2])
        commit_all(case.tree, "Some of it")
        found = merged_in(case.tree, record, "HEAD")
        assert found["backing-file/guard"] == Merged(4, 5)
        topic = next(item for item in one(case.tree, "HEAD").topics if item.name == "backing-file")
        assert (topic.state, topic.merged, topic.sites, topic.of_sites) == (State.PARTLY, 0, 4, 5)

    def test_a_scoped_guard_where_the_series_has_a_guard_is_the_same(self, case: Case) -> None:
        record = load(case.tree, BRANCH)
        other_form = {"guard": "scoped", "scoped": "guard"}
        patch = next(item for item in record.patches if item.key == "backing-file/guard")
        sites = tuple(dataclasses.replace(site, form=other_form[site.form]) for site in patch.sites)
        other = dataclasses.replace(record, patches=(dataclasses.replace(patch, sites=sites),))
        assert merged_in(case.tree, other, BRANCH)["backing-file/guard"] == Merged(5, 5)

    def test_functions_and_files_that_are_gone_are_not_merged(self, case: Case) -> None:
        record = load(case.tree, BRANCH)
        case.git("checkout", "--quiet", "--detach", BRANCH)
        case.git("rm", "--quiet", "fs/backing-file.c")
        case.git("mv", "fs/overlayfs/readdir.c", "fs/overlayfs/dirs.c")
        commit_all(case.tree, "Move things")
        found = merged_in(case.tree, record, "HEAD")
        assert found["backing-file/guard"] == Merged(0, 5)
        assert 0 < found["overlayfs/guard"].there < 41

    def test_patches_of_somebodys_own_are_not_told_about(self, every: Path) -> None:
        record = load(every, BRANCH)
        own = PatchRecord(9, "1" * 40, "mine", "overlayfs", "overlayfs", ("fs/x.c",), 1, 1)
        other = dataclasses.replace(record, patches=(*record.patches, own))
        assert "" not in merged_in(every, other, BRANCH)


# -- where it is looked for


class TestTarget:
    def test_nothing_is_scanned_when_nothing_can_be_merged(self, case: Case) -> None:
        repo = Repository.discover(case.tree)

        def look(record: SeriesRecord, commit: str) -> Mapping[str, Merged]:
            raise AssertionError("the tree was scanned")

        for checkout in ("master", BRANCH, f"{BRANCH}~2"):
            case.git("checkout", "--quiet", "--detach", checkout)
            [found] = read_status(repo, [BRANCH], None, look)
            assert isinstance(found, SeriesStatus)
            assert found.target is None
        case.git("checkout", "--quiet", BRANCH)
        commit_all(case.tree, "On top")
        [found] = read_status(repo, [BRANCH], None, look)
        assert isinstance(found, SeriesStatus)
        assert found.target is None

    def test_head_is_asked_when_it_goes_on_from_the_base(self, case: Case) -> None:
        record = load(case.tree, BRANCH)
        case.git("cherry-pick", *(patch.commit for patch in record.patches[:3]))
        found = one(case.tree)
        assert found.target is not None
        assert (found.target.name, found.target.has_base) == ("HEAD", True)
        assert states(found) == {
            "helpers": State.MERGED,
            "backing-file": State.MERGED,
            "overlayfs": State.DRAFT,
        }

    def test_an_older_tree_has_nothing_unless_asked(self, case: Case) -> None:
        case.git("checkout", "--quiet", "--orphan", "old")
        commit_all(case.tree, "Another history")
        found = one(case.tree)
        assert found.target is not None
        assert not found.target.has_base
        assert set(states(found).values()) == {State.DRAFT}

    def test_there_need_be_no_head(self, case: Case) -> None:
        case.git("checkout", "--quiet", "--orphan", "nothing-yet")
        assert one(case.tree).target is None

    def test_a_revision_that_is_none(self, case: Case) -> None:
        with pytest.raises(UnknownRevision):
            status(case.tree, "v9.99")
        ran = credseries("status", "--onto", "v9.99", cwd=case.tree)
        assert (ran.status, ran.out) == (2, "")

    def test_a_bare_repository(self, case: Case) -> None:
        bare = case.scratch / "bare.git"
        shutil.copytree(case.tree / ".git", bare)
        git(bare, "config", "core.bare", "true")
        ran = credseries("status", "--onto", BRANCH, cwd=bare)
        assert (ran.status, ran.err) == (0, "")
        assert ran.out.count(" merged\n") == 3


# -- topics and threads wait for each other


class TestWaiting:
    def test_topics_wait_for_topics_that_are_not_merged(self, case: Case) -> None:
        waits = {topic.name: topic.waits for topic in one(case.tree).topics}
        assert waits == {"helpers": (), "backing-file": ("helpers",), "overlayfs": ("helpers",)}
        record = load(case.tree, BRANCH)
        found = one(case.tree, record.patches[1].commit)
        assert {topic.name: topic.waits for topic in found.topics} == dict.fromkeys(waits, ())

    def test_threads_wait_for_patches_of_others(self, every: Path) -> None:
        found = {item.record.branch: item for item in status(every)}
        assert found["tree-vfs"].waits == ()
        [wait] = found["tree-overlayfs"].waits
        assert (wait.tree, len(wait.subjects), wait.whole) == ("vfs", 2, False)
        first = load(every, "tree-vfs").patches[0].commit
        after = {item.record.branch: item for item in status(every, first)}
        [wait] = after["tree-overlayfs"].waits
        assert wait.subjects == ("cred: Add a guard for light credential overrides",)
        assert {item.record.branch: item.waits for item in status(every, "tree-vfs")}["tree-overlayfs"] == ()

    def test_a_thread_alone_knows_of_the_others(self, every: Path) -> None:
        repo = Repository.discover(every)
        for onto, number in ((None, 1), ("tree-vfs", 0)):
            [found] = read_status(repo, ["tree-overlayfs"], onto, look_at(repo))
            assert isinstance(found, SeriesStatus)
            assert len(found.waits) == number

    def test_threads_stand_together_in_their_order(self, every: Path) -> None:
        names = [item.record.branch for item in status(every)]
        assert names.index("tree-overlayfs") == names.index("tree-vfs") + 1
        assert sorted(names) == sorted(saved.branches(Repository.discover(every)))

    def test_what_a_thread_waits_for_is_known_without_the_other_branch(self, every: Path, tmp_path: Path) -> None:
        tree = Path(shutil.copytree(every, tmp_path / "linux"))
        git(tree, "branch", "--quiet", "-D", "tree-vfs")
        found = {item.record.branch: item for item in status(tree, "tree-overlayfs")}
        [wait] = found["tree-overlayfs"].waits  # nobody knows by now
        assert len(wait.subjects) == 2


# -- what was done by hand, and what was sent


class TestSent:
    def test_a_draft(self, case: Case) -> None:
        found = one(case.tree)
        assert set(states(found).values()) == {State.DRAFT}
        assert found.versions == ()
        assert found.current.same

    def test_as_b4_sent_it(self, case: Case) -> None:
        case.b4_send()
        found = one(case.tree)
        assert set(states(found).values()) == {State.SENT}
        assert (found.record.revision, found.gone) == (2, ())
        [version] = found.versions
        assert (version.version, version.tag) == (1, f"sent/{found.record.change_id}-v1")
        assert version.message_ids == tuple(case.tracking["history"]["v1"])
        assert version.base == found.record.base
        assert version.date

    def test_a_patch_that_was_changed_since(self, case: Case) -> None:
        case.b4_send()
        case.git("checkout", "--quiet", BRANCH)
        path = case.tree / "fs/overlayfs/dir.c"
        path.write_text(path.read_text() + "/* more */\n")
        case.git("commit", "--quiet", "--all", "--amend", "--no-edit")
        case.git("checkout", "--quiet", "master")
        found = one(case.tree)
        assert states(found) == {
            "helpers": State.SENT,
            "backing-file": State.SENT,
            "overlayfs": State.CHANGED,
        }
        assert [patch.subject for patch in found.current.edited] == [
            "ovl: Use the light credential override where no guard fits"
        ]

    def test_new_words_are_no_change(self, case: Case) -> None:
        case.b4_send()
        case.git("checkout", "--quiet", BRANCH)
        message = case.git("log", "-1", "--format=%B") + "\nReviewed-by: A <a@example.org>"
        case.git("commit", "--quiet", "--amend", "-m", message)
        case.git("checkout", "--quiet", "master")
        assert set(states(one(case.tree)).values()) == {State.SENT}

    def test_a_patch_that_is_gone_and_one_that_is_new(self, case: Case) -> None:
        case.b4_send()
        case.git("checkout", "--quiet", BRANCH)
        case.git("reset", "--quiet", "--hard", "HEAD^")
        (case.tree / "fs/overlayfs/new.c").write_text("int x;\n")
        commit_all(case.tree, "ovl: Mine\n\nBody.")
        case.git("checkout", "--quiet", "master")
        found = one(case.tree)
        assert found.gone == ("ovl: Use the light credential override where no guard fits",)
        assert states(found)["overlayfs"] is State.CHANGED
        text = credseries("status", cwd=case.tree).out
        assert "by hand: 1 patch added, 1 patch dropped, 1 patch of v1 gone" in text

    def test_a_later_version_is_the_one_that_counts(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_COMMITTER_DATE", TODAY.isoformat())  # b4 finds no cover letter before older commits
        case.b4_send()
        case.git("checkout", "--quiet", BRANCH)
        path = case.tree / "fs/overlayfs/dir.c"
        path.write_text(path.read_text() + "/* more */\n")
        case.git("commit", "--quiet", "--all", "--amend", "--no-edit")
        assert states(one(case.tree))["overlayfs"] is State.CHANGED
        case.b4_send()
        found = one(case.tree)
        assert set(states(found).values()) == {State.SENT}
        assert [version.version for version in found.versions] == [1, 2]
        assert {topic.version for topic in found.topics} == {2}
        assert "v3, sent v1 on " in credseries("status", cwd=case.tree).out

    def test_a_version_whose_tag_is_gone(self, case: Case) -> None:
        case.b4_send()
        case.git("tag", "--delete", f"sent/{case.change_id}-v1")
        found = one(case.tree)
        assert set(states(found).values()) == {State.SENT}
        assert not any(topic.compared for topic in found.topics)
        assert "sent v1 (its tag is gone)" in credseries("status", cwd=case.tree).out

    def test_tags_of_others_are_none_of_ours(self, case: Case) -> None:
        case.git("tag", "-m", "x", f"sent/{case.change_id}-v1-old", BRANCH)
        case.git("tag", f"sent/{case.change_id}-vx", BRANCH)
        case.git("tag", "-m", "x", f"sent/20261123-{case.change_id}-v1", BRANCH)
        assert one(case.tree).versions == ()

    def test_a_tag_without_a_message_will_do(self, case: Case) -> None:
        case.git("tag", f"sent/{case.change_id}-v1", BRANCH)
        found = one(case.tree)
        assert set(states(found).values()) == {State.SENT}
        assert found.versions[0].base == ""

    def test_a_tag_that_has_nothing_to_do_with_the_series(self, case: Case) -> None:
        case.git("checkout", "--quiet", "--orphan", "other")
        commit_all(case.tree, "Other")
        case.git("tag", "-m", "x", f"sent/{case.change_id}-v1")
        case.git("checkout", "--quiet", "master")
        assert not any(topic.compared for topic in one(case.tree).topics)

    def test_on_another_base_it_is_still_what_was_sent(self, case: Case) -> None:
        case.b4_send()
        (case.tree / "README").write_text("goes on\n")
        commit_all(case.tree, "Go on")
        assert case.run("refresh", "--onto", "master").status == 0
        found = one(case.tree)
        assert set(states(found).values()) == {State.SENT}
        assert found.gone == ()

    def test_merged_is_more_than_sent(self, case: Case) -> None:
        case.b4_send()
        record = load(case.tree, BRANCH)
        found = one(case.tree, record.patches[2].commit)
        assert states(found) == {
            "helpers": State.MERGED,
            "backing-file": State.MERGED,
            "overlayfs": State.SENT,
        }


# -- the command


def test_there_is_no_series_yet(miniature: Path) -> None:
    ran = credseries("status", cwd=miniature)
    assert (ran.status, ran.out, ran.err) == (0, "no series yet; `credseries split` makes one\n", "")
    assert as_json(miniature) == {"schema": 1, "series": []}
    ran = credseries("status", "--branch", "master", cwd=miniature)
    assert (ran.status, ran.out) == (2, "")


def test_what_a_person_reads(every: Path) -> None:
    record = load(every, "creds-guards")
    for name, arguments in (("status", []), ("status-onto", ["--onto", record.patches[8].commit])):
        ran = credseries("status", *arguments, cwd=every)
        assert (ran.status, ran.err) == (0, "")
        check_snapshot(f"{name}.txt", normal(ran.out))


def test_the_branch_that_is_checked_out_has_a_mark(case: Case) -> None:
    case.git("checkout", "--quiet", BRANCH)
    assert credseries("status", cwd=case.tree).out.startswith(f"* {BRANCH}  overlayfs: ")


def test_one_branch_alone(every: Path) -> None:
    assert [item["branch"] for item in as_json(every, "--branch", "creds-light")["series"]] == ["creds-light"]
    [found] = as_json(every, "--branch", "tree-overlayfs")["series"]
    assert found["waits"][0]["tree"] == "vfs"


def test_the_contract(every: Path) -> None:
    found = as_json(every, "--onto", "tree-vfs")
    assert list(found) == ["schema", "series"]
    for item in found["series"]:
        assert list(item) == [
            *("branch", "problem", "checked_out", "title", "change_id", "version", "sent", "base", "onto", "edits"),
            *("gone", "topics", "thread", "waits", "outbox"),
        ]
        assert list(item["edits"]) == ["same", "edited", "added", "dropped"]
        assert item["onto"] == {
            "name": "tree-vfs",
            "commit": git(every, "rev-parse", "tree-vfs").strip(),
            "has_base": True,
        }
        for topic in item["topics"]:
            assert list(topic) == [
                *("name", "title", "tree", "patches", "state", "version", "compared", "merged", "waits"),
            ]
            assert topic["state"] in {state.value for state in State}
            assert list(topic["merged"]) == ["patches", "sites", "of_sites"]
    threads = [item["thread"] for item in found["series"] if item["thread"] is not None]
    assert [thread["tree"] for thread in threads] == ["vfs", "overlayfs"]
    assert len({thread["umbrella"] for thread in threads}) == 1


def test_nothing_is_written_by_looking(case: Case) -> None:
    before = case.git("for-each-ref"), (case.tree / ".git/index").read_bytes()
    assert credseries("status", "--onto", BRANCH, cwd=case.tree).status == 0
    assert (case.git("for-each-ref"), (case.tree / ".git/index").read_bytes()) == before


def test_a_damaged_series_does_not_hide_the_others(every: Path, tmp_path: Path) -> None:
    tree = Path(shutil.copytree(every, tmp_path / "linux"))
    repo = Repository.discover(tree)
    with saved.opened(repo) as store:
        store.put("series", load(tree, "creds-light").tip, {"title": "broken"})
        store.delete("series", load(tree, "creds-guards").tip)
    git(tree, "branch", "--quiet", "--force", "creds-per-file", "master")
    found = read_status(repo, saved.branches(repo), None, look_at(repo))
    broken = {item.branch: item.error for item in found if isinstance(item, Unreadable)}
    assert {branch: type(error) for branch, error in broken.items()} == {
        "creds-light": StoreDamaged,
        "creds-guards": NotASeries,
        "creds-per-file": NotASeries,
    }
    ran = credseries("status", cwd=tree)
    assert ran.status != 0
    assert "creds-light\n  error: the record of series creds-light cannot be read\n  hint: " in ran.out
    assert "\ncreds-rfc  overlayfs: " in ran.out
    ran = credseries("status", "--json", cwd=tree)
    assert ran.status != 0
    shown = {item["branch"]: item for item in json.loads(ran.out)["series"]}
    assert list(shown["creds-light"]) == ["branch", "problem", "hint"]
    assert shown["creds-rfc"]["problem"] is None
    ran = credseries("status", "--branch", "creds-light", cwd=tree)
    assert (ran.status, ran.out) == (4, "")
    assert credseries("status", "--branch", "creds-rfc", cwd=tree).status == 0


def test_a_cover_letter_that_is_gone_is_said_to_be(case: Case) -> None:
    case.git("checkout", "--quiet", BRANCH)
    case.git("rebase", "--quiet", "--onto", "master", f"{BRANCH}~6", BRANCH)
    case.git("checkout", "--quiet", "master")
    assert "no cover letter any more" in credseries("status", cwd=case.tree).out
