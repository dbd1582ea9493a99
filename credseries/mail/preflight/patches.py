"""Checks of the patches as a person reads them: their order, their messages, and who has signed them off. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from credseries.mail.preflight.model import Check, verdict
from credseries.series.trailers import split_message
from credseries.words import many

_PARTS = re.compile(r"(fixup|squash|amend)! ")  # git-commit(1), --fixup and --squash


@dataclass(frozen=True)
class PatchText:
    """A patch's number, its whole commit message, and the address of its author."""

    number: int
    message: str
    author: str

    @property
    def subject(self) -> str:
        """The first line."""
        return self.message.partition("\n")[0]

    @property
    def label(self) -> str:
        """What it is called where something is said of it."""
        return f"patch {self.number} ({self.subject})"


@dataclass(frozen=True)
class Sender:
    """Who sends: the address that messages are from, git's user.email, and git's sendemail.from (or empty)."""

    address: str
    user: str
    configured: str = ""


def order_check(patches: Sequence[PatchText], broken: Sequence[str], numbered: Sequence[int]) -> Check:
    """Fails when a patch stands before what it needs (`broken`, a sentence each), is to become part of another one, or
    has no message (`numbered` are the numbers of those that have)."""
    problems = [f"{item.label} is to become part of another" for item in patches if _PARTS.match(item.subject)]
    problems += broken
    problems += [f"{item.label} has no message" for item in patches if item.number not in numbered]
    extra = sorted(set(numbered) - {item.number for item in patches})
    problems += [f"message {number} is of no patch of the series" for number in extra]
    fine = f"{many(len(patches), 'patch', 'patches')}, each after what it needs"
    hint = "`git rebase -i` puts them in order; `credseries refresh --squash` folds fixups in, and makes the rest anew"
    return verdict("order", problems, fine, hint)


def body_check(patches: Sequence[PatchText]) -> Check:
    """Fails when a commit message says nothing besides its subject and trailers.

    b4 0.16 refuses such a patch when the text stands below the `---` instead (its check `misplaced-body`); for the
    kernel a description is always asked for (Documentation/process/submitting-patches.rst, "Describe your changes").
    """
    problems = [
        f"{item.label} does not say why: its message is a subject alone"
        for item in patches
        if not split_message(item.message)[0].partition("\n")[2].strip()
    ]
    return verdict("body", problems, "each patch says why", "`git rebase -i`, reword: what and why, for each patch")


def signed_check(patches: Sequence[PatchText], sender: Sender) -> Check:
    """Fails when a patch is not signed off by its author and by who sends it (Developer's Certificate of Origin, (a) to
    (c), in submitting-patches.rst), or when mail goes out under another address than commits."""
    problems = [f"{item.label} is not signed off by {who}" for item in patches if (who := _lacking(item, sender))]
    if sender.configured and sender.configured.casefold() != sender.user.casefold():
        problems.append(
            f"mail goes out from {sender.configured} (sendemail.from), and commits are by {sender.user} (user.email)"
        )
    hint = "git rebase --signoff signs off as user.email; `git config` shows and sets user.email and sendemail.from"
    return verdict("signed-off", problems, f"each patch by its author, and by {sender.address}", hint)


def _lacking(patch: PatchText, sender: Sender) -> str:
    """Who has to sign a patch off and has not."""
    trailers = split_message(patch.message)[1]
    signers = {
        parseaddr(trailer.value)[1].casefold() for trailer in trailers if trailer.name.casefold() == "signed-off-by"
    }
    if not signers:
        return "anybody"
    wanted = {patch.author.casefold(): f"its author, {patch.author}"}
    wanted.setdefault(sender.address.casefold(), f"who sends it, {sender.address}")
    return " and ".join(who for address, who in wanted.items() if address not in signers)
