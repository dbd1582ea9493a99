"""`credseries checklist MBOX`, as a reviewer runs it: drafts that mail clients take, and nothing that is sent."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from credseries.mail.thread.mbox import split_mbox
from tests.clicase import COMMAND, Ran, credseries, environment
from tests.gitrepo import git
from tests.mailcase import B4
from tests.test_audit_cli import FILE, GUARDED, SPLICE, commit, edit, line_of

AUTHOR = "Zoë Łukaszewicz <zoe@example.org>"
OPEN = "\tprev = override_creds(ctx->cred);\n\tmoved = vfs_splice_read"


@dataclass(frozen=True)
class Thread:
    """A repository, and a thread of mails about it: a cover letter, a patch with a fault and one without."""

    tree: Path
    box: Path
    line: int


@pytest.fixture(scope="module")
def thread(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Thread:
    place = tmp_path_factory.mktemp("thread")
    tree = Path(shutil.copytree(pristine_miniature, place / "linux", symlinks=True))
    git(tree, "config", "user.name", "Rita Reviewer")
    git(tree, "config", "user.email", "rita@example.net")
    git(tree, "checkout", "--quiet", "-b", "topic")
    edit(tree, FILE, SPLICE, GUARDED)
    commit(tree, f"backing-file: Use a guard for splice reads\n\nOne scope.\n\nSigned-off-by: {AUTHOR}")
    line = line_of(tree, FILE, "ctx->accessed(ctx->user_file)", 1)
    edit(tree, FILE, "\tif (written)\n\t\tgoto revert;\n", "\tif (written != 0)\n\t\tgoto revert;\n")
    commit(tree, f"backing-file: Compare with 0\n\nIt is a number.\n\nSigned-off-by: {AUTHOR}")
    mails = subprocess.run(
        [
            "git",
            "format-patch",
            "--stdout",
            "--thread=shallow",
            "--cover-letter",
            f"--from={AUTHOR}",
            "master",
            "--to=linux-fsdevel@vger.kernel.org",
        ],
        cwd=tree,
        check=True,
        capture_output=True,
    ).stdout
    mails = mails.replace(b"From: Rita Reviewer <rita@example.net>", f"From: {AUTHOR}".encode())
    mails = mails.replace(b"*** SUBJECT HERE ***", b"Guards").replace(b"*** BLURB HERE ***", b"Guards are shorter.")
    git(tree, "checkout", "--quiet", "master")
    box = place / "thread.mbox"
    box.write_bytes(mails)
    return Thread(tree, box, line)


def checklist(thread: Thread, *arguments: str | Path, cwd: Path | None = None) -> Ran:
    return credseries("checklist", "-C", thread.tree, *arguments, cwd=cwd or thread.tree)


def test_the_drafts_are_printed_as_a_mailbox(thread: Thread) -> None:
    ran = checklist(thread, thread.box)
    assert ran.status == 1
    assert ran.err == "2 drafts; nothing was sent\n"
    cover, patch = map(message_of, split_mbox(ran.out.encode()))
    assert cover["Subject"] == "Re: [PATCH 0/2] Guards"
    assert patch["Subject"] == "Re: [PATCH 1/2] backing-file: Use a guard for splice reads"
    assert "> Guards are shorter.\n> [...]\n" in cover.get_content()
    assert (
        "  1/2 backing-file: Use a guard for splice reads\n    1 error: backing_file_splice_read()\n"
        in cover.get_content()
    )
    quoted, _, words = patch.get_content().partition("\n\n")
    assert quoted.endswith("\n>  \tif (ctx->accessed)\n>  \t\tctx->accessed(ctx->user_file);")
    assert words.startswith(
        f"With this patch, ctx->accessed() at {FILE}:{thread.line} can run under\n"
        "ctx->cred; before, it ran under the caller's credentials.\n"
    )


def message_of(data: bytes) -> EmailMessage:
    found = message_from_bytes(data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_questions_are_asked_when_they_are_wanted(thread: Thread) -> None:
    asked = checklist(thread, thread.box, "--questions")
    assert asked.status == 1
    assert len(asked.out) > len(checklist(thread, thread.box).out)


def test_a_pipe_is_read_and_nothing_is_touched(thread: Thread) -> None:
    before = git(thread.tree, "for-each-ref") + git(thread.tree, "status", "--porcelain", "--ignored")
    piped = subprocess.run(
        [*COMMAND, "checklist", "-C", str(thread.tree), "-"],
        input=thread.box.read_bytes(),
        capture_output=True,
        check=False,
        env=environment(),
        cwd=thread.tree,
    )
    assert piped.stdout.decode() == checklist(thread, thread.box).out
    assert git(thread.tree, "for-each-ref") + git(thread.tree, "status", "--porcelain", "--ignored") == before


def test_files_are_written_once(thread: Thread, tmp_path: Path) -> None:
    ran = checklist(thread, thread.box, "-o", tmp_path / "drafts")
    names = ["0000-re-Guards.eml", "0001-re-backing-file-Use-a-guard-for-splice-reads.eml"]
    assert ran.out.split("\n")[:-1] == [str(tmp_path / "drafts" / name) for name in names]
    written = {name: (tmp_path / "drafts" / name).read_bytes() for name in names}
    (tmp_path / "drafts" / names[0]).write_text("Mine.\n")
    again = checklist(thread, thread.box, "-o", tmp_path / "drafts")
    assert again.status == 2
    assert "holds messages: 0000-re-Guards.eml" in again.err
    assert "--force" in again.err
    assert (tmp_path / "drafts" / names[0]).read_text() == "Mine.\n"
    assert checklist(thread, thread.box, "-o", tmp_path / "drafts", "--force").status == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "drafts").iterdir()} == written


def test_a_mailbox_is_written_once(thread: Thread, tmp_path: Path) -> None:
    box = tmp_path / "a" / "drafts.mbox"
    assert checklist(thread, thread.box, "--to-mbox", box).out == f"{box}\n"
    assert box.read_bytes().decode() == checklist(thread, thread.box).out
    kept = box.read_bytes()
    again = checklist(thread, thread.box, "--to-mbox", box)
    assert (again.status, "is there already" in again.err) == (2, True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert checklist(thread, thread.box, "--to-mbox", link).status == 2
    assert not (tmp_path / "elsewhere").exists()
    assert checklist(thread, thread.box, "--to-mbox", tmp_path).status == 2
    assert checklist(thread, thread.box, "--to-mbox", box, "-o", tmp_path / "b").status == 2
    assert box.read_bytes() == kept


def test_a_thread_of_patches_and_drafts_is_read_as_one(thread: Thread, tmp_path: Path) -> None:
    drafts = tmp_path / "drafts.mbox"
    checklist(thread, thread.box, "--to-mbox", drafts)
    ran = credseries("thread", "--json", thread.box, drafts, cwd=tmp_path)
    [series] = json.loads(ran.out)["series"]
    said = {(item["patch"], item["file"], item["line"]) for item in series["remarks"]}
    assert (1, FILE, thread.line) in said
    assert {patch for patch, _, _ in said} == {0, 1}


def test_what_b4_saves_is_answered(thread: Thread, tmp_path: Path) -> None:
    subprocess.run(
        [B4, "--offline-mode", "-n", "am", "-m", thread.box, "-o", tmp_path],
        cwd=thread.tree,
        check=True,
        capture_output=True,
        input=b"\n",
    )
    [box] = tmp_path.glob("*.mbx")
    ran = checklist(thread, box)
    [patch] = map(message_of, split_mbox(ran.out.encode()))
    assert str(patch["To"]).startswith("Zoë")
    assert f"{FILE}:{thread.line}" in patch.get_content()
    assert "1/2 backing-file" in patch.get_content()


def test_a_patch_that_does_not_apply_is_said_not_to_have_been_looked_at(thread: Thread, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(thread.box.read_bytes().replace(b" \tssize_t moved;", b" \tssize_t other;"))
    ran = checklist(thread, box)
    assert ran.status == 0
    [cover] = map(message_of, split_mbox(ran.out.encode()))
    assert re.search(r"Not looked at:\n\n  1/2 fs/backing-file.c: it does not apply: ", cover.get_content())


@pytest.mark.parametrize("what", ["nowhere.mbox", "Makefile"])
def test_what_is_no_mail_is_an_error(thread: Thread, what: str) -> None:
    ran = checklist(thread, what)
    assert ran.status == 2
    assert ran.out == ""
    assert "mbox" in ran.err


def test_who_has_no_name_cannot_reply(thread: Thread, tmp_path: Path) -> None:
    tree = Path(shutil.copytree(thread.tree, tmp_path / "linux", symlinks=True))
    git(tree, "config", "--unset", "user.email")
    ran = credseries(
        "checklist", "-C", tree, thread.box, cwd=tmp_path, env={"GIT_CONFIG_GLOBAL": os.devnull, "EMAIL": None}
    )
    assert ran.status == 4
    assert "user.email" in ran.err


def test_a_reply_is_from_whom_mail_is_from(thread: Thread, tmp_path: Path) -> None:
    tree = Path(shutil.copytree(thread.tree, tmp_path / "linux", symlinks=True))
    git(tree, "config", "sendemail.from", "Rita (lists) <rita@lists.example>")
    ran = credseries("checklist", "-C", tree, thread.box, cwd=tmp_path)
    assert '\nFrom: "Rita (lists)" <rita@lists.example>\n' in ran.out


# -- on a terminal


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, command: list[str], cwd: Path) -> None:
        pid, self._fd = pty.fork()
        if not pid:
            os.chdir(cwd)
            os.environ.update(TERM="xterm", LINES="40", COLUMNS="100")
            os.execvp(command[0], command)
        self.shown = ""

    def read(self, until: str = "") -> str:
        """What it writes, until something is seen or it ends."""
        seen = b""
        while not until or until not in seen.decode(errors="replace"):
            try:
                ready, _, _ = select.select([self._fd], [], [], 60)
                seen += os.read(self._fd, 65536) if ready else b""
                if not ready:
                    break
            except OSError:
                break
        self.shown += seen.decode(errors="replace")
        return seen.decode(errors="replace")

    def type(self, keys: str) -> None:
        """Type something."""
        os.write(self._fd, keys.encode())


def test_on_a_terminal_nothing_of_a_mail_acts(thread: Thread, tmp_path: Path) -> None:
    box = tmp_path / "box"
    evil = b"Guards are \x1b]0;title\x07 \xe2\x80\xaeshorter."
    box.write_bytes(thread.box.read_bytes().replace(b"Guards are shorter.", evil))
    command = [*COMMAND, "checklist", "-C", str(thread.tree), str(box)]
    shown = Terminal(["sh", "-c", '"$@" 2>errors', "sh", *command], tmp_path).read()
    assert "Re: [PATCH 0/2] Guards" in shown
    assert "\x1b[36m> --- a/fs/backing-file.c\x1b[0m" in shown
    assert "mboxrd@z" not in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e]", plain)


@pytest.mark.skipif(shutil.which("mutt") is None, reason="mutt is not installed")
def test_mutt_sends_a_draft_as_it_is(thread: Thread, tmp_path: Path) -> None:
    """Typed: `mutt -H DRAFT`, Enter for To and Subject, and `y` to send it; it goes to a program that keeps it."""
    checklist(thread, thread.box, "-o", tmp_path / "drafts")
    draft = tmp_path / "drafts" / "0001-re-backing-file-Use-a-guard-for-splice-reads.eml"
    program = tmp_path / "sendmail"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/new && mv {tmp_path}/new {tmp_path}/sent\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "muttrc").write_text(
        f'set sendmail="{program}" editor=true from=rita@example.net record="" folder={tmp_path} sendmail_wait=0\n'
    )
    mutt = Terminal(["mutt", "-F", str(tmp_path / "muttrc"), "-H", str(draft)], tmp_path)
    for prompt, key in (("To: ", "\r"), ("Subject: ", "\r"), ("Mutt: Compose", "y")):
        mutt.read(prompt)
        mutt.type(key)
    mutt.read("Mail sent")
    deadline = time.monotonic() + 60
    while not (tmp_path / "sent").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    before, after = message_of(draft.read_bytes()), message_of((tmp_path / "sent").read_bytes())
    assert after.get_content() == before.get_content()
    for field in ("From", "To", "Cc", "Subject", "In-Reply-To", "References"):
        assert str(after[field]).split() == str(before[field]).split()
    assert after["Message-ID"]
    assert after["Date"]
