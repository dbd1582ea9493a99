"""What one step of a function does to the credentials in force, read from its syntax."""

from __future__ import annotations

import re

from tree_sitter import Node

from credseries.creds.effects import ZERO, Discipline, Effects, Outcome, Push, Reference, Values
from credseries.creds.effects import Swap as SwapAct
from credseries.creds.operations import (
    Call,
    Choice,
    Enter,
    Event,
    Leave,
    Opaque,
    Operation,
    Override,
    Revert,
    Step,
    Store,
    Swap,
)
from credseries.creds.places import RESULT, in_call, place_of
from credseries.creds.scope_classes import enter, hides
from credseries.csource.flow import FlowNode, Kind
from credseries.csource.function import Variant
from credseries.csource.syntax import arguments, callee, text_of, unparenthesised, walk
from credseries.csource.syntax import field as child_field
from credseries.csource.uses import Use

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


def assigned(syntax: Node) -> tuple[str | None, Node | None]:
    """The place and the value of `x = v;` and `T *x = v;`."""
    if syntax.type == "expression_statement" and syntax.named_children:
        inner = syntax.named_children[0]
        operator = child_field(inner, "operator") if inner.type == "assignment_expression" else None
        if operator is not None and text_of(operator) == "=":
            return place_of(child_field(inner, "left")), child_field(inner, "right")
    if syntax.type == "declaration":
        declarators = [child for child in syntax.named_children if child.type == "init_declarator"]
        others = [child for child in syntax.named_children if child.type in ("identifier", "pointer_declarator")]
        if len(declarators) == 1 and not others:
            return _declared_name(declarators[0]), child_field(declarators[0], "value")
    return None, None


def _declared_name(declarator: Node) -> str | None:
    """The variable that an init_declarator declares."""
    target = child_field(declarator, "declarator")
    while target is not None and target.type == "pointer_declarator":
        target = child_field(target, "declarator")
    return text_of(target) if target is not None and target.type == "identifier" else None


def is_null(node: Node) -> bool:
    inner = unparenthesised(node)
    return inner.type == "null" or text_of(inner) in ("NULL", "0")


def _same(text: str) -> str:
    """An expression without its layout."""
    return "".join(text.split())


def _whole(call: Node, values: Values) -> Node:
    """The outermost expression whose value is the call's: through parentheses and macros like likely()."""
    node = call
    while node.parent is not None:
        outer = node.parent
        if outer.type == "argument_list" and outer.named_child_count == 1 and outer.parent is not None:
            if callee(outer.parent) not in values.same:
                break
            node = outer.parent
        elif outer.type == "parenthesized_expression" and outer.parent is not None:
            node = outer
        else:
            break
    return node


def _is_conditional(call: Node, top: Node) -> bool:
    """Whether a call is evaluated on some ways through its expression only, or more than once."""
    node = call
    while node.id != top.id and node.parent is not None:
        outer = node.parent
        first = child_field(outer, "left") or child_field(outer, "condition")
        short = outer.type == "binary_expression" and text_of(child_field(outer, "operator") or outer) in ("&&", "||")
        if (short or outer.type == "conditional_expression") and (first is None or first.id != node.id):
            return True
        if outer.type in ("compound_statement", "sizeof_expression"):
            return True
        node = outer
    return False


class Reader:
    """Reads the steps of one variant of a function, one by one."""

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
        if self.code.find(b"(", syntax.start_byte, syntax.end_byte) < 0:
            return []
        nodes = self.variant.nodes
        return [(node, nodes.calls[node.id]) for node in nodes.of("call_expression", within=syntax)]

    def _events(self, syntax: Node, calls: list[tuple[Node, str]]) -> list[Event]:
        # a call begins where the called expression does
        found = [Event(call.start_byte, name) for call, name in calls]
        start, end = syntax.start_byte, syntax.end_byte
        if self.code.find(b"cred", start, end) >= 0 and any(
            self.code.find(task, start, end) >= 0 for task in self.tasks
        ):
            found += _reads(syntax, self.effects, self.tasks)
        # a macro without arguments looks like a variable
        hidden = [use for use in self.variant.uses_within(syntax) if self._looks_plain(use) and use.calls]
        found += [Event(use.start, use.name) for use in hidden]
        return sorted(found, key=lambda event: event.offset)

    def _looks_plain(self, use: Use) -> bool:
        return use.end - use.start == len(use.name)

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
        pasted = self._pasted(syntax)
        if pasted is not None:
            return Step((), (pasted,))
        found = self._calls(syntax)
        if not found:
            return Step(tuple(self._events(syntax, found)))
        calls = [call for call, name in found if self.effects.touches(name)]
        # what a function of known effect does besides its effect can be observed
        seen = [item for item in found if not self.effects.touches(item[1]) or item[1] in self.effects.calls]
        events = tuple(self._events(syntax, seen))
        if not calls:
            return Step(events)
        operation = self._operation(node, syntax, calls[0]) if len(calls) == 1 else None
        if operation is not None:
            return Step(events, (operation,))
        events = tuple(event for event in events if not self.effects.touches(event.name))
        return Step(events, tuple(self._opaque(node, call) for call in calls))

    def _pasted(self, syntax: Node) -> Opaque | None:
        """A macro that stands for a change of credentials although its name does not tell."""
        for use in self.variant.uses_within(syntax):
            if not self.effects.touches(use.name) and any(map(self.effects.touches, use.words - use.written)):
                reason = f"{use.name}() is a macro that changes credentials"
                return Opaque(use.start, use.name, reason, acquires=True, expression=use.name)
        return None

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

    def _operation(self, node: FlowNode, syntax: Node, call: Node) -> Operation | None:
        name = callee(call)
        if name in self.effects.opaque:
            return None
        if name in self.effects.calls:
            return self._call(node, syntax, call)
        if name in self.effects.reverts:
            return self._revert(node, syntax, call)
        return self._override(node, syntax, call)

    def _revert(self, node: FlowNode, syntax: Node, call: Node) -> Operation | None:
        passed = arguments(call)
        inner = syntax.named_children[0] if syntax.type == "expression_statement" else None
        if node.kind is not Kind.STATEMENT or inner is None or inner.id != call.id or not passed:
            return None
        discipline = self.effects.reverts[callee(call)]
        statement = (syntax.start_byte, syntax.end_byte)
        if not self.effects.saves:
            return Revert(call.start_byte, self._object(passed), discipline, statement)
        place = place_of(passed[0]) if len(passed) == 1 else None
        if place is not None:
            return Revert(call.start_byte, place, discipline, statement)
        # what is put back has a reference of its own: it takes the place of what is in force
        given = unparenthesised(passed[0])
        takes = given.type == "call_expression" and self.effects.references.get(callee(given)) is Reference.TAKE
        if takes and self.effects.counts:
            return Swap(call.start_byte, callee(call), " ".join(text_of(arguments(given)[0]).split()))
        return None

    def _object(self, passed: list[Node]) -> str:
        return _same(self.code[passed[0].start_byte : passed[-1].end_byte].decode("utf-8", "replace"))

    def _override(self, node: FlowNode, syntax: Node, call: Node) -> Operation | None:
        name, passed = callee(call), arguments(call)
        if not passed or b"=" in self.code[passed[0].start_byte : passed[-1].end_byte]:
            return None  # the argument may assign what the proof takes to be unchanged
        argument = (passed[0].start_byte, passed[-1].end_byte)
        inner = syntax.named_children[0] if syntax.type == "expression_statement" else None
        variable: str | None = None
        if node.kind is Kind.RETURN:
            variable = RESULT if unparenthesised(syntax).id == call.id else None
        elif node.kind is not Kind.STATEMENT:
            return None
        elif not self.effects.saves:
            variable = self._object(passed) if inner is not None and inner.id == call.id else None
        else:
            variable, value = assigned(syntax)
            if value is None or value.id != call.id:
                variable = None
            if inner is not None and self._drops(inner, call):
                return Swap(call.start_byte, name, " ".join(self._text(*argument).split()), self.effects.counts)
        if variable is None:
            return None
        statement = (syntax.start_byte, syntax.end_byte)
        return Override(call.start_byte, variable, self.effects.overrides[name], name, argument, statement)

    def _text(self, start: int, end: int) -> str:
        return self.code[start:end].decode("utf-8", "replace")

    def _drops(self, outer: Node, call: Node) -> bool:
        """Whether an expression drops the reference of what a call returns, and does nothing else."""
        if outer.type != "call_expression" or self.effects.references.get(callee(outer)) is not Reference.DROP:
            return False
        passed = arguments(outer)
        light = self.effects.counts and self.effects.overrides.get(callee(call)) is Discipline.LIGHT
        return len(passed) == 1 and unparenthesised(passed[0]).id == call.id and not light

    def _call(self, node: FlowNode, syntax: Node, call: Node) -> Operation | None:
        name, passed = callee(call), arguments(call)
        if _is_conditional(call, syntax):
            return None
        whole = _whole(call, self.effects.values)
        target, value = assigned(syntax)
        if value is None or unparenthesised(value).id != unparenthesised(whole).id:
            target = self._assigned_within(whole)
        if node.kind is Kind.RETURN and unparenthesised(syntax).id == unparenthesised(whole).id:
            target = RESULT
        choices = []
        for outcome in self.effects.calls[name]:
            choice = self._choice(outcome, call, passed, target)
            if choice is None:
                return None
            choices.append(choice)
        return Call(call.start_byte, name, tuple(choices), target, " ".join(text_of(call).split()))

    @staticmethod
    def _assigned_within(whole: Node) -> str | None:
        """The place of `(x = f())` inside a condition."""
        outer = whole.parent
        if outer is None or outer.type != "assignment_expression":
            return None
        operator = child_field(outer, "operator")
        return place_of(child_field(outer, "left")) if operator is not None and text_of(operator) == "=" else None

    def _returns_saved(self, name: str) -> bool:
        """Whether some outcome of a function returns what it replaced."""
        acts = [act for outcome in self.effects.calls[name] for act in outcome.acts]
        return any(isinstance(act, Push) and act.saved.parameter is None for act in acts)

    def _choice(self, outcome: Outcome, call: Node, passed: list[Node], target: str | None) -> Choice | None:
        """An outcome in the caller's terms; None when the caller has no name for a place that it uses."""
        operations: list[Override | Revert | Swap | Store] = []
        name, at = callee(call), call.start_byte
        saved = False
        for act in outcome.acts:
            if isinstance(act, SwapAct):
                operations.append(Swap(at, name, act.credential, self.effects.counts))
                continue
            result = act.saved.parameter is None
            place = target if result else in_call(act.saved, passed)
            if place is None:
                return None
            if isinstance(act, Push):
                saved = saved or result
                operations.append(Override(at, place, act.discipline, name, (0, 0), (0, 0), act.credential))
            else:
                operations.append(Revert(at, place, act.discipline, (0, 0)))
        if target not in (None, RESULT) and not saved and self._returns_saved(name):
            operations.append(Store(str(target), null=outcome.result == ZERO))
        sides = [[(in_call(place, passed), mask) for place, mask in side] for side in (outcome.given, outcome.leaves)]
        given, leaves = ([(place, mask) for place, mask in side if place is not None] for side in sides)
        known = [(RESULT, outcome.result)] + ([(target, outcome.result)] if target not in (None, RESULT) else [])
        return Choice(outcome.result, tuple(operations), tuple(given), (*leaves, *known))

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
