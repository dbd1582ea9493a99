"""b4 behind its adapter: its own commands work on the branches that credseries makes, and its failures are ours."""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from credseries.errors import B4Failed, MissingIdentity, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.worktrees import private_worktree
from credseries.mail import b4adapter
from credseries.mail.cover import Cover, check_cover, render_cover, stored_cover
from credseries.series import prep, saved
from credseries.series.model import SeriesRecord
from credseries.series.prep import CoverMessage, new_tracking, read_cover
from credseries.series.publish import rewrite_series
from tests.gitrepo import git
from tests.mailcase import BRANCH, CHANGE_ID, STAMP, TODAY, Tree, environment, make_series, make_tree, put_on_branch

COVER = Cover("overlayfs: Optimize creds", "Hi,\n\nText with a table:\n\n  # head\n  ====\n  1  2\n\nThe end.")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_tree(tmp_path / "linux")


@pytest.fixture
def repo(tree: Tree) -> Repository:
    return Repository.discover(tree.path)


def enrol(tree: Tree, cover: Cover = COVER) -> SeriesRecord:
    series = make_series(tree.base, tree.tip)
    count = int(tree.git("rev-list", "--count", f"{tree.base}..{BRANCH}"))
    return put_on_branch(tree.path, dataclasses.replace(series, patches=series.patches[:count]), cover)


def letter(repo: Repository) -> Cover:
    return stored_cover(saved.current(repo, BRANCH))


# -- the commit of the cover letter


def test_its_message_is_what_b4_writes(tree: Tree) -> None:
    from b4 import ez

    series = make_series(tree.base, tree.tip)
    tracking = new_tracking(series)
    assert CoverMessage(COVER.text, tracking).text == COVER.text + "\n\n" + ez.make_magic_json(tracking)
    assert prep.MARKER == ez.MAGIC_MARKER


def test_what_is_tracked_is_what_b4_starts_a_series_with(tree: Tree, tmp_path: Path) -> None:
    started = tree.b4("prep", "-n", "new", "-f", tree.base)
    assert started.returncode == 0, started.stderr
    theirs = read_cover(tree.git("log", "-1", "--format=%B", "b4/new")).tracking
    assert theirs["series"].keys() == new_tracking(make_series(tree.base, tree.tip))["series"].keys()


def test_b4_reads_what_it_tracks(tree: Tree) -> None:
    enrol(tree)
    tree.git("checkout", "--quiet", BRANCH)
    info = tree.b4("prep", "--show-info")
    assert info.returncode == 0, info.stderr
    facts = dict(line.split(": ", 1) for line in info.stdout.splitlines() if ": " in line)
    assert facts["cover-subject"] == COVER.subject
    assert facts["change-id"] == CHANGE_ID
    assert facts["base-commit"] == tree.base
    assert facts["end-commit"] == tree.git("rev-parse", BRANCH)
    assert facts["cover-strategy"] == "commit"


def test_comments_are_read_as_b4_reads_them(tree: Tree, repo: Repository) -> None:
    from b4 import ez

    text = "Title\n\n# a comment\nHi,\n\n\n\n>## Head\n# gone\n\nThe end. # stays"
    series = enrol(tree)
    put_on_branch(tree.path, series, Cover("Title", text.partition("\n\n")[2]))
    with private_worktree(repo, BRANCH) as directory, b4adapter._session(directory, BRANCH):
        theirs = ez.load_cover(strip_comments=True)[0]
    assert letter(repo).text == theirs


# -- b4's own commands, with the branch checked out


def test_b4_sends_it(tree: Tree, tmp_path: Path) -> None:
    enrol(tree)
    tree.git("checkout", "--quiet", BRANCH)
    sent = tree.b4("send", "-o", str(tmp_path / "out"), "--to", "list@example.org", "--no-sign")
    assert sent.returncode == 0, sent.stderr
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_b4_edits_the_cover_letter(repo: Repository, tree: Tree) -> None:
    made = enrol(tree)
    tree.git("checkout", "--quiet", BRANCH)
    with environment(GIT_EDITOR="sed -i s/Optimize/Improve/"):
        edited = tree.b4("prep", "--edit-cover")
    assert edited.returncode == 0, edited.stderr
    current = saved.current(repo, BRANCH)
    assert letter(repo).subject == "overlayfs: Improve creds"
    assert current.same
    assert [patch.subject for patch in current.record.patches] == [patch.subject for patch in made.patches]
    assert current.record.patches != made.patches
    assert len(b4adapter.series_messages(repo, current.record)) == 4


def test_b4_takes_over_trailers(repo: Repository, tree: Tree, tmp_path: Path) -> None:
    made = enrol(tree)
    tree.git("checkout", "--quiet", BRANCH)
    messages = b4adapter.series_messages(repo, made, STAMP)
    reply = (
        "From: Amir <amir@example.org>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-Id: <reply@example.org>\n"
        f"In-Reply-To: {messages[2][1]['Message-Id']}\nReferences: {messages[2][1]['Message-Id']}\n"
        f"Subject: Re: {messages[2][1]['Subject']}\n\nReviewed-by: Amir <amir@example.org>\n"
    )
    thread = [b4adapter.message_bytes(message) for _, message in messages]
    mbox = b"".join(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + each + b"\n\n" for each in (*thread, reply.encode()))
    (tmp_path / "thread.mbox").write_bytes(mbox)
    updated = tree.b4("-n", "trailers", "-u", "-m", str(tmp_path / "thread.mbox"))
    assert updated.returncode == 0, updated.stderr
    assert "Reviewed-by: Amir" in tree.git("log", "-1", "--format=%B", f"{BRANCH}~1")
    current = saved.current(repo, BRANCH)
    assert current.same
    assert letter(repo) == COVER


def test_b4_compares_with_a_version_that_was_sent(repo: Repository, tree: Tree) -> None:
    enrol(tree)
    tag = f"sent/{CHANGE_ID.rpartition('-')[0]}-{CHANGE_ID.rpartition('-')[2]}-v1"
    tree.git("tag", "-a", "-m", f"{COVER.text}\n\n---\nbase-commit: {tree.base}\nchange-id: {CHANGE_ID}", tag, tree.tip)
    tree.git("checkout", "--quiet", BRANCH)
    compared = tree.b4("prep", "--compare-to", "v1")
    assert compared.returncode == 0, compared.stderr
    assert [line.split()[2] for line in compared.stdout.splitlines()] == ["=", "=", "="]


@pytest.mark.parametrize("strategy", ["branch-description", "tip-commit"])
def test_another_strategy_of_the_users_is_not_for_this_branch(repo: Repository, tree: Tree, strategy: str) -> None:
    tree.git("config", "b4.prep-cover-strategy", strategy)
    series = enrol(tree)
    assert tree.git("config", f"branch.{BRANCH}.b4-prep-cover-strategy") == "commit"
    tree.git("checkout", "--quiet", BRANCH)
    assert tree.b4("prep", "--show-info").returncode == 0
    assert len(b4adapter.series_messages(repo, series)) == 4


def test_nothing_is_configured_without_need(tree: Tree) -> None:
    before = tree.git("config", "--local", "--list")
    enrol(tree)
    assert tree.git("config", "--local", "--list") == before


# -- messages


def test_a_rendered_letter_is_the_first_message(repo: Repository, tree: Tree) -> None:
    cover = render_cover(dataclasses.replace(make_series(tree.base, tree.tip), numbers="# HITM ---\n-----\n 0  412\n"))
    series = enrol(tree, cover)
    assert letter(repo) == cover
    body = b4adapter.series_messages(repo, series)[0][1].get_content()
    assert body.startswith(cover.body + "\n\n---\n")


def test_they_name_the_base_that_everybody_has(repo: Repository, tree: Tree) -> None:
    series = dataclasses.replace(
        make_series(tree.base, tree.tip),
        start=tree.git("rev-parse", f"{tree.tip}~2"),
        prerequisites=("change-id: 20261120-first-0123456789ab:v1",),
    )
    series = put_on_branch(tree.path, dataclasses.replace(series, patches=series.patches[1:]), COVER)
    messages = b4adapter.series_messages(repo, series)
    body = messages[0][1].get_content()
    assert f"base-commit: {tree.base}\n" in body
    assert "prerequisite-change-id: 20261120-first-0123456789ab:v1\n" in body
    assert [str(message["Subject"])[:15] for _, message in messages] == [f"[PATCH RFC {n}/2] "[:15] for n in range(3)]


def test_the_users_work_tree_and_head_are_not_touched(repo: Repository, tree: Tree) -> None:
    (tree.path / "scratch").write_text("mine")
    series = enrol(tree)

    def state() -> tuple[str, ...]:
        commands = (("status", "--porcelain"), ("symbolic-ref", "HEAD"), ("for-each-ref",), ("worktree", "list"))
        return tuple(tree.git(*command) for command in commands)

    before = state()
    b4adapter.series_messages(repo, series)
    assert before == state()


def test_a_branch_that_is_checked_out_works_as_well(repo: Repository, tree: Tree) -> None:
    tree.git("checkout", "--quiet", BRANCH)
    series = enrol(tree)
    assert len(b4adapter.series_messages(repo, series)) == 4
    assert tree.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("Hi,\n\nx\n\n---\n\nEnd.", "ends in ---"),
        (f"Hi,\n\n{prep.MARKER}\n\nEnd.", "ends in ---"),
        ("Hi,\n\n#1 is gone\n\nEnd.", "starts with #"),
        ("Hi,\n\n-- \nme\n\nEnd.", "signature"),
        ("Hi,\n\nCc: Someone <a@example.org>", "trailer"),
    ],
)
def test_a_letter_that_b4_would_damage_is_refused(body: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        check_cover(Cover("subject", body))


def test_messages_are_the_same_for_the_same_stamp(repo: Repository, tree: Tree) -> None:
    series = enrol(tree)
    first, second = (
        [b4adapter.message_bytes(message) for _, message in b4adapter.series_messages(repo, series, STAMP)]
        for _ in range(2)
    )
    assert first == second
    assert b"Message-Id: <20261123-ovl-creds-v1-0-c0ffee123456@example.org>" in first[0]
    assert b"Date: Mon, 23 Nov 2026 09:30:03 +0000" in first[3]
    assert b"In-Reply-To: <20261123-ovl-creds-v1-0-c0ffee123456@example.org>" in first[3]


def test_the_cover_is_signed_off_with_a_proper_signature_mark(repo: Repository, tree: Tree) -> None:
    series = enrol(tree)
    body = b4adapter.message_bytes(b4adapter.series_messages(repo, series)[0][1]).decode()
    assert "\n-- \nZoë Łukaszewicz <zoe@example.org>\n" in body


def test_settings_for_reading_diffs_do_not_reach_the_patches(repo: Repository, tree: Tree) -> None:
    series = enrol(tree)
    plain = b4adapter.message_bytes(b4adapter.series_messages(repo, series, STAMP)[2][1])
    for key, value in {
        "color.ui": "always",
        "color.diff": "always",
        "diff.noprefix": "true",
        "log.showSignature": "true",
        "diff.context": "0",
    }.items():
        tree.git("config", key, value)
    assert b4adapter.message_bytes(b4adapter.series_messages(repo, series, STAMP)[2][1]) == plain


def test_a_hooks_environment_does_not_mislead_b4(repo: Repository, tree: Tree, tmp_path: Path) -> None:
    series = enrol(tree)
    git(tmp_path, "init", "--quiet", "other")
    with environment(GIT_DIR=str(tmp_path / "other/.git"), GIT_INDEX_FILE=str(tmp_path / "index")):
        assert len(b4adapter.series_messages(repo, series)) == 4


def test_b4s_state_and_the_process_are_put_back(repo: Repository, tree: Tree) -> None:
    import b4

    handler = logging.NullHandler()
    logging.getLogger("b4").addHandler(handler)
    b4.can_network, b4.MAIN_CONFIG = True, {"mine": "yes"}
    before = (Path.cwd(), dict(os.environ))
    series = enrol(tree)
    b4adapter.series_messages(repo, series)
    assert before == (Path.cwd(), dict(os.environ))
    assert (b4.can_network, b4.MAIN_CONFIG) == (True, {"mine": "yes"})
    assert logging.getLogger("b4").handlers == [handler]
    logging.getLogger("b4").removeHandler(handler)


# -- what can be wrong


def test_a_letter_that_somebody_dropped(repo: Repository, tree: Tree) -> None:
    enrol(tree)
    tree.git("branch", "--force", BRANCH, tree.tip)
    with pytest.raises(B4Failed, match="no cover letter any more") as caught:
        b4adapter.series_messages(repo, saved.load(repo, BRANCH))
    assert "credseries cover --note" in caught.value.hint


def test_a_letter_that_somebody_else_committed(repo: Repository, tree: Tree) -> None:
    series = enrol(tree)
    tree.git("config", "user.email", "zoe@example.com")
    with pytest.raises(B4Failed, match=r"zoe@example\.org, and b4 looks for one by zoe@example\.com") as caught:
        b4adapter.series_messages(repo, series)
    assert "b4 prep --claim" in caught.value.hint
    assert letter(repo) == COVER


def test_a_letter_that_is_too_old_for_b4(repo: Repository, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.mailcase.TODAY", TODAY - timedelta(days=370))
    series = enrol(tree)
    with pytest.raises(B4Failed, match="more than a year ago") as caught:
        b4adapter.series_messages(repo, series)
    assert "credseries refresh" in caught.value.hint
    assert letter(repo) == COVER


def test_tracking_data_that_b4_cannot_read(repo: Repository, tree: Tree) -> None:
    series = enrol(tree)
    current = saved.current(repo, BRANCH)
    broken = current.cover_message.replace('"revision"', "revision")
    rewrite_series(repo, current, broken, {}, when=TODAY, reflog="test")
    assert saved.load(repo, BRANCH).revision == series.revision
    with pytest.raises(UsageError, match="damaged") as caught:
        b4adapter.series_messages(repo, saved.load(repo, BRANCH))
    assert prep.MARKER in caught.value.hint


def test_b4s_reason_is_given_when_it_ends_the_process(repo: Repository, tree: Tree) -> None:
    from b4 import ez

    enrol(tree)

    def look(directory: Path) -> None:
        with b4adapter._session(directory, "main"):
            ez.is_prep_branch(mustbe=True)

    with private_worktree(repo, "main") as directory, pytest.raises(B4Failed, match="not a prep-managed branch"):
        look(directory)


@pytest.mark.parametrize("key", ["name", "email"])
def test_no_identity(repo: Repository, tree: Tree, key: str) -> None:
    series = enrol(tree)
    tree.git("config", f"user.{key}", " ")
    with pytest.raises(MissingIdentity, match=f"user.{key} is not set") as caught:
        b4adapter.series_messages(repo, series)
    assert f"user.{key}" in caught.value.hint


@pytest.mark.parametrize("name", ["ovl.v2", "a+b", "a(b)", "a|b", "a$", "{x}", ""])
def test_names_that_b4_reads_as_patterns_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        prep.check_branch_name(name)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["creds", "b4/ovl-creds", "user/zoë_2", "a#1", "a@b"])
def test_other_names_are_not(name: str) -> None:
    prep.check_branch_name(name)


def test_a_branch_whose_name_goes_on_with_a_dot_is_in_the_way(repo: Repository, tree: Tree) -> None:
    tree.git("config", f"branch.{BRANCH}.v2.description", "another one")
    with pytest.raises(UsageError, match="cannot tell"):
        prep.check_namesakes(repo, BRANCH)


def test_a_tag_of_the_same_name_is_in_the_way(repo: Repository, tree: Tree) -> None:
    series = enrol(tree)
    tree.git("tag", BRANCH, tree.base)
    for check in (lambda: prep.check_namesakes(repo, BRANCH), lambda: b4adapter.series_messages(repo, series)):
        with pytest.raises(UsageError, match=f"tag {BRANCH}"):
            check()


def test_importing_the_adapter_does_not_import_b4() -> None:
    code = "import sys, credseries.mail.send as m; print(not m or {'b4', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_way_to_the_network_ends_in_an_error(repo: Repository, tree: Tree) -> None:
    enrol(tree)
    import b4

    def look_up(directory: Path) -> None:
        with b4adapter._session(directory, BRANCH):
            b4.get_requests_session().get("https://lore.kernel.org/")

    with private_worktree(repo, BRANCH) as directory, pytest.raises(B4Failed, match="network"):
        look_up(directory)


def test_one_patch_has_its_letter_below_the_line(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "one", (("cred: Add x\n\nWhy.\n", {"x": b"x\n"}),))
    repo = Repository.discover(tree.path)
    series = enrol(tree)
    ((commit, message),) = b4adapter.series_messages(repo, series)
    assert commit == series.tip
    assert COVER.body in message.get_content()
    assert str(message["Subject"]) == "[PATCH RFC] cred: Add x"
