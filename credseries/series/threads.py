"""One series for each maintainer tree: which patches are its own, and which have to be applied before them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credseries.errors import ImpossibleOrder
from credseries.series.build import edges
from credseries.series.drafts import Draft
from credseries.series.model import Thread
from credseries.series.order import Cycle, Edge, arrange


@dataclass(frozen=True)
class Part:
    """The series that goes through a tree: what other trees' series have to bring first, and its own patches."""

    tree: str
    before: tuple[Draft, ...]
    own: tuple[Draft, ...]


def by_tree(drafts: Sequence[Draft]) -> list[Part]:
    """A series, in order, as one series a tree; a tree comes after those whose patches it needs.

    Raises ImpossibleOrder when two trees would have to wait for each other.
    """
    links = list(edges(drafts))
    needed: dict[int, set[int]] = {}
    for edge in links:
        needed.setdefault(edge.after, set()).add(edge.before)
    trees = list(dict.fromkeys(draft.topic.tree for draft in drafts))
    parts = []
    for tree in trees:
        own = [number for number, draft in enumerate(drafts) if draft.topic.tree == tree]
        before = sorted(_closure(own, needed) - set(own))
        parts.append(Part(tree, tuple(drafts[n] for n in before), tuple(drafts[n] for n in own)))
    return [parts[number] for number in _order(drafts, links, trees)]


def drafts_of(drafts: Sequence[Draft], thread: Thread | None) -> list[Draft]:
    """The drafts of a whole series, in order, that are in one of its threads or come before it."""
    if thread is None:
        return list(drafts)
    part = next((item for item in by_tree(drafts) if item.tree == thread.tree), None)
    return [*part.before, *part.own] if part is not None else []


def _closure(numbers: Sequence[int], needed: dict[int, set[int]]) -> set[int]:
    found, waiting = set(numbers), list(numbers)
    while waiting:
        for other in needed.get(waiting.pop(), set()) - found:
            found.add(other)
            waiting.append(other)
    return found


def _order(drafts: Sequence[Draft], links: Sequence[Edge], trees: Sequence[str]) -> list[int]:
    between: dict[tuple[int, int], str] = {}
    for edge in links:
        one, two = (trees.index(drafts[number].topic.tree) for number in (edge.before, edge.after))
        if one != two:
            between.setdefault((one, two), f"{drafts[edge.after].key} needs {drafts[edge.before].key}: {edge.why}")
    try:
        return arrange(len(trees), [Edge(one, two, why) for (one, two), why in between.items()])
    except Cycle as cycle:
        lines = [f"  {trees[edge.before]} before {trees[edge.after]}: {edge.why}" for edge in cycle.edges]
        raise ImpossibleOrder(
            "the series of these trees would have to wait for each other:\n" + "\n".join(lines),
            hint="let one tree take both (the topics' `tree`), or make one series of it: --threads one",
        ) from cycle
