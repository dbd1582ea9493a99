"""The configured way out leads where the configuration says: to a server, a program or an endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from credseries.cli.send.way import Way, Wish, configured_way
from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.mail.outbox.pace import Pace
from tests.gitrepo import git, make_repo
from tests.smtpserver import Manner, SmtpServer, certificates, tls_context
from tests.test_transport_web import signed
from tests.transportcase import LIST, SENDER, Handing, letter, message_id
from tests.webserver import WebEndpoint

WISH = Wish()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"Makefile": "all:\n"})


def way(tree: Path, settings: dict[str, str], wish: Wish = WISH) -> Way:
    for key, value in settings.items():
        git(tree, "config", "--global", key, value)
    return configured_way(Repository.discover(tree), wish)


def hand_over(found: Way, number: int = 1) -> None:
    transport = found.connect()
    try:
        Handing(transport).deliver(letter(number, sender=found.sender))
    finally:
        transport.close()


def test_a_server_with_all_that_git_can_say_of_it(tree: Path) -> None:
    with SmtpServer(manner=Manner(tls="starttls", users={"dev": "hünter2"})) as server:
        more = {"sendemail.smtpUser": "dev", "sendemail.smtpPass": "hünter2", "sendemail.smtpDomain": "laptop"}
        found = way(tree, server.settings | more | {"sendemail.envelopeSender": "bounces@example.org"})
        assert found.route == f"127.0.0.1:{server.port} (STARTTLS, as dev)"
        assert "hünter2" not in repr(found)
        hand_over(found)
    assert [(mail.sender, mail.message_id) for mail in server.arrived] == [("bounces@example.org", message_id(1))]
    assert server.sessions[0].commands[0] == "EHLO laptop"
    assert (found.signed_only, found.pace) == (False, Pace())


def test_the_password_is_asked_for_once_however_often_it_connects(tree: Path, tmp_path: Path) -> None:
    helper = tmp_path / "helper"
    helper.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path / "asked"}\n[ "$1" = get ] && echo password=s3cret\n:\n')
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    with SmtpServer(manner=Manner(users={"dev": "s3cret"})) as server:
        more = {"sendemail.smtpUser": "dev", "credential.helper": str(helper)}
        found = way(tree, server.settings | more)
        assert not (tmp_path / "asked").exists()
        for number in range(3):
            hand_over(found, number)
    assert (tmp_path / "asked").read_text().split() == ["get", "store"]
    assert len(server.arrived) == 3


def test_nothing_is_connected_before_it_is_opened(tree: Path) -> None:
    with SmtpServer() as server:
        way(tree, server.settings)
    assert server.sessions == []


def test_the_pace_is_git_s_unless_another_was_wished_for(tree: Path) -> None:
    settings = {"sendemail.smtpServer": "mx", "sendemail.smtpBatchSize": "5", "sendemail.smtpReloginDelay": "2"}
    assert way(tree, settings).pace == Pace(batch=5, pause=2.0)
    assert way(tree, settings, Wish(batch_size=0, relogin_delay=0.5)).pace == Pace(batch=0, pause=0.5)


def test_a_program_runs_at_the_top_of_the_work_tree(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    found = way(tree, {"sendemail.sendmailCmd": f'f() {{ pwd > {kept}; echo "$@" >> {kept}; cat >> {kept}; }}; f'})
    hand_over(found)
    assert kept.read_bytes() == f"{tree}\n-i {LIST}\n".encode() + letter().data
    assert found.sender == SENDER


def test_the_endpoint_takes_what_is_signed_only_and_can_be_asked_to_reflect(tree: Path) -> None:
    with WebEndpoint() as endpoint:
        found = way(tree, {"b4.send-endpoint-web": endpoint.url, "sendemail.smtpServer": "mx"}, Wish(web=True))
        assert found.signed_only
        Handing(found.connect()).deliver(signed())
        found = way(tree, {}, Wish(web=True, reflect=True))
        Handing(found.connect()).deliver(signed())
    assert [request["action"] for request in endpoint.requests] == ["receive", "reflect"]


def test_without_configuration_there_is_no_way_out(tree: Path) -> None:
    with pytest.raises(UsageError, match="no way to send mail is configured"):
        way(tree, {})


_CONNECT = """
import sys
from pathlib import Path
from credseries.cli.send.way import Wish, configured_way
from credseries.kernel.git import Repository
configured_way(Repository.discover(Path(sys.argv[1])), Wish()).connect().close()
print("connected")
"""


def test_on_a_terminal_git_asks_for_the_password_and_shows_nothing_of_it(tree: Path) -> None:
    with SmtpServer(manner=Manner(users={"dev": "s3cret"})) as server:
        way(tree, server.settings | {"sendemail.smtpUser": "dev"})
        child, terminal = pty.fork()
        if child == 0:
            os.execv(sys.executable, [sys.executable, "-c", _CONNECT, str(tree)])
        seen = b""
        with contextlib.suppress(OSError):  # Linux says EIO when the other side is closed
            while part := os.read(terminal, 4096):
                seen += part
                if part.rstrip().endswith(b":"):
                    os.write(terminal, b"s3cret\n")
        os.close(terminal)
        _, status = os.waitpid(child, 0)
    assert status == 0, seen
    assert f"Password for 'smtp://dev@127.0.0.1:{server.port}':".encode() in seen
    assert b"s3cret" not in seen
    assert server.sessions[0].user == "dev"


class _Keeping:
    """What a server of another make calls for each message."""

    def __init__(self) -> None:
        self.arrived: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.arrived.append(envelope)
        return "250 kept"


@contextmanager
def _another_server(handler: _Keeping) -> Iterator[int]:
    """A server of the library aiosmtpd, which knows nothing of ours: STARTTLS and a password are needed."""

    def authenticator(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login, data.password) == (b"dev", b"s3cret"))

    def protocol() -> SMTP:
        return SMTP(
            handler,
            hostname="another.example.org",
            tls_context=tls_context(),
            require_starttls=True,
            auth_required=True,
            authenticator=authenticator,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(listening.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_server_of_another_make_gets_the_same(tree: Path, mechanism: str) -> None:
    handler = _Keeping()
    with _another_server(handler) as port:
        settings = {
            "smtpServer": "localhost",
            "smtpServerPort": str(port),
            "smtpEncryption": "tls",
            "smtpSSLCertPath": str(certificates().authority),
            "smtpUser": "dev",
            "smtpPass": "s3cret",
            "smtpAuth": mechanism,
            "smtpDomain": "laptop.example.org",
        }
        found = way(tree, {f"sendemail.{key}": value for key, value in settings.items()})
        transport = found.connect()
        sent = letter(to=(LIST, "zoë@example.org"), body=".\n..x\nü\n")
        assert Handing(transport).deliver(sent).answer == "250 kept"
        transport.close()
    (mail,) = handler.arrived
    assert (mail.mail_from, mail.rcpt_tos) == (SENDER, [LIST, "zoë@example.org"])
    assert mail.content == sent.data.replace(b"\n", b"\r\n")
