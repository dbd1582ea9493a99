"""Which command runs when: the variants of a command, and an order of their runs in which drift does no harm."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from credseries.bench import system
from credseries.bench.model import Role
from credseries.errors import UsageError

PLACE = "{}"  # in a command: what a variant puts in


@dataclass(frozen=True)
class Variant:
    """What runs under a role: a command, and the text that stands in it for this role (empty for the only one)."""

    role: Role
    command: tuple[str, ...]
    value: str = ""


def variants(command: Sequence[str], role: Role, given: Sequence[str]) -> tuple[Variant, ...]:
    """The variants of a command: for `ROLE=VALUE` each, with every `{}` in it replaced; of a role if none is given.

    Raises UsageError for what is no variant, for a role that is named twice, and for a command without `{}`.
    """
    if not given:
        return (Variant(role, tuple(command)),)
    if not any(PLACE in word for word in command):
        raise UsageError(
            "the command is the same for all variants", hint=f"write {PLACE} where a variant's value belongs"
        )
    found = [_variant(command, text) for text in given]
    roles = [item.role for item in found]
    for item in found:
        if roles.count(item.role) > 1:
            raise UsageError(f"two variants are {item.role}", hint="each role is one kernel, tree or program")
    return tuple(found)


def _variant(command: Sequence[str], text: str) -> Variant:
    role, equals, value = text.partition("=")
    if not equals or not value:
        raise UsageError(
            f"{text!r} is no variant", hint="say ROLE=VALUE, as in base=./before.sh and patched=./after.sh"
        )
    return Variant(Role.parse(role), tuple(word.replace(PLACE, value) for word in command), value)


def plan(roles: Sequence[Role], runs: int, seed: int) -> tuple[Role, ...]:
    """The order of `runs` runs of each role: rounds, in each of which every role has one run.

    The order within a round is random (the same for the same seed), and every second round is its predecessor
    backwards (A B, B A): over two rounds all roles have the same mean position, so what drifts steadily, like a
    machine that gets warm, favours none.
    """
    # Not for secrets: the order has to be reproducible.
    chosen = random.Random(seed)
    order: list[Role] = []
    for number in range(runs):
        if number % 2:
            order += reversed(order[-len(roles) :])
        else:
            order += chosen.sample(list(roles), len(roles))
    return tuple(order)


def processors(text: str, allowed: frozenset[int]) -> frozenset[int]:
    """The processors in a list (`0-3,8`); raises UsageError if it is none, or has one that may not be used here."""
    found = system.numbers(text)
    if not found:
        raise UsageError(f"{text!r} is no list of processors", hint="say it like 0-3,8")
    if strangers := found - allowed:
        raise UsageError(
            f"processors that cannot be used here: {system.listing(strangers)}",
            hint=f"these can: {system.listing(allowed)}",
        )
    return found
