"""What the subjects of commits begin with: `ovl` in "ovl: fix a leak". Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_COLUMNS = 30  # a longer text before a colon is a sentence
_COMMITS = 2
_SHARE = 0.4
_REVERT = re.compile(r'(?:Revert|Reapply) "(.*)"?$', re.DOTALL)
_NO_CHANGE = re.compile(r"Merge |Linux v?\d")
_PREFIX = re.compile(r"[A-Za-z0-9_][^\s:]*")


def common_prefix(subjects: Sequence[str]) -> str:
    """What most subjects begin with, before ": ", in its most frequent spelling; empty if nothing stands out.

    At least two commits, and two in five of those that have a prefix at all, must have it. A revert counts for what it
    reverts; merges and versions do not count.
    """
    found = Counter(prefix for subject in subjects if (prefix := prefix_of(subject)))
    by_word: dict[str, Counter[str]] = {}
    for prefix, number in found.items():
        by_word.setdefault(prefix.lower(), Counter())[prefix] += number
    if not by_word:
        return ""
    best = max(by_word.values(), key=Counter.total)
    if best.total() < _COMMITS or best.total() < _SHARE * found.total():
        return ""
    return best.most_common(1)[0][0]


def prefix_of(subject: str) -> str:
    """What a subject begins with, before ": "; of a revert what it reverts begins with, and empty if nothing does."""
    text = subject.strip()
    while match := _REVERT.match(text):
        text = match[1].strip()
    if _NO_CHANGE.match(text):
        return ""
    prefix, colon, _ = text.partition(": ")
    return prefix if colon and len(prefix) <= _COLUMNS and _PREFIX.fullmatch(prefix) else ""
