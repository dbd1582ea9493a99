"""The words below a picture: where its numbers come from, in lines that fit by the width of their letters."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from credseries.bench.output.charts.style import CAPTION_SIZE, INK, WIDTH_INCHES

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

_POINTS_PER_INCH = 72
_LEFT = 0.012  # of the width
_SPARE = 0.95  # pixels make letters a little wider than they are measured
LINE_INCHES = 1.35 * CAPTION_SIZE / _POINTS_PER_INCH


def caption_lines(text: str) -> list[str]:
    """The text in lines that are no wider than a picture; a word that is wider than that is broken."""
    return list(_lines(text.split(" "), _SPARE * WIDTH_INCHES * _POINTS_PER_INCH * (1 - 2 * _LEFT)))


def _lines(words: Sequence[str], room: float) -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if _width(longer) > room and line:
            yield line
            longer = word
        while _width(longer) > room and len(longer) > 1:
            fitting = bisect_right(range(1, len(longer)), room, key=lambda end: _width(longer[:end]))
            kept = max(fitting, 1)
            yield longer[:kept]
            longer = longer[kept:]
        line = longer
    if line:
        yield line


def _width(text: str) -> float:
    """The width of a text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=CAPTION_SIZE), False)
    return float(width)


def write_caption(part: SubFigure, lines: Sequence[str]) -> None:
    """Write the lines into a part of the figure, from its top."""
    part.text(_LEFT, 1.0, "\n".join(lines), va="top", ha="left", size=CAPTION_SIZE, color=INK, linespacing=1.35)
