"""What must be right before messages go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.cli.send.made import Made, Request
    from credseries.cli.send.way import Way
    from credseries.kernel.git import Repository
    from credseries.mail.preflight.model import Check


def checks_of(repo: Repository, made: Made, request: Request, require: Sequence[str]) -> tuple[Check, ...]:
    """Every check of what was made; of what was sent before, and of a preview for somebody, there are none."""
    from credseries.cli.preflight import gather_checks

    if made.again or request.only_to:
        return ()
    return gather_checks(repo, made.outgoing, letter=made.letter, require=require)


def check_signed(way: Way, *, signed: bool) -> None:
    """Raises UsageError when a way takes signed messages only and these have no signatures."""
    from credseries.errors import UsageError

    if way.signed_only and not signed:
        raise UsageError(
            f"{way.route} takes signed messages only, and these are not signed",
            hint="`patatt genkey` makes a key; git's patatt.signingkey names it",
        )
