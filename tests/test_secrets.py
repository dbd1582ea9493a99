"""Passwords and tokens are said to whom they are for, and to nobody else: no output, no error, no journal has them."""

from __future__ import annotations

import base64
import json
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from credseries.errors import GitFailed, without_secrets
from credseries.kernel.git import Repository
from credseries.kernel.other_trees import find_tree
from credseries.mail.transport.model import FateUnknown, NotTaken
from credseries.mail.transport.settings import Endpoint
from credseries.mail.transport.web import WebTransport
from credseries.render import working
from tests.clicase import Ran, credseries
from tests.gitrepo import git
from tests.sendcase import SEND, SendCase
from tests.smtpserver import Fault, Manner, Point, SmtpServer
from tests.test_transport_web import signed
from tests.transportcase import Handing
from tests.webserver import WebEndpoint, WebFault

SECRET = "Gehe!m-42+/x"
USER = "dev"


@pytest.fixture
def case(split_miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SendCase:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year
    monkeypatch.setenv("COLUMNS", "200")
    return SendCase(Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True)), tmp_path)


def configure(case: SendCase, settings: Mapping[str, str]) -> None:
    for key, value in settings.items():
        git(case.tree, "config", "--global", key, value)


def forms() -> Iterator[bytes]:
    """The secret as it may be written."""
    for data in (SECRET, f"\0{USER}\0{SECRET}", f"user={USER}\x01auth=Bearer {SECRET}\x01\x01"):
        yield base64.b64encode(data.encode())
    yield SECRET.encode()
    yield json.dumps(SECRET).strip('"').encode()
    yield quote(SECRET, safe="").encode()


def check(case: SendCase, ran: Ran, status: int, *words: str) -> None:
    """What it ended with and said; and neither that nor what it has left behind has the secret in it."""
    assert ran.status == status, ran
    for word in words:
        assert word in ran.out + ran.err, ran
    kept = [path for path in (case.tree / ".git").rglob("*") if path.is_file()]
    assert any(path.name == "state.sqlite" for path in kept)
    texts = {str(path): path.read_bytes() for path in kept}
    texts |= {"output": ran.out.encode(), "errors": ran.err.encode()}
    for place, text in texts.items():
        assert not [form for form in forms() if form in text], place


def with_user(server: SmtpServer, **more: str) -> dict[str, str]:
    """What a person sets who has a password there."""
    own = {"smtpUser": USER, "smtpPass": SECRET, "smtpDomain": "laptop"} | more
    return server.settings | {f"sendemail.{key}": value for key, value in own.items()}


@pytest.mark.parametrize("mechanism", ["PLAIN", "XOAUTH2"])
def test_a_password_that_is_right(case: SendCase, mechanism: str) -> None:
    with SmtpServer(manner=Manner(users={USER: SECRET}, mechanisms=(mechanism,))) as server:
        configure(case, with_user(server, smtpAuth=mechanism))
        check(case, credseries(*SEND, "--yes", "--json", cwd=case.tree), 0, f"as {USER}")
        assert len(server.arrived) == 7
    check(case, credseries("status", "--json", cwd=case.tree), 0)
    check(case, credseries("doctor", cwd=case.tree), 0, f"as {USER}")


def test_a_password_that_is_wrong(case: SendCase) -> None:
    with SmtpServer(manner=Manner(users={USER: "another"})) as server:
        configure(case, with_user(server))
        check(case, credseries(*SEND, "--yes", cwd=case.tree), 4, f"does not take {USER}'s password")
        check(case, credseries("send", "--resume", "--yes", "--json", cwd=case.tree), 4, f"{USER}'s password")
    check(case, credseries("status", "--json", cwd=case.tree), 0, '"waiting": 7')


@pytest.mark.parametrize("at", [Point.AUTH, Point.RCPT, Point.END])
def test_a_server_that_repeats_it(case: SendCase, at: Point) -> None:
    told = base64.b64encode(f"\0{USER}\0{SECRET}".encode()).decode()
    fault = Fault(at, answer=f"550 5.7.1 {SECRET} is what you said, in {told}")
    with SmtpServer([fault], Manner(users={USER: SECRET})) as server:
        configure(case, with_user(server))
        ran = credseries(*SEND, "--yes", "--json", cwd=case.tree)
        check(case, ran, ran.status, "*** is what you said, in ***")
    check(case, credseries("status", "--json", cwd=case.tree), 0)


def test_a_password_that_git_knows(case: SendCase, tmp_path: Path) -> None:
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\n[ $1 = get ] && echo 'password={SECRET}'\n:\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    with SmtpServer(manner=Manner(users={USER: SECRET})) as server:
        settings = with_user(server) | {"credential.helper": str(helper)}
        configure(case, {key: value for key, value in settings.items() if key != "sendemail.smtpPass"})
        check(case, credseries(*SEND, "--yes", cwd=case.tree), 0, f"as {USER}")


def test_a_server_that_is_given_like_a_url(case: SendCase) -> None:
    configure(case, {"sendemail.smtpServer": f"{USER}:{SECRET}@mx.example.org"})
    check(case, credseries(*SEND, "--yes", cwd=case.tree), 2, "is '***@mx.example.org'")


# -- tokens in addresses


def with_token(url: str) -> str:
    secret = quote(SECRET, safe="")
    return url.replace("://", f"://{USER}:{secret}@") + f"?token={secret}"


def test_an_endpoint_with_a_token() -> None:
    statuses = [WebFault(status=status, body="no") for status in (301, 403, 500)]
    results = [WebFault(status=200, body=json.dumps({"result": "error", "message": "No match"})), WebFault()]
    with WebEndpoint([*statuses, *results, None]) as endpoint:
        outlet = Endpoint(with_token(endpoint.url))
        transport = WebTransport(outlet)
        errors: list[Exception] = []
        for _ in (*statuses, *results):
            with pytest.raises((NotTaken, FateUnknown), match=r"\*\*\*@127.0.0.1") as caught:
                Handing(transport).deliver(signed())
            errors.append(caught.value)
        Handing(transport).deliver(signed())
    with pytest.raises(NotTaken, match="did not get to") as gone:
        Handing(transport).deliver(signed())
    for text in (*map(repr, (*errors, gone.value)), repr(outlet), outlet.description, transport.description):
        assert SECRET not in text
        assert quote(SECRET, safe="") not in text


def test_where_an_endpoint_with_a_token_is_told(case: SendCase) -> None:
    configure(case, {"b4.send-endpoint-web": with_token("http://127.0.0.1:1/_b4_submit")})
    ran = credseries(*SEND, "--yes", "--json", cwd=case.tree)
    check(case, ran, 2, "signed messages only")
    check(case, credseries("doctor", "--json", cwd=case.tree), 0, "***@127.0.0.1")


def test_a_repository_that_is_fetched_with_a_token(case: SendCase, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(case.tree), str(tmp_path / "other.git"))
    url = f"http://{USER}:{quote(SECRET, safe='')}@127.0.0.1:1/linux"
    check(case, credseries("landed", url, cwd=case.tree), 4, "http://***@127.0.0.1:1/linux cannot be fetched")
    ours = "https://example.org/"
    git(case.tree, "config", "--global", f"url.{tmp_path}/.insteadOf", ours)
    token = f"https://{SECRET.replace('/', '')}@example.org/other.git"
    git(case.tree, "config", "--global", f"url.{tmp_path}/other.git.insteadOf", token)
    found = find_tree(Repository.discover(case.tree), token, working)
    assert found.name == "https://***@example.org/other.git"
    assert SECRET.replace("/", "") not in json.dumps(credseries("landed", "--json", token, cwd=case.tree).out)


def test_what_is_left_out_and_what_is_not() -> None:
    for text, shown in {
        "access to 'https://me:pa@ss@host.org/x': no": "access to 'https://***@host.org/x': no",
        "https://t0ken@host.org": "https://***@host.org",
        "ssh://git@host.org/linux": "ssh://git@host.org/linux",
        "ssh://git:pw@host.org/linux": "ssh://***@host.org/linux",
        "https://host.org/p?a=b&access_token=abc&c=d": "https://host.org/p?a=b&access_token=***&c=d",
        "https://lore.kernel.org/all/2024-1@example.org/": "https://lore.kernel.org/all/2024-1@example.org/",
        "mail dev@example.org, or http://host:80/a@b": "mail dev@example.org, or http://host:80/a@b",
    }.items():
        assert without_secrets(text) == shown
        error = GitFailed(text, hint=text)
        assert (error.message, error.hint, str(error)) == (shown, shown, shown)
