"""Messages carry a series: what arrives applies to the same tree, in one thread, at the right people."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

import pytest

from credseries.errors import EnvironmentProblem, UsageError
from credseries.kernel.git import Repository
from credseries.mail.cover import render_cover
from credseries.mail.files import mbox_bytes, write_mbox, write_messages
from credseries.mail.message import Address, Message
from credseries.mail.recipients import RecipientPlan, Recipients, plan
from credseries.mail.send import prepare
from credseries.series.model import SeriesRecord
from tests.gitrepo import git
from tests.mailcase import AUTHOR, CHANGE_ID, COMMITS, STAMP, Tree, make_series, make_tree, put_on_branch
from tests.test_recipients import MAINTAINERS, ME


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_tree(tmp_path / "linux")


@pytest.fixture
def series(tree: Tree) -> SeriesRecord:
    series = make_series(tree.base, tree.tip)
    return put_on_branch(tree.path, series, render_cover(series))


@pytest.fixture
def messages(tree: Tree, series: SeriesRecord) -> list[Message]:
    recipients = plan(series, MAINTAINERS, own_address=ME, cc=["fsdevel"])
    return prepare(Repository.discover(tree.path), series, recipients, stamp=STAMP)


@pytest.fixture
def at_base(tree: Tree, tmp_path: Path) -> Path:
    """A work tree of its own, at the base of the series."""
    path = tmp_path / "apply"
    tree.git("worktree", "add", "--quiet", "--detach", str(path), tree.base)
    return path


def parsed(message: Message) -> EmailMessage:
    return message_from_bytes(message.data, policy=policy.default)  # type: ignore[return-value]


def tree_id(directory: Path, revision: str) -> str:
    return git(directory, "rev-parse", f"{revision}^{{tree}}").strip()


def test_through_an_mbox_b4_and_git_am_comes_the_same_tree(
    messages: list[Message], tree: Tree, tmp_path: Path, at_base: Path
) -> None:
    write_mbox(messages, tmp_path / "x.mbox")
    got = tree.b4("-n", "am", "-m", str(tmp_path / "x.mbox"), "-o", str(tmp_path / "d"))
    assert got.returncode == 0, got.stderr
    (mbox,) = (tmp_path / "d").glob("*.mbx")
    git(at_base, "am", "--quiet", str(mbox))
    assert tree_id(at_base, "HEAD") == tree_id(tree.path, tree.tip)


def test_through_the_files_and_git_am_comes_the_same_history(
    messages: list[Message], tree: Tree, tmp_path: Path, at_base: Path
) -> None:
    paths = write_messages(messages, tmp_path / "outgoing")
    git(at_base, "am", "--quiet", *map(str, paths[1:]))
    assert tree_id(at_base, "HEAD") == tree_id(tree.path, tree.tip)
    arrived = git(at_base, "log", "--reverse", "--format=%an%n%B", f"{tree.base}..HEAD")
    assert arrived == git(tree.path, "log", "--reverse", "--format=%an%n%B", f"{tree.base}..{tree.tip}")


def test_git_reads_the_mbox_too_and_with_mboxrd_to_the_letter(
    messages: list[Message], tree: Tree, tmp_path: Path, at_base: Path
) -> None:
    write_mbox(messages[1:], tmp_path / "x.mbox")
    git(at_base, "am", "--quiet", "--patch-format=mboxrd", str(tmp_path / "x.mbox"))
    assert tree_id(at_base, "HEAD") == tree_id(tree.path, tree.tip)
    arrived = git(at_base, "log", "--reverse", "--format=%B", f"{tree.base}..HEAD")
    assert arrived == git(tree.path, "log", "--reverse", "--format=%B", f"{tree.base}..{tree.tip}")
    assert ">From here on, a long-lived" in (tmp_path / "x.mbox").read_text()


def test_it_is_one_thread_with_the_cover_first(messages: list[Message]) -> None:
    cover, *patches = map(parsed, messages)
    assert [message.index for message in messages] == [0, 1, 2, 3]
    assert cover["In-Reply-To"] is None
    assert len({message.message_id for message in messages}) == 4
    for patch in patches:
        assert patch["In-Reply-To"] == patch["References"] == cover["Message-Id"] == messages[0].message_id


def test_subjects_are_numbered_as_b4_does(messages: list[Message]) -> None:
    assert [str(parsed(message)["Subject"]) for message in messages] == [
        "[PATCH RFC 0/3] overlayfs: Optimize override/revert creds",
        *(f"[PATCH RFC {number}/3] {text.splitlines()[0]}" for number, (text, _) in enumerate(COMMITS, 1)),
    ]
    assert [message.title for message in messages[1:]] == [text.splitlines()[0] for text, _ in COMMITS]


def test_every_message_has_its_own_recipients(messages: list[Message]) -> None:
    for message in messages:
        headers = parsed(message)
        for header, people in (("To", message.to), ("Cc", message.cc)):
            found = [address for _, address in getaddresses([str(headers[header])])]
            assert found == [person.address for person in people]
    assert "miklos@szeredi.hu" in str(parsed(messages[3])["To"])
    assert "miklos@szeredi.hu" not in str(parsed(messages[1])["To"])
    assert all("linux-fsdevel@vger.kernel.org" in str(parsed(message)["Cc"]) for message in messages)


def test_the_same_stamp_gives_the_same_bytes(messages: list[Message], tree: Tree, series: SeriesRecord) -> None:
    recipients = plan(series, MAINTAINERS, own_address=ME, cc=["fsdevel"])
    time.sleep(1.1)  # b4 packs its tracking data with gzip, which notes the second
    assert prepare(Repository.discover(tree.path), series, recipients, stamp=STAMP) == messages


def test_b4_still_reads_its_tracking_data_from_a_stamped_letter(messages: list[Message]) -> None:
    packed = "".join(str(parsed(messages[0])["X-B4-Tracking"]).partition(" b=")[2].split())
    tracking = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert tracking["series"]["change-id"] == CHANGE_ID


def test_headers_are_ascii_and_names_survive(messages: list[Message]) -> None:
    assert all(message.data.partition(b"\n\n")[0].isascii() for message in messages)
    assert str(parsed(messages[0])["From"]) == f"{AUTHOR} <zoe@example.org>"


@pytest.mark.parametrize(
    "name",
    [
        "Eve\r\nBcc: x@example.org",
        "Eve\nX-Evil: yes",
        "Eve\x00",
        'E. "Q" O\\',
        "Ève, Ünï",
        "=?utf-8?q?E=0AX:_y?=",
    ],
)
def test_no_name_gets_into_other_headers(tree: Tree, series: SeriesRecord, name: str) -> None:
    eve = (Address(name, "eve@example.org", ("test",)),)
    everybody = RecipientPlan(Recipients(0, eve, eve), tuple(Recipients(n, eve, eve) for n in (1, 2, 3)))
    for message in prepare(Repository.discover(tree.path), series, everybody, stamp=STAMP):
        headers = parsed(message)
        assert not {"Bcc", "X-Evil", "X"} & set(headers.keys())
        assert [address for _, address in getaddresses([str(headers["To"])])] == ["eve@example.org"]
        assert message.data.partition(b"\n\n")[0].count(b"\nTo: ") == 1


def test_a_branch_that_has_changed_since_is_noticed(tree: Tree, series: SeriesRecord) -> None:
    shorter = dataclasses.replace(series, patches=series.patches[:2])
    recipients = plan(shorter, MAINTAINERS, own_address=ME)
    with pytest.raises(UsageError, match="finds 3 patches on ovl-creds, and there are 2"):
        prepare(Repository.discover(tree.path), shorter, recipients)


def test_a_series_of_one_patch_is_one_message(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "one", COMMITS[:1])
    series = dataclasses.replace(make_series(tree.base, tree.tip), patches=make_series().patches[:1])
    series = put_on_branch(tree.path, dataclasses.replace(series, revision=2, prefixes=()), render_cover(series))
    repo = Repository.discover(tree.path)
    (message,) = prepare(repo, series, plan(series, MAINTAINERS, own_address=ME), stamp=STAMP)
    assert message.index == 1
    assert message.subject == f"[PATCH v2] {COMMITS[0][0].splitlines()[0]}"
    (path,) = write_messages([message], tmp_path / "out")
    tree.git("am", "--quiet", str(path))
    assert tree_id(tree.path, "HEAD") == tree_id(tree.path, tree.tip)


def test_files_are_numbered_and_named_by_title(messages: list[Message], tmp_path: Path) -> None:
    paths = write_messages(messages, tmp_path / "a/b")
    assert [path.name for path in paths] == [
        "0000-cover-letter.eml",
        "0001-cred-Add-a-light-override-for-Zo.eml",
        "0002-backing-file-Convert-to-guard-cred.eml",
        "0003-overlayfs-Convert-to-guard-its-subject-much-longer-t.eml",
    ]
    assert [path.read_bytes() for path in paths] == [message.data for message in messages]
    assert sorted((tmp_path / "a/b").iterdir()) == paths


def test_an_earlier_run_is_replaced(messages: list[Message], tmp_path: Path) -> None:
    write_messages(messages, tmp_path)
    renamed = [dataclasses.replace(message, title=f"new {message.title}") for message in messages[:3]]
    paths = write_messages(renamed, tmp_path)
    assert sorted(tmp_path.glob("*.eml")) == paths


@pytest.mark.parametrize("name", ["note.eml", "0009-other.eml"])
def test_messages_of_others_are_not_mixed_with_ours(messages: list[Message], tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("Message-Id: <20261123-another-v1-1-0123456789ab@example.org>\n\nhello\n")
    with pytest.raises(UsageError, match=name):
        write_messages(messages, out)
    assert [path.name for path in out.iterdir()] == [name]


def test_a_place_that_cannot_be_written_is_an_error_of_ours(messages: list[Message], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentProblem):
        write_messages(messages, tmp_path / "file")
    with pytest.raises(EnvironmentProblem):
        write_mbox(messages, tmp_path / "file/x.mbox")


def test_an_mbox_starts_a_message_only_where_one_starts(messages: list[Message]) -> None:
    lines = mbox_bytes(messages).split(b"\n")
    assert sum(line.startswith(b"From ") for line in lines) == 4
