"""Shows a checklist in the format that was asked for."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from credseries import render

if TYPE_CHECKING:
    from credseries.cli.checklist.command import Format
    from credseries.review.checklist.model import Checklist

_WIDEST = 120  # columns; longer lines do not read well


def show(found: Checklist, form: Format) -> None:
    """Print a checklist. Raises UsageError for a template that is broken."""
    from credseries.review.checklist.output.as_json import as_json
    from credseries.review.checklist.output.seen import seen

    if form == "json":
        render.as_json(as_json(found))
    elif form == "text":
        from credseries.review.checklist.output.text import text_lines

        width = min(shutil.get_terminal_size().columns, _WIDEST)
        render.say("\n".join(text_lines(seen(found), width, render.paint)))
    else:
        from credseries.review.checklist.output.filled import markdown, page

        render.say((page if form == "html" else markdown)(seen(found)).rstrip("\n"))


def as_markdown(found: Checklist) -> str:
    """A checklist as Markdown. Raises UsageError for a template that is broken."""
    from credseries.review.checklist.output.filled import markdown
    from credseries.review.checklist.output.seen import seen

    return markdown(seen(found))
