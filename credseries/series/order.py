"""What has to come before what, sorted: the order that is given stays wherever it can. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """One thing has to come before another (both by number), and why: a clause that a person can read."""

    before: int
    after: int
    why: str


class Cycle(Exception):
    """There is no order; `edges` lead from a thing over others back to itself."""

    def __init__(self, edges: tuple[Edge, ...]) -> None:
        super().__init__(" -> ".join(str(edge.before) for edge in edges))
        self.edges = edges


def arrange(count: int, edges: Iterable[Edge]) -> list[int]:
    """The numbers below `count` in an order that the edges allow, the smallest possible number first.

    Raises Cycle.
    """
    onward: dict[int, list[Edge]] = {}
    waits = [0] * count
    for edge in edges:
        onward.setdefault(edge.before, []).append(edge)
        waits[edge.after] += 1
    ready = [number for number in range(count) if not waits[number]]
    found: list[int] = []
    while ready:
        number = heapq.heappop(ready)
        found.append(number)
        for edge in onward.get(number, ()):
            waits[edge.after] -= 1
            if not waits[edge.after]:
                heapq.heappush(ready, edge.after)
    if len(found) < count:
        raise Cycle(_cycle(onward, set(range(count)) - set(found)))
    return found


def _cycle(onward: dict[int, list[Edge]], left: set[int]) -> tuple[Edge, ...]:
    """A way from a number that waits back to itself, along numbers that wait."""
    into = {edge.after: edge for edges in onward.values() for edge in edges if edge.before in left}
    number, walked = min(left), []
    seen: list[int] = []
    while number not in seen:
        seen.append(number)
        walked.append(into[number])
        number = into[number].before
    # what was walked before the cycle was entered is no part of it
    return tuple(reversed(walked[seen.index(number) :]))
