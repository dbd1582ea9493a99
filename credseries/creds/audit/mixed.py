"""Half-done conversions within a function: two styles of unwinding, or two disciplines, that should not meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tree_sitter import Node

from credseries.creds.audit.compared import Compared, Finding, Kind, Severity, Side
from credseries.creds.effects import Discipline
from credseries.csource.flow import FlowNode
from credseries.csource.function import enclosing_block
from credseries.csource.syntax import field as child_field
from credseries.csource.syntax import text_of, walk


def _scope_end(node: FlowNode) -> int:
    """Where the scope that a guard opens ends, as a byte offset."""
    if node.syntax is None:
        return node.end
    if node.syntax.type == "expression_statement":
        block = enclosing_block(node.syntax)
        return block.end_byte if block is not None else node.end
    loop = node.syntax.parent  # a scoped macro, masked as a loop
    return loop.end_byte if loop is not None else node.end


def _unwinding(side: Side) -> Iterator[tuple[int, str, Node]]:
    """(guard's offset, label, labelled statement) for forward gotos to labels within a credential guard's scope."""
    flow = side.version.steps.flow
    labelled = {
        text_of(child_field(node, "label") or node): node
        for node in walk(side.version.variant.body)
        if node.type == "labeled_statement"
    }
    for enter in side.entered:
        node = flow.nodes[enter.opened]
        end = _scope_end(node)
        for jump, name in flow.gotos:
            label = labelled.get(name)
            if label is not None and jump < label.start_byte and node.end <= label.start_byte < end:
                yield enter.call, name, label


def gotos_and_guards(case: Compared) -> list[Finding]:
    """A label that unwinds by hand within the scope of a credential guard."""
    known = {name for _, name, _ in _unwinding(case.before)}
    found: dict[str, Finding] = {}
    for call, name, label in _unwinding(case.after):
        if name in known or name in found:
            continue
        line = case.after.version.line(call)
        found[name] = case.finding(
            Kind.MIXED,
            label.start_byte,
            f"label {name} unwinds within the scope of the guard of line {line}: cleanup.h asks not to mix goto and "
            "scoped cleanup in one function",
            call=f"goto {name}",
            before="goto alone" if not case.new else "",
            after="goto and a guard",
            severity=Severity.WARNING,
        )
    return list(found.values())


def _both(side: Side) -> dict[str, int]:
    """The saved variables of counted and of light overrides, with the offset of the last override into each."""
    kinds: defaultdict[str, set[Discipline]] = defaultdict(set)
    last: dict[str, int] = {}
    for item in side.overrides:
        kinds[item.variable].add(item.discipline)
        last[item.variable] = item.call
    return {name: last[name] for name, found in kinds.items() if len(found) > 1}


def two_disciplines(case: Compared) -> list[Finding]:
    """A variable that saves what a counted override replaced in one place, and a light one in another."""
    known = _both(case.before)
    return [
        case.finding(
            Kind.MIXED,
            offset,
            f"{name} saves what counted overrides and light ones replaced: which revert fits depends on the path",
            call=name,
            before="one kind of override" if not case.new else "",
            after="counted and light overrides",
            severity=Severity.WARNING,
        )
        for name, offset in _both(case.after).items()
        if case.alignment.renamed.get(name, name) not in known
    ]
