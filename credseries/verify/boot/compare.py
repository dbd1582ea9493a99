"""Judging boots: one on its own, and that of a series against that of its base."""

from __future__ import annotations

from credseries.verify.boot.model import BootRun

_LAST_LINES = 3


def problems(run: BootRun) -> tuple[str, ...]:
    """What is wrong with a boot whatever other kernels do, each in a sentence; empty when it is clean."""
    return (
        *(f"the kernel complains: {message}" for message in run.messages),
        *(
            f"{failure.case}: the outcome is {failure.outcome!r} and must be {failure.wanted!r}"
            for failure in run.failures
        ),
        *(f"the tests could not be prepared: {what}" for what in run.setup),
        *_unfinished(run),
    )


def differences(base: BootRun, series: BootRun) -> tuple[str, ...]:
    """What came out otherwise with the series than on its base, a sentence a case, in the order of the run.

    Of a run that did not come to its end the cases that are missing are told in one sentence.
    """
    changed = [
        f"{case}: {outcome!r} with the series, and {base.outcomes[case]!r} on the base"
        for case, outcome in series.outcomes.items()
        if case in base.outcomes and base.outcomes[case] != outcome
    ]
    return (
        *changed,
        *_only_in(series, base, "only with the series"),
        *_only_in(base, series, "only on the base"),
    )


def _only_in(one: BootRun, other: BootRun, where: str) -> tuple[str, ...]:
    cases = [case for case in one.outcomes if case not in other.outcomes]
    if cases and not other.finished:
        return (f"{len(cases)} cases were done {where}, from {cases[0]} on",)
    return tuple(f"{case}: done {where} ({one.outcomes[case]!r})" for case in cases)


def _unfinished(run: BootRun) -> tuple[str, ...]:
    if run.finished:
        return ()
    last = next(reversed(list(run.outcomes)), "")
    where = f"after the case {last}" if last else "before the first case"
    what = "did not come to its end in time and was killed" if run.timed_out else "ended"
    lines = [line for line in run.console.split("\n") if line.strip()][-_LAST_LINES:]
    told = "" if run.messages or not lines else f"; its last words: {' | '.join(lines)}"
    return (f"the kernel {what} {where}, {run.seconds:.1f} s after its start{told}",)
