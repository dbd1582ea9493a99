"""One variant of a function, walked: what is in force before each of its steps, and what cannot be said of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from credseries.creds.flow.model import OWN_KEY, UNKNOWN, Credential, Kind, Unfollowed
from credseries.creds.operations import Call, Enter, Leave, Override, Steps, Store, Swap
from credseries.creds.places import RESULT
from credseries.creds.sites import Analysis
from credseries.creds.state import Exploration, Mode, Stack, explore
from credseries.creds.steps import read_steps
from credseries.csource.flow import Flow, FlowNode
from credseries.csource.flow import Kind as NodeKind
from credseries.csource.function import Function

Origin = Callable[[int], int]
Accessors = Mapping[str, str]


@dataclass(frozen=True)
class Put:
    """Where an override is written: the offset of its call, how, and what it puts in force."""

    call: int
    form: str
    credential: Credential


@dataclass
class Walked:
    """What a walk over every path of a variant gave.

    `stacks` are the overrides that can be in force before each node, `uncertain` the nodes that can also be reached in
    a way that is not followed. `puts` are the overrides by site (an offset of the text before a rewrite).
    """

    function: Function
    steps: Steps
    found: Exploration
    puts: dict[int, Put]
    own: Credential
    uncertain: set[int] = field(default_factory=set)
    unfollowed: list[Unfollowed] = field(default_factory=list)

    @property
    def flow(self) -> Flow:
        """The variant's control flow."""
        return self.steps.flow

    def stacks(self, number: int) -> set[Stack]:
        """The overrides that can be in force before a node."""
        return self.found.before.get(number, set())

    def credential(self, stack: Stack) -> Credential:
        """What is in force when these overrides are."""
        if not stack:
            return self.own
        token = stack[-1]
        put = self.puts.get(token.swapped if token.swapped >= 0 else token.site)
        if put is not None:
            return put.credential
        place = token.entry if token.entry != RESULT else "what it returned"
        return Credential(f"<{place}>", Kind.EARLIER, f"what {place.replace('.', '->')} kept from before")

    def under(self, numbers: Iterable[int]) -> set[Credential]:
        """Everything that can be in force before some nodes."""
        found = {self.credential(stack) for number in numbers for stack in self.stacks(number)}
        return found | ({UNKNOWN} if self.uncertain.intersection(numbers) else set())

    def lines(self, node: FlowNode) -> range:
        """The lines of what a node evaluates."""
        start, end = (node.start, node.end) if node.syntax is None else (node.syntax.start_byte, node.syntax.end_byte)
        return range(self.function.line(start), self.function.line(max(start, end - 1)) + 1)

    def way(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """The lines of a way through nodes."""
        lines: list[int] = []
        for number in numbers:
            node = self.flow.nodes[number]
            if node.kind in (NodeKind.ENTRY, NodeKind.EXIT):
                continue
            line = self.lines(node).start
            if not lines or lines[-1] != line:
                lines.append(line)
        return tuple(lines)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


class _Reader:
    """Names what the steps of a variant put in force."""

    def __init__(self, analysis: Analysis, steps: Steps, origin: Origin, accessors: Accessors) -> None:
        self.function = analysis.function
        self.effects = analysis.effects
        self.steps = steps
        self.origin = origin
        self.accessors = accessors

    def puts(self) -> dict[int, Put]:
        found = {}
        for node, step in zip(self.steps.flow.nodes, self.steps.steps, strict=True):
            for operation in step.operations:
                put = self._put(node, operation)
                if put is not None:
                    found[self.origin(put.call)] = put
        return found

    def _put(self, node: FlowNode, operation: object) -> Put | None:
        if isinstance(operation, Override):
            text = operation.credential or self.function.text(*operation.argument)
            form = f"{operation.via}()" if operation.via in self.effects.wrappers else "override"
            return Put(operation.call, form, self._spelled(text, operation.via))
        if isinstance(operation, Enter):
            text = operation.expression or self.function.text(*operation.argument)
            return Put(operation.call, node.written or node.macro, self._spelled(text, operation.via))
        if isinstance(operation, Swap):
            return Put(operation.call, f"{operation.name}()", self._spelled(operation.credential, operation.name))
        if isinstance(operation, Call) and operation.overrides:
            inner = next(
                item for choice in operation.choices for item in choice.operations if isinstance(item, Override | Swap)
            )
            words = _squeezed(
                operation.expression if not inner.credential else f"{operation.name}(): {inner.credential}"
            )
            key = "".join((inner.credential or operation.expression).split())
            return Put(operation.call, f"{operation.name}()", Credential(key, Kind.OVERRIDE, words))
        return None

    def _spelled(self, text: str, via: str) -> Credential:
        words = _squeezed(text)
        if via in self.effects.wrappers:
            words = f"{via}({words})"
            text = f"{self.accessors.get(via, via)}({text})"
        return Credential("".join(text.split()), Kind.OVERRIDE, words)


def walk_variants(analysis: Analysis, origin: Origin, accessors: Accessors) -> list[Walked]:
    """Walk each variant of a function that could be read; `origin` leads to offsets of the text before a rewrite."""
    found = []
    own = Credential(OWN_KEY, Kind.OWN, analysis.effects.outside)
    for variant, read in zip(analysis.function.variants, analysis.steps, strict=True):
        steps, mode = read, Mode(origin)
        if analysis.for_caller:  # it changes what its caller runs under, which only this walk follows
            steps = read_steps(variant, analysis.effects, members=True)
            mode = Mode(origin, frozenset(variant.parameters))
        puts = _Reader(analysis, steps, origin, accessors).puts()
        walked = Walked(analysis.function, steps, explore(steps, mode=mode, trace=True), puts, own)
        _note_unfollowed(walked)
        found.append(walked)
    return found


def _note_unfollowed(walked: Walked) -> None:
    """Find the nodes that can be reached in a state that the walk does not know."""
    steps, found = walked.steps, walked.found
    if all(isinstance(operation, Leave | Store) for operation in steps.operations()):
        return  # it changes nothing, whichever way it goes
    everywhere = [(offset, reason) for offset, reason in (*steps.flow.unsupported, *steps.unfollowed)]
    if not found.complete:
        everywhere.append((0, "the function has more states than are followed"))
    for offset, reason in everywhere:
        walked.unfollowed.append(Unfollowed(walked.function.line(offset), reason))
        walked.uncertain |= {node.number for node in steps.flow.nodes}
    for fault, numbers in found.to_faults.items():
        line = walked.lines(steps.flow.nodes[numbers[-1]]).start
        walked.unfollowed.append(Unfollowed(line, fault.reason, walked.way(numbers)))
        walked.uncertain |= _onward(steps.flow, (target for _, target in steps.flow.nodes[numbers[-1]].edges))
    opened = {operation.opened for step in steps.steps for operation in step.operations if isinstance(operation, Enter)}
    for bypass in steps.flow.bypasses:
        if bypass.opened in opened:
            line = walked.function.line(bypass.jump)
            reason = f"the jump skips the guard at line {walked.function.line(steps.flow.nodes[bypass.opened].start)}"
            walked.unfollowed.append(Unfollowed(line, reason))
            into = [node.number for node in steps.flow.nodes if node.start == bypass.into]
            walked.uncertain |= _onward(steps.flow, into)


def _onward(flow: Flow, start: Iterable[int]) -> set[int]:
    """The nodes that can be reached from some nodes, with these."""
    reached: set[int] = set()
    waiting = list(start)
    while waiting:
        number = waiting.pop()
        if number not in reached:
            reached.add(number)
            waiting += [target for _, target in flow.nodes[number].edges]
    return reached
