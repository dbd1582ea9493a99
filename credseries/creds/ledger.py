"""The reference ledger: gets minus puts of every credential that a function handles, on every path.

The function is walked as in `credseries.creds.state`, with a second component: which credential each variable holds,
and how many references the function has taken on it, less those that it has dropped. A counting override holds one
for as long as it is in force. What was made here, is still held at an exit, and can be reached by nobody else, leaks.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tree_sitter import Node

from credseries.creds.effects import ANY, NEGATIVE, POSITIVE, ZERO, Discipline, Effects, Reference
from credseries.creds.lifetime import freed_variable
from credseries.creds.operations import Call, Enter, Opaque, Override, Revert, Step, Steps, Swap
from credseries.creds.places import Test, place_of, read_test, root_of, value_of
from credseries.creds.sites import Analysis, SiteKind
from credseries.creds.state import MAX_STATES, Fault, Stack, State, outcomes, ways_on
from credseries.csource.flow import FlowNode, Kind
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import arguments, callee, identifiers, text_of, unparenthesised, walk
from credseries.csource.syntax import field as child_field

NOTHING = "NULL"
CALLERS = "the caller's credentials"
_MOST = 3  # a loop that takes reference after reference is followed so far
_MAKERS = (Reference.MAKE, Reference.TRY_MAKE)
_SETTING = ("assignment_expression", "init_declarator", "update_expression", "initializer_pair")
_CHANGEABLE = frozenset(
    ["assignment_expression", "update_expression", "field_expression", "subscript_expression", "pointer_expression"]
)


class Value(NamedTuple):
    """A credential: made by the call at an offset, or found in a place at the function's entry."""

    name: str
    made: int = -1

    @property
    def is_made(self) -> bool:
        """Whether the function made it, so that it owns the first reference."""
        return self.made >= 0


NULL = Value(NOTHING)


class Ledger(NamedTuple):
    """What places hold, the references taken on each value less those dropped, and which values others can reach.

    `branches` are conditions on local variables and the way they turned, until one of the variables is set again.
    """

    holds: tuple[tuple[str, Value], ...] = ()
    counts: tuple[tuple[Value, int], ...] = ()
    shared: frozenset[Value] = frozenset()
    branches: tuple[tuple[str, bool], ...] = ()

    def value(self, place: str) -> Value:
        """What a place holds."""
        return next((value for name, value in self.holds if name == place), Value(place))

    def count(self, value: Value) -> int:
        """References taken less references dropped."""
        return next((number for item, number in self.counts if item == value), 0)

    def bind(self, place: str, value: Value | None) -> Ledger:
        """This ledger after a place was set; None when nothing is known of the value."""
        kept = {name: item for name, item in self.holds if name != place and not name.startswith(place + ".")}
        kept[place] = value if value is not None else Value(f"?{place}")
        return self._replace(holds=tuple(sorted(kept.items(), key=_first)))

    def add(self, value: Value, number: int) -> Ledger:
        """This ledger after references were taken (or, with a negative number, dropped)."""
        if value == NULL:
            return self
        counts = dict(self.counts)
        counts[value] = max(-_MOST, min(_MOST, counts.get(value, 0) + number))
        kept = ((item, count) for item, count in counts.items() if count)
        return self._replace(counts=tuple(sorted(kept, key=lambda item: (item[0].name, item[0].made))))

    def share(self, value: Value) -> Ledger:
        """This ledger after a value was given to somebody who may keep it."""
        return self._replace(shared=self.shared | {value}) if value.is_made else self


def _first(item: tuple[str, object]) -> str:
    return item[0]


@dataclass(frozen=True)
class Defect:
    """Something wrong in a function as it is: `kind` is leak, double-put or missing-revert.

    `line` is where it shows, `path` the lines of a shortest way to it, all 1-based in the file. `offset` is that of the
    last step on the way, `about` the credential whose references are wrong.
    """

    kind: str
    line: int
    path: tuple[int, ...]
    message: str
    offset: int = field(default=-1, compare=False)
    about: Value | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Balance:
    """What a function leaves behind at one exit: values by name, with the references taken less those dropped."""

    counts: tuple[tuple[str, int], ...]
    in_force: int


@dataclass(frozen=True)
class Way:
    """A way out: the lines of a shortest path to it, and the byte offset of the last step on it."""

    path: tuple[int, ...]
    offset: int


Counts = tuple[tuple[Value, int], ...]


@dataclass
class Audit:
    """What a walk found: the defects, and the balance at every exit. Incomplete when there were too many states.

    `ways_out` gives the first way to each balance, without what overrides that are still in force hold; `drops` the
    offsets where references on a value are dropped, `faults` the calls after which not every path could be followed.
    """

    defects: list[Defect] = field(default_factory=list)
    balances: set[Balance] = field(default_factory=set)
    ways_out: dict[Counts, Way] = field(default_factory=dict)
    drops: dict[Value, list[int]] = field(default_factory=dict)
    faults: set[int] = field(default_factory=set)
    complete: bool = True


_Item = tuple[int, State, Ledger]


class _Called(NamedTuple):
    """A call: where it begins, what it calls and what that is given."""

    node: Node
    start: int
    name: str
    passed: list[Node]


class _Walk:
    def __init__(
        self, function: Function, variant: Variant, steps: Steps, effects: Effects, *, correlate: bool
    ) -> None:
        self.correlate = correlate
        self.function = function
        self.variant = variant
        self.steps = steps
        self.effects = effects
        self.found = Audit()
        self.said: set[tuple[str, int]] = set()
        self.parents: dict[_Item, _Item | None] = {}
        self.locals = self._local_names()
        self.calls = [self._calls_of(node) for node in variant.flow.nodes]
        self.tests = [self._test_of(node) for node in variant.flow.nodes]
        self.sets = [self._assignments(node) for node in variant.flow.nodes]
        self.branches = self._branches()
        self.asked = self._asked()
        self.followed = self._followed()

    # -- what the function's text says, once

    def _local_names(self) -> frozenset[str]:
        names = set(self.variant.parameters)
        addressed: set[str] = set()
        for node in self.variant.nodes.of("declaration", "pointer_expression"):
            if node.type == "declaration":
                targets = (child_field(child, "declarator") or child for child in node.named_children[1:])
                names.update(text_of(name) for target in targets for name in list(identifiers(target))[:1])
            elif text_of(node).startswith("&"):
                addressed.update(text_of(name) for name in list(identifiers(node))[:1])
        return frozenset(names - addressed)

    def _calls_of(self, node: FlowNode) -> list[_Called]:
        """The calls of a step, in the order in which they are evaluated: arguments first."""
        if node.syntax is None or node.kind is Kind.OPEN:
            return []
        nodes = self.variant.nodes
        calls = sorted(nodes.of("call_expression", within=node.syntax), key=_end)
        return [_Called(call, call.start_byte, nodes.calls[call.id], arguments(call)) for call in calls]

    def _test_of(self, node: FlowNode) -> Test | None:
        if node.kind is not Kind.CONDITION or node.syntax is None:
            return None
        return read_test(node.syntax, self.effects.values)

    def _branches(self) -> dict[int, tuple[str, bool]]:
        """Conditions on local variables that are made more than once, and whether each is the plain one."""
        found: dict[int, tuple[str, bool]] = {}
        for node in self.variant.flow.nodes if self.correlate else ():
            if node.kind is not Kind.CONDITION or node.syntax is None or self.calls[node.number]:
                continue
            names = {text_of(name) for name in identifiers(node.syntax)}
            if names and names <= self.locals and not any(part.type in _CHANGEABLE for part in walk(node.syntax)):
                text = "".join(text_of(unparenthesised(node.syntax)).split())
                found[node.number] = (text.lstrip("!"), not text.startswith("!") or text.startswith("!!"))
        often = Counter(text for text, _ in found.values())
        return {number: branch for number, branch in found.items() if often[branch[0]] > 1}

    def _asked(self) -> list[frozenset[str]]:
        """By step, the conditions that can still come: what else is known of how conditions turned is of no use."""
        nodes = self.variant.flow.nodes
        into: list[list[int]] = [[] for _ in nodes]
        for node in nodes:
            for _, target in node.edges:
                into[target].append(node.number)
        found: list[set[str]] = [set() for _ in nodes]
        for number, (text, _) in self.branches.items():
            waiting = [number]
            while waiting:
                here = waiting.pop()
                if text not in found[here]:
                    found[here].add(text)
                    waiting += into[here]
        return [frozenset(texts) for texts in found]

    def _assignments(self, node: FlowNode) -> list[tuple[Node | None, Node | None]]:
        """What a step sets, and to what; no target for a member of an initialiser."""
        found: list[tuple[Node | None, Node | None]] = []
        if node.syntax is None or node.kind is Kind.OPEN:
            return found
        for part in self.variant.nodes.of(*_SETTING, within=node.syntax):
            if part.type == "assignment_expression":
                found.append((child_field(part, "left"), child_field(part, "right")))
            elif part.type == "init_declarator":
                target = child_field(part, "declarator")
                while target is not None and target.type == "pointer_declarator":
                    target = child_field(target, "declarator")
                found.append((target, child_field(part, "value")))
            elif part.type == "update_expression":
                found.append((child_field(part, "argument"), None))
            elif part.type == "initializer_pair":
                found.append((None, child_field(part, "value")))
        return found

    def _followed(self) -> frozenset[str]:
        """The variables that credentials go through: only what these hold is kept."""
        names: set[str] = set()
        for call in (call for calls in self.calls for call in calls):
            name, parent = call.name, call.node.parent
            if name in self.effects.references or name in self.effects.overrides or name in self.effects.current:
                names.update(text_of(item) for argument in call.passed for item in identifiers(argument))
                if parent is not None and parent.type in ("assignment_expression", "init_declarator"):
                    names.update(text_of(item) for item in list(identifiers(parent))[:1])
        before = -1
        while before != len(names):
            before = len(names)
            for target, value in (pair for pairs in self.sets for pair in pairs):
                places = [place_of(target), place_of(value)]
                if all(places) and any(root_of(place or "") in names for place in places):
                    names.update(root_of(place or "") for place in places)
        return frozenset(names)

    # -- one step

    def _value(self, node: Node | None, state: State, ledger: Ledger, results: dict[int, Value]) -> Value | None:
        """The credential that an expression stands for."""
        if node is None:
            return None
        node = unparenthesised(node)
        if node.type == "cast_expression":
            return self._value(child_field(node, "value"), state, ledger, results)
        if node.type == "null" or text_of(node) == "NULL":
            return NULL
        if node.type == "call_expression":
            if callee(node) in self.effects.current:
                return self._in_force(state.stack, ledger)
            return results.get(node.start_byte)
        if node.type == "assignment_expression":
            return self._value(child_field(node, "right"), state, ledger, results)
        place = place_of(node)
        return None if place is None else ledger.value(place)

    def _in_force(self, stack: Stack, ledger: Ledger) -> Value:
        token = stack[-1] if stack else None
        return ledger.value(f"@{token.site}" if token is not None else "@")

    def _step(self, number: int, state: State, ledger: Ledger) -> Iterator[tuple[State, Ledger]]:
        """Every way that a step can end."""
        node, step = self.steps.flow.nodes[number], self.steps.steps[number]
        swapped = any(isinstance(operation, Swap) and operation.counted for operation in step.operations)
        for results, counted in self._references(node, state, ledger, swapped):
            for _, ended in outcomes(step, state):
                after = state if isinstance(ended, Fault) and self._goes_on(step, state) else ended
                if isinstance(after, Fault):
                    self.found.faults.add(after.call)
                    continue  # said by the analysis of the sites
                changed = self._operate(step, state, after, counted, results)
                if node.kind is Kind.CLEANUP:
                    changed = self._clean_up(node, changed)
                if node.syntax is not None and node.kind is not Kind.OPEN:
                    changed = self._assign(node, state, changed, results)
                yield after, changed

    def _goes_on(self, step: Step, state: State) -> bool:
        """Whether the references are known after a step that is not followed.

        That is so where a call is given one (commit_creds()), and where an override of the caller is ended.
        """
        operations = step.operations
        if state.stack or not all(isinstance(item, Revert) for item in operations):
            return all(isinstance(item, Opaque) and item.name in self.effects.references for item in operations)
        return all(root_of(item.variable) in self.variant.parameters for item in operations if isinstance(item, Revert))

    def _references(
        self, node: FlowNode, state: State, ledger: Ledger, swapped: bool
    ) -> Iterator[tuple[dict[int, Value], Ledger]]:
        """The ledger after the calls of a step, with what each returns; a call that may fail ends in two ways."""
        ways: list[tuple[dict[int, Value], Ledger]] = [({}, ledger)]
        for call in self.calls[node.number]:
            kind, passed = self.effects.references.get(call.name), call.passed
            onward: list[tuple[dict[int, Value], Ledger]] = []
            for results, before in ways:
                value = self._value(passed[0], state, before, results) if passed else None
                after = before
                if kind in _MAKERS:
                    made = Value(f"{call.name}() at line {self.function.line(call.start)}", call.start)
                    onward.append(({**results, call.start: made}, before.add(made, 1)))
                    if kind is Reference.TRY_MAKE:
                        onward.append(({**results, call.start: NULL}, before))
                    continue
                known = results
                if kind is Reference.TAKE and value is not None:
                    known = {**results, call.start: value}
                    after = before if swapped else before.add(value, 1)
                elif kind is Reference.DROP and value is not None and not swapped:
                    after = self._drop(node, call.start, value, before)
                elif call.name in self.effects.values.moves and passed:
                    after = self._move(passed[0], value, before)
                elif kind is None and not self.effects.touches(call.name):
                    after = self._pass(passed, state, before, results)
                onward.append((known, after))
            ways = onward
        yield from ways

    def _drop(self, node: FlowNode, offset: int, value: Value, ledger: Ledger) -> Ledger:
        places = self.found.drops.setdefault(value, [])
        if offset not in places:
            places.append(offset)
        if value.is_made and ledger.count(value) <= 0 and value not in ledger.shared:
            message = f"a reference on what {value.name} returned is dropped that is not held"
            self._say("double-put", node, message, value=value)
        return ledger.add(value, -1)

    @staticmethod
    def _move(argument: Node, value: Value | None, ledger: Ledger) -> Ledger:
        """What a variable with a cleanup held is somebody else's now, and the variable is NULL."""
        place = place_of(argument)
        ledger = ledger.share(value) if value is not None else ledger
        return ledger.bind(place, NULL) if place is not None else ledger

    def _pass(self, passed: list[Node], state: State, ledger: Ledger, results: dict[int, Value]) -> Ledger:
        """A call that is not known may keep what it is given by address, and change it."""
        for argument in passed:
            inner = unparenthesised(argument)
            if inner.type == "pointer_expression" and text_of(inner).startswith("&"):
                place = place_of(child_field(inner, "argument"))
                if place is not None and root_of(place) in self.followed:
                    ledger = ledger.share(ledger.value(place)).bind(place, None)
            elif (value := self._value(inner, state, ledger, results)) is not None:
                ledger = ledger.share(value) if inner.type != "identifier" else ledger
        return ledger

    def _clean_up(self, node: FlowNode, ledger: Ledger) -> Ledger:
        """The end of a variable's scope may drop the reference that it holds."""
        known = self.effects.frees.get(node.tag)
        puts = known.puts if known is not None else self.effects.references.get(node.tag) is Reference.DROP
        if node.macro != "__free" or not puts:
            return ledger
        value = ledger.value(freed_variable(self.variant, self.steps.flow, node))
        opener = self.steps.flow.nodes[node.opened]
        return ledger if value == NULL else self._drop(node, opener.start, value, ledger)

    def _operate(self, step: Step, before: State, after: State, ledger: Ledger, results: dict[int, Value]) -> Ledger:
        """The references that overrides hold."""
        for operation in step.operations:
            if isinstance(operation, Override):
                value = self._put_in_force(operation, before, ledger, results)
                if operation.discipline is Discipline.COUNTED:
                    ledger = ledger.add(value, 1)
                results[operation.call] = self._in_force(before.stack, ledger)
                ledger = ledger.bind(f"@{operation.call}", value)
            elif isinstance(operation, Revert) and operation.discipline is Discipline.COUNTED and before.stack:
                ledger = ledger.add(self._in_force(before.stack, ledger), -1)
            elif isinstance(operation, Swap):
                ledger = self._swap(operation, before, ledger, results)
            elif isinstance(operation, Enter):
                expression = _squeezed(operation.expression or self.function.text(*operation.argument))
                value = Value(f"{operation.via}({expression})") if operation.via else ledger.value(expression)
                ledger = ledger.bind(f"@{operation.call}", value)
            elif isinstance(operation, Call):
                for token in after.stack[len(before.stack) :]:
                    ledger = ledger.bind(f"@{token.site}", None)
        return ledger

    def _put_in_force(self, operation: Override, before: State, ledger: Ledger, results: dict[int, Value]) -> Value:
        """The credential of an override: its argument, or what a wrapper makes of that."""
        text = self.function.text(*operation.argument)
        wrapper = self.effects.wrappers.get(operation.via)
        if wrapper is not None and wrapper.expression not in wrapper.parameter.replace("*", " ").split():
            return Value(f"{operation.via}({_squeezed(text)})")
        return self._value(self._argument(operation), before, ledger, results) or Value(text)

    def _swap(self, operation: Swap, before: State, ledger: Ledger, results: dict[int, Value]) -> Ledger:
        value = ledger.value(_squeezed(operation.credential))
        old = self._in_force(before.stack, ledger)
        key = f"@{before.stack[-1].site}" if before.stack else "@"
        results[operation.call] = old
        taken = ledger.add(value, 1) if operation.counted else ledger
        return taken.add(old, -1).bind(key, value)

    def _argument(self, operation: Override) -> Node | None:
        start, end = operation.argument
        node = self.variant.body.descendant_for_byte_range(start, max(start, end - 1))
        while node is not None and node.parent is not None and node.end_byte < end:
            node = node.parent
        while (
            node is not None
            and node.parent is not None
            and node.parent.start_byte >= start
            and node.parent.end_byte <= end
        ):
            node = node.parent
        return node

    def _assign(self, node: FlowNode, state: State, ledger: Ledger, results: dict[int, Value]) -> Ledger:
        for target, value in self.sets[node.number]:
            given = self._value(value, state, ledger, results)
            place = place_of(target)
            if given is not None and (place is None or place not in self.locals):
                ledger = ledger.share(given)
            if place is not None:
                root = root_of(place)
                ledger = self._forget(ledger.bind(place, given) if root in self.followed else ledger, root)
        return ledger

    @staticmethod
    def _forget(ledger: Ledger, name: str) -> Ledger:
        """Without what conditions told of a variable."""
        kept = tuple(item for item in ledger.branches if not re.search(rf"\b{re.escape(name)}\b", item[0]))
        return ledger if kept == ledger.branches else ledger._replace(branches=kept)

    # -- the walk

    def _ways(self, number: int, state: State, ledger: Ledger) -> Iterator[_Item]:
        node, test = self.steps.flow.nodes[number], self.tests[number]
        branch, plain = self.branches.get(number, ("", True))
        turned = dict(ledger.branches).get(branch)
        for label, target, onward in ways_on(self.steps, number, state):
            told = ledger
            if node.kind is Kind.CONDITION:
                truth = label == "true"
                if test is not None and not value_of(test, lambda place: self._known(place, ledger)) & (
                    NEGATIVE | POSITIVE if truth else ZERO
                ):
                    continue
                if turned is not None and turned != (truth == plain):
                    continue
                if branch and turned is None:
                    told = ledger._replace(branches=tuple(sorted((*ledger.branches, (branch, truth == plain)))))
            if told.branches:
                told = told._replace(branches=tuple(item for item in told.branches if item[0] in self.asked[target]))
            yield target, onward, told

    @staticmethod
    def _known(place: str, ledger: Ledger) -> int:
        value = ledger.value(place)
        return ZERO if value == NULL else POSITIVE if value.is_made else ANY

    def run(self) -> Audit:
        start: _Item = (0, State(), Ledger())
        self.parents[start] = None
        queue = deque([start])
        while queue:
            item = queue.popleft()
            number, state, ledger = item
            self.item = item
            node = self.steps.flow.nodes[number]
            if node.kind is Kind.EXIT:
                self._leave(node, state, ledger)
            if node.kind is Kind.RETURN and node.syntax is not None:
                ledger = self._return(node, state, ledger)
            for after, changed in self._step(number, state, ledger):
                for onward in self._ways(number, after, changed):
                    if onward not in self.parents:
                        self.parents[onward] = item
                        queue.append(onward)
            if len(self.parents) > MAX_STATES:
                self.found.complete = False
                break
        return self.found

    def _return(self, node: FlowNode, state: State, ledger: Ledger) -> Ledger:
        """What is returned is the caller's from now on."""
        value = self._value(node.syntax, state, ledger, {})
        for name in identifiers(node.syntax) if node.syntax is not None else ():
            ledger = ledger.share(ledger.value(text_of(name)))
        return ledger.share(value) if value is not None else ledger

    def _leave(self, node: FlowNode, state: State, ledger: Ledger) -> None:
        counts = tuple((value.name, number) for value, number in ledger.counts)
        self.found.balances.add(Balance(counts, len(state.stack)))
        self._way_out(state, ledger)
        for value, number in ledger.counts:
            in_force = any(ledger.value(f"@{token.site}") == value for token in state.stack)
            if value.is_made and number > 0 and value not in ledger.shared and not in_force:
                message = f"the reference on what {value.name} returned is never dropped"
                self._say("leak", node, message, value.made, value)
        if state.stack and not state.stack[-1].entry:
            line = self.function.line(state.stack[-1].site)
            self._say("missing-revert", node, f"the override of line {line} is still in force", state.stack[-1].site)

    def _way_out(self, state: State, ledger: Ledger) -> None:
        for token in state.stack:
            if token.discipline is Discipline.COUNTED and not token.entry:
                ledger = ledger.add(ledger.value(f"@{token.site}"), -1)
        if ledger.counts not in self.found.ways_out:
            self.found.ways_out[ledger.counts] = self._way()

    def _say(self, kind: str, node: FlowNode, message: str, about: int = -1, value: Value | None = None) -> None:
        key = (kind, about if about >= 0 else node.start)
        if key in self.said:
            return
        self.said.add(key)
        way = self._way()
        line = way.path[-1] if way.path else self.function.first_line
        self.found.defects.append(Defect(kind, line, way.path, message, way.offset, value))

    def _way(self) -> Way:
        """The way to where the walk is."""
        passed: list[FlowNode] = []
        item: _Item | None = self.item
        while item is not None:
            passed.append(self.steps.flow.nodes[item[0]])
            item = self.parents[item]
        if any(step.kind is Kind.RETURN for step in passed):
            passed = [step for step in passed if step.kind is not Kind.EXIT]  # the brace says nothing more
        lines: list[int] = []
        offset = self.variant.body.start_byte
        for step in reversed(passed):
            line = self.function.line(step.syntax.start_byte if step.syntax is not None else step.start)
            shown = step.kind not in (Kind.PASS, Kind.ENTRY, Kind.CLEANUP) and not _only_declares(step)
            if shown:
                offset = step.syntax.start_byte if step.syntax is not None else step.start
            if shown and (not lines or lines[-1] != line):
                lines.append(line)
        return Way(tuple(lines), offset)


def _only_declares(node: FlowNode) -> bool:
    syntax = node.syntax
    if syntax is None or syntax.type != "declaration":
        return False
    return not any(child.type == "init_declarator" for child in syntax.named_children)


def _end(node: Node) -> int:
    return node.end_byte


def _squeezed(text: str) -> str:
    return "".join(text.split()).replace("->", ".")


def keep_books(function: Function, variant: Variant, steps: Steps, effects: Effects) -> Audit:
    """Walk one variant of a function with its ledger.

    Conditions on local variables are taken to turn out the same as long as the variables are not set, unless the
    function is too large for that.
    """
    found = _Walk(function, variant, steps, effects, correlate=True).run()
    return found if found.complete else _Walk(function, variant, steps, effects, correlate=False).run()


def _needs_books(analysis: Analysis, steps: Steps) -> bool:
    """Whether there is anything to find: a reference is handled, or an override may be left."""
    code = analysis.function.code
    if any(name.encode() in code for name in analysis.effects.references):
        return True
    return any(isinstance(item, Override | Call) for item in steps.operations()) and any(
        "still in force" in (site.problem or "") for site in analysis.sites
    )


def defects(analysis: Analysis) -> list[Defect]:
    """What is wrong with the references and overrides of a function as it stands, in text order.

    Nothing is said of a function that cannot be followed, or that has too many states.
    """
    found: dict[tuple[str, int, str], Defect] = {}
    for variant, steps in zip(analysis.function.variants, analysis.steps, strict=False):
        followed = not steps.flow.unsupported and not steps.unfollowed
        opaque = any(isinstance(operation, Opaque) for operation in steps.operations())
        if not followed or opaque or not _needs_books(analysis, steps):
            continue
        books = keep_books(analysis.function, variant, steps, analysis.effects)
        if books.complete:
            found.update({(item.kind, item.line, item.message): item for item in books.defects})
    changes = any(site.kind is not SiteKind.SITE for site in analysis.sites)
    kept = [item for item in found.values() if item.kind != "missing-revert" or not changes]
    return sorted(kept, key=lambda item: (item.line, item.kind))
