"""The order of things is the given one wherever the edges allow it, and a cycle is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.series.order import Cycle, Edge, arrange


def test_without_edges_the_order_stays() -> None:
    assert arrange(4, []) == [0, 1, 2, 3]


def test_only_what_has_to_move_moves() -> None:
    assert arrange(4, [Edge(2, 0, "x")]) == [1, 2, 0, 3]


def test_a_cycle_is_named_and_nothing_else() -> None:
    edges = [Edge(0, 1, "a"), Edge(1, 2, "b"), Edge(2, 1, "c"), Edge(2, 3, "d")]
    with pytest.raises(Cycle) as caught:
        arrange(4, edges)
    assert {edge.why for edge in caught.value.edges} == {"b", "c"}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    count = draw(st.integers(1, 12))
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30))
    return count, [Edge(before, after, f"{before}-{after}") for before, after in pairs]


@given(graphs())
def test_every_edge_holds_or_a_cycle_of_edges_is_given(graph: tuple[int, list[Edge]]) -> None:
    count, edges = graph
    try:
        order = arrange(count, edges)
    except Cycle as cycle:
        found = cycle.edges
        assert all(edge in edges for edge in found)
        assert all(one.after == two.before for one, two in zip(found, (*found[1:], found[0]), strict=True))
        return
    assert sorted(order) == list(range(count))
    place = {number: index for index, number in enumerate(order)}
    assert all(place[edge.before] < place[edge.after] for edge in edges)
