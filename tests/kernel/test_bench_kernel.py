"""The letter of a series of Linux 6.12 with numbers in it, as b4 sends it."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

import pytest

from tests.b4flow import sent
from tests.clicase import credseries
from tests.gitrepo import git

pytestmark = pytest.mark.kernel

MAIL = Path(__file__).parent.parent / "bench" / "c2c" / "mail.txt"


def test_b4_sends_the_letter_of_the_kernels_series_with_all_tables(
    kernel_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year
    git(tmp_path, "clone", "--quiet", "--shared", "--no-checkout", str(kernel_tree), "linux")
    linux = tmp_path / "linux"
    git(linux, "config", "sendemail.smtpServer", "127.0.0.1")
    git(linux, "sparse-checkout", "set", "--cone", "fs/overlayfs", "include/linux")
    git(linux, "checkout", "--quiet")
    assert credseries("split", "--base", "origin/HEAD", cwd=linux).status == 0
    git(linux, "checkout", "--quiet", "creds-rfc")
    for table, role in enumerate(("base", "patched", "without:backing-file"), 1):
        origin = ("--workload", "A container is started.", "--machine", "2 nodes", "--kernel", f"6.7.{table}")
        ran = credseries(
            *("bench", "add", "--role", role, "--label", "web", "--table", str(table), *origin, MAIL), cwd=linux
        )
        assert ran.status == 0, ran.err
    letter = credseries("cover", "--bench", "web", cwd=linux)
    assert letter.status == 0, letter.err
    message = email.message_from_bytes(sent(linux, tmp_path / "out")[0].read_bytes(), policy=email.policy.default)
    assert "list@example.org" in message["To"]
    text = message.get_content()
    assert text.startswith("\n".join(letter.out.rstrip("\n").split("\n")[2:]))
    for row in ("412/1028    28/44         79/97", "-104   7.6 %", "-1,264  92.4 %"):
        assert row in text
