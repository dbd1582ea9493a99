"""Two versions of a function, side by side: which event of the one is which event of the other.

Lines first, then the tokens of the lines that differ (difflib's SequenceMatcher), then calls that are still without a
partner by name and arguments, then by name alone: a call that only lost an argument, or the assignment around it, is
the same call.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property

from tree_sitter import Node

from credseries.creds.operations import Event, Steps
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import arguments, identifiers, text_of, walk

_TOKEN = re.compile(rb"[A-Za-z_]\w*|\d[\w.]*|->|\+\+|--|&&|\|\||[<>=!+*/%&|^-]=|[^\w\s]")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Token:
    """A token of the body, by its byte offset in the function's text."""

    text: str
    start: int


@dataclass(frozen=True)
class Version:
    """One version of a function: a variant with its steps."""

    function: Function
    variant: Variant
    steps: Steps

    @cached_property
    def tokens(self) -> list[Token]:
        """The tokens of the masked body."""
        start, end = self.variant.body.start_byte, self.variant.body.end_byte
        found = _TOKEN.finditer(self.variant.masked.text, start, end)
        return [Token(match.group().decode("utf-8", "replace"), match.start()) for match in found]

    @cached_property
    def events(self) -> list[Event]:
        """Every event, in text order."""
        return sorted((event for step in self.steps.steps for event in step.events), key=lambda event: event.offset)

    @cached_property
    def calls_at(self) -> dict[int, list[Node]]:
        """The call expressions that begin at an offset, outermost first: `f(x)->g()` is two."""
        found: defaultdict[int, list[Node]] = defaultdict(list)
        for node in walk(self.variant.body):
            if node.type == "call_expression":
                found[node.start_byte].append(node)
        return dict(found)

    @cached_property
    def calls(self) -> dict[int, Node]:
        """Each call expression by its offset (of two that begin there, the inner one)."""
        return {offset: nodes[-1] for offset, nodes in self.calls_at.items()}

    @cached_property
    def names(self) -> set[str]:
        """Every identifier of the parameters and the body."""
        return {text_of(node) for node in identifiers(self.variant.body)} | set(self.variant.parameters)

    def line(self, offset: int) -> int:
        """The 1-based line in the file."""
        return self.function.line(offset)


@dataclass(frozen=True)
class Alignment:
    """Events of two versions matched: `partner` leads from an event's offset after to the one before.

    `tokens` does the same for every matched token, and `renamed` gives the name before of what has another name after.
    `group` is an event's call with its arguments made canonical: events of one group are the same call, repeated.
    """

    partner: Mapping[int, int]
    tokens: Mapping[int, int]
    renamed: Mapping[str, str]
    group_before: Mapping[int, str]
    group_after: Mapping[int, str]
    back: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "back", {before: after for after, before in self.partner.items()})


def _lines(version: Version) -> list[tuple[str, list[Token]]]:
    """The tokens by line, with the line's text in one spelling."""
    by_line: defaultdict[int, list[Token]] = defaultdict(list)
    for token in version.tokens:
        by_line[version.function.lines.number(token.start)].append(token)
    return [(" ".join(token.text for token in by_line[line]), by_line[line]) for line in sorted(by_line)]


def _matched(before: Sequence[Token], after: Sequence[Token]) -> list[tuple[Token, Token]]:
    matcher = SequenceMatcher(None, [item.text for item in before], [item.text for item in after], autojunk=False)
    return [
        (before[block.a + i], after[block.b + i]) for block in matcher.get_matching_blocks() for i in range(block.size)
    ]


def _pairs(before: Version, after: Version) -> tuple[dict[int, int], list[tuple[list[Token], list[Token]]]]:
    """Matched tokens, after to before, and the stretches that differ."""
    old, new = _lines(before), _lines(after)
    matcher = SequenceMatcher(None, [text for text, _ in old], [text for text, _ in new], autojunk=False)
    pairs: dict[int, int] = {}
    differing = []
    for tag, first, last, start, end in matcher.get_opcodes():
        one = [token for _, tokens in old[first:last] for token in tokens]
        two = [token for _, tokens in new[start:end] for token in tokens]
        if tag == "equal":
            pairs.update({right.start: left.start for left, right in zip(one, two, strict=True)})
        elif one and two:
            pairs.update({right.start: left.start for left, right in _matched(one, two)})
            differing.append((one, two))
    return pairs, differing


def _renamed(before: Version, after: Version, differing: list[tuple[list[Token], list[Token]]]) -> dict[str, str]:
    """Names that one version has and the other has not, where they stand in each other's place."""
    gone, new = before.names - after.names, after.names - before.names
    if not gone or not new:
        return {}
    votes: Counter[tuple[str, str]] = Counter()
    olds, news = list(before.variant.parameters), list(after.variant.parameters)
    if len(olds) == len(news):
        votes.update({(right, left): 100 for left, right in zip(olds, news, strict=True) if left != right})
    for one, two in differing:
        left, right = [token.text for token in one], [token.text for token in two]
        for tag, first, last, start, end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            if tag == "replace" and last - first == end - start:
                votes.update(zip(right[start:end], left[first:last], strict=True))
    found: dict[str, str] = {}
    for (name, old), _ in votes.most_common():
        if name in new and old in gone and name not in found and old not in found.values():
            found[name] = old
    return found


def call_texts(version: Version, renamed: Mapping[str, str]) -> dict[int, str]:
    """Each event's name and arguments, in names that both versions share."""

    def spelled(text: str) -> str:
        return _NAME.sub(lambda match: renamed.get(match.group(), match.group()), "".join(text.split()))

    found = {}
    for event in version.events:
        call = version.calls.get(event.offset)
        passed = "" if call is None else f"({','.join(spelled(text_of(item)) for item in arguments(call))})"
        found[event.offset] = spelled(event.name) + passed
    return found


def _alike(left: Node | None, right: Node | None) -> bool:
    """Whether two calls of one function may be the same call: one has the other's arguments, or most are the same."""
    if left is None or right is None:
        return left is right
    one, two = (["".join(text_of(item).split()) for item in arguments(call)] for call in (left, right))
    same = sum((Counter(one) & Counter(two)).values())
    return same == min(len(one), len(two)) if len(one) != len(two) else 2 * same >= len(one)


class _Partners:
    """Collects pairs of events, an event in one pair at most."""

    def __init__(self, before: Version, after: Version) -> None:
        self.before, self.after = before, after
        self.partner: dict[int, int] = {}
        self.taken: set[int] = set()

    def add(self, right: int, left: int) -> None:
        if right not in self.partner and left not in self.taken:
            self.partner[right] = left
            self.taken.add(left)

    def in_order(self, olds: Mapping[int, str], news: Mapping[int, str], alike: bool = False) -> None:
        """Pair what has the same text, in order; with `alike`, where the arguments allow it too."""
        for right in (event.offset for event in self.after.events if event.offset not in self.partner):
            for left in (event.offset for event in self.before.events if event.offset not in self.taken):
                if olds[left] != news[right]:
                    continue
                if alike and not _alike(self.before.calls.get(left), self.after.calls.get(right)):
                    continue
                self.add(right, left)
                break


def align(before: Version, after: Version) -> Alignment:
    """Match two versions of a function."""
    tokens, differing = _pairs(before, after)
    renamed = _renamed(before, after, differing)
    olds, news = call_texts(before, {}), call_texts(after, renamed)
    names = {event.offset: event.name for event in before.events}
    partners = _Partners(before, after)
    in_place = [(event, tokens[event.offset]) for event in after.events if tokens.get(event.offset) in names]
    for event, left in in_place:
        if news[event.offset] == olds[left]:
            partners.add(event.offset, left)
    partners.in_order(olds, news)
    for event, left in in_place:
        if renamed.get(event.name, event.name) == names[left]:
            partners.add(event.offset, left)
    partners.in_order(names, {event.offset: renamed.get(event.name, event.name) for event in after.events}, alike=True)
    return Alignment(partners.partner, tokens, renamed, olds, news)
