"""Checks of where a series stands: on a base that others have, not sent yet, and with what b4 asks for done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credseries.mail.preflight.model import Check, passed, skipped, verdict


@dataclass(frozen=True)
class Base:
    """The base commit, the remotes of the repository, and a remote-tracking branch or tag that has it (or empty)."""

    commit: str
    remotes: tuple[str, ...]
    found: str


@dataclass(frozen=True)
class Earlier:
    """What is known of the version on the branch (`version`) and the one that was sent before.

    `sent` says how it is known that this version itself was sent, `began` that some of it may have been; both are empty
    when it was not. `same_as` is the version that this one does not differ from in anything that a reviewer is told of.
    """

    version: int
    sent: str = ""
    began: str = ""
    same_as: int = 0


def base_check(base: Base) -> Check:
    """Fails when others cannot have the base commit, so that nobody could apply the series."""
    short = base.commit[:12]
    if not base.remotes:
        return skipped("base", f"the repository has no remotes: whether others have {short} is not known")
    if base.found:
        return passed("base", f"{short} is in {base.found}")
    problem = f"{short} is in no branch of {', '.join(base.remotes)} and in no tag: others cannot have it"
    return verdict(
        "base", [problem], "", "`credseries refresh --onto REV` moves the series; `git fetch` gets what is new"
    )


def sent_check(earlier: Earlier) -> Check:
    """Fails when this very version was sent already, or nothing in it is new."""
    following, problems = earlier.version + 1, []
    hint = "`credseries reroll` makes the next version; `credseries send --resend` sends one once more, as [RESEND]"
    if earlier.sent:
        problems.append(f"v{earlier.version} was sent already: {earlier.sent}; v{following} comes next")
    if earlier.began:
        problems.append(f"v{earlier.version} is partly out: {earlier.began}")
        hint = "`credseries send --resume` goes on with it"
    if earlier.same_as:
        problems.append(f"nothing has changed since v{earlier.same_as}")
    return verdict("sent", problems, f"v{earlier.version} has not been sent", hint)


def b4_check(asked: bool, failing: Sequence[str]) -> Check:
    """Fails when b4's own pre-flight (0.16, `ez.get_info`) would, in what none of the other checks is about.

    `asked` says that there was something to ask b4; what it found missing is given by its names for that.
    """
    if not asked:
        return skipped("b4", "neither checks of your own (b4.prep-perpatch-check-cmd) nor prerequisites")
    commands = {"needs-checking": "b4 prep --check", "needs-checking-deps": "b4 prep --check-deps"}
    problems = [f"{name}: `{commands.get(name, 'b4 prep --show-info')}` has not been run" for name in failing]
    return verdict("b4", problems, "what b4 is to check was checked", "with the branch checked out")
