"""How pictures look: one width, colours that colour-blind people tell apart, and marks that need none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credseries.bench.findings import Interval, Verdict
from credseries.bench.model import Better, Role
from credseries.bench.output.rows import direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

WIDTH_INCHES, DOTS_PER_INCH = 8.0, 100
TITLE_SIZE, TEXT_SIZE, CAPTION_SIZE = 11, 9, 8
ROW_INCHES = 0.27
INK, FAINT, GRID = "#444444", "#777777", "#dddddd"

# The colours of Okabe and Ito, "Color Universal Design" (2008), which people with any common colour blindness tell
# apart; before the change is grey.
GREY, BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = (
    *("#7f7f7f", "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"),
)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_OTHERS = (ORANGE, GREEN, PURPLE, SKY, VERMILION)

# Labels are text in an SVG, which can be searched and is small; a dollar sign in a name is no formula.
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "credseries",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": TEXT_SIZE,
    "axes.labelsize": TEXT_SIZE,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "axes.unicode_minus": False,
}

# A colour, a marker, and whether it is filled: the marker says it without the colour.
MARKS: dict[Verdict, tuple[str, str, bool]] = {
    Verdict.BETTER: (GREEN, "o", True),
    Verdict.WORSE: (VERMILION, "s", True),
    Verdict.DIFFERENT: (BLUE, "D", True),
    Verdict.NO_DIFFERENCE: (FAINT, "o", False),
    Verdict.UNKNOWN: (FAINT, "x", True),
}


@dataclass(frozen=True)
class Picture:
    """A picture: the name of its file, its height in inches, and what paints it."""

    name: str
    height: float
    paint: Callable[[SubFigure], None]


def file_name(*words: str) -> str:
    """Words as the name of a file: letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")[:60].strip("-") or "picture"


def role_colours(roles: Sequence[Role]) -> dict[Role, str]:
    """A colour for each role: before is grey, after is blue."""
    others = [role for role in roles if role.kind not in {"base", "patched"}]
    colours = {role: _OTHERS[index % len(_OTHERS)] for index, role in enumerate(others)}
    return {role: {"base": GREY, "patched": BLUE}.get(role.kind) or colours[role] for role in roles}


def lighter(colour: str) -> str:
    """A colour half way to white."""
    channels = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round((channel + 255 * 1.2) / 2.2):02x}" for channel in channels)


def title(part: SubFigure, text: str) -> None:
    """A title at the left edge of a picture."""
    part.suptitle(text, x=0.012, ha="left", fontweight="bold", size=TITLE_SIZE)


def unit_words(unit: str, better: Better) -> str:
    """A unit below or beside an axis, in signs that a mail does not have: `10³ calls/s (more is better)`."""
    power, _, rest = unit.partition(" ")
    if power.startswith("10^"):
        unit = f"10{power[3:].translate(_RAISED)} {rest}".rstrip()
    unit = {"us": "µs"}.get(unit, unit)
    way = f"({direction(better)})" if direction(better) else ""
    return f"{unit} {way}".strip()


def plain_axes(axes: Axes, grid: str) -> None:
    """Axes with a faint grid across one direction (`x` or `y`) and no more frame than it takes."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x" if grid == "x" else "y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=3)


def whiskers(values: Sequence[float], intervals: Sequence[Interval | None]) -> list[list[float]]:
    """How far each interval reaches below and above its value; 0 where none is known, or it has no end."""
    below, above = [], []
    for value, interval in zip(values, intervals, strict=True):
        known = interval is not None and math.isfinite(interval.low) and math.isfinite(interval.high)
        below.append(max(value - interval.low, 0.0) if known and interval else 0.0)
        above.append(max(interval.high - value, 0.0) if known and interval else 0.0)
    return [below, above]
