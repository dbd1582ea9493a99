"""The way out that is configured, and how fast it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from credseries.kernel.git import Repository
    from credseries.mail.outbox.pace import Pace
    from credseries.mail.transport.model import Transport


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

    `signed_only` says that messages must be signed to be taken; `closed` why it cannot be used, empty when it can.
    """

    sender: str
    route: str
    connect: Callable[[], Transport]
    pace: Pace
    signed_only: bool = False
