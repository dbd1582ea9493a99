"""The configuration of the kernel that is booted: which options it must have, and which are only wished for."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).parent / "kernel.config"
_WISHED = "# wished"


def config_text() -> str:
    """The fragment that is put on top of allnoconfig; caches of kernels are keyed by it."""
    return _FILE.read_text(encoding="utf-8")


def required_options() -> tuple[str, ...]:
    """Lines such as CONFIG_TMPFS=y that a configured kernel must have."""
    return _set_options(config_text().partition(_WISHED)[0])


def wished_options() -> tuple[str, ...]:
    """Lines such as CONFIG_DEBUG_KMEMLEAK=y that are good to have; not every release knows all of them."""
    return _set_options(config_text().partition(_WISHED)[2])


def lacking(configured: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the options, by name, that the text of a .config does not set as they ask."""
    there = set(_set_options(configured))
    return tuple(option.partition("=")[0] for option in options if option not in there)


def _set_options(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line.startswith("CONFIG_"))
