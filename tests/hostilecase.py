"""A repository that somebody has prepared: all that git, b4 and patatt would run because its configuration says so.

Each program leaves a mark with its name, so that one sees what has run.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from tests.gitrepo import git

_HOOKS = (
    *("applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout", "post-commit"),
    *("post-index-change", "post-merge", "post-rewrite", "pre-applypatch", "pre-auto-gc", "pre-commit", "pre-push"),
    *("pre-rebase", "prepare-commit-msg", "reference-transaction", "sendemail-validate", "update"),
)
# Where each of these stands: in the configuration itself, in a file that it includes always or for some branch only, or
# in that of the work tree.
_PLAIN = (
    *("core.fsmonitor", "core.sshCommand", "core.gitProxy", "core.askPass", "core.pager", "core.editor"),
    *("core.alternateRefsCommand", "sequence.editor", "pager.log", "pager.show", "diff.external", "gpg.program"),
    *("gpg.ssh.program", "gpg.openpgp.program", "gpg.ssh.defaultKeyCommand", "hook.evil.command"),
    *("trailer.evil.command", "trailer.evil.cmd", "interactive.diffFilter", "tar.evil.command", "web.browser"),
    *("sendemail.toCmd", "sendemail.ccCmd", "sendemail.headerCmd", "patatt.gpg-bin", "patatt.ssh-keygen-bin"),
    *("b4.gpgbin", "b4.prep-perpatch-check-cmd", "b4.am-perpatch-check-cmd", "b4.send-auto-to-cmd"),
    *("b4.send-auto-cc-cmd", "b4.prep-pre-rewrite-hook", "b4.prep-post-rewrite-hook", "b4.custom-msgid-cmd"),
)
_INCLUDED = ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver")
_ON_BRANCH = ("diff.evil.textconv", "diff.evil.command")
_IN_WORK_TREE = ("credential.helper", "credential.smtp://127.0.0.1.helper", "remote.origin.uploadpack")
_COMMANDS = ("log", "show", "status", "diff", "rev-parse", "cat-file", "diff-tree", "b4", "range-diff", "credential")
_ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"


@dataclass(frozen=True)
class Hostile:
    """A prepared repository, and the directory where its programs leave their marks."""

    tree: Path
    marks: Path

    def ran(self) -> list[str]:
        """The programs that have run since the last time that this was asked."""
        found = sorted(self.marks.iterdir())
        for mark in found:
            mark.unlink()
        return [mark.name for mark in found]

    def program(self, name: str) -> Path:
        """A program that leaves a mark."""
        path = self.marks.parent / "programs" / name.replace("/", "-").replace(":", "-")
        path.parent.mkdir(exist_ok=True)
        gives = "cat" if name.endswith(("clean", "smudge")) else 'cat "$1"' if name.endswith("textconv") else "exit 1"
        path.write_text(f'#!/bin/sh\n: > "{self.marks}/{path.name}"\n{gives}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def configure(self, key: str, *options: str) -> None:
        """Let a variable name a program of its own name."""
        git(self.tree, "config", *options, key, str(self.program(key)))


def prepare(tree: Path, place: Path, branch: str) -> Hostile:
    """Plant all of it; `branch` is one for which more holds than for others."""
    hostile = Hostile(tree, place / "marks")
    hostile.marks.mkdir()
    git_dir = tree / ".git"
    hooks = git_dir / "evil-hooks"
    for directory in (git_dir / "hooks", hooks):
        directory.mkdir(exist_ok=True)
        for name in _HOOKS:
            (directory / name).symlink_to(hostile.program(f"hook {name}"))
    git(tree, "config", "core.hooksPath", str(hooks))
    for key in _PLAIN:
        hostile.configure(key)
    git(tree, "config", "hook.evil.event", "reference-transaction")
    for name in _COMMANDS:
        git(tree, "config", f"alias.{name}", f"!{hostile.program(f'alias.{name}')}")
    for key in _INCLUDED:
        hostile.configure(key, "--file", str(git_dir / "included"))
    git(tree, "config", "--file", str(git_dir / "included"), "filter.evil.required", "true")
    for key in _ON_BRANCH:
        hostile.configure(key, "--file", str(git_dir / "of-branch"))
    git(tree, "config", "--file", str(git_dir / "of-branch"), "diff.evil.cachetextconv", "true")
    git(tree, "config", "extensions.worktreeConfig", "true")
    for key in _IN_WORK_TREE:
        hostile.configure(key, "--worktree")
    hostile.configure("remote.file:///elsewhere.uploadpack")
    helper = hostile.program("helper")
    for key, value in {
        "remote.file:///elsewhere.url": "file:///elsewhere",
        "remote.origin.fetch": "+refs/heads/*:refs/heads/fetched/*",
        "include.path": "included",
        f"includeIf.onbranch:{branch}.path": "of-branch",
        "includeIf.gitdir:/**.path": "of-branch",
        "log.showSignature": "true",
        "diff.submodule": "log",
        "status.submoduleSummary": "true",
        "protocol.ext.allow": "always",
        f"url.ext::{helper} .insteadOf": "https://example.org/",
        "remote.origin.url": "https://example.org/linux",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
    }.items():
        git(tree, "config", "--add", key, value)
    # after the last command that is git's own: from here on nothing but what is tried may run these
    info = git_dir / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(_ATTRIBUTES)
    (tree / ".b4-config").write_text(
        "[b4]\n" + "".join(f"\t{key[3:]} = {hostile.program(f'.{key}')}\n" for key in _PLAIN if key.startswith("b4."))
    )
    for path in sorted((tree / "fs").rglob("*.c")):
        os.utime(path)  # git has to look into them again, and asks the filters
    hostile.ran()
    return hostile
