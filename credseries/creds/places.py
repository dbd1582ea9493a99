"""Places and conditions: which variable or member an expression names, and what a test of one tells of it.

What is known of a place is a set of ZERO, NEGATIVE and POSITIVE (`credseries.creds.effects`): NULL is zero, an error
pointer negative, any other pointer positive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from credseries.creds.effects import ANY, NEGATIVE, POSITIVE, ZERO, Place, Values
from credseries.csource.syntax import arguments, callee, text_of, unparenthesised
from credseries.csource.syntax import field as child_field

RESULT = "?"  # the value of the call that a condition tests, or that a function returns

_ERROR = re.compile(r"-\s*(?:E[A-Z0-9]+|[1-9]\d*)")


def place_of(node: Node | None) -> str | None:
    """The name of what an expression stands for: `x`, `*x`, `p.member` (for `p->member` as well); None for others."""
    if node is None:
        return None
    node = unparenthesised(node)
    if node.type == "identifier":
        return text_of(node)
    if node.type == "field_expression":
        base, member = place_of(child_field(node, "argument")), child_field(node, "field")
        if base is None or member is None:
            return None
        return f"{base.removeprefix('*')}.{text_of(member)}"
    if node.type == "pointer_expression" and text_of(node).startswith("*"):
        base = place_of(child_field(node, "argument"))
        return None if base is None else f"*{base}"
    return None


def root_of(place: str) -> str:
    """The variable that a place starts from."""
    return place.lstrip("*").split(".")[0]


def in_call(place: Place, passed: list[Node]) -> str | None:
    """What a place of a called function's is called by its caller; None when the argument names no place."""
    if place.parameter is None or place.parameter >= len(passed):
        return None
    argument = unparenthesised(passed[place.parameter])
    if argument.type == "pointer_expression" and text_of(argument).startswith("&"):
        base = place_of(child_field(argument, "argument"))
        if base is None or not place.way:
            return None
        return base if place.way == "*" else base + place.way
    base = place_of(argument)
    if base is None:
        return None
    return f"*{base}" if place.way == "*" else base + place.way


def of_parameter(place: str, parameters: list[str]) -> Place | None:
    """A place as the function's callers can name it; None when it is not reached from a parameter."""
    root = root_of(place)
    if root not in parameters:
        return None
    way = "*" if place.startswith("*") else place[len(root) :]
    return Place(parameters.index(root), way)


@dataclass(frozen=True)
class Test:
    """A condition as a tree: `kind` is var, known, not, and, or, test (for `mask`), error of, choice, or unknown."""

    kind: str
    place: str = ""
    mask: int = ANY
    parts: tuple[Test, ...] = ()

    def places(self) -> Iterator[str]:
        """The places that are tested."""
        if self.place:
            yield self.place
        for part in self.parts:
            yield from part.places()


_UNKNOWN = Test("unknown")
_BEGIN_CONSTANTS = frozenset("-0123456789Nft(")  # most expressions are none, and this tells so at once
_MIRROR = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_BELOW = {"==": ZERO, "!=": NEGATIVE | POSITIVE, "<": NEGATIVE, ">": POSITIVE, "<=": ZERO | NEGATIVE}
_BELOW[">="] = ZERO | POSITIVE


def _constant(node: Node) -> int | None:
    text = text_of(node).replace(" ", "")
    if text[:1] not in _BEGIN_CONSTANTS:
        return None
    if text in ("NULL", "0", "false", "((void*)0)"):
        return ZERO
    if text in ("true",) or re.fullmatch(r"[1-9]\d*|0x[0-9a-fA-F]*[1-9a-fA-F][0-9a-fA-F]*", text):
        return POSITIVE
    return NEGATIVE if _ERROR.fullmatch(text) else None


def read_test(node: Node, values: Values, tested_call: int | None = None) -> Test:
    """A condition (or a value) as a test; `tested_call` is the offset of a call whose result is known as RESULT."""
    node = unparenthesised(node)
    constant = _constant(node)
    if constant is not None:
        return Test("known", mask=constant)
    place = place_of(node)
    if place is not None:
        return Test("var", place)
    if node.type == "call_expression":
        return _call(node, values, tested_call)
    if node.type == "assignment_expression":
        left, right = place_of(child_field(node, "left")), child_field(node, "right")
        operator = child_field(node, "operator")
        if left is not None and right is not None and operator is not None and text_of(operator) == "=":
            return Test("var", left)
        return _UNKNOWN
    if node.type == "unary_expression" and text_of(node).startswith("!"):
        operand = child_field(node, "argument")
        return _UNKNOWN if operand is None else Test("not", parts=(read_test(operand, values, tested_call),))
    if node.type == "binary_expression":
        return _binary(node, values, tested_call)
    if node.type == "conditional_expression":
        named = [child_field(node, name) for name in ("condition", "consequence", "alternative")]
        parts = tuple(read_test(part, values, tested_call) for part in named if part is not None)
        return Test("choice", parts=parts) if len(parts) == 3 else _UNKNOWN
    return _UNKNOWN


def _call(node: Node, values: Values, tested_call: int | None) -> Test:
    if node.start_byte == tested_call:
        return Test("var", RESULT)
    name, passed = callee(node), arguments(node)
    if len(passed) != 1:
        return _UNKNOWN
    if name in values.same:
        return read_test(passed[0], values, tested_call)
    if name in values.errors:
        return Test("known", mask=NEGATIVE)
    if name in values.of_error:
        return Test("error of", parts=(read_test(passed[0], values, tested_call),))
    if name in values.is_error or name in values.is_error_or_null:
        mask = NEGATIVE if name in values.is_error else NEGATIVE | ZERO
        return Test("test", mask=mask, parts=(read_test(passed[0], values, tested_call),))
    return _UNKNOWN


def _binary(node: Node, values: Values, tested_call: int | None) -> Test:
    left, right = child_field(node, "left"), child_field(node, "right")
    operator = text_of(child_field(node, "operator") or node)
    if left is None or right is None:
        return _UNKNOWN
    if operator in ("&&", "||"):
        parts = (read_test(left, values, tested_call), read_test(right, values, tested_call))
        return Test("and" if operator == "&&" else "or", parts=parts)
    if operator not in _BELOW:
        return _UNKNOWN
    if _constant(left) == ZERO:
        left, right, operator = right, left, _MIRROR[operator]
    if _constant(right) != ZERO:
        return _UNKNOWN
    return Test("test", mask=_BELOW[operator], parts=(read_test(left, values, tested_call),))


def value_of(test: Test, known: Callable[[str], int]) -> int:
    """The values that a test (or a value) can have, from what is known of places."""
    if test.kind == "var":
        return known(test.place)
    if test.kind == "known":
        return test.mask
    if test.kind == "unknown":
        return ANY
    if test.kind == "choice":
        return _chosen(test, known)
    parts = [value_of(part, known) for part in test.parts]
    if test.kind == "not":
        return (POSITIVE if parts[0] & ZERO else 0) | (ZERO if parts[0] & ~ZERO else 0)
    if test.kind == "error of":
        return parts[0] if parts[0] in (NEGATIVE, ZERO) else ANY
    if test.kind == "test":
        return (POSITIVE if parts[0] & test.mask else 0) | (ZERO if parts[0] & ~test.mask else 0)
    true, false = any, all
    if test.kind == "and":
        true, false = all, any
    can = POSITIVE if true(part & ~ZERO for part in parts) else 0
    can |= ZERO if false(part & ZERO for part in parts) else 0
    return can or ANY


def _chosen(test: Test, known: Callable[[str], int]) -> int:
    """The values of `condition ? one : other`, each read with what the condition tells."""
    condition, *ends = test.parts
    value, found = value_of(condition, known), 0
    for end, truth in zip(ends, (True, False), strict=True):
        if value & (ANY & ~ZERO if truth else ZERO):
            told = dict(learn(condition, truth, known))
            found |= value_of(end, lambda place, told=told: told.get(place, known(place)))  # type: ignore[misc]
    return found or ANY


def learn(test: Test, truth: bool, known: Callable[[str], int]) -> list[tuple[str, int]]:
    """What a test that turned out true, or false, tells: places and the values that they can still have."""
    wanted = ANY & ~ZERO if truth else ZERO
    return list(_learn(test, wanted, known))


def _learn(test: Test, wanted: int, known: Callable[[str], int]) -> Iterator[tuple[str, int]]:
    if test.kind == "var":
        yield test.place, known(test.place) & wanted
    elif test.kind == "not":
        flipped = (ZERO if wanted & ~ZERO else 0) | (ANY & ~ZERO if wanted & ZERO else 0)
        yield from _learn(test.parts[0], flipped, known)
    elif test.kind == "test":
        mask = test.mask if wanted & ~ZERO and not wanted & ZERO else ANY & ~test.mask
        yield from _learn(test.parts[0], mask, known)
    elif (test.kind == "and" and not wanted & ZERO) or (test.kind == "or" and not wanted & ~ZERO):
        for part in test.parts:
            yield from _learn(part, wanted, known)
