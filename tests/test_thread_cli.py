"""`credseries thread` as a person runs it: outside of a repository, on mails of all kinds of places."""

from __future__ import annotations

import json
import mailbox
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clicase import COMMAND, check_snapshot, credseries, environment
from tests.gitrepo import git
from tests.loreserver import lore
from tests.threadcase import AMIR, DIR, MIRA, PATCHES, ZOE, Talk, begun, quoted

REPLY = "Re: [PATCH 3/3] ovl: Convert dir.c"
LETTER_REPLY = "Re: [PATCH 0/3] overlayfs: Optimize creds"


def mbox(talk: Talk) -> bytes:
    return b"".join(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail + b"\n" for mail in talk.mails)


def reviewed() -> Talk:
    """A review with remarks of each kind and state, and a second version."""
    talk, ids = begun()
    body = quoted(DIR.split(" \terr = work")[0]) + "\nPlease take the superblock.\n\nNit: the message is short.\n"
    talk.say(AMIR, REPLY, body + "\nReviewed-by: Amir Reviewer <amir@example.com>\n", to=ids[3])
    asked = talk.say(
        MIRA, LETTER_REPLY, "Impressive!\n\nWhich workload was it?\n\nI have seen this on ARM.\n", to=ids[0]
    )
    talk.say(ZOE, LETTER_REPLY, quoted("Which workload was it?", MIRA) + "\nA customer's.\n", to=asked)
    talk.say(MIRA, REPLY, "Acked-by: Somebody Else <else@example.net>\n", to=ids[3])
    talk.say(MIRA, "Lunch?", "At noon?\n")
    new = DIR.replace("+\tguard(cred)(dentry);\n \terr = work", "+\tguard(cred)(dentry->d_sb);\n \terr = work")
    talk.post((*PATCHES[:2], ("ovl: Convert dir.c", new)), version=2)
    return talk


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "thread.mbox"
    path.write_bytes(mbox(reviewed()))
    return path


def read(*arguments: str | Path, cwd: Path) -> dict[str, Any]:
    ran = credseries("thread", *arguments, "--json", cwd=cwd)
    assert (ran.status, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert isinstance(found, dict)
    return found


def test_a_thread_is_shown_outside_of_any_repository(place: Path) -> None:
    ran = credseries("thread", place, cwd=place.parent, env={"COLUMNS": "110"})
    assert (ran.status, ran.err) == (0, "")
    check_snapshot("thread.txt", ran.out)
    assert "\x1b" not in ran.out


def test_open_remarks_end_with_a_status_that_says_so(place: Path) -> None:
    ran = credseries("thread", place, "--open", cwd=place.parent)
    assert ran.status == 1
    assert "I have seen this on ARM." in ran.out
    assert "Please take the superblock." not in ran.out
    quiet = place.with_name("quiet.mbox")
    quiet.write_bytes(mbox(begun()[0]))
    ran = credseries("thread", quiet, "--open", cwd=place.parent)
    assert (ran.status, "nothing is open" in ran.out) == (0, True)


def test_everything_that_is_shown_is_in_the_contract_too(place: Path) -> None:
    found = read(place, cwd=place.parent)
    [series] = found["series"]
    assert found["schema"] == 1
    assert (series["title"], series["authors"]) == ("overlayfs: Optimize creds", [ZOE[0]])
    assert [(item["version"], item["patches"], item["replies"]) for item in series["versions"]] == [
        (1, 3, 4),
        (2, 3, 0),
    ]
    assert series["versions"][0]["mails"][3] == {
        "patch": 3,
        "subject": "ovl: Convert dir.c",
        "message_id": "v1-3@example.org",
        "here": True,
    }
    remark = series["remarks"][0]
    assert {key: remark[key] for key in ("patch", "file", "function", "line", "removed", "kind", "state", "own")} == {
        **{"patch": 3, "file": "fs/overlayfs/dir.c", "function": "ovl_remove", "line": 43, "removed": False},
        **{"kind": "request", "state": "addressed", "own": False},
    }
    assert [letter["subject"] for letter in found["others"]] == ["Lunch?"]


def test_trailers_are_taken_as_b4_takes_them(place: Path) -> None:
    [series] = read(place, cwd=place.parent)["series"]
    assert [(item["patch"], item["trailer"], item["taken"]) for item in series["trailers"]] == [
        (3, "Reviewed-by: Amir Reviewer <amir@example.com>", True),
        (3, "Acked-by: Somebody Else <else@example.net>", False),
    ]


def test_mails_are_read_from_wherever_people_keep_them(place: Path, tmp_path: Path) -> None:
    talk = reviewed()
    box = mailbox.Maildir(tmp_path / "maildir")
    for mail in talk.mails:
        box.add(mail)
    files = tmp_path / "files"
    files.mkdir()
    for number, mail in enumerate(talk.mails):
        (files / f"{number:02}.eml").write_bytes(mail)
    one = read(place, cwd=tmp_path)["series"]
    assert read(files, cwd=tmp_path)["series"] == one
    assert {item["id"] for item in read(tmp_path / "maildir", cwd=tmp_path)["series"][0]["remarks"]} == {
        item["id"] for item in one[0]["remarks"]
    }


def test_a_mailbox_can_come_on_standard_input(place: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "thread", "-", "--json"],
        cwd=place.parent,
        env=environment(),
        input=place.read_bytes(),
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert json.loads(done.stdout) == read(place, cwd=place.parent)


def test_a_message_id_chooses_its_thread_in_a_mailbox(tmp_path: Path) -> None:
    talk = reviewed()
    other = talk.say(MIRA, "[PATCH] mm: Do something else", "Text.\n---\n" + DIR[DIR.index("diff --git") :])
    path = tmp_path / "all.mbox"
    path.write_bytes(mbox(talk))
    assert len(read(path, cwd=tmp_path)["series"]) == 2
    assert [item["title"] for item in read(path, f"<{other}>", cwd=tmp_path)["series"]] == ["mm: Do something else"]


def test_a_message_id_is_fetched_through_b4(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with lore({"v1-0@example.org": mbox(reviewed())}) as (address, asked):
        git(tmp_path, "config", "b4.midmask", f"{address}/%s")
        env = {"NO_PROXY": "127.0.0.1"}
        ran = credseries("thread", "v1-0@example.org", "--json", cwd=tmp_path, env=env)
        assert (ran.status, ran.err) == (0, "")
        missing = credseries("thread", "none@example.org", cwd=tmp_path, env=env)
    assert json.loads(ran.out)["series"][0]["title"] == "overlayfs: Optimize creds"
    assert asked[0] == "/all/v1-0%40example.org/t.mbox.gz"
    assert (missing.status, "has no mail <none@example.org>" in missing.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        (None, "gone.mbox", 2, "gone.mbox is not there, and is no Message-Id"),
        (b"", "empty.mbox", 2, "holds no message"),
        (b"\x00\x01\x02", "x.bin", 2, "is neither a mailbox nor a message"),
        (b"From: a@b.c\nSubject: Lunch?\nMessage-Id: <l@b.c>\n\nNow?\n", "lunch.eml", 0, ""),
    ],
    ids=["missing", "empty", "binary", "no-patch"],
)
def test_what_holds_no_thread_is_said(tmp_path: Path, content: bytes | None, name: str, status: int, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ran = credseries("thread", name, cwd=tmp_path)
    assert ran.status == status
    assert said in ran.err
    if not status:
        assert "no patch, and no reply to one" in ran.out
        assert "Lunch?" in ran.out


def test_control_characters_of_a_mail_do_not_reach_the_terminal(tmp_path: Path) -> None:
    talk, ids = begun()
    talk.say(AMIR, REPLY, "Why \x1b]0;title\x07 this \x1b[2J\x9b?\n", to=ids[3])
    (tmp_path / "x.mbox").write_bytes(mbox(talk))
    ran = credseries("thread", "x.mbox", cwd=tmp_path)
    assert ran.status == 0
    assert not set("\x1b\x07\x9b") & set(ran.out)
