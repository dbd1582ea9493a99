"""What keeps the credential of an override alive: the condition for an override that holds no reference of its own."""

from __future__ import annotations

import re

from credseries.creds.source import Source
from credseries.csource.function import Variant
from credseries.csource.syntax import arguments, callee, field, text_of, walk

# A call whose name says that it gives something up, as the kernel names such functions.
_GIVES_UP = re.compile(
    r"(?:^|_)(?:put|fput|dput|iput|mntput|free|kfree|kvfree|release|destroy|close|drop|abort)(?:_|$)"
)
_HELD = {
    "mount": "the mount holds it until it is unmounted",
    "ctx": "the caller's context holds it for the whole call",
}


def gives_up(name: str) -> bool:
    """Whether a called function's name says that it drops a reference or frees."""
    return _GIVES_UP.search(name) is not None


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
    for node in walk(variant.body):
        if node.type in ("assignment_expression", "update_expression"):
            left = field(node, "left") or field(node, "argument")
            target = "".join(text_of(left).split()) if left is not None else ""
            if target in holders:
                return f"{target} is assigned to in the function"
        elif node.type == "pointer_expression":
            target = "".join(text_of(node).split())
            if target.startswith("&") and target[1:].strip("()") in holders:
                return f"the address of {target[1:]} is taken in the function"
        elif node.type == "call_expression" and gives_up(callee(node)):
            passed = {"".join(text_of(argument).split()) for argument in arguments(node)}
            # what is embedded in the object stands for it: kref_put(&ctx->ref, ..)
            if passed & holders or any(text.startswith(f"&{source.root}->") for text in passed):
                return f"{callee(node)}() may give up what holds {expression}"
    return None
