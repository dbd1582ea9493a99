"""Reads the credential flow of a function from its analysis: the states that the proof works with, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from credseries.creds.flow.model import Call, Credential, CredentialFlow, Kind, Line, Scope, Unfollowed
from credseries.creds.flow.scopes import evaluates, scopes_of
from credseries.creds.flow.walked import Accessors, Origin, Walked, walk_variants
from credseries.creds.operations import Enter
from credseries.creds.sites import Analysis
from credseries.creds.state import Stack
from credseries.csource.flow import FlowNode
from credseries.csource.flow import Kind as NodeKind
from credseries.csource.function import Function


def _same(offset: int) -> int:
    return offset


@dataclass
class _Draft:
    """A line while it is put together."""

    runs: bool = False
    under: set[Credential] = field(default_factory=set)
    sites: dict[int, int] = field(default_factory=dict)  # what it can run in, with the depth
    calls: dict[tuple[int, str], Call] = field(default_factory=dict)


class _Reader:
    def __init__(self, analysis: Analysis, origin: Origin, accessors: Accessors) -> None:
        self.function: Function = analysis.function
        self.origin = origin
        self.variants = walk_variants(analysis, origin, accessors)
        self.drafts: dict[int, _Draft] = {}
        self.first: dict[str, int] = {}  # where credentials are put in force first
        for put in (put for walked in self.variants for put in walked.puts.values()):
            key = put.credential.key
            self.first[key] = min(put.call, self.first.get(key, put.call))
        for walked in self.variants:
            own = {item.opened for item in walked.steps.operations() if isinstance(item, Enter)}
            for node in walked.flow.nodes:
                self._read(walked, node, own)

    def _read(self, walked: Walked, node: FlowNode, own: set[int]) -> None:
        if evaluates(node):
            stacks, under = walked.stacks(node.number), walked.under([node.number])
            for number in walked.lines(node):
                draft = self.drafts.setdefault(number, _Draft())
                draft.runs = True
                draft.under |= under
                draft.sites.update((token.site, depth) for stack in stacks for depth, token in enumerate(stack))
        for event in walked.steps.steps[node.number].events:
            self._call(walked, node, event.name, event.offset, self.origin(event.offset))
        if node.written and node.kind is NodeKind.CONDITION:  # the head of a macro may call what it likes
            self._call(walked, node, node.written, node.start, self.origin(node.start))
        if node.kind is NodeKind.CLEANUP and node.opened not in own:
            opened = walked.flow.nodes[node.opened]
            name = f"the end of {opened.macro}({opened.tag})"
            self._call(walked, node, name, node.start, self.origin(opened.start), is_cleanup=True)

    def _call(
        self, walked: Walked, node: FlowNode, name: str, offset: int, origin: int, *, is_cleanup: bool = False
    ) -> None:
        line = self.function.line(offset)
        calls = self.drafts.setdefault(line, _Draft()).calls
        under = walked.under([node.number])
        sites = frozenset(map(_sites, walked.stacks(node.number)))
        known = calls.get((offset, name))
        if known is not None:
            under, sites = under | set(known.under), sites | known.sites
        calls[offset, name] = Call(name, line, offset, origin, self._ordered(under), sites, is_cleanup)

    def _ordered(self, under: Iterable[Credential]) -> tuple[Credential, ...]:
        """Its own credentials first, then overrides as the text comes to them, what is not known last."""
        kinds = list(Kind)

        def place(item: Credential) -> tuple[int, int, str]:
            return kinds.index(item.kind), self.first.get(item.key, -1), item.key

        return tuple(sorted(set(under), key=place))

    def read(self) -> CredentialFlow:
        scopes = scopes_of(self.variants)
        lines = tuple(self._line(line, scopes) for line in _text(self.function))
        exits = [node.number for walked in self.variants for node in walked.flow.nodes if node.kind is NodeKind.EXIT]
        leaves = {item for walked, number in zip(self.variants, exits, strict=True) for item in walked.under([number])}
        unfollowed = {(item.line, item.reason): item for walked in self.variants for item in walked.unfollowed}
        ordered = tuple(sorted(unfollowed.values(), key=lambda item: (item.line, item.reason)))
        found = self._met(lines, scopes, leaves)
        path, name = self.function.path, self.function.name
        return CredentialFlow(path, name, lines, scopes, found, self._ordered(leaves), self._left(), ordered)

    def _line(self, line: Line, scopes: Sequence[Scope]) -> Line:
        draft = self.drafts.get(line.number, _Draft())
        numbers = {scope.site: scope.number for scope in scopes}
        inside = sorted((depth, numbers[site]) for site, depth in draft.sites.items() if site in numbers)
        calls = sorted(draft.calls.values(), key=lambda call: (call.offset, call.name))
        return Line(
            line.number,
            line.text,
            draft.runs,
            self._ordered(draft.under),
            tuple(number for _, number in inside),
            tuple(scope.number for scope in scopes if scope.line == line.number),
            tuple(scope.number for scope in scopes if any(end.line == line.number for end in scope.ends)),
            tuple(calls),
        )

    def _met(
        self, lines: Iterable[Line], scopes: Sequence[Scope], leaves: Iterable[Credential]
    ) -> tuple[Credential, ...]:
        """The credentials in the order of the text."""
        found: dict[Credential, None] = {}
        for line in lines:
            begun = tuple(scope.credential for scope in scopes if scope.line == line.number)
            found.update(dict.fromkeys((*line.under, *(item for call in line.calls for item in call.under), *begun)))
        found.update(dict.fromkeys(self._ordered(leaves)))
        return tuple(found)

    def _left(self) -> tuple[int, ...]:
        """A shortest way to an end of the function with an override in force, or without one of the caller's."""
        ways = [
            walked.way(numbers) for walked in self.variants for stack, numbers in walked.found.to_exits.items() if stack
        ]
        return min(ways, key=lambda way: (len(way), way), default=())


def _sites(stack: Stack) -> tuple[int, ...]:
    return tuple(token.swapped if token.swapped >= 0 else token.site for token in stack)


def _text(function: Function) -> list[Line]:
    texts = function.source.split(b"\n")
    return [Line(function.first_line + at, text.decode("utf-8", "replace")) for at, text in enumerate(texts)]


def credential_flow(analysis: Analysis, origin: Origin = _same, accessors: Accessors | None = None) -> CredentialFlow:
    """What every line of an analysed function runs under.

    For a rewritten function, `origin` leads from its offsets to those of the text before, so that overrides are the
    same on both sides; `accessors` gives for each wrapper the function that returns what it would put in force.
    """
    function = analysis.function
    if analysis.unreadable is not None:
        reason = Unfollowed(function.first_line, analysis.unreadable)
        return CredentialFlow(
            function.path,
            function.name,
            tuple(_text(function)),
            unfollowed=(reason,),
            unreadable=analysis.unreadable,
        )
    return _Reader(analysis, origin, accessors or {}).read()
