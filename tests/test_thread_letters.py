"""A message is read whatever its sender's mailer made of it, and what is not understood is said."""

from __future__ import annotations

import base64
import quopri
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage

import pytest

from credseries.mail.thread.armour import without_armour
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.flowed import unflow
from credseries.mail.thread.html import LIMIT, html_text
from credseries.mail.thread.model import Letter

WORDS = "Please split this: überhaupt nicht lesbar.\n"
PATCH = "--- a/fs/x.c\n+++ b/fs/x.c\n@@ -1 +1 @@\n-a\n+b\n"
PAGE = """\
Re: [PATCH v2 2/3] frob: Guard the frobs

From: Ágnes Example
Date: Tue Mar 05 2024 - 08:09:10 EST


Hi,

Some One <someone@xxxxxxxxx> writes:

> Guard them.

Why?
"""


def mail(body: bytes, *fields: str, head: str = "Content-Type: text/plain; charset=utf-8") -> bytes:
    """A message with the usual fields; `head` may take the place of the type."""
    usual = (
        "From: Ann Author <ann@example.org>",
        "To: list@example.org",
        "Subject: Re: [PATCH 1/2] frob: Guard",
        "Date: Tue, 05 Mar 2024 08:09:10 +0100",
        "Message-Id: <one@example.org>",
        "In-Reply-To: <zero@example.org>",
        "References: <cover@example.org>\n <zero@example.org>",
    )
    given = {field.partition(":")[0] for field in fields}
    kept = [field for field in usual if field.partition(":")[0] not in given]
    return "\n".join((*kept, *fields, *([head] if head else []), "", "")).encode() + body


def parts(kind: str, *items: tuple[str, bytes]) -> bytes:
    """A message of parts, each with its fields and its bytes."""
    body = b"".join(b"--=B\n" + fields.encode() + b"\n\n" + data + b"\n" for fields, data in items) + b"--=B--\n"
    return mail(body, head=f'MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="=B"')


def said(letter: Letter) -> str:
    return "\n".join(letter.problems)


def test_a_plain_message_is_read_whole_and_without_complaint() -> None:
    data = mail(WORDS.encode(), "X-Mailer: mutt", "Received: from nowhere")
    letter = read_letter(data)
    assert (letter.name, letter.address) == ("Ann Author", "ann@example.org")
    assert (letter.message_id, letter.in_reply_to) == ("one@example.org", "zero@example.org")
    assert letter.references == ("cover@example.org", "zero@example.org")
    assert letter.subject == "Re: [PATCH 1/2] frob: Guard"
    assert letter.date == datetime(2024, 3, 5, 8, 9, 10, tzinfo=timezone(timedelta(hours=1)))
    assert (letter.text, letter.raw, letter.problems, letter.attached) == (WORDS, data, (), ())
    assert ("x-mailer", "mutt") in letter.headers
    assert "received" not in dict(letter.headers)


def test_line_ends_and_marks_of_an_mbox_make_no_difference() -> None:
    data = mail(WORDS.encode())
    crlf = data.replace(b"\n", b"\r\n")
    for other in (crlf, b"From ann Tue Mar  5 2024\n" + data, b"\n\r\n" + data, b"\xef\xbb\xbf" + data):
        letter = read_letter(other)
        assert (letter.message_id, letter.text, letter.problems) == ("one@example.org", WORDS, ())


# -- charsets and transfer encodings


@pytest.mark.parametrize(
    ("declared", "charset", "problem"),
    [
        ("utf-8", "utf-8", ""),
        ("iso-8859-1", "latin-1", ""),
        ("windows-1252", "cp1252", ""),
        ("iso-8859-15", "iso-8859-15", ""),
        ("utf-16", "utf-16", ""),
        ("", "utf-8", "it names no charset: read as UTF-8"),
        ("", "latin-1", "it names no charset, and is not UTF-8: read as Latin-1"),
        ("us-ascii", "utf-8", "not in the charset 'us-ascii' that it names: read as UTF-8"),
        ("utf-8", "latin-1", "not in the charset 'utf-8' that it names, and is not UTF-8: read as Latin-1"),
        ("iso-8859-1", "utf-8", "says charset iso-8859-1 and is UTF-8"),
        ("x-unknown", "utf-8", "'x-unknown'"),
        ("hex", "utf-8", "'hex'"),
        ("undefined", "utf-8", "'undefined'"),
        ("a\0b", "utf-8", "names"),
        ("utf-16", "utf-8", "'utf-16' that it names: read as UTF-8"),
        ("cp037", "utf-8", "'cp037' that it names: read as UTF-8"),
        ("cp037", "cp037", ""),
    ],
)
def test_text_in_any_charset_is_read(declared: str, charset: str, problem: str) -> None:
    kind = f'Content-Type: text/plain; charset="{declared}"' if declared else "Content-Type: text/plain"
    letter = read_letter(mail(WORDS.encode(charset), head=kind))
    assert letter.text == WORDS
    assert problem in said(letter)
    assert bool(letter.problems) == bool(problem)


@pytest.mark.parametrize(
    ("encoding", "body", "problem"),
    [
        ("base64", base64.encodebytes(WORDS.encode() * 9), ""),
        ("BASE64 ", base64.b64encode(WORDS.encode() * 9).rstrip(b"="), ""),
        ("base64", base64.encodebytes(WORDS.encode() * 9) + b"_______\nlist footer\n", "base64 is none: 2 lines"),
        (
            "base64",
            base64.encodebytes(WORDS.encode() * 9).replace(b"\n", b"\n!!!\n", 1),
            "line 2 of its base64 is none",
        ),
        ("base64", base64.b64encode(WORDS.encode() * 9 + b"xx").rstrip(b"=")[:-2], "base64 is cut off"),
        ("quoted-printable", quopri.encodestring(WORDS.encode() * 9), ""),
        ("quoted-printable", b"\xc3\xbcber=\rhaupt nicht les=\r\nbar.\n" * 9, ""),
        ("x-own", WORDS.encode() * 9, "transfer encoding 'x-own' is unknown"),
    ],
)
def test_transfer_encodings_are_undone_as_far_as_they_go(encoding: str, body: bytes, problem: str) -> None:
    letter = read_letter(mail(body, f"Content-Transfer-Encoding: {encoding}"))
    assert letter.text.count("überhaupt nicht lesbar.") == 9
    assert problem in said(letter)
    assert bool(letter.problems) == bool(problem)


def test_the_footer_below_base64_is_kept_as_text() -> None:
    encoded = base64.encodebytes(WORDS.encode()) + b"_______\nlist footer\n"
    assert read_letter(mail(encoded, "Content-Transfer-Encoding: base64")).text == f"{WORDS}_______\nlist footer\n"


def test_nul_bytes_go_and_controls_become_visible() -> None:
    letter = read_letter(mail(b"a\0b\x1b[2Jc\n"))
    assert letter.text == "ab\ufffd[2Jc\n"
    assert "1 NUL bytes" in said(letter)
    assert "1 control characters" in said(letter)


def test_a_line_of_any_length_is_kept() -> None:
    assert read_letter(mail(b"x" * 200_000 + b"\n")).text == "x" * 200_000 + "\n"


# -- parts


def test_of_alternatives_the_plain_text_is_read() -> None:
    data = parts("alternative", ("Content-Type: text/plain", b"plain"), ("Content-Type: text/html", b"<p>html</p>"))
    assert read_letter(data).text == "plain\n"


@pytest.mark.parametrize("plain", [b"", b" \n\n"])
def test_html_is_read_when_the_plain_text_is_empty(plain: bytes) -> None:
    html = b"<blockquote>why?</blockquote><p>because &lt;x&gt;</p>"
    data = parts("alternative", ("Content-Type: text/plain", plain), ("Content-Type: text/html", html))
    assert read_letter(data).text == "> why?\n\nbecause <x>\n"


def test_patches_and_logs_are_attached_and_footers_are_text() -> None:
    data = parts(
        "mixed",
        ("Content-Type: text/plain", b"See the patch."),
        ('Content-Type: text/x-patch; name="a.patch"', PATCH.encode()),
        (
            'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="dmesg.log"',
            b"[0.0] boot",
        ),
        ("Content-Type: image/png; name=x.png", b"\x89PNG\0"),
        ("Content-Type: text/plain", b"___\nlist mailing list"),
    )
    letter = read_letter(data)
    assert letter.text == "See the patch.\n\n___\nlist mailing list\n"
    assert [(name, text.strip()) for name, text in letter.attached] == [
        ("a.patch", PATCH.strip()),
        ("dmesg.log", "[0.0] boot"),
    ]
    assert letter.problems == ("a part (image/png, x.png, 5 bytes) is no text and is not read",)


def test_a_signed_message_is_read_without_its_signature() -> None:
    signature = ("Content-Type: application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----")
    letter = read_letter(parts("signed; micalg=pgp-sha512", ("Content-Type: text/plain", b"Fine."), signature))
    assert (letter.text, letter.problems) == ("Fine.\n", ())


def test_remarks_in_a_part_that_should_be_a_signature_are_kept() -> None:
    odd = ("Content-Type: application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----\n\nBut why is that?")
    letter = read_letter(parts("signed", ("Content-Type: text/plain", b"Fine."), odd))
    assert "But why is that?" in letter.attached[0][1]
    whole = mail("But wh\u00ff is that?".encode("latin-1"), head="Content-Type: application/pgp-signature")
    assert read_letter(whole).text == "But wh\u00ff is that?\n"


def test_all_plain_text_among_alternatives_is_read() -> None:
    both = (("Content-Type: text/plain", b"one"), ("Content-Type: text/plain; charset=utf-8", b"two"))
    assert read_letter(parts("alternative", *both, ("Content-Type: text/html", b"<p>x"))).text == "one\n\ntwo\n"


def test_text_that_is_signed_in_place_loses_its_armour() -> None:
    body = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n> why?\n\n- -- \nAnn\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    )
    assert read_letter(mail(body.encode())).text == "> why?\n\n-- \nAnn\n"
    assert "BEGIN PGP SIGNED" in read_letter(mail(body.encode()[:-40])).text
    assert "lost words" in read_letter(mail(body.replace("iQEz", "lost words").encode())).text


def test_what_is_encrypted_is_said() -> None:
    secret = ("Content-Type: application/octet-stream", b"-----BEGIN PGP MESSAGE-----\n")
    letter = read_letter(parts("encrypted", ("Content-Type: application/pgp-encrypted", b"Version: 1"), secret))
    assert "it is encrypted" in said(letter)
    assert "it is encrypted" in said(read_letter(mail(b"-----BEGIN PGP MESSAGE-----\n\nabc\n")))


def test_a_forwarded_message_is_attached_with_its_sender() -> None:
    inner = mail(b"Inner words.\n")
    letter = read_letter(parts("mixed", ("Content-Type: text/plain", b"FYI"), ("Content-Type: message/rfc822", inner)))
    assert letter.text == "FYI\n"
    ((name, text),) = letter.attached
    assert name == "Re: [PATCH 1/2] frob: Guard.eml"
    assert text.startswith("From: Ann Author <ann@example.org>\n")
    assert text.endswith("\n\nInner words.\n")


def test_without_its_boundary_a_message_of_parts_is_read_as_one_text() -> None:
    letter = read_letter(mail(b"--x\n\nwords\n", head="Content-Type: multipart/mixed; boundary=other"))
    assert "words" in letter.text
    assert "boundary is missing" in said(letter)


def test_text_outside_of_the_parts_is_read_and_said() -> None:
    data = parts("mixed", ("Content-Type: text/plain", b"in"))
    data = data.replace(b"\n\n--=B", b"\n\nbefore\n--=B", 1) + b"after\n"
    letter = read_letter(data)
    assert letter.text == "before\n\nin\n\nafter\n"
    assert "text before its first part" in said(letter)
    assert "text after its last part" in said(letter)


def test_what_mailers_write_for_old_readers_is_no_text() -> None:
    data = parts("mixed", ("Content-Type: text/plain", b"in"))
    data = data.replace(b"\n\n--=B", b"\n\nThis is a multi-part message in MIME format.\n--=B", 1)
    assert read_letter(data).text == "in\n"
    assert read_letter(data).problems == ()


def test_parts_in_parts_without_end_are_no_failure() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    letter = read_letter(b"From: a@b.c\nSubject: deep\n" + deep + b"\nremark\n")
    assert letter.subject == "deep"
    assert "remark" in letter.text or "left out" in said(letter)


# -- format=flowed (RFC 3676)


@pytest.mark.parametrize(
    ("flowed", "text"),
    [
        ("one \ntwo\nthree", "one two\nthree"),
        ("> one \n> two\n> three", "> one two\n> three"),
        (">> one \n> two", ">> one\n> two"),
        ("> > one \n> > two", ">> one two"),
        ("text \n-- \nname", "text\n-- \nname"),
        (" >from me\n From here\n  x", ">from me\nFrom here\n x"),
        ("> +\tx;\n>  \n>  \ty;", "> +\tx;\n>\n>  \ty;"),
        ("one \n\ntwo", "one\n\ntwo"),
        ("last ", "last"),
    ],
)
def test_flowed_lines_are_joined(flowed: str, text: str) -> None:
    assert unflow(flowed) == text


def test_delsp_joins_without_a_space() -> None:
    kind = "Content-Type: text/plain; charset=utf-8; Format=Flowed; DelSp=Yes"
    assert read_letter(mail(b"over \nlay\n", head=kind)).text == "overlay\n"


# -- HTML


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a<p>b", "a\n\nb\n"),
        ("a<br>b<br><br>c", "a\nb\n\nc\n"),
        ("<div>a</div><div>b</div>", "a\nb\n"),
        ("<ul><li>a<li>b</ul><ol><li>c<li>d</ol>", "* a\n* b\n\n1. c\n2. d\n"),
        ("<blockquote>a<blockquote>b</blockquote>c</blockquote>d", "> a\n>\n> > b\n>\n> c\n\nd\n"),
        ("<pre>if (x)\n\treturn;</pre>", "if (x)\n\treturn;\n"),
        ("<style>p{}</style><script>if (a<b) x()</script>t", "t\n"),
        ("<head><title>x</title><body>t", "t\n"),
        ("a<!-- x --> b<![endif]>c<?x?>d", "a bcd\n"),
        ("a < b &amp;&amp; c&nbsp;&gt; d", "a < b && c > d\n"),
        ("see <a href='https://x.org/y'>this</a>", "see this <https://x.org/y>\n"),
        ("<a href='https://x.org/'>https://x.org</a>", "https://x.org\n"),
        ("<table><tr><td>a<td>b</tr><tr><td>c<td>d</tr></table>", "a b\nc d\n"),
        ("<a", "<a\n"),
        ("", ""),
    ],
)
def test_html_becomes_text_with_its_quotes(markup: str, text: str) -> None:
    assert html_text(markup).text == text


def test_what_only_looks_like_a_tag_is_text() -> None:
    assert html_text("<p>see <linux/fs.h> and <ann@x.org></p>").text == "see <linux/fs.h> and <ann@x.org>\n"


def test_what_html_hides_is_said() -> None:
    assert "<script> without an end" in html_text("<script>a").problems[0]
    assert "is read up to" in html_text("x" * (LIMIT + 1)).problems[0]


@pytest.mark.parametrize("piece", ["", "-----BEGIN PGP SIGNATURE-----\n", "a: b\n", "\n"])
def test_broken_armour_of_any_size_is_text(piece: str) -> None:
    text = f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{piece}" * 30_000
    assert without_armour(text) == text


@pytest.mark.parametrize("piece", ["<", "<!--", "<![x", "<a ", "</", "<blockquote>", "<ul><li>", "&#"])
def test_broken_html_of_any_size_is_text(piece: str) -> None:
    assert html_text(piece * 50_000 + "end").text.endswith("end\n")


# -- fields


@pytest.mark.parametrize(
    ("field", "name", "address"),
    [
        ("=?utf-8?q?J=C3=BCrgen?= <j@x.org>", "Jürgen", "j@x.org"),
        ('"=?utf-8?b?TcO8bGxlciwgSg==?=" <j@x.org>', "Müller, J", "j@x.org"),
        ("Jürgen <j@x.org>", "Jürgen", "j@x.org"),
        ("=?utf-8?q?J=C3?= =?utf-8?q?=BCrgen?= <j@x.org>", "Jürgen", "j@x.org"),
        ("=?x-none?q?J=FCrgen?= <j@x.org>", "Jürgen", "j@x.org"),
        ("j@x.org (Jürgen)", "Jürgen", "j@x.org"),
        ("j@x.org", "", "j@x.org"),
        ("Jürgen <j@xxxxxxx>", "Jürgen", "j@xxxxxxx"),
        ("Jürgen", "Jürgen", ""),
        ("<<j@x.org>", "", "j@x.org"),
    ],
)
def test_senders_are_read_in_every_spelling(field: str, name: str, address: str) -> None:
    letter = read_letter(mail(b"x", f"From: {field}"))
    assert (letter.name, letter.address) == (name, address)


def test_fields_in_latin_1_are_read_too() -> None:
    assert read_letter(mail(b"x", "From: ?").replace(b"?", b"J\xfcrgen <j@x.org>")).name == "Jürgen"


def test_a_folded_subject_is_one_line() -> None:
    letter = read_letter(mail(b"x", "Subject: [PATCH]\n\tone\n two =?utf-8?q?=C3=BC?="))
    assert letter.subject == "[PATCH] one two ü"


def test_letters_that_look_like_escapes_stay() -> None:
    assert read_letter(mail(b"x", r"Subject: \u0041 =?utf-8?q?=C3=BC?=")).subject == r"\u0041 ü"


@pytest.mark.parametrize(
    ("field", "date", "problem"),
    [
        ("Tue, 5 Mar 2024 08:09:10 EST", datetime(2024, 3, 5, 13, 9, 10, tzinfo=UTC), ""),
        ("Tue Mar 05 2024 - 08:09:10 EST", datetime(2024, 3, 5, 13, 9, 10, tzinfo=UTC), ""),
        ("2024-03-05T08:09:10+00:00", datetime(2024, 3, 5, 8, 9, 10, tzinfo=UTC), ""),
        ("Tue, 5 Mar 2024 08:09:10 -0000", datetime(2024, 3, 5, 8, 9, 10, tzinfo=UTC), ""),
        ("Tue, 5 Mar 2024 08:09:10 XYZ", datetime(2024, 3, 5, 8, 9, 10, tzinfo=UTC), "no zone that is known"),
        ("yesterday", None, "cannot be read: 'yesterday'"),
        ("Tue, 45 Mar 2024 08:09:10 +0000", None, "cannot be read"),
        ("", None, "it has no date"),
    ],
)
def test_dates_are_read_or_said_to_be_odd(field: str, date: datetime | None, problem: str) -> None:
    letter = read_letter(mail(b"x", f"Date: {field}"))
    assert letter.date == date
    assert problem in said(letter)
    assert bool(letter.problems) == bool(problem)


def test_without_message_id_it_gets_one_of_its_contents() -> None:
    bare = mail(b"words \n", "Message-Id:")
    one = read_letter(bare)
    assert one.message_id.endswith("@no-message-id.invalid")
    assert "it has no Message-Id" in said(one)
    assert read_letter(bare.replace(b"\n", b"\r\n")).message_id == one.message_id
    assert read_letter(bare.replace(b"words", b"other")).message_id != one.message_id


def test_ids_without_brackets_are_read() -> None:
    letter = read_letter(mail(b"x", "In-Reply-To: a@b.c", "References: a@b.c\n d@e.f"))
    assert (letter.in_reply_to, letter.references) == ("a@b.c", ("a@b.c", "d@e.f"))
    old = read_letter(mail(b"x", 'In-Reply-To: Your message of "Tue" <a@b.c> of 5 Mar'))
    assert old.in_reply_to == "a@b.c"


def test_of_a_field_that_is_there_twice_the_first_counts() -> None:
    letter = read_letter(mail(b"x", "Subject: one", "Subject: two"))
    assert letter.subject == "one"
    assert "2 fields subject" in said(letter)
    kinds = "Content-Type: text/plain\nContent-Type: text/html"
    assert "2 fields content-type" in said(read_letter(mail(b"x", head=kinds)))


def test_a_broken_line_among_the_fields_costs_that_line_only() -> None:
    letter = read_letter(mail(b"words\n").replace(b"To: list", b"broken line\nTo: list"))
    assert (letter.message_id, letter.text) == ("one@example.org", "words\n")
    assert "no field and is left out: 'broken line'" in said(letter)


def test_text_alone_is_a_letter_of_nobody() -> None:
    letter = read_letter(b"just words\nand more\n")
    assert letter.text == "just words\nand more\n"
    assert "it has no header fields" in said(letter)
    assert "nothing says whom it is from" in said(letter)


# -- pages of list archives


def test_a_page_of_an_archive_is_a_letter() -> None:
    letter = read_letter(PAGE.encode())
    assert letter.subject == "Re: [PATCH v2 2/3] frob: Guard the frobs"
    assert (letter.name, letter.address) == ("Ágnes Example", "")
    assert letter.date == datetime(2024, 3, 5, 13, 9, 10, tzinfo=UTC)
    assert letter.text == PAGE[PAGE.index("Hi,") :]
    assert letter.message_id.endswith("@no-message-id.invalid")
    assert "page of a list's archive" in said(letter)
    for other in (PAGE.encode("latin-1"), PAGE.replace("\n", "\r\n").encode(), b"\n\n" + PAGE.encode()):
        assert read_letter(other).message_id == letter.message_id


def test_a_message_that_quotes_such_a_page_is_none() -> None:
    data = b"Subject: see\n\nFrom: A\nDate: Tue Mar 05 2024 - 08:09:10 EST\n\nx\n"
    assert read_letter(data).subject == "see"
    assert "page" not in said(read_letter(data))


def test_messages_that_python_makes_come_back() -> None:
    made = EmailMessage()
    made["From"], made["Subject"] = "Jürgen Ä <j@x.org>", "ä" * 200
    made["Message-Id"], made["Date"] = "<x@y>", "Tue, 5 Mar 2024 08:09:10 +0000"
    made.set_content(WORDS * 50, cte="base64")
    made.add_attachment(PATCH, subtype="x-patch", filename="ä.patch")
    letter = read_letter(made.as_bytes())
    assert (letter.name, letter.subject, letter.text) == ("Jürgen Ä", "ä" * 200, WORDS * 50)
    assert letter.attached == (("ä.patch", PATCH),)
    assert letter.problems == ()
    assert message_from_bytes(letter.raw)["Message-Id"] == "<x@y>"
