"""Encryption that is asked for is there or nothing is said, and a password is told to the server alone."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.mail.transport.authentication import mechanisms
from credseries.mail.transport.credentials import Credentials
from credseries.mail.transport.model import NotTaken
from credseries.mail.transport.settings import Server
from credseries.mail.transport.smtp import open_smtp
from tests.gitrepo import git, make_repo
from tests.smtpserver import Fault, Manner, Point, SmtpServer
from tests.transportcase import Handing, connection, letter, message_id, server_of

SECRET = "hünter 2%"
USERS = {"dev": SECRET}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return Repository.discover(make_repo(tmp_path, {"Makefile": "all:\n"}))


def credentials(repo: Repository, server: Server) -> Credentials:
    return Credentials(repo, server, terminal=False)


def keep_passwords(repo: Repository, tmp_path: Path, password: str) -> Path:
    """git's credential helper is a program that always has this password, and writes down what it was asked."""
    log, helper = tmp_path / "asked", tmp_path / "helper"
    helper.write_text(f'#!/bin/sh\necho "$1" >> {log}\ncat >> {log}\n[ "$1" = get ] && echo "password={password}"\n:\n')
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    assert repo.work_tree is not None
    git(repo.work_tree, "config", "--global", "credential.helper", str(helper))
    return log


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_message_goes_out_encrypted_and_authenticated(repo: Repository, tls: str, mechanism: str) -> None:
    with SmtpServer(manner=Manner(tls=tls, users=USERS, mechanisms=(mechanism,))) as server:
        settings = server_of(server, user="dev", password=SECRET)
        with connection(server, credentials(repo, settings), user="dev", password=SECRET) as transport:
            Handing(transport).deliver(letter())
    assert server.message_ids() == [message_id(1)]
    (session,) = server.sessions
    assert (session.encrypted, session.user) == (True, "dev")
    assert f"AUTH {mechanism}" in session.commands


def test_nothing_but_a_greeting_goes_to_a_server_without_starttls() -> None:
    with SmtpServer() as plain:
        settings = server_of(plain)
    with SmtpServer(manner=Manner(users=USERS)) as server:
        settings = server_of(server, encryption="tls", user="dev", password=SECRET)
        with pytest.raises(NotTaken, match="offers no STARTTLS") as caught:
            open_smtp(settings, None)
        assert caught.value.lasting
    assert server.arrived == []
    assert server.sessions[0].commands == ["EHLO laptop.example.org"]


def test_a_server_that_takes_starttls_back_gets_no_message() -> None:
    with SmtpServer([Fault(Point.STARTTLS, "454 4.7.0 not now")], Manner(tls="starttls")) as server:
        with pytest.raises(NotTaken, match="454") as caught:
            open_smtp(server_of(server), None)
        assert not caught.value.lasting
    assert server.sessions[0].commands[-1] == "STARTTLS"


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_certificate_that_nobody_known_has_signed_is_refused_unless_it_need_not_be_checked(tls: str) -> None:
    with SmtpServer(manner=Manner(tls=tls)) as server:
        with pytest.raises(NotTaken, match="certificate that is not to be trusted") as caught:
            open_smtp(server_of(server, certificates=None), None)
        assert caught.value.lasting
        assert "sendemail.smtpSSLCertPath" in caught.value.hint
        with connection(server, certificates="") as transport:
            Handing(transport).deliver(letter())
    assert server.message_ids() == [message_id(1)]


def test_certificates_that_are_none_are_said(tmp_path: Path) -> None:
    (tmp_path / "odd.pem").write_text("nothing")
    with SmtpServer(manner=Manner(tls="ssl")) as server, pytest.raises(NotTaken, match=r"odd\.pem cannot be read"):
        open_smtp(server_of(server, certificates=str(tmp_path / "odd.pem")), None)


def test_tls_where_there_is_none_is_told_with_the_other_way() -> None:
    with SmtpServer() as server, pytest.raises(NotTaken, match="does not speak TLS") as caught:
        open_smtp(server_of(server, encryption="ssl", certificates=""), None)
    assert "sendemail.smtpEncryption tls" in caught.value.hint


def test_a_password_that_is_wrong_is_told_and_never_shown(
    repo: Repository, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with SmtpServer(manner=Manner(tls="starttls", users={"dev": "another"})) as server:
        settings = server_of(server, user="dev", password=SECRET)
        with pytest.raises(NotTaken, match="bad user or password") as caught:
            open_smtp(settings, credentials(repo, settings))
    error = caught.value
    assert (error.lasting, error.connected) == (True, False)
    shown = f"{error} {error!r} {error.hint} {settings!r} {credentials(repo, settings)!r} {caplog.text}"
    shown += "".join(capfd.readouterr())
    assert SECRET not in shown
    assert "sendemail.smtpPass" in error.hint


@pytest.mark.parametrize("form", [SECRET, "AGRldgBow7xudGVyIDIl", "aMO8bnRlciAyJQ=="])
def test_a_server_that_repeats_the_password_does_not_make_it_seen(repo: Repository, form: str) -> None:
    with SmtpServer([Fault(Point.AUTH, f"535 no: {form}")], Manner(tls="ssl", users=USERS)) as server:
        settings = server_of(server, user="dev", password=SECRET)
        with pytest.raises(NotTaken, match=r"535 no: \*\*\*") as caught:
            open_smtp(settings, credentials(repo, settings))
    assert form not in f"{caught.value} {caught.value!r}"


def test_a_password_is_not_told_to_everybody_on_the_way() -> None:
    assert mechanisms(["PLAIN", "LOGIN"], (), secret=False) == []
    assert mechanisms(["PLAIN", "LOGIN"], ("PLAIN",), secret=False) == []
    assert mechanisms(["PLAIN", "cram-md5"], (), secret=False) == ["CRAM-MD5"]
    assert mechanisms(["XOAUTH2"], ("XOAUTH2",), secret=False) == []


def test_the_allowed_mechanisms_are_used_and_no_other_in_their_order() -> None:
    offered = ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"]
    assert mechanisms(offered, (), secret=True) == ["PLAIN", "LOGIN", "CRAM-MD5"]
    assert mechanisms(offered, ("LOGIN", "PLAIN"), secret=True) == ["LOGIN", "PLAIN"]
    assert mechanisms(["PLAIN"], ("XOAUTH2",), secret=True) == []


def test_a_mechanism_that_the_server_does_not_want_after_all_is_followed_by_the_next(repo: Repository) -> None:
    faults = [Fault(Point.AUTH, "504 5.5.4 not this one")]
    with SmtpServer(faults, Manner(tls="ssl", users=USERS, mechanisms=("PLAIN", "LOGIN"))) as server:
        settings = server_of(server, user="dev", password=SECRET)
        with connection(server, credentials(repo, settings), user="dev", password=SECRET):
            pass
    assert [name for name in server.sessions[0].commands if name.startswith("AUTH")] == ["AUTH PLAIN", "AUTH LOGIN"]


def test_a_token_is_sent_where_it_is_wanted_by_name(repo: Repository) -> None:
    manner = Manner(tls="ssl", users={"dev": "ya29.token"}, mechanisms=("PLAIN", "XOAUTH2"))
    with SmtpServer(manner=manner) as server:
        for password, taken in (("ya29.token", True), ("ya29.stale", False)):
            settings = server_of(server, user="dev", password=password, mechanisms=("XOAUTH2",))
            if taken:
                open_smtp(settings, credentials(repo, settings)).close()
            else:
                with pytest.raises(NotTaken, match="535"):
                    open_smtp(settings, credentials(repo, settings))
    assert [session.user for session in server.sessions] == ["dev", ""]


def test_a_server_that_asks_for_no_password_is_told_of(repo: Repository) -> None:
    with SmtpServer() as server:
        settings = server_of(server, user="dev", password=SECRET)
        with pytest.raises(NotTaken, match=r"asks for no password, and sendemail\.smtpUser is dev") as caught:
            open_smtp(settings, credentials(repo, settings))
    assert "none" in caught.value.hint


def test_a_server_that_wants_a_password_gets_a_hint(repo: Repository) -> None:
    with SmtpServer(manner=Manner(users=USERS)) as server:
        with connection(server) as transport, pytest.raises(NotTaken, match="530") as caught:
            Handing(transport).deliver(letter())
        assert "sendemail.smtpUser" in caught.value.hint


def test_git_is_asked_for_the_password_once_and_told_that_it_was_right(repo: Repository, tmp_path: Path) -> None:
    log = keep_passwords(repo, tmp_path, SECRET)
    with SmtpServer(manner=Manner(tls="ssl", users=USERS)) as server:
        settings = server_of(server, user="dev")
        found = credentials(repo, settings)
        for _ in range(3):
            open_smtp(settings, found).close()
    asked = log.read_text()
    assert [line for line in asked.splitlines() if line in ("get", "store", "erase")] == ["get", "store"]
    assert f"protocol=smtp\nhost=127.0.0.1:{server.port}\nusername=dev\n" in asked
    assert asked.count(f"password={SECRET}") == 1  # what it is told to keep
    assert [session.user for session in server.sessions] == ["dev"] * 3
    assert SECRET not in repr(found)


def test_git_is_told_that_a_password_was_wrong_and_asked_again(repo: Repository, tmp_path: Path) -> None:
    log = keep_passwords(repo, tmp_path, "stale")
    with SmtpServer(manner=Manner(tls="ssl", users=USERS)) as server:
        settings = server_of(server, user="dev")
        found = credentials(repo, settings)
        for _ in range(2):
            with pytest.raises(NotTaken, match="535"):
                open_smtp(settings, found)
    words = [line for line in log.read_text().splitlines() if line in ("get", "store", "erase")]
    assert words == ["get", "erase", "get", "erase"]


def test_a_server_that_cannot_say_now_costs_no_password(repo: Repository, tmp_path: Path) -> None:
    log = keep_passwords(repo, tmp_path, SECRET)
    with SmtpServer([Fault(Point.AUTH, "454 4.7.0 later")], Manner(tls="ssl", users=USERS)) as server:
        settings = server_of(server, user="dev")
        with pytest.raises(NotTaken, match="454") as caught:
            open_smtp(settings, credentials(repo, settings))
    assert not caught.value.lasting
    assert "erase" not in log.read_text()


def test_without_anybody_to_ask_it_is_said_where_passwords_are_kept(repo: Repository) -> None:
    with SmtpServer(manner=Manner(tls="ssl", users=USERS)) as server:
        settings = server_of(server, user="dev")
        with pytest.raises(NotTaken, match="there is no password for dev at 127") as caught:
            open_smtp(settings, credentials(repo, settings))
    assert caught.value.lasting
    assert "credential.helper" in caught.value.hint
