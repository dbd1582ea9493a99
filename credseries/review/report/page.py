"""A report as one HTML file: it needs nothing but itself, and does nothing but what stands in its own scripts.

What a page of ours may do is in its Content-Security-Policy: its own style and scripts, told by their hashes, and no
address at all (only the page's own server, where one serves it).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from credseries.review.report import summary
from credseries.review.report.difftable import table
from credseries.review.report.drawing import colours, side
from credseries.review.report.graph import order
from credseries.review.report.links import address, anchor, flow_anchor, flow_anchors, ticked, where
from credseries.review.report.model import Report
from credseries.review.report.plot import draw
from credseries.review.templates import fill, source
from credseries.words import ranges

if TYPE_CHECKING:
    from markupsafe import Markup

TEMPLATE = "report/report.html.j2"
STYLE, FIRST, SCRIPTS = "report/report.css", "report/theme.js", ("report/report.js", "report/live.js")
MARK = '<meta name="generator" content="credseries report">'  # by this a file is known to be a report of ours


def page(report: Report) -> str:
    """The page, from the user's templates where there are some. Raises UsageError when one of them is broken."""
    style, first, last = _own(STYLE), _own(FIRST), [_own(name) for name in SCRIPTS]
    return fill(
        TEMPLATE,
        {
            "report": report,
            "summary": summary,
            "tiles": summary.tiles(report),
            "verdict": summary.verdict(report),
            "filters": summary.filters(report.patches),
            "table": table,
            "side": side,
            "colours": colours,
            "order": order,
            "draw": draw,
            "gets": _gets,
            "flow_anchor": flow_anchor,
            "where": partial(where, flow_anchors(report)),
            "style": style,
            "first": first,
            "scripts": last,
            "policy": _policy([style], [first, *last]),
        },
        {"anchor": anchor, "ticked": ticked, "address": address},
    )


def _own(name: str) -> Markup:
    """A style or a script, which is no text from outside: it is the user's, or ours."""
    from markupsafe import Markup

    return Markup(source(name).replace("\r\n", "\n"))


def _policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """What the page may do (W3C, Content Security Policy Level 3)."""
    return (
        f"default-src 'none'; style-src {' '.join(map(_hash, styles))}; script-src {' '.join(map(_hash, scripts))}; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _gets(numbers: Sequence[int], report: Report) -> str:
    """Which messages somebody gets, in words; 0 is the cover letter."""
    patches = [number for number in numbers if number]
    if not patches:
        return "cover letter" if numbers else ""
    return "all" if len(patches) == len(report.patches) else ranges(patches)
