"""Summaries: what calling a tree's own functions does to the caller's credentials, read from their bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tree_sitter import Node

from credseries.creds.effects import Act, Discipline, Effects, Outcome, Place, Pop, Push, Swap, Wrapper
from credseries.creds.places import RESULT, of_parameter
from credseries.creds.sites import Analysis, Site, SiteKind
from credseries.creds.source import wrapper_source
from credseries.creds.state import Done, Exit, Exploration
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import arguments, callee, field, identifiers, text_of, unparenthesised, walk


@dataclass(frozen=True)
class Summary:
    """A function that changes the credentials in force for its caller.

    `wrapper` is set when it does nothing but put one credential in force and return the old one, `reverts` when it does
    nothing but revert to its only parameter; `outcomes` when what it does is known for each way that it can end;
    otherwise `reason` says why its callers cannot be analysed. `local` says that only its own file can call it.
    """

    name: str
    path: str
    local: bool
    acquires: bool
    wrapper: Wrapper | None
    reason: str
    outcomes: tuple[Outcome, ...] = ()
    reverts: Discipline | None = None


_VOID = (b"void", b"static void", b"static inline void", b"extern void")


class _Inexpressible(Exception):
    """A function does something to its caller's credentials that an outcome cannot say; the message is why."""


_MAX_OUTCOMES = 8


def _place(place: str, parameters: list[str], assigned: set[str]) -> Place:
    found = of_parameter(place, parameters)
    if found is None:
        raise _Inexpressible(f"keeps what it replaced in {place.replace('.', '->')}")
    if parameters[found.parameter or 0] in assigned:
        raise _Inexpressible(f"gives its parameter {parameters[found.parameter or 0]} another value")
    return found


def _act(done: Done, way: Exit, parameters: list[str], assigned: set[str]) -> Act:
    if done.what == "swap":
        return Swap(done.credential)
    if done.what == "pop":
        return Pop(_place(done.place, parameters, assigned), done.discipline)
    if done.place in (RESULT, way.value):
        return Push(done.credential, Place(None), done.discipline)
    if "." not in done.place and "*" not in done.place:
        raise _Inexpressible("overrides credentials and keeps no way back")
    depth = next((i for i, token in enumerate(way.state.stack) if token.site == done.site), None)
    if depth is None or way.state.value(done.place) != way.state.stack[:depth]:
        raise _Inexpressible(f"overwrites what it saved in {done.place.replace('.', '->')}")
    return Push(done.credential, _place(done.place, parameters, assigned), done.discipline)


def _assigned(variant: Variant) -> set[str]:
    """The variables that a body assigns."""
    lefts = (field(node, "left") for node in variant.nodes.of("assignment_expression"))
    return {text_of(left) for left in lefts if left is not None and left.type == "identifier"}


def _outcomes_of(variant: Variant, found: Exploration) -> tuple[Outcome, ...]:
    """The outcomes of one variant of a function. Raises _Inexpressible."""
    if found.faults:
        raise _Inexpressible(f"changes credentials in a way that is not followed: {found.faults[0].reason}")
    if not found.complete:
        raise _Inexpressible("has more states than are followed")
    parameters, assigned = list(variant.parameters), _assigned(variant)
    merged: dict[tuple[object, ...], int] = {}
    several = len({way.state.done for way in found.ways_out}) > 1
    for way in found.ways_out:
        acts = tuple(_act(done, way, parameters, assigned) for done in way.state.done)
        sides = []
        for facts in (way.state.given, way.state.facts) if several else ((), ()):
            places = ((of_parameter(name, parameters), mask) for name, mask in facts if "." in name)
            known = [(place, mask) for place, mask in places if place is not None]
            sides.append(tuple(sorted(known, key=lambda item: (item[0].parameter or 0, item[0].way))))
        key = (acts, *sides)
        merged[key] = merged.get(key, 0) | way.result
    if len(merged) > _MAX_OUTCOMES:
        raise _Inexpressible("ends in too many ways")
    found_outcomes = [Outcome(result, *key) for key, result in merged.items()]  # type: ignore[arg-type]
    return tuple(sorted(found_outcomes, key=repr))


def _outcomes(analysis: Analysis) -> tuple[Outcome, ...] | str:
    """What a function does to its caller, outcome by outcome, or why that cannot be said."""
    if not analysis.for_caller:
        return "is not followed"
    if any(steps.flow.unsupported for steps in analysis.steps):
        return "changes credentials and jumps in a way that is not followed"
    try:
        pairs = zip(analysis.function.variants, analysis.for_caller, strict=True)
        found = [_outcomes_of(variant, walked) for variant, walked in pairs]
    except _Inexpressible as error:
        return str(error)
    if any(item != found[0] for item in found):
        return "changes credentials in one #if branch only"
    return found[0] if found[0] else "never returns"


def _wrapper(analysis: Analysis, site: Site) -> Wrapper | None:
    """The wrapper that a function is, when its body is declarations and `return override_creds(expression);`."""
    function = analysis.function
    if len(function.variants) != 1:
        return None
    variant = function.variants[0]
    if not variant.body.named_children:
        return None
    *declarations, last = variant.body.named_children
    if last.type != "return_statement" or any(node.type != "declaration" for node in declarations):
        return None
    value = unparenthesised(last.named_children[0]) if last.named_children else None
    if value is None or value.type != "call_expression" or value.start_byte != site.call:
        return None
    passed = arguments(value)
    if analysis.effects.overrides.get(callee(value)) is None or len(passed) != 1 or len(variant.parameters) != 1:
        return None
    if any(node.type == "call_expression" for node in walk(passed[0])):
        return None
    expression = " ".join(text_of(passed[0]).split())
    [(_, declared)] = variant.parameters.items()
    source = wrapper_source(variant, expression)
    discipline = analysis.effects.overrides[callee(value)]
    whole = _inlined(variant, passed[0])
    direct = callee(value) not in analysis.effects.wrappers
    return Wrapper(function.name, function.path, expression, declared, source, discipline, whole, direct)


def reverting(function: Function, reverts: Mapping[str, Discipline]) -> Discipline | None:
    """The discipline of a function whose body is `revert_creds(parameter);` and nothing else, else None."""
    if len(function.variants) != 1 or len(function.variants[0].parameters) != 1:
        return None
    variant = function.variants[0]
    statements = [node for node in variant.body.named_children if node.type != "comment"]
    if len(statements) != 1 or statements[0].type != "expression_statement" or not statements[0].named_children:
        return None
    call = statements[0].named_children[0]
    passed = arguments(call) if call.type == "call_expression" else []
    [parameter] = variant.parameters
    if len(passed) != 1 or text_of(passed[0]) != parameter or not function.code.lstrip().startswith(_VOID):
        return None
    return reverts.get(callee(call))


def _inlined(variant: Variant, expression: Node) -> str:
    """An expression with what its variables are initialised to in their place."""
    text = " ".join(text_of(expression).split())
    for node in reversed(variant.nodes.of("init_declarator")):
        names, value = list(identifiers(field(node, "declarator") or node))[:1], field(node, "value")
        if names and value is not None:
            given = " ".join(text_of(value).split())
            text = re.sub(rf"(?<![\w.>]){re.escape(text_of(names[0]))}\b", lambda _, given=given: given, text)  # type: ignore[misc]
    return text


def _unread(function: Function, effects: Effects, why: str) -> Summary | None:
    """The summary of a function that cannot be read: when it only begins, or only ends, overrides by its text."""
    called = {match.decode() for match in re.findall(rb"(\w+)\s*\(", function.code)}
    begins, ends = bool(called & set(effects.overrides)), bool(called & set(effects.reverts))
    if begins == ends:
        return None
    return Summary(
        function.name, function.path, function.is_local, begins, None, f"{function.name}() cannot be read: {why}"
    )


def _uncertain(analysis: Analysis) -> Summary:
    """The summary of a function that should leave its caller's credentials alone, but may not on some path."""
    function = analysis.function
    why = f"{function.name}() may leave credentials overridden: {analysis.unsettled}"
    return Summary(function.name, function.path, function.is_local, True, None, why)


def summarise(analysis: Analysis) -> Summary | None:
    """The summary of a function, or None when it leaves its caller's credentials alone (as far as is known)."""
    function = analysis.function
    if analysis.unreadable is not None:
        return _unread(function, analysis.effects, analysis.unreadable)
    changing = [site for site in analysis.sites if site.kind is not SiteKind.SITE]
    if not changing:
        return _uncertain(analysis) if analysis.sites and analysis.unsettled is not None else None
    site = changing[0]
    path = function.path
    local = function.is_local
    acquires = any(item.kind is not SiteKind.REVERT_ONLY for item in changing)
    wrapper = _wrapper(analysis, site) if site.kind is SiteKind.WRAPPER and len(changing) == 1 else None
    outcomes = _outcomes(analysis)
    if isinstance(outcomes, tuple):
        reverts = reverting(function, analysis.effects.reverts) if site.kind is SiteKind.REVERT_ONLY else None
        return Summary(function.name, path, local, acquires, wrapper, "", outcomes, reverts)
    how = {
        SiteKind.WRAPPER: "overrides credentials for its caller, but not on every path or not only that",
        SiteKind.SPLIT: "leaves credentials overridden for its caller",
        SiteKind.REVERT_ONLY: "ends an override of its caller",
    }[site.kind]
    return Summary(function.name, path, local, acquires, wrapper, f"{function.name}() {how} (it {outcomes})")


def effects_for(path: str, base: Effects, summaries: list[Summary]) -> Effects:
    """The effects table for the functions of a file: static functions of other files do not count."""
    visible = [item for item in summaries if not item.local or item.path == path]
    wrappers = {item.name: item.wrapper for item in visible if item.wrapper is not None}
    reverts = {item.name: item.reverts for item in visible if item.reverts is not None}
    others = [item for item in visible if item.wrapper is None and item.reverts is None]
    calls = {item.name: item.outcomes for item in others if item.outcomes}
    opaque = {item.name: item.reason for item in others if not item.outcomes}
    acquires = frozenset(item.name for item in others if item.acquires)
    found = base.with_summaries(wrappers, opaque, acquires, calls)
    return replace(found, reverts={**found.reverts, **reverts}) if reverts else found
