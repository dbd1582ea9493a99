"""Names, and what they mean where: what a rewrite must not take out of scope, nor give another meaning.

A statement of a block can introduce variables, functions, types, tags and enumerators. They are known from there to the
end of the block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from credseries.csource.flow import declared_scope
from credseries.csource.function import Variant
from credseries.csource.syntax import arguments, identifiers, text_of, walk
from credseries.csource.syntax import field as child_field

_TAGGED = ("struct_specifier", "union_specifier", "enum_specifier")
_WORD = re.compile(rb"(?<!->)(?<!\.)\b[A-Za-z_]\w*")
_BLOCKS = ("compound_statement", "for_statement")


def introduced(statement: Node) -> list[str]:
    """The names that a statement makes known in the block that it stands in."""
    if statement.type in (*_TAGGED, "declaration", "type_definition"):
        return [*_declared(statement), *_tags(statement)]
    if statement.type != "expression_statement" or declared_scope(statement) is None:
        return []
    named = child_field(statement.named_children[0], "function")
    return [text_of(name) for name in (arguments(named) if named is not None else [])[1:]]


def _declared(statement: Node) -> Iterator[str]:
    for index, child in enumerate(statement.children):
        if statement.field_name_for_child(index) == "declarator":
            kinds = ("identifier", "type_identifier")
            name = next((node for node in walk(child) if node.type in kinds), None)
            if name is not None:
                yield text_of(name)


def _tags(statement: Node) -> Iterator[str]:
    """The structures, unions and enumerations that are defined in a statement, and the enumerators."""
    for node in walk(statement):
        name = child_field(node, "name")
        if name is not None and (
            node.type == "enumerator" or (node.type in _TAGGED and child_field(node, "body") is not None)
        ):
            yield text_of(name)


def introductions(variant: Variant) -> Iterator[tuple[Node, set[str]]]:
    """Every statement of a body that makes names known, and those names."""
    for node in variant.nodes.of(*_TAGGED, "declaration", "type_definition", "expression_statement"):
        names = set(introduced(node))
        if names:
            yield node, names


def block_of(node: Node) -> Node | None:
    """The block in which what a statement introduces is known."""
    around = node.parent
    while around is not None and around.type not in _BLOCKS:
        around = around.parent
    return around


def words_in(variant: Variant, start: int, end: int) -> set[str]:
    """The names that a range of code uses, itself or by what its macros stand for, but for those of members."""
    found = {match.group().decode() for match in _WORD.finditer(variant.code, start, end)}
    return found.union(*(use.words for use in variant.uses if start <= use.start < end))


def variables_in(variant: Variant, node: Node) -> set[str]:
    """The variables that an expression names, itself or by what its macros stand for."""
    found = {text_of(name) for name in identifiers(node)}
    return found.union(*(use.words for use in variant.uses_within(node)))


def other_meaning(variant: Variant, names: set[str], here: Node, there: Node) -> str | None:
    """A name that may mean something else at `there` than at `here`, which it is taken from; None when none does."""
    for node, known in introductions(variant):
        block = block_of(node)
        if block is None or not names & known:
            continue
        inside = [block.start_byte <= place.start_byte < block.end_byte for place in (here, there)]
        before = [node.start_byte < place.start_byte for place in (here, there)]
        if inside[0] != inside[1] or (inside[0] and before[0] != before[1]):
            return min(names & known)
    return None


def local_names(variant: Variant) -> set[str]:
    """Every name that a function gives a meaning of its own: its parameters, and what its blocks introduce."""
    return set(variant.parameters).union(*(names for _, names in introductions(variant)))
