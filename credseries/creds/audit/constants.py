"""Constants that a change loses: an `err = 0;` that is gone although somebody still gets to see the variable."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from credseries.creds.audit.align import Version
from credseries.creds.audit.compared import Compared, Finding, Kind
from credseries.csource.flow import FlowNode
from credseries.csource.flow import Kind as NodeKind
from credseries.csource.syntax import field as child_field
from credseries.csource.syntax import identifiers, text_of, unparenthesised, walk

_CONSTANTS = ("number_literal", "null", "true", "false", "char_literal")


@dataclass(frozen=True)
class _Put:
    """A value put into a variable at a flow node; `text` is the value in one spelling."""

    variable: str
    text: str
    constant: bool
    offset: int


def _is_constant(value: Node) -> bool:
    inner = unparenthesised(value)
    if inner.type in ("unary_expression", "pointer_expression"):
        operand = child_field(inner, "argument")
        inner = unparenthesised(operand) if operand is not None else inner
    return inner.type in _CONSTANTS or (inner.type == "identifier" and text_of(inner).isupper())


def _puts(node: FlowNode) -> list[_Put]:
    """What a flow node puts into plain variables."""
    if node.syntax is None or node.kind in (NodeKind.CLEANUP, NodeKind.OPEN):
        return []
    found = []
    for inner in walk(node.syntax):
        target = value = None
        if inner.type == "assignment_expression":
            target, value = child_field(inner, "left"), child_field(inner, "right")
            if text_of(child_field(inner, "operator") or inner) != "=":
                value = inner
        elif inner.type == "init_declarator":
            target, value = child_field(inner, "declarator"), child_field(inner, "value")
            while target is not None and target.type == "pointer_declarator":
                target = child_field(target, "declarator")
        if target is not None and value is not None and target.type == "identifier":
            spelled = "".join(text_of(unparenthesised(value)).split())
            found.append(_Put(text_of(target), spelled, _is_constant(value), target.start_byte))
    return found


def _reads(node: FlowNode, variable: str) -> bool:
    """Whether a flow node reads a variable (and does more than to put something into it)."""
    if node.syntax is None:
        return False
    targets = {put.offset for put in _puts(node)}
    return any(text_of(item) == variable and item.start_byte not in targets for item in identifiers(node.syntax))


@dataclass
class _Reaching:
    """Which values of a variable reach its readers: by the reader's offset, and all that is returned."""

    at: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    returned: set[str] = field(default_factory=set)


def _reaching(version: Version, variable: str) -> _Reaching:
    """The values that reach each reader of a variable; a function's returns count as one reader."""
    nodes = version.steps.flow.nodes
    puts = [[put for put in _puts(node) if put.variable == variable] for node in nodes]
    result = _Reaching()
    seen: set[tuple[int, str]] = {(0, "")}
    queue = deque(seen)
    while queue:
        number, held = queue.popleft()
        node = nodes[number]
        if node.kind is NodeKind.RETURN and node.syntax is not None:
            value = unparenthesised(node.syntax)
            if value.type == "identifier" and text_of(value) == variable:
                result.returned.add(held)
            else:
                result.returned.add("".join(text_of(value).split()))
        elif _reads(node, variable) and node.syntax is not None:
            for item in identifiers(node.syntax):
                if text_of(item) == variable:
                    result.at[item.start_byte].add(held)
        after = puts[number][-1].text if puts[number] else held
        for _, target in node.edges:
            if (target, after) not in seen:
                seen.add((target, after))
                queue.append((target, after))
    return result


def _gone(case: Compared) -> list[_Put]:
    """The constants that are put into variables before the change and not after it."""
    after: Counter[tuple[str, str]] = Counter()
    renamed = case.alignment.renamed
    for node in case.after.version.steps.flow.nodes:
        after.update((renamed.get(put.variable, put.variable), put.text) for put in _puts(node) if put.constant)
    found = []
    kept = set(case.alignment.tokens.values())
    puts = [put for node in case.before.version.steps.flow.nodes for put in _puts(node) if put.constant]
    # those without a counterpart first: of two that are the same, the one that is gone is meant
    for put in sorted(puts, key=lambda item: item.offset in kept, reverse=True):
        if after[put.variable, put.text] > 0:
            after[put.variable, put.text] -= 1
        else:
            found.append(put)
    return found


def _spelled(texts: set[str], renamed: Mapping[str, str]) -> set[str]:
    return {renamed.get(text, text) for text in texts}


def lost_constants(case: Compared) -> list[Finding]:
    """Constants that a reader got before, and something else now, because an assignment is gone."""
    if case.new:
        return []
    names = {new: old for old, new in case.alignment.renamed.items()}
    found = []
    for put in _gone(case):
        if put.variable in case.before.version.steps.saved:
            continue  # one that saves credentials
        other = _differs(case, put, names.get(put.variable, put.variable))
        if other is None:
            continue
        line = case.before.version.line(put.offset)
        offset = _after(case, put.offset)
        found.append(
            case.finding(
                Kind.LOST_RETURN_VALUE,
                offset,
                f"`{put.variable} = {put.text};` (line {line} before the change) is gone, and {other}",
                call=f"{put.variable} = {put.text}",
                before=f"{put.variable} is {put.text}",
                after=other,
            )
        )
    return found[:1]


def _differs(case: Compared, put: _Put, name: str) -> str | None:
    """Which reader gets something else without a put; None when every reader gets what it got."""
    renamed = case.alignment.renamed
    old, new = _reaching(case.before.version, put.variable), _reaching(case.after.version, name)
    if put.text in old.returned:
        returned = _spelled(_returned(case.after.version), renamed)
        if put.text not in returned:
            mentioned = re.compile(rf"(?<!\w){re.escape(put.text)}(?!\w)")
            unknown = "" in returned or any(mentioned.search(text) for text in returned)
            return None if unknown else f"{put.text} is not returned any more"
        if not _returns(case.after.version, put.text) > _returns(case.before.version, put.text) and _was_needed(
            case, put
        ):
            return "what was there before it can be returned now"
    for offset, texts in new.at.items():
        before = old.at.get(case.alignment.tokens.get(offset, -1))
        if before is not None and put.text in before and put.text not in texts and texts - before:
            held = " or ".join(sorted(text or "nothing" for text in texts))
            return f"line {case.after.version.line(offset)} reads {held} now"
    return None


def _returned(version: Version) -> set[str]:
    """Everything that a function can return: values, those of variables, and "" for what it cannot be told."""
    found: set[str] = set()
    for node in version.steps.flow.nodes:
        if node.kind is not NodeKind.RETURN or node.syntax is None:
            continue
        value = unparenthesised(node.syntax)
        if value.type == "identifier" and not text_of(value).isupper():
            found |= {text for text in _reaching(version, text_of(value)).returned if text != text_of(value)}
        else:
            found.add("".join(text_of(value).split()))
    return found


def _returns(version: Version, text: str) -> int:
    """In how many places a function returns a constant as such."""
    nodes = (node.syntax for node in version.steps.flow.nodes if node.kind is NodeKind.RETURN)
    return sum(node is not None and "".join(text_of(unparenthesised(node)).split()) == text for node in nodes)


def _was_needed(case: Compared, put: _Put) -> bool:
    """Whether a gone assignment, which is returned elsewhere still, changed what its path returned.

    It did not when it is an initialiser, when the condition that it hangs on is gone with it, or when the variable had
    just been tested to be 0.
    """
    version = case.before.version
    place = version.variant.body.descendant_for_byte_range(put.offset, put.offset)
    node = place.parent if place is not None else None
    while node is not None and node.type not in ("if_statement", "declaration", "function_definition"):
        node = node.parent
    if node is None or node.type == "declaration":
        return False
    condition = child_field(node, "condition") if node.type == "if_statement" else None
    kept = set(case.alignment.tokens.values())
    if condition is not None and any(item.start_byte not in kept for item in identifiers(condition)):
        return False
    nodes = version.steps.flow.nodes
    number = next((item.number for item in nodes if put in _puts(item)), None)
    if number is None or not _reaches_return(version, number, put.variable):
        return False
    for item in nodes:
        if item.kind is NodeKind.CONDITION and item.syntax is not None and ("false", number) in item.edges:
            return text_of(unparenthesised(item.syntax)) != put.variable
    return True


def _reaches_return(version: Version, number: int, variable: str) -> bool:
    """Whether what a node puts into a variable can be returned."""
    nodes = version.steps.flow.nodes
    seen = {target for _, target in nodes[number].edges}
    queue = deque(seen)
    while queue:
        node = nodes[queue.popleft()]
        if node.kind is NodeKind.RETURN and node.syntax is not None and _reads(node, variable):
            return True
        if any(put.variable == variable for put in _puts(node)):
            continue
        for _, target in node.edges:
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return False


def _after(case: Compared, offset: int) -> int:
    """The place after the change that corresponds best to one before it."""
    earlier = [(old, new) for new, old in case.alignment.tokens.items() if old <= offset]
    return max(earlier)[1] if earlier else case.after.version.variant.body.start_byte
