"""Series with planted faults as people send them, and the replies that are drafted to them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.cli.replies import draft_for
from credseries.kernel.git import Repository
from credseries.mail.reply.draft import Draft
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.model import Letter
from tests.auditcase import CRED_H, HEADER, Plant
from tests.gitrepo import git

AUTHOR = "Zoë Łukaszewicz <zoe@example.org>"
LIST = "linux-fsdevel@vger.kernel.org"
TREE = {"Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nNAME = Test\n", CRED_H: HEADER.decode()}
TREE["MAINTAINERS"] = "LIST OF MAINTAINERS\n\nTHE REST\nL:\tlinux-kernel@vger.kernel.org\nF:\t*\n"
Files = Mapping[str, str]


def import_commits(repository: Path, chains: Mapping[str, Sequence[tuple[str, Files]]]) -> dict[str, list[str]]:
    """Commits of which each has all of its files, without parents, in chains by the names of their branches."""
    parts: list[bytes] = []
    mark = 0
    for branch, chain in chains.items():
        parts.append(b"reset refs/heads/%s\n\n" % branch.encode())
        for message, files in chain:
            mark += 1
            text = message.encode()
            parts.append(b"commit refs/heads/%s\nmark :%d\n" % (branch.encode(), mark))
            parts += [b"%s %s 1731628800 +0000\n" % (role, AUTHOR.encode()) for role in (b"author", b"committer")]
            parts.append(b"data %d\n%s\ndeleteall\n" % (len(text), text))
            for name, content in files.items():
                data = content.encode()
                parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(data), data))
    command = ["git", "-C", str(repository), "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(parts), check=True)
    return {branch: git(repository, "rev-list", "--reverse", branch).split() for branch in chains}


def make_repository(path: Path) -> Path:
    """An empty repository of somebody who reviews."""
    path.mkdir()
    git(path, "init", "--quiet")
    git(path, "config", "user.name", "Rita Reviewer")
    git(path, "config", "user.email", "rita@example.net")
    return path


def plant_files(plant: Plant, *, after: bool) -> Files:
    """The tree of a planted fault, before or after it."""
    extra = plant.extra_after if after and plant.extra_after is not None else plant.extra
    more = {"fs/extra.h": extra} if extra else {}
    return {**TREE, "fs/t.c": plant.after if after else plant.before, **more}


def mailed(repository: Path, base: str, tip: str, *options: str) -> bytes:
    """The mails of some commits, as `git format-patch` makes them and a list delivers them."""
    command = [
        *("git", "-C", str(repository), "format-patch", "--stdout", "--thread=shallow", f"--from={AUTHOR}"),
        *(f"--to={LIST}", "--cc=Amir Reviewer <amir@example.com>", *options, f"{base}..{tip}"),
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout


@dataclass(frozen=True)
class Drafted:
    """Replies by the number of the patch that they answer; 0 is the cover letter."""

    drafts: tuple[Draft, ...]

    def letter(self, number: int) -> Letter:
        """One of them, read as the mail that it would be."""
        [found] = [draft for draft in self.drafts if draft.number == number]
        return read_letter(found.data)


def draft(repository: Path, box: Path, base: str | None = None) -> Drafted:
    """The replies to what is in a mailbox."""
    return Drafted(draft_for(Repository.discover(repository), [str(box)], base).drafts)


# -- reading a patch and a reply independently of the program

_HEAD = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,(\d+))? @@")


def new_lines(patch: str) -> dict[tuple[str, int], int]:
    """Which line of a patch's text (from 0) has which line of a file after it; hunks end at the `-- ` of the mail."""
    found: dict[tuple[str, int], int] = {}
    file, number, left = "", 0, 0
    for at, line in enumerate(patch.split("\n")):
        if left <= 0 and line.startswith("+++ "):
            file = line.removeprefix("+++ ").removeprefix("b/")
        elif left <= 0 and (head := _HEAD.match(line)):
            number, left = int(head[2]), int(head[3] or 1)
        elif left > 0 and line[:1] in ("+", " ", ""):
            found[file, number] = at
            number, left = number + 1, left - 1
    return found


@dataclass(frozen=True)
class Said:
    """What stands below a quote: the quoted lines above it, since the last words or since something was left out."""

    quoted: tuple[str, ...]
    words: str


def said(text: str) -> list[Said]:
    """A reply in pieces, each as words with what is quoted above them."""
    found: list[Said] = []
    quoted: list[str] = []
    words: list[str] = []

    def close() -> None:
        if words and any(map(str.strip, words)):
            found.append(Said(tuple(quoted), "\n".join(words).strip("\n")))
            quoted.clear()
        words.clear()

    for line in text.split("\n"):
        if line == "> [...]":
            close()
            quoted.clear()
        elif line.startswith(">"):
            close()
            quoted.append(line[2:])
        else:
            words.append(line)
    close()
    return found


def quoted_lines(text: str) -> Iterable[str]:
    """The lines that a reply repeats."""
    return [line[2:] for line in text.split("\n") if line.startswith(">") and line != "> [...]"]
