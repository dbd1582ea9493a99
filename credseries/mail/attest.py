"""Attestation: messages signed by their author with patatt (https://pypi.org/project/patatt/), as b4 does it.

The signature covers the headers From, Subject, Date and the body as git reads it, so it is made last of all, over the
bytes that are stored and sent.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from credseries.errors import EnvironmentProblem
from credseries.kernel.git_process import hardened
from credseries.mail.message import Message

if TYPE_CHECKING:
    from credseries.kernel.git import Repository

HEADERS = ("X-Developer-Signature", "X-Developer-Key")
_YES = frozenset({"yes", "true", "y"})  # b4 0.16, `ez.cmd_send`


def signing_key(repo: Repository) -> str:
    """The key that messages are signed with, as it is configured; empty when they are not to be signed.

    It is patatt.signingkey, else user.signingkey, as patatt looks for it; b4.send-no-patatt-sign turns it off. Unlike
    b4, which fails without a key, messages of somebody who has none are not signed.
    """
    if (repo.config("b4.send-no-patatt-sign") or "").lower() in _YES:
        return ""
    return repo.config("patatt.signingkey") or repo.config("user.signingkey") or ""


def attest(repo: Repository, messages: Sequence[Message]) -> list[Message]:
    """The messages with signatures; raises EnvironmentProblem when one of them cannot be signed, and NotTrusted when a
    program would have to sign that the repository itself names."""
    import patatt

    repo.restraint.refuse("gpg.program", "gpg.*.program", "patatt.*-bin")
    module = vars(patatt)
    with hardened(repo.work_tree or repo.git_dir, places=repo.places), _quiet():
        # patatt keeps what it has read of a configuration, whosever that was
        module["CONFIGCACHE"].clear()
        module["KEYCACHE"].clear()
        return [replace(message, data=_signed(message)) for message in messages]


def _signed(message: Message) -> bytes:
    import patatt

    try:
        return patatt.rfc2822_sign(message.data)
    except Exception as error:  # of patatt's own, of gpg, ssh-keygen, key files and their encodings
        raise EnvironmentProblem(
            f"{message.subject!r} cannot be signed: {error or type(error).__name__}",
            hint="see whether patatt.signingkey (or user.signingkey) names a key that is there; with --no-sign "
            "the messages go out without signatures",
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """patatt tells its log which key it takes; who asks for that here has the summary."""
    logger = logging.getLogger("patatt")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
