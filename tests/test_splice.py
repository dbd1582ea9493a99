"""A spliced text knows where each of its bytes came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.csource.splice import Copy, Edit, Insert, splice
from credseries.rewrite.plan import Composed


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    source = draw(st.binary(max_size=40))
    cuts = sorted(draw(st.lists(st.integers(0, len(source)), max_size=8)))
    offsets = st.integers(0, len(source))
    edits = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        pieces: list[Copy | Insert] = []
        for _ in range(draw(st.integers(0, 3))):
            if draw(st.booleans()):
                pieces.append(Insert(draw(st.binary(max_size=5)), draw(offsets)))
            else:
                pieces.append(Copy(*sorted((draw(offsets), draw(offsets)))))
        edits.append(Edit(start, end, tuple(pieces)))
    return source, draw(st.permutations(edits)) if len({edit.start for edit in edits}) == len(edits) else edits


@given(edited())
def test_every_byte_leads_to_where_it_came_from(case: tuple[bytes, list[Edit]]) -> None:
    source, edits = case
    spliced = splice(source, edits)
    expected: list[int] = []
    text = b""
    done = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        for piece in (Copy(done, edit.start), *edit.pieces):
            if isinstance(piece, Copy):
                expected += range(piece.start, piece.end)
                text += source[piece.start : piece.end]
            else:
                expected += [piece.origin] * len(piece.text)
                text += piece.text
        done = edit.end
    text += source[done:]
    expected += range(done, len(source))
    assert spliced.text == text
    assert [spliced.offsets.origin(at) for at in range(len(text))] == expected


@given(st.binary(max_size=40))
def test_no_edits_change_nothing(source: bytes) -> None:
    spliced = splice(source, [])
    assert spliced.text == source
    assert [spliced.offsets.origin(at) for at in range(len(source))] == list(range(len(source)))


@pytest.mark.parametrize("second", [Edit(1, 5), Edit(2, 2, (Insert(b"x", 2),)), Edit(0, 9)])
def test_edits_that_overlap_are_an_error(second: Edit) -> None:
    with pytest.raises(ValueError, match="overlap"):
        splice(b"0123456789", [Edit(1, 3), second])


def test_edits_that_touch_are_no_overlap() -> None:
    edits = [Edit(1, 3, (Insert(b"a", 1),)), Edit(3, 4, (Insert(b"b", 3),))]
    assert splice(b"012345", edits).text == b"0ab45"


def test_maps_one_after_the_other_lead_to_the_first_text() -> None:
    first = splice(b"abcdef", [Edit(0, 2)])
    second = splice(first.text, [Edit(1, 1, (Insert(b"xy", 1),))])
    assert second.text == b"cxydef"
    composed = Composed([first.offsets, second.offsets])
    assert [composed.origin(at) for at in range(6)] == [2, 3, 3, 3, 4, 5]
