"""Sends the series, or goes on with what was not all sent and says what its author would: run in a tree, to be killed.

Mail goes through a program that keeps each message in a file of its own, whole or not at all.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from credseries.kernel.git import Repository
from credseries.mail.outbox.model import Fate
from credseries.mail.outbox.stored import StoredOutbox
from credseries.series import saved
from tests.clicase import COMMAND
from tests.gitrepo import git

ARRIVED = ".git/arrived"
_PROGRAM = """\
#!/bin/sh
cat > "$0.$$" && mv "$0.$$" "$(dirname "$0")/arrived/$$-$(date +%s%N)"
"""


def prepare(tree: Path) -> None:
    """Put that program, and a place for what it gets, into a repository."""
    (tree / ARRIVED).mkdir()
    program = tree / ".git/mailer"
    program.write_text(_PROGRAM)
    program.chmod(0o755)


def arrived(tree: Path) -> list[str]:
    """The Message-Ids of what arrived, with brackets."""
    texts = [path.read_bytes() for path in (tree / ARRIVED).iterdir()]
    found = [re.search(rb"^Message-Id: (<.*>)", text, re.MULTILINE | re.IGNORECASE) for text in texts]
    return [match[1].decode() if match else "" for match in found]


def _arguments(tree: Path) -> list[str]:
    """What its author would say next; nothing once all of it is out."""
    with saved.opened(Repository.discover(tree)) as store:
        boxes = StoredOutbox(store).open()
    if not boxes:
        return [] if git(tree, "tag", "--list", "sent/*") else ["send", "--require", "none", "--yes"]
    there = arrived(tree)
    options = []
    for entry in boxes[0].having(Fate.UNKNOWN):
        options += ["--arrived" if entry.message_id in there else "--again", str(entry.number)]
    return ["send", "--resume", "--yes", *options]


def main() -> None:
    """One step; without kills it is the only one."""
    arguments = _arguments(Path())
    if arguments:
        os.environ |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "sendemail.sendmailCmd"}
        os.environ["GIT_CONFIG_VALUE_0"] = "./.git/mailer"  # a repository cannot name one itself
        os.execv(COMMAND[0], [*COMMAND, *arguments])


if __name__ == "__main__":
    main()
