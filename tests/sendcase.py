"""A series that is sent through a real server: the command as a person runs it, and what to do with what arrived."""

from __future__ import annotations

import mailbox
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.kernel.git import Repository
from credseries.mail.outbox.model import Outbox
from credseries.mail.outbox.stored import StoredOutbox
from credseries.series import saved
from tests.b4flow import b4
from tests.clicase import COMMAND, Ran, credseries, environment
from tests.gitrepo import git
from tests.smtpserver import SmtpServer

BRANCH = "creds-rfc"
CC = "linux-fsdevel@vger.kernel.org"
SEND = ("send", "--cc", "fsdevel", "--require", "none")


@dataclass(frozen=True)
class SendCase:
    """A tree with a series on its branch, and a place for what arrives."""

    tree: Path
    place: Path
    branch: str = BRANCH

    def run(self, *arguments: str | Path) -> Ran:
        """`credseries` without a terminal."""
        return credseries(*arguments, cwd=self.tree)

    def goes_to(self, server: SmtpServer) -> None:
        """From here on git's configuration names this server."""
        for key, value in server.settings.items():
            git(self.tree, "config", key, value)

    def tag(self) -> list[str]:
        """The tags of versions that were sent."""
        return git(self.tree, "tag", "--list", "sent/*").split()

    def version(self) -> int:
        """The version that is on the branch."""
        return saved.load(Repository.discover(self.tree), self.branch).revision

    def outboxes(self) -> list[Outbox]:
        """What is not all sent."""
        with saved.opened(Repository.discover(self.tree)) as store:
            return StoredOutbox(store).open()

    def collected(self, server: SmtpServer) -> Path:
        """What arrived, as an mbox of a program that is not ours."""
        path = self.place / "collected.mbox"
        path.unlink(missing_ok=True)
        box = mailbox.mbox(path)
        for mail in server.arrived:
            box.add(mail.data)
        box.close()
        return path

    def applied(self, mbox: Path, base: str, name: str = "applied") -> str:
        """The tree that b4 and git make of a mailbox, on a base: `b4 am`, `git am`."""
        out, work = self.place / f"{name}-am", self.place / name
        b4(self.tree, "-n", "am", "-m", str(mbox), "-o", str(out))
        (series,) = out.glob("*.mbx")
        git(self.tree, "worktree", "add", "--quiet", "--detach", str(work), base)
        git(work, "am", "--quiet", str(series))
        return git(work, "rev-parse", "HEAD^{tree}").strip()

    def tree_of(self, revision: str) -> str:
        """The tree of a commit."""
        return git(self.tree, "rev-parse", f"{revision}^{{tree}}").strip()


def finish(case: SendCase, server: SmtpServer, run: Callable[..., Ran]) -> None:
    """Go on until all is out, as somebody does who looks into a mailbox that gets all of it when asked.

    What is not in there is sent again.
    """
    for _ in range(20):
        boxes = case.outboxes()
        if not boxes:
            return
        mbox = case.collected(server)
        ids = server.message_ids()
        again = [
            str(entry.number) for entry in boxes[0].entries if entry.fate == "unknown" and entry.message_id not in ids
        ]
        options = [part for number in again for part in ("--again", number)]
        run("send", "--resume", "--yes", *(["--seen", mbox] if server.arrived else []), *options)
    raise AssertionError("no end")


@dataclass(frozen=True)
class OnTerminal:
    """A command that has ended on a terminal, and all that it wrote there."""

    status: int
    text: str


# A terminal that controls the process, so that ^C is a SIGINT.
_ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def on_a_terminal(arguments: Sequence[str | Path], cwd: Path, typed: str) -> OnTerminal:
    """Run `credseries` at a terminal at which this is typed when something is asked."""
    reading, writing = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_TERMINAL, *COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment({"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "120"}),
        stdin=writing,
        stdout=writing,
        stderr=writing,
        start_new_session=True,
    )
    os.close(writing)
    got, answer = b"", typed.encode()
    while True:
        try:
            part = os.read(reading, 4096)
        except OSError:  # Linux says EIO when the other side is closed
            break
        if not part:
            break
        got += part
        if answer and got.endswith(b"/N] "):
            os.write(reading, answer)
            answer = b""
    os.close(reading)
    return OnTerminal(process.wait(), got.decode("utf-8", "replace").replace("\r\n", "\n"))
