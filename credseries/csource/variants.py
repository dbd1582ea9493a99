"""The variants of a function that has `#if` in its body: each way through the conditions is analysed on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from credseries.csource.lexical import Span, blanked, uncommented

MAX_VARIANTS = 4
_DIRECTIVE = re.compile(rb"\s*#\s*(\w*)\s*(.*)", re.DOTALL)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_OPENING, _FURTHER = (b"if", b"ifdef", b"ifndef"), (b"elif", b"else")
_DEFINING = (b"define", b"undef")
# Those that leave the statements around them alone; an empty one is no directive at all.
_HARMLESS = (*_OPENING, *_FURTHER, *_DEFINING, b"endif", b"pragma", b"error", b"warning", b"line", b"")


class TooManyVariants(Exception):
    """A function has more ways through its conditions than are analysed."""


class UnbalancedConditions(Exception):
    """The `#if` and `#endif` of a function do not pair up inside it."""


class ForeignDirective(Exception):
    """A function has a directive that puts other text in its place, or that is not known; the message is its word."""


@dataclass
class _Group:
    conditions: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    has_else: bool = False


@dataclass(frozen=True)
class _Directive:
    word: bytes
    rest: bytes
    span: Span


def _read(source: bytes, directives: Sequence[Span]) -> list[_Directive]:
    found = []
    for span in directives:
        match = _DIRECTIVE.match(uncommented(source[span.start : span.end]))
        if match is None or match.group(1) not in _HARMLESS:
            word = match.group(1) if match is not None else b""
            raise ForeignDirective(word.decode("ascii", "replace"))
        found.append(_Directive(match.group(1), b" ".join(match.group(2).split()), span))
    return found


def _groups(directives: Sequence[_Directive]) -> list[_Group]:
    done: list[_Group] = []
    open_groups: list[_Group] = []
    for directive in directives:
        word, condition, span = directive.word, directive.rest, directive.span
        if word in _OPENING:
            open_groups.append(_Group([word + b" " + condition], [span.end]))
        elif word in _FURTHER:
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


_Key = tuple[int, tuple[bytes, ...]]


def _key(group: _Group, defined: set[bytes]) -> _Key:
    """What groups have in common that take the same branch; a place of its own where no other group is sure to."""
    words = {word for condition in group.conditions for word in _WORD.findall(condition)}
    return (group.starts[0] if words & defined else -1, tuple(group.conditions))


def variants(source: bytes, code: bytes, directives: Sequence[Span]) -> list[bytes]:
    """Every text that the preprocessor can leave of a function, each of the same length.

    `directives` are the directives of `source`, `code` is `source` with them blanked. Groups with the same conditions
    take the same branch, unless a macro that they ask for is defined or undefined between them. Raises TooManyVariants
    beyond MAX_VARIANTS, UnbalancedConditions and ForeignDirective.
    """
    read = _read(source, directives)
    groups = _groups(read)
    defined = {name for item in read if item.word in _DEFINING for name in _WORD.findall(item.rest)[:1]}
    choices: dict[_Key, int] = {}
    for group in groups:
        choices[_key(group, defined)] = len(group.conditions) + (not group.has_else)
    combinations: list[dict[_Key, int]] = [{}]
    for key, count in choices.items():
        combinations = [{**chosen, key: branch} for chosen in combinations for branch in range(count)]
        if len(combinations) > MAX_VARIANTS:
            raise TooManyVariants
    found = []
    for chosen in combinations:
        text = bytearray(code)
        for group in groups:
            branch = chosen[_key(group, defined)]
            for index, (start, end) in enumerate(zip(group.starts, group.ends, strict=True)):
                if index != branch:
                    text[start:end] = blanked(bytes(text[start:end]))
        if bytes(text) not in found:
            found.append(bytes(text))
    return found
