"""A series is made anew on another base, and nothing that people did to it is lost."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.series import saved
from credseries.series.current import Current
from tests.clicase import Ran, check_snapshot, credseries, normal
from tests.gitrepo import commit_all, git

BRANCH = "creds-rfc"
PREVIOUS = f"refs/credseries/previous/{BRANCH}"


@pytest.fixture
def linux(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The miniature tree with the default series on its branch, and master checked out."""
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    monkeypatch.delenv("GIT_AUTHOR_DATE")
    git(miniature, "config", "user.name", "Demo Developer")
    git(miniature, "config", "user.email", "demo@example.org")
    assert credseries("split", cwd=miniature).status == 0
    return miniature


def move_base(tree: Path) -> str:
    """Another base: lines have moved in files that the series changes, and the version is another one."""
    for name in ("fs/backing-file.c", "fs/overlayfs/dir.c", "include/linux/cred.h"):
        path = tree / name
        path.write_text("/* one line more at the top */\n" + path.read_text())
    makefile = tree / "Makefile"
    makefile.write_text(makefile.read_text().replace("PATCHLEVEL = 12", "PATCHLEVEL = 13"))
    return commit_all(tree, "Linux 6.13.0")


def current(tree: Path, branch: str = BRANCH) -> Current:
    return saved.current(Repository.discover(tree), branch)


def subjects(tree: Path, branch: str = BRANCH) -> list[str]:
    record = current(tree, branch).record
    return [patch.subject for patch in record.patches]


def refresh(tree: Path, *arguments: str) -> Ran:
    return credseries("refresh", *arguments, cwd=tree)


def amend(tree: Path, subject: str, path: str, old: str, new: str, message: str = "") -> None:
    """Change a patch of the series as a person does it: stop at it in a rebase, edit, amend, go on."""
    git(tree, "checkout", "--quiet", BRANCH)
    patches = current(tree).record.patches
    commit = next(patch.commit for patch in patches if subject in patch.subject)
    script = tree.parent / "sequence.sh"
    script.write_text(f"#!/bin/sh\nsed -i 's/^pick {commit[:7]}/edit {commit[:7]}/' \"$1\"\n")
    script.chmod(0o755)
    environment = {**os.environ, "GIT_SEQUENCE_EDITOR": str(script), "GIT_EDITOR": "true"}

    def run(*arguments: str) -> None:
        subprocess.run(["git", "-C", tree, *arguments], env=environment, check=True, capture_output=True)

    run("rebase", "--interactive", "--keep-empty", current(tree).record.start)
    text = (tree / path).read_text()
    assert text.count(old) == 1, (path, old, text.count(old))
    (tree / path).write_text(text.replace(old, new))
    run("commit", "--all", "--amend", *(["-m", message] if message else ["--no-edit"]))
    run("rebase", "--continue")
    git(tree, "checkout", "--quiet", "master")


def at(tree: Path, revision: str, path: str) -> str:
    return git(tree, "show", f"{revision}:{path}")


def state(tree: Path) -> str:
    return git(tree, "for-each-ref", "--format=%(refname) %(objectname)")


MMAP = "int backing_file_mmap("


class TestWithoutEdits:
    def test_on_another_base(self, linux: Path) -> None:
        old = current(linux).record
        base = move_base(linux)
        ran = refresh(linux, "--onto", "master")
        assert ran.status == 0, ran.err
        new = current(linux)
        assert new.record.base == base
        assert new.same
        assert new.record.tip == new.pristine.tip
        assert (new.record.change_id, new.record.revision) == (old.change_id, old.revision)
        assert [patch.key for patch in new.record.patches] == [patch.key for patch in old.patches]
        assert "Based on Linux 6.13.0" in credseries("cover", cwd=linux).out
        assert git(linux, "rev-parse", PREVIOUS).strip() == old.tip
        assert credseries("audit", f"{base}..{BRANCH}", cwd=linux).status == 0

    def test_its_output(self, linux: Path) -> None:
        path = linux / "fs/overlayfs/xattrs.c"
        text = path.read_text()
        start = text.index("int ovl_xattr_get(")
        path.write_text(text[:start] + text[text.index("\n}\n", start) + 3 :] + NEW)
        path = linux / "fs/overlayfs/file.c"
        path.write_text(
            path.read_text().replace(
                "\trevert_creds(saved);\n\t/* both files", "\tfput(file);\n" + "\trevert_creds(saved);\n\t/* both files"
            )
        )
        move_base(linux)
        ran = refresh(linux, "--onto", "master", "--dry-run")
        assert ran.status == 0, ran.err
        check_snapshot("refresh.txt", normal(ran.out))
        assert current(linux).record.base_version.startswith("6.12")

    def test_what_somebody_else_has_merged_goes(self, linux: Path) -> None:
        patches = current(linux).record.patches
        git(linux, "cherry-pick", *(patch.commit for patch in patches[:3]))
        ran = refresh(linux, "--onto", "master")
        assert ran.status == 0, ran.err
        assert "merged as guard" in ran.out
        assert "merged as scoped" in ran.out
        assert [patch.topic for patch in current(linux).record.patches] == ["overlayfs"] * 3
        assert "fs/backing-file: Use guards for credential overrides" in ran.out

    def test_when_all_of_it_is_merged_nothing_is_left_to_do(self, linux: Path) -> None:
        before = state(linux)
        git(linux, "cherry-pick", *(patch.commit for patch in current(linux).record.patches))
        ran = refresh(linux, "--onto", "master")
        assert ran.status == 1
        assert "no site of the recipe's paths can be converted" in ran.err
        assert [line for line in state(linux).splitlines() if "master" not in line] == [
            line for line in before.splitlines() if "master" not in line
        ]

    def test_by_another_recipe(self, linux: Path) -> None:
        assert refresh(linux, "--recipe", "per-file").status == 0
        record = current(linux).record
        assert len(record.patches) == 16
        assert record.recipe == "per-file"

    def test_a_branch_that_is_checked_out_is_left_alone(self, linux: Path) -> None:
        move_base(linux)
        git(linux, "checkout", "--quiet", BRANCH)
        before = state(linux)
        ran = refresh(linux, "--onto", "master")
        assert ran.status == 2
        assert "checked out" in ran.err
        assert state(linux) == before
        assert git(linux, "status", "--porcelain") == ""

    def test_threads_move_together(self, miniature: Path) -> None:
        assert credseries("split", "--threads", "tree", cwd=miniature).status == 0
        base = move_base(miniature)
        ran = refresh(miniature, "--branch", "creds-rfc-overlayfs", "--onto", "master")
        assert ran.status == 0, ran.err
        vfs, overlayfs = current(miniature, "creds-rfc-vfs"), current(miniature, "creds-rfc-overlayfs")
        assert vfs.record.base == overlayfs.record.base == base
        ids = [git(miniature, "show", patch.commit) for patch in vfs.record.patches if patch.topic == "helpers"]
        expected = [
            subprocess.run(
                ["git", "patch-id", "--stable"], input=text, capture_output=True, text=True, check=True
            ).stdout.split()[0]
            for text in ids
        ]
        assert [item for item in overlayfs.record.prerequisites if item.startswith("patch-id")] == [
            f"patch-id: {item}" for item in expected
        ]


NEW = """
int ovl_fresh(struct dentry *dentry)
{
	const struct cred *saved = ovl_override_creds(dentry->d_sb);
	int err = vfs_getxattr(dentry, "user.fresh", NULL, 0);

	revert_creds(saved);
	return err;
}
"""


class TestEdits:
    def test_a_changed_patch_has_a_fixup_behind_it(self, linux: Path) -> None:
        amend(linux, "backing-file", "fs/backing-file.c", MMAP, f"/* by hand */\n{MMAP}")
        move_base(linux)
        ran = refresh(linux, "--onto", "master")
        assert ran.status == 0, ran.err
        found = subjects(linux)
        number = found.index("fixup! fs/backing-file: Use guards for credential overrides")
        assert found[number - 1] == "fs/backing-file: Use guards for credential overrides"
        assert "/* by hand */" in at(linux, BRANCH, "fs/backing-file.c")
        fixup = current(linux).record.patches[number].commit
        assert git(linux, "show", "--numstat", "--format=", fixup).split() == ["1", "0", "fs/backing-file.c"]
        pristine = current(linux).pristine
        assert "by hand" not in at(linux, pristine.tip, "fs/backing-file.c")

    def test_that_is_not_sent_before_it_is_part_of_its_patch(self, linux: Path) -> None:
        amend(linux, "backing-file", "fs/backing-file.c", MMAP, f"/* by hand */\n{MMAP}")
        assert refresh(linux).status == 0
        ran = credseries("send", "--dry-run", cwd=linux)
        assert ran.status == 2
        assert "is to become part of another: fixup! fs/backing-file" in ran.err
        assert refresh(linux, "--squash").status == 0
        assert credseries("send", "--dry-run", cwd=linux).status == 0

    def test_or_has_it_in_itself(self, linux: Path) -> None:
        amend(linux, "backing-file", "fs/backing-file.c", MMAP, f"/* by hand */\n{MMAP}")
        move_base(linux)
        assert refresh(linux, "--onto", "master", "--squash").status == 0
        assert len(subjects(linux)) == 6
        assert "/* by hand */" in at(linux, f"{BRANCH}~3", "fs/backing-file.c")

    def test_again_and_again(self, linux: Path) -> None:
        """What was carried once is carried the next time, as it is, and squashed when that is asked for."""
        amend(linux, "backing-file", "fs/backing-file.c", MMAP, f"/* by hand */\n{MMAP}")
        for number in range(3):
            path = linux / "fs/backing-file.c"
            path.write_text(f"/* {number} */\n" + path.read_text())
            commit_all(linux, f"Move {number}")
            assert refresh(linux, "--onto", "master").status == 0
        assert subjects(linux).count("fixup! fs/backing-file: Use guards for credential overrides") == 1
        assert refresh(linux, "--squash").status == 0
        assert len(subjects(linux)) == 6
        assert at(linux, BRANCH, "fs/backing-file.c").count("/* by hand */") == 1

    def test_commits_messages_trailers_and_authors_stay(self, linux: Path) -> None:
        git(linux, "checkout", "--quiet", BRANCH)
        (linux / "fs/open.c").write_text((linux / "fs/open.c").read_text() + "/* mine */\n")
        git(linux, "commit", "--quiet", "-a", "--author", "Some Body <some@example.org>", "-m", "fs: My own patch")
        git(linux, "checkout", "--quiet", "master")
        message = git(linux, "log", "-1", "--format=%B", f"{BRANCH}~3").strip()
        told = message.replace("\nSigned-off-by:", "\nReviewed-by: R <r@example.org>\nSigned-off-by:")
        amend(
            linux,
            "Add ovl_creds",
            "fs/overlayfs/util.c",
            "#include <linux/module.h>\n",
            "#include <linux/module.h>\n",
            told,
        )
        move_base(linux)
        assert refresh(linux, "--onto", "master").status == 0
        assert subjects(linux)[-1] == "fs: My own patch"
        assert git(linux, "log", "-1", "--format=%an <%ae>", BRANCH).strip() == "Some Body <some@example.org>"
        assert git(linux, "log", "-1", "--format=%B", f"{BRANCH}~3").strip() == told

    def test_a_dropped_patch_stays_dropped(self, linux: Path) -> None:
        git(linux, "branch", "-f", BRANCH, f"{BRANCH}~1")
        move_base(linux)
        ran = refresh(linux, "--onto", "master")
        assert ran.status == 0, ran.err
        assert len(subjects(linux)) == 5
        assert "dropped" in ran.out

    def test_the_cover_letter_keeps_what_its_author_wrote(self, linux: Path) -> None:
        assert credseries("cover", "--note", "Many thanks to everybody.", cwd=linux).status == 0
        move_base(linux)
        assert refresh(linux, "--onto", "master").status == 0
        letter = credseries("cover", cwd=linux).out
        assert "Many thanks to everybody." in letter
        assert "Based on Linux 6.13.0" in letter

    def test_a_message_does_not_go_to_a_patch_for_something_else(self, linux: Path) -> None:
        """Parted in another way there is no such patch any more: its words would be wrong for the others."""
        assert refresh(linux, "--recipe", "per-function").status == 0
        what = "fs/backing-file: Use scoped_guard(cred) in backing_file_mmap()"
        same = "#include <linux/backing-file.h>\n"
        words = f"{what}, reworded\n\nBy hand.\n\nSuggested-by: S <s@example.org>"
        amend(linux, "backing_file_mmap()", "fs/backing-file.c", same, same, words)
        ran = refresh(linux, "--recipe", "rfc")
        assert ran.status == 0, ran.err
        assert f"the message that you gave '{what}, reworded' is not used" in ran.out
        assert "fs/backing-file: Use guards for credential overrides" in subjects(linux)
        assert "By hand." in git(linux, "log", "--format=%B", PREVIOUS)
        assert "By hand." not in git(linux, "log", "--format=%B", BRANCH)
        assert "\nSuggested-by: S <s@example.org>\nSigned-off-by: " in git(linux, "log", "--format=%B", BRANCH)

    def test_every_part_of_a_patch_has_the_trailers_that_it_was_given(self, linux: Path) -> None:
        what, same = "fs/backing-file: Use guards for credential overrides", "#include <linux/backing-file.h>\n"
        told = git(linux, "log", "--format=%B", "-1", f"{BRANCH}~3").strip()
        assert told.startswith(what)
        amend(linux, what, "fs/backing-file.c", same, same, f"{told}\nSuggested-by: S <s@example.org>")
        assert refresh(linux, "--recipe", "per-function").status == 0
        has = git(linux, "log", "--format=%s", "--grep=^Suggested-by: S <s@example.org>$", BRANCH).splitlines()
        assert sorted(has) == sorted(s for s in subjects(linux) if s.startswith("fs/backing-file: "))
        assert len(has) == 5

    def test_with_another_recipe_an_edit_goes_to_the_patch_of_its_sites(self, linux: Path) -> None:
        amend(linux, "backing-file", "fs/backing-file.c", MMAP, f"/* by hand */\n{MMAP}")
        assert refresh(linux, "--recipe", "per-function").status == 0
        found = subjects(linux)
        number = next(n for n, subject in enumerate(found) if subject.startswith("fixup! "))
        assert found[number - 1] == "fs/backing-file: Use scoped_guard(cred) in backing_file_mmap()"
        assert "/* by hand */" in at(linux, BRANCH, "fs/backing-file.c")


class TestConflicts:
    @pytest.fixture
    def torn(self, linux: Path) -> Path:
        """The same line, changed by hand on the branch and by somebody else in the base."""
        amend(linux, "backing-file", "fs/backing-file.c", MMAP, "int backing_file_mmap_by_hand(")
        path = linux / "fs/backing-file.c"
        path.write_text(path.read_text().replace(MMAP, "int backing_file_mmap_upstream("))
        commit_all(linux, "Rename it")
        return linux

    def test_nothing_is_changed_and_each_is_named(self, torn: Path) -> None:
        before = state(torn)
        ran = refresh(torn, "--onto", "master")
        assert ran.status == 1
        assert "fs/backing-file: Use guards for credential overrides" in ran.err
        assert "--set-aside" in ran.err
        assert state(torn) == before

    def test_set_aside_it_can_be_tried_again(self, torn: Path) -> None:
        ran = refresh(torn, "--onto", "master", "--set-aside")
        assert ran.status == 1
        ref = f"refs/credseries/conflicts/{BRANCH}/1"
        assert ref in ran.out
        shown = git(torn, "show", ref)
        assert "+int backing_file_mmap_by_hand(" in shown
        before, after = re.findall(r"^[-+][^-+].*", shown, re.MULTILINE)
        assert before.startswith("-int backing_file_mmap(")
        assert after.startswith("+int backing_file_mmap_by_hand(")
        assert len(subjects(torn)) == 6
        assert "mmap_upstream" in at(torn, BRANCH, "fs/backing-file.c")
        assert "mmap_by_hand" in at(torn, PREVIOUS, "fs/backing-file.c")

    def test_what_was_set_aside_before_stays(self, torn: Path) -> None:
        assert refresh(torn, "--onto", "master", "--set-aside").status == 1
        splice = "ssize_t backing_file_splice_read("
        amend(torn, "backing-file", "fs/backing-file.c", splice, "ssize_t backing_file_splice_by_hand(")
        path = torn / "fs/backing-file.c"
        path.write_text(path.read_text().replace(splice, "ssize_t backing_file_splice_upstream("))
        commit_all(torn, "Rename another")
        assert refresh(torn, "--onto", "master", "--set-aside").status == 1
        kept = [git(torn, "show", f"refs/credseries/conflicts/{BRANCH}/{number}") for number in (1, 2)]
        assert "mmap_by_hand" in kept[0]
        assert "splice_by_hand" in kept[1]

    def test_a_patch_that_stumbles_over_an_edit_sets_that_aside(self, linux: Path) -> None:
        """Here it is not the edit that does not fit, but a later patch on top of it."""
        amend(linux, "Add ovl_creds", "fs/overlayfs/util.c", "void ovl_nlink_end(", "/* x */ void ovl_nlink_end(")
        text = at(linux, "master", "fs/overlayfs/util.c")
        (linux / "fs/overlayfs/util.c").write_text(text.replace("void ovl_nlink_end(", "/* y */ void ovl_nlink_end("))
        commit_all(linux, "Comment on it")
        ran = refresh(linux, "--onto", "master", "--set-aside", "--json")
        assert ran.status == 1, ran.err
        told = json.loads(ran.out)["series"][0]
        assert [item["subject"] for item in told["conflicts"]] == ["ovl: Add ovl_creds()"]
        assert "/* x */" in git(linux, "show", told["set_aside"][0])
        assert credseries("audit", f"master..{BRANCH}", cwd=linux).status == 0


def scribble(tree: Path, chance: random.Random, count: int) -> list[str]:
    """Marks that a person leaves in patches of the series and in commits of their own."""
    marks = []
    for number in range(count):
        patches = current(tree).record.patches
        patch = chance.choice([item for item in patches if item.files])
        path = chance.choice([name for name in patch.files if name.endswith((".c", ".h"))] or ["fs/open.c"])
        mark = f"/* mark {number} */"
        lines = at(tree, patch.commit, path).splitlines()
        places = [line for line in lines if re.match(r"[a-z].*\(", line) and lines.count(line) == 1]
        line = chance.choice(places)
        if chance.random() < 0.6:
            amend(tree, patch.subject, path, f"\n{line}\n", f"\n{mark}\n{line}\n")
        else:
            git(tree, "checkout", "--quiet", BRANCH)
            text = (tree / path).read_text()
            (tree / path).write_text(text + f"\n{mark}\n")
            git(tree, "commit", "--quiet", "-a", "-m", f"fs: Leave mark {number}")
            git(tree, "checkout", "--quiet", "master")
        marks.append(mark)
    return marks


def everywhere(tree: Path, refs: Sequence[str]) -> str:
    """The text of all C files at some refs."""
    found = []
    for ref in refs:
        names = [name for name in git(tree, "ls-tree", "-r", "--name-only", ref).split() if name.endswith((".c", ".h"))]
        found += [at(tree, ref, name) for name in names]
    return "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_mark_is_ever_lost(linux: Path, seed: int) -> None:
    chance = random.Random(seed)
    marks = scribble(linux, chance, 5)
    path = linux / chance.choice(["fs/backing-file.c", "fs/overlayfs/dir.c", "fs/overlayfs/file.c"])
    lines = path.read_text().splitlines(keepends=True)
    for _ in range(6):
        lines.insert(chance.randrange(len(lines)), "/* upstream */\n")
    text = "".join(lines)
    path.write_text(text)
    commit_all(linux, "Comment here and there")
    ran = refresh(linux, "--onto", "master", "--set-aside", "--json", *(["--squash"] if seed % 2 else []))
    assert ran.status in (0, 1), ran.err
    told = json.loads(ran.out)["series"][0]
    whole = everywhere(linux, [BRANCH, *told["set_aside"]])
    assert [mark for mark in marks if mark not in whole] == []
    assert len(told["kept"]) + len(told["conflicts"]) > 0
