"""Which credentials are in force at each step of a function, on every path: states, kept apart per path."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from credseries.creds.effects import Discipline
from credseries.creds.operations import Enter, Leave, Opaque, Operation, Override, Revert, Steps, Store
from credseries.csource.flow import FlowNode, Kind
from credseries.csource.syntax import field as child_field
from credseries.csource.syntax import text_of, unparenthesised

MAX_STATES = 20_000


@dataclass(frozen=True)
class Token:
    """An override in force: the byte offset that identifies it in the original text, and its discipline."""

    site: int
    discipline: Discipline


Stack = tuple[Token, ...]
UNKNOWN = "unknown"
NULL = "null"
Saved = Stack | str


@dataclass(frozen=True)
class State:
    """The overrides in force (innermost last), what each saved variable holds, and what open guards will restore."""

    stack: Stack = ()
    saved: tuple[tuple[str, Saved], ...] = ()
    guards: tuple[tuple[int, Stack], ...] = ()

    def value(self, variable: str) -> Saved:
        """What a saved variable holds."""
        return dict(self.saved).get(variable, UNKNOWN)

    def store(self, variable: str, value: Saved) -> State:
        """This state after an assignment to a saved variable."""
        return replace(self, saved=tuple(sorted({**dict(self.saved), variable: value}.items())))

    def sites(self) -> tuple[int, ...]:
        """The overrides in force by identity alone."""
        return tuple(token.site for token in self.stack)


@dataclass(frozen=True)
class Fault:
    """Something that the states show to be wrong, or that they cannot follow; `call` is a byte offset."""

    call: int
    reason: str


Identify = Callable[[int], int]


def _revert(state: State, operation: Revert) -> State | Fault:
    value = state.value(operation.variable)
    if isinstance(value, str):
        what = "NULL" if value == NULL else "nothing that this function saved"
        return Fault(operation.call, f"{operation.variable} holds {what} on a path to this revert")
    if not state.stack or state.stack[:-1] != value:
        return Fault(operation.call, f"{operation.variable} does not hold what the innermost override replaced")
    if state.stack[-1].discipline is not operation.discipline:
        mine, theirs = operation.discipline.value, state.stack[-1].discipline.value
        return Fault(operation.call, f"a {mine} revert ends a {theirs} override")
    return replace(state, stack=value)


def apply(state: State, operation: Operation, identify: Identify) -> State | Fault:
    """The state after an operation, or what is wrong with it there."""
    if isinstance(operation, Override):
        if identify(operation.call) in state.sites():
            return Fault(operation.call, "it overrides again while its own override is in force")
        token = Token(identify(operation.call), operation.discipline)
        return replace(state.store(operation.variable, state.stack), stack=(*state.stack, token))
    if isinstance(operation, Revert):
        return _revert(state, operation)
    if isinstance(operation, Store):
        return state.store(operation.variable, NULL if operation.null else UNKNOWN)
    if isinstance(operation, Enter):
        token = Token(identify(operation.call), operation.discipline)
        guards = (*state.guards, (operation.opened, state.stack))
        return replace(state, guards=guards, stack=(*state.stack, token))
    if isinstance(operation, Leave):
        return _leave(state, operation.opened)
    return Fault(operation.call, operation.reason)


def _leave(state: State, opened: int) -> State | Fault:
    for index, (number, stack) in enumerate(state.guards):
        if number == opened:
            rest = state.guards[:index] + state.guards[index + 1 :]
            return replace(state, guards=rest, stack=stack)
    return state


def _tested(node: FlowNode, saved: frozenset[str]) -> tuple[str, bool] | None:
    """For a condition on a saved variable alone: the variable, and whether true means not NULL."""
    if node.syntax is None or node.kind is not Kind.CONDITION:
        return None
    inner, positive = unparenthesised(node.syntax), True
    while inner.type == "unary_expression" and text_of(inner).startswith("!"):
        operand = child_field(inner, "argument")
        if operand is None:
            return None
        inner, positive = unparenthesised(operand), not positive
    if inner.type == "binary_expression":
        left, right = child_field(inner, "left"), child_field(inner, "right")
        operator = text_of(child_field(inner, "operator") or inner)
        if left is None or right is None or operator not in ("==", "!=") or text_of(right) != "NULL":
            return None
        inner, positive = left, positive == (operator == "!=")
    name = text_of(inner)
    return (name, positive) if inner.type == "identifier" and name in saved else None


def ways_on(node: FlowNode, state: State, saved: frozenset[str]) -> list[tuple[object, int]]:
    """The edges that can be taken in a state: a test of a saved variable that is known takes one only."""
    tested = _tested(node, saved)
    if tested is None:
        return node.edges
    value = state.value(tested[0])
    if value == UNKNOWN:
        return node.edges
    wanted = "true" if (value != NULL) == tested[1] else "false"
    return [edge for edge in node.edges if edge[0] == wanted]


@dataclass
class Exploration:
    """What a walk over every path found.

    `before` holds, for each flow node, every stack it is reached with; `exits` the stacks at the function's exits;
    `ends` the reverts (by call offset) that end each override (by site); `exposed` for each event offset the stacks
    it runs under.
    """

    before: dict[int, set[Stack]] = field(default_factory=dict)
    exits: set[Stack] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    ends: dict[int, set[int]] = field(default_factory=dict)
    exposed: dict[int, set[tuple[int, ...]]] = field(default_factory=dict)
    returned: set[tuple[Stack, str | None]] = field(default_factory=set)
    complete: bool = True


def _same(offset: int) -> int:
    return offset


def explore(steps: Steps, identify: Identify = _same, *, tolerate: bool = False) -> Exploration:
    """Walk every path of a function, state by state.

    `identify` names overrides by an offset (of the original, when the text is a rewrite). With `tolerate`, a step
    that is at fault leaves the state as it is, so that the rest of the function can still be looked at; otherwise the
    path ends there.
    """
    found = Exploration()
    start = State()
    seen: set[tuple[int, State]] = {(0, start)}
    queue: deque[tuple[int, State]] = deque(seen)
    reported: set[Fault] = set()
    while queue:
        number, state = queue.popleft()
        node, step = steps.flow.nodes[number], steps.steps[number]
        found.before.setdefault(number, set()).add(state.stack)
        for event in step.events:
            found.exposed.setdefault(identify(event.offset), set()).add(state.sites())
        stopped = False
        for operation in step.operations:
            if isinstance(operation, Revert) and state.stack:
                found.ends.setdefault(state.stack[-1].site, set()).add(operation.call)
            after = apply(state, operation, identify)
            if isinstance(after, Fault):
                if after not in reported:
                    reported.add(after)
                    found.faults.append(after)
                stopped = not tolerate
                continue
            state = after
        if stopped:
            continue
        if node.kind is Kind.RETURN:
            value = node.syntax
            found.returned.add((state.stack, text_of(value) if value is not None else None))
        if node.kind is Kind.EXIT:
            found.exits.add(state.stack)
        for _, target in ways_on(node, state, steps.saved):
            if (target, state) not in seen:
                seen.add((target, state))
                queue.append((target, state))
        if len(seen) > MAX_STATES:
            found.complete = False
            break
    return found


def opaque_operations(steps: Steps) -> list[Opaque]:
    """The operations of a function that the proof cannot follow."""
    return [operation for operation in steps.operations() if isinstance(operation, Opaque)]
