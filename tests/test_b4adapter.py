"""b4 behind its adapter: what is stored comes back, b4's own commands go on working, failures are ours."""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from credseries.errors import B4Failed, MissingIdentity, NotASeries, UsageError
from credseries.kernel.git import Repository
from credseries.mail import b4adapter
from credseries.mail.cover import Cover, render_cover
from tests.gitrepo import git
from tests.mailcase import BRANCH, CHANGE_ID, STAMP, Tree, environment, make_series, make_tree

COVER = Cover("overlayfs: Optimize creds", "Hi,\n\nText with a table:\n\n  # head\n  ====\n  1  2\n\nThe end.")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_tree(tmp_path / "linux")


@pytest.fixture
def repo(tree: Tree) -> Repository:
    return Repository.discover(tree.path)


def enrol(repo: Repository, tree: Tree, cover: Cover = COVER, branch: str = BRANCH) -> None:
    b4adapter.enrol(repo, branch, base=tree.base, change_id=CHANGE_ID, revision=1, prefixes=["RFC"], cover=cover)


def test_the_letter_comes_back_as_it_was_stored(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    assert b4adapter.load_cover(repo, BRANCH) == COVER
    changed = dataclasses.replace(COVER, body="Hi,\n\nÄnother text.")
    b4adapter.store_cover(repo, BRANCH, changed)
    assert b4adapter.load_cover(repo, BRANCH) == changed


def test_a_rendered_letter_comes_back_too(repo: Repository, tree: Tree) -> None:
    cover = render_cover(make_series(tree.base, tree.tip), "# HITM ---\n-----\n 0  412\n")
    enrol(repo, tree, cover)
    assert b4adapter.load_cover(repo, BRANCH) == cover
    body = b4adapter.series_messages(repo, BRANCH)[0][1].get_content()
    assert body.startswith(cover.body + "\n\n---\n")


def test_b4s_own_commands_work_on_the_branch(repo: Repository, tree: Tree, tmp_path: Path) -> None:
    enrol(repo, tree)
    tree.git("checkout", "--quiet", BRANCH)
    info = tree.b4("prep", "--show-info")
    assert info.returncode == 0, info.stderr
    facts = dict(line.split(": ", 1) for line in info.stdout.splitlines() if ": " in line)
    assert facts["cover-subject"] == COVER.subject
    assert facts["change-id"] == CHANGE_ID
    assert facts["series-range"] == f"{tree.base}..{tree.tip}"
    sent = tree.b4("send", "-o", str(tmp_path / "out"), "--to", "list@example.org", "--no-sign")
    assert sent.returncode == 0, sent.stderr
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_b4_sees_what_the_adapter_stored_and_the_reverse(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    tree.git("checkout", "--quiet", BRANCH)
    with environment(GIT_EDITOR="sed -i s/Optimize/Improve/"):
        edited = tree.b4("prep", "--edit-cover")
    assert edited.returncode == 0, edited.stderr
    assert b4adapter.load_cover(repo, BRANCH).subject == "overlayfs: Improve creds"


def test_the_users_work_tree_and_head_are_not_touched(repo: Repository, tree: Tree) -> None:
    (tree.path / "scratch").write_text("mine")
    before = (tree.git("status", "--porcelain"), tree.git("symbolic-ref", "HEAD"), tree.git("for-each-ref"))
    enrol(repo, tree)
    b4adapter.series_messages(repo, BRANCH)
    assert before == (
        tree.git("status", "--porcelain"),
        tree.git("symbolic-ref", "HEAD"),
        tree.git("for-each-ref"),
    )
    assert tree.git("worktree", "list").count("\n") == 0


def test_a_branch_that_is_checked_out_works_as_well(repo: Repository, tree: Tree) -> None:
    tree.git("checkout", "--quiet", BRANCH)
    enrol(repo, tree)
    assert len(b4adapter.series_messages(repo, BRANCH)) == 4
    assert tree.git("status", "--porcelain") == ""


def test_unenrol_leaves_nothing_of_ours_and_all_of_the_users(repo: Repository, tree: Tree) -> None:
    tree.git("config", f"branch.{BRANCH}.remote", "origin")
    before = tree.git("config", "--local", "--list")
    enrol(repo, tree)
    assert tree.git("config", "--local", "--list") != before
    b4adapter.unenrol(repo, BRANCH)
    assert tree.git("config", "--local", "--list") == before


def test_unenrol_needs_no_branch(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    tree.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    b4adapter.unenrol(repo, BRANCH)
    assert "b4-" not in tree.git("config", "--local", "--list")


def test_a_config_that_cannot_be_written_is_noticed(repo: Repository, tree: Tree) -> None:
    (tree.path / ".git/config.lock").touch()
    with pytest.raises(B4Failed, match="come back") as caught:
        enrol(repo, tree)
    assert "config.lock" in caught.value.hint
    (tree.path / ".git/config.lock").unlink()
    assert "b4-" not in tree.git("config", "--local", "--list")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("Hi,\n\nx\n\n---\n\nEnd.", "ends in ---"),
        ("Hi,\n\n#1 is gone\n\nEnd.", "starts with #"),
        ("Hi,\n\n-- \nme\n\nEnd.", "signature"),
        ("Hi,\n\nCc: Someone <a@example.org>", "trailer"),
    ],
)
def test_a_letter_that_b4_would_damage_is_not_stored(repo: Repository, tree: Tree, body: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        enrol(repo, tree, Cover("subject", body))
    assert "b4-" not in tree.git("config", "--local", "--list")


def test_messages_are_the_same_for_the_same_stamp(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    first, second = (
        [b4adapter.message_bytes(message) for _, message in b4adapter.series_messages(repo, BRANCH, STAMP)]
        for _ in range(2)
    )
    assert first == second
    assert b"Message-Id: <20261123-ovl-creds-v1-0-c0ffee123456@example.org>" in first[0]
    assert b"Date: Mon, 23 Nov 2026 09:30:03 +0000" in first[3]
    assert b"In-Reply-To: <20261123-ovl-creds-v1-0-c0ffee123456@example.org>" in first[3]


def test_the_cover_is_signed_off_with_a_proper_signature_mark(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    body = b4adapter.message_bytes(b4adapter.series_messages(repo, BRANCH)[0][1]).decode()
    assert "\n-- \nZoë Łukaszewicz <zoe@example.org>\n" in body


def test_settings_for_reading_diffs_do_not_reach_the_patches(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    plain = b4adapter.message_bytes(b4adapter.series_messages(repo, BRANCH, STAMP)[2][1])
    for key, value in {
        "color.ui": "always",
        "color.diff": "always",
        "diff.noprefix": "true",
        "log.showSignature": "true",
        "diff.context": "0",
    }.items():
        tree.git("config", key, value)
    assert b4adapter.message_bytes(b4adapter.series_messages(repo, BRANCH, STAMP)[2][1]) == plain


def test_a_hooks_environment_does_not_mislead_b4(repo: Repository, tree: Tree, tmp_path: Path) -> None:
    enrol(repo, tree)
    git(tmp_path, "init", "--quiet", "other")
    with environment(GIT_DIR=str(tmp_path / "other/.git"), GIT_INDEX_FILE=str(tmp_path / "index")):
        assert b4adapter.load_cover(repo, BRANCH) == COVER


def test_b4s_state_and_the_process_are_put_back(repo: Repository, tree: Tree) -> None:
    import b4

    handler = logging.NullHandler()
    logging.getLogger("b4").addHandler(handler)
    b4.can_network, b4.MAIN_CONFIG = True, {"mine": "yes"}
    before = (Path.cwd(), dict(os.environ))
    enrol(repo, tree)
    with pytest.raises(B4Failed):
        b4adapter.load_cover(repo, "main")
    assert before == (Path.cwd(), dict(os.environ))
    assert (b4.can_network, b4.MAIN_CONFIG) == (True, {"mine": "yes"})
    assert logging.getLogger("b4").handlers == [handler]
    logging.getLogger("b4").removeHandler(handler)


def test_another_branch_is_no_prep_branch(repo: Repository, tree: Tree) -> None:
    for call in (
        lambda: b4adapter.load_cover(repo, "main"),
        lambda: b4adapter.store_cover(repo, "main", COVER),
        lambda: b4adapter.series_messages(repo, "main"),
    ):
        with pytest.raises(B4Failed, match="main is not a branch that b4 manages") as caught:
            call()
        assert "credseries split" in caught.value.hint


def test_a_branch_that_is_not_there(repo: Repository, tree: Tree) -> None:
    with pytest.raises(NotASeries, match="no branch nowhere"):
        b4adapter.load_cover(repo, "nowhere")


def test_b4s_reason_is_given_when_it_ends_the_process(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    tree.git("config", "b4.prep-cover-strategy", "nonsense")
    tree.git("config", "--unset", f"branch.{BRANCH}.b4-prep-cover-strategy")
    with pytest.raises(B4Failed, match="unknown prep-cover-strategy: nonsense"):
        b4adapter.load_cover(repo, BRANCH)


def test_tracking_data_that_b4_cannot_read(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    tree.git("config", f"branch.{BRANCH}.b4-tracking", "{broken")
    with pytest.raises(B4Failed):
        b4adapter.series_messages(repo, BRANCH)


@pytest.mark.parametrize("key", ["name", "email"])
def test_no_identity(repo: Repository, tree: Tree, key: str) -> None:
    enrol(repo, tree)
    tree.git("config", f"user.{key}", " ")
    with pytest.raises(MissingIdentity, match=f"user.{key} is not set") as caught:
        b4adapter.series_messages(repo, BRANCH)
    assert f"user.{key}" in caught.value.hint


@pytest.mark.parametrize("name", ["ovl.v2", "a+b", "a(b)", "a|b", "a$", "{x}", ""])
def test_names_that_b4_reads_as_patterns_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        b4adapter.check_branch_name(name)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["creds", "b4/ovl-creds", "user/zoë_2", "a#1", "a@b"])
def test_other_names_are_not(name: str) -> None:
    b4adapter.check_branch_name(name)


def test_a_branch_whose_name_goes_on_with_a_dot_is_in_the_way(repo: Repository, tree: Tree) -> None:
    tree.git("config", f"branch.{BRANCH}.v2.description", "another one")
    with pytest.raises(UsageError, match="cannot tell"):
        enrol(repo, tree)


def test_a_tag_of_the_same_name_is_in_the_way(repo: Repository, tree: Tree) -> None:
    tree.git("tag", BRANCH, tree.base)
    with pytest.raises(UsageError, match=f"tag {BRANCH}"):
        enrol(repo, tree)
    assert "b4-" not in tree.git("config", "--local", "--list")


def test_importing_the_adapter_does_not_import_b4() -> None:
    code = "import sys, credseries.mail.send as m; print(not m or {'b4', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_way_to_the_network_ends_in_an_error(repo: Repository, tree: Tree) -> None:
    enrol(repo, tree)
    import b4

    def look_up(directory: Path) -> None:
        with b4adapter._session(directory):
            b4.get_requests_session().get("https://lore.kernel.org/")

    with repo.temporary_worktree(BRANCH) as directory, pytest.raises(B4Failed, match="network"):
        look_up(directory)


def test_one_patch_has_its_letter_below_the_line(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "one", (("cred: Add x\n\nWhy.\n", {"x": b"x\n"}),))
    repo = Repository.discover(tree.path)
    enrol(repo, tree)
    ((commit, message),) = b4adapter.series_messages(repo, BRANCH)
    assert commit == tree.tip
    assert COVER.body in message.get_content()
    assert str(message["Subject"]) == "[PATCH RFC] cred: Add x"
