"""What is known of runs before they begin: where and when, of which kernels, and what a person says of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credseries.cli.bench.options import parse_role
from credseries.cli.bench.told import resolved

if TYPE_CHECKING:
    from credseries.bench.model import Provenance, Role
    from credseries.bench.runner.plan import Variant
    from credseries.kernel.git import Repository


@dataclass(frozen=True)
class Told:
    """What a person says of runs. Kernels and commits may begin with a role and `=`; those that do not are of all.

    `here` says that the kernel is the one that is running, where no other is named. Without it nothing is known:
    variants may be kernels that run as programs.
    """

    workload: str
    machine: str | None
    kernels: tuple[str, ...]
    commits: tuple[str, ...]
    here: bool


def before_runs(
    known: Sequence[Variant], repo: Repository | None, pinned: frozenset[int], told: Told
) -> dict[Role, Provenance]:
    """The provenance of each role's runs, which begin now; raises UsageError for what does not fit the roles."""
    from datetime import datetime

    from credseries.bench import system
    from credseries.bench.machine import parse, running_kernel, this_machine
    from credseries.bench.model import Provenance

    roles = [item.role for item in known]
    releases = _by_role(told.kernels, roles, "--kernel")
    revisions = _by_role(told.commits, roles, "--commit")
    commits = {role: resolved(repo, name) if repo is not None else name for role, name in revisions.items()}
    running = running_kernel() if told.here else ""
    where = parse(told.machine) if told.machine is not None else this_machine()
    date = datetime.now().astimezone().isoformat(timespec="seconds")
    return {
        item.role: Provenance(
            kernel=releases.get(item.role, running),
            commit=commits.get(item.role, ""),
            machine=where,
            workload=" ".join(told.workload.split()),
            command=shlex.join(item.command),
            date=date,
            pinned=system.listing(pinned),
        )
        for item in known
    }


def _by_role(given: Sequence[str], roles: Sequence[Role], option: str) -> dict[Role, str]:
    """Values of an option that may begin with the role that they are of; those that do not are of all."""
    from credseries.errors import UsageError

    found: dict[Role, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        meant = [parse_role(name)] if equals else list(roles)
        for role in meant:
            if role not in roles:
                raise UsageError(f"{option}: no variant is {role}", hint=f"there are {', '.join(map(str, roles))}")
            if role in found:
                raise UsageError(f"{option} is given twice for {role}", hint="give it once for each")
            found[role] = value if equals else text
    return found
