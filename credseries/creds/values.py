"""Which places' values are followed through a function, where they are set, and which conditions tell of them.

Only what nothing else can change is followed: local variables whose address is not taken, and members that nothing
between could have written (NULL tests of anything else prove nothing: an out-parameter may have changed it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from credseries.creds.effects import Values
from credseries.creds.places import RESULT, Test, place_of, read_test, root_of
from credseries.csource.flow import Flow, FlowNode, Kind
from credseries.csource.function import Variant
from credseries.csource.syntax import Nodes, arguments, callee, identifiers, text_of, unparenthesised
from credseries.csource.syntax import field as child_field

_MAX_MEMBERS = 4  # each doubles the states


@dataclass
class Followed:
    """Places that are followed; per flow node what they are set to, and the test that a condition makes."""

    places: frozenset[str] = frozenset()
    learns: dict[int, tuple[tuple[str, Test], ...]] = field(default_factory=dict)
    tests: dict[int, Test] = field(default_factory=dict)


_FORGET = Test("unknown")
_WRITES = ("assignment_expression", "update_expression", "init_declarator", "call_expression")


def _declarations(nodes: Nodes) -> dict[str, list[Node]]:
    """The declarations of each name that is declared in a body."""
    found: dict[str, list[Node]] = {}
    kinds = ("init_declarator", "identifier", "pointer_declarator", "array_declarator")
    for node in nodes.of("declaration"):
        declared = child_field(node, "type") or node
        for child in node.named_children:
            if child.type in kinds and child.id != declared.id:
                name = next(identifiers(child), None)
                if name is not None:
                    found.setdefault(text_of(name), []).append(node)
    return found


def _is_static(declaration: Node) -> bool:
    return any(child.type == "storage_class_specifier" for child in declaration.named_children)


def _addressed(nodes: Nodes) -> set[str]:
    """The variables whose address is taken, or that an asm sets."""
    found = {text_of(name) for node in nodes.of("gnu_asm_output_operand") for name in identifiers(node)}
    for node in nodes.of("pointer_expression"):
        if text_of(node).startswith("&"):
            operand = child_field(node, "argument")
            place = place_of(operand)
            if place is not None and "." not in place:
                found.add(place)
            elif operand is not None and unparenthesised(operand).type not in ("field_expression", "identifier"):
                found.update(text_of(name) for name in identifiers(operand))
    return found


class _Follower:
    def __init__(self, variant: Variant, values: Values, calls: Mapping[int, int], harmless: frozenset[str]) -> None:
        self.variant = variant
        self.values = values
        self.harmless = harmless
        self.calls = calls  # the offset of the call whose outcomes are known, by flow node
        self.declared = _declarations(variant.nodes)

    def pick(self, candidates: Iterable[str]) -> frozenset[str]:
        """Those of the candidates that can be followed."""
        addressed = _addressed(self.variant.nodes)
        addressed = addressed.union(*(use.changed for use in self.variant.uses))
        found: set[str] = set()
        members: set[str] = set()
        for place in candidates:
            root = root_of(place)
            declared = self.declared.get(root, [])
            local = root in self.variant.parameters or (len(declared) == 1 and not _is_static(declared[0]))
            if not local or (root in self.variant.parameters and declared):
                continue
            if place == root:
                if root not in addressed:
                    found.add(place)
            else:
                members.add(place)
        return frozenset(found | (members if len(members) <= _MAX_MEMBERS else set()))

    def sets(self, node: FlowNode, places: frozenset[str]) -> Iterator[tuple[str, Test]]:
        """The places that a step gives another value."""
        syntax = node.syntax
        if syntax is None or node.kind is Kind.OPEN:
            return
        for part in self.variant.nodes.of(*_WRITES, within=syntax):
            if part.type == "assignment_expression":
                yield from self._assignment(node, part, places)
            elif part.type == "update_expression":
                place = place_of(child_field(part, "argument"))
                yield from ((item, _FORGET) for item in places if place is not None and _overlap(item, place))
            elif part.type == "init_declarator":
                target = child_field(part, "declarator")
                name = next(identifiers(target), None) if target is not None else None
                if name is not None:
                    yield from self._set(node, text_of(name), child_field(part, "value"), places)
            elif part.type == "call_expression" and part.start_byte != self.calls.get(node.number):
                yield from ((item, _FORGET) for item in places if self._may_write(part, item))

    def _assignment(self, node: FlowNode, part: Node, places: frozenset[str]) -> Iterator[tuple[str, Test]]:
        place, value = place_of(child_field(part, "left")), child_field(part, "right")
        if text_of(child_field(part, "operator") or part) != "=":
            value = None
        while value is not None and value.type == "assignment_expression":
            value = child_field(value, "right")
        if place is not None:
            yield from self._set(node, place, value, places)
        else:
            yield from ((item, _FORGET) for item in places if "." in item or item.startswith("*"))

    def _set(
        self, node: FlowNode, place: str, value: Node | None, places: frozenset[str]
    ) -> Iterator[tuple[str, Test]]:
        for item in places:
            if item == place:
                known = _FORGET if value is None else read_test(value, self.values, self.calls.get(node.number))
                yield item, _FORGET if item in known.places() else known
            elif _overlap(item, place):
                yield item, _FORGET

    def _may_write(self, call: Node, place: str) -> bool:
        if place in self.declared or place in self.variant.parameters:
            return False  # a variable whose address nobody has
        if callee(call) in self.harmless:
            return False
        root = root_of(place)
        declared = self.declared.get(root)
        if declared is None or not self._is_object(root):
            return True  # whoever has the pointer can write there
        return any(text_of(name) == root for argument in arguments(call) for name in identifiers(argument))

    def _is_object(self, name: str) -> bool:
        """Whether a local variable is a structure itself and not a pointer to one."""
        [declaration] = self.declared[name][:1]
        return re.search(rf"\*\s*{re.escape(name)}\b", text_of(declaration)) is None

    def test(self, node: FlowNode, wanted: frozenset[str]) -> Test | None:
        """What a condition, or a returned value, tells of the wanted places."""
        if node.syntax is None or node.kind not in (Kind.CONDITION, Kind.RETURN):
            return None
        if node.kind is Kind.CONDITION and not wanted and node.number not in self.calls:
            return None  # whatever it tells is of no use
        test = read_test(node.syntax, self.values, self.calls.get(node.number))
        useful = node.kind is Kind.RETURN or any(place in wanted or place == RESULT for place in test.places())
        return test if useful else None


def _overlap(one: str, other: str) -> bool:
    """Whether writing one place may change the other."""
    return root_of(one) == root_of(other) and (one.startswith(other) or other.startswith(one) or "*" in one + other)


def tested_members(flow: Flow, parameters: Mapping[str, str]) -> set[str]:
    """The members of parameters that conditions test alone."""
    found: set[str] = set()
    for node in flow.nodes:
        if node.kind is Kind.CONDITION and node.syntax is not None:
            test = read_test(node.syntax, Values())
            found.update(place for place in test.places() if "." in place and root_of(place) in parameters)
    return found


def follow(
    variant: Variant,
    values: Values,
    saved: frozenset[str],
    candidates: Iterable[str],
    calls: Mapping[int, int],
    harmless: frozenset[str],
) -> Followed:
    """Follow those of the candidates that can be followed, and the saved variables, through a function.

    `calls` gives, by flow node, the offset of the call whose outcomes are told apart; `harmless` are functions that
    write to nothing that is followed.
    """
    follower = _Follower(variant, values, calls, harmless)
    found = Followed(follower.pick(set(candidates) - saved))
    for node in variant.flow.nodes:
        test = follower.test(node, found.places | saved)
        if test is not None:
            found.tests[node.number] = test
        if found.places and node.syntax is not None:
            learns = tuple(follower.sets(node, found.places))
            if learns:
                found.learns[node.number] = learns
    return found
