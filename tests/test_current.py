"""What somebody makes of a series on its branch is seen as it is: same, edited, added, dropped, moved."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from credseries.errors import GitFailed, NotASeries, StoreDamaged, UsageError
from credseries.kernel.git import FileChange, Repository
from credseries.mail.cover import Cover
from credseries.series import saved
from credseries.series.current import Pair, Side, pair_up
from credseries.series.model import SeriesRecord
from credseries.series.prep import CoverMessage, read_cover
from credseries.series.publish import rewrite_series
from tests.gitrepo import commit_all, git, write_files
from tests.mailcase import BRANCH, COMMITS, TODAY, Tree, environment, make_series, make_tree, put_on_branch

COVER = Cover("overlayfs: Optimize creds", "Hi,\n\nThe end.")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_tree(tmp_path / "linux")


@pytest.fixture
def made(tree: Tree) -> SeriesRecord:
    """The series of three patches, checked out."""
    made = put_on_branch(tree.path, make_series(tree.base, tree.tip), COVER)
    tree.git("checkout", "--quiet", BRANCH)
    return made


@pytest.fixture
def repo(tree: Tree) -> Repository:
    return Repository.discover(tree.path)


def rebase(tree: Tree, todo: str) -> None:
    """`git rebase -i` with this list, in which P1 is the first patch's commit, and C the cover letter's."""
    names = tree.git("log", "--reverse", "--format=%H", f"{tree.base}..").split()
    for name, commit in zip(("C", "P1", "P2", "P3"), names, strict=True):
        todo = todo.replace(f" {name}\n", f" {commit}\n")
    (tree.path / ".git/todo").write_text(todo)
    with environment(GIT_SEQUENCE_EDITOR=f"cp {tree.path}/.git/todo", GIT_EDITOR="true"):
        tree.git("rebase", "--quiet", "--interactive", "--keep-empty", tree.base)


# -- matching


def side(subject: str, *files: str, blob: str = "1", text: bytes = b"") -> Side:
    changes = tuple(FileChange(file, ("100644", "100644"), ("0", f"{blob} {file}"), 1, 0) for file in files)
    return Side(subject, changes, text)


A, B, C = side("a", "fs/a.c"), side("b", "fs/b.c"), side("c", "fs/c.c")


@pytest.mark.parametrize(
    ("now", "pairs"),
    [
        ([A, B, C], [(0, 0, False), (1, 1, False), (2, 2, False)]),
        ([C, A], [(2, 0, False), (0, 1, False)]),
        ([A, dataclasses.replace(B, subject="other words"), C], [(0, 0, False), (1, 1, False), (2, 2, False)]),
        ([A, side("b", "fs/b.c", blob="2"), C], [(0, 0, False), (1, 1, True), (2, 2, False)]),
        ([A, side("other", "fs/b.c", "fs/x.c", blob="2"), C], [(0, 0, False), (1, 1, True), (2, 2, False)]),
        ([A, side("mine", "fs/x.c"), B, C], [(0, 0, False), (1, 2, False), (2, 3, False)]),
        ([side("a", "fs/x.c", blob="2")], [(0, 0, True)]),
        ([side("x", "fs/x.c")], []),
        ([], []),
    ],
)
def test_commits_are_matched(now: list[Side], pairs: list[tuple[int, int, bool]]) -> None:
    assert pair_up([A, B, C], now) == [Pair(*pair) for pair in pairs]


def test_the_same_diff_is_the_same_patch_after_another_one_has_changed() -> None:
    made = [side("a", "fs/a.c", blob="1", text=b"+a"), side("b", "fs/a.c", blob="2", text=b"+b")]
    now = [side("a", "fs/a.c", blob="3", text=b"+A"), side("b2", "fs/a.c", blob="4", text=b"+b")]
    assert pair_up(made, now) == [Pair(0, 0, True), Pair(1, 1, False)]


def test_commits_that_change_nothing_match_nothing() -> None:
    assert pair_up([side("a")], [side("x")]) == []


# -- on a branch


def test_nothing_has_changed(repo: Repository, made: SeriesRecord) -> None:
    current = saved.current(repo, BRANCH)
    assert current.record == current.pristine == made
    assert current.same
    assert (current.added, current.dropped, current.edited) == ((), (), ())
    assert read_cover(current.cover_message).letter == COVER.text


def test_a_message_is_amended(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    tree.git("commit", "--amend", "--quiet", "-m", "overlayfs: Other words")
    current = saved.current(repo, BRANCH)
    assert current.same
    assert current.record.tip == tree.git("rev-parse", "HEAD")
    assert current.record.patches[-1].subject == "overlayfs: Other words"
    assert current.record.patches[-1].sites == made.patches[-1].sites
    assert not current.edited


def test_the_contents_of_a_patch_are_amended(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    write_files(tree.path, {"fs/overlayfs/dir.c": "int dir;\nint other;\nint more;\n", "fs/overlayfs/more.c": "x\n"})
    tree.git("add", "--all")
    tree.git("commit", "--amend", "--quiet", "--no-edit")
    current = saved.current(repo, BRANCH)
    assert not current.same
    (edited,) = current.edited
    assert edited == current.record.patches[2]
    assert edited.files == ("fs/overlayfs/dir.c", "fs/overlayfs/more.c", "fs/overlayfs/new.bin")
    assert (edited.added, edited.edited, edited.sites) == (3, True, made.patches[2].sites)
    assert not current.record.patches[1].edited


def test_patches_change_places(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    rebase(tree, "pick C\npick P3\npick P1\npick P2\n")
    current = saved.current(repo, BRANCH)
    assert not current.same
    assert (current.added, current.dropped, current.edited) == ((), (), ())
    subjects = [patch.subject for patch in made.patches]
    assert [patch.subject for patch in current.record.patches] == [subjects[2], subjects[0], subjects[1]]
    assert [patch.index for patch in current.record.patches] == [1, 2, 3]


def test_a_patch_is_dropped(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    rebase(tree, "pick C\npick P1\npick P3\n")
    current = saved.current(repo, BRANCH)
    assert not current.same
    assert current.dropped == (current.pristine.patches[1],)
    assert [patch.index for patch in current.record.patches] == [1, 2]


def test_a_patch_is_added_and_goes_where_its_files_go(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    write_files(tree.path, {"fs/backing-file.c": "int mine;\n"})
    commit_all(tree.path, "backing-file: Clean up")
    current = saved.current(repo, BRANCH)
    (added,) = current.added
    assert (added.index, added.key, added.sites, added.edited) == (4, "", (), False)
    assert (added.topic, added.tree, added.lists) == ("backing-file", "VFS", ("linux-fsdevel",))


def test_the_letter_is_somewhere_else(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    rebase(tree, "pick P1\npick C\npick P2\npick P3\n")
    current = saved.current(repo, BRANCH)
    assert current.same
    assert current.cover == tree.git("rev-parse", "HEAD~2")


def test_the_letter_is_gone(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    rebase(tree, "pick P1\ndrop C\npick P2\npick P3\n")
    current = saved.current(repo, BRANCH)
    assert current.same
    assert (current.cover, current.cover_message) == (None, "")


def test_files_in_the_letters_commit_would_be_lost(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    rebase(tree, "pick C\nfixup P1\npick P2\npick P3\n")
    with pytest.raises(NotASeries, match="changes files") as caught:
        saved.current(repo, BRANCH)
    assert "git rebase -i" in caught.value.hint


@pytest.mark.parametrize("way", ["rebased", "merged", "elsewhere", "empty"])
def test_a_branch_that_is_no_longer_on_its_start(repo: Repository, made: SeriesRecord, tree: Tree, way: str) -> None:
    tree.git("checkout", "--quiet", "main")
    write_files(tree.path, {"more.c": "int more;\n"})
    commit_all(tree.path, "Go on")
    if way == "rebased":
        tree.git("rebase", "--quiet", "--keep-empty", "main", BRANCH)
    elif way == "merged":
        tree.git("checkout", "--quiet", BRANCH)
        tree.git("merge", "--quiet", "--no-edit", "main")
    else:
        tree.git("branch", "--force", BRANCH, "main" if way == "elsewhere" else tree.base)
    with pytest.raises(NotASeries, match=BRANCH) as caught:
        saved.current(repo, BRANCH)
    assert f"git branch -f {BRANCH} {made.tip[:12]}" in caught.value.hint


def test_what_b4_tracks_goes_into_the_record(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    assert tree.b4("prep", "--force-revision", "4").returncode == 0
    assert tree.b4("prep", "--set-prefixes", "RFT").returncode == 0
    record = saved.load(repo, BRANCH)
    assert (record.revision, record.prefixes) == (4, ("RFT",))
    assert record.patches[0].sites == made.patches[0].sites


# -- the record and its ref


def test_what_was_made_stays_whatever_happens_to_the_branch(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    rebase(tree, "pick C\npick P1\n" + "drop P2\ndrop P3\n")
    tree.git("reflog", "expire", "--expire=now", "--all")
    tree.git("gc", "--quiet", "--prune=now")
    assert saved.current(repo, BRANCH).dropped == made.patches[1:]


def test_a_branch_that_is_deleted_is_no_series_and_can_be_made_again(
    repo: Repository, made: SeriesRecord, tree: Tree
) -> None:
    tree.git("checkout", "--quiet", "main")
    tree.git("branch", "-D", BRANCH)
    assert saved.branches(repo) == []
    with pytest.raises(NotASeries, match="not a branch that"):
        saved.load(repo, BRANCH)
    tree.git("branch", BRANCH, tree.tip)
    again = put_on_branch(tree.path, dataclasses.replace(made, title="Again"), COVER)
    assert saved.load(repo, BRANCH) == again


def test_branches_below_each_other_do_not_meet(repo: Repository, tree: Tree, made: SeriesRecord) -> None:
    names = ["b4/x", "b4%2Fx", "b4/y/z"]
    for name in names:
        tree.git("branch", name, tree.tip)
        put_on_branch(tree.path, dataclasses.replace(made, branch=name), COVER)
    assert sorted(saved.branches(repo)) == sorted([BRANCH, *names])
    assert {saved.load(repo, name).branch for name in names} == set(names)
    assert len({saved.generated_ref(name) for name in names}) == len(names)
    tree.git("fsck", "--strict")


def test_a_record_that_cannot_be_read(repo: Repository, made: SeriesRecord) -> None:
    with saved.opened(repo) as store:
        store.put("series", made.tip, {"branch": 1})
    with pytest.raises(StoreDamaged):
        saved.load(repo, BRANCH)


# -- written again


def rewritten(repo: Repository, letter: str, messages: dict[str, str] | None = None) -> SeriesRecord:
    current = saved.current(repo, BRANCH)
    message = CoverMessage(letter, read_cover(current.cover_message).tracking).text
    return rewrite_series(repo, current, message, messages or {}, when=TODAY, reflog="test: again")


def test_a_new_letter_changes_nothing_else(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    def history(tip: str) -> str:
        return tree.git("log", "--format=%T %an %ae %ad %B", f"{tip}~3..{tip}")

    tree.git("commit", "--amend", "--quiet", "--no-edit", "--author=Else <else@example.org>", "--date=1500000000 +0300")
    before, status = history("HEAD"), tree.git("status", "--porcelain")
    record = rewritten(repo, "Title\n\nAnother one.")
    assert history("HEAD") == before
    assert "Else <else@example.org> 1500000000 +0300" in tree.git("log", "-1", "--format=%an <%ae> %ad", "--date=raw")
    assert tree.git("status", "--porcelain") == status == ""
    current = saved.current(repo, BRANCH)
    assert current.record == record
    assert read_cover(current.cover_message).letter == "Title\n\nAnother one."
    assert "test: again" in tree.git("reflog", "-1", BRANCH)


def test_what_was_made_follows_a_new_letter(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    record = rewritten(repo, "Title\n\nAnother one.")
    current = saved.current(repo, BRANCH)
    assert current.pristine == record
    assert record.tip != made.tip


def test_it_follows_after_the_letter_was_edited_by_b4(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    with environment(GIT_EDITOR="sed -i s/Optimize/Improve/"):
        assert tree.b4("prep", "--edit-cover").returncode == 0
    record = rewritten(repo, "Title\n\nAnother one.")
    assert saved.current(repo, BRANCH).pristine == record


def test_it_does_not_follow_what_somebody_has_changed(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    tree.git("commit", "--amend", "--quiet", "-m", "overlayfs: Other words")
    rewritten(repo, "Title\n\nAnother one.")
    current = saved.current(repo, BRANCH)
    assert current.pristine.tip == made.tip
    assert current.record.patches[-1].subject == "overlayfs: Other words"
    assert current.same


def test_messages_of_patches_can_be_changed(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    message = COMMITS[1][0] + "\nReviewed-by: Amir <amir@example.org>\n"
    record = rewritten(repo, COVER.text, {made.patches[1].commit: message})
    assert tree.git("log", "-1", "--format=%B", record.patches[1].commit) == message.strip()
    assert saved.current(repo, BRANCH).same


def test_the_letter_comes_first_again(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    rebase(tree, "pick P1\npick C\npick P2\npick P3\n")
    rewritten(repo, COVER.text)
    assert saved.current(repo, BRANCH).cover == tree.git("rev-parse", "HEAD~3")


def test_a_branch_that_is_checked_out_keeps_its_files(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    (tree.path / "fs/overlayfs/dir.c").write_text("half-written\n")
    before = tree.git("status", "--porcelain")
    rewritten(repo, "Title\n\nAnother one.")
    assert tree.git("status", "--porcelain") == before
    shorter = dataclasses.replace(made, patches=made.patches[:2])
    tree.git("update-ref", f"refs/heads/{BRANCH}", made.patches[1].commit)
    with pytest.raises(UsageError, match="is checked out in") as caught:
        rewrite_series(
            repo,
            dataclasses.replace(saved.current(repo, BRANCH), record=dataclasses.replace(shorter, tip=made.tip)),
            COVER.text,
            {},
            when=TODAY,
            reflog="test",
        )
    assert "switch --detach" in caught.value.hint


def test_a_branch_that_moves_meanwhile_is_left_alone(repo: Repository, made: SeriesRecord, tree: Tree) -> None:
    current = saved.current(repo, BRANCH)
    tree.git("commit", "--amend", "--quiet", "-m", "overlayfs: Other words")
    tip = tree.git("rev-parse", "HEAD")
    with pytest.raises(GitFailed, match=r"is at .* but expected") as caught:
        rewrite_series(repo, current, current.cover_message + "x", {}, when=TODAY, reflog="test")
    assert "run the command again" in caught.value.hint
    assert tree.git("rev-parse", "HEAD") == tip
    assert git(tree.path, "rev-parse", saved.generated_ref(BRANCH)).strip() == made.tip
