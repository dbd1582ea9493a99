"""The cleanup scopes of a function that are not about credentials: what opens them and what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from credseries.creds.audit.align import Version
from credseries.creds.operations import Enter
from credseries.csource.flow import FlowNode, Kind
from credseries.csource.syntax import arguments, field, identifiers, text_of, walk

_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Scope:
    """A scope: the number of the flow node that opens it, where it stands, how it is written (`guard(mutex)`).

    `identity` is the same for the same scope in another version of the function, `operands` are the texts of its
    variable and of its arguments, `variable` the name that its cleanup is given, if it has one.
    """

    opened: int
    start: int
    spelled: str
    identity: str
    operands: frozenset[str]
    variable: str = ""


def free_variable(version: Version, node: FlowNode) -> str:
    """The variable that a `__free()` declaration declares."""
    for inner in walk(version.variant.body):
        if inner.type == "declaration" and inner.start_byte == node.start:
            for child in inner.named_children:
                if child.type in ("init_declarator", "pointer_declarator", "identifier"):
                    target = field(child, "declarator") if child.type == "init_declarator" else child
                    names = list(identifiers(target)) if target is not None else []
                    if names:
                        return text_of(names[0])
    return ""


def _of(version: Version, node: FlowNode, renamed: Mapping[str, str]) -> Scope:
    spelled = f"{node.macro}({node.tag})"
    if node.macro == "__free" or node.syntax is None:
        variable = free_variable(version, node)
        identity = f"{spelled} {renamed.get(variable, variable)}"
        return Scope(node.number, node.start, spelled, identity, frozenset({variable}), variable)
    text = "".join(text_of(node.syntax).split())
    identity = _NAME.sub(lambda match: renamed.get(match.group(), match.group()), text)
    operands: set[str] = set()
    variable = ""
    if node.syntax.type == "expression_statement":
        outer = node.syntax.named_children[0]
        operands = {"".join(text_of(item).split()) for item in arguments(outer)}
        inner = field(outer, "function")
        named = arguments(inner)[1:2] if inner is not None and inner.type == "call_expression" else []
        variable = text_of(named[0]) if named else ""
    else:
        operands = {"".join(part.split()) for part in text.strip("()").split(",")[1:]}
    return Scope(node.number, node.start, spelled, identity, frozenset(operands | ({variable} - {""})), variable)


def scopes(version: Version, renamed: Mapping[str, str]) -> list[Scope]:
    """The scopes of a version in text order, without those that put credentials in force."""
    own = {item.opened for item in version.steps.operations() if isinstance(item, Enter)}
    nodes = version.steps.flow.nodes
    return [_of(version, node, renamed) for node in nodes if node.kind is Kind.OPEN and node.number not in own]
