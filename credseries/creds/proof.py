"""The proof: original and rewritten function, run side by side over every path.

Both programs are followed in lock step from entry to exit. What can be observed (a statement, a condition and the way
it turned, a switch and the case it took, an override, a cleanup of another scope, the value returned) has to come in
the same order, from the same place in the original text, with the same credentials in force wherever a call or a read
of the current credentials is made; and the credentials in force at the exit have to be the same. Reverts, jumps and the
opening and closing of the guards themselves are what a rewrite may change, and are silent.

The rule is DESIGN points 1, 2, 5 and 6 at once: an event that moves, an exit that differs, a jump past a guard, a
`break` that a scoped form's hidden loop caught, each shows as the first step at which the two runs differ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from credseries.creds.operations import Call, Enter, Override, Step, Steps, Store, Swap
from credseries.creds.state import MAX_STATES, Fault, Mode, State, outcomes, ways_on
from credseries.csource.flow import FlowNode, Kind
from credseries.csource.function import Function
from credseries.csource.splice import OffsetMap
from credseries.csource.syntax import field, text_of

ASSUMPTIONS = (
    "functions outside the analysed files leave the credentials as they found them",
    "indirect calls leave the credentials as they found them",
    "macros written like calls do not jump, and macros without parentheses do not use the credentials",
    "what a wrapper saved in a structure is changed by nothing but wrappers until its partner reverts to it",
    "the mount, and what the caller passes (a context, a file, credentials), keep the credentials alive for the whole "
    "call, unless the function, or what it calls by name or by body, gives them up",
)


@dataclass(frozen=True)
class Counterexample:
    """A path on which original and rewrite differ: 1-based lines of the original file, the event, both sides.

    `reason` is set where one side does what cannot be right, whatever the other does.
    """

    path: tuple[int, ...]
    line: int
    event: str
    before: str
    after: str
    reason: str = ""

    def __str__(self) -> str:
        steps = " -> ".join(str(line) for line in self.path)
        if self.reason:
            return f"path {steps}: {self.event} (line {self.line}): {self.reason}"
        return f"path {steps}: {self.event} (line {self.line}) ran under {self.before}, would run under {self.after}"


@dataclass(frozen=True)
class Side:
    """One of the two programs: its steps, its text, and the way from its offsets to the original's."""

    function: Function
    steps: Steps
    offsets: OffsetMap | None

    def origin(self, offset: int) -> int:
        """An offset of this text in the original."""
        return offset if self.offsets is None else self.offsets.origin(offset)


@dataclass(frozen=True)
class _Stop:
    """A run has come to something that can be observed."""

    number: int
    state: State
    key: tuple[object, ...]
    events: tuple[tuple[int, str], ...]
    fault: Fault | None = None


def _is_silent_declaration(node: FlowNode, step: Step) -> bool:
    if node.syntax is None or node.syntax.type != "declaration":
        return False
    if any(isinstance(operation, Override) for operation in step.operations):
        return False
    return not any(child.type == "init_declarator" for child in node.syntax.named_children) and not step.events


def _declarators(declaration: Node, steps: Steps) -> list[str]:
    """A declaration in parts, without saved variables that nothing else reads; empty when it sets nothing."""
    found = [child for child in declaration.named_children if not _is_only_saved(child, steps)]
    if not any(child.type == "init_declarator" for child in found):
        return [] if len(found) < declaration.named_child_count else [text_of(declaration)]
    return [text_of(child) for child in found]


def _is_only_saved(declarator: Node, steps: Steps) -> bool:
    target, value = declarator, None
    if declarator.type == "init_declarator":
        value = field(declarator, "value")
        target = field(declarator, "declarator") or declarator
    elif declarator.type not in ("pointer_declarator", "identifier"):
        return False
    while target.type == "pointer_declarator":
        target = field(target, "declarator") or target
    name = text_of(target)
    return name in steps.saved and not steps.reads[name] and (value is None or value.type in ("null", "identifier"))


_Ways = dict[tuple[int, object], tuple[int, State]]


class _Run:
    """One program, advanced from observation to observation."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.steps = side.steps
        self.mode = Mode(side.origin)
        self._onward: dict[tuple[int, State], _Ways | Fault] = {}
        self._seen: dict[int, tuple[tuple[object, ...] | None, tuple[tuple[int, str], ...]]] = {}

    def _observed(self, number: int) -> tuple[tuple[object, ...] | None, tuple[tuple[int, str], ...]]:
        """What can be observed of a step (None when it is silent) and its events, in the original's offsets."""
        if number not in self._seen:
            node, step = self.steps.flow.nodes[number], self.steps.steps[number]
            events = tuple((self.side.origin(event.offset), event.name) for event in step.events)
            self._seen[number] = (self._key(node, step), events)
        return self._seen[number]

    def _key(self, node: FlowNode, step: Step) -> tuple[object, ...] | None:
        """What can be observed of a step, or None when it is silent."""
        for operation in step.operations:
            if isinstance(operation, Override | Enter):
                return ("override", self.side.origin(operation.call))
        stores = [operation for operation in step.operations if isinstance(operation, Store)]
        seen = step.events or not all(store.only and not self.steps.reads.get(store.variable) for store in stores)
        changes = any(isinstance(operation, Call | Swap) for operation in step.operations)
        if step.operations and not changes and not (stores and seen):
            # a Leave may belong to a scope that is not about credentials: then its cleanup can be observed
            opened = node.opened
            if node.kind is Kind.CLEANUP and not self._guards(opened):
                return ("cleanup", self.side.origin(self.steps.flow.nodes[opened].start))
            return None
        if node.kind in (Kind.PASS, Kind.ENTRY) or _is_silent_declaration(node, step):
            return None
        if node.kind is Kind.EXIT:
            return ("exit",)
        if node.kind is Kind.RETURN and node.syntax is None:
            return None
        syntax = node.syntax
        if syntax is None:
            return None
        parts = _declarators(syntax, self.steps) if syntax.type == "declaration" else [text_of(syntax)]
        if not parts and not step.events:
            return None
        text = "".join("".join(parts).split())
        return (node.kind.value, self.side.origin(syntax.start_byte), text)

    def _guards(self, opened: int) -> bool:
        return any(isinstance(operation, Enter) for operation in self.steps.steps[opened].operations)

    def advance(self, number: int, state: State) -> _Stop | None:
        """From before a node to the next observation; None when the program runs on silently for ever."""
        passed: set[tuple[int, State]] = set()
        while (number, state) not in passed:
            passed.add((number, state))
            key, events = self._observed(number)
            if key is not None:
                return _Stop(number, state, key, events)
            [(_, after), *_] = outcomes(self.steps.steps[number], state, self.mode)
            if isinstance(after, Fault):
                return _Stop(number, state, ("fault", self.side.origin(after.call)), (), after)
            ways = ways_on(self.steps, number, after)
            if not ways:
                return _Stop(number, after, ("nowhere",), ())
            _, number, state = ways[0]
        return None

    def onward(self, stop: _Stop) -> _Ways | Fault:
        """Where a step that can be observed leads: by outcome and edge, the next node and the state before it."""
        here = (stop.number, stop.state)
        if here not in self._onward:
            self._onward[here] = self._ways_on(stop)
        return self._onward[here]

    def _ways_on(self, stop: _Stop) -> _Ways | Fault:
        found: _Ways = {}
        for outcome, after in outcomes(self.steps.steps[stop.number], stop.state, self.mode):
            if isinstance(after, Fault):
                return after
            for label, target, state in ways_on(self.steps, stop.number, after):
                found[outcome, self.label(label)] = (target, state)
        return found

    def label(self, label: object) -> object:
        """An edge's label in terms of the original's offsets."""
        if isinstance(label, tuple):
            return (label[0], self.side.origin(label[1]))
        return label


class _LockStep:
    def __init__(self, before: Side, after: Side, accessors: Mapping[str, str], allowed: Callable[[str], bool]) -> None:
        self.accessors = accessors
        self.allowed = allowed
        self.before = _Run(before)
        self.after = _Run(after)
        self.function = before.function
        self.parents: list[tuple[int, int]] = []

    def _credentials(self, state: State) -> str:
        if not state.stack:
            return self.before.steps.effects.outside
        steps = self.before.steps
        for step in steps.steps:
            for operation in step.operations:
                if isinstance(operation, Override) and operation.call == state.stack[-1].site:
                    expression = self.function.text(*operation.argument)
                    name = operation.via if operation.via in steps.effects.wrappers else ""
                    return f"{name}({expression})" if name else expression
        return "the override"

    def _path(self, parent: int) -> tuple[int, ...]:
        lines: list[int] = []
        while parent >= 0:
            parent, line = self.parents[parent]
            if not lines or lines[-1] != line:
                lines.append(line)
        return tuple(reversed(lines))

    def _difference(self, parent: int, one: _Stop, two: _Stop) -> Counterexample | None:
        """How two observations differ, or None when they are the same."""
        line = self._line(one)
        if two.fault is not None or one.fault is not None:
            fault = two.fault or one.fault
            return self._faulty(parent, line, "the revert", fault)
        if one.key != two.key:
            return Counterexample((*self._path(parent), line), line, self._what(one), "this step", self._what(two))
        credentials = one.state.sites(), two.state.sites()
        # the head of a macro may call what it likes
        macro = self.before.steps.flow.nodes[one.number].written
        watched = macro or one.events or two.events or one.key[0] in ("override", "exit", "cleanup")
        if watched and credentials[0] != credentials[1] and not self._may_move(one, two):
            name = one.events[0][1] + "()" if one.events else f"{macro}()" if macro else self._what(one)
            before, after = self._credentials(one.state), self._credentials(two.state)
            return Counterexample((*self._path(parent), line), line, name, before, after)
        if one.key[0] == "override":
            before, after = self._put_in_force(self.before, one), self._put_in_force(self.after, two)
            if before != after:
                return Counterexample((*self._path(parent), line), line, "the override", before, after)
        ways_one, ways_two = self.before.onward(one), self.after.onward(two)
        if self._labels(ways_one) != self._labels(ways_two):
            if isinstance(ways_two, Fault):
                return self._faulty(parent, line, self._what(one), ways_two)
            what = self._what(one)
            return Counterexample((*self._path(parent), line), line, what, "its ways on", "other ways on")
        return None

    def _may_move(self, one: _Stop, two: _Stop) -> bool:
        """Whether a step runs under one override more than before, and every call in it is allowed to."""
        before, after = one.state.sites(), two.state.sites()
        further = len(after) == len(before) + 1 and after[: len(before)] == before
        macro = self.before.steps.flow.nodes[one.number].written
        names = [name for _, name in (*one.events, *two.events)] + ([macro] if macro else [])
        return further and bool(names) and one.key[0] not in ("override", "exit") and all(map(self.allowed, names))

    def _faulty(self, parent: int, line: int, what: str, fault: Fault | None) -> Counterexample:
        reason = fault.reason if fault is not None else ""
        return Counterexample((*self._path(parent), line), line, what, "a matching override", reason, reason)

    def _line(self, stop: _Stop) -> int:
        node = self.before.steps.flow.nodes[stop.number]
        return self.function.line(node.syntax.start_byte if node.syntax is not None else node.start)

    def _what(self, stop: _Stop) -> str:
        if len(stop.key) > 1 and isinstance(stop.key[1], int):
            line = self.function.line(stop.key[1])
            return f"the {stop.key[0]} at line {line}"
        return "the end of the function" if stop.key[0] == "exit" else "no next step"

    def run(self) -> Counterexample | None:
        # breadth first, so that the counterexample is a shortest one
        queue = deque([(0, State(), 0, State(), -1)])
        seen = {item[:4] for item in queue}
        while queue:
            one_number, one_state, two_number, two_state, parent = queue.popleft()
            one = self.before.advance(one_number, one_state)
            two = self.after.advance(two_number, two_state)
            if one is None and two is None:
                continue
            if one is None or two is None:
                line = self._line(one) if one is not None else self.function.first_line
                return Counterexample((*self._path(parent), line), line, "a loop", "an end", "no end")
            difference = self._difference(parent, one, two)
            if difference is not None:
                return difference
            self.parents.append((parent, self._line(one)))
            for pair in self._ways(one, two):
                if pair not in seen:
                    seen.add(pair)
                    queue.append((*pair, len(self.parents) - 1))
            if len(seen) > MAX_STATES:
                line = self.function.first_line
                return Counterexample((line,), line, "the function", "too many states", "too many states")
        return None

    def _put_in_force(self, run: _Run, stop: _Stop) -> str:
        """The credential that an override step asks for, wrappers read as the accessor that stands for them."""
        for operation in run.steps.steps[stop.number].operations:
            if isinstance(operation, Override | Enter):
                given = operation.expression if isinstance(operation, Enter) else ""
                text = "".join((given or run.side.function.text(*operation.argument)).split())
                via = operation.via
                if via not in run.steps.effects.wrappers:
                    return text
                return f"{self.accessors.get(via, via)}({text})"
        return ""

    @staticmethod
    def _labels(ways: _Ways | Fault) -> set[object]:
        return {ways.reason} if isinstance(ways, Fault) else set(ways)

    def _ways(self, one: _Stop, two: _Stop) -> list[tuple[int, State, int, State]]:
        ways_one, ways_two = self.before.onward(one), self.after.onward(two)
        if isinstance(ways_one, Fault) or isinstance(ways_two, Fault):
            return []
        return [(*target, *ways_two[way]) for way, target in ways_one.items()]


def _none(name: str) -> bool:
    """No call may run under other credentials."""
    del name
    return False


def compare(
    before: Side, after: Side, accessors: Mapping[str, str], allowed: Callable[[str], bool] = _none
) -> Counterexample | None:
    """None when the rewrite is proven equal to the original, else the first path on which they differ.

    `accessors` gives, for each wrapper, the function that returns the credential it would put in force; `allowed` says
    which calls, by name, may run under one override more than before.
    """
    return _LockStep(before, after, accessors, allowed).run()
