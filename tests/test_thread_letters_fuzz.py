"""However a mail is mangled, it is read, and what it says is shown or said to be missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.quotes import exchanges
from tests.fuzz_mails import failures, mangled
from tests.mailcorpus import corpus, words

MAILS = corpus()
# Of these something is wrong before anybody mangles them.
ODD = {"wrong", "unknown", "bare", "headless", "page", "footer", "nul", "attached"}


@pytest.mark.parametrize("name", sorted(MAILS))
def test_a_mail_that_nobody_mangled_is_read_whole(name: str) -> None:
    letter = read_letter(MAILS[name])
    assert failures(MAILS[name]) == []
    assert bool(letter.problems) == (name in ODD), letter.problems
    shown = letter.text if name not in {"attached", "forwarded"} else letter.text + letter.attached[0][1]
    assert [word for word in words(name) if word not in shown] == []


@pytest.mark.parametrize("name", sorted(set(MAILS) - {"attached", "forwarded", "top"}))
def test_remarks_are_words_and_no_quotes(name: str) -> None:
    said = "\n".join(item.words for item in exchanges(read_letter(MAILS[name]).text))
    assert [word for word in words(name) if word not in said] == []
    assert "guarded_frob" not in said


@pytest.mark.parametrize("first", range(0, 1000, 100))
def test_a_mangled_mail_is_read(first: int) -> None:
    for seed in range(first, first + 100):
        name, data = mangled(seed, MAILS)
        assert failures(data) == [], (seed, name)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=500))
def test_any_bytes_are_a_letter(data: bytes) -> None:
    for item in (data, b"Content-Type: text/html\n\n" + data, b"Content-Type: multipart/mixed; boundary=a\n\n" + data):
        assert failures(item) == []


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(("From", "Date", "Subject", "Content-Type", "Message-ID", "References")), st.text(max_size=200))
def test_any_field_is_read(field: str, value: str) -> None:
    data = f"{field}: {value}\nX-Other: x\n\nwords\n".encode("utf-8", "surrogatepass")
    assert failures(data) == []
