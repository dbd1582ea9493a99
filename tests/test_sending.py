"""What a send leaves: b4's tag and the next version, for one series and for several, done once however often asked."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from credseries import resources
from credseries.errors import GitFailed, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.tags import list_tags, read_tag
from credseries.mail.cover import stored_cover
from credseries.series import saved
from credseries.series.changelog import join_letter, open_version, split_letter
from credseries.series.group import threads
from credseries.series.history import difference, sent_versions
from credseries.series.prep import read_cover
from credseries.series.sending import Marked, SentSeries, mark_sent
from tests.b4flow import b4, shown
from tests.clicase import credseries
from tests.gitrepo import git
from tests.kills.state import read_state

BRANCH = "creds-rfc"
SPLIT = "creds-rfc-vfs", "creds-rfc-overlayfs"


@pytest.fixture
def tree(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default series, split."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year
    assert credseries("split", cwd=miniature).status == 0
    return miniature


def sending(tree: Path, branch: str = BRANCH) -> SentSeries:
    """A series as it is now, with Message-Ids as messages have them."""
    record = saved.load(Repository.discover(tree), branch)
    name = f"20261123-{branch}-v{record.revision}"
    numbers = range(0 if len(record.patches) > 1 else 1, len(record.patches) + 1)
    return SentSeries(record, {number: f"<{name}-{number}-c0ffee123456@example.org>" for number in numbers})


def mark(tree: Path, *sends: SentSeries) -> list[Marked]:
    """Marked as sent, now."""
    return mark_sent(Repository.discover(tree), sends or [sending(tree)], datetime.now().astimezone())


def letter(tree: Path, branch: str = BRANCH) -> str:
    """The cover letter as its author sees it."""
    return read_cover(saved.current(Repository.discover(tree), branch).cover_message).letter


def test_the_version_is_tagged_and_the_branch_goes_on(tree: Path) -> None:
    before = sending(tree)
    [marked] = mark(tree)
    assert marked == Marked(BRANCH, 1, f"sent/{before.record.change_id}-v1", 2, changed=True)
    repo = Repository.discover(tree)
    tag = read_tag(repo, marked.tag)
    assert tag is not None
    assert git(tree, "rev-parse", f"{tag.commit}^{{tree}}", f"{before.record.tip}^{{tree}}").split()[0] == (
        git(tree, "rev-parse", f"{before.record.tip}^{{tree}}").strip()
    )
    assert git(tree, "rev-list", "--count", f"{before.record.base}..{tag.commit}").strip() == "6"
    assert re.search(rf"^base-commit: {before.record.base}$", tag.message, re.MULTILINE)
    assert re.search(rf"^change-id: {before.record.change_id}$", tag.message, re.MULTILINE)
    now = saved.current(repo, BRANCH)
    assert now.record.revision == 2
    assert now.same
    assert [patch.subject for patch in now.record.patches] == [patch.subject for patch in before.record.patches]
    series = read_cover(now.cover_message).tracking["series"]
    assert series["history"] == {"v1": ["20261123-creds-rfc-v1-0-c0ffee123456@example.org"]}
    notes = split_letter(letter(tree))[1]
    link = "https://patch.msgid.link/20261123-creds-rfc-v1-0-c0ffee123456@example.org"
    assert notes.splitlines() == [
        "Changes in v2:",
        "- EDITME: describe what is new in this series revision.",
        "- EDITME: use bulletpoints and terse descriptions.",
        f"- Link to v1: {link}",
    ]


def test_nothing_but_these_refs_changes(tree: Path) -> None:
    git(tree, "checkout", "--quiet", BRANCH)
    (tree / "fs/open.c").write_text("/* not committed */\n")
    git(tree, "add", "fs/open.c")
    before = read_state(tree)
    [marked] = mark(tree)
    moved = [f"refs/heads/{BRANCH}", f"refs/tags/{marked.tag}"]
    assert read_state(tree).without(moved) == before.without(moved)
    assert "fs/open.c" in git(tree, "status", "--porcelain")


def test_marked_again_it_is_as_it_was(tree: Path) -> None:
    send = sending(tree)
    mark(tree, send)
    before = read_state(tree)
    [again] = mark(tree, send)
    assert not again.changed
    assert again.now == 2
    assert read_state(tree) == before


@pytest.mark.parametrize("there", ["only the tag", "only the branch"])
def test_what_a_kill_left_half_done_is_finished(tree: Path, there: str) -> None:
    """Git renames one ref's file after the other: a kill can come in between."""
    send, before = sending(tree), git(tree, "rev-parse", BRANCH).strip()
    [marked] = mark(tree, send)
    done = git(tree, "rev-parse", BRANCH).strip()
    tag = git(tree, "rev-parse", f"refs/tags/{marked.tag}").strip()
    if there == "only the tag":
        git(tree, "update-ref", f"refs/heads/{BRANCH}", before)
    else:
        git(tree, "update-ref", "-d", f"refs/tags/{marked.tag}")
    [again] = mark(tree, send)
    assert again.changed
    assert (again.tag, again.now) == (marked.tag, 2)
    repo = Repository.discover(tree)
    assert saved.load(repo, BRANCH).revision == 2
    assert len(read_cover(saved.current(repo, BRANCH).cover_message).tracking["series"]["history"]["v1"]) == 1
    assert letter(tree).count("Changes in v2:") == 1
    if there == "only the tag":
        assert git(tree, "rev-parse", f"refs/tags/{marked.tag}").strip() == tag
    else:
        assert git(tree, "rev-parse", BRANCH).strip() == done


def test_the_commands_go_on_from_there(tree: Path) -> None:
    mark(tree)
    assert "v2, sent v1 on" in credseries("status", cwd=tree).out
    assert "EDITME" in credseries("cover", cwd=tree).out
    assert "Changes in v2:" in credseries("cover", "--note", "A note.", cwd=tree).out
    ran = credseries("reroll", cwd=tree)
    assert ran.status == 2
    assert f"nothing has changed since v1 of {BRANCH}" in ran.err
    assert credseries("refresh", cwd=tree).status == 0
    assert saved.load(Repository.discover(tree), BRANCH).revision == 2
    ran = credseries("reroll", "--because", "0=Said better.", cwd=tree)
    assert ran.status == 0, ran.err
    notes = split_letter(letter(tree))[1].splitlines()
    assert notes[:2] == ["Changes in v2:", "- Said better."]
    assert [line for line in notes if "Link to v1" in line or "EDITME" in line] == [notes[-1]]
    assert "A note." in letter(tree)
    [marked] = mark(tree)
    assert (marked.version, marked.now) == (2, 3)
    heads = [line for line in letter(tree).splitlines() if line.startswith("Changes in")]
    assert heads == ["Changes in v3:", "Changes in v2:"]


def test_what_was_told_of_a_version_is_not_told_of_the_next(tree: Path) -> None:
    mark(tree)
    assert credseries("reroll", "--because", "0=Second.", cwd=tree).status == 0
    mark(tree)
    assert credseries("cover", "--note", "A note.", cwd=tree).status == 0
    ran = credseries("reroll", "--because", "1=Third.", "--json", cwd=tree)
    assert ran.status == 0, ran.err
    third = split_letter(letter(tree))[1].partition("Changes in v2:")[0]
    assert "Third." in third
    assert "Second." not in third


def test_b4_sees_what_was_sent(tree: Path, tmp_path: Path) -> None:
    send = sending(tree)
    mark(tree, send)
    git(tree, "checkout", "--quiet", BRANCH)
    info = shown(tree)
    assert info["revision"] == "2"
    assert info["needs-editing"] == "True"
    tip = git(tree, "rev-parse", f"sent/{send.record.change_id}-v1")[:12]
    assert info["series-v1"] == f"{send.record.base[:12]}..{tip} {send.message_id}"
    compared = b4(tree, "prep", "--compare-to", "v1").splitlines()
    assert [line.split()[2] for line in compared if re.match(r" *\d+:", line)] == ["="] * 6
    b4(tree, "send", "--resend", "v1", "-o", str(tmp_path / "again"), "--to", "list@example.org", "--no-sign")
    again = sorted((tmp_path / "again").iterdir())
    assert len(again) == 7
    assert b"RESEND" in again[1].read_bytes().partition(b"\n\n")[0]
    b4(tree, "send", "-o", str(tmp_path / "next"), "--to", "list@example.org", "--no-sign")
    assert b" v2 " in sorted((tmp_path / "next").iterdir())[1].read_bytes().partition(b"\n\n")[0]


def test_b4_leaves_the_same_after_its_own_send(tree: Path, tmp_path: Path) -> None:
    """Its tag and its letter, next to ours of the same series: they differ in no more than a blank line."""
    twin = tmp_path / "twin"
    git(tree, "clone", "--quiet", "--no-hardlinks", str(tree), str(twin))
    for key in ("user.name", "user.email"):
        git(twin, "config", key, git(tree, "config", key).strip())
    git(twin, "checkout", "--quiet", BRANCH)
    keep = tmp_path / "sendmail"
    keep.write_text(f"#!/bin/sh\ncat >> {tmp_path}/sent\n")
    keep.chmod(0o755)
    git(twin, "config", "sendemail.smtpserver", str(keep))
    # With its own template b4 does not find the signature that it wants to take off.
    git(twin, "config", "b4.prep-cover-template", str(resources.find("templates", "b4-cover-message.txt")))
    b4(twin, "send", "--no-sign", "--to", "list@example.org")
    identifier = re.search(r"^Message-I[dD]: <(.*)>", (tmp_path / "sent").read_text(), re.MULTILINE)
    assert identifier is not None
    send = sending(tree)
    [marked] = mark(tree, SentSeries(send.record, {**send.message_ids, 0: identifier[1]}))

    def read(where: Path) -> tuple[str, str, str, str]:
        tag = read_tag(Repository.discover(where), marked.tag)
        assert tag is not None
        cover = git(where, "log", "--format=%B", "--grep=b4-submit-tracking", BRANCH)
        subjects = git(where, "log", "--format=%s%n%b%n%an <%ae> %ad", f"master..{tag.commit}")
        return (
            tag.message,
            re.sub(r"\n{3,}", "\n\n", cover.strip()),
            subjects,
            git(where, "rev-parse", f"{tag.commit}^{{tree}}"),
        )

    for ours, theirs in zip(read(tree), read(twin), strict=True):
        assert ours == theirs


def test_what_was_sent_is_tagged_although_the_branch_has_changed(tree: Path) -> None:
    send = sending(tree)
    git(tree, "checkout", "--quiet", BRANCH)
    path = tree / "fs/open.c"
    path.write_text(path.read_text() + "\n/* by hand */\n")
    git(tree, "commit", "--quiet", "--all", "-m", "fs: Leave a comment\n\nIt is needed.")
    [marked] = mark(tree, send)
    assert "changed since its messages were built" in marked.note
    assert "by hand" not in git(tree, "show", f"{marked.tag}:fs/open.c")
    assert "by hand" in git(tree, "show", f"{BRANCH}:fs/open.c")
    assert (marked.version, marked.now) == (1, 2)
    ran = credseries("reroll", cwd=tree)
    assert ran.status == 0, ran.err
    assert "Leave a comment: new" in letter(tree)


def test_a_branch_that_is_gone_leaves_the_tag(tree: Path) -> None:
    send = sending(tree)
    git(tree, "branch", "--quiet", "-D", BRANCH)
    [marked] = mark(tree, send)
    assert marked.now == 0
    assert "what was sent is tagged" in marked.note
    assert read_tag(Repository.discover(tree), marked.tag) is not None


def test_a_branch_that_is_another_series_by_now_is_left_alone(tree: Path) -> None:
    send = sending(tree)
    git(tree, "branch", "--quiet", "-D", BRANCH)
    assert credseries("split", cwd=tree).status == 0
    before = git(tree, "rev-parse", BRANCH)
    [marked] = mark(tree, send)
    assert marked.now == 0
    assert "another series" in marked.note
    assert git(tree, "rev-parse", BRANCH) == before


def test_a_branch_that_is_being_rebased_is_left_alone(tree: Path) -> None:
    git(tree, "checkout", "--quiet", BRANCH)
    send, before = sending(tree), git(tree, "rev-parse", BRANCH)
    git(tree, "-c", "sequence.editor=sed -i 1s/^pick/edit/", "rebase", "--quiet", "-i", "HEAD~2")
    [marked] = mark(tree, send)
    assert "being rebased" in marked.note
    assert marked.now == 1
    assert git(tree, "rev-parse", BRANCH) == before
    git(tree, "rebase", "--abort")
    [again] = mark(tree, send)
    assert again.now == 2


def test_commits_that_git_has_lost_cannot_be_tagged(tree: Path) -> None:
    send = sending(tree)
    git(tree, "branch", "--quiet", "-D", BRANCH)
    git(tree, "update-ref", "-d", f"refs/credseries/generated/{BRANCH}")
    git(tree, "reflog", "expire", "--expire=now", "--all")
    git(tree, "gc", "--quiet", "--prune=now")
    with pytest.raises(UsageError, match="does not have that commit any more"):
        mark(tree, send)


def test_the_threads_of_a_conversion_are_marked_in_one_step(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    assert credseries("split", "--threads", "tree", cwd=miniature).status == 0
    repo = Repository.discover(miniature)
    names = [item.record.branch for item in threads(repo, None)]
    assert len(names) > 1
    sends = [sending(miniature, name) for name in names]
    marked = mark(miniature, *sends)
    assert [(item.branch, item.now, item.changed) for item in marked] == [(name, 2, True) for name in names]
    for item, send in zip(marked, sends, strict=True):
        tag = read_tag(repo, item.tag)
        assert tag is not None
        assert f"base-commit: {send.record.base}" in tag.message
        for needed in send.record.prerequisites:
            if not needed.startswith("base-commit:"):
                assert f"prerequisite-{needed}" in tag.message
    assert [item.changed for item in mark(miniature, *sends)] == [False] * len(names)
    assert credseries("status", cwd=miniature).out.count("sent v1 on") == len(names)


def test_of_several_series_all_are_marked_or_none(miniature: Path) -> None:
    assert credseries("split", "--threads", "tree", cwd=miniature).status == 0
    repo = Repository.discover(miniature)
    names = [item.record.branch for item in threads(repo, None)]
    sends = [sending(miniature, name) for name in names]
    before = read_state(miniature)
    (miniature / f".git/refs/heads/{names[-1]}.lock").touch()  # somebody else is just moving it
    with pytest.raises(GitFailed):
        mark(miniature, *sends)
    (miniature / f".git/refs/heads/{names[-1]}.lock").unlink()
    assert read_state(miniature).refs == before.refs


def test_the_version_can_be_compared_with_what_was_sent(tree: Path) -> None:
    mark(tree)
    repo = Repository.discover(tree)
    current = saved.current(repo, BRANCH)
    [version] = sent_versions(current, list_tags(repo, "sent"))
    assert version.message_ids == ("20261123-creds-rfc-v1-0-c0ffee123456@example.org",)
    found = difference(repo, current, version)
    assert found is not None
    assert not found.changed
    assert not found.gone
    assert stored_cover(current).subject


LINK = "https://patch.msgid.link/1@example.org"
LINKED = f"- Link to v1: {LINK}"
FILL = "- EDITME: describe what is new in this series revision.\n- EDITME: use bulletpoints and terse descriptions."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"Changes in v2:\n{FILL}\n{LINKED}"),
        ("Some note.", f"Some note.\n---\nChanges in v2:\n{FILL}\n{LINKED}"),
        ("Changes in v1:\n- First.", f"Changes in v2:\n{FILL}\n{LINKED}\n\nChanges in v1:\n- First."),
        ("Changes in v2:\n- Mine already.", f"Changes in v2:\n- Mine already.\n{LINKED}"),
        (f"Changes in v2:\n- Mine.\n{LINKED}", f"Changes in v2:\n- Mine.\n{LINKED}"),
        (
            "Changes in v1:\n- First.\n\nRange-diff against v0:\n\n  1:  a = 1:  b",
            f"Changes in v2:\n{FILL}\n{LINKED}\n\nChanges in v1:\n- First.",
        ),
    ],
    ids=["no notes", "a note", "an earlier version", "written in advance", "linked already", "a range-diff"],
)
def test_the_changelog_of_the_next_version_is_opened(before: str, after: str) -> None:
    assert open_version(before, 2, LINK) == after
    assert split_letter(join_letter("Subject\n\nBody.", after))[1] == after
