"""Values that a change loses: what a call returned and nobody looks at any more."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from credseries.creds.audit.compared import Compared, Finding, Kind
from credseries.csource.syntax import callee, field, unparenthesised


def used(call: Node) -> bool:
    """Whether something is done with a call's value."""
    node = call.parent
    while node is not None and node.type in ("parenthesized_expression", "cast_expression"):
        node = node.parent
    if node is not None and node.type == "comma_expression":
        right = field(node, "right")
        return right is not None and unparenthesised(right).id == call.id
    return node is not None and node.type != "expression_statement"


def lost_return_values(case: Compared) -> list[Finding]:
    """Calls whose value was used and is dropped now."""
    found = []
    for call, old in _same_calls(case):
        if not used(old) or used(call):
            continue
        name, offset = callee(call), call.start_byte
        was = _use_of(old)
        found.append(
            case.finding(
                Kind.LOST_RETURN_VALUE,
                offset,
                f"what {name}() returns was {was} and is dropped now",
                call=name,
                before=f"its value was {was}",
                after="its value is dropped",
                path=_path_to(case, offset),
            )
        )
    return found


def _same_calls(case: Compared) -> Iterator[tuple[Node, Node]]:
    """Each call after the change with the same call before it."""
    for offset, calls in sorted(case.after.version.calls_at.items()):
        partner = case.alignment.partner.get(offset)
        if partner is None and callee(calls[-1]) in case.after.effects.overrides:
            partner = _same_override(case, calls[-1])
        olds = case.before.version.calls_at.get(partner, []) if partner is not None else []
        if len(olds) == len(calls):
            yield from zip(calls, olds, strict=True)


def _same_override(case: Compared, call: Node) -> int | None:
    """The override before the change that asks for what one after it asks for: overrides are no events."""
    asked = case.after.trail.credentials.get(call.start_byte)
    for offset, credential in sorted(case.before.trail.credentials.items()):
        old = case.before.version.calls.get(offset)
        if asked is not None and credential.key == asked.key and old is not None and used(old):
            return offset
    return None


def _path_to(case: Compared, offset: int) -> tuple[int, ...]:
    keys = case.after.keys(offset)
    return case.after.trail.path(min(keys.values())) if keys else ()


def _use_of(call: Node) -> str:
    node = call.parent
    while node is not None and node.type in ("parenthesized_expression", "cast_expression"):
        if node.parent is not None and node.parent.type.endswith("_statement"):
            return "tested"
        node = node.parent
    kind = node.type if node is not None else ""
    return {
        "assignment_expression": "assigned",
        "init_declarator": "assigned",
        "return_statement": "returned",
        "argument_list": "passed on",
    }.get(kind, "used")
