"""Walks every path of a function, goes on where the proof would stop, and notes what is wrong on the way."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from tree_sitter import Node

from credseries.creds.audit.trail import (
    CALLER,
    COMMITTED,
    Canonical,
    Credential,
    Slip,
    SlipKind,
    Trail,
    Visit,
)
from credseries.creds.effects import Discipline, Effects
from credseries.creds.operations import Call, Enter, Leave, Opaque, Operation, Override, Revert, Steps, Swap
from credseries.creds.state import MAX_STATES, NULL, Fault, State, Token, apply, learned, ways_on
from credseries.csource.flow import FlowNode, Kind
from credseries.csource.function import Function
from credseries.csource.syntax import arguments, callee, text_of, walk
from credseries.csource.syntax import field as child_field


def node_of_call(within: Node | None, offset: int) -> Node | None:
    """The call expression that starts at an offset."""
    if within is None:
        return None
    calls = (node for node in walk(within) if node.type == "call_expression" and node.start_byte == offset)
    return next(calls, None)


def _put_in(call: Node) -> bool:
    """Whether a call's value is handed to put_cred() at once: what it replaced is dropped, not kept."""
    node = call.parent
    while node is not None and node.type in ("argument_list", "parenthesized_expression", "cast_expression"):
        node = node.parent
    return node is not None and node.type == "call_expression" and node.id != call.id and callee(node) == "put_cred"


class _Walk:
    def __init__(
        self,
        function: Function,
        steps: Steps,
        effects: Effects,
        canonical: Canonical,
        readers: frozenset[str],
    ) -> None:
        self.effects = effects
        self.canonical = canonical
        self.function = function
        self.found = Trail(function, steps)
        self.readers = readers
        self.parameters = frozenset[str]()
        self.read_into = self._read_into()
        self.guards = {item.opened: item for item in steps.operations() if isinstance(item, Enter)}
        self.entered = {item.call for item in self.guards.values()}
        for step in steps.steps:
            for operation in step.operations:
                self._name(operation)

    def _name(self, operation: Operation) -> None:
        if not isinstance(operation, Override | Enter):
            return
        given = operation.credential if isinstance(operation, Override) else operation.expression
        if given or (isinstance(operation, Override) and operation.argument == (0, 0)):
            spelled = f"{operation.via}({given})" if operation.via and operation.via not in _DIRECT else given
            self.found.credentials[operation.call] = Credential(self.canonical(spelled), spelled)
            return
        text = " ".join(self.function.text(*operation.argument).split())
        via = operation.via if isinstance(operation, Override) else ""
        spelled = f"{via}({text})" if via and via not in _DIRECT else text
        code = self.function.code[slice(*operation.argument)].decode("utf-8", "replace")
        key = self.canonical(f"{via}({code})" if via and via not in _DIRECT else code)
        self.found.credentials[operation.call] = Credential(key, spelled)

    def _resolve(self, operation: Override | Enter, state: State) -> None:
        """Name what is in force already, or was before: the saved variable, or the task's credentials read anew."""
        text = self.function.code[slice(*operation.argument)].decode("utf-8", "replace").strip()
        known = self.found.credentials
        meant: Credential | None = None
        value = state.value(text)
        if isinstance(value, tuple):
            meant = self.found.credential(value[-1]) if value else CALLER
        elif self._is_current(text):
            meant = self.found.in_force(state)
        elif text in self.read_into:
            keys = self.found.exposed.get(self.read_into[text], {})
            if set(keys) == {CALLER.key}:
                meant = CALLER
        if meant is not None:
            known[operation.call] = meant

    def _is_current(self, text: str) -> bool:
        """Whether an expression is the credentials in force: `current_cred()`, `current->cred`."""
        match = _CURRENT.fullmatch("".join(text.split()))
        return match is not None and (match.group(1) is None or match.group(1) in self.readers)

    def _read_into(self) -> dict[str, int]:
        """The variables that are set once, to the credentials in force then: by name, the offset of that read."""
        found: dict[str, list[int]] = {}
        for node in self.found.steps.flow.nodes:
            for inner in walk(node.syntax) if node.syntax is not None else ():
                target = value = None
                if inner.type == "init_declarator":
                    target, value = child_field(inner, "declarator"), child_field(inner, "value")
                elif inner.type == "assignment_expression":
                    target, value = child_field(inner, "left"), child_field(inner, "right")
                while target is not None and target.type == "pointer_declarator":
                    target = child_field(target, "declarator")
                if target is None or value is None or target.type != "identifier":
                    continue
                current = self._is_current(text_of(value))
                found.setdefault(text_of(target), []).append(value.start_byte if current else -1)
        return {name: places[0] for name, places in found.items() if len(places) == 1 and places[0] >= 0}

    # -- one step

    def after(self, node: FlowNode, state: State, visit: Visit) -> list[State]:
        """The states that a node's operations lead to."""
        states = [state]
        for operation in self.found.steps.steps[node.number].operations:
            states = [new for old in states for new in self._apply(node, old, operation, visit)]
        return [learned(self.found.steps.steps[node.number], new) for new in states]

    def _apply(self, node: FlowNode, state: State, operation: Operation, visit: Visit) -> list[State]:
        if isinstance(operation, Override | Enter) and operation.call in state.sites():
            # a loop that overrides again and again: what is in force is the same
            return [state]
        if isinstance(operation, Override | Enter):
            self._resolve(operation, state)
            under = self.found.in_force(state).key
            self.found.overridden.setdefault(operation.call, {}).setdefault(under, visit)
        if isinstance(operation, Revert):
            return [self._revert(state, operation, visit)]
        if isinstance(operation, Opaque):
            return self._opaque(node, state, operation, visit)
        if isinstance(operation, Leave):
            self._leave(state, operation, visit)
        if isinstance(operation, Call):
            return self._call(node, state, operation, visit)
        if isinstance(operation, Swap):
            return [self._swap(state, operation, visit)]
        after = apply(state, operation)
        return [state] if isinstance(after, Fault) else [after]

    def _call(self, node: FlowNode, state: State, operation: Call, visit: Visit) -> list[State]:
        """Every way that a call of known effect can end."""
        found = []
        for choice in operation.choices:
            if any(not state.known(place) & mask for place, mask in choice.given):
                continue
            states = [state]
            for inner in choice.operations:
                self._name(inner)
                states = [new for old in states for new in self._apply(node, old, inner, visit)]
            found += [new.learn(choice.leaves) for new in states]
        return found

    def _swap(self, state: State, operation: Swap, visit: Visit) -> State:
        """Another credential in place of the one in force, whose reference is dropped."""
        self.found.credentials[operation.call] = Credential(self.canonical(operation.credential), operation.credential)
        token = Token(operation.call, Discipline.COUNTED)
        if not state.stack:
            return state._replace(stack=(Token(-operation.call - 1, Discipline.COUNTED), token))
        top = state.stack[-1]
        if top.discipline is Discipline.LIGHT and top.site >= 0 and operation.counted:
            name = self.found.credential(top).words
            reason = f"it drops a reference to {name}, but the override was light and took none"
            self._slip(SlipKind.DROPS, operation.call, top.site, reason, visit)
        return state._replace(stack=(*state.stack[:-1], token))

    def _leave(self, state: State, operation: Leave, visit: Visit) -> None:
        """The end of a guard's scope ends what is in force then, which may not be what the guard put in force."""
        saved = dict(state.guards).get(operation.opened)
        guard = self.guards.get(operation.opened)
        if saved is None or guard is None or len(state.stack) <= len(saved):
            return
        top = state.stack[-1]
        if top.site == guard.call or top.site < 0:
            return
        name = self.found.credential(top).words
        if top.discipline is Discipline.COUNTED and guard.discipline is Discipline.LIGHT:
            reason = f"the end of the guard's scope goes back past {name}, whose counted override is never ended"
            self._slip(SlipKind.LEAKS, top.site, top.site, reason, visit)
        elif top.discipline is Discipline.LIGHT and guard.discipline is Discipline.COUNTED:
            reason = f"the end of the guard's scope drops a reference to {name}, whose override took none"
            self._slip(SlipKind.DROPS, top.site, top.site, reason, visit)

    def _slip(self, kind: SlipKind, call: int, site: int, reason: str, visit: Visit) -> None:
        self.found.slips.setdefault(Slip(kind, call, site, reason), visit)

    def _end(self, state: State, discipline: Discipline, call: int, visit: Visit) -> State:
        """End the innermost override, or the caller's when this function has none."""
        if not state.stack:
            return state._replace(stack=(Token(-call - 1, discipline),))
        top = state.stack[-1]
        if top.site < 0:
            return state
        name = self.found.credential(top).words
        if top.discipline is Discipline.COUNTED and discipline is Discipline.LIGHT:
            reason = f"a light revert ends the counted override of {name}: its reference leaks"
            self._slip(SlipKind.LEAKS, call, top.site, reason, visit)
        elif top.discipline is Discipline.LIGHT and discipline is Discipline.COUNTED:
            reason = f"it drops a reference to {name}, but the override was light and took none"
            self._slip(SlipKind.DROPS, call, top.site, reason, visit)
        return state._replace(stack=state.stack[:-1])

    def _by_hand(self, state: State, call: int, visit: Visit) -> bool:
        """Whether what is in force is a guard's, which a revert by hand must leave alone."""
        if not state.stack or state.stack[-1].site not in self.entered:
            return False
        name = self.found.in_force(state).words
        reason = f"it reverts by hand what the guard for {name} reverts again at the end of its scope"
        self._slip(SlipKind.BY_HAND, call, state.stack[-1].site, reason, visit)
        return True

    def _revert(self, state: State, operation: Revert, visit: Visit) -> State:
        value = state.value(operation.variable)
        if self._by_hand(state, operation.call, visit):
            return state._replace(stack=value if isinstance(value, tuple) else state.stack[:-1])
        if value == NULL or (isinstance(value, tuple) and len(value) >= len(state.stack)):
            reason = f"on this path {operation.variable} does not hold what an override in force replaced"
            self._slip(SlipKind.DROPS, operation.call, -1, reason, visit)
            return state
        if isinstance(value, tuple) and state.stack[:-1] != value:
            for token in state.stack[len(value) + 1 :]:
                reason = f"it goes back past {self.found.credential(token).words}, whose override is never ended"
                if token.discipline is Discipline.COUNTED:
                    self._slip(SlipKind.LEAKS, operation.call, token.site, reason, visit)
            return state._replace(stack=value)
        local = isinstance(value, str) and not state.stack and operation.variable not in self.parameters
        if local and self.overrides_into(operation.variable):
            reason = f"on this path nothing was saved in {operation.variable}"
            self._slip(SlipKind.DROPS, operation.call, -1, reason, visit)
            return state
        return self._end(state, operation.discipline, operation.call, visit)

    def overrides_into(self, variable: str) -> bool:
        """Whether an override of the function is saved in a variable."""
        operations = self.found.steps.operations()
        return any(isinstance(item, Override) and item.variable == variable for item in operations)

    def _opaque(self, node: FlowNode, state: State, operation: Opaque, visit: Visit) -> list[State]:
        if operation.name in self.effects.reverts:
            self._by_hand(state, operation.call, visit)
            return [self._end(state, self.effects.reverts[operation.name], operation.call, visit)]
        if operation.name in self.effects.overrides:
            return [self._replace(node, state, operation, visit)]
        if operation.name == "commit_creds":
            return [self._put(state, operation.call, COMMITTED, Discipline.COUNTED)]
        self.found.problem = self.found.problem or operation.reason
        return [state]

    def _put(self, state: State, site: int, credential: Credential, discipline: Discipline) -> State:
        self.found.credentials[site] = credential
        rest = tuple(token for token in state.stack if token.site != site)
        return state._replace(stack=(*rest, Token(site, discipline)))

    def _replace(self, node: FlowNode, state: State, operation: Opaque, visit: Visit) -> State:
        """An override whose return value is not saved: what it replaced is put, or kept where nobody looks."""
        call = node_of_call(node.syntax, operation.call)
        passed = arguments(call) if call is not None else []
        text = " ".join(self.function.text(passed[0].start_byte, passed[0].end_byte).split()) if passed else "?"
        via = "" if operation.name in _DIRECT else operation.name
        spelled = f"{via}({text})" if via else text
        credential = Credential(self.canonical(spelled), spelled)
        if call is not None and _put_in(call):
            ended = self._end(state, Discipline.COUNTED, operation.call, visit)
            if state.stack:
                state = ended
            else:
                self.found.credentials[operation.call] = credential
                discipline = self.effects.overrides[operation.name]
                return state._replace(
                    stack=(Token(-operation.call - 1, Discipline.COUNTED), Token(operation.call, discipline))
                )
        return self._put(state, operation.call, credential, self.effects.overrides[operation.name])

    # -- all of them

    def run(self, parameters: frozenset[str]) -> Trail:
        self.parameters = parameters
        found, steps = self.found, self.found.steps
        start = State()
        found.visits.append((0, start, -1))
        seen = {(0, start)}
        queue = deque([0])
        while queue:
            visit = queue.popleft()
            number, state, _ = found.visits[visit]
            node = steps.flow.nodes[number]
            self._record(node, state, visit)
            for after in self.after(node, state, visit):
                if node.kind is Kind.EXIT:
                    found.exits.setdefault(after.stack, visit)
                for _, target, onward in ways_on(steps, number, after):
                    if (target, onward) not in seen:
                        seen.add((target, onward))
                        found.visits.append((target, onward, visit))
                        queue.append(len(found.visits) - 1)
            if len(seen) > MAX_STATES:
                found.problem = "the function has more states than are followed"
                break
        return found

    def _record(self, node: FlowNode, state: State, visit: Visit) -> None:
        key = self.found.in_force(state).key
        self.found.reached.setdefault(node.number, visit)
        for event in self.found.steps.steps[node.number].events:
            self.found.exposed.setdefault(event.offset, {}).setdefault(key, visit)
        if node.kind is Kind.CLEANUP:
            self.found.cleanups.setdefault(node.opened, {}).setdefault(key, visit)


_CURRENT = re.compile(r"(?:rcu_dereference\w*\()?(?:(\w+)\(\)|current->cred)\)?")
_DIRECT = ("override_creds", "override_creds_light")


def follow(
    function: Function,
    steps: Steps,
    effects: Effects,
    canonical: Canonical,
    parameters: Mapping[str, str],
    readers: frozenset[str],
) -> Trail:
    """Walk every path of a function variant from its entry.

    `canonical` makes an override expression comparable, `readers` are the functions that give the credentials in
    force. A call whose effect is not known becomes the trail's `problem`.
    """
    return _Walk(function, steps, effects, canonical, readers).run(frozenset(parameters))
