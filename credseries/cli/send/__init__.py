"""`credseries send`: the series as messages, to the right people, each once."""

from __future__ import annotations

from credseries.cli.send.command import add_to
from credseries.cli.send.made import build_messages, build_umbrella

__all__ = ["add_to", "build_messages", "build_umbrella"]
