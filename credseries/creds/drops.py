"""What a called function may give up of its arguments, found in its body when it is at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from credseries.creds.effects import Effects, Place, Reference
from credseries.creds.places import in_call, of_parameter, place_of, root_of
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import arguments, callee, field, identifiers, text_of

_DEEPEST = 4  # functions that call functions that call ..
Definition = Callable[[str], Function | None]


class Drops:
    """By function, the places of its arguments that it may give up; looked up when it is asked for.

    `definition` returns a function by its name, as far as its text is at hand; `gives_up` tells by a name that a
    function gives up what it is given.
    """

    def __init__(self, effects: Effects, definition: Definition, gives_up: Callable[[str], bool]) -> None:
        self._effects = effects
        self._definition = definition
        self._gives_up = gives_up
        self._known: dict[tuple[str, int], frozenset[Place]] = {}

    def __call__(self, name: str) -> frozenset[Place]:
        """The places that a function may give up; none when its text is not at hand."""
        return self._places(name, _DEEPEST)

    def _places(self, name: str, depth: int) -> frozenset[Place]:
        if (name, depth) not in self._known:  # less deep than asked for, less is found
            function = self._definition(name) if depth else None
            variants = function.variants if function is not None else []
            self._known[name, depth] = frozenset(place for item in variants for place in self._in(item, depth))
        return self._known[name, depth]

    def _in(self, variant: Variant, depth: int) -> Iterator[Place]:
        parameters = list(variant.parameters)
        same = _copies(variant)
        for node in variant.nodes.of("call_expression"):
            for place in self._given_up(node, depth):
                root = root_of(place)
                whole = same.get(root, root) + place.lstrip("*")[len(root) :]
                found = of_parameter(("*" if place.startswith("*") else "") + whole, parameters)
                if found is not None:
                    yield found

    def _given_up(self, call: Node, depth: int) -> Iterator[str]:
        name, passed = callee(call), arguments(call)
        if self._effects.references.get(name) is Reference.DROP or self._gives_up(name):
            found = (place_of(argument) for argument in passed)
            yield from (place for place in found if place is not None)
        elif any(place_of(argument) is not None or text_of(argument).startswith("&") for argument in passed):
            for place in self._places(name, depth - 1) if depth else ():
                here = in_call(place, passed)
                if here is not None:
                    yield here


def _copies(variant: Variant) -> dict[str, str]:
    """The local variables that are set to a place, with that place."""
    found: dict[str, str] = {}
    for node in variant.nodes.of("assignment_expression", "init_declarator"):
        if node.type == "assignment_expression":
            target, value = place_of(field(node, "left")), place_of(field(node, "right"))
        else:
            names = [text_of(name) for name in identifiers(field(node, "declarator") or node)][:1]
            target, value = (names[0] if names else None), place_of(field(node, "value"))
        if target is not None and value is not None and "." not in target:
            found[target] = value
    return found
