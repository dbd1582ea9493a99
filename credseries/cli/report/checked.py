"""How a patch stands: what the audit and the proof say of it, and what `credseries verify` has found so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credseries.review.report.model import Check, Finding, Standing, State
from credseries.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.review.checklist.subject import Audit, PatchSubject, Verified

_STATES = {"pass": State.PASS, "fail": State.FAIL, "missing": State.OPEN, "unchecked": State.OPEN}


def checks_of(verified: Sequence[Verified]) -> tuple[Check, ...]:
    """The checks of a patch, or of the series."""
    return tuple(
        Check(
            item.level,
            item.variant,
            _STATES[item.known.value],
            item.summary or "not checked yet",
            item.problems,
            item.command,
        )
        for item in verified
    )


def worth_a_line(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks of those levels of which something is known."""
    known = {check.level for check in checks if check.state is not State.OPEN or check.problems}
    return tuple(check for check in checks if check.level in known)


def findings_of(audit: Audit) -> tuple[Finding, ...]:
    """What the audit found; what is allowed, or was so before, is nothing wrong."""
    return tuple(
        Finding(
            *(item.file, item.function, item.line, item.kind),
            State.FAIL if item.is_wrong and not item.allowed else State.NONE,
            f"{item.message} (its author has allowed that)" if item.allowed else item.message,
            item.path,
        )
        for item in audit.findings
    )


def proof_standing(patch: PatchSubject) -> Standing:
    """Whether a patch is proven."""
    if patch.rejected:
        return Standing(State.FAIL, patch.rejected)
    wrong = [item for item in patch.audit.findings if item.is_wrong and not item.allowed]
    if wrong:
        return Standing(State.FAIL, many(len(wrong), "finding"))
    if patch.proof is not None and patch.proof.problem and not patch.audit.compared:
        return Standing(State.LOOK, patch.proof.problem)
    if patch.audit.left:
        return Standing(State.LOOK, f"{many(len(patch.audit.left), 'function')} not compared")
    if not patch.audit.compared:
        return Standing(State.PASS, "no function to prove")
    return Standing(State.PASS, many(len(patch.audit.compared), "function"))


def build_standing(checks: Sequence[Check]) -> Standing:
    """What has come of compiling and building a patch, and of its style; what nobody asked for is not open."""
    levels: dict[str, set[State]] = {}
    for check in checks:
        levels.setdefault(check.level, set()).add(check.state)
    if not levels:
        return Standing(State.NONE, "nothing to build")
    failing = [level for level, states in levels.items() if State.FAIL in states]
    if failing:
        return Standing(State.FAIL, f"{' and '.join(failing)} fail{'s' if len(failing) == 1 else ''}")
    done = [level for level, states in levels.items() if states == {State.PASS}]
    if any(level != "style" for level in done):
        return Standing(State.PASS, ", ".join(done))
    return Standing(State.OPEN, f"{', '.join(done)} only" if done else "not checked")
