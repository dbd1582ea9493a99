"""What a reader of a claim will ask and the records do not answer: how many runs, of what, on which machine and kernel.

It also says where the answers show that two roles cannot be compared: a comparison across machines or workloads is no
comparison, and one of a commit with itself compares nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import combinations
from typing import TypeVar

from credseries.bench.model import Machine, Measurement, Provenance, Record, Role
from credseries.words import many

_HASH = re.compile(r"[0-9a-f]{7,64}")
# Kernels differ in how much memory they keep for themselves, so that one machine does not always report the same.
_SAME_MEMORY = 0.05
_QUESTIONS: tuple[tuple[str, Callable[[Provenance], bool]], ...] = (
    ("what the workload was", lambda known: bool(known.workload.strip())),
    ("which machine it ran on", lambda known: known.machine.known),
    ("which kernel it ran, by commit or release", lambda known: bool(known.commit or known.kernel)),
)

_Item = TypeVar("_Item")
ByRole = Mapping[Role, Sequence[Record]]


def incomplete(records: ByRole, measured: Mapping[Role, Sequence[Measurement]]) -> tuple[str, ...]:
    """A sentence for everything that a reader will ask; `measured` are a role's measurements, one a metric."""
    return tuple(_incomplete(records, measured))


def together(records: Sequence[Record]) -> Provenance:
    """The provenance of several records of one role: what they agree on, and each answer where they do not.

    Answers that differ stand one after another with `; ` between them. A machine that differs is only described.
    """
    known = [record.provenance for record in records]
    machines = _distinct([item.machine for item in known if item.machine.known], _same_machine)
    texts = {
        name: "; ".join(
            _distinct([text for text in (getattr(item, name).strip() for item in known) if text], _same_text)
        )
        for name in (field.name for field in fields(Provenance))
        if name != "machine"
    }
    if len(machines) > 1:
        return Provenance(machine=Machine(name="; ".join(map(_called, machines))), **texts)
    return Provenance(machine=machines[0] if machines else known[0].machine, **texts)


def _incomplete(records: ByRole, measured: Mapping[Role, Sequence[Measurement]]) -> Iterator[str]:
    for role in (Role("base"), Role("patched")):
        if role not in records:
            yield f"There is no record of {role}, so that nothing can be compared."
    for role, items in records.items():
        yield from _unanswered(role, items)
        nameless = [item.metric.title for item in measured.get(role, ()) if item.runs is None]
        if nameless:
            yield f"{role}: nobody said how many runs are behind {', '.join(nameless)}."
    yield from _workloads(records)
    yield from _machines(records)
    yield from _kernels(records)


def _unanswered(role: Role, records: Sequence[Record]) -> Iterator[str]:
    for question, answered in _QUESTIONS:
        missing = sum(not answered(record.provenance) for record in records)
        if missing == len(records):
            yield f"{role}: nobody said {question}."
        elif missing:
            yield f"{role}: nobody said {question} for {missing} of {many(len(records), 'record')}."


def _workloads(records: ByRole) -> Iterator[str]:
    said = [(role, item.provenance.workload) for role, items in records.items() for item in items]
    given = [(role, workload) for role, workload in said if workload.strip()]
    if len(_distinct([workload for _, workload in given], _same_text)) > 1:
        yield (f"The workloads differ ({_by_role(given)}): a comparison across workloads is no comparison.")


def _machines(records: ByRole) -> Iterator[str]:
    said = [(role, item.provenance.machine) for role, items in records.items() for item in items]
    given = [(role, machine) for role, machine in said if machine.known]
    if len(_distinct([machine for _, machine in given], _same_machine)) > 1:
        called = [(role, _called(machine)) for role, machine in given]
        yield f"The machines differ ({_by_role(called)}): a comparison across machines is no comparison."


def _kernels(records: ByRole) -> Iterator[str]:
    commits = {
        role: _distinct([item.provenance.commit for item in items if item.provenance.commit], _same_commit)
        for role, items in records.items()
    }
    for role, items in records.items():
        releases = _distinct([item.provenance.kernel for item in items if item.provenance.kernel])
        kernels = next((found for found in (commits[role], releases) if len(found) > 1), ())
        if kernels:
            yield f"{role}: its records are of different kernels ({', '.join(kernels)})."
    for (one, ours), (other, theirs) in combinations(commits.items(), 2):
        same = [commit for commit in ours if any(_same_commit(commit, their) for their in theirs)]
        if same:
            yield f"{one} and {other} are of the same commit ({same[0]}): no change of the kernel was measured."


def _by_role(said: Iterable[tuple[Role, str]]) -> str:
    return "; ".join(dict.fromkeys(f"{role}: {text}" for role, text in said))


def _distinct(
    items: Sequence[_Item], same: Callable[[_Item, _Item], bool] = lambda one, other: one == other
) -> list[_Item]:
    """The items in order, each only once."""
    found: list[_Item] = []
    for item in items:
        if not any(same(item, known) for known in found):
            found.append(item)
    return found


def _same_text(one: str, other: str) -> bool:
    """Whether two sentences say the same, whatever their blanks and whether or not they end in a full stop."""
    return " ".join(one.split()).rstrip(".") == " ".join(other.split()).rstrip(".")


def _same_commit(one: str, other: str) -> bool:
    """Whether two names are of one commit, where either may be abbreviated."""
    if one == other:
        return True
    short, long = sorted((one.lower(), other.lower()), key=len)
    return bool(_HASH.fullmatch(short) and _HASH.fullmatch(long)) and long.startswith(short)


def _same_machine(one: Machine, other: Machine) -> bool:
    """Whether nothing that is known of both tells them apart."""
    for field in fields(Machine):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        unknown = (None,) if field.name == "virtual" else (None, "")
        if ours in unknown or theirs in unknown or ours == theirs:
            continue
        if field.name != "memory" or abs(ours - theirs) > _SAME_MEMORY * max(ours, theirs):
            return False
    return True


def _called(machine: Machine) -> str:
    """Enough of a machine to tell it from another."""
    counted = (
        (machine.sockets, "socket"),
        (machine.cores, "core"),
        (machine.threads, "thread"),
        (machine.nodes, "node"),
    )
    parts = [
        *(text for text in (machine.name, machine.cpu) if text),
        *(many(number, what) for number, what in counted if number is not None),
        *([f"{machine.memory / 2**30:.0f} GiB"] if machine.memory is not None else []),
        *([machine.virtual] if machine.virtual else []),
    ]
    return ", ".join(parts)
