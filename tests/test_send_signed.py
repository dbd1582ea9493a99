"""Messages that their author signed: what arrives is, for patatt, what was signed."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gitrepo import git
from tests.sendcase import SEND, SendCase
from tests.smtpserver import Fault, Point, SmtpServer
from tests.webserver import WebEndpoint, WebFault

PATATT = Path(sys.executable).parent / "patatt"
MESSAGES = 7


@pytest.fixture
def case(split_miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SendCase:
    """A series, and an ed25519 key of its author in a home of his own."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    case = SendCase(Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True)), tmp_path)
    made = patatt(case, "genkey", "-n", "desk")
    assert made.returncode == 0, made.stderr
    git(case.tree, "config", "patatt.signingkey", "ed25519:desk")
    git(case.tree, "config", "patatt.selector", "desk")
    return case


def patatt(case: SendCase, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """patatt as a person runs it."""
    return subprocess.run(
        [str(PATATT), *map(str, arguments)], cwd=case.tree, capture_output=True, text=True, check=False
    )


def check_signed(case: SendCase, messages: list[bytes]) -> None:
    """patatt knows who has signed each, and that nothing has changed since."""
    place = case.place / "signed"
    place.mkdir()
    paths = [place / f"{number}.eml" for number, _ in enumerate(messages)]
    for path, data in zip(paths, messages, strict=True):
        path.write_bytes(data)
    said = patatt(case, "validate", *paths)
    assert said.returncode == 0, (said.stdout, said.stderr)
    assert len(re.findall(r"PASS \| demo@example\.org, .*\.eml\n", said.stderr)) == len(messages), (
        said.stdout,
        said.stderr,
    )
    paths[1].write_bytes(paths[1].read_bytes().replace(b"override", b"overrlde", 1))
    said = patatt(case, "validate", *paths[:2])  # of a single file it thinks as of an mbox
    assert said.returncode != 0
    assert f"BADSIG | demo@example.org, {paths[1]}" in re.sub(r" +", " ", said.stderr), said.stderr


def test_what_arrives_is_signed_and_applies(case: SendCase) -> None:
    with SmtpServer() as server:
        case.goes_to(server)
        ran = case.run(*SEND, "--json", "--yes")
        assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    assert found["signed"]
    assert [message["size"] for message in found["messages"]] == [len(mail.data) for mail in server.arrived]
    check_signed(case, [mail.data for mail in server.arrived])
    assert case.applied(case.collected(server), "master") == case.tree_of(case.tag()[0])


@pytest.mark.parametrize("how", ["option", "b4"])
def test_whoever_wants_no_signatures_gets_none(case: SendCase, how: str) -> None:
    if how == "b4":
        git(case.tree, "config", "b4.send-no-patatt-sign", "yes")
    with SmtpServer() as server:
        case.goes_to(server)
        ran = case.run(*SEND, *(["--no-sign"] if how == "option" else []), "--json", "--yes")
        assert ran.status == 0, ran.err
    assert not json.loads(ran.out)["signed"]
    assert all(b"X-Developer" not in mail.data for mail in server.arrived)


def test_files_are_signed_as_well(case: SendCase) -> None:
    out = case.place / "out"
    assert case.run(*SEND, "--output-dir", out).status == 0
    check_signed(case, [path.read_bytes() for path in sorted(out.iterdir())])


def test_all_series_of_an_umbrella_are_signed_and_so_is_its_letter(case: SendCase) -> None:
    git(case.tree, "branch", "--quiet", "-D", "creds-rfc")
    assert case.run("split", "--threads", "tree").status == 0
    mbox = case.place / "all.mbox"
    ran = case.run(*SEND, "--umbrella", "--to-mbox", mbox)
    assert ran.status == 0, ran.err
    parts = re.split(rb"(?m)^From mboxrd@z .*\n", mbox.read_bytes())[1:]
    assert len(parts) == 9
    check_signed(case, [re.sub(rb"(?m)^>(>*From )", rb"\1", part) for part in parts])


@pytest.mark.parametrize("broken", ["missing", "nonsense", "unknown"])
def test_a_key_that_does_not_work_keeps_all_of_it_here(case: SendCase, broken: str) -> None:
    key = Path(os.environ["XDG_DATA_HOME"]) / "patatt/private/desk.key"
    if broken == "missing":
        key.unlink()
    elif broken == "nonsense":
        key.chmod(stat.S_IRUSR | stat.S_IWUSR)
        key.write_text("?!")
    else:
        git(case.tree, "config", "patatt.signingkey", "rot13:desk")
    with SmtpServer() as server:
        case.goes_to(server)
        ran = case.run(*SEND, "--yes")
    assert ran.status == 4, ran
    assert "cannot be signed" in ran.err
    assert "--no-sign" in ran.err
    assert server.sessions == []
    assert case.outboxes() == []


def test_what_goes_on_has_the_signatures_it_had(case: SendCase) -> None:
    with SmtpServer([None, Fault(Point.DATA, "554 no")]) as server:
        case.goes_to(server)
        assert case.run(*SEND, "--yes").status == 4
        git(case.tree, "config", "--unset", "patatt.signingkey")
        ran = case.run("send", "--resume", "--yes")
        assert ran.status == 0, ran.err
    check_signed(case, [mail.data for mail in server.arrived])


# -- the web endpoint, which takes nothing else


def test_the_web_endpoint_gets_what_is_signed_each_once(case: SendCase) -> None:
    with WebEndpoint([None, None, WebFault(taken=True)]) as endpoint:
        git(case.tree, "config", "b4.send-endpoint-web", endpoint.url)
        ran = case.run(*SEND, "--yes")
        assert ran.status == 4, ran
        assert "nobody knows whether 1 message arrived" in ran.err
        ran = case.run("send", "--resume", "--arrived", "2", "--yes")
        assert ran.status == 0, ran.err
    assert f"sent through the web endpoint {endpoint.url}" in ran.out
    assert len(endpoint.arrived) == len(set(endpoint.arrived)) == MESSAGES
    check_signed(case, [text.encode() for text in endpoint.arrived])
    assert len(case.tag()) == 1


def test_the_web_endpoint_is_told_to_reflect(case: SendCase) -> None:
    with WebEndpoint() as endpoint, SmtpServer() as server:
        case.goes_to(server)
        git(case.tree, "config", "b4.send-endpoint-web", endpoint.url)
        ran = case.run(*SEND, "--web", "--reflect", "--yes")
        assert ran.status == 0, ran.err
    assert {request["action"] for request in endpoint.requests} == {"reflect"}
    assert len(endpoint.arrived) == MESSAGES
    assert server.sessions == []
    assert case.tag() == []


def test_what_is_not_signed_is_not_brought_to_the_web_endpoint(case: SendCase) -> None:
    with WebEndpoint() as endpoint:
        git(case.tree, "config", "b4.send-endpoint-web", endpoint.url)
        for how in (["--no-sign"], ["--no-sign", "--reflect"]):
            ran = case.run(*SEND, *how, "--yes")
            assert ran.status == 2, ran
            assert "takes signed messages only" in ran.err
    assert endpoint.requests == []
    assert case.outboxes() == []
