"""Definite assignment: locals that can be read before anything was put into them.

Only plain locals whose address is never taken: no arrays, no structures, no statics. What a `for_each` macro steps
through it also sets, and so may a call (which can be a macro) that is given a bare name: that counts as a read first,
unless the name is a macro's by its capitals.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from credseries.creds.audit.align import Version
from credseries.creds.audit.compared import Compared, Finding, Kind
from credseries.csource.flow import FlowNode
from credseries.csource.flow import Kind as NodeKind
from credseries.csource.syntax import callee, field, identifiers, text_of, unparenthesised, walk

_AGGREGATES = ("struct_specifier", "union_specifier")


@dataclass(frozen=True)
class Unset:
    """A read of a variable that nothing may have been put into: byte offset, and the lines of a shortest path."""

    variable: str
    offset: int
    path: tuple[int, ...]


@dataclass(frozen=True)
class _Use:
    offset: int
    variable: str
    sets: bool


def _plain_locals(body: Node, parameters: dict[str, str]) -> set[str]:
    """Locals that can be followed by name: declared once, scalar or pointer, their address not taken."""
    seen: dict[str, int] = {}
    excluded: set[str] = set(parameters)
    for node in walk(body):
        if node.type == "declaration":
            kind = field(node, "type")
            storage = [child for child in node.children if child.type == "storage_class_specifier"]
            for child in node.named_children:
                target = field(child, "declarator") if child.type == "init_declarator" else child
                if target is None or target.type not in ("identifier", "pointer_declarator", "array_declarator"):
                    continue
                name = text_of(next(iter(identifiers(target)), target))
                seen[name] = seen.get(name, 0) + 1
                whole = kind is not None and kind.type in _AGGREGATES and target.type == "identifier"
                macro = kind is not None and kind.type not in (*_AGGREGATES, "primitive_type", "type_identifier")
                macro = macro and kind is not None and kind.type not in ("sized_type_specifier", "enum_specifier")
                if target.type == "array_declarator" or whole or storage or macro:
                    excluded.add(name)
        elif node.type == "pointer_expression" and text_of(node).startswith("&"):
            inner = field(node, "argument")
            excluded.update(text_of(name) for name in (identifiers(inner) if inner is not None else ()))
        elif node.type == "field_expression" and text_of(field(node, "operator") or node) == ".":
            inner = field(node, "argument")
            excluded.add(text_of(inner) if inner is not None else "")
    return {name for name, count in seen.items() if count == 1} - excluded


def _assigned(node: Node) -> Node | None:
    """The identifier that a plain assignment, or an initialised declaration, puts something into."""
    if node.type == "assignment_expression" and text_of(field(node, "operator") or node) == "=":
        left = field(node, "left")
        left = unparenthesised(left) if left is not None else None
        return left if left is not None and left.type == "identifier" else None
    if node.type == "init_declarator":
        target = field(node, "declarator")
        while target is not None and target.type == "pointer_declarator":
            target = field(target, "declarator")
        return target if target is not None and target.type == "identifier" else None
    return None


def _in_sizeof(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type.endswith("expression"):
        if parent.type == "sizeof_expression" or (
            parent.type == "call_expression" and callee(parent) in ("typeof", "__typeof__", "offsetof")
        ):
            return True
        parent = parent.parent
    return False


def _declared_here(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type == "pointer_declarator":
        parent = parent.parent
    return parent is not None and parent.type == "declaration"


class _Body:
    def __init__(self, version: Version) -> None:
        self.version = version
        self.nodes = version.steps.flow.nodes
        self.locals = _plain_locals(version.variant.body, version.variant.parameters)
        self.loops = {
            node.start_byte
            for node in walk(version.variant.body)
            if node.type == "while_statement"
            and version.function.source[node.start_byte : node.start_byte + 5] != b"while"
            and node.start_byte not in version.variant.masked.scopes
        }

    def uses(self, node: FlowNode) -> list[_Use]:
        """Reads and assignments of a flow node, in the order in which they happen."""
        if node.syntax is None or node.kind is NodeKind.CLEANUP:
            return []
        parent = node.syntax.parent
        if parent is not None and parent.type == "while_statement" and parent.start_byte in self.loops:
            return [_Use(item.start_byte, text_of(item), sets=True) for item in self._named(node.syntax)]
        return list(self._of(node.syntax))

    def _named(self, syntax: Node) -> Iterator[Node]:
        return (item for item in identifiers(syntax) if text_of(item) in self.locals)

    def _of(self, syntax: Node) -> Iterator[_Use]:
        """In the order of evaluation: what is assigned to comes after the value."""
        for child in syntax.named_children:
            yield from self._of(child)
        target = _assigned(syntax)
        if target is not None and text_of(target) in self.locals:
            yield _Use(target.start_byte, text_of(target), sets=True)
        if syntax.type != "identifier" or text_of(syntax) not in self.locals:
            return
        if _declared_here(syntax) or _in_sizeof(syntax) or _is_target(syntax):
            return
        if not _of_macro(syntax):
            yield _Use(syntax.start_byte, text_of(syntax), sets=False)
        if syntax.parent is not None and syntax.parent.type == "argument_list":
            yield _Use(syntax.start_byte, text_of(syntax), sets=True)


def _of_macro(identifier: Node) -> bool:
    """Whether an identifier is an argument of a macro by its name, which may be what sets it."""
    listed = identifier.parent
    call = listed.parent if listed is not None and listed.type == "argument_list" else None
    return call is not None and call.type == "call_expression" and callee(call).isupper()


def _is_target(identifier: Node) -> bool:
    """Whether an identifier is only put into, not read."""
    parent = identifier.parent
    while parent is not None and parent.type in ("parenthesized_expression", "pointer_declarator"):
        parent = parent.parent
    target = _assigned(parent) if parent is not None else None
    return target is not None and target.id == identifier.id


def unset_reads(version: Version) -> list[Unset]:
    """Every read of a local that can come before anything was put into it."""
    body = _Body(version)
    uses = [body.uses(node) for node in body.nodes]
    found: dict[int, Unset] = {}
    for name in sorted(body.locals):
        mine = [[use for use in listed if use.variable == name] for listed in uses]
        if any(not use.sets for listed in mine for use in listed):
            _walk_unset(version, name, mine, found)
    return [found[offset] for offset in sorted(found)]


def _walk_unset(version: Version, name: str, uses: list[list[_Use]], found: dict[int, Unset]) -> None:
    """Go on from the entry as long as nothing is put into the variable."""
    nodes = version.steps.flow.nodes
    parents = {0: -1}
    queue = deque([0])
    while queue:
        number = queue.popleft()
        is_set = False
        for use in uses[number]:
            if use.sets:
                is_set = True
                break
            if use.offset not in found:
                found[use.offset] = Unset(name, use.offset, _path(version, parents, number))
        if is_set:
            continue
        for _, target in nodes[number].edges:
            if target not in parents:
                parents[target] = number
                queue.append(target)


def _path(version: Version, parents: dict[int, int], number: int) -> tuple[int, ...]:
    lines: list[int] = []
    while number >= 0:
        node = version.steps.flow.nodes[number]
        if node.kind not in (NodeKind.ENTRY, NodeKind.EXIT):
            line = version.line(node.start)
            if not lines or lines[-1] != line:
                lines.append(line)
        number = parents[number]
    return tuple(reversed(lines))


def uninitialised(case: Compared) -> list[Finding]:
    """Locals that can be read unset now, and could not before; one finding a variable."""
    known = {(item.offset, item.variable) for item in unset_reads(case.before.version)}
    before = {variable for _, variable in known}
    found: dict[str, Finding] = {}
    for item in unset_reads(case.after.version):
        name = case.alignment.renamed.get(item.variable, item.variable)
        if item.variable in found or (case.alignment.tokens.get(item.offset, -1), name) in known:
            continue
        if name in before and item.offset not in case.alignment.tokens:
            continue  # it could be read unset before, elsewhere: nothing that the change has done
        found[item.variable] = case.finding(
            Kind.UNINITIALISED,
            item.offset,
            f"{item.variable} can be read here before anything is put into it",
            call=item.variable,
            before=f"{item.variable} is set on every path" if not case.new else "",
            after=f"{item.variable} may hold anything",
            path=item.path,
        )
    return list(found.values())
