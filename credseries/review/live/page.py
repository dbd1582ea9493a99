"""A page as whole text and as the parts of it that may change while somebody looks at it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# A template writes these; what comes from outside cannot, for its `<` is escaped.
_PART = re.compile(r"<!--part ([\w-]+)-->(.*?)<!--/part \1-->", re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A page in HTML. `parts` are what stands between `<!--part ID-->` and `<!--/part ID-->`, by these ids: each is one
    element with that id, and none is in another."""

    text: str
    parts: Mapping[str, str]


def page(text: str) -> Page:
    """A page from its text."""
    return Page(text, {match[1]: match[2].strip() for match in _PART.finditer(text)})
