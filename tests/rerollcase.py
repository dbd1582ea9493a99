"""A split series in the miniature tree, sent in either way, and replies to it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from credseries.kernel.git import Repository
from credseries.series import saved
from credseries.series.changelog import split_letter
from credseries.series.prep import read_cover
from credseries.words import content_key
from tests.clicase import Ran, credseries
from tests.gitrepo import git
from tests.mailcase import B4

BRANCH = "creds-rfc"
AMIR, BRAUNER = "Amir Goldstein <amir73il@gmail.com>", "Christian Brauner <brauner@kernel.org>"


@dataclass(frozen=True)
class Case:
    """A split series in the miniature tree, and what people do with it."""

    tree: Path
    scratch: Path

    def git(self, *arguments: str) -> str:
        return git(self.tree, *arguments).strip()

    def run(self, *arguments: str | Path) -> Ran:
        return credseries(*arguments, cwd=self.tree)

    def reroll(self, *arguments: str | Path) -> dict[str, Any]:
        ran = self.run("reroll", "--json", *arguments)
        assert ran.status == 0, ran
        data = json.loads(ran.out)
        assert data["schema"] == 1
        [series] = data["series"]
        assert isinstance(series, dict)
        return series

    def b4(self, *arguments: str) -> str:
        """b4 with the branch checked out, as a person has it."""
        self.git("checkout", "--quiet", BRANCH)
        done = subprocess.run(
            [B4, "--offline-mode", *arguments],
            cwd=self.tree,
            input="\n\n\n",
            capture_output=True,
            text=True,
            check=False,
        )
        self.git("checkout", "--quiet", "master")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def b4_send(self) -> list[EmailMessage]:
        """`b4 send` to a program that keeps the messages."""
        box = self.scratch / "box"
        box.mkdir(exist_ok=True)
        program = self.scratch / "sendmail"
        program.write_text(f'#!/bin/sh\ncat > "$(mktemp {box}/XXXXXX)"\n')
        program.chmod(0o755)
        self.git("config", "sendemail.smtpserver", str(program))
        self.b4("send", "--no-sign", "--to", "list@example.org")
        return self._messages(box, "*")

    def send(self) -> list[EmailMessage]:
        """`credseries send --output-dir`, for another program to send."""
        out = self.scratch / "out"
        assert self.run("send", "--output-dir", out).status == 0
        return self._messages(out, "*.eml")

    def _messages(self, directory: Path, pattern: str) -> list[EmailMessage]:
        messages = [message_from_bytes(p.read_bytes(), policy=policy.default) for p in directory.glob(pattern)]
        return sorted(messages, key=lambda message: str(message["Message-Id"]))

    @property
    def letter(self) -> str:
        return read_cover(saved.current(Repository.discover(self.tree), BRANCH).cover_message).letter

    @property
    def log(self) -> str:
        return split_letter(self.letter)[1]

    @property
    def tracking(self) -> dict[str, Any]:
        current = saved.current(Repository.discover(self.tree), BRANCH)
        series = read_cover(current.cover_message).tracking["series"]
        assert isinstance(series, dict)
        return series

    @property
    def revision(self) -> int:
        return int(self.tracking["revision"])

    @property
    def change_id(self) -> str:
        return str(self.tracking["change-id"])

    def messages_of_patches(self) -> dict[str, str]:
        """The commit messages of the patches, by subject."""
        record = saved.load(Repository.discover(self.tree), BRANCH)
        return {patch.subject: self.git("log", "-1", "--format=%B", patch.commit) for patch in record.patches}

    def edit(self, change: Callable[[], None], *, of: int) -> None:
        """Change the files of a patch (counted from the last, 0), as a person does with a rebase."""
        self.git("checkout", "--quiet", BRANCH)
        if of:
            self.git("checkout", "--quiet", f"{BRANCH}~{of}")
        change()
        self.git("commit", "--quiet", "--all", "--amend", "--no-edit")
        new = self.git("rev-parse", "HEAD")
        if of:
            self.git("rebase", "--quiet", "--onto", new, f"{BRANCH}~{of}", BRANCH)
        self.git("checkout", "--quiet", "master")

    def replies(self, *replies: EmailMessage, thread: list[EmailMessage] | None = None) -> Path:
        path = self.scratch / "replies.mbox"
        parts = [*(thread or ()), *replies]
        path.write_bytes(b"".join(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + p.as_bytes() + b"\n\n" for p in parts))
        return path


def of_version(messages: list[EmailMessage], version: int) -> list[EmailMessage]:
    return [message for message in messages if f"-v{version}-" in str(message["Message-Id"])]


def reply(to: EmailMessage, sender: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=policy.default)
    message["From"] = sender
    message["Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    digits = content_key(str(to["Subject"]), sender, text)[:10]
    message["Message-Id"] = f"<{int(digits, 16)}@reply.example.org>"
    message["In-Reply-To"] = message["References"] = str(to["Message-Id"]).strip()
    message["Subject"] = f"Re: {to['Subject']}"
    message.set_content(f"On Mon, Zoë wrote:\n> quoted\n\n{text}\n")
    return message


def replace_in(case: Case, path: str, old: str, new: str) -> Callable[[], None]:
    def change() -> None:
        file = case.tree / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return change
