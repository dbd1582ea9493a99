"""What an expression stands for: accessors and wrappers expanded, locals replaced by what they are set to.

Two texts with the same canonical expression are taken to name the same credentials, however they are spelled: a
wrapper that overrides (`return override_creds(E);`) and an accessor (`return E;`) both stand for E, arguments put in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from credseries.csource.function import Function, Variant
from credseries.csource.syntax import arguments, callee, identifiers, parse, text_of, unparenthesised, walk
from credseries.csource.syntax import field as child_field

_DEPTH = 16  # accessors of accessors of .. this deep; then the call itself is what is compared
_PRIMARY = ("identifier", "call_expression", "field_expression", "subscript_expression", "parenthesized_expression")


@dataclass(frozen=True)
class Meaning:
    """What a function whose body is declarations and one return gives: an expression in its parameters.

    Where the body returns a call that puts its argument in force, that is the argument. `path` is the file whose names
    the expression uses.
    """

    parameters: tuple[str, ...]
    expression: str
    locals: Mapping[str, str] = field(default_factory=dict)
    path: str = ""


# by name, and by the path of the file that uses the name
Lookup = Callable[[str, str], Meaning | None]


def expression_node(text: str) -> Node | None:
    """The syntax of an expression's text."""
    root = parse(f"void f(void)\n{{\n({text});\n}}".encode())
    found = next((node for node in walk(root) if node.type == "expression_statement"), None)
    return unparenthesised(found.named_children[0]) if found is not None and found.named_children else None


def _assignments(variant: Variant) -> Iterator[tuple[str, Node | None]]:
    """Each (variable, value) that the body sets a plain name to; None where the value is not known."""
    for node in walk(variant.body):
        if node.type == "init_declarator":
            target, value = child_field(node, "declarator"), child_field(node, "value")
            while target is not None and target.type == "pointer_declarator":
                target = child_field(target, "declarator")
            if target is not None and target.type == "identifier":
                yield text_of(target), value
        elif node.type == "assignment_expression":
            left, operator = child_field(node, "left"), child_field(node, "operator")
            if left is not None and left.type == "identifier":
                plain = operator is not None and text_of(operator) == "="
                yield text_of(left), child_field(node, "right") if plain else None
        elif node.type == "update_expression" or (node.type == "pointer_expression" and text_of(node)[0] == "&"):
            inner = child_field(node, "argument")
            inner = unparenthesised(inner) if inner is not None else None
            if inner is not None and inner.type == "identifier":
                yield text_of(inner), None


def single_values(variant: Variant) -> dict[str, str]:
    """The locals that are set in one place only, with the value's text.

    Where two have the same text they may still be two objects (`a = prepare_creds()`, `b = prepare_creds()`), so those
    are left out, and so are parameters.
    """
    found: dict[str, list[str | None]] = {}
    for name, value in _assignments(variant):
        known = value is not None and value.type not in ("initializer_list", "null", "number_literal")
        found.setdefault(name, []).append(text_of(value) if known and value is not None else None)
    single = {
        name: values[0]
        for name, values in found.items()
        if len(values) == 1 and values[0] is not None and name not in variant.parameters
    }
    texts = ["".join(value.split()) for value in single.values()]
    return {name: value for name, value in single.items() if texts.count("".join(value.split())) == 1}


def meaning(function: Function, puts_in_force: frozenset[str]) -> Meaning | None:
    """What a function stands for, or None when its body is more than declarations and one return.

    `puts_in_force` are the functions that put their argument in force (`override_creds`, ..).
    """
    if function.unreadable is not None or len(function.variants) != 1:
        return None
    variant = function.variants[0]
    children = [node for node in variant.body.named_children if node.type != "comment"]
    if not children or children[-1].type != "return_statement" or not children[-1].named_children:
        return None
    if any(node.type != "declaration" for node in children[:-1]):
        return None
    value = unparenthesised(children[-1].named_children[0])
    if value.type == "call_expression" and callee(value) in puts_in_force and len(arguments(value)) == 1:
        value = unparenthesised(arguments(value)[0])
    return Meaning(tuple(variant.parameters), text_of(value), single_values(variant), function.path)


@dataclass(frozen=True)
class Canon:
    """Makes expressions of one function canonical.

    `path` is its file, `values` are its locals with what they stand for, `renamed` gives its names in the other version
    of the function, `lookup` the meaning of a called function.
    """

    lookup: Lookup
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def of(self, text: str) -> str:
        """The canonical text of an expression."""
        node = expression_node(text)
        return "".join(text.split()) if node is None else self._render(node, {}, _DEPTH)

    def _render(self, node: Node, bound: Mapping[str, str], depth: int) -> str:
        node = unparenthesised(node)
        if node.type == "identifier":
            return self._name(text_of(node), bound, depth)
        if node.type == "cast_expression":
            value = child_field(node, "value")
            return self._render(value, bound, depth) if value is not None else text_of(node)
        if node.type == "call_expression":
            return self._call(node, bound, depth)
        if not node.children:
            return text_of(node)
        return "".join(self._part(child, bound, depth) for child in node.children)

    def _part(self, node: Node, bound: Mapping[str, str], depth: int) -> str:
        """A part of a larger expression, in parentheses when it would bind differently without."""
        if not node.is_named:
            return text_of(node)
        text = self._render(node, bound, depth)
        replaced = node.type in ("identifier", "parenthesized_expression")
        return f"({text})" if replaced and not _is_primary(text) else text

    def _name(self, name: str, bound: Mapping[str, str], depth: int) -> str:
        if name in bound:
            return bound[name]
        if name in self.values and depth > 0:
            inner = expression_node(self.values[name])
            if inner is not None and all(text_of(part) != name for part in identifiers(inner)):
                return self._render(inner, bound, depth - 1)
        return self.renamed.get(name, name)

    def _call(self, node: Node, bound: Mapping[str, str], depth: int) -> str:
        name = callee(node)
        passed = [self._render(argument, bound, depth) for argument in arguments(node)]
        known = self.lookup(name, self.path) if depth > 0 else None
        if known is not None and len(known.parameters) == len(passed):
            inner = expression_node(known.expression)
            given = dict(zip(known.parameters, passed, strict=True))
            if inner is not None:
                return Canon(self.lookup, known.path, known.locals)._render(inner, given, depth - 1)
        function = child_field(node, "function")
        called = self._render(function, bound, depth) if function is not None else name
        return f"{called}({','.join(passed)})"


def _is_primary(text: str) -> bool:
    node = expression_node(text)
    return node is None or node.type in _PRIMARY
