"""The order of a series as an SVG: topics as boxes with a tile a patch, and an arrow from each topic to what needs it.

A topic stands behind all that it needs; topics that need nothing of each other stand beside each other. There are two
layouts: along the page on a desk, down the page on a phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from credseries.review.report.markup import attribute, markup, plain
from credseries.review.report.model import Patch, Topic

_TILE, _GAP = 26, 6
_PAD, _HEAD = 16, 58
_APART = 70  # between topics, along the arrows
_BESIDE = 24  # between topics that stand beside each other
_EDGE = 8
_LETTER = 7.4  # the width of a letter of a topic's name, as far as that can be known


@dataclass(frozen=True)
class _Box:
    """Where a topic is drawn, and how many tiles stand in a row of it."""

    topic: Topic
    across: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class _Size:
    across: int
    width: float
    height: float


def layers(topics: Sequence[Topic]) -> list[list[Topic]]:
    """Topics by the longest chain of topics that they need; one that needs itself, over others, counts as the first."""
    known = {topic.name: topic for topic in topics}
    depth: dict[str, int] = {}

    def of(name: str, above: tuple[str, ...]) -> int:
        if name not in depth:
            needed = [item for item in known[name].after if item in known and item not in (*above, name)]
            depth[name] = 1 + max((of(item, (*above, name)) for item in needed), default=-1)
        return depth[name]

    found: dict[int, list[Topic]] = {}
    for topic in topics:
        found.setdefault(of(topic.name, ()), []).append(topic)
    return [found[number] for number in sorted(found)]


def order(topics: Sequence[Topic], patches: Sequence[Patch], *, down: bool) -> Markup:
    """The picture, along the page or (`down`) down it."""
    rows = layers([topic for topic in topics if topic.patches])
    if not rows:
        return Markup("")
    boxes = _placed(rows, down=down)
    width = max(box.x + box.width for box in boxes) + _EDGE
    height = max(box.y + box.height for box in boxes) + _EDGE
    by_number = {patch.number: patch for patch in patches}
    kind = "down" if down else "along"
    label = "; ".join(
        f"{box.topic.name} after {' and '.join(box.topic.after)}" if box.topic.after else f"{box.topic.name} first"
        for box in boxes
    )
    return markup(
        [
            f'<svg class="order {kind}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="group" ',
            f'aria-label="{attribute(f"Order of the topics: {label}")}">',
            f'<defs><marker id="tip-{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" ',
            'orient="auto"><path class="tip" d="M0 0.5 7.5 4 0 7.5z"/></marker></defs>',
            *_arrows(boxes, kind),
            *(piece for box in boxes for piece in _drawn(box, by_number)),
            "</svg>",
        ]
    )


def _size(topic: Topic, *, down: bool) -> _Size:
    count = len(topic.patches)
    most = 10 if down else 11 if count > 8 else 4
    across = max(1, min(count, most))
    tiles = across * (_TILE + _GAP) - _GAP
    words = max(len(topic.name) + 2, len(_under(topic))) * _LETTER
    rows = -(-count // across)
    return _Size(across, max(tiles, words) + 2 * _PAD, _HEAD + rows * (_TILE + _GAP) - _GAP + _PAD)


def _placed(rows: Sequence[Sequence[Topic]], *, down: bool) -> list[_Box]:
    sizes = [[_size(topic, down=down) for topic in row] for row in rows]

    def extent(row: Sequence[_Size], along: bool) -> float:
        """How much room a layer takes: along the arrows, or across them."""
        lengths = [size.height if along == down else size.width for size in row]
        return max(lengths) if along else sum(lengths) + _BESIDE * (len(row) - 1)

    breadth = max(extent(row, along=False) for row in sizes)
    found, at = [], float(_EDGE)
    for row, mine in zip(rows, sizes, strict=True):
        aside = _EDGE + (breadth - extent(mine, along=False)) / 2
        for topic, size in zip(row, mine, strict=True):
            x, y = (aside, at) if down else (at, aside)
            found.append(_Box(topic, size.across, x, y, size.width, size.height))
            aside += (size.width if down else size.height) + _BESIDE
        at += extent(mine, along=True) + _APART * (0.6 if down else 1)
    return found


def _arrows(boxes: Sequence[_Box], kind: str) -> list[str]:
    named = {box.topic.name: box for box in boxes}
    found = []
    for box in boxes:
        for name in box.topic.after:
            first = named.get(name)
            if first is None or first is box:
                continue
            x1, y1, x2, y2 = _ends(first, box, down=kind == "down")
            middle = f"{x1:g} {(y1 + y2) / 2:g} {x2:g} {(y1 + y2) / 2:g}"
            if kind == "along":
                middle = f"{(x1 + x2) / 2:g} {y1:g} {(x1 + x2) / 2:g} {y2:g}"
            title = f"{box.topic.name} needs {name}"
            found.append(
                f'<path class="needs" marker-end="url(#tip-{kind})" d="M{x1:g} {y1:g}C{middle} {x2:g} {y2:g}">'
                f"<title>{plain(title)}</title></path>"
            )
    return found


def _ends(first: _Box, second: _Box, *, down: bool) -> tuple[float, float, float, float]:
    if down:
        return first.x + first.width / 2, first.y + first.height, second.x + second.width / 2, second.y - 3
    return first.x + first.width, first.y + first.height / 2, second.x - 3, second.y + second.height / 2


def _drawn(box: _Box, patches: Mapping[int, Patch]) -> list[str]:
    topic = box.topic
    found = [
        f'<g transform="translate({box.x:g} {box.y:g})">',
        f'<rect class="box" width="{box.width:g}" height="{box.height:g}" rx="10"/>',
        f'<text class="name" x="{_PAD}" y="26">{plain(topic.name)}</text>',
        f'<text class="under" x="{_PAD}" y="45">{plain(_under(topic))}</text>',
    ]
    for place, number in enumerate(topic.patches):
        x = _PAD + place % box.across * (_TILE + _GAP)
        y = _HEAD + place // box.across * (_TILE + _GAP)
        patch = patches.get(number)
        state = patch.state.value if patch is not None else "none"
        title = f"Patch {number}: {patch.subject}" if patch is not None else f"Patch {number}"
        found.append(
            f'<a href="#patch-{number}" class="tile is-{state}" transform="translate({x:g} {y:g})" '
            f'aria-label="{attribute(f"{title} ({_SAID[state]})")}"><title>{plain(title)}</title>'
            f'<rect width="{_TILE}" height="{_TILE}" rx="6"/>'
            f'<text x="{_TILE / 2:g}" y="17.5">{number}</text></a>'
        )
    return [*found, "</g>"]


_SAID = {"pass": "fine", "fail": "fails", "look": "to look at", "open": "not checked", "none": "nothing known"}


def _under(topic: Topic) -> str:
    """What stands below a topic's name."""
    through = f"{topic.tree} tree" if topic.tree else ""
    return " · ".join(part for part in (through, topic.standing) if part)
