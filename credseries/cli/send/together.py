"""Which options of `credseries send` go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from credseries.errors import UsageError

_WAYS = ("--resume", "--abandon", "--reflect", "--preview-to")
_WRITTEN = ("--output-dir", "--to-mbox")
_BUILDS = ("--cc", "--to", "--policy", "--no-sign", "--override", "--require", "--umbrella", "--resend")
_GOES = ("--web", "--batch-size", "--relogin-delay")
_TOLD = ("--seen", "--arrived", "--again")


def check_together(options: Mapping[str, object]) -> None:
    """Look at the options of a command line, by name. Raises UsageError for two that make no sense together."""
    given = [name for name, value in options.items() if value is not None and value is not False and value != []]
    ways = _of(given, _WAYS)
    _one(ways)
    _one([*ways[:1], *_of(given, _WRITTEN)] if ways else [])
    if "--abandon" in ways:
        left = _of(given, (*_BUILDS, *_GOES, *_TOLD, "--dry-run", "--json"))
        _built("--abandon", left, "give --abandon alone")
    elif "--resume" in ways:
        _built("--resume", _of(given, _BUILDS), "give them up with --abandon, then send anew")
    elif told := _of(given, _TOLD):
        raise UsageError(f"{told[0]} says what became of messages that were not all sent", hint="it goes with --resume")
    _one(_of(given, ("--umbrella", "--resend")))


def _of(given: Sequence[str], names: Sequence[str]) -> list[str]:
    return [name for name in names if name in given]


def _one(given: Sequence[str]) -> None:
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} do not go together", hint="give one of them")


def _built(way: str, given: Sequence[str], hint: str) -> None:
    """What could not change anything in messages that are built, or given up."""
    if given:
        raise UsageError(
            f"{given[0]} does not go with {way}, which is about messages that were built before", hint=hint
        )
