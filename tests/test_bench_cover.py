"""From files of a benchmark to the cover letter and the checklist, as a person goes."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

import pytest

from tests.b4flow import sent
from tests.clicase import credseries
from tests.gitrepo import git

LABEL = ("--label", "open")
WORKLOAD = ("--workload", "A thousand files are opened by 8 processes.")
MACHINE = ("--machine", "2 x Some processor, 2 nodes, 64 GiB")


@pytest.fixture
def split(miniature: Path) -> Path:
    assert credseries("split", cwd=miniature).status == 0
    for name, values in (
        ("base.csv", (2.0, 2.1, 2.2, 2.05, 2.15, 2.12)),
        ("new.csv", (1.0, 1.1, 1.2, 1.05, 1.15, 1.12)),
    ):
        rows = "".join(f"open time,us,less,8,{value}\n" for value in values)
        (miniature / name).write_text(f"metric,unit,better,tasks,value\n{rows}")
    return miniature


def add(tree: Path, role: str, file: str, *arguments: str) -> str:
    ran = credseries("bench", "add", "--role", role, *LABEL, *arguments, file, cwd=tree)
    assert ran.status == 0, ran.err
    return ran.out.split()[0]


def test_numbers_without_their_origin_are_refused_and_the_letter_stays(split: Path) -> None:
    base, new = add(split, "base", "base.csv"), add(split, "patched", "new.csv", *MACHINE)
    before = git(split, "rev-parse", "creds-rfc")
    ran = credseries("cover", "--bench", "open", cwd=split)
    assert (ran.status, ran.out) == (2, "")
    for asked in ("workload", "machine", "kernel"):
        assert f"{asked}" in ran.err
    assert "credseries bench edit" in ran.err
    assert git(split, "rev-parse", "creds-rfc") == before

    allowed = credseries("cover", "--bench", "open", "--allow-incomplete", cwd=split)
    assert allowed.status == 0
    assert "open time" in allowed.out
    assert "Not known:" in allowed.out
    checked = credseries("checklist", cwd=split)
    assert checked.status == 1
    assert "fail   numbers" in checked.out

    assert credseries("bench", "edit", base, *WORKLOAD, *MACHINE, "--kernel", "6.12.0", cwd=split).status == 0
    assert credseries("bench", "edit", new, *WORKLOAD, "--kernel", "6.12.0-creds", cwd=split).status == 0
    complete = credseries("cover", "--bench", "open", cwd=split)
    assert complete.status == 0, complete.err
    assert "Not known:" not in complete.out
    for said in ("2 x Some processor", "A thousand files are opened", "6.12.0-creds", "better"):
        assert said in " ".join(complete.out.split())
    assert "pass   numbers" in credseries("checklist", cwd=split).out


def test_numbers_come_again_with_another_base_and_go_when_they_shall(split: Path) -> None:
    for role, file, kernel in (("base", "base.csv", "6.12.0"), ("patched", "new.csv", "6.12.0-creds")):
        add(split, role, file, *WORKLOAD, *MACHINE, "--kernel", kernel)
    assert credseries("cover", "--bench", "open", cwd=split).status == 0
    (split / "fs/open.c").open("a").write("\n")
    git(split, "commit", "--quiet", "--all", "-m", "fs: Change")
    assert credseries("refresh", "--onto", "HEAD", cwd=split).status == 0
    assert "A thousand files are opened" in " ".join(credseries("cover", cwd=split).out.split())
    without = credseries("cover", "--bench", "", cwd=split)
    assert without.status == 0
    assert "No benchmark numbers are included" in without.out


def test_b4_sends_the_tables_as_they_are(split: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The letter as b4 itself sends it: who gets it is found, and every line of it is there."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year
    mail = str(Path(__file__).parent / "bench" / "c2c" / "mail.txt")
    for table, role in enumerate(("base", "patched", "without:backing-file"), 1):
        add(split, role, mail, "--table", str(table), *WORKLOAD, *MACHINE, "--kernel", f"6.7.{table}")
    git(split, "checkout", "--quiet", "creds-rfc")
    letter = credseries("cover", "--bench", "open", cwd=split)
    assert letter.status == 0, letter.err
    message = email.message_from_bytes(sent(split, tmp_path / "out")[0].read_bytes(), policy=email.policy.default)
    assert "list@example.org" in message["To"]
    text = message.get_content()
    lines = letter.out.rstrip("\n").split("\n")[2:]
    assert "412/1028    28/44         79/97" in text
    assert text.startswith("\n".join(lines))


@pytest.mark.parametrize("option", [("--allow-incomplete",), ("--symbol", "ovl_override_creds")])
def test_what_says_how_to_take_records_needs_some(split: Path, option: tuple[str, ...]) -> None:
    ran = credseries("cover", *option, cwd=split)
    assert ran.status == 2
    assert f"{option[0]} says how" in ran.err
    assert "--bench LABEL" in ran.err


def test_a_label_that_nobody_used(split: Path) -> None:
    add(split, "base", "base.csv")
    ran = credseries("cover", "--bench", "opne", cwd=split)
    assert ran.status == 2
    assert "open" in ran.err.partition("opne")[2]


def test_where_a_file_was_stays_here(split: Path) -> None:
    """Records are attached to mails, and a path names its user."""
    mail = split / "home" / "somebody" / "mail.txt"
    mail.parent.mkdir(parents=True)
    mail.write_text((Path(__file__).parent / "bench" / "c2c" / "mail.txt").read_text())
    add(split, "base", str(mail), "--table", "1")
    (split / "base.csv").rename(mail.with_name("base.csv"))
    add(split, "patched", str(mail.with_name("base.csv")))
    exported = credseries("bench", "export", cwd=split).out
    assert "mail.txt" in exported
    assert "base.csv" in exported
    assert "somebody" not in exported
