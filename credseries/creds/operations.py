"""What each step of a function does to the credentials in force, and which events it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tree_sitter import Node

from credseries.creds.effects import Discipline, Effects
from credseries.creds.scope_classes import enter, hides
from credseries.csource.flow import Flow, FlowNode, Kind
from credseries.csource.function import Variant
from credseries.csource.syntax import arguments, callee, identifiers, text_of, unparenthesised, walk
from credseries.csource.syntax import field as child_field


@dataclass(frozen=True)
class Event:
    """A call, or a read of the current credentials, by the byte offset of its name."""

    offset: int
    name: str


@dataclass(frozen=True)
class Override:
    """`variable = via(argument);`, as byte offsets of the call, its argument list's inside and the statement."""

    call: int
    variable: str
    discipline: Discipline
    via: str
    argument: tuple[int, int]
    statement: tuple[int, int]


@dataclass(frozen=True)
class Revert:
    """`via(variable);`"""

    call: int
    variable: str
    discipline: Discipline
    statement: tuple[int, int]


@dataclass(frozen=True)
class Opaque:
    """A change of credentials in a way that the proof cannot follow, and why."""

    call: int
    name: str
    reason: str
    acquires: bool
    expression: str
    returned: bool = False


@dataclass(frozen=True)
class Store:
    """A saved variable gets another value: NULL, or something unknown. `only` says that the step does nothing else."""

    variable: str
    null: bool
    only: bool = False


@dataclass(frozen=True)
class Enter:
    """A guard or a scoped macro puts credentials in force until its scope ends.

    `expression` is the credential (with `via`, what the wrapper of that name is given) where its class or macro says
    so; where it is empty, it is the text of `argument`.
    """

    call: int
    opened: int
    discipline: Discipline
    argument: tuple[int, int]
    expression: str = ""
    via: str = ""


@dataclass(frozen=True)
class Leave:
    """A scope's end undoes what its Enter did."""

    opened: int


Operation = Override | Revert | Opaque | Store | Enter | Leave


@dataclass
class Step:
    """The events of a flow node in text order, and what it does."""

    events: tuple[Event, ...] = ()
    operations: tuple[Operation, ...] = ()


@dataclass
class Steps:
    """A function variant, step by step.

    `reads` are byte offsets of other uses of each saved variable; `unfollowed` holds (offset, reason) where a name does
    not stand for one saved variable whose value the steps show.
    """

    flow: Flow
    steps: list[Step]
    saved: frozenset[str]
    reads: dict[str, list[int]] = field(default_factory=dict)
    unfollowed: list[tuple[int, str]] = field(default_factory=list)

    def operations(self) -> list[Operation]:
        """Every operation, in the order of the flow's nodes (text order, nearly)."""
        return [operation for step in self.steps for operation in step.operations]


# How many names (the class, a variable) come before the class's own arguments in a form of cleanup.h.
_NAMES = {"guard": 0, "CLASS": 0, "scoped_guard": 1, "scoped_class": 2}


def _listed(syntax: Node) -> list[Node]:
    """What stands between the commas of a scope's arguments."""
    inner = unparenthesised(syntax)
    if inner.type == "argument_list":
        return [child for child in inner.named_children if child.type != "comment"]
    found, rest = [], [inner]
    while rest:
        node = rest.pop()
        left, right = child_field(node, "left"), child_field(node, "right")
        if node.type == "comma_expression" and left is not None and right is not None:
            rest += [right, left]
        else:
            found.append(node)
    return found


_CURRENT = re.compile(rb"(\w+)\s*=\s*current\s*[;,]")


def _reads(syntax: Node, effects: Effects, tasks: set[bytes]) -> list[Event]:
    """The reads of the task's credentials through `current`."""
    found = []
    for node in walk(syntax):
        if node.type == "field_expression":
            base, member = child_field(node, "argument"), child_field(node, "field")
            if base is None or member is None or base.text not in tasks:
                continue
            if text_of(member) in effects.reads:
                found.append(Event(node.start_byte, f"{text_of(base)}->{text_of(member)}"))
    return found


def _variable(node: Node | None) -> str | None:
    return text_of(node) if node is not None and node.type == "identifier" else None


def _assignment(syntax: Node) -> tuple[str | None, Node | None, bool]:
    """The variable, the value and whether it is a plain local name, for `x = v;` and `T *x = v;`."""
    if syntax.type == "expression_statement" and syntax.named_children:
        inner = syntax.named_children[0]
        operator = child_field(inner, "operator") if inner.type == "assignment_expression" else None
        if operator is not None and text_of(operator) == "=":
            return _variable(child_field(inner, "left")), child_field(inner, "right"), True
    if syntax.type == "declaration":
        declarators = [child for child in syntax.named_children if child.type == "init_declarator"]
        others = [child for child in syntax.named_children if child.type in ("identifier", "pointer_declarator")]
        if len(declarators) == 1 and not others:
            target = child_field(declarators[0], "declarator")
            while target is not None and target.type == "pointer_declarator":
                target = child_field(target, "declarator")
            return _variable(target), child_field(declarators[0], "value"), True
    return None, None, False


def _is_null(node: Node) -> bool:
    inner = unparenthesised(node)
    return inner.type == "null" or text_of(inner) in ("NULL", "0")


class _Reader:
    def __init__(self, variant: Variant, effects: Effects) -> None:
        self.variant = variant
        self.effects = effects
        self.code = variant.masked.text
        # `current`, and the variables that are set to it
        self.tasks = {b"current"}
        if b"current" in self.code:
            self.tasks.update(_CURRENT.findall(self.code))

    def _calls(self, syntax: Node) -> list[tuple[Node, str]]:
        """The calls in a piece of syntax, in text order, with what they call."""
        if b"(" not in self.code[syntax.start_byte : syntax.end_byte]:
            return []  # walking the tree is most of the time that a function takes
        return [(node, callee(node)) for node in walk(syntax) if node.type == "call_expression"]

    def _events(self, syntax: Node, calls: list[tuple[Node, str]]) -> list[Event]:
        # a call begins where the called expression does
        found = [Event(call.start_byte, name) for call, name in calls]
        text = self.code[syntax.start_byte : syntax.end_byte]
        if b"cred" in text and any(task in text for task in self.tasks):
            found += _reads(syntax, self.effects, self.tasks)
            found.sort(key=lambda event: event.offset)
        return found

    def step(self, node: FlowNode) -> Step:
        if node.kind is Kind.CLEANUP:
            return Step(operations=(Leave(node.opened),))
        if node.kind is Kind.OPEN:
            return self._open(node)
        syntax = node.syntax
        if syntax is None:
            return Step()
        if node.evaluates and hides(self.effects, [node.evaluates]):
            return Step((), (self._hidden(node, f"{node.written}() changes credentials by hand"),))
        found = self._calls(syntax)
        calls = [call for call, name in found if self.effects.touches(name)]
        others = [item for item in found if not self.effects.touches(item[1])]
        events = tuple(self._events(syntax, others))
        if not calls:
            return Step(events)
        operation = self._canonical(node, syntax, calls) if len(calls) == 1 else None
        if operation is not None:
            return Step(events, (operation,))
        return Step(events, tuple(self._opaque(node, call) for call in calls))

    def _hidden(self, node: FlowNode, reason: str) -> Opaque:
        name = node.written or node.macro
        return Opaque(node.start, name, reason, acquires=True, expression=f"{name}()")

    def _open(self, node: FlowNode) -> Step:
        syntax = node.syntax
        if syntax is not None and syntax.type == "expression_statement":
            outer = syntax.named_children[0]
            syntax = child_field(outer, "arguments") if outer.type == "call_expression" else None
        calls = self._calls(syntax) if syntax is not None else []
        events = tuple(self._events(syntax, calls)) if syntax is not None else ()
        given = _listed(syntax)[_NAMES.get(node.macro, 0) :] if syntax is not None else []
        texts = [text_of(item) for item in given] if node.arguments is None else list(node.arguments)
        reason = None
        if hides(self.effects, [*texts, node.evaluates]) or any(self.effects.touches(name) for _, name in calls):
            reason = f"{node.written or node.macro}() is given a change of credentials"
        known = node.macro in ("__free", "__cleanup", *_NAMES)
        entered = enter(self.effects, node.macro, node.tag, texts) if known else None
        if not known and ("cred" in node.macro or node.tag in self.effects.guards):
            entered = f"{node.macro}() is a scope of the tree's own"
        if reason is not None or isinstance(entered, str):
            return Step(events, (self._hidden(node, reason or str(entered)),))
        if entered is None:
            return Step(events)
        argument = (given[-1].start_byte, given[-1].end_byte) if given else (node.start, node.end)
        expression = entered.expression
        if not expression and node.arguments is not None:
            expression = node.arguments[-1] if node.arguments else ""
        operation = Enter(node.start, node.number, entered.discipline, argument, expression, entered.via)
        return Step(events, (operation,))

    def _canonical(self, node: FlowNode, syntax: Node, calls: list[Node]) -> Operation | None:
        call = calls[0]
        name = callee(call)
        if node.kind is not Kind.STATEMENT or name in self.effects.opaque:
            return None
        passed = arguments(call)
        if name in self.effects.reverts:
            inner = syntax.named_children[0] if syntax.type == "expression_statement" else None
            variable = _variable(passed[0]) if len(passed) == 1 else None
            if inner is None or inner.id != call.id or variable is None:
                return None
            return Revert(call.start_byte, variable, self.effects.reverts[name], (syntax.start_byte, syntax.end_byte))
        variable, value, _ = _assignment(syntax)
        if variable is None or value is None or value.id != call.id or not passed:
            return None
        if b"=" in self.code[passed[0].start_byte : passed[-1].end_byte]:
            return None  # the argument may assign what the proof takes to be unchanged
        return Override(
            call.start_byte,
            variable,
            self.effects.overrides[name],
            name,
            (passed[0].start_byte, passed[-1].end_byte),
            (syntax.start_byte, syntax.end_byte),
        )

    def _opaque(self, node: FlowNode, call: Node) -> Opaque:
        name = callee(call)
        text = " ".join(text_of(call).split())
        acquires = name in self.effects.overrides or name in self.effects.acquires
        reason = self.effects.opaque.get(name)
        if reason is None and acquires:
            reason = f"what {name}() returns is not saved in a local variable"
        elif reason is None:
            reason = f"{name}() reverts to something that is not a saved variable"
        value = node.syntax
        returned = node.kind is Kind.RETURN and value is not None and unparenthesised(value).id == call.id
        return Opaque(call.start_byte, name, reason, acquires, text, returned)


_PLAIN = ("identifier", "field_expression", "field_identifier", "parenthesized_expression")


def _stores(syntax: Node, saved: frozenset[str]) -> list[Store]:
    """Other assignments to saved variables in a statement."""
    variable, value, plain = _assignment(syntax)
    if plain and variable in saved and variable is not None and value is not None:
        null = _is_null(value)
        return [Store(variable, null, null or all(node.type in _PLAIN for node in walk(value)))]
    found = []
    for node in walk(syntax):
        if node.type == "assignment_expression":
            name = _variable(child_field(node, "left"))
            if name in saved and name is not None:
                found.append(Store(name, null=False))
    return found


def _written(identifier: Node) -> bool:
    """Whether an identifier stands where it is declared, or on the left of `=`."""
    parent = identifier.parent
    if parent is None:
        return False
    if parent.type in ("pointer_declarator", "declaration", "parameter_declaration"):
        return True
    if parent.type == "init_declarator":
        target = child_field(parent, "declarator")
        return target is not None and target.id == identifier.id
    if parent.type == "assignment_expression":
        left, operator = child_field(parent, "left"), child_field(parent, "operator")
        return left is not None and left.id == identifier.id and text_of(operator or parent) == "="
    return False


def read_steps(variant: Variant, effects: Effects, also_saved: frozenset[str] = frozenset()) -> Steps:
    """What every step of a function variant does; `also_saved` are variables that the original saves credentials in."""
    reader = _Reader(variant, effects)
    flow = variant.flow
    steps = [reader.step(node) for node in flow.nodes]
    own: set[int] = set()
    names = set(also_saved)
    for step in steps:
        for operation in step.operations:
            if isinstance(operation, Override | Revert):
                names.add(operation.variable)
                if isinstance(operation, Revert):
                    own.update(range(*operation.statement))
    saved = frozenset(names)
    for node, step in zip(flow.nodes, steps, strict=True):
        if node.syntax is None or step.operations or not saved:
            continue
        stores = _stores(node.syntax, saved)
        if stores:
            step.operations = tuple(stores)
    result = Steps(flow, steps, saved, {name: [] for name in names})
    _read_names(variant, own, result)
    return result


def _read_names(variant: Variant, own: set[int], result: Steps) -> None:
    """Find where saved variables are read and declared, besides in the statements at `own`."""
    saved, reads = result.saved, result.reads
    unfollowed = result.unfollowed
    scopes: dict[str, list[Node]] = {}
    for identifier in identifiers(variant.body) if saved else ():
        name = text_of(identifier)
        if name not in saved or identifier.start_byte in own:
            continue
        if not _written(identifier):
            reads[name].append(identifier.start_byte)
            if _addressed(identifier):
                unfollowed.append((identifier.start_byte, f"the address of {name} is taken"))
            continue
        scope = _declared_in(identifier)
        if scope is None:
            continue
        around = scopes.setdefault(name, [])
        if any(_within(scope, other) or _within(other, scope) for other in around):
            unfollowed.append((identifier.start_byte, f"{name} is declared again where it is in scope"))
        around.append(scope)


def _addressed(identifier: Node) -> bool:
    node = identifier.parent
    while node is not None and node.type == "parenthesized_expression":
        node = node.parent
    return node is not None and node.type == "pointer_expression" and text_of(node).startswith("&")


def _declared_in(identifier: Node) -> Node | None:
    """What an identifier is declared in, when it stands in its own declaration."""
    node = identifier.parent
    while node is not None and node.type in ("pointer_declarator", "init_declarator"):
        node = node.parent
    return node.parent if node is not None and node.type == "declaration" else None


def _within(inner: Node, outer: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte
