"""Trees of other people, by the names that people give them: `REPO`, or `REPO#BRANCH` as b4 and pull requests have it.

What a remote of this repository has is taken as it was fetched last. Every other repository, a directory or a URL, is
fetched into this one's objects, under a ref below `refs/credseries/trees/`: no branch, no remote-tracking branch and no
FETCH_HEAD of the user's changes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import GitFailed, UnknownRevision, UsageError, without_secrets
from credseries.kernel.git import Repository
from credseries.words import content_key, near

# git-config(1), protocol.allow: those that are not for a person to allow. A configuration can make any URL another one.
_PROTOCOLS = "file:git:http:https:ssh"
_KEPT = "refs/credseries/trees/"
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:|[\w.-]+:(?!//)\S*/")

Working = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class OtherTree:
    """A branch of somebody's repository: how it was named, without secrets, and its newest commit. `fetched` says that
    it is that of just now; what a remote-tracking branch has may be older."""

    name: str
    commit: str
    fetched: bool


def default_trees(repo: Repository) -> list[str]:
    """The remotes of a repository, by name: where to look when nobody says where."""
    return sorted(repo.ran("remote", environment={}).output.decode("utf-8", "replace").split("\n")[:-1])


def find_tree(repo: Repository, text: str, working: Working) -> OtherTree:
    """The tree that `REPO` or `REPO#BRANCH` names: a remote, `.` (this repository), a directory, or a URL.

    Without a branch it is the one that the repository's HEAD names. `working` shows that a fetch takes its time. Raises
    UsageError, UnknownRevision, and GitFailed when a repository cannot be read.
    """
    place, _, branch = text.partition("#")
    remotes = default_trees(repo)
    if place in remotes:
        return _tracked(repo, text, place, branch)
    if place in ("", "."):
        return OtherTree(text, repo.resolve(branch or "HEAD"), fetched=True)
    directory = Path(place).expanduser()
    if _URL.match(place) is None and not directory.exists():
        known = f"remotes here: {', '.join(remotes)}" if remotes else "there is no remote here"
        raise UsageError(
            f"{place} is no remote, no directory and no URL{near(place, remotes)}",
            hint=f"{known}; write REPO#BRANCH, and .#REVISION for what this repository has",
        )
    source = str(directory.absolute()) if directory.exists() else place
    with working(f"fetching {without_secrets(text)}"):
        return OtherTree(without_secrets(text), _fetch(repo, source, branch), fetched=True)


def _tracked(repo: Repository, text: str, remote: str, branch: str) -> OtherTree:
    """What a remote had when it was fetched last."""
    prefix = f"refs/remotes/{remote}/"
    there = [name.removeprefix(prefix) for name in repo.refs(prefix)]
    wanted = branch or next((name for name in ("HEAD", "master", "main") if name in there), "")
    if wanted in there:
        return OtherTree(text, repo.resolve(prefix + wanted), fetched=False)
    branches = ", ".join(name for name in there if name != "HEAD") or "none"
    missing = f"no branch {branch}{near(branch, there)}" if branch else "no HEAD that would say which branch is meant"
    raise UnknownRevision(
        f"the remote {remote}, as it was fetched last, has {missing}",
        hint=f"`git fetch {remote}` gets what is new; its branches here: {branches}",
    )


def _fetch(repo: Repository, source: str, branch: str) -> str:
    """The newest commit of a branch of another repository, fetched and kept."""
    ref = _KEPT + content_key(source, branch)[:16]
    refspec = f"+{f'refs/heads/{branch}' if branch else 'HEAD'}:{ref}"
    finished = repo.ran(
        *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules"),
        # whatever a remote of that very name is set to: its own program there, and more refs here
        *("--upload-pack=git-upload-pack", "--refmap=", "--no-prune"),
        *("--end-of-options", source, refspec),
        environment={"GIT_ALLOW_PROTOCOL": os.environ.get("GIT_ALLOW_PROTOCOL", _PROTOCOLS)},
    )
    if finished.status != 0:
        what = f"branch {branch} of {source}" if branch else source
        raise GitFailed(
            f"{what} cannot be fetched: {finished.errors}",
            hint=f"`git ls-remote --heads {source}` shows which branches there are",
        )
    return repo.resolve(ref)
