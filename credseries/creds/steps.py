"""A variant of a function, step by step: its operations, its saved variables, and whose values are followed."""

from __future__ import annotations

import re
from dataclasses import replace

from tree_sitter import Node

from credseries.creds.effects import Effects
from credseries.creds.operations import (
    Call,
    Operation,
    Override,
    Revert,
    Step,
    Steps,
    Store,
)
from credseries.creds.places import RESULT, place_of, read_test, root_of
from credseries.creds.reader import Reader, assigned, is_null
from credseries.creds.values import follow, tested_members
from credseries.csource.flow import Kind
from credseries.csource.function import Variant
from credseries.csource.syntax import field as child_field
from credseries.csource.syntax import text_of, walk

_WORD = re.compile(r"[A-Za-z_]\w*")
_PLAIN = ("identifier", "field_expression", "field_identifier", "parenthesized_expression")


def _last_value(node: Node | None) -> Node | None:
    """What `a = b = v` assigns."""
    while node is not None and node.type == "assignment_expression":
        node = child_field(node, "right")
    return node


def _stores(variant: Variant, syntax: Node, saved: frozenset[str]) -> list[Store]:
    """Other assignments to saved variables in a statement."""
    variable, value = assigned(syntax)
    if variable in saved and variable is not None and value is not None and value.type != "assignment_expression":
        null = is_null(value)
        return [Store(variable, null, null or all(node.type in _PLAIN for node in walk(value)))]
    found = []
    for node in variant.nodes.of("assignment_expression", within=syntax):
        name, last = place_of(child_field(node, "left")), _last_value(node)
        if name in saved and name is not None:
            found.append(Store(name, null=last is not None and is_null(last)))
    return found


def is_written(identifier: Node) -> bool:
    """Whether an identifier stands where it is declared, or on the left of `=`."""
    parent = identifier.parent
    if parent is None:
        return False
    if parent.type in ("pointer_declarator", "declaration", "parameter_declaration"):
        return True
    if parent.type == "init_declarator":
        target = child_field(parent, "declarator")
        return target is not None and target.id == identifier.id
    if parent.type == "assignment_expression":
        left, operator = child_field(parent, "left"), child_field(parent, "operator")
        return left is not None and left.id == identifier.id and text_of(operator or parent) == "="
    return False


def _touched(operation: Operation) -> list[Override | Revert]:
    """The overrides and reverts of an operation."""
    if isinstance(operation, Override | Revert):
        return [operation]
    if not isinstance(operation, Call):
        return []
    found = [item for choice in operation.choices for item in choice.operations]
    return [item for item in found if isinstance(item, Override | Revert)]


def read_steps(
    variant: Variant, effects: Effects, also_saved: frozenset[str] = frozenset(), *, members: bool = False
) -> Steps:
    """What every step of a function variant does.

    `also_saved` are variables that the original saves credentials in; for `members` see `followed`.
    """
    return followed(variant, effects, read_operations(variant, effects, also_saved), members=members)


def read_operations(variant: Variant, effects: Effects, also_saved: frozenset[str] = frozenset()) -> Steps:
    """What every step of a function variant does, before it is known which values tell paths apart."""
    reader = Reader(variant, effects)
    flow = variant.flow
    steps = [reader.step(node) for node in flow.nodes]
    own: set[int] = set()
    names = set(also_saved)
    for node, step in zip(flow.nodes, steps, strict=True):
        for operation in step.operations:
            names.update(item.variable for item in _touched(operation) if item.variable != RESULT)
            if isinstance(operation, Revert):
                own.update(range(*operation.statement))
            elif isinstance(operation, Call) and node.syntax is not None:
                own.update(range(operation.call, node.syntax.end_byte))
    saved = frozenset(names)
    for node, step in zip(flow.nodes, steps, strict=True):
        if node.syntax is None or step.operations or not saved:
            continue
        stores = _stores(variant, node.syntax, saved) if effects.saves else _moved(node.syntax, saved)
        if stores:
            step.operations = tuple(stores)
    result = Steps(flow, steps, saved, {name: [] for name in names}, effects=effects)
    if effects.saves:
        _read_names(variant, own, result)
    return result


def followed(variant: Variant, effects: Effects, read: Steps, *, members: bool = False) -> Steps:
    """Steps with the values that tell which way a path goes: results of calls with several outcomes, what is returned.

    With `members`, tests of members of the parameters are followed as well, which a summary needs.
    """
    if not any(step.operations for step in read.steps):
        return read
    candidates: set[str] = set()
    calls: dict[int, int] = {}
    for node, step in zip(read.flow.nodes, read.steps, strict=True):
        for operation in step.operations:
            if isinstance(operation, Call):
                calls[node.number] = operation.call
                for choice in operation.choices:
                    candidates.update(place for place, _ in (*choice.given, *choice.leaves) if place != RESULT)
        if node.kind is Kind.RETURN and node.syntax is not None:
            told = read_test(node.syntax, effects.values).places()
            candidates.update(place for place in told if "." not in place and "*" not in place)
    if members:
        candidates |= tested_members(read.flow, variant.parameters)
    known = frozenset({*effects.overrides, *effects.reverts, *effects.references})
    found = follow(variant, effects.values, read.saved, candidates, calls, known)
    steps = list(read.steps)  # most steps stay as they are
    for number, step in enumerate(read.steps):
        learns, test = found.learns.get(number, ()), found.tests.get(number)
        if step.operations or learns or test is not None:
            operations = tuple(_only_followed(item, found.places) for item in step.operations)
            steps[number] = Step(step.events, operations, learns, test)
    return replace(read, steps=steps, tracked=found.places)


def _only_followed(operation: Operation, places: frozenset[str]) -> Operation:
    """A call's outcomes without what they say of places that are not followed."""
    if not isinstance(operation, Call):
        return operation
    kept = places | {RESULT}

    def known(items: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        return tuple((place, mask) for place, mask in items if place in kept)

    choices = (replace(item, given=known(item.given), leaves=known(item.leaves)) for item in operation.choices)
    return replace(operation, choices=tuple(choices))


def _moved(syntax: Node, objects: frozenset[str]) -> list[Store]:
    """Assignments after which the expression for an object may mean another one."""
    found = []
    for node in walk(syntax):
        if node.type in ("assignment_expression", "update_expression"):
            place = place_of(child_field(node, "left") or child_field(node, "argument"))
            if place is not None:
                words = {item: set(_WORD.findall(item)) for item in objects}
                found += [Store(item, null=False) for item in objects if root_of(place) in words[item]]
    return found


def _read_names(variant: Variant, own: set[int], result: Steps) -> None:
    """Find where saved variables are read and declared, besides in the statements at `own`."""
    saved, reads = result.saved, result.reads
    unfollowed = result.unfollowed
    unfollowed += _hidden_uses(variant, saved)
    scopes: dict[str, list[Node]] = {}
    for identifier in variant.nodes.of("identifier") if saved else ():
        name = text_of(identifier)
        if name not in saved or identifier.start_byte in own:
            continue
        if not is_written(identifier):
            reads[name].append(identifier.start_byte)
            if _addressed(identifier):
                unfollowed.append((identifier.start_byte, f"the address of {name} is taken"))
            elif _is_asm_output(identifier):
                unfollowed.append((identifier.start_byte, f"{name} is an output of an asm"))
            continue
        scope = _declared_in(identifier)
        if scope is None:
            continue
        around = scopes.setdefault(name, [])
        if any(_within(scope, other) or _within(other, scope) for other in around):
            unfollowed.append((identifier.start_byte, f"{name} is declared again where it is in scope"))
        around.append(scope)
    for start, name in _unparsed_uses(variant, saved):
        if start not in own:
            reads[name].append(start)


def _hidden_uses(variant: Variant, saved: frozenset[str]) -> list[tuple[int, str]]:
    """Where a macro stands for code that uses a saved variable which its arguments do not name, or changes one."""
    found = []
    for use in variant.uses if saved else ():
        if use.name in saved:
            found.append((use.start, f"{use.name} is a macro"))
            continue
        hidden = sorted(saved & (use.changed | (use.words - use.written)))
        found += [(use.start, f"{use.name} is a macro that uses {name}") for name in hidden]
        if not use.expanded:
            found.append((use.start, f"{use.name} is a macro that stands for too much to be followed"))
    return found


def _unparsed_uses(variant: Variant, saved: frozenset[str]) -> list[tuple[int, str]]:
    """Where the code has the name of a saved variable that the parser took for something else, or never saw.

    It stands in an attribute or in `typeof()`; a member, a label and a tag of that name are something else indeed.
    """
    if not saved:
        return []
    named = variant.nodes.of("identifier", "field_identifier", "statement_identifier")
    seen = {node.start_byte for node in named}
    seen |= {node.start_byte for node in variant.nodes.of("type_identifier") if _is_tag(node)}
    words = re.compile(rb"\b(?:" + b"|".join(re.escape(name.encode()) for name in sorted(saved)) + rb")\b")
    places = words.finditer(variant.code, variant.body.start_byte, variant.body.end_byte)
    return [(place.start(), place.group().decode()) for place in places if place.start() not in seen]


def _is_tag(node: Node) -> bool:
    kinds = ("struct_specifier", "union_specifier", "enum_specifier")
    return node.parent is not None and node.parent.type in kinds


def _addressed(identifier: Node) -> bool:
    node = identifier.parent
    while node is not None and node.type == "parenthesized_expression":
        node = node.parent
    return node is not None and node.type == "pointer_expression" and text_of(node).startswith("&")


def _is_asm_output(identifier: Node) -> bool:
    node = identifier.parent
    while node is not None and node.type == "parenthesized_expression":
        node = node.parent
    return node is not None and node.type == "gnu_asm_output_operand"


def _declared_in(identifier: Node) -> Node | None:
    """What an identifier is declared in, when it stands in its own declaration."""
    node = identifier.parent
    while node is not None and node.type in ("pointer_declarator", "init_declarator"):
        node = node.parent
    return node.parent if node is not None and node.type == "declaration" else None


def _within(inner: Node, outer: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte
