"""Which replies say more than a trailer: those wait for an answer."""

from __future__ import annotations

import pytest

from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import read_thread

DIFF = "---\ndiff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        ("Reviewed-by: Amir <a@b.c>\n", False),
        ("On Tue, Zoë wrote:\n> text\n\nReviewed-by: Amir <a@b.c>\n", False),
        (
            "On Tue, 24 Nov 2026 at 10:00, A Very Long Name\n<zoe@example.org> wrote:\n\n> x\n\nAcked-by: A <a@b.c>",
            False,
        ),
        ("Hi Zoë,\n\nTested-by: Amir <a@b.c>\n\nThanks,\nAmir.\n", False),
        ("> x\n\nAcked-by: A <a@b.c>\n\n-- \nAmir\nhttps://example.org\n", False),
        ("Looks good, but please use a guard.\n\nReviewed-by: Amir <a@b.c>\n", True),
        ("On Tue, Zoë wrote:\n> text\nWhy?\n> more\n", True),
        ("One question:\nwhy?\n", True),
        ("Thanks, but this leaks a reference on every call of it.\n", True),
    ],
)
def test_what_is_more_than_a_trailer_waits_for_an_answer(body: str, is_one: bool) -> None:
    mails = [
        read_letter(f"From: Zoë <zoe@example.org>\nMessage-Id: <p@x>\nSubject: [PATCH] ovl: x\n\n{DIFF}".encode()),
        read_letter(
            "From: Amir Goldstein <a@b.c>\nMessage-Id: <r@x>\nIn-Reply-To: <p@x>\nSubject: Re: [PATCH] ovl: x\n\n"
            f"{body}".encode()
        ),
    ]
    [found] = read_thread(mails, {}).discussions
    assert [answer.comments for answer in found.answers] == [is_one]
