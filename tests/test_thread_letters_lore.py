"""A thread is fetched through b4 from the archive that b4 is set up for; where that fails, one is told why."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from credseries.errors import B4Failed, UsageError
from credseries.mail.b4adapter import fetch_thread
from tests.gitrepo import git
from tests.loreserver import lore

MAIL = b"From: Ann <ann@x.org>\nSubject: one\nMessage-Id: <a+1@x.org>\n\nwords\n\nFrom here.\n"
REPLY = b"From: Bob <bob@x.org>\nSubject: Re: one\nMessage-Id: <b@x.org>\nIn-Reply-To: <a+1@x.org>\n\nno\n"
MAILBOX = b"".join(
    b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail.replace(b"\nFrom ", b"\n>From ") + b"\n"
    for mail in (MAIL, REPLY)
)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "--quiet")
    return path


def use(repo: Path, address: str) -> None:
    git(repo, "config", "b4.midmask", f"{address}/%s")


@pytest.mark.parametrize("name", ["a+1@x.org", "<a+1@x.org>"])
def test_the_mails_of_a_thread_come_as_they_were_sent(repo: Path, name: str) -> None:
    with lore({"a+1@x.org": MAILBOX}) as (address, asked):
        use(repo, address)
        assert fetch_thread(repo, name) == (MAIL, REPLY)
        assert fetch_thread(repo, name) == (MAIL, REPLY)
    assert asked == ["/all/a%2B1%40x.org/t.mbox.gz"] * 2


def test_the_address_of_a_mail_is_as_good(repo: Path) -> None:
    with lore({"a+1@x.org": MAILBOX}) as (address, _):
        assert fetch_thread(repo, f"{address}/a%2B1@x.org/") == (MAIL, REPLY)


def test_a_mail_that_the_archive_does_not_have_is_said(repo: Path) -> None:
    with lore({}) as (address, _):
        use(repo, address)
        with pytest.raises(UsageError, match=r"127\.0\.0\.1.* has no mail <none@x\.org>"):
            fetch_thread(repo, "none@x.org")


def test_without_a_network_the_hint_is_to_give_a_file(repo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        use(repo, f"http://127.0.0.1:{nobody.getsockname()[1]}/all")
        with pytest.raises(B4Failed, match=r"thread of <a@x\.org> cannot be fetched from 127\.0\.0\.1") as caught:
            fetch_thread(repo, "a@x.org")
    assert "b4 mbox MESSAGE-ID" in caught.value.hint
    assert capfd.readouterr() == ("", "")


def test_an_answer_that_is_no_mailbox_is_said(repo: Path) -> None:
    with lore({"a@x.org": b"<html>"}, packed=False) as (address, _):
        use(repo, address)
        with pytest.raises(B4Failed, match="cannot be fetched from"):
            fetch_thread(repo, "a@x.org")
    with lore({"a@x.org": MAILBOX}, status=503) as (address, _):
        use(repo, address)
        with pytest.raises(B4Failed, match="503"):
            fetch_thread(repo, "a@x.org")


def test_the_network_is_closed_again(repo: Path) -> None:
    import b4

    with lore({"a+1@x.org": MAILBOX}) as (address, _):
        use(repo, address)
        before = (b4.can_network, b4.LORENODE, b4.REQSESSION)
        fetch_thread(repo, "a+1@x.org")
        assert (b4.can_network, b4.LORENODE, b4.REQSESSION) == before
