"""The variants of a function that has `#if` in its body: each way through the conditions is analysed on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from credseries.csource.lexical import Span, blanked

MAX_VARIANTS = 4
_DIRECTIVE = re.compile(rb"[ \t]*#[ \t]*(\w+)[ \t]*(.*)", re.DOTALL)


class TooManyVariants(Exception):
    """A function has more ways through its conditions than are analysed."""


class UnbalancedConditions(Exception):
    """The `#if` and `#endif` of a function do not pair up inside it."""


@dataclass
class _Group:
    conditions: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    has_else: bool = False


def _groups(source: bytes, directives: Sequence[Span]) -> list[_Group]:
    done: list[_Group] = []
    open_groups: list[_Group] = []
    for span in directives:
        match = _DIRECTIVE.match(source[span.start : span.end])
        if match is None:
            continue
        word, condition = match.group(1), match.group(2).strip()
        if word in (b"if", b"ifdef", b"ifndef"):
            open_groups.append(_Group([word + b" " + condition], [span.end]))
        elif word in (b"elif", b"else"):
            if not open_groups:
                raise UnbalancedConditions
            group = open_groups[-1]
            group.ends.append(span.start)
            group.conditions.append(word + b" " + condition)
            group.starts.append(span.end)
            group.has_else = group.has_else or word == b"else"
        elif word == b"endif":
            if not open_groups:
                raise UnbalancedConditions
            group = open_groups.pop()
            group.ends.append(span.start)
            done.append(group)
    if open_groups:
        raise UnbalancedConditions
    return sorted(done, key=lambda group: group.starts[0])


def variants(source: bytes, code: bytes, directives: Sequence[Span]) -> list[bytes]:
    """Every text that the preprocessor can leave of a function, each of the same length.

    `directives` are the directives of `source`, `code` is `source` with them blanked. Groups with the same conditions
    take the same branch. Raises TooManyVariants beyond MAX_VARIANTS and UnbalancedConditions.
    """
    groups = _groups(source, directives)
    choices: dict[tuple[bytes, ...], int] = {}
    for group in groups:
        choices[tuple(group.conditions)] = len(group.conditions) + (not group.has_else)
    combinations: list[dict[tuple[bytes, ...], int]] = [{}]
    for key, count in choices.items():
        combinations = [{**chosen, key: branch} for chosen in combinations for branch in range(count)]
        if len(combinations) > MAX_VARIANTS:
            raise TooManyVariants
    found = []
    for chosen in combinations:
        text = bytearray(code)
        for group in groups:
            branch = chosen[tuple(group.conditions)]
            for index, (start, end) in enumerate(zip(group.starts, group.ends, strict=True)):
                if index != branch:
                    text[start:end] = blanked(bytes(text[start:end]))
        if bytes(text) not in found:
            found.append(bytes(text))
    return found
