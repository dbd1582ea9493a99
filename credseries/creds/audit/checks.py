"""The audit of one function that somebody changed by hand: what runs under other credentials, what leaks, what is lost.

The proof of `credseries.creds.proof` knows which byte of a rewrite came from where; here only two texts are known. So
their events are aligned, every path through both is walked, and what each event can run under is compared as sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from credseries.creds.audit.align import Version, align
from credseries.creds.audit.compared import Check, Compared, Finding, Kind, Severity, Side
from credseries.creds.audit.constants import lost_constants
from credseries.creds.audit.initialised import uninitialised
from credseries.creds.audit.inline import NotSimple, calls_in, inline
from credseries.creds.audit.jumps import caught_jumps
from credseries.creds.audit.lost_values import lost_return_values
from credseries.creds.audit.mixed import gotos_and_guards, two_disciplines
from credseries.creds.audit.moves import cleanup_order, left_in_force, moved_calls, skipped_guards, wrong_caller
from credseries.creds.audit.reading import Reading
from credseries.creds.audit.references import ledger, lifetimes, slips
from credseries.csource.function import Function, Variant

__all__ = ["Audited", "Finding", "Kind", "Severity", "audit_function", "touches_credentials"]

CHECKS: tuple[Check, ...] = (
    moved_calls,
    wrong_caller,
    left_in_force,
    skipped_guards,
    caught_jumps,
    slips,
    ledger,
    lifetimes,
    lost_return_values,
    lost_constants,
    uninitialised,
    cleanup_order,
    gotos_and_guards,
    two_disciplines,
)
_MOST_HELPERS = 4  # helpers put in the place of their calls, in one function
_WORD = re.compile(rb"[A-Za-z_]\w*")
_SCOPE = re.compile(rb"\b(?:guard|CLASS|scoped_guard|scoped_class)\s*\(\s*(\w+)")


@dataclass(frozen=True)
class Audited:
    """What the audit of a function gave: findings, or the reason why it could not be compared."""

    findings: tuple[Finding, ...] = ()
    reason: str = ""


def touches_credentials(function: Function, reading: Reading) -> bool:
    """Whether a function overrides, reverts, reads or counts credentials, as far as its text says."""
    effects = reading.effects(function.path)
    words = {match.decode("utf-8", "replace") for match in set(_WORD.findall(function.code))}
    table = effects.overrides.keys() | effects.reverts.keys() | effects.opaque.keys() | effects.calls.keys()
    names = table | effects.references.keys() | reading.readers
    classes = {match.decode("utf-8", "replace") for match in _SCOPE.findall(function.code)}
    return bool(words & names) or bool(classes & effects.changing_classes)


def _unfollowed(side: Side, when: str) -> str:
    """Why the paths of a version cannot be followed; empty when they can."""
    flow, function = side.version.steps.flow, side.version.function
    for offset, reason in (*flow.hidden, *flow.unsupported, *side.version.steps.unfollowed):
        return f"{when} the change, {reason} (line {function.line(offset)})"
    return f"{when} the change, {side.trail.problem}" if side.trail.problem else ""


def _side(function: Function, variant: Variant, reading: Reading, renamed: Mapping[str, str]) -> Side:
    steps = reading.steps(function, variant)
    canon = reading.canon(function, variant, dict(renamed))
    trail = reading.trail(function, variant, steps, canon)
    return Side(Version(function, variant, steps), trail, canon, reading.effects(function.path), reading.readers)


def _compare(before: tuple[Function, Variant], after: tuple[Function, Variant], old: Reading, new: Reading) -> Compared:
    one = Version(*before, old.steps(*before))
    two = Version(*after, new.steps(*after))
    alignment = align(one, two)
    return Compared(_side(*before, old, {}), _side(*after, new, alignment.renamed), alignment)


def _nothing(function: Function) -> Function:
    """The function with an empty body: what there was before it was added."""
    head = function.source[: function.code.index(b"{")]
    return Function(function.path, function.name, head + b"{\n}", function.first_line)


def _pairs(before: Function, after: Function) -> list[tuple[Variant, Variant]]:
    """Each variant after with the variant before that it is compared with."""
    if len(before.variants) == len(after.variants):
        return list(zip(before.variants, after.variants, strict=True))

    def likeness(one: Variant, two: Variant) -> float:
        left, right = (variant.masked.text.split(b"\n") for variant in (one, two))
        return SequenceMatcher(None, left, right, autojunk=False).ratio()

    return [(max(before.variants, key=lambda one: likeness(one, two)), two) for two in after.variants]


def _gone_calls(before: Function, after: Function, old: Reading, new: Reading) -> set[str]:
    """The names of calls of the first function that have no counterpart in the second."""
    found: set[str] = set()
    for one, two in _pairs(before, after):
        first = Version(before, one, old.steps(before, one))
        alignment = align(first, Version(after, two, new.steps(after, two)))
        found |= {event.name for event in first.events if event.offset not in alignment.back}
    return found


def _with_helpers(
    host: Function, other: Function, helpers: Mapping[str, Function], mine: Reading, others: Reading
) -> Function:
    """A function with those helpers put in that hold calls that the other version makes itself. Raises NotSimple."""
    effects = mine.effects(host.path)
    followed = effects.reverts.keys() | effects.overrides.keys()  # what their calls do is known without their bodies
    for _ in range(_MOST_HELPERS):
        near = {name: helpers[name] for name in (calls_in(host) & helpers.keys()) - followed if name != host.name}
        if not near or host.unreadable is not None:
            return host
        gone = _gone_calls(other, host, others, mine)
        moved = {
            name: helper
            for name, helper in near.items()
            if calls_in(helper) & gone or touches_credentials(helper, mine)
        }
        if not moved:
            return host
        host = inline(host, moved)
    return host


def _order(finding: Finding) -> tuple[int, str, str]:
    return finding.line, finding.kind.value, finding.call


def audit_function(
    before: Function | None,
    after: Function,
    old: Reading,
    new: Reading,
    removed: Mapping[str, Function] | None = None,
    added: Mapping[str, Function] | None = None,
) -> Audited:
    """Compare a function before (None: there was none) and after a change.

    `old` and `new` say what the trees before and after know; `removed` and `added` are helpers that only one of them
    has, whose bodies may hold code that moved.
    """
    is_new = before is None
    first = _nothing(after) if before is None else before
    for when, function in (("before", first), ("after", after)):
        if function.unreadable is not None:
            return Audited(reason=f"{when} the change, {function.unreadable.reason}")
    try:
        if not is_new:
            after = _with_helpers(after, first, added or {}, new, old)
            first = _with_helpers(first, after, removed or {}, old, new)
    except NotSimple as problem:
        return Audited(reason=f"code moved into or out of a helper: {problem}")
    for when, function in (("before", first), ("after", after)):
        if function.unreadable is not None:
            return Audited(reason=f"{when} the change, with its helpers in place, {function.unreadable.reason}")
    findings: dict[tuple[Kind, int, str], Finding] = {}
    for one, two in _pairs(first, after):
        case = replace(_compare((first, one), (after, two), old, new), new=is_new)
        reason = _unfollowed(case.before, "before") or _unfollowed(case.after, "after")
        if reason:
            return Audited(reason=reason)
        for check in CHECKS:
            for finding in check(case):
                findings.setdefault((finding.kind, finding.line, finding.call), finding)
    return Audited(tuple(sorted(findings.values(), key=_order)))
