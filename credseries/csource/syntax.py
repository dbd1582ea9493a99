"""tree-sitter's C grammar over masked text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, cached_property

import tree_sitter_c
from tree_sitter import Language, Node, Parser


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_c.language()))


def parse(text: bytes) -> Node:
    """The syntax tree's root; byte offsets index `text`."""
    return _parser().parse(text).root_node


def walk(node: Node) -> Iterator[Node]:
    """A node and the named nodes below it (no punctuation, no keywords), in text order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        if current.named_child_count:
            stack.extend(reversed(current.named_children))


class Nodes:
    """The named nodes at and below a node, in text order: walked once, and then asked for by kind and by place."""

    def __init__(self, root: Node) -> None:
        self._all = list(walk(root))
        self._kinds = [node.type for node in self._all]
        self._found: dict[tuple[str, ...], tuple[list[Node], list[int]]] = {}

    def of(self, *kinds: str, within: Node | None = None) -> list[Node]:
        """The nodes of some kinds; with `within`, those at or below that node."""
        if kinds not in self._found:
            nodes = [node for node, kind in zip(self._all, self._kinds, strict=True) if kind in kinds]
            self._found[kinds] = (nodes, [node.start_byte for node in nodes])
        nodes, starts = self._found[kinds]
        if within is None:
            return nodes
        end = within.end_byte
        first, last = bisect_left(starts, within.start_byte), bisect_left(starts, end)
        return [node for node in nodes[first:last] if node.end_byte <= end]

    @cached_property
    def calls(self) -> dict[int, str]:
        """What each call expression calls, by the id of its node."""
        return {node.id: callee(node) for node in self.of("call_expression")}


def _walk_all(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        # where the parser found nothing wrong below, there is nothing to look for
        if current.has_error:
            stack.extend(reversed(current.children))


def damage(root: Node) -> Node | None:
    """The first node that the grammar could not read (ERROR or MISSING), or None."""
    if not root.has_error:
        return None
    return next((node for node in _walk_all(root) if node.is_error or node.is_missing), root)


def deeper_than(root: Node, levels: int) -> bool:
    """Whether a tree has more levels of nodes: what is nested without end is for no person to read, nor for a proof."""
    cursor, level = root.walk(), 0
    while True:
        if cursor.goto_first_child():
            level += 1
            if level > levels:
                return True
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            level -= 1


def text_of(node: Node) -> str:
    """The text of a node (masked text: literals are blank)."""
    return (node.text or b"").decode("utf-8", "replace")


def field(node: Node, name: str) -> Node | None:
    """A child by its field name."""
    return node.child_by_field_name(name)


def callee(call: Node) -> str:
    """The called expression's text without spaces: `f`, `ctx->accessed`, `ops->get(x)->put`."""
    function = field(call, "function")
    return "".join(text_of(function).split()) if function is not None else ""


def arguments(call: Node) -> list[Node]:
    """The arguments of a call expression."""
    listed = field(call, "arguments")
    return [child for child in listed.named_children if child.type != "comment"] if listed is not None else []


def unparenthesised(node: Node) -> Node:
    """The expression inside any number of parentheses."""
    while node.type == "parenthesized_expression" and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def identifiers(node: Node) -> Iterator[Node]:
    """Every identifier at or below a node that names a variable or a function (no member, label or type)."""
    return (child for child in walk(node) if child.type == "identifier")
