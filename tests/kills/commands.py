"""The commands that are killed: what they start from, and what they leave when they are done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from credseries.errors import CredseriesError
from credseries.kernel.git import Repository
from credseries.mail.cover import stored_cover
from credseries.series import saved
from credseries.series.current import Current
from tests.clicase import credseries
from tests.gitrepo import git
from tests.kills.sendoff import arrived, prepare
from tests.kills.state import State
from tests.kills.victim import USAGE, Check, Ending, Victim
from tests.mailcase import B4

BRANCH = "creds-rfc"
HEAD = f"refs/heads/{BRANCH}"
GENERATED = f"refs/credseries/generated/{BRANCH}"
PREVIOUS = f"refs/credseries/previous/{BRANCH}"
CONFLICT = f"refs/credseries/conflicts/{BRANCH}/1"
SENT = "refs/tags/sent/*-v1"

# What a person writes into a patch of the series, and into a commit behind it.
_FUNCTION = "int backing_file_mmap("
_IN_A_PATCH = "/* killed, by hand */"
_IN_A_COMMIT = "/* killed, in a commit of its own */"
_MOVED = ("fs/backing-file.c", "fs/overlayfs/dir.c", "fs/open.c", "include/linux/cred.h")


# -- what a command starts from


def _nothing(tree: Path) -> None:
    """The miniature tree as it is."""


def _split(tree: Path) -> None:
    """The default series on its branch."""
    ran = credseries("split", cwd=tree)
    assert ran.status == 0, ran.err


def _mailing(tree: Path) -> None:
    """The series, and a program that mail goes to."""
    _split(tree)
    prepare(tree)


def _edited(tree: Path) -> None:
    """The series, changed by hand on its branch, and a base that has moved meanwhile."""
    _split(tree)
    _by_hand(tree, f"{_IN_A_PATCH} {_FUNCTION}")
    _move_base(tree, {})


def _torn(tree: Path) -> None:
    """The same, and what was changed by hand has changed in the base as well."""
    _split(tree)
    _by_hand(tree, f"{_IN_A_PATCH} {_FUNCTION}")
    _move_base(tree, {"fs/backing-file.c": (_FUNCTION, f"/* upstream */ {_FUNCTION}")})


def _by_hand(tree: Path, function: str) -> None:
    """A patch of the series is amended, as one does it with a fixup and a rebase, and a commit is added."""
    patch = _git(tree, "log", "-1", "--format=%H", HEAD, "--", "fs/backing-file.c")
    _git(tree, "checkout", "--quiet", BRANCH)
    _replace(tree / "fs/backing-file.c", _FUNCTION, function)
    _git(tree, "commit", "--quiet", "--all", f"--fixup={patch}")
    _git(tree, "rebase", "--quiet", "--interactive", "--autosquash", "--keep-empty", "master")
    path = tree / "fs/open.c"
    path.write_text(f"{path.read_text()}\n{_IN_A_COMMIT}\n")
    _git(tree, "commit", "--quiet", "--all", "-m", "fs: Leave a comment")
    _git(tree, "checkout", "--quiet", "master")


def _move_base(tree: Path, changes: dict[str, tuple[str, str]]) -> None:
    """Another base, with one line more at the top of files that the series changes; `changes` are more of them."""
    for name in _MOVED:
        path = tree / name
        path.write_text(f"/* one line more at the top */\n{path.read_text()}")
    for name, (old, new) in changes.items():
        _replace(tree / name, old, new)
    _replace(tree / "Makefile", "PATCHLEVEL = 12", "PATCHLEVEL = 13")
    _git(tree, "commit", "--quiet", "--all", "-m", "Linux 6.13.0")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def _git(tree: Path, *arguments: str) -> str:
    """What git prints to somebody who works by hand today: b4 finds no cover letter that is long past."""
    environment = {name: value for name, value in os.environ.items() if name not in _DATES}
    environment |= {"GIT_EDITOR": "true", "GIT_SEQUENCE_EDITOR": "true"}
    ran = subprocess.run(
        ["git", "-C", tree, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, (arguments, ran.stderr)
    return ran.stdout.strip()


_DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")


# -- what it leaves


def _made(tree: Path, before: State, now: State) -> list[str]:
    """The series is the one that was made, if there is one."""
    if HEAD not in now.refs:
        return []
    found = _read(tree)
    if not isinstance(found, Current):
        return found
    problems = _unknown_to_b4(tree) if before.refs.get(HEAD) != now.refs[HEAD] else []
    if found.same and found.record.tip == found.pristine.tip and found.cover is not None:
        return problems
    return ["the series is not the one that was made", *problems]


def _refreshed(places: dict[str, str], *, fixup: bool) -> Check:
    """The series can be read, and what was done by hand is there: `places` are refs in which the marks are.

    Where it has moved, it is on the new base, with a fixup or without, and what it was is kept.
    """

    def check(tree: Path, before: State, now: State) -> list[str]:
        found = _read(tree)
        if not isinstance(found, Current):
            return found
        moved = before.refs[HEAD] != now.refs[HEAD]
        problems = _without_marks(tree, places if moved else dict.fromkeys(places, HEAD))
        if not moved:
            return problems
        problems += _unknown_to_b4(tree)
        if now.refs.get(PREVIOUS) != before.refs[HEAD]:
            problems.append(f"{PREVIOUS} is not what the branch was")
        if (found.record.base, found.pristine.base) != (now.refs["refs/heads/master"],) * 2:
            problems.append(f"the series is not on its new base, but on {found.record.base}")
        if found.record.tip == found.pristine.tip or found.cover is None or found.dropped:
            problems.append("the series is not the one that was made, with what was done by hand")
        subjects = [patch.subject for patch in found.record.patches]
        if sum(subject.startswith("fixup! ") for subject in subjects) != fixup:
            problems.append(f"the patches are {subjects}")
        return problems

    return check


def _rerolled(tree: Path, before: State, now: State) -> list[str]:
    """As a refreshed series, with changes in their patches; and the version that was sent has a tag, and a next one."""
    problems = _refreshed({_IN_A_PATCH: HEAD, _IN_A_COMMIT: HEAD}, fixup=False)(tree, before, now)
    found = _read(tree)
    if not isinstance(found, Current) or before.refs[HEAD] == now.refs[HEAD]:
        return problems
    tags = now.of((SENT,))[0].split()
    if found.record.revision != 2 or len(tags) != 1:
        return [*problems, f"the version is {found.record.revision}, and the tags of what was sent are {tags}"]
    if not before.of((SENT,))[0] and _tree_of(tree, tags[0]) != _tree_of(tree, before.refs[HEAD]):
        problems.append("the tag does not name what was on the branch")
    return problems


def _marked(tree: Path, before: State, now: State) -> list[str]:
    """The series is as it was, and where it was marked its next version has come; the tag names what it was."""
    found = _read(tree)
    if not isinstance(found, Current):
        return found
    problems = [] if found.same else ["the patches are not those that were made"]
    if before.refs[HEAD] == now.refs[HEAD]:
        return problems
    problems += _unknown_to_b4(tree)
    tags = now.of((SENT,))[0].split()
    if found.record.revision != 2 or len(tags) != 1:
        return [*problems, f"the version is {found.record.revision}, and the tags of what was sent are {tags}"]
    if _tree_of(tree, tags[0]) != _tree_of(tree, before.refs[HEAD]):
        problems.append("the tag does not name what was on the branch")
    return problems


def _sent(tree: Path, before: State, now: State) -> list[str]:
    """As a series that was marked; no message has arrived twice, and where it was marked none is missing."""
    problems, ids = _marked(tree, before, now), arrived(tree)
    if len(set(ids)) != len(ids) or "" in ids:
        problems.append(f"messages arrived twice, or in part: {sorted(ids)}")
    if now.of((SENT,))[0] and len(ids) != len(saved.load(Repository.discover(tree), BRANCH).patches) + 1:
        problems.append(f"it is marked as sent, and of its messages {len(ids)} arrived")
    return problems


def _tree_of(tree: Path, revision: str) -> str:
    return git(tree, "rev-parse", f"{revision}^{{tree}}")


def _read(tree: Path) -> Current | list[str]:
    """The series on its branch with a cover letter, or what is wrong with it."""
    try:
        current = saved.current(Repository.discover(tree), BRANCH)
        stored_cover(current)
    except CredseriesError as error:
        return [f"the series cannot be read: {error.message}"]
    return current


def _without_marks(tree: Path, places: dict[str, str]) -> list[str]:
    """Marks that are not at the refs at which they belong."""
    found = []
    for mark, ref in places.items():
        asked = subprocess.run(
            ["git", "-C", tree, "grep", "--quiet", "--fixed-strings", mark, ref], capture_output=True, check=False
        )
        if asked.returncode != 0:
            found.append(f"{mark!r} is not at {ref}")
    return found


def _unknown_to_b4(tree: Path) -> list[str]:
    """What b4 says to a branch that it does not know."""
    asked = subprocess.run(
        [sys.executable, B4, "--offline-mode", "prep", "--show-info", f"{BRANCH}:change-id"],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if asked.returncode == 0 and asked.stdout.strip() else [f"b4 does not know the branch: {asked.stderr}"]


# -- the commands


SPLIT = Victim("split", ("split",), _nothing, (HEAD, GENERATED), _made, again=Ending(USAGE, "exists already"))
COVER = Victim("cover", ("cover", "--note", "Killed while it was written."), _split, (HEAD, GENERATED), _made)
REFRESH = Victim(
    "refresh",
    ("refresh", "--onto", "master"),
    _edited,
    (HEAD, GENERATED, PREVIOUS),
    _refreshed({_IN_A_PATCH: HEAD, _IN_A_COMMIT: HEAD}, fixup=True),
)
REFRESH_CONFLICT = replace(
    REFRESH,
    name="refresh-conflict",
    arguments=(*REFRESH.arguments, "--set-aside"),
    prepare=_torn,
    refs=(*REFRESH.refs, CONFLICT),
    check=_refreshed({_IN_A_PATCH: CONFLICT, _IN_A_COMMIT: HEAD}, fixup=False),
    ending=Ending(1),
)
REROLL = Victim(
    "reroll",
    ("reroll", "--sent", "--onto", "master"),
    _edited,
    (HEAD, GENERATED, PREVIOUS, SENT),
    _rerolled,
)
SEND = Victim(
    "send", (), _mailing, (HEAD, SENT), _sent, program=(sys.executable, str(Path(__file__).with_name("sendoff.py")))
)
SENDING = Victim(
    "sending", (), _split, (HEAD, SENT), _marked, program=(sys.executable, str(Path(__file__).with_name("marking.py")))
)
_ALL: Sequence[Victim] = (SPLIT, COVER, REFRESH, REFRESH_CONFLICT, REROLL, SENDING, SEND)
VICTIMS = {victim.name: victim for victim in _ALL}
