"""Which credentials are in force at each step of a function, on every path: states, kept apart per path."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from credseries.creds.effects import ANY, NEGATIVE, POSITIVE, ZERO, Discipline
from credseries.creds.operations import (
    Call,
    Choice,
    Enter,
    Leave,
    Opaque,
    Operation,
    Override,
    Revert,
    Step,
    Steps,
    Store,
    Swap,
)
from credseries.creds.places import RESULT, Test, learn, root_of, value_of
from credseries.csource.flow import Kind
from credseries.csource.syntax import text_of

MAX_STATES = 20_000
# Overrides in force at once. A loop that never ends one would pile them up, and make each state as dear.
MAX_DEPTH = 32
_MAX_ACTS = 6


class Token(NamedTuple):
    """An override in force: the byte offset that identifies it in the original text, and its discipline.

    `swapped` is the offset of the call that put another credential in its place, if one did. `entry` is set instead
    where what is in force is what one of the caller's places held.
    """

    site: int
    discipline: Discipline
    swapped: int = -1
    entry: str = ""


Stack = tuple[Token, ...]
UNKNOWN = "unknown"
NULL = "null"
Saved = Stack | str


class Done(NamedTuple):
    """What a function has done to its caller's credentials so far: push, pop or swap, and the place that it uses."""

    what: str
    place: str
    discipline: Discipline
    credential: str
    site: int


class State(NamedTuple):
    """The overrides in force (innermost last), what each saved variable holds, and what open guards will restore.

    `facts` are the values that followed places can have, `done` and `given` (for a summary) what the function has
    done for its caller, and what must have held at its entry for the path to be taken; `written` are the followed
    places that do not hold what they held at the entry.

    It is a tuple because a scan of a kernel makes, hashes and compares 50,000 of them.
    """

    stack: Stack = ()
    saved: tuple[tuple[str, Saved], ...] = ()
    guards: tuple[tuple[int, Stack], ...] = ()
    facts: tuple[tuple[str, int], ...] = ()
    done: tuple[Done, ...] = ()
    given: tuple[tuple[str, int], ...] = ()
    written: frozenset[str] = frozenset()

    def value(self, variable: str) -> Saved:
        """What a saved variable holds."""
        return next((value for name, value in self.saved if name == variable), UNKNOWN)

    def store(self, variable: str, value: Saved) -> State:
        """This state after an assignment to a saved variable."""
        return self._replace(saved=tuple(sorted({**dict(self.saved), variable: value}.items(), key=_name)))

    def known(self, place: str) -> int:
        """The values that a place can have."""
        for name, value in self.saved:
            if name == place and value != UNKNOWN:
                return ZERO if value == NULL else POSITIVE
        return next((mask for name, mask in self.facts if name == place), ANY)

    def learn(self, places: Iterable[tuple[str, int]]) -> State:
        """This state with places whose values are known to be among these; ANY forgets."""
        facts = dict(self.facts)
        for place, mask in places:
            if mask == ANY:
                facts.pop(place, None)
            else:
                facts[place] = mask
        kept = tuple(sorted(facts.items()))
        return self if kept == self.facts else self._replace(facts=kept)

    def forget_result(self) -> State:
        """This state when nothing can ask any more for the value of the call that it tells of."""
        if not self.facts:
            return self
        kept = tuple(item for item in self.facts if item[0] != RESULT)
        return self if len(kept) == len(self.facts) else self._replace(facts=kept)

    def sites(self) -> tuple[int, ...]:
        """The overrides in force by identity alone."""
        if not self.stack:
            return ()
        return tuple(token.swapped if token.swapped >= 0 else token.site for token in self.stack)


def _name(item: tuple[str, Saved]) -> str:
    return item[0]


@dataclass(frozen=True)
class Fault:
    """Something that the states show to be wrong, or that they cannot follow; `call` is a byte offset.

    `onward` is the state that a walk which tolerates faults goes on with, when it is not the one before.
    """

    call: int
    reason: str
    onward: State | None = field(default=None, compare=False)


Identify = Callable[[int], int]


@dataclass(frozen=True)
class Mode:
    """How a function is walked: `identify` names overrides by an offset (of the original, when the text is a rewrite).

    `parameters` is given for a summary: what places reached from them hold is the caller's, and may be put in force.
    """

    identify: Identify
    parameters: frozenset[str] | None = None


def _same(offset: int) -> int:
    return offset


DIRECT = Mode(_same)


def _shown(place: str) -> str:
    """A place as C writes it, nearly."""
    return place.replace(".", "->")


def _revert(state: State, operation: Revert, mode: Mode) -> State | Fault:
    value = state.value(operation.variable)
    if value == UNKNOWN and mode.parameters is not None and root_of(operation.variable) in mode.parameters:
        return _revert_to_callers(state, operation)
    shown = _shown(operation.variable)
    if isinstance(value, str):
        what = "NULL" if value == NULL else "nothing that this function saved"
        return Fault(operation.call, f"{shown} holds {what} on a path to this revert")
    if not state.stack or state.stack[:-1] != value:
        return Fault(operation.call, f"{shown} does not hold what the innermost override replaced")
    token = state.stack[-1]
    if token.discipline is not operation.discipline:
        mine, theirs = operation.discipline.value, token.discipline.value
        return Fault(operation.call, f"a {mine} revert ends a {theirs} override")
    done = state.done
    if mode.parameters is not None:
        if not done or done[-1].site != token.site:
            return Fault(operation.call, "it ends an override around another change that is its caller's")
        done = done[:-1]
    return state._replace(stack=value, done=done)


def _revert_to_callers(state: State, operation: Revert) -> State | Fault:
    if len(state.done) >= _MAX_ACTS or any(not token.entry for token in state.stack):
        return Fault(operation.call, f"{_shown(operation.variable)} is put in force inside an override of its own")
    act = Done("pop", operation.variable, operation.discipline, "", operation.call)
    entry = Token(-1, operation.discipline, entry=operation.variable)
    return state._replace(stack=(entry,), done=(*state.done, act))


def _override(state: State, operation: Override, mode: Mode) -> State | Fault:
    site = mode.identify(operation.call)
    if site in state.sites() or any(token.site == site for token in state.stack):
        return Fault(operation.call, "it overrides again while its own override is in force")
    token = Token(site, operation.discipline)
    after = state
    if operation.variable != RESULT:
        after = state.store(operation.variable, state.stack)
    done = after.done
    if mode.parameters is not None:
        if len(done) >= _MAX_ACTS:
            return Fault(operation.call, "it overrides again and again")
        done = (*done, Done("push", operation.variable, operation.discipline, operation.credential, site))
    return after._replace(stack=(*state.stack, token), done=done)


def _swap(state: State, operation: Swap, mode: Mode) -> State | Fault:
    site = mode.identify(operation.call)
    if state.stack and not state.stack[-1].entry:
        token = state.stack[-1]
        after = state._replace(stack=(*state.stack[:-1], token._replace(swapped=site)))
        if token.discipline is Discipline.LIGHT and operation.counted:
            reason = f"{operation.name}() drops a reference that the light override never took"
            return Fault(operation.call, reason, after)
        return after
    if mode.parameters is None:
        return Fault(operation.call, f"{operation.name}() replaces the credentials of the function's caller")
    done = state.done[:-1] if state.done and state.done[-1].what == "swap" else state.done
    act = Done("swap", "", Discipline.COUNTED, operation.credential, site)
    entry = Token(-1, Discipline.COUNTED, swapped=site, entry=RESULT)
    return state._replace(stack=(*state.stack[:-1], entry), done=(*done, act))


def apply(state: State, operation: Operation, mode: Mode = DIRECT) -> State | Fault:
    """The state after an operation that has one outcome, or what is wrong with it there."""
    if isinstance(operation, Override):
        return _override(state, operation, mode)
    if isinstance(operation, Revert):
        return _revert(state, operation, mode)
    if isinstance(operation, Swap):
        return _swap(state, operation, mode)
    if isinstance(operation, Store):
        return state.store(operation.variable, NULL if operation.null else UNKNOWN)
    if isinstance(operation, Enter):
        token = Token(mode.identify(operation.call), operation.discipline)
        guards = (*state.guards, (operation.opened, state.stack))
        return state._replace(guards=guards, stack=(*state.stack, token))
    if isinstance(operation, Leave):
        return _leave(state, operation.opened)
    reason = operation.reason if isinstance(operation, Opaque) else "more outcomes than one"
    return Fault(operation.call, reason)


def _leave(state: State, opened: int) -> State | Fault:
    for index, (number, stack) in enumerate(state.guards):
        if number == opened:
            after = state._replace(guards=state.guards[:index] + state.guards[index + 1 :], stack=stack)
            if state.stack[:-1] != stack and state.stack != stack:
                return Fault(opened, "a scope ends inside another override", after)
            return after
    return state


def _choose(state: State, operation: Call, choice: Choice, mode: Mode) -> State | Fault | None:
    """The state after a call that ended in one way; None when it cannot end like that here."""
    for place, mask in choice.given:
        left = state.known(place) & mask
        if not left:
            return None
        state = state.learn([(place, left)])
    for inner in choice.operations:
        after = apply(state, inner, mode)
        if isinstance(after, Fault):
            told = after.reason.startswith(operation.name)
            reason = after.reason if told else f"{operation.name}(): {after.reason}"
            return replace(after, call=operation.call, reason=reason)
        state = after
    return state.learn(choice.leaves)


def outcomes(step: Step, state: State, mode: Mode = DIRECT) -> list[tuple[int, State | Fault]]:
    """Every state that a step can leave, with the number of the outcome (0 where there is one only), or faults."""
    found: list[tuple[int, State | Fault]] = []
    for operation in step.operations:
        if isinstance(operation, Call):  # it is a step's only operation
            for number, choice in enumerate(operation.choices):
                after = _choose(state, operation, choice, mode)
                if after is not None:
                    found.append((number, after))
            return [(n, after if isinstance(after, Fault) else learned(step, after, mode)) for n, after in found]
        next_state = apply(state, operation, mode)
        if isinstance(next_state, Fault):
            return [(0, next_state)]
        state = next_state
    return [(0, learned(step, state, mode))]


def learned(step: Step, state: State, mode: Mode = DIRECT) -> State:
    """The state after what a step sets is known."""
    if not step.learns:
        return state
    for place, value in step.learns:
        state = state.learn([(place, value_of(value, state.known))])
    if mode.parameters is not None:
        state = state._replace(written=state.written | {place for place, _ in step.learns})
    return state


def ways_on(steps: Steps, number: int, state: State, mode: Mode = DIRECT) -> list[tuple[object, int, State]]:
    """The edges that can be taken after a node, and the states on them: a test of what is known takes one only."""
    node, test = steps.flow.nodes[number], steps.steps[number].test
    if test is None or node.kind is not Kind.CONDITION:
        state = state.forget_result()
        return [(label, target, state) for label, target in node.edges]
    value = value_of(test, state.known)
    found: list[tuple[object, int, State]] = []
    for label, target in node.edges:
        truth = label == "true"
        if value & ((NEGATIVE | POSITIVE) if truth else ZERO):
            after = _tell(steps, state, test, truth, mode)
            if after is not None:
                found.append((label, target, after))
    return found


def _tell(steps: Steps, state: State, test: Test, truth: bool, mode: Mode) -> State | None:
    """What a condition that turned out one way tells; None when it cannot have."""
    told = [(place, mask) for place, mask in learn(test, truth, state.known) if place in steps.tracked]
    if not told:
        return state.forget_result()
    if any(not mask for _, mask in told):
        return None
    if mode.parameters is not None:
        fresh = [item for item in told if state.known(item[0]) == ANY and _is_entry(state, item[0], mode)]
        if fresh:
            state = state._replace(given=tuple(sorted({**dict(state.given), **dict(fresh)}.items())))
    return state.learn(told).forget_result()


def _is_entry(state: State, place: str, mode: Mode) -> bool:
    """Whether a place still holds what it held at the function's entry, as far as is known."""
    if mode.parameters is None or root_of(place) not in mode.parameters or "." not in place:
        return False
    return place not in state.written


@dataclass(frozen=True)
class Exit:
    """One way that a function ends: what is in force and saved then, and what is returned (None: nothing)."""

    state: State
    value: str | None
    result: int


@dataclass
class Exploration:
    """What a walk over every path found.

    `before` holds, for each flow node, every stack it is reached with; `exits` the stacks at the function's exits;
    `ends` the reverts (by call offset) that end each override (by site); `exposed` for each event offset the stacks
    it runs under; `ways_out` the whole states at the exits. `to_faults` and `to_exits` give, where they were asked for,
    the flow nodes of a shortest path to each fault, and to the end of the function with each stack.
    """

    before: dict[int, set[Stack]] = field(default_factory=dict)
    exits: set[Stack] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    ends: dict[int, set[int]] = field(default_factory=dict)
    exposed: dict[int, set[tuple[int, ...]]] = field(default_factory=dict)
    returned: set[tuple[Stack, str | None]] = field(default_factory=set)
    ways_out: set[Exit] = field(default_factory=set)
    to_faults: dict[Fault, tuple[int, ...]] = field(default_factory=dict)
    to_exits: dict[Stack, tuple[int, ...]] = field(default_factory=dict)
    complete: bool = True


def _note_ends(found: Exploration, step: Step, state: State) -> None:
    for operation in step.operations:
        inner: tuple[object, ...] = (operation,)
        if isinstance(operation, Call):
            inner = tuple(item for choice in operation.choices for item in choice.operations)
        if state.stack and any(isinstance(item, Revert) for item in inner) and not isinstance(operation, Leave):
            found.ends.setdefault(state.stack[-1].site, set()).add(_offset(operation))


def _result(step: Step, state: State) -> int:
    """What a return statement can return."""
    if any(isinstance(operation, Override) for operation in step.operations):
        return POSITIVE  # what was in force is never NULL
    return ANY if step.test is None else value_of(step.test, state.known)


def _offset(operation: Operation) -> int:
    return -1 if isinstance(operation, Store | Leave) else operation.call


_Item = tuple[int, State, str | None, int]


class _Walk:
    """A walk over every path: what is to be looked at, and what was found."""

    def __init__(self, steps: Steps, mode: Mode, tolerate: bool, trace: bool) -> None:
        self.steps = steps
        self.mode = mode
        self.tolerate = tolerate
        self.found = Exploration()
        start: _Item = (0, State(), None, ANY)
        self.seen: set[_Item] = {start}
        self.queue: deque[_Item] = deque(self.seen)
        self.here = start
        self.came: dict[_Item, _Item] | None = {} if trace else None

    def run(self) -> Exploration:
        while self.queue:
            self.here = number, state, value, result = self.queue.popleft()
            step = self.steps.steps[number]
            self.found.before.setdefault(number, set()).add(state.stack)
            for event in step.events:
                self.found.exposed.setdefault(self.mode.identify(event.offset), set()).add(state.sites())
            _note_ends(self.found, step, state)
            for _, after in outcomes(step, state, self.mode):
                onward = self._tolerated(after, state) if isinstance(after, Fault) else after
                if onward is not None:
                    self._leave(number, onward, value, result)
            if len(self.seen) > MAX_STATES:
                self.found.complete = False
                break
        return self.found

    def _tolerated(self, fault: Fault, before: State) -> State | None:
        if fault not in self.found.faults:
            self.found.faults.append(fault)
            if self.came is not None:
                self.found.to_faults[fault] = self._way(self.came)
        return (fault.onward or before) if self.tolerate else None

    def _leave(self, number: int, state: State, value: str | None, result: int) -> None:
        """Go on from a node, in the state after it."""
        if len(state.stack) > MAX_DEPTH:
            self.found.complete = False
            return
        node, step = self.steps.flow.nodes[number], self.steps.steps[number]
        if node.kind is Kind.RETURN:
            text = text_of(node.syntax) if node.syntax is not None else None
            self.found.returned.add((state.stack, text))
            if self.mode.parameters is not None:
                value, result = text, _result(step, state)
        elif node.kind is Kind.EXIT:
            self.found.exits.add(state.stack)
            if self.came is not None and state.stack not in self.found.to_exits:
                self.found.to_exits[state.stack] = self._way(self.came)
            self.found.ways_out.add(Exit(state, value, result))
        for _, target, onward in ways_on(self.steps, number, state, self.mode):
            item: _Item = (target, onward, value, result)
            if item not in self.seen:
                self.seen.add(item)
                self.queue.append(item)
                if self.came is not None:
                    self.came[item] = self.here

    def _way(self, came: dict[_Item, _Item]) -> tuple[int, ...]:
        """The nodes of the way to where the walk is, which is a shortest one: states are looked at breadth first."""
        numbers, item = [self.here[0]], self.here
        while item in came:
            item = came[item]
            numbers.append(item[0])
        return tuple(reversed(numbers))


def explore(
    steps: Steps, identify: Identify = _same, *, tolerate: bool = False, mode: Mode | None = None, trace: bool = False
) -> Exploration:
    """Walk every path of a function, state by state.

    With `tolerate`, a step that is at fault leaves the state as it is, so that the rest of the function can still be
    looked at; otherwise the path ends there. With `trace`, the ways to faults and exits are kept.
    """
    return _Walk(steps, mode or Mode(identify), tolerate, trace).run()


def opaque_operations(steps: Steps) -> list[Opaque]:
    """The operations of a function that the proof cannot follow."""
    return [operation for operation in steps.operations() if isinstance(operation, Opaque)]
