"""Mails are found wherever people keep them, and what is no mail is named for what it is."""

from __future__ import annotations

import gzip
import hashlib
import io
import mailbox
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.errors import EnvironmentProblem, UsageError
from credseries.mail.thread import inbox, sources
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.mbox import is_mbox, split_mbox
from credseries.mail.thread.sources import read_source
from tests.gitrepo import git, write_files

PAGE = "Re: frob\n\nFrom: Ann\nDate: Tue Mar 05 2024 - 08:09:10 EST\n\n\nwords\n"


def mail(name: str, body: str = "words\n", answers: str = "") -> bytes:
    field = f"In-Reply-To: <{answers}@x.org>\n" if answers else ""
    return f"From: Ann <ann@x.org>\nSubject: {name}\nMessage-Id: <{name}@x.org>\n{field}\n{body}".encode()


def mbox(*mails: bytes) -> bytes:
    return b"".join(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + item + b"\n" for item in mails)


def names(place: Path, *ids: str) -> list[str]:
    return [read_letter(raw.data).subject for raw in read_source(place, ids)]


# -- mailboxes


def test_messages_of_a_mailbox_are_those_that_were_put_in() -> None:
    mails = (mail("one"), mail("two", "From here on:\nNote: x\n\nFrom what I see\n"), mail("three"))
    assert split_mbox(mbox(*mails)) == mails


@pytest.mark.parametrize(
    "line",
    [
        b"From ann@x.org Tue Mar  5 08:09:10 2024",
        b"From ann@x.org  Tue Mar  5 08:09:10 +0100 2024",
        b"From - Tue Mar 05 08:09:10 2024",
        b"From MAILER-DAEMON Tue Mar  5 08:09:10 2024",
        b"From nobody",
    ],
)
def test_lines_that_part_messages_come_in_many_forms(line: bytes) -> None:
    data = b"".join(line + b"\n" + mail(name) + b"\n" for name in ("one", "two"))
    assert split_mbox(data) == (mail("one"), mail("two"))
    crlf = split_mbox(data.replace(b"\n", b"\r\n"))
    assert crlf == tuple(item.replace(b"\n", b"\r\n") for item in (mail("one"), mail("two")))


def test_patches_of_git_format_patch_are_a_mailbox_and_attached_ones_are_text() -> None:
    patch = b"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n" + mail("p") + b"\n"
    assert split_mbox(patch * 3) == (mail("p"),) * 3
    assert split_mbox(mbox(mail("one", "see\n\n" + patch.decode())))[0].count(b"Subject:") == 2


def test_a_mailbox_that_python_writes_comes_back(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    body = "text\n\nFrom the start\n> quote\n"
    for name in ("one", "two"):
        box.add(mail(name, body))
    box.close()
    assert [raw.data for raw in read_source(tmp_path / "box")] == [mail("one", body), mail("two", body)]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text("ab \n>From:", max_size=60), min_size=1, max_size=4))
def test_mboxrd_loses_nothing(bodies: list[str]) -> None:
    mails = [mail(f"m{number}", body + "\n") for number, body in enumerate(bodies)]
    escaped = [
        b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in item.split(b"\n"))
        for item in mails
    ]
    assert split_mbox(mbox(*escaped)) == tuple(mails)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_split(data: bytes) -> None:
    assert is_mbox(b"From " + data)
    for item in (data, b"From " + data, b"From x\n\n" + data):
        assert all(found.strip() and found in item.replace(b">From ", b"From ") for found in split_mbox(item))


# -- places


def test_each_place_gives_its_messages(tmp_path: Path) -> None:
    both = mbox(mail("one"), mail("two"))
    write_files(
        tmp_path,
        {
            "t.mbox": both,
            "t.mbox.gz": gzip.compress(both),
            "twice.gz": gzip.compress(mbox(mail("one"))) + gzip.compress(mbox(mail("two"))),
            "eml/0001-two.eml": mail("two"),
            "eml/0000-one.eml": mail("one"),
            "eml/notes.odt": b"\0",
            "maildir/cur/1.x:2,S": mail("one"),
            "maildir/new/2.x": mail("two"),
            "maildir/tmp/3.x": mail("three"),
        },
    )
    for place in ("t.mbox", "t.mbox.gz", "twice.gz", "eml", "maildir"):
        assert names(tmp_path / place) == ["one", "two"], place
    assert [raw.where for raw in read_source(tmp_path / "t.mbox")] == [f"{tmp_path}/t.mbox:{n}" for n in (1, 2)]
    assert names(tmp_path / "eml/0000-one.eml") == ["one"]
    raws = read_source(Path("-"), stdin=io.BytesIO(both))
    assert [raw.where for raw in raws] == ["standard input:1", "standard input:2"]


def test_a_page_of_an_archive_is_a_message(tmp_path: Path) -> None:
    write_files(tmp_path, {"page.txt": PAGE, "page-crlf.txt": PAGE.replace("\n", "\r\n"), "pages/a.txt": PAGE})
    for place in ("page.txt", "page-crlf.txt", "pages"):
        assert names(tmp_path / place) == ["Re: frob"]


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"<!DOCTYPE html><p>x", "it is a web page"),
        (b"\x7fELF\0\0", "it is binary"),
        (b"just some text\n", "it begins with 'just some text'"),
    ],
)
def test_what_is_no_mail_is_named(tmp_path: Path, content: bytes, seen: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(UsageError, match=seen) as caught:
        read_source(tmp_path / "x")
    assert "give an mbox" in caught.value.hint


@pytest.mark.parametrize(("name", "said"), [("none", "is not there"), ("empty", "no message"), ("dir", "it is empty")])
def test_where_there_is_nothing_that_is_said(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "dir").mkdir()
    with pytest.raises(UsageError, match=said):
        read_source(tmp_path / name)


def test_damaged_gzip_is_said(tmp_path: Path) -> None:
    packed = gzip.compress(mbox(mail("one")))
    write_files(tmp_path, {"cut.gz": packed[:-12], "bad.gz": packed[:20] + b"xxxx" + packed[24:]})
    with pytest.raises(UsageError, match="ends in the middle"):
        read_source(tmp_path / "cut.gz")
    with pytest.raises(UsageError, match="is damaged"):
        read_source(tmp_path / "bad.gz")


def test_more_than_can_be_meant_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LIMIT", 1024 * 1024)
    large = mbox(mail("one", "x\n" * 600_000))
    write_files(tmp_path, {"t.mbox": large, "t.gz": gzip.compress(large), "maildir/cur/1": large})
    for name in ("t.mbox", "t.gz", "maildir"):
        with pytest.raises(UsageError, match="more than 1 MiB"):
            read_source(tmp_path / name)
    monkeypatch.setattr(sources, "FILES", 1)
    write_files(tmp_path, {"many/1.eml": mail("one"), "many/2.eml": mail("two")})
    with pytest.raises(UsageError, match="more than 1 files"):
        read_source(tmp_path / "many")


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "box"
    place.write_bytes(mbox(mail("one")))

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(EnvironmentProblem, match="Permission denied"):
        read_source(place)


# -- archives in git


def archive(directory: Path, *mails: bytes) -> Path:
    """A public-inbox archive (version 2), each mail a commit; an empty one takes the mail before it back."""
    epoch = directory / "git" / "0.git"
    work = directory / "work"
    for path in (work, epoch.parent):
        path.mkdir(parents=True)
    git(work, "init", "--quiet", f"--separate-git-dir={epoch.absolute()}")
    before = b""
    for item in mails:
        for name in ("m", "d"):
            (work / name).unlink(missing_ok=True)
        (work / ("m" if item else "d")).write_bytes(item or before)
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "-m", "mail")
        before = item
    git(epoch, "config", "core.bare", "true")
    return directory


def test_an_archive_gives_the_threads_that_are_asked_for(tmp_path: Path) -> None:
    place = archive(
        tmp_path / "list",
        *(mail("other"), mail("root"), mail("reply", answers="root"), mail("else", answers="other")),
        *(mail("deep", answers="reply"), mail("lost", answers="root"), b""),
    )
    for where in (place, place / "git/0.git"):
        assert names(where) == ["other", "root", "reply", "else", "deep"]
        for identity in ("root@x.org", "deep@x.org"):
            assert names(where, identity) == ["root", "reply", "deep"]
    with pytest.raises(UsageError, match=r"no message with, or about, <none@x.org> or 1 more"):
        read_source(place, ("none@x.org", "neither@x.org"))


def test_epochs_are_read_in_order(tmp_path: Path) -> None:
    first, second = archive(tmp_path / "a", mail("root")), archive(tmp_path / "b", mail("reply", answers="root"))
    (second / "git/0.git").rename(first / "git/1.git")
    assert names(first) == names(first, "root@x.org") == ["root", "reply"]


def test_an_archive_of_files_is_read_in_the_order_of_its_history(tmp_path: Path) -> None:
    work = tmp_path / "v1"
    work.mkdir()
    git(work, "init", "--quiet")
    for item in (mail("root"), mail("gone"), mail("other"), mail("reply", answers="root")):
        name = hashlib.sha1(item).hexdigest()
        write_files(work, {f"{name[:2]}/{name[2:]}": item})
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "-m", "mail")
    name = hashlib.sha1(mail("gone")).hexdigest()
    git(work, "rm", "--quiet", f"{name[:2]}/{name[2:]}")
    git(work, "commit", "--quiet", "-m", "rm")
    assert names(work / ".git") == ["root", "other", "reply"]
    assert names(work / ".git", "root@x.org") == ["root", "reply"]


def test_an_archive_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = archive(tmp_path / "list", mail("root"), mail("one"), mail("two"))
    monkeypatch.setattr(inbox, "UNASKED", 2)
    monkeypatch.setattr(inbox, "_BATCH", 2)
    with pytest.raises(UsageError, match="more than 2 messages") as caught:
        read_source(place)
    assert "Message-Id" in caught.value.hint
    assert names(place, "one@x.org") == ["one"]
    monkeypatch.setattr(inbox, "SCANNED", 2)
    with pytest.raises(UsageError, match="no message among its newest 2"):
        read_source(place, ("root@x.org",))


def test_a_repository_of_code_is_no_archive(tmp_path: Path) -> None:
    write_files(tmp_path, {"linux/Makefile": "x\n", "linux/fs/x.c": "y\n"})
    git(tmp_path / "linux", "init", "--quiet")
    with pytest.raises(UsageError, match="holds no message"):
        read_source(tmp_path / "linux")
    git(tmp_path / "linux", "add", "--all")
    git(tmp_path / "linux", "commit", "--quiet", "-m", "x")
    with pytest.raises(UsageError, match="no public-inbox archive: it has Makefile, fs"):
        read_source(tmp_path / "linux")
