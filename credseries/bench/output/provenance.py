"""Where numbers come from, as facts that always stand with them: workload, machine, kernels, runs, date, command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from credseries.bench.findings import Findings
from credseries.bench.machine import describe
from credseries.bench.model import Provenance
from credseries.bench.output.plain import clean
from credseries.bench.output.rows import role_words
from credseries.words import many

NOT_KNOWN = "not known"
_COMMIT_DIGITS = 12  # what Documentation/process/submitting-patches.rst asks for


@dataclass(frozen=True)
class Fact:
    """A thing that a reviewer asks, in a word or two, and the answer; `not known` where nobody said."""

    title: str
    text: str


def facts(findings: Findings) -> tuple[Fact, ...]:
    """The facts in the order in which they are asked; one that is not the same for all kernels comes for each."""
    known = dict(findings.provenance)
    roles = tuple(dict.fromkeys([*known, *(role for role, _ in findings.runs)]))
    found: list[Fact] = []

    def shared(title: str, say: Callable[[Provenance], str], optional: bool = False) -> None:
        answers = {role: clean(say(known.get(role, Provenance()))) for role in roles}
        if len(set(answers.values())) <= 1:
            answer = next(iter(answers.values()), "")
            if answer or not optional:
                found.append(Fact(title, answer or NOT_KNOWN))
            return
        found.extend(Fact(f"{title} ({role_words(role)})", answer or NOT_KNOWN) for role, answer in answers.items())

    shared("workload", lambda item: item.workload)
    shared("command", lambda item: item.command)
    shared("machine", lambda item: describe(item.machine) if item.machine != Provenance().machine else "")
    shared("pinned to", lambda item: item.pinned, optional=True)
    found += [
        Fact(role_words(role), _kernel(known.get(role, Provenance()), dict(findings.runs).get(role))) for role in roles
    ]
    shared("date", lambda item: item.date)
    return tuple(found)


def _kernel(item: Provenance, runs: int | None) -> str:
    """`6.8.0-rc1, commit 0123456789ab, 10 runs`."""
    kernel = clean(item.kernel) or "kernel not known"
    commit = f"commit {clean(item.commit)[:_COMMIT_DIGITS]}" if item.commit else "commit not known"
    return ", ".join((kernel, commit, "number of runs not known" if runs is None else many(runs, "run")))


def in_a_line(findings: Findings) -> str:
    """All facts in a row, for below a picture."""
    return "; ".join(f"{fact.title}: {fact.text}" for fact in facts(findings))
