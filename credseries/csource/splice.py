"""Edits as byte splices that remember where every byte of the result came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Copy:
    """Bytes taken over from the source text, as a half-open range of it."""

    start: int
    end: int


@dataclass(frozen=True)
class Insert:
    """New text that stands for whatever is at byte `origin` of the source text."""

    text: bytes
    origin: int


Piece = Copy | Insert


@dataclass(frozen=True)
class Edit:
    """Replace the half-open range of the source text by the pieces, in order."""

    start: int
    end: int
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class _Segment:
    start: int
    origin: int
    moves: bool


@dataclass(frozen=True)
class OffsetMap:
    """From offsets in a spliced text to offsets in the text that it was made of."""

    segments: tuple[_Segment, ...]

    def origin(self, offset: int) -> int:
        """Where the byte at `offset` came from; for inserted text, what it stands for."""
        segment = self.segments[bisect_right(self.segments, offset, key=lambda part: part.start) - 1]
        return segment.origin + (offset - segment.start if segment.moves else 0)


@dataclass(frozen=True)
class Spliced:
    """The text after the edits, and the way back."""

    text: bytes
    offsets: OffsetMap


def splice(source: bytes, edits: Sequence[Edit]) -> Spliced:
    """Apply edits to a text. Raises ValueError when two of them overlap."""
    out: list[bytes] = []
    segments: list[_Segment] = []
    size = 0

    def put(piece: Piece) -> None:
        nonlocal size
        text = source[piece.start : piece.end] if isinstance(piece, Copy) else piece.text
        if not text:
            return
        start = piece.start if isinstance(piece, Copy) else piece.origin
        segments.append(_Segment(size, start, isinstance(piece, Copy)))
        out.append(text)
        size += len(text)

    done = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if edit.start < done:
            raise ValueError(f"edits overlap at byte {edit.start}")
        put(Copy(done, edit.start))
        for piece in edit.pieces:
            put(piece)
        done = edit.end
    put(Copy(done, len(source)))
    if not segments:
        segments.append(_Segment(0, 0, moves=True))
    return Spliced(b"".join(out), OffsetMap(tuple(segments)))
