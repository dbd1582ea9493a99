"""What keeps the credential of an override alive: the condition for an override that holds no reference of its own."""

from __future__ import annotations

import re

from tree_sitter import Node

from credseries.creds.source import Source
from credseries.csource.function import Variant
from credseries.csource.syntax import arguments, callee, field, identifiers, text_of, unparenthesised, walk

# A call whose name says that it gives something up, as the kernel names such functions.
_GIVES_UP = re.compile(
    r"(?:^|_)(?:put|fput|dput|iput|mntput|free|kfree|kvfree|release|destroy|close|drop|abort)(?:_|$)"
)
_ASSIGNS = ("swap", "xchg", "cmpxchg", "WRITE_ONCE", "rcu_assign_pointer", "rcu_replace_pointer", "RCU_INIT_POINTER")
_HELD = {
    "mount": "the mount holds it until it is unmounted",
    "ctx": "the caller's context holds it for the whole call",
}


def gives_up(name: str) -> bool:
    """Whether a called function's name says that it drops a reference or frees."""
    return _GIVES_UP.search(name) is not None


def _declared(declaration: Node) -> set[str]:
    """The names that a declaration declares."""
    targets = (field(child, "declarator") or child for child in declaration.named_children)
    kinds = ("identifier", "pointer_declarator", "array_declarator")
    return {text_of(name) for target in targets if target.type in kinds for name in list(identifiers(target))[:1]}


def _steers(loop: Node) -> set[str]:
    """The arguments of a `for_each` macro (which is masked as a `while`): any may be what it steps through."""
    condition = field(loop, "condition")
    inner = unparenthesised(condition) if condition is not None else None
    found = set()
    while inner is not None and inner.type == "comma_expression":
        left, right = field(inner, "left"), field(inner, "right")
        if left is not None:
            found.add("".join(text_of(left).split()))
        inner = right
    return found | {"".join(text_of(inner).split())} if inner is not None and found else found


def unproven(variant: Variant, source: Source, expression: str) -> str | None:
    """Why it is not proven that the credential outlives every use in the function, or None when it is.

    Proven are credentials that the mount, or a context that the caller passed in, holds: the object that the
    expression starts from has to stay what it was, and nothing in the function may give it up.
    """
    if source.kind not in _HELD:
        return f"nothing proves that its credential ({expression}, source: {source.kind}) outlives the override"
    if source.kind == "ctx" and not source.root_is_parameter:
        return f"the context in {expression} is not the caller's"
    if source.root is None or source.kind != "ctx":
        return None
    holders = {source.root, "".join(expression.split())}
    aliases = holders | set(re.findall(rf"\b(\w+)\s*=\s*{re.escape(source.root)}\s*[;,]", text_of(variant.body)))
    for node in walk(variant.body):
        if node.type == "declaration" and source.root in _declared(node):
            return f"another {source.root} is declared in the function"
        if node.type == "while_statement" and _steers(node) & holders:
            return f"{source.root} is what a loop steps through"
        if node.type in ("assignment_expression", "update_expression"):
            left = field(node, "left") or field(node, "argument")
            target = "".join(text_of(left).split()) if left is not None else ""
            if target in holders:
                return f"{target} is assigned to in the function"
        elif node.type == "pointer_expression":
            target = "".join(text_of(node).split())
            if target.startswith("&") and target[1:].strip("()") in holders:
                return f"the address of {target[1:]} is taken in the function"
        elif node.type == "call_expression" and (gives_up(callee(node)) or callee(node) in _ASSIGNS):
            passed = {"".join(text_of(argument).split()) for argument in arguments(node)}
            # what is embedded in the object stands for it: kref_put(&ctx->ref, ..)
            if passed & aliases or any(text.startswith(f"&{source.root}->") for text in passed):
                return f"{callee(node)}() may give up what holds {expression}"
    return None
