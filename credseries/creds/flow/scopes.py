"""The scopes of overrides: where each begins, the lines that run in it, every place where it ends, and its column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from credseries.creds.flow.model import End, Scope
from credseries.creds.flow.walked import Put, Walked
from credseries.creds.operations import Call, Enter, Revert
from credseries.csource.flow import FlowNode, Kind

_JUMP = re.compile(rb"return|goto|break|continue")


@dataclass
class _Draft:
    """A scope while it is put together; `around` are the sites of the scopes that it can be inside of."""

    put: Put
    line: int
    ends: set[End] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)
    around: set[int] = field(default_factory=set)
    depth: int = 0
    outlives: bool = False


def evaluates(node: FlowNode) -> bool:
    """Whether a node stands for a statement, or a part of one, that is written where the node is."""
    return node.kind not in (Kind.ENTRY, Kind.EXIT, Kind.CLEANUP)


def scopes_of(variants: Iterable[Walked]) -> tuple[Scope, ...]:
    """The scopes of a function, in the order of their first lines."""
    drafts: dict[int, _Draft] = {}
    for walked in variants:
        for site, put in walked.puts.items():
            drafts.setdefault(site, _Draft(put, walked.function.line(put.call)))
        _note_lines(walked, drafts)
        _note_ends(walked, drafts)
    return _in_columns({site: draft for site, draft in drafts.items() if draft.lines or draft.ends or draft.outlives})


def _note_lines(walked: Walked, drafts: dict[int, _Draft]) -> None:
    for node in walked.flow.nodes:
        for stack in walked.stacks(node.number):
            for depth, token in enumerate(stack):
                draft = drafts.get(token.site)
                if draft is None:
                    continue
                draft.depth = max(draft.depth, depth)
                draft.around.update(outer.site for outer in stack[:depth])
                draft.outlives = draft.outlives or node.kind is Kind.EXIT
                if evaluates(node):
                    draft.lines.update(walked.lines(node))


def _note_ends(walked: Walked, drafts: dict[int, _Draft]) -> None:
    hows: dict[int, str] = {}
    entered: dict[int, int] = {}  # the sites of guards by the number of the node that opens them
    sites = {put.call: site for site, put in walked.puts.items()}
    for operation in walked.steps.operations():
        if isinstance(operation, Revert):
            hows[operation.call] = "revert"
        elif isinstance(operation, Call):
            hows[operation.call] = f"{operation.name}()"
        elif isinstance(operation, Enter):
            entered[operation.opened] = sites[operation.call]
    for site, calls in walked.found.ends.items():
        if site in drafts:
            drafts[site].ends.update(End(walked.function.line(call), hows[call]) for call in calls if call in hows)
    for node in walked.flow.nodes:
        site = entered.get(node.opened, -1) if node.kind is Kind.CLEANUP else -1
        if any(token.site == site for stack in walked.stacks(node.number) for token in stack) and site in drafts:
            jump = _JUMP.match(walked.function.code, node.start)
            how = jump.group().decode() if jump is not None else "}"
            drafts[site].ends.add(End(walked.function.line(node.start), how))


def _in_columns(drafts: dict[int, _Draft]) -> tuple[Scope, ...]:
    """The scopes with columns: those further out, and then those that begin earlier, choose first."""
    placed: dict[int, Scope] = {}
    for site, draft in sorted(drafts.items(), key=lambda item: (item[1].depth, item[1].line, item[0])):
        ends = tuple(sorted(draft.ends, key=lambda end: (end.line, end.how)))
        form, credential = draft.put.form, draft.put.credential
        scope = Scope(0, site, credential, form, draft.line, ends, frozenset(draft.lines), 0, draft.outlives)
        beside = {other.column for other in placed.values() if _share(scope, other)}
        column = max((placed[outer].column + 1 for outer in draft.around if outer in placed), default=0)
        while column in beside:
            column += 1
        placed[site] = replace(scope, column=column)
    ordered = sorted(placed.values(), key=lambda scope: (scope.line, scope.site))
    return tuple(replace(scope, number=number) for number, scope in enumerate(ordered))


def _share(one: Scope, two: Scope) -> bool:
    return one.first <= two.last and two.first <= one.last
