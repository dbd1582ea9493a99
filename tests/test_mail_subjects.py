"""What the subject of a mail says of the patch that it is about."""

from __future__ import annotations

import pytest

from credseries.kernel.mail_subjects import parse_subject


@pytest.mark.parametrize(
    ("text", "title", "version", "number", "total", "is_reply", "is_patch"),
    [
        ("[PATCH] ovl: Fix", "ovl: Fix", 1, 0, 0, False, True),
        ("[PATCH v2 3/4] ovl: Fix", "ovl: Fix", 2, 3, 4, False, True),
        ("Re: [RFC PATCH v10 03/12] ovl: Fix", "ovl: Fix", 10, 3, 12, True, True),
        ("Re: [linux-fsdevel] [PATCH 0/2] ovl:  Fix", "ovl: Fix", 1, 0, 2, True, True),
        ("[list] Re: [PATCH 1/2] ovl: Fix", "ovl: Fix", 1, 1, 2, True, True),
        ("AW: Re[2]: [RFC v2 0/4] ovl", "ovl", 2, 0, 4, True, True),
        ("[v3,2/5] ovl: Fix", "ovl: Fix", 3, 2, 5, False, True),
        ("[linux-fsdevel] Lunch", "Lunch", 1, 0, 0, False, False),
        ("Re: ovl: Fix [was: x]", "ovl: Fix [was: x]", 1, 0, 0, True, False),
        ("Review of v2 1/3", "Review of v2 1/3", 1, 0, 0, False, False),
        ("", "", 1, 0, 0, False, False),
        ("[PATCH 1/2]", "", 1, 1, 2, False, True),
        (f"[PATCH v{'9' * 5000} {'9' * 5000}/2] ovl", "ovl", 1, 0, 0, False, True),
    ],
    ids=range(13),
)
def test_a_subject_tells_what_stands_in_its_brackets(
    text: str, title: str, version: int, number: int, total: int, is_reply: bool, is_patch: bool
) -> None:
    found = parse_subject(text)
    assert (found.title, found.version, found.number, found.total) == (title, version, number, total)
    assert (found.is_reply, found.is_patch) == (is_reply, is_patch)
