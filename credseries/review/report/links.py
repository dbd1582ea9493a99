"""What leads from one place of a page to another, and out of it; and text with code in it. All is escaped here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from credseries.review.checklist.model import Line, Place
from credseries.review.report.model import Report
from credseries.review.visible import visible

_ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w.~%+@=&?/-]*)?")  # what is a link as it stands; others are text
_TICKS = re.compile(r"`([^`\n]+)`")

Anchors = Mapping[tuple[int, str, str], str]


Link = tuple[str, str]  # a text, and the id in the page that it leads to, or nothing


@dataclass(frozen=True)
class Where:
    """Where a line of a checklist leads: its steps, and the places that are not among them."""

    steps: tuple[Link, ...]
    places: tuple[Link, ...]
    all_places: bool = False


def anchor(text: str) -> str:
    """A text as an id: the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:10]


def flow_anchor(patch: int, number: int) -> str:
    """The id of the picture of a patch with this number, from 1."""
    return f"flow-{patch}-{number}"


def flow_anchors(report: Report) -> Anchors:
    """The ids of pictures by patch, file and function."""
    return {
        (patch.number, flow.file, flow.function): flow_anchor(patch.number, number)
        for patch in report.patches
        for number, flow in enumerate(patch.flows, 1)
    }


def where(anchors: Anchors, line: Line, patch: int) -> Where:
    """Where a line of a patch's checklist leads; a function that is drawn is a link to its picture."""
    links = {_words(place): _link(anchors, place, patch) for place in line.places}
    steps = tuple((step, links.get(step, "")) for step in line.path)
    others: dict[Link, None] = {}
    for place in line.places:
        words = _words(place)
        if words not in line.path:
            text = f"{place.function}()" if links[words] else words
            if links[words] or words not in line.question:
                others.setdefault((text, links[words]))
    return Where(steps, tuple(others), all(step in links for step in line.path))


def _link(anchors: Anchors, place: Place, patch: int) -> str:
    return anchors.get((patch, place.file, place.function), "")


def _words(place: Place) -> str:
    """A place: `fs/x.c:12-20 foo()`."""
    lines = f"{place.line}-{place.last}" if place.last not in (0, place.line) else str(place.line)
    found = f"{place.file}:{lines}" if place.line else place.file
    found += f" {place.function}()" if place.function else ""
    return f"{found} (before)" if place.before else found


def ticked(text: str) -> Markup:
    """Text in which what stands in backticks is code."""
    pieces = _TICKS.split(visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece) for number, piece in enumerate(pieces)
    )


def address(text: str) -> Markup:
    """An address as a link, anything else as code."""
    if _ADDRESS.fullmatch(text):
        return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(text)
    return Markup("<code>{}</code>").format(visible(text))
