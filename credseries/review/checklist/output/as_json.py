"""The checklist contract for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from credseries.review.checklist.model import Checklist

SCHEMA = 2


def as_json(found: Checklist) -> dict[str, Any]:
    """The `checklist` contract, schema 2; part 0 is about the series, the others about one patch each:

        {"schema": 2, "title", "subject",           what was asked for: a branch, a range, a mailbox
         "base",                                    the commit that the first patch is on
         "parts": [{"index", "title", "commit",     empty for a mailed patch
                    "lines": [{"check",             the check's name, the same in every checklist
                               "question", "answer": "pass|fail|human|n/a", "evidence",
                               "path": [..],        the steps that lead there, or further evidence
                               "places": [{"file", "line", "last", "function", "before"}],
                               "look": [..]}]}]}    commands, logs, addresses

    Lines are 1-based in the file after the patch (`before`: before it); a `line` of 0 means all of the function or
    file, a `last` of 0 the one line. New keys may be added; a change of what there is gets a new number.
    """
    return {"schema": SCHEMA, **asdict(found)}
