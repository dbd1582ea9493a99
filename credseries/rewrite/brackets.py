"""The brackets beside a function's lines, from each override to its ends: what stands in which column. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from credseries.creds.flow.model import Credential, CredentialFlow, Line, Scope


class Stroke(Enum):
    """A part of a bracket: a scope begins, goes on, ends on one of its ways, ends, is on a line as a whole."""

    BEGIN = "begin"
    WITHIN = "within"
    END_ONE = "end one"
    END = "end"
    WHOLE = "whole"


@dataclass(frozen=True)
class Bracket:
    """A stroke and what the scope that it belongs to puts in force."""

    stroke: Stroke
    credential: Credential


Columns = tuple[Bracket | None, ...]


def brackets(flow: CredentialFlow) -> Mapping[int, Columns]:
    """For each line, by its number, what stands in each column; all lines have the same number of columns."""
    width = max((scope.column + 1 for scope in flow.scopes), default=0)
    return {line.number: tuple(_bracket(flow, column, line) for column in range(width)) for line in flow.lines}


def _bracket(flow: CredentialFlow, column: int, line: Line) -> Bracket | None:
    for scope in flow.scopes:
        if scope.column == column and scope.first <= line.number <= scope.last:
            stroke = _stroke(flow, scope, line)
            return Bracket(stroke, scope.credential) if stroke is not None else None
    return None


def _stroke(flow: CredentialFlow, scope: Scope, line: Line) -> Stroke | None:
    number, ends = line.number, {end.line for end in scope.ends}
    if number == scope.line:
        return Stroke.BEGIN if scope.last > number else Stroke.WHOLE
    if number in ends:
        return Stroke.END if number == scope.last else Stroke.END_ONE
    if number in scope.lines or (not line.runs and _is_between(flow, scope, number)):
        return Stroke.WITHIN
    return None


def _is_between(flow: CredentialFlow, scope: Scope, number: int) -> bool:
    """Whether a line on which nothing runs is surrounded by the scope."""
    inside = scope.lines | {scope.line}
    before = next((item for item in range(number - 1, scope.first - 1, -1) if flow.line(item).runs), scope.line)
    after = next((item for item in range(number + 1, scope.last + 1) if flow.line(item).runs), scope.last)
    return before in inside and (after in inside or after in {end.line for end in scope.ends})
