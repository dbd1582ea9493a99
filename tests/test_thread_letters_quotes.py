"""What a letter quotes and what it says are told apart, and no line is lost or counted twice."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.mail.thread.attributions import whose
from credseries.mail.thread.model import Exchange, Quote
from credseries.mail.thread.quotes import exchanges

ASKED = "Please split the file, as it is\nmuch too long for one patch.\n\nWhich tree is it for?\n"


def only(text: str, *answered: str) -> Exchange:
    (found,) = exchanges(text, answered)
    return found


def said(text: str, *answered: str) -> list[tuple[list[str], str]]:
    """(quoted lines, words) of each exchange."""
    return [
        ([line for quote in found.quotes for line in quote.lines], found.words) for found in exchanges(text, answered)
    ]


# -- marks


def test_remarks_have_the_quotes_above_them() -> None:
    assert said("Hi,\n\n> one\n> two\n\nYes.\n\nReally.\n> three\nNo.\n") == [
        ([], "Hi,"),
        (["one", "two"], "Yes.\n\nReally."),
        (["three"], "No."),
    ]


@pytest.mark.parametrize("deep", [">> deep", "> > deep", ">>deep", "> >deep", " > > deep"])
def test_depths_are_counted_in_every_spelling(deep: str) -> None:
    found = only(f"{deep}\n> near\n\nwords\n")
    assert found.quotes == (Quote(2, ("deep",)), Quote(1, ("near",)))
    assert found.line == 4


def test_what_stands_behind_a_mark_keeps_its_indent() -> None:
    assert only("> +\tx();\n>  \ty();\n>\n>\tz();\nwhy?").quotes[0].lines == ("+\tx();", " \ty();", "", "\tz();")


def test_initials_are_marks_when_a_letter_uses_them_as_such() -> None:
    assert only("AG> one\nAG> two\nAG>> three\nwords").quotes == (Quote(1, ("one", "two")), Quote(2, ("three",)))
    assert only("Amir Goldstein writes:\nAG> one\nwords").quotes[0].lines == ("one",)
    assert only("SQL> select\nwords").quotes == ()


def test_bars_are_marks_below_an_introduction_and_a_table_is_none() -> None:
    assert only("Amir Goldstein writes:\n| one\n| | two\nwords").quotes == (
        Quote(1, ("one",), "Amir Goldstein", introduction="Amir Goldstein writes:"),
        Quote(2, ("two",)),
    )
    table = "| a | b |\n| 1 | 2 |"
    assert only(table).words == table
    assert only(f"> x\n{table}\nend").words == f"{table}\nend"


def test_a_gap_without_mark_starts_another_quote() -> None:
    assert only("> one\n\n> two\nwords").quotes == (Quote(1, ("one",)), Quote(1, ("two",)))


def test_code_and_tables_in_remarks_stay_as_they_are() -> None:
    words = (
        "Like this:\n\n\tif (a > b)\n\t\treturn;\n\n  # head\n  1  2\n\n"
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b"
    )
    assert only(f"> x\n\n{words}\n").words == words


# -- introductions

INTRODUCTIONS = [
    ("On Fri, Jan 26, 2024 at 1:57 AM Ann Author <ann@example.org> wrote:", "Ann Author"),
    ("On Fri, Jan 26, 2024 at 04:29:05PM +0100, Jan Kara wrote:", "Jan Kara"),
    ("On Fri, 26 Jan 2024 19:10:14 +0100 (CET), Geert van der Linden wrote:", "Geert van der Linden"),
    ("On 1/26/24 10:00, Ann B. Author wrote:", "Ann B. Author"),
    ("On Jan 26, 2024, at 10:00, Ann Author III <ann@example.org> wrote:", "Ann Author III"),
    ("Ann Author <ann@xxxxxxxxxxx> writes:", "Ann Author"),
    ("Ann Author writes:", "Ann Author"),
    ("Ann Author wrote on Fri, Jan 26, 2024 at 10:00:00AM +0000:", "Ann Author"),
    ("Am 26.01.24 um 10:00 schrieb Ann Author:", "Ann Author"),
    ("Le ven. 26 janv. 2024 \u00e0 10:00, Ann Author <ann@example.org> a \u00e9crit :", "Ann Author"),
    ("El vie, 26 ene 2024 a las 10:00, Ann (<ann@example.org>) escribi\u00f3:", "Ann"),
    ("Den fre 26 jan. 2024 kl 10:00 skrev Ann <ann@example.org>:", "Ann"),
    ("W dniu 26.01.2024 o 10:00, Ann Nowak pisze:", "Ann Nowak"),
    ("26.01.2024 10:00, Ann Author \u043f\u0438\u0448\u0435\u0442:", "Ann Author"),
    ("\u5728 2024/1/26 10:00\uff0cZhang San \u5199\u9053\uff1a", "Zhang San"),
    ("* Ann Author <ann@example.org> [2024-01-01 10:00:00]:", "Ann Author"),
    ("+++ Ann Author [26/01/24 10:00 -0800]:", "Ann Author"),
    ("Quoting Ann Author (2024-01-26 10:00:00):", "Ann Author"),
    ("In message <x@example.org>, Ann Author <ann@example.org> wrote:", "Ann Author"),
    ("ann@example.org wrote:", "ann@example.org"),
    ("You wrote:", ""),
]


@pytest.mark.parametrize(("line", "name"), INTRODUCTIONS)
def test_introductions_tell_whose_words_follow(line: str, name: str) -> None:
    assert whose(line) == name
    for blank in ("", "\n"):
        found = only(f"{line}\n{blank}> why?\n\nwords\n")
        assert found == Exchange((Quote(1, ("why?",), name, introduction=line),), "words", 4 + len(blank))


@pytest.mark.parametrize(
    "line",
    [
        "As I said before:",
        "Please do the following:",
        "On this machine the documents say:",
        "As discussed on 2024-01-05 this breaks the build on arm64; Ann Author wrote:",
        "The problem is that the code wrote:",
        "I wrote:",
        "Note:",
        "Reviewed-by: Ann Author <ann@example.org>",
    ],
)
def test_prose_that_ends_in_a_colon_is_a_remark(line: str) -> None:
    assert exchanges(f"{line}\n> why?\n\nwords\n")[0].words == line


@pytest.mark.parametrize(
    "lines",
    [
        ("On Fri, Jan 26, 2024 at 1:57 AM Ann Author", "<ann@example.org> wrote:"),
        ("On Fri, Jan 26, 2024 at 1:57 AM", "Ann Author <ann@example.org>", "wrote:"),
        ("On Fri, Jan 26, 2024 at 1:57 AM Ann", "Author <ann@example.org> wrote:"),
    ],
)
def test_wrapped_introductions_are_put_together_at_every_depth(lines: tuple[str, ...]) -> None:
    text = "\n".join(lines)
    assert only(f"{text}\n> why?\nwords").quotes == (Quote(1, ("why?",), "Ann Author", introduction=text),)
    deep = "".join(f"> {line}\n" for line in lines)
    assert only(f"{deep}>> why?\nwords").quotes == (Quote(2, ("why?",), "Ann Author", introduction=text),)
    after = exchanges(f"Hello\n{text}\n> why?\nwords")
    assert (after[0].words, after[1].quotes[0].whose) == ("Hello", "Ann Author")


def test_an_introduction_that_lost_a_mark_in_wrapping_is_one() -> None:
    text = "> On Fri, Jan 26, 2024 at 1:57 AM Ann Author\n<ann@example.org> wrote:\n> > why?\n\nwords\n"
    (found,) = exchanges(text)
    assert found.quotes[0].whose == "Ann Author"
    assert found.words == "words"


def test_each_depth_has_its_own_writer() -> None:
    text = "Bob B. writes:\n> Ann A. writes:\n>> deep\n> near\n\nyes\n> again\n>> deeper\nno\n"
    quotes = [quote for found in exchanges(text) for quote in found.quotes]
    assert [(quote.depth, quote.whose) for quote in quotes] == [
        (2, "Ann A."),
        (1, "Bob B."),
        (1, "Bob B."),
        (2, "Ann A."),
    ]


# -- top-posting, and mails without marks below


def test_top_posting_has_the_quotes_below() -> None:
    found = only("Looks good.\n\nOn 1/26/24 10:00, Ann wrote:\n> one\n> two\n")
    assert (found.quotes, found.words, found.line) == ((), "Looks good.", 1)
    assert found.below == (Quote(1, ("one", "two"), "Ann", introduction="On 1/26/24 10:00, Ann wrote:"),)


@pytest.mark.parametrize(
    "closing", ["-- \nAnn", "--\nAnn\nCompany", "_______________\nlist mailing list\nhttps://x.org"]
)
def test_a_signature_below_the_quote_answers_nothing(closing: str) -> None:
    top, last = exchanges(f"Looks good.\n\n> one\n\n{closing}\n")
    assert (top.words, [quote.lines for quote in top.below]) == ("Looks good.", [("one",)])
    assert last == Exchange((), closing, 5)


def test_a_quote_that_nothing_follows_has_no_words() -> None:
    found = exchanges("> one\nyes\n> two\n")
    assert (found[1].words, found[1].quotes, found[1].line) == ("", (Quote(1, ("two",)),), 3)


@pytest.mark.parametrize(
    "block",
    [
        "-----Original Message-----\nFrom: Ann Author <ann@example.org>\nSent: Friday\nTo: x@y.org\nSubject: s",
        "_______________\nFrom: Ann Author <ann@example.org>\nSent: Friday\nTo: x@y.org;\n z@y.org\nSubject: s",
        "*From:* Ann Author <ann@example.org>\n*Sent:* Friday\n*To:* x@y.org\n*Subject:* s",
        "Von: Ann Author <ann@example.org>\nGesendet: Freitag\nAn: x@y.org\nBetreff: s",
        "---------- Forwarded message ---------\nFrom: Ann Author <ann@example.org>\nDate: x\nSubject: s\nTo: y@z.org",
        "\u53d1\u4ef6\u4eba: Ann Author\n\u53d1\u9001\u65f6\u95f4: x\n\u6536\u4ef6\u4eba: y@z.org\n\u4e3b\u9898: s",
    ],
)
def test_a_mail_below_a_block_of_fields_is_quoted_without_marks(block: str) -> None:
    found = only(f"Fine with me.\n\n{block}\n\nPlease split.\n\nWhy not?\n> older\n")
    assert found.words == "Fine with me."
    assert [(quote.depth, quote.whose, quote.guessed) for quote in found.below] == [
        (1, "Ann Author", True),
        (2, "", True),
    ]
    assert "Please split." in found.below[0].lines
    assert found.below[0].introduction == block


def test_a_block_of_fields_with_marks_below_it_only_introduces() -> None:
    text = "From: Ann A. <a@b.org>\nSent: Friday\nTo: x@y.org\nSubject: s\n\n> why?\n\nbecause\n"
    found = only(text)
    assert (found.words, found.quotes[0].whose, found.quotes[0].guessed) == ("because", "Ann A.", False)


def test_a_pasted_patch_is_the_senders() -> None:
    patch = "From: Ann <a@b.org>\nDate: Fri, 26 Jan 2024\nSubject: [PATCH] x\n\ntext\n---\ndiff --git a/x b/x"
    assert only(f"> why?\n\n{patch}\n").words == patch


def test_remarks_within_a_mail_without_marks_are_found_when_that_is_known() -> None:
    block = "From: Ann A. <a@b.org>\nSent: Friday\nTo: x@y.org\nSubject: s\n\n"
    text = (
        block
        + "Please split the file, as it is\nmuch too long for one patch.\n\nI will.\n\nWhich tree is it for?\n\nMine.\n"
    )
    assert [found.words for found in exchanges(text)] == [""]
    found = exchanges(text, [ASKED])
    assert [item.words for item in found] == ["I will.", "Mine."]
    assert found[1].quotes[-1].lines == ("Which tree is it for?",)
    assert found[0].quotes[0].guessed
    assert [item.words for item in exchanges(text, ["Something else altogether.\n"])] == [""]


# -- broken quoting


def test_the_rest_of_a_line_that_was_broken_goes_back_to_it() -> None:
    kept, rest = "The reason that I ask is that this patch is quite large and", "can take more time"
    long = f"{kept} {rest}"
    text = f"> {kept}\n{rest}\n> to review.\n\nSure.\n"
    assert said(text)[0][1] == rest
    assert said(text, f"{long}\nto review.\n") == [([long, "to review."], "Sure.")]
    assert only(text, f"{long}\nto review.\n").quotes[0].guessed
    assert said(text, "Another letter.\n") == said(text)


def test_a_rest_that_lost_one_of_its_marks_goes_back_to_its_depth() -> None:
    text = "> > one two three four\n> five six\n> > seven\nwords\n"
    assert only(text, "> one two three four five six\n> seven\n").quotes == (
        Quote(2, ("one two three four five six", "seven"), guessed=True),
    )
    assert [quote.depth for quote in only(text, "> one two three four\nfive six\n> seven\n").quotes] == [2, 1, 2]


def test_a_line_without_its_mark_is_a_quote_of_its_own_line() -> None:
    text = "> Please split the file, as it is\nmuch too long for one patch.\n\nYes.\n"
    assert said(text, ASKED) == [(["Please split the file, as it is", "much too long for one patch."], "Yes.")]


def test_a_paragraph_without_marks_is_a_quote_when_the_letter_has_it() -> None:
    text = "Please split the file, as it is\nmuch too long for one patch.\n\nYes.\n"
    (found,) = exchanges(text, [ASKED])
    assert found.quotes == (
        Quote(1, ("Please split the file, as it is", "much too long for one patch."), guessed=True),
    )
    assert only(text).quotes == ()


def test_a_trailer_is_given_even_if_the_letter_had_it_already() -> None:
    trailer = "Reviewed-by: Ann Author <ann.author@example.org>"
    assert only(f"> why?\n{trailer}\n", f"why?\n{trailer}\n").words == trailer
    assert only(f"{trailer}\n", f"why?\n\n{trailer}\n").words == trailer


def test_a_short_answer_that_the_letter_has_somewhere_is_an_answer() -> None:
    assert only("> Is it so?\nYes.\n", "Yes. Is it so? No.\n").words == "Yes."


# -- laws

MARKS = st.sampled_from(["", "", "", "> ", ">> ", "> > ", "> > > ", ">", " > ", "| ", "AG> "])
SHAPES = st.sampled_from(
    [
        "{}",
        "word {} word",
        "On Fri, Jan 26, 2024 at 1:57 AM Name {}",
        "<{}@example.org> wrote:",
        "On 1/26/24 10:00, Name {} wrote:",
        "Name{} writes:",
        "{}:",
        "From: Name {}",
        "Sent: {}",
        "To: {}@x.org",
        "Subject: {}",
        "-----Original Message-----",
        "_____________________",
        "-- ",
        "\tcode({});",
        "| {} | x |",
        "+{}",
        "@@ -1 +1 @@ {}",
        "Reviewed-by: Name <{}@x.org>",
        "Please split the file, as it is",
        "much too long for one patch.",
        "",
        "  ",
        "> {}",
    ]
)


@st.composite
def letters(draw: st.DrawFn) -> str:
    """A text of lines that each have a token of their own."""
    made = draw(st.lists(st.tuples(MARKS, SHAPES), max_size=40))
    return "".join(f"{mark}{shape.format(f'token{number}x')}\n" for number, (mark, shape) in enumerate(made))


def everything(found: tuple[Exchange, ...]) -> str:
    """All text in some exchanges, each line once."""
    pieces = []
    for item in found:
        for quote in (*item.quotes, *item.below):
            pieces += [quote.introduction, *quote.lines]
        pieces.append(item.words)
    return "\n".join(pieces)


def words_in(text: str) -> list[str]:
    """The words of a text, but for the initials that may be marks."""
    return sorted(re.findall(r"\w+", re.sub(r"\bAG>", "", text)))


@settings(deadline=None, max_examples=400)
@given(letters(), st.lists(letters(), max_size=2))
def test_every_line_is_in_exactly_one_place(text: str, answered: list[str]) -> None:
    for known in ([], answered, [text], [ASKED]):
        found = exchanges(text, known)
        tokens = re.findall(r"token\d+x", text)
        assert sorted(re.findall(r"token\d+x", everything(found))) == sorted(tokens)
        assert words_in(everything(found)) == words_in(text)


@settings(deadline=None, max_examples=300)
@given(letters())
def test_the_words_are_at_the_line_that_is_said(text: str) -> None:
    lines = text.split("\n")
    for found in exchanges(text):
        words = found.words.split("\n")
        if found.words:
            assert lines[found.line - 1 : found.line - 1 + len(words)] == words
            assert words[0].strip()
            assert words[-1].strip()


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_read(text: str, answered: str) -> None:
    kept = re.sub(r"[\s>|]", "", everything(exchanges(text)))
    assert sorted(kept) == sorted(re.sub(r"[\s>|]", "", text))
    exchanges(text, [answered])


@pytest.mark.parametrize(
    "line",
    [
        "> ",
        "a",
        "On 1/26/24, A wrote:\n",
        "From: x\n",
        "From: x\nSent: y\nTo: z\n\n",
        "|",
        "AG> x\n",
        "<a@b.c> ",
        "> > ",
    ],
)
def test_a_letter_of_any_size_is_read(line: str) -> None:
    text = line * 20_000
    assert len(re.sub(r"[\s>|]", "", everything(exchanges(text, [text])))) == len(
        re.sub(r"[\s>|]", "", text.replace("AG> ", "") if line.startswith("AG") else text)
    )
