"""The README is true: what it shows of the command is what the command prints on the miniature tree.

Its ```console blocks are one session, in order, in one repository. A line `...` stands for any number of lines.
UPDATE_SNAPSHOTS=1 writes the output of the commands that show all of it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.clicase import credseries, environment, normal
from tests.gitrepo import git

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """A command line of the README and the output below it."""

    command: str
    output: str


def shown_in(block: str) -> list[Shown]:
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Shown(*part.split("\n", 1)) for part in parts]


def matches(shown: str, got: str) -> bool:
    pieces = re.split(r"^\.\.\.\n", undated(shown), flags=re.MULTILINE)
    return re.fullmatch("(?:.*\n)*?".join(map(re.escape, pieces)), undated(got)) is not None


def undated(text: str) -> str:
    """Normal text, whenever the commands in it ran."""
    return re.sub(r"\b20\d\d-\d\d-\d\d\b", "DATE", normal(text))


def patch_with_a_fault(tree: Path) -> bytes:
    """A mail as a list delivers it, with the patch by hand that the README shows."""
    diff = credseries("convert", "--diff", "backing_file_splice_read", cwd=tree).out
    diff = re.sub(r"scoped_guard\(cred, (.*)\) {", r"guard(cred)(\1);", diff)
    diff = re.sub(r"^\+\t}$", "+", diff, flags=re.MULTILINE)
    head = (
        "From x@y Mon Nov  2 09:00:00 2026\nFrom: Zoe <zoe@example.org>\nTo: linux-fsdevel@vger.kernel.org\n"
        "Subject: [PATCH] backing-file: Use a guard for splice reads\nDate: Mon, 02 Nov 2026 09:00:00 +0000\n"
        "Message-Id: <1@example.org>\n\nOne scope.\n\nSigned-off-by: Zoe <zoe@example.org>\n---\n"
    )
    return f"{head}{diff}-- \n2.43.0\n\n".encode()


def test_what_the_readme_shows_is_what_the_command_prints(miniature: Path, tmp_path: Path) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    script = binaries / "credseries"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m credseries "$@"\n')
    script.chmod(0o755)
    (miniature / "bench.txt").write_text("stat storm on overlayfs, 64 tasks, 2 x 32 cores: +36%\n")
    shutil.copy(Path(__file__).parent / "bench" / "c2c" / "mail.txt", miniature)
    shutil.copy(Path(__file__).parent / "mail" / "rfc-v2-reply.txt", miniature / "reply.txt")
    git(miniature, "config", "user.name", "You")
    (miniature / "thread.mbox").write_bytes(patch_with_a_fault(miniature))
    path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    text, wrong, commands = README.read_text(encoding="utf-8"), [], 0
    for block in BLOCK.findall(text):
        for shown in shown_in(block):
            if not shown.command.startswith("credseries "):
                continue
            commands += 1
            got = subprocess.run(
                ["bash", "-o", "pipefail", "-c", shown.command],
                cwd=miniature,
                env=environment({"PATH": path}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            ).stdout
            if matches(shown.output, got):
                continue
            wrong.append(f"$ {shown.command}\n{got}")
            if "...\n" not in shown.output:
                text = text.replace(f"$ {shown.command}\n{shown.output}", f"$ {shown.command}\n{got}", 1)
    if wrong and os.environ.get("UPDATE_SNAPSHOTS"):
        README.write_text(text, encoding="utf-8")
    assert not wrong, "README.md shows something else than these:\n" + "\n".join(wrong)
    assert commands >= 8


def test_every_command_and_option_is_in_the_readme(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    single = (
        "demo",
        "scan",
        "convert",
        "show",
        "split",
        "status",
        "ablate",
        "refresh",
        "cover",
        "checklist",
        "report",
        "recipients",
        "send",
        "thread",
        "comments",
        "landed",
        "reroll",
        "audit",
        "doctor",
    )
    bench = ("doctor", "workload", "run", "add", "edit", "list", "show", "chart", "export", "import", "remove")
    for command in (*single, "recipe list", "recipe show", "recipe check", *(f"bench {name}" for name in bench)):
        assert f"`credseries {command}" in text
        shown = credseries(*command.split(), "--help", cwd=tmp_path).out
        options = set(re.findall(r"--[a-z][a-z-]+", shown.partition("Options:")[2]))
        missing = sorted(option for option in options - {"--help"} if option not in text)
        assert not missing, f"{command}: {missing}"


def test_every_path_of_the_readme_exists() -> None:
    for path in re.findall(r"\]\(([\w./-]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / path).exists(), path
