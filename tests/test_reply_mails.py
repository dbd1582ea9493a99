"""Replies to mails as they come: in any encoding, with footers and attachments, and with what is meant to do harm."""

from __future__ import annotations

import base64
import gzip
import quopri
import re
import subprocess
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from credseries.mail.b4adapter import read_mails_in
from credseries.mail.reply.words import INSTEAD, inert, wrapped
from credseries.mail.thread.decode import read_field, read_letter
from credseries.mail.thread.fields import read_address
from credseries.mail.thread.mbox import split_mbox
from tests.planted import PLANTS
from tests.replycase import (
    Drafted,
    draft,
    import_commits,
    mailed,
    make_repository,
    new_lines,
    plant_files,
    quoted_lines,
    said,
)

FILE = "fs/t.c"
PLANT = next(plant for plant in PLANTS if plant.name == "unlock moved under the override")
AT = "\tmutex_unlock(&ctx->lock);\n"
FOOTER = b"_______________________________________________\nlinux-mtd mailing list\nhttps://lists.example.org/\n"


class Sent:
    """A patch with a fault, as mail, and a repository of somebody who gets it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.repository = make_repository(place / "linux")
        comment = "/* Größe: « 1 » */\n"
        files = [dict(plant_files(PLANT, after=after)) for after in (False, True)]
        for item in files:
            item[FILE] = item[FILE].replace(AT, f"{AT[:-1]} {comment}")
        chain = [("Start", files[0]), ("t: Use a guard für f()\n\nNothing else.\n", files[1])]
        self.base, tip = import_commits(self.repository, {"patch": chain})["patch"]
        [self.mail] = split_mbox(mailed(self.repository, self.base, tip))
        self.head, _, self.body = self.mail.partition(b"\n\n")

    def reply(self, *mails: bytes, name: str = "box") -> Drafted:
        box = self.place / name
        ends = [b"\r\n" if b"\r\n" in mail else b"\n" for mail in mails]
        start = b"From x@y Thu Jan  1 00:00:00 1970"
        box.write_bytes(b"".join(start + end + mail + end for mail, end in zip(mails, ends, strict=True)))
        return draft(self.repository, box, self.base)

    def with_fields(self, body: bytes, **fields: str) -> bytes:
        """The mail with some fields, and another body."""
        head = self.head.decode()
        for name, value in fields.items():
            field = name.replace("_", "-")
            head = re.sub(rf"(?im)^{field}:.*(?:\n[ \t].*)*\n?", "", head)
            head = f"{head.rstrip()}\n{field}: {value}" if value else head
        return head.encode("utf-8", "surrogateescape") + b"\n\n" + body


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    return Sent(tmp_path_factory.mktemp("mails"))


def as_it_is(sent: Sent) -> bytes:
    return sent.mail


def in_quoted_printable(sent: Sent) -> bytes:
    return sent.with_fields(quopri.encodestring(sent.body), Content_Transfer_Encoding="quoted-printable")


def in_base64(sent: Sent) -> bytes:
    return sent.with_fields(base64.encodebytes(sent.body), Content_Transfer_Encoding="base64")


def in_base64_with_a_footer(sent: Sent) -> bytes:
    return in_base64(sent) + FOOTER


def in_latin_1(sent: Sent) -> bytes:
    body = sent.body.decode().encode("latin-1")
    return sent.with_fields(body, Content_Type="text/plain; charset=iso-8859-1")


def with_line_ends_of_mail(sent: Sent) -> bytes:
    return sent.mail.replace(b"\n", b"\r\n")


def with_a_footer(sent: Sent) -> bytes:
    return sent.mail + FOOTER


def attached(sent: Sent) -> bytes:
    words, _, patch = sent.body.partition(b"diff --git")
    parts = (
        b"--=_x\nContent-Type: text/plain; charset=utf-8\n\n"
        + words
        + b'\n--=_x\nContent-Type: text/x-patch; charset=utf-8\nContent-Disposition: attachment; filename="a.patch"\n'
        + b"Content-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"diff --git" + patch)
        + b"--=_x--\n"
    )
    return sent.with_fields(parts, Content_Type='multipart/mixed; boundary="=_x"', Content_Transfer_Encoding="")


def with_a_long_line(sent: Sent) -> bytes:
    line = b"+/* " + b"x" * 1500 + b" */"
    body = sent.body.replace(b"@@ -1,12 +1,10 @@", b"@@ -1,12 +1,11 @@")
    assert body != sent.body
    return sent.with_fields(body.replace(b"@@\n int f", b"@@\n" + line + b"\n int f"))


WAYS = [
    *(as_it_is, in_quoted_printable, in_base64, in_base64_with_a_footer, in_latin_1, with_line_ends_of_mail),
    *(with_a_footer, attached, with_a_long_line),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_lines_are_quoted_as_they_were_written(sent: Sent, way: Callable[[Sent], bytes]) -> None:
    mail = way(sent)
    shift = 1 if way is with_a_long_line else 0
    letter = read_letter(mail)
    whole = "\n".join([letter.text, *(text for _, text in letter.attached)])
    [made] = sent.reply(mail).drafts
    reply = read_letter(made.data).text
    piece = next(item for item in said(reply) if f"{FILE}:{PLANT.line + shift}" in item.words)
    lines = whole.split("\n")
    at = new_lines(whole)[FILE, PLANT.line + shift]
    assert lines[at + 1 - len(piece.quoted) : at + 1] == list(piece.quoted)
    assert "« 1 »" in piece.quoted[-1]
    assert set(quoted_lines(reply)) <= set(lines)


@pytest.mark.parametrize("way", [as_it_is, in_base64, with_a_long_line], ids=lambda way: way.__name__)
def test_others_read_the_draft_as_it_was_written(sent: Sent, way: Callable[[Sent], bytes], tmp_path: Path) -> None:
    [made] = sent.reply(way(sent)).drafts
    text = read_letter(made.data).text
    assert all(len(line) <= 998 for line in made.data.split(b"\n"))
    message = message_from_bytes(made.data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.get_content() == text
    files = tmp_path / "text", tmp_path / "patch"
    info = subprocess.run(
        ["git", "mailinfo", "--no-scissors", "-k", *map(str, files)],
        input=made.data,
        capture_output=True,
        check=True,
        cwd=tmp_path,
    ).stdout.decode()
    assert "Subject: Re: [PATCH] t: Use a guard für f()\n" in info
    assert "Author: Rita Reviewer\nEmail: rita@example.net\n" in info
    assert files[0].read_text() + files[1].read_text() == text


def test_a_packed_mailbox_is_read_too(sent: Sent) -> None:
    box = sent.place / "box.gz"
    box.write_bytes(gzip.compress(b"From x@y Thu Jan  1 00:00:00 1970\n" + sent.mail))
    assert len(draft(sent.repository, box, sent.base).drafts) == 1


def test_what_was_said_before_and_older_versions_are_no_patches_to_answer(sent: Sent) -> None:
    [letter] = [read_letter(sent.mail)]
    older = sent.with_fields(sent.body, Message_Id="<v1@example.org>")
    newer = sent.with_fields(
        sent.body,
        Message_Id="<v2@example.org>",
        Subject="[PATCH v2] t: Use a guard =?utf-8?q?f=C3=BCr?= f()",
        In_Reply_To="<v1@example.org>",
        References="<v1@example.org>",
    )
    answer = sent.with_fields(
        b"> +\tguard(cred)(ctx->cred);\n\nNice.\n",
        Message_Id="<re@example.com>",
        Subject=f"Re: {letter.subject}",
        In_Reply_To="<v1@example.org>",
    )
    [made] = sent.reply(older, answer, newer).drafts
    reply = read_letter(made.data)
    assert reply.in_reply_to == "v2@example.org"
    assert reply.references == ("v1@example.org", "v2@example.org")
    assert reply.subject == "Re: [PATCH v2] t: Use a guard für f()"


def test_a_patch_without_a_message_id_gets_a_draft_without_a_thread(sent: Sent) -> None:
    [made] = sent.reply(sent.with_fields(sent.body, Message_Id="")).drafts
    assert b"In-Reply-To" not in made.data
    assert b"References" not in made.data
    assert made.subject == "Re: [PATCH] t: Use a guard für f()"


def test_what_b4_does_to_the_process_does_not_matter(sent: Sent) -> None:
    before = sent.reply(sent.mail).drafts
    read_mails_in(sent.place, [sent.mail])
    assert sent.reply(sent.mail).drafts == before
    name = "Zoë " + "Łukaszewicz-" * 12
    [made] = sent.reply(sent.with_fields(sent.body, From=f"{name} <zoe@example.org>")).drafts
    assert read_address(read_field(read_letter(made.data), "to")) == (name, "zoe@example.org")
    assert max(map(len, made.data.partition(b"\n\n")[0].split(b"\n"))) <= 100


# -- whom a reply goes to


def addresses(mail: bytes, field: str) -> list[str]:
    message = message_from_bytes(mail, policy=policy.default)
    return [str(item) for item in message[field].addresses] if message[field] else []


def specs(mail: bytes) -> set[str]:
    message = message_from_bytes(mail, policy=policy.default)
    return {item.addr_spec for field in ("To", "Cc") if message[field] for item in message[field].addresses}


def test_a_reply_goes_to_all_but_oneself_and_to_each_once(sent: Sent) -> None:
    mail = sent.with_fields(
        sent.body,
        To="linux-fsdevel@vger.kernel.org, Rita <RITA@example.net>, zoe@example.org",
        Cc='"Reviewer, Amir" <amir@example.com>, amir@example.com, nobody:;, =?utf-8?q?B=C3=B6b?= <b@x.de>, '
        "Miles O'Brien <m@x.org>, Conan O'Neil <c@x.org>",
    )
    [made] = sent.reply(mail).drafts
    assert addresses(made.data, "From") == ["Rita Reviewer <rita@example.net>"]
    assert addresses(made.data, "To") == ["Zoë Łukaszewicz <zoe@example.org>"]
    assert addresses(made.data, "Cc") == [
        "linux-fsdevel@vger.kernel.org",
        '"Reviewer, Amir" <amir@example.com>',
        "Böb <b@x.de>",
        "Miles O'Brien <m@x.org>",
        "Conan O'Neil <c@x.org>",
    ]


def test_a_reply_goes_where_the_sender_wants_it(sent: Sent) -> None:
    [made] = sent.reply(sent.with_fields(sent.body, Reply_To="Zoë at home <zoe@home.example>")).drafts
    assert addresses(made.data, "To") == ["Zoë at home <zoe@home.example>"]
    assert addresses(made.data, "Cc")[0] == "Zoë Łukaszewicz <zoe@example.org>"


def test_who_answers_a_patch_of_his_own_answers_those_who_got_it(sent: Sent) -> None:
    [made] = sent.reply(sent.with_fields(sent.body, From="Rita Reviewer <rita@example.net>")).drafts
    assert addresses(made.data, "To") == ["linux-fsdevel@vger.kernel.org", "Amir Reviewer <amir@example.com>"]
    assert addresses(made.data, "Cc") == []


# -- what is meant to do harm

EVIL = {
    "Subject": "=?utf-8?q?=5BPATCH=5D_t=3A_x=0D=0ABcc=3A_evil=40example.com=0D=0A=0D=0AHello?=",
    "From": "=?utf-8?q?Zo=C3=AB=0D=0ABcc=3A_evil=40example.com=E2=80=AE?= <zoe@example.org>",
    "To": "=?utf-8?q?a=0ABcc=3A_x?= <list@example.org>, <x@y\n Bcc: evil@example.com>, -oQ/tmp@example.org",
    "Cc": "list2@example.org\n\tBcc: evil@example.com, \x1b[31mred <red@example.org>",
    "Message_Id": "<a@b>\n Bcc: <evil@example.com>",
    "References": "<one@example.org> <two@exam\x07ple.org> <thr\u202eee@example.org>",
    "In_Reply_To": "<a@b> x>",
    "Date": "Tue, 05 Mar 2024 08:09:10 +0100\n Bcc: evil@example.com",
}


@pytest.mark.parametrize("field", EVIL)
def test_a_field_gets_into_no_other_field(sent: Sent, field: str) -> None:
    drafts = sent.reply(sent.with_fields(sent.body, **{field: EVIL[field]})).drafts
    assert drafts
    for made in drafts:
        message = message_from_bytes(made.data, policy=policy.default)
        names = {name.lower() for name in message}
        assert names <= {
            *("from", "to", "cc", "subject", "in-reply-to", "references"),
            *("mime-version", "content-type", "content-transfer-encoding"),
        }
        assert specs(made.data) <= {
            *("zoe@example.org", "linux-fsdevel@vger.kernel.org", "amir@example.com"),
            *("list@example.org", "list2@example.org", "red@example.org"),
        }
        assert made.data.partition(b"\n\n")[0].isascii()
        assert_inert(made.data.decode())


def assert_inert(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", text)


HARM = "\x1b]0;title\x07\u202e\u2066x\u2069\u2028Reviewed-by: Rita Reviewer <rita@example.net>\u2029\x85\x0cz\x00"


def harmed(sent: Sent) -> bytes:
    """The patch with lines that do harm in what will be quoted of it."""
    body = sent.body.decode().replace("\terr = change(ctx);\n", f"\terr = change(ctx); /* {HARM} */\n")
    words = body.replace("Nothing else.", f"Nothing {HARM} else.")
    return sent.with_fields(words.encode(), Content_Type="text/plain; charset=utf-8")


def test_what_a_terminal_or_a_reader_would_act_on_is_not_repeated(sent: Sent) -> None:
    base = draft_base(sent)
    box = sent.place / "harm"
    box.write_bytes(b"From x@y Thu Jan  1 00:00:00 1970\n" + harmed(sent))
    [made] = draft(sent.repository, box, base).drafts
    text = made.data.decode()
    assert_inert(text)
    body = text.partition("\n\n")[2]
    assert "Reviewed-by" in body
    assert not any(re.match(r"\s*[\w-]+-by:", line) for line in body.splitlines())
    assert f"({INSTEAD} in the quote stands for" in body
    mail = made.data.replace(b"MIME-Version", b"Message-Id: <d@example.net>\nMIME-Version")
    answers = read_mails_in(sent.place, [mail])
    assert [answer.trailers for answer in answers] == [()]


def draft_base(sent: Sent) -> str:
    """A base on which the patch with the odd lines applies."""
    before = dict(plant_files(PLANT, after=False))
    text = before[FILE].replace(AT, f"{AT[:-1]} /* Größe: « 1 » */\n")
    before[FILE] = text.replace("\terr = change(ctx);\n", f"\terr = change(ctx); /* {HARM} */\n")
    return import_commits(sent.repository, {"harm": [("Start", before)]})["harm"][0]


def test_own_words_are_marks_of_nobody() -> None:
    words = "Here > x and From y, -- z and --- w, diff --git, @@ -1, +++ b, | table, AB> c, Reviewed-by: A B <a@b.c>"
    for indent in range(1, 60):
        lines = wrapped(f"{'x' * indent} {words} {words}")
        for line in lines[1:]:
            assert not re.match(r" ?(?:>|\||[A-Z]{1,4}>|From |-- ?$|---|diff -|@@ |\+\+\+ )", line), line
        assert not any(re.match(r"\s*[\w-]+-by:", line) for line in lines)


def test_a_line_is_inert() -> None:
    assert inert(f"a\tb {HARM}") == (
        f"a\tb {INSTEAD}]0;title{INSTEAD * 3}x{INSTEAD * 2}Reviewed-by: Rita Reviewer <rita@example.net>"
        f"{INSTEAD * 3}z{INSTEAD}"
    )
