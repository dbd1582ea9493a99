"""What a person does with a series in b4 itself, with its branch checked out: look, send, take trailers, compare."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.clicase import credseries
from tests.gitrepo import git
from tests.mailcase import B4


def b4(tree: Path, *arguments: str) -> str:
    """What a b4 command prints to somebody who answers with Enter; it never gets to the network."""
    command = [str(B4), "--offline-mode", *arguments]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, input="\n" * 3, check=False)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def shown(tree: Path) -> dict[str, str]:
    """What b4 knows of the series."""
    lines = b4(tree, "prep", "--show-info").splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def sent(tree: Path, place: Path) -> list[Path]:
    """The series as b4 would send it, the cover letter first."""
    b4(tree, "send", "-o", str(place), "--to", "list@example.org", "--no-sign")
    return sorted(place.iterdir())


def reply_to(message: Path, trailer: str) -> bytes:
    """A reply with a trailer."""
    text = message.read_text()
    subject = re.search(r"^Subject: (.*(?:\n .*)*)", text, re.MULTILINE)
    identifier = re.search(r"^Message-I[dD]: (.*)", text, re.MULTILINE)
    assert subject is not None
    assert identifier is not None
    who = trailer.split(": ", 1)[1]
    return (
        f"From: {who}\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-Id: <reply@example.org>\n"
        f"In-Reply-To: {identifier[1]}\nReferences: {identifier[1]}\nSubject: Re: {' '.join(subject[1].split())}\n\n"
        f"{trailer}\n"
    ).encode()


def go_through(tree: Path, branch: str, patches: int, place: Path) -> None:
    """Everything that b4 does with the branch, which is checked out; the next version is made on the way."""
    info = shown(tree)
    assert info["needs-editing"] == "False"
    assert sum(name.startswith("commit-") for name in info) == patches
    messages = sent(tree, place / "v1")
    assert len(messages) == patches + 1
    trailer = "Reviewed-by: Re Viewer <re@example.org>"
    mails = [*(message.read_bytes() for message in messages), reply_to(messages[1], trailer)]
    (place / "thread.mbox").write_bytes(
        b"".join(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail + b"\n\n" for mail in mails)
    )
    b4(tree, "-n", "trailers", "-u", "-m", str(place / "thread.mbox"))
    first = git(tree, "rev-list", "--reverse", branch, "--not", info["base-commit"]).split()[1]
    assert trailer in git(tree, "log", "-1", "--format=%B", first)
    ran = credseries("reroll", "--branch", branch, "--sent-as", "v1@example.org", "--resend", cwd=tree)
    assert ran.status == 0, ran.err
    again = shown(tree)
    assert again["revision"] == "2"
    assert again["series-v1"].split()[1] == "v1@example.org"
    compared = b4(tree, "prep", "--compare-to", "v1").splitlines()
    marks = [line.split()[2] for line in compared if re.match(r" *\d+:", line)]
    assert set(marks) <= {"=", "!"}  # a message with a trailer more is another one
    assert len(marks) == patches
    assert "v2" in sent(tree, place / "v2")[1].read_text().split("Subject: ")[1][:40]
