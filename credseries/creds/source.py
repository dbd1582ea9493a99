"""Where the credential of an override comes from, read from the expression and from the function around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from credseries.creds.effects import Wrapper
from credseries.csource.function import Variant
from credseries.csource.syntax import arguments, callee, field, identifiers, text_of, unparenthesised

# Functions of include/linux/cred.h and their like, by what the credential that they return is.
CREDENTIAL_SOURCES = {
    "prepare_creds": "prepared",
    "prepare_exec_creds": "prepared",
    "prepare_kernel_cred": "kernel",
    "kernel_cred": "kernel",
    "get_task_cred": "task",
    "get_current_cred": "task",
    "current_cred": "task",
    "current_real_cred": "task",
}
_FILE_MEMBERS = ("f_cred",)


@dataclass(frozen=True)
class Source:
    """The kind of source (DESIGN's vocabulary), and the variable that the expression starts from, if it has one."""

    kind: str
    root: str | None = None
    root_is_parameter: bool = False


def _root(node: object) -> str | None:
    match = re.match(r"[\s(&*]*([A-Za-z_]\w*)\s*(\(?)", str(node))
    return match.group(1) if match and not match.group(2) else None


def _filled_in_by(variant: Variant, text: str) -> str | None:
    """The function that was passed the address of the expression, if there is one."""
    wanted = "&" + "".join(text.split())
    for node in variant.nodes.of("call_expression"):
        for argument in arguments(node):
            if "".join(text_of(argument).split()) == wanted:
                return callee(node)
    return None


def assigned_values(variant: Variant, name: str) -> list[Node]:
    """What a local variable is set to, everywhere in the function."""
    found = []
    for node in variant.nodes.of("assignment_expression", "init_declarator"):
        if node.type == "assignment_expression":
            target, value = field(node, "left"), field(node, "right")
        else:
            target, value = field(node, "declarator"), field(node, "value")
        if target is None or value is None:
            continue
        while target is not None and target.type == "pointer_declarator":
            target = field(target, "declarator")
        if target is not None and text_of(target) == name:
            found.append(value)
    return found


def _assigned_from(variant: Variant, name: str) -> list[str]:
    """The functions whose results a local variable is set to."""
    values = (unparenthesised(value) for value in assigned_values(variant, name))
    return [callee(value) for value in values if value.type == "call_expression"]


def _is_local(variant: Variant, name: str) -> bool:
    for node in variant.nodes.of("declaration"):
        for child in node.named_children:
            declared = field(child, "declarator") if child.type == "init_declarator" else child
            if declared is not None and declared.type in ("identifier", "pointer_declarator"):
                names = list(identifiers(declared))
                if names and text_of(names[0]) == name:
                    return True
    return False


def classify(variant: Variant, expression: str, wrapper: Wrapper | None) -> Source:
    """The source of an override expression (for a wrapper: the wrapper's arguments) in a function."""
    if wrapper is not None:
        return Source(wrapper.source, _root(expression), _root(expression) in variant.parameters)
    text = expression.strip()
    root = _root(text)
    parameter = root in variant.parameters
    declared = variant.parameters.get(root or "", "")
    member = re.search(r"(?:->|\.)(\w+)$", text)
    if member and member.group(1) in _FILE_MEMBERS:
        return Source("file", root, parameter)
    filler = _filled_in_by(variant, text)
    if filler is not None and filler.startswith("security_"):
        return Source("LSM", root, parameter)
    call = re.match(r"(\w+)\s*\(", text)
    if call:
        return Source(CREDENTIAL_SOURCES.get(call.group(1), "object"))
    if root is None:
        return Source("object")
    if member is None:
        for function in _assigned_from(variant, root):
            if function in CREDENTIAL_SOURCES:
                return Source(CREDENTIAL_SOURCES[function], root, parameter)
        if not parameter and not _is_local(variant, root):
            return Source("global", root)
    if parameter and re.search(r"struct \w*ctx \*", declared + " ") and member is not None:
        return Source("ctx", root, root_is_parameter=True)
    if parameter and re.search(r"struct super_block \*", declared):
        return Source("mount", root, root_is_parameter=True)
    return Source("object", root, parameter)


def wrapper_source(variant: Variant, expression: str) -> str:
    """The source of a wrapper's credential: a mount when it is reached from a super block, else by its expression."""
    if any("struct super_block *" in declared for declared in variant.parameters.values()):
        return "mount"
    return classify(variant, expression, None).kind
