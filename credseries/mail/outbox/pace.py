"""How fast messages go out, for servers that take only so many at a time. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """After `batch` messages (0: never) the connection is closed, and the next is opened `pause` seconds later.

    These are git's sendemail.smtpBatchSize and sendemail.smtpReloginDelay (git-send-email(1)). A message that was
    certainly not taken is tried again as often as `dropped` (the connection broke) and `busy` (the server said that it
    cannot now, a 4xx answer) have waits for it, in seconds.
    """

    batch: int = 0
    pause: float = 0.0
    dropped: tuple[float, ...] = (0.0, 1.0, 5.0)
    busy: tuple[float, ...] = (1.0, 5.0, 15.0)

    def full(self, handed_over: int) -> bool:
        """Whether a connection that took so many messages has taken its batch."""
        return bool(self.batch) and handed_over >= self.batch
