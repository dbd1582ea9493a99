"""Through a real server and back: what is collected is, for b4 and git, the series that was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from credseries.mail.cover import Cover
from credseries.series.model import PatchRecord
from tests.gitrepo import commit_all, git
from tests.mailcase import AUTHOR, make_series, make_tree, put_on_branch
from tests.sendcase import SEND, SendCase
from tests.smtpserver import SmtpServer

PATCHES = {"rfc": 6, "light": 7, "guards": 10, "per-file": 16, "per-function": 51}


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year


@pytest.mark.slow
@pytest.mark.parametrize("recipe", PATCHES)
def test_every_recipe_comes_back_as_the_same_tree(miniature: Path, tmp_path: Path, recipe: str) -> None:
    case = SendCase(miniature, tmp_path, f"creds-{recipe}")
    assert case.run("split", "--recipe", recipe).status == 0
    before = case.tree_of(case.branch)
    with SmtpServer() as server:
        case.goes_to(server)
        ran = case.run(*SEND, "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == PATCHES[recipe] + 1
    assert len(set(server.message_ids())) == len(server.arrived)
    assert case.applied(case.collected(server), "master") == before
    [tag] = case.tag()
    assert case.tree_of(tag) == before
    assert case.version() == 2


def test_the_trees_of_an_umbrella_come_back_each_as_it_is(miniature: Path, tmp_path: Path) -> None:
    case = SendCase(miniature, tmp_path)
    assert case.run("split", "--threads", "tree").status == 0
    branches = [f"creds-rfc-{name}" for name in ("vfs", "overlayfs")]
    trees = [case.tree_of(branch) for branch in branches]
    with SmtpServer() as server:
        case.goes_to(server)
        ran = case.run(*SEND, "--umbrella", "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == 9
    letter, *mails = [message_from_bytes(mail.data, policy=policy.default) for mail in server.arrived]
    assert str(letter["Subject"]).startswith("[PATCHSET RFC]")
    assert [mail["In-Reply-To"] for mail in mails].count(letter["Message-Id"]) == 2
    everybody = {address for mail in server.arrived[1:] for address in mail.recipients}
    assert set(server.arrived[0].recipients) == everybody
    assert len(case.tag()) == 2
    first, second = server.arrived[1:5], server.arrived[5:]
    server.arrived[:] = first
    assert case.applied(case.collected(server), "master", "vfs") == trees[0]
    server.arrived[:] = second
    base = git(miniature, "merge-base", "master", branches[1]).strip()
    needed = git(miniature, "log", "-1", "--format=%H", "--grep=b4-submit-tracking", branches[1]).strip()
    assert case.applied(case.collected(server), f"{needed}^" if needed else base, "overlayfs") == trees[1]


# -- what recipes do not make, and people do

LONG = b"/* " + b"x" * 5000 + b" */\n"
TEXT = b"".join(b"line %d of a file that is renamed\n" % number for number in range(60))
BASE: Mapping[str, bytes] = {
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 12\n",
    "fs/old/name.c": TEXT,
    "fs/picture.bin": bytes(range(256)) * 8,
    "fs/tool.sh": b"#!/bin/sh\necho\n",
    "MAINTAINERS": b"FILES\nM:\tFi Le <files@example.org>\nS:\tSupported\nF:\tfs/\nF:\tinclude/\n",
}
CHANGES: tuple[tuple[str, str, Mapping[str, bytes | None]], ...] = (
    (
        "Zoë Łukaszewicz <zoe@example.org>",
        "fs: Rename a file, and change a line: ünd ein sehr langer Betreff, der nicht in eine Zeile passt, ó ż ę",
        {"fs/old/name.c": None, "fs/new/näme.c": TEXT.replace(b"line 30", b"line thirty, \xc3\xa9")},
    ),
    (
        "王小明 <wang@example.org>",
        "fs: Change what is no text",
        {"fs/picture.bin": bytes(reversed(range(256))) * 9, "fs/empty.bin": b"", "fs/gone": b"\0"},
    ),
    (
        "Ève O'Neill, Jr. <eve@example.org>",
        "fs: Write long lines",
        {"include/long.h": LONG * 3, "fs/no-newline.c": b"int a;", "fs/dots.c": b".\n..\n.x\n. \n\n.\n"},
    ),
    (
        'Jean "Q" Dupont <jean@example.org>',
        "fs: Quote mail",
        {"fs/mail.txt": b"From nobody Thu Jan  1 00:00:00 1970\n>From me\n\n-- \nsig\n--- a\n+++ b\n@@ x @@\n"},
    ),
)


def commit_changes(path: Path) -> list[PatchRecord]:
    records = []
    for number, (author, subject, files) in enumerate(CHANGES, 1):
        for name, data in files.items():
            if data is None:
                git(path, "rm", "--quiet", name)
            else:
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(data)
        if number == 2:
            (path / "fs/tool.sh").chmod(0o755)
            (path / "fs/link").symlink_to("tool.sh")
        commit = commit_all(path, f"{subject}\n\nNaïve text, with ünïcode and a line of {'words ' * 20}.\n")
        git(path, "commit", "--quiet", "--amend", "--no-edit", f"--author={author}")
        commit = git(path, "rev-parse", "HEAD").strip()
        records.append(PatchRecord(number, commit, subject, "helpers", "VFS", tuple(files), 1, 0))
    return records


def test_names_long_lines_renames_and_binary_files_come_back(tmp_path: Path) -> None:
    path = tmp_path / "linux"
    tree = make_tree(path, ())
    for name, data in BASE.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    base = commit_all(path, "Base")
    git(path, "checkout", "--quiet", "-B", "ovl-creds")
    records = commit_changes(path)
    tip = git(path, "rev-parse", "HEAD").strip()
    git(path, "checkout", "--quiet", "--force", "main")
    series = make_series(base, tip)
    series = type(series)(**{**vars(series), "patches": tuple(records)})
    put_on_branch(path, series, Cover("fs: Everything öther", "A letter with ünïcode.\n\nAnd no more."))
    case = SendCase(path, tmp_path, "ovl-creds")
    checks = ("proof", "order", "signed-off", "body", "cover", "numbers", "size")
    override = [part for name in checks for part in ("--override", name)]
    with SmtpServer() as server:
        case.goes_to(server)
        ran = case.run("send", "--require", "none", "--to", "Łuk Ąsz <list@example.org>", *override, "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == len(CHANGES) + 1
    assert case.applied(case.collected(server), base) == case.tree_of(tip)
    authors = git(tmp_path / "applied", "log", "--reverse", "--format=%an <%ae>%n%s", f"{base}..HEAD").splitlines()
    assert authors == [line for author, subject, _ in CHANGES for line in (git_name(author), subject)]
    for mail in server.arrived:
        parsed = message_from_bytes(mail.data, policy=policy.default)
        assert str(parsed["From"]) == f"{AUTHOR} <zoe@example.org>"
        assert "Łuk Ąsz <list@example.org>" in str(parsed["To"])
    assert tree.base


def git_name(author: str) -> str:
    """An author as git keeps him: without the quotes and dots at the ends of a name."""
    return re.sub(r"\.(?= <)", "", author)
