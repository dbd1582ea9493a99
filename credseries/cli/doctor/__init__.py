"""`credseries doctor`: what is installed and set up, what is missing for which command, and what to do about it."""

from __future__ import annotations

from credseries.cli.doctor.command import add_to

__all__ = ["add_to"]
