"""What a sentence of a review is: a request, a question, praise, a nit, a trailer, or what no rule knows. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from credseries.mail.thread.kind_rules import RULES
from credseries.series.remarks import Kind

_QUOTES = str.maketrans("\u2018\u2019\u00b4`\u201c\u201d", "''''\"\"")
_LONGEST = 2000  # characters of a sentence that are looked at; what is longer is none
_MARK = re.compile(r"^\s{0,8}(?:\(?(?:\d{1,2}|[a-z])[.)]|#\d{1,2}[:.)]|[-*\u2022])\s+")
WAITING = (Kind.REQUEST, Kind.QUESTION, Kind.NIT, Kind.BOT, Kind.OTHER)


@dataclass(frozen=True)
class Judged:
    """The kind of a sentence, and the name of the rule that says so (empty: no rule recognises it)."""

    kind: Kind
    rule: str = ""


def judge(sentence: str) -> Judged:
    """What one sentence, or one item of a list, is."""
    text = " ".join(_MARK.sub("", sentence[:_LONGEST].translate(_QUOTES)).split())
    for rule in RULES:
        if rule.fits(text):
            return Judged(rule.kind, rule.name)
    return Judged(Kind.OTHER)


def waits(kind: Kind) -> bool:
    """Whether a remark of this kind waits for something; what is not understood does."""
    return kind in WAITING
