"""The way out that is configured, and how fast it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from credseries.kernel.git import Repository
    from credseries.mail.outbox.pace import Pace
    from credseries.mail.transport.model import Transport
    from credseries.mail.transport.settings import Endpoint, Program, Server


@dataclass(frozen=True)
class Wish:
    """What somebody wants otherwise than it is configured: b4's web endpoint, and how fast.

    `reflect` says that all messages go to their author alone, which b4's web endpoint has to be told.
    """

    web: bool = False
    reflect: bool = False
    batch_size: int | None = None
    relogin_delay: float | None = None


@dataclass(frozen=True)
class Way:
    """A way out: whom a server takes for the `sender`, the `route` for a person, what opens it, and its pace.

    `signed_only` says that messages must be signed to be taken.
    """

    sender: str
    route: str
    connect: Callable[[], Transport]
    pace: Pace
    signed_only: bool = False


def configured_way(repo: Repository, wish: Wish) -> Way:
    """The way out that git's sendemail and b4's configuration name, or that was wished for. Raises UsageError.

    Nothing is connected yet, and no password asked for.
    """
    from credseries.mail.outbox.pace import Pace
    from credseries.mail.transport.settings import Endpoint, read_settings

    settings = read_settings(repo, web=wish.web)
    batch = settings.batch if wish.batch_size is None else wish.batch_size
    pause = settings.pause if wish.relogin_delay is None else wish.relogin_delay
    return Way(
        sender=settings.sender,
        route=settings.outlet.description,
        connect=_opener(repo, settings.outlet, reflect=wish.reflect),
        pace=Pace(batch=batch, pause=pause),
        signed_only=isinstance(settings.outlet, Endpoint),
    )


def _opener(repo: Repository, outlet: Server | Program | Endpoint, *, reflect: bool) -> Callable[[], Transport]:
    """What opens a way out, again and again: it asks for a password once."""
    import sys

    from credseries.mail.transport.credentials import Credentials
    from credseries.mail.transport.program import ProgramTransport
    from credseries.mail.transport.settings import Program, Server
    from credseries.mail.transport.smtp import open_smtp
    from credseries.mail.transport.web import WebTransport

    if isinstance(outlet, Server):
        credentials = Credentials(repo, outlet, terminal=sys.stdin.isatty()) if outlet.user else None
        return partial(open_smtp, outlet, credentials)
    if isinstance(outlet, Program):
        return partial(ProgramTransport, outlet, repo.work_tree or repo.git_dir)
    return partial(WebTransport, outlet, reflect=reflect)
