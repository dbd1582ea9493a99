"""A message as a list archive's page shows it, saved as plain text (hypermail, lkml.iu.edu for one). Pure.

Its first line is the subject; below an empty line stand `From: NAME` and `Date: Fri Jan 26 2024 - 19:10:14 EST`, and
below more empty lines the text. Addresses are masked (`xxx@xxxxxxxxx`), and no field tells the Message-Id.
"""

from __future__ import annotations

import re

_PAGE = re.compile(
    r"\s*(?P<subject>[^\n]{1,990}(?:\n[ \t]+\S[^\n]{0,990})?)\n(?:[ \t]*\n)+"
    r"(?P<fields>(?:(?:From|Date|To|Cc|Message-I[dD]|In-[Rr]eply-[Tt]o|References): [^\n]*\n)+)[ \t]*(?:\n|\Z)"
)
# A message with one field alone, and such lines at the start of its text, looks the same but for the field's name.
_HEADER = re.compile(r"(?:From|Date|Message-Id|Subject|Received|Content-[\w-]+|MIME-Version|To|Cc)\s*:", re.IGNORECASE)
_TYPE = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"


def as_message(data: bytes) -> bytes | None:
    """A saved page as a message with header fields, its text as it is; None when it is no such page.

    Raw bytes that are not ASCII stay so in the fields.
    """
    head = data[:8192].removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").decode("latin-1")
    page = _PAGE.match(head)
    if page is None or _HEADER.match(page["subject"]):
        return None
    fields = page["fields"]
    if not all(re.search(rf"^{name}: ", fields, re.MULTILINE) for name in ("From", "Date")):
        return None
    body = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")[page.end() :].lstrip(b"\n")
    return f"Subject: {page['subject']}\n{fields}{_TYPE}\n".encode("latin-1") + body
