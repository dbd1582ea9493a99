"""`credseries comments`: what reviewers said, kept with the series, shown, decided about, told in the next version."""

from __future__ import annotations

import json
import shutil
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from credseries.kernel.git import Repository
from credseries.mail.comments.reviewers import earlier_reviewers
from credseries.series import saved
from tests.clicase import check_snapshot, normal
from tests.rerollcase import AMIR, BRANCH, BRAUNER, Case, replace_in, reply
from tests.test_cli_errors import check_error, state

AUTHOR = "Demo Developer <demo@example.org>"
LIGHT = "ovl: Use the light credential override where no guard fits"
SPLIT = "Please split this, one patch a file."
FIRST = "Please send backing-file first, through the VFS tree."


@pytest.fixture
def case(split_miniature: Path, tmp_path: Path) -> Case:
    return Case(Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True)), tmp_path)


def comments(case: Case, *arguments: str | Path, status: int = 0) -> dict[str, Any]:
    ran = case.run("comments", "--json", *arguments)
    assert (ran.status, ran.err) == (status, ""), ran
    data = json.loads(ran.out)
    assert data["schema"] == 1
    assert isinstance(data, dict)
    return data


def said_by(data: dict[str, Any], sender: str, text: str) -> dict[str, Any]:
    """The remark of somebody that has these words."""
    [found] = [item for item in data["remarks"] if text in " ".join(item["text"].split()) and item["address"] in sender]
    assert isinstance(found, dict)
    return found


def discussion(sent: list[EmailMessage]) -> list[EmailMessage]:
    """What three people say of a first version, and its author of that."""
    asked = reply(sent[5], AMIR, SPLIT)
    return [
        asked,
        reply(sent[0], AMIR, FIRST),
        reply(sent[3], BRAUNER, f"Reviewed-by: {BRAUNER}"),
        reply(sent[6], BRAUNER, "Why is this not a guard?"),
        reply(asked, AUTHOR, "Will do."),
    ]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs it leaves a series that was sent: in an environment that is sealed off."""
    return tmp_path_factory.mktemp("spoken") / "linux"


@pytest.fixture
def spoken(split_miniature: Path, once: Path, tmp_path: Path) -> Case:
    """A series that was sent, and whose replies were read."""
    case = Case(tmp_path / "linux", tmp_path)
    if once.exists():
        shutil.copytree(once, case.tree, symlinks=True)
        return case
    shutil.copytree(split_miniature, case.tree, symlinks=True)
    sent = case.b4_send()
    comments(case, "--read", case.replies(*discussion(sent), thread=sent))
    shutil.copytree(case.tree, once, symlinks=True)
    return case


# -- reading


def test_mails_are_read_once_and_kept(case: Case) -> None:
    sent = case.b4_send()
    box = case.replies(*discussion(sent), thread=sent)
    first = comments(case, "--read", box)
    assert first["read"] == {"new": len(sent) + 5, "known": 0, "others": []}
    again = comments(case, "--read", box, "--read", box)
    assert again["read"] == {"new": 0, "known": 2 * len(sent) + 10, "others": []}
    assert again["remarks"] == first["remarks"] == comments(case)["remarks"]
    assert len({item["id"] for item in first["remarks"]}) == len(first["remarks"]) >= 4


def test_each_remark_is_with_its_patch_and_its_person(spoken: Case) -> None:
    data = comments(spoken)
    places = {(item["name"], item["version"], item["patch"]) for item in data["remarks"] if not item["own"]}
    assert places == {
        ("Amir Goldstein", 1, 5),
        ("Amir Goldstein", 1, 0),
        ("Christian Brauner", 1, 3),
        ("Christian Brauner", 1, 6),
    }
    assert {item["own"] for item in data["remarks"] if item["name"] == "Demo Developer"} == {True}


def test_the_author_is_who_sent_it_whatever_git_calls_him_now(case: Case) -> None:
    sent = case.b4_send()
    box = case.replies(*discussion(sent), thread=sent)
    case.git("config", "user.name", "D. Veloper")
    case.git("config", "user.email", "veloper@work.example.com")
    here = reply(sent[5], "D. Veloper <veloper@work.example.com>", "I have looked at it again.")
    elsewhere = reply(sent[0], "Demo Developer <demo@phone.example.com>", "And at this.")
    more = case.scratch / "more.mbox"
    case.replies(here, elsewhere).rename(more)
    comments(case, "--read", case.replies(*discussion(sent), thread=sent), "--read", more)
    data = comments(case, "--read", box)
    assert {item["name"] for item in data["remarks"] if item["own"]} == {"Demo Developer", "D. Veloper"}
    assert {item["name"] for item in data["remarks"] if not item["own"]} == {"Amir Goldstein", "Christian Brauner"}
    waiting = {item["name"] for item in comments(case, "--open", status=1)["remarks"]}
    assert waiting == {"Amir Goldstein", "Christian Brauner"}


def test_mails_about_something_else_are_named_and_not_kept(case: Case) -> None:
    sent = case.b4_send()
    other = reply(sent[1], AMIR, "Elsewhere.")
    del other["In-Reply-To"], other["References"], other["Subject"]
    other["Subject"] = "Re: [PATCH 1/9] xfs: Another series"
    data = comments(case, "--read", case.replies(other, reply(sent[1], AMIR, "Here, please change this.")))
    assert data["read"]["new"] == 1
    assert len(data["read"]["others"]) == 1
    assert "xfs: Another series" in data["read"]["others"][0]
    assert {item["patch"] for item in data["remarks"]} == {1}


@pytest.mark.parametrize(
    ("path", "words"),
    [("nowhere", ["nowhere is not there"]), ("MAINTAINERS", ["MAINTAINERS is neither a mailbox nor a message"])],
)
def test_what_is_no_mailbox_changes_nothing(case: Case, path: str, words: list[str]) -> None:
    before = state(case.tree)
    check_error(case.run("comments", "--read", path), 2, *words)
    assert state(case.tree) == before


def test_threads_of_a_conversion_have_their_own_discussions(miniature: Path, tmp_path: Path) -> None:
    case = Case(miniature, tmp_path)
    assert case.run("split", "--threads", "tree").status == 0
    name = f"{BRANCH}-vfs"
    assert case.run("reroll", "--branch", name, "--sent-as", "vfs@example.org", "--resend").status == 0
    first = EmailMessage()
    first["Subject"], first["Message-Id"] = "[PATCH RFC 0/3] x", "<vfs@example.org>"
    box = case.replies(reply(first, AMIR, FIRST))
    ran = json.loads(case.run("comments", "--branch", name, "--read", box, "--json").out)
    assert ran["read"]["new"] == 1
    assert [item["patch"] for item in ran["remarks"]] == [0]
    other = next(branch for branch in saved.branches(Repository.discover(miniature)) if branch != name)
    assert json.loads(case.run("comments", "--branch", other, "--json").out)["remarks"] == []


# -- what is shown


def test_before_anything_was_sent_there_is_nothing_to_do(case: Case) -> None:
    ran = case.run("comments", "--open")
    assert ran.status == 0, ran
    assert ran.out.startswith(f"{BRANCH}: nothing sent; 0 remarks; 0 open")


def test_open_remarks_give_the_exit_status(spoken: Case) -> None:
    data = comments(spoken, "--open", status=1)
    assert data["remarks"]
    assert {item["state"] for item in data["remarks"]} == {"open"}
    assert comments(spoken)["remarks"] != data["remarks"]
    for item in data["remarks"]:
        comments(spoken, "--resolve", item["key"])
    assert comments(spoken, "--open", status=0)["remarks"] == []


def test_remarks_of_one_person_or_on_one_patch(spoken: Case) -> None:
    assert {item["name"] for item in comments(spoken, "--person", "brauner")["remarks"]} == {"Christian Brauner"}
    assert {item["patch"] for item in comments(spoken, "--patch", "0")["remarks"]} == {0}
    check_error(spoken.run("comments", "--person", "Nobody"), 2, "no remark is by 'Nobody'", "Amir Goldstein")
    check_error(spoken.run("comments", "--patch", "9"), 2, "no version of the series has a patch 9", "patches 1-6")


def test_what_is_left_to_do_besides_remarks(spoken: Case) -> None:
    todo = comments(spoken)["todo"]
    assert [item["patch"] for item in todo["unreviewed"]] == [1, 2, 4, 5, 6]
    assert [(item["trailer"], item["missing"]) for item in todo["trailers"]] == [(f"Reviewed-by: {BRAUNER}", [3])]
    assert [item["address"] for item in todo["silent"]] == ["list@example.org"]
    assert todo["not_back"] == []
    spoken.reroll("--resend")
    assert comments(spoken)["todo"]["trailers"] == []


def test_people_who_were_written_to_and_said_nothing(case: Case) -> None:
    case.git("config", "sendemail.to", "Amir Goldstein <amir73il@gmail.com>, Silent <silent@example.net>")
    sent = case.b4_send()
    for message in sent:
        del message["To"]
        message["To"] = f"{AMIR}, Silent <silent@example.net>, linux-fsdevel@vger.kernel.org"
    data = comments(case, "--read", case.replies(reply(sent[1], AMIR, SPLIT), thread=sent))
    assert [item["address"] for item in data["todo"]["silent"]] == ["silent@example.net"]


@pytest.mark.parametrize("by", ["patch", "person"])
def test_what_a_person_reads(spoken: Case, by: str) -> None:
    ran = spoken.run("comments", "--by", by)
    assert ran.status == 0, ran
    assert max(map(len, ran.out.splitlines())) <= 100
    check_snapshot(f"comments-by-{by}.txt", normal(ran.out))


def test_nothing_in_a_mail_reaches_the_terminal_as_a_command(case: Case) -> None:
    sent = case.b4_send()
    box = case.replies(reply(sent[1], '"Mal\x1b[2Jlory" <m@example.net>', "Please\x1b]0;title\x07 do it."))
    ran = case.run("comments", "--read", box)
    assert ran.status == 0, ran
    assert "\x1b" not in ran.out + ran.err
    assert "\x07" not in ran.out + ran.err


# -- decisions


def test_what_is_resolved_is_told_in_the_next_changelog(spoken: Case) -> None:
    remark = said_by(comments(spoken), AMIR, "backing-file first")
    data = comments(spoken, "--resolve", remark["key"], "--because", "moved backing-file first")
    done = said_by(data, AMIR, "backing-file first")
    assert (done["state"], done["why"]) == ("addressed", "done, said by hand: moved backing-file first")
    spoken.reroll("--resend")
    assert "- moved backing-file first (Amir Goldstein)" in spoken.log


def test_what_is_declined_names_where_and_is_not_credited(spoken: Case) -> None:
    key = said_by(comments(spoken), AMIR, "split this")["key"]
    check_error(spoken.run("comments", "--decline", key), 2, "--decline needs a link", "--link")
    data = comments(spoken, "--decline", key, "--link", "<answer@example.org>")
    declined = said_by(data, AMIR, "split this")
    assert (declined["state"], declined["why"]) == ("declined", "declined by hand: answer@example.org")
    spoken.reroll("--recipe", "per-file")
    assert "(Amir Goldstein)" not in spoken.log
    comments(spoken, "--reopen", key)
    spoken.reroll()
    assert "split into 8 patches, one a\n  file (Amir Goldstein)" in spoken.log


def test_a_kind_can_be_set_by_hand(spoken: Case) -> None:
    identity = said_by(comments(spoken), BRAUNER, "Why is this not a guard")["id"]
    data = comments(spoken, "--kind", f"{identity}=nit")
    assert said_by(data, BRAUNER, "Why is this not a guard")["kind"] == "nit"
    data = comments(spoken, "--kind", f"{identity}=praise")
    assert said_by(data, BRAUNER, "Why is this not a guard")["state"] == "none"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--resolve", "zzzz"], ["no remark has the id 'zzzz'", "shows ids"]),
        (["--because", "x"], ["--because says nothing of any remark"]),
        (["--link", "x@y.z"], ["--link says where a remark was declined"]),
        (["--decline", "KEY", "--link", "nothing"], ["'nothing' is no Message-Id"]),
        (["--resolve", "KEY", "--reopen", "KEY"], ["is named twice"]),
        (["--kind", "KEY=nitt"], ["'nitt' is no kind of remark (did you mean nit?)"]),
        (["--kind", "nit"], ["no remark has the id ''"]),
    ],
    ids=["unknown", "because", "link", "no-link", "twice", "kind", "no-id"],
)
def test_wrong_use(spoken: Case, arguments: list[str], words: list[str]) -> None:
    key = comments(spoken)["remarks"][0]["key"]
    before = state(spoken.tree)
    check_error(spoken.run("comments", *(item.replace("KEY", key) for item in arguments)), 2, *words)
    assert state(spoken.tree) == before


def test_a_discussion_that_cannot_be_read_is_refused_and_stays(spoken: Case) -> None:
    repo = Repository.discover(spoken.tree)
    with saved.opened(repo) as store:
        value = {**store.get("remarks", spoken.change_id), "schema": 7}
        store.put("remarks", spoken.change_id, value)
    check_error(spoken.run("comments"), 4, "was kept in another format (7", "nothing of it was changed")
    check_error(spoken.run("reroll", "--resend"), 4, "was kept in another format (7")
    with saved.opened(repo) as store:
        assert store.get("remarks", spoken.change_id) == value


# -- the next version


def test_a_reroll_needs_no_mailbox_for_what_was_read(spoken: Case) -> None:
    found = spoken.reroll("--recipe", "per-file")
    assert [(item["patch"], item["comments"]) for item in found["replies"]] == [
        *((5, True), (0, True), (3, False), (6, True)),
    ]
    assert "split into 8 patches, one a\n  file (Amir Goldstein)" in spoken.log
    assert "- Reviewed-by of Christian Brauner added to patch 3" in spoken.log
    log = spoken.log
    spoken.reroll()
    assert spoken.log == log


def test_a_reroll_keeps_what_it_reads(case: Case) -> None:
    sent = case.b4_send()
    box = case.replies(*discussion(sent), thread=sent)
    before = state(case.tree)
    assert case.run("reroll", "--replies", box, "--recipe", "per-file", "--dry-run").status == 0
    assert state(case.tree) == before
    assert comments(case)["remarks"] == []
    case.reroll("--replies", box, "--recipe", "per-file")
    log = case.log
    assert comments(case, "--read", box)["read"]["new"] == 0
    case.reroll("--replies", box)
    assert case.log == log


def test_who_asked_for_what_did_not_change_is_not_named(spoken: Case) -> None:
    spoken.edit(replace_in(spoken, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    spoken.reroll()
    assert "Amir" not in spoken.log


def test_the_letter_of_the_next_version_names_what_waits_for_a_review(spoken: Case) -> None:
    assert "No review yet" not in spoken.letter
    spoken.reroll("--resend")
    assert "Patch 3 has a Reviewed-by or an Acked-by. No review yet:\n\n  1: " in spoken.letter
    assert f"\n  6: {LIGHT}\n" in spoken.letter
    spoken.edit(replace_in(spoken, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    assert spoken.run("cover", "--note", "A note.").status == 0
    assert "Patch 3 has a Reviewed-by" in spoken.letter


def test_who_spoke_of_the_first_version_and_not_of_the_second(spoken: Case) -> None:
    spoken.reroll("--recipe", "per-file")
    sent = [message for message in spoken.b4_send() if "-v2-" in str(message["Message-Id"])]
    data = comments(spoken, "--read", spoken.replies(reply(sent[1], BRAUNER, "And this?")))
    assert data["version"] == 2
    assert [(item["name"], item["why"]) for item in data["todo"]["not_back"]] == [
        ("Amir Goldstein", "said something of v1")
    ]


def test_earlier_reviewers_are_known(spoken: Case) -> None:
    found = earlier_reviewers(Repository.discover(spoken.tree), BRANCH)
    assert [(item.name, item.address) for item in found] == [
        ("Amir Goldstein", "amir73il@gmail.com"),
        ("Christian Brauner", "brauner@kernel.org"),
    ]
    assert all("v1" in item.reason for item in found)
