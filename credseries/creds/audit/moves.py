"""Calls that run under other credentials than before the change, and jumps and cleanups that do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from tree_sitter import Node

from credseries.creds.audit.cleanups import Scope, scopes
from credseries.creds.audit.compared import Compared, Finding, Kind, Side
from credseries.creds.audit.trail import CALLER, Visit
from credseries.creds.lifetime import gives_up
from credseries.creds.operations import Event
from credseries.csource.flow import Bypass
from credseries.csource.syntax import arguments, text_of

_RELEASES = ("unlock", "end", "up")


class _Groups:
    """Calls that are the same call, repeated: what all of them together can run under."""

    def __init__(self, side: Side, group_of: dict[int, str]) -> None:
        self.count = Counter(group_of.values())
        self.keys: defaultdict[str, set[str]] = defaultdict(set)
        for offset, group in group_of.items():
            self.keys[group] |= set(side.keys(offset))


def _first(keys: dict[str, Visit], wanted: Iterable[str]) -> Visit:
    return min(keys[key] for key in wanted)


def moved_calls(case: Compared) -> list[Finding]:
    """Events that can run under credentials that they did not run under before, or no longer under some."""
    groups = _Groups(case.before, dict(case.alignment.group_before))
    counts = Counter(case.alignment.group_after.values())
    found = []
    for event in case.after.version.events:
        keys = case.after.keys(event.offset)
        group = case.alignment.group_after[event.offset]
        partner = case.alignment.partner.get(event.offset)
        repeated = groups.count[group] != counts[group]
        if not keys or (partner is None and not groups.count[group]):
            continue  # never reached, or new
        allowed = set(case.before.keys(partner)) if partner is not None else set()
        if partner is None or (repeated and groups.count[group]):
            allowed |= groups.keys[group]
        if not allowed:
            continue
        more, fewer = set(keys) - allowed, allowed - set(keys)
        if more:
            found.append(_moved(case, event, allowed, more, keys))
        elif fewer and not repeated:
            found.append(_no_longer(case, event, fewer, keys))
    return found


def _moved(case: Compared, event: Event, allowed: set[str], more: set[str], keys: dict[str, Visit]) -> Finding:
    before, after = case.words(allowed, more)
    wrong = case.after.reads_current(event) and allowed == {CALLER.key}
    if wrong:
        message = f"{event.name} read the caller's credentials, and can now read {after}"
    else:
        message = f"{event.name}() ran under {before}, and can now run under {after}"
    kind = Kind.WRONG_CALLER if wrong else Kind.MOVED_CALL
    visit = _first(keys, more)
    return case.finding(kind, event.offset, message, call=event.name, before=before, after=after, visit=visit)


def _no_longer(case: Compared, event: Event, fewer: set[str], keys: dict[str, Visit]) -> Finding:
    before, after = case.words(fewer, keys)
    message = f"{event.name}() also ran under {before} on some path, and now only runs under {after}"
    visit = _first(keys, keys)
    return case.finding(
        Kind.MOVED_CALL, event.offset, message, call=event.name, before=before, after=after, visit=visit
    )


def left_in_force(case: Compared) -> list[Finding]:
    """Exits that leave other credentials in force, where the function gave its caller back what it had."""
    if case.new or case.before.trail.problem or set(case.before.trail.exits) != {()}:
        return []
    found = []
    for stack, visit in case.after.trail.exits.items():
        if not stack:
            continue
        words = case.after.trail.credential(stack[-1]).words
        number = case.after.trail.visits[case.after.trail.visits[visit][2]][0]
        at = case.after.version.steps.flow.nodes[number].start
        message = f"the function returns with {words} in force: all that its caller does next runs under it"
        found.append(
            case.finding(Kind.MOVED_CALL, at, message, call="return", before=CALLER.words, after=words, visit=visit)
        )
    return found[:1]


# -- the credentials that are read


def _saved_reads_gone(case: Compared) -> bool:
    """Whether a read of a saved variable (besides its reverts) has no counterpart after the change."""
    kept = set(case.alignment.tokens.values())
    reads = (offset for offsets in case.before.version.steps.reads.values() for offset in offsets)
    return any(offset not in kept for offset in reads)


def _override_reads(side: Side) -> dict[int, set[str]]:
    """The reads of the current credentials in the arguments of overrides: by offset, what they run under."""
    ranges = [item.argument for item in side.entered] + [item.argument for item in side.overrides]
    return {
        event.offset: set(side.keys(event.offset))
        for event in side.version.events
        if side.reads_current(event) and any(start <= event.offset < end for start, end in ranges)
    }


def wrong_caller(case: Compared) -> list[Finding]:
    """New reads of the current credentials under an override, where the caller's were meant."""
    gone = _saved_reads_gone(case)
    nested_before = any(keys - {CALLER.key} for keys in _override_reads(case.before).values())
    nested = _override_reads(case.after)
    found = []
    for event in case.after.version.events:
        if not case.after.reads_current(event) or event.offset in case.alignment.partner:
            continue
        keys = case.after.keys(event.offset)
        others = set(keys) - {CALLER.key}
        in_override = event.offset in nested
        if not others or not ((in_override and not nested_before) or (gone and not in_override)):
            continue
        after = case.after.trail.words(others)
        what = "this is now" if in_override else "what was the saved variable, the caller's credentials, is now"
        message = f"{event.name} is read under an override: {what} {after}, not the caller's credentials"
        visit = _first(keys, others)
        found.append(
            case.finding(
                Kind.WRONG_CALLER,
                event.offset,
                message,
                call=event.name,
                before=CALLER.words,
                after=after,
                visit=visit,
            )
        )
    return found


# -- jumps


def _jump_text(side: Side, bypass: Bypass) -> str:
    text = side.version.variant.masked.text
    end = min(index for index in (text.find(b";", bypass.jump), text.find(b":", bypass.jump), len(text)) if index >= 0)
    return " ".join(text[bypass.jump : end].decode("utf-8", "replace").split())


def _opener(side: Side, bypass: Bypass) -> str:
    node = side.version.steps.flow.nodes[bypass.opened]
    return f"{node.macro}({node.tag})"


def skipped_guards(case: Compared) -> list[Finding]:
    """Jumps that enter the scope of a guard, a class or a `__free()` variable past its declaration."""
    flow = case.before.version.steps.flow
    known = Counter((_jump_text(case.before, item), _opener(case.before, item)) for item in flow.bypasses)
    found: dict[int, Finding] = {}
    for item in case.after.version.steps.flow.bypasses:
        jump, opener = _jump_text(case.after, item), _opener(case.after, item)
        if known[jump, opener] > 0:
            known[jump, opener] -= 1
            continue
        if item.jump in found:
            continue
        node = case.after.version.steps.flow.nodes[item.opened]
        at = case.after.version.line(node.start)
        message = f"`{jump}` enters the scope of {opener} (line {at}) past it: its cleanup runs on what was never set"
        visit = next(
            (
                case.after.trail.reached[step.number]
                for step in case.after.version.steps.flow.nodes
                if step.start == item.jump and step.number in case.after.trail.reached
            ),
            None,
        )
        in_force = case.after.trail.in_force(case.after.trail.visits[visit][1]).words if visit is not None else ""
        found[item.jump] = case.finding(
            Kind.SKIPPED_GUARD,
            item.jump,
            message,
            call=opener,
            before=in_force or CALLER.words,
            after="whatever the variable that was never set holds",
            visit=visit,
        )
    return list(found.values())


# -- cleanups


def _releases(name: str) -> bool:
    return gives_up(name) or any(part in name.split("_") for part in _RELEASES) or "unlock" in name


def _explicit(case: Compared, scope: Scope) -> list[int]:
    """The calls before the change that did by hand what a scope's end does after it."""
    wanted = {"".join(text.split()).lstrip("&*") for text in scope.operands}
    found = []
    for event in case.before.version.events:
        call: Node | None = case.before.version.calls.get(event.offset)
        if event.offset in case.alignment.back or call is None or not _releases(event.name):
            continue
        passed = {"".join(text_of(item).split()).lstrip("&*") for item in arguments(call)}
        if passed & wanted:
            found.append(event.offset)
    return found


def cleanup_order(case: Compared) -> list[Finding]:
    """Cleanups of other scopes that run under other credentials than before, by scope or by hand."""
    before: defaultdict[str, set[str]] = defaultdict(set)
    for scope in scopes(case.before.version, {}):
        before[scope.identity] |= set(case.before.trail.cleanups.get(scope.opened, {}))
    found = []
    for scope in scopes(case.after.version, case.alignment.renamed):
        keys = case.after.trail.cleanups.get(scope.opened, {})
        allowed = set(before.get(scope.identity, ()))
        by_hand = "" if allowed else "what was done by hand"
        if not allowed:
            for offset in _explicit(case, scope):
                allowed |= set(case.before.keys(offset))
        more = set(keys) - allowed
        if not allowed or not more:
            continue
        was, now = case.words(allowed, more)
        what = f"{by_hand}, now the cleanup of {scope.spelled}," if by_hand else f"the cleanup of {scope.spelled}"
        message = f"{what} ran under {was}, and can now run under {now}"
        visit = _first(keys, more)
        found.append(
            case.finding(
                Kind.CLEANUP_ORDER, scope.start, message, call=scope.spelled, before=was, after=now, visit=visit
            )
        )
    return found
