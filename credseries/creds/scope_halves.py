"""The two halves of a scope class (`include/linux/cleanup.h`): what entering its scope does, and what leaving does.

They pair up when entering keeps what an override returns, and leaving gives that to the matching revert.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from credseries.creds.effects import Discipline, Effects
from credseries.csource.macros import words_of
from credseries.csource.syntax import arguments, callee, parse, text_of, walk
from credseries.csource.syntax import field as child_field

# Calls that take, and calls that drop, a reference to credentials (include/linux/cred.h).
TAKES = frozenset(
    {"get_cred", "get_new_cred", "get_current_cred", "get_task_cred", "prepare_creds", "prepare_exec_creds"}
    | {"prepare_kernel_cred", "cred_alloc_blank", "get_cred_rcu"}
)
PUTS = frozenset({"put_cred", "abort_creds", "__put_cred"})
_ASKS = frozenset({"IS_ERR", "IS_ERR_OR_NULL", "likely", "unlikely"})
_CONDITIONAL = ("if_statement", "conditional_expression", "switch_statement", "case_statement", "labeled_statement")
_REPEATED = ("while_statement", "for_statement", "do_statement")
VALUE = "_T"  # what cleanup.h calls the variable of a class in its definition
_LOCK = re.compile(r"\b_T\s*->\s*lock\b")


@dataclass(frozen=True)
class Saved:
    """Where entering keeps what was in force: a member of the class's variable, or (empty) the variable itself."""

    member: str
    name: str
    argument: str
    discipline: Discipline


def parsed(text: str) -> Node:
    """The syntax tree of statements."""
    return parse(f"void f(void)\n{{\n{text};\n}}".encode())


def calls_in(root: Node) -> list[Node]:
    """The calls in a piece of syntax, in text order."""
    return [node for node in walk(root) if node.type == "call_expression"]


def _around(node: Node) -> list[str]:
    found = []
    parent = node.parent
    while parent is not None:
        operator = child_field(parent, "operator") if parent.type == "binary_expression" else None
        short = operator is not None and text_of(operator) in ("&&", "||")
        found.append("short circuit" if short else parent.type)
        parent = parent.parent
    return found


def _place(text: str) -> tuple[str, str]:
    """The variable and the members of an expression like `_T->old`."""
    flat = "".join(text.split()).replace("->", ".").strip("()")
    root, _, member = flat.partition(".")
    return root, member


def enters(text: str, effects: Effects) -> Saved | str | None:
    """What the entering half of a class does: saves what an override returns; else why not; None: no credentials."""
    root = parsed(text)
    touching = [call for call in calls_in(root) if effects.touches(callee(call))]
    if not touching:
        return None
    for call in touching:
        name = callee(call)
        if name in effects.opaque:
            return effects.opaque[name]
        if name in effects.reverts:
            return f"{name}() is called where its scope begins"
    if root.has_error:
        return "its definition does not parse"
    if len(touching) > 1:
        return "it overrides more than once"
    [call] = touching
    around = _around(call)
    if any(kind in (*_CONDITIONAL, *_REPEATED, "short circuit") for kind in around):
        return "it overrides on some paths only"
    for other in calls_in(root):
        inside = call.start_byte <= other.start_byte < call.end_byte
        if not inside and callee(other) not in _ASKS:
            return f"entering it also calls {callee(other)}()"
    member = _kept(call, root)
    if member is None:
        return f"what {callee(call)}() returns is not what it keeps"
    passed = arguments(call)
    argument = " ".join(" ".join(text_of(part) for part in passed).split())
    return Saved(member, callee(call), argument, effects.overrides[callee(call)])


def _kept(call: Node, root: Node) -> str | None:
    """The member of the class's variable that holds what a call returns (empty: all of it), or None."""
    holder = call.parent
    while holder is not None and holder.type == "parenthesized_expression":
        holder = holder.parent
    if holder is None or holder.type not in ("assignment_expression", "init_declarator"):
        return None
    target = child_field(holder, "left") or child_field(holder, "declarator")
    while target is not None and target.type == "pointer_declarator":
        target = child_field(target, "declarator")
    name, member = _place(text_of(target)) if target is not None else ("", "")
    if name == VALUE:
        return member
    # a variable of a statement expression, which is then its value
    values = [node for node in walk(root) if node.type == "compound_statement" and node.parent is not None]
    for block in values:
        last = block.named_children[-1] if block.named_children else None
        enclosing = block.parent is not None and block.parent.type == "parenthesized_expression"
        if enclosing and last is not None and text_of(last).strip("; \n") == name:
            return member
    return None


def leaves(text: str, saved: Saved, effects: Effects) -> str | None:
    """Why the leaving half of a class does not end what the entering half began, or None when it does."""
    root = parsed(text)
    touching = [call for call in calls_in(root) if effects.touches(callee(call))]
    if root.has_error:
        return "its definition does not parse"
    for call in touching:
        if callee(call) in effects.opaque:
            return effects.opaque[callee(call)]
    if len(touching) != 1 or callee(touching[0]) not in effects.reverts:
        return f"leaving it does not end what {saved.name}() began"
    [call] = touching
    name = callee(call)
    passed = arguments(call)
    kept, member = _place(text_of(passed[0])) if len(passed) == 1 else ("", "")
    if kept != VALUE or member != saved.member:
        return f"{name}() is not given what {saved.name}() returned"
    if effects.reverts[name] is not saved.discipline:
        return f"a {effects.reverts[name].value} revert ends a {saved.discipline.value} override"
    for other in calls_in(root):
        if other.id != call.id and callee(other) not in _ASKS:
            return f"leaving it also calls {callee(other)}()"
    return _sometimes(call, text_of(passed[0]))


def _sometimes(call: Node, argument: str) -> str | None:
    """Why a revert may not run; a test of the saved value alone (which no override returns as NULL) lets it run."""
    value = rf"(?:{VALUE}|{re.escape(''.join(argument.split()))})"
    test = rf"(?:{value}(?:!=NULL)?|!IS_ERR(?:_OR_NULL)?\({value}\))"
    parent = call.parent
    while parent is not None:
        if parent.type == "if_statement":
            condition = child_field(parent, "condition")
            text = "".join(text_of(condition).split()) if condition is not None else ""
            if child_field(parent, "alternative") is not None or not re.fullmatch(rf"\({test}(?:&&{test})*\)", text):
                return "it reverts on some paths only"
        elif parent.type in (*_CONDITIONAL, *_REPEATED) or parent.type == "binary_expression":
            return "it reverts on some paths only"
        parent = parent.parent
    return None


def takes(text: str) -> bool:
    """Whether code takes a reference to credentials."""
    return any(callee(call) in TAKES for call in calls_in(parsed(text)))


def puts(text: str) -> bool:
    """Whether code drops the reference to credentials that the class's variable holds."""
    dropped = [call for call in calls_in(parsed(text)) if callee(call) in PUTS]
    return any(VALUE in words_of(text_of(argument)) for call in dropped for argument in arguments(call))


def _parameter_names(declared: Iterable[str]) -> tuple[str, ...]:
    found = []
    for text in declared:
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", text)
        words = re.findall(r"\w+", text.partition("[")[0])
        if text.strip() != "void" and words:
            found.append(pointer.group(1) if pointer else words[-1])
    return tuple(found)


@dataclass(frozen=True)
class Halves:
    """The entering and the leaving half of a class as statements over `_T`, and its parameters."""

    enter: str
    leave: str
    parameters: tuple[str, ...]


def halves_of(kind: str, given: Sequence[str], base: Halves | None) -> Halves | None:
    """The halves of a class by the macro and the arguments that define it; `base` are those of a class it extends."""
    if kind == "DEFINE_GUARD" and len(given) == 4:
        return Halves(given[2], given[3], (VALUE,))
    if kind == "DEFINE_CLASS" and len(given) >= 4:
        return Halves(f"{VALUE} = {given[3]}", given[2], _parameter_names(given[4:]))
    if kind == "DEFINE_LOCK_GUARD_1" and len(given) >= 4:
        return Halves(_LOCK.sub("__lock", given[2]), given[3], ("__lock",))
    if kind == "DEFINE_LOCK_GUARD_0" and len(given) >= 3:
        return Halves(given[1], given[2], ())
    if kind == "EXTEND_CLASS" and len(given) >= 3 and base is not None:
        return Halves(f"{VALUE} = {given[2]}", base.leave, _parameter_names(given[3:]))
    if kind in ("DEFINE_GUARD_COND", "DEFINE_LOCK_GUARD_1_COND") and base is not None:
        return base
    return None
