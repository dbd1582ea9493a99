"""Values that a change loses: what a call returned and nobody looks at any more, and constants like `err = 0;`."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from credseries.creds.align import Version
from credseries.creds.compared import Compared, Finding, Kind
from credseries.creds.trail import used
from credseries.csource.flow import FlowNode
from credseries.csource.flow import Kind as NodeKind
from credseries.csource.syntax import callee, identifiers, text_of, unparenthesised, walk
from credseries.csource.syntax import field as child_field

_CONSTANTS = ("number_literal", "null", "true", "false", "char_literal")


def lost_return_values(case: Compared) -> list[Finding]:
    """Calls whose value was used and is dropped now."""
    found = []
    for call, old in _same_calls(case):
        if not used(old) or used(call):
            continue
        name, offset = callee(call), call.start_byte
        was = _use_of(old)
        found.append(
            case.finding(
                Kind.LOST_RETURN_VALUE,
                offset,
                f"what {name}() returns was {was} and is dropped now",
                call=name,
                before=f"its value was {was}",
                after="its value is dropped",
                path=_path_to(case, offset),
            )
        )
    return found


def _same_calls(case: Compared) -> Iterator[tuple[Node, Node]]:
    """Each call after the change with the same call before it."""
    for offset, calls in sorted(case.after.version.calls_at.items()):
        partner = case.alignment.partner.get(offset)
        if partner is None and callee(calls[-1]) in case.after.effects.overrides:
            partner = _same_override(case, calls[-1])
        olds = case.before.version.calls_at.get(partner, []) if partner is not None else []
        if len(olds) == len(calls):
            yield from zip(calls, olds, strict=True)


def _same_override(case: Compared, call: Node) -> int | None:
    """The override before the change that asks for what one after it asks for: overrides are no events."""
    asked = case.after.trail.credentials.get(call.start_byte)
    for offset, credential in sorted(case.before.trail.credentials.items()):
        old = case.before.version.calls.get(offset)
        if asked is not None and credential.key == asked.key and old is not None and used(old):
            return offset
    return None


def _path_to(case: Compared, offset: int) -> tuple[int, ...]:
    keys = case.after.keys(offset)
    return case.after.trail.path(min(keys.values())) if keys else ()


def _use_of(call: Node) -> str:
    node = call.parent
    while node is not None and node.type in ("parenthesized_expression", "cast_expression"):
        if node.parent is not None and node.parent.type.endswith("_statement"):
            return "tested"
        node = node.parent
    kind = node.type if node is not None else ""
    return {
        "assignment_expression": "assigned",
        "init_declarator": "assigned",
        "return_statement": "returned",
        "argument_list": "passed on",
    }.get(kind, "used")


# -- constants


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
        name = names.get(put.variable, put.variable)
        if name not in case.after.version.names or put.variable in case.before.version.steps.saved:
            continue  # the variable itself is gone, or it is one that saves credentials
        old, new = _reaching(case.before.version, put.variable), _reaching(case.after.version, name)
        other = _differs(case, put, old, new)
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


def _differs(case: Compared, put: _Put, old: _Reaching, new: _Reaching) -> str | None:
    """Which reader gets something else without a put; None when every reader gets what it got."""
    renamed = case.alignment.renamed
    if put.text in old.returned:
        returned = _spelled(new.returned, renamed)
        if put.text not in returned:
            return f"{put.text} is not returned any more"
        more = returned - old.returned
        if more:
            return f"{' or '.join(sorted(text or 'what it held before' for text in more))} can be returned now"
    for offset, texts in new.at.items():
        before = old.at.get(case.alignment.tokens.get(offset, -1))
        if before is not None and put.text in before and put.text not in texts and texts - before:
            held = " or ".join(sorted(text or "nothing" for text in texts))
            return f"line {case.after.version.line(offset)} reads {held} now"
    return None


def _after(case: Compared, offset: int) -> int:
    """The place after the change that corresponds best to one before it."""
    earlier = [(old, new) for new, old in case.alignment.tokens.items() if old <= offset]
    return max(earlier)[1] if earlier else case.after.version.variant.body.start_byte
