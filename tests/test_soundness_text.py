"""Odd C: what would be read otherwise than a compiler does, or not in reasonable time, is refused and says why."""

from __future__ import annotations

import pytest

from credseries.creds.state import explore
from credseries.creds.steps import read_steps
from credseries.csource.lexical import lex
from credseries.csource.plain import misread
from credseries.rewrite.forms import Form, Names, write_naive_guard
from tests.soundcase import analysed, judge, only, proven, site

PLAIN = site("note(1);")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (PLAIN.replace("\n", "\r\n"), "a carriage return (line 1)"),
        (PLAIN.replace("\n", "\r"), "a carriage return (line 1)"),
        (PLAIN.replace("note(1);\n", "note(1);\r\n"), "a carriage return (line 6)"),
        ("// one \\\r\n#define A \\\r\n{\n" + PLAIN, "a carriage return (line 1)"),
        ('static const char s[] = "\r";\n' + PLAIN, "a carriage return (line 1)"),
        (PLAIN + "\n/* one */ // two\r\n", "a carriage return (line 11)"),
        (PLAIN + "\0", "a zero byte (line 10)"),
        ("/* one *\\\n/ int i; /* two */\n" + PLAIN, "a comment's end or beginning on two lines (line 1)"),
        ("/\\\n* one */\n" + PLAIN, "a comment's end or beginning on two lines (line 1)"),
        ("%:pragma once\n" + PLAIN, "the digraph %: (line 1)"),
        ("int a<:3:>;\n" + PLAIN, "the digraph <: (line 1)"),
    ],
)
def test_a_file_that_compilers_read_otherwise_is_refused(text: str, what: str) -> None:
    if "\n" not in text:
        source = text.encode()
        odd = misread(source, lex(source))
        assert odd is not None
        assert odd.what == "a carriage return"
    else:
        assert analysed(text.encode()).unreadable == f"the file has {what}"


@pytest.mark.parametrize("text", ["/* one\r\ntwo\r\n*/\n", "/* \0 */\n", "/* \r */\n", 'char s[] = "\\r";\n'])
def test_what_is_in_a_comment_or_escaped_is_harmless(text: str) -> None:
    _, [judged] = judge(text + PLAIN)
    assert judged.choice is Form.GUARD


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("no\\\nte(1);", "line 7 has a backslash in its code"),
        ("note(1); \\\n", "line 7 has a backslash in its code"),
        ("note(\xe9);", "line 7 has the byte 0xc3 in its code"),
        ("note(old$);", "line 7 has the byte 0x24 in its code"),
        ("\x0bnote(1);", "line 7 has the byte 0x0b in its code"),
    ],
)
def test_a_function_whose_words_are_not_those_that_a_compiler_reads_is_refused(statement: str, what: str) -> None:
    analysis, judged = judge(site(statement))
    assert analysis.unreadable == what
    assert not judged


def test_a_line_goes_on_behind_a_backslash_and_blanks() -> None:
    judged = only(site("note(1); // one \\ ", "note(2);", "note(3);"))
    assert judged.choice is Form.GUARD
    analysis = judged.site.function
    assert b"note(2)" not in analysis.code
    assert b"note(3)" in analysis.code


@pytest.mark.parametrize("directive", ['#define PATH "a/*"', "#define A 1 // one /* two", "#define Q '/*'"])
def test_a_directive_ends_at_its_line_whatever_its_literals_and_comments_hold(directive: str) -> None:
    judged = only(site("note(1);", directive.join("\n\n"), "put_cred(ctx->cred); /* one */"))
    assert proven(judged) == set()
    assert "put_cred" in judged.reason


@pytest.mark.parametrize(
    "directive", ["/* one */ #ifdef CONFIG_A", "/* one\n*/ #ifdef CONFIG_A", "\f#ifdef CONFIG_A", "#/**/ifdef CONFIG_A"]
)
def test_a_directive_may_stand_behind_a_comment(directive: str) -> None:
    analysis, _ = judge(site("note(1);", f"\n{directive}\n", "put_cred(ctx->cred);", "\n#endif\n"))
    assert len(analysis.function.variants) == 2


def test_a_comment_before_a_sharp_does_not_make_a_directive_of_what_begins_before_it() -> None:
    assert lex(b"a /* b\n*/ # c\n# d\n").code == b"a     \n   # c\n   \n"


@pytest.mark.parametrize("directive", ["#include <linux/more.h>", "#elifdef CONFIG_A", "#import x"])
def test_a_directive_that_may_bring_other_statements_is_not_followed(directive: str) -> None:
    analysis, _ = judge(site("note(1);", f"\n{directive}\n"))
    assert analysis.unreadable == f"{directive.split(maxsplit=1)[0]} in it is not followed"


def test_conditions_are_not_the_same_when_a_macro_changes_between_them() -> None:
    text = site(
        *("\n#ifdef CONFIG_A", "put_cred(ctx->cred);", "\n#endif\n#undef CONFIG_A\n#ifdef CONFIG_A"),
        *("get_cred(ctx->cred);", "\n#endif\n"),
    )
    analysis, _ = judge(text)
    assert len(analysis.function.variants) == 4


@pytest.mark.parametrize(
    "deep",
    [
        "note(" + "(" * 5000 + "1" + ")" * 5000 + ");",
        "{" * 5000 + "note(1);" + "}" * 5000,
        "if (a) " * 5000 + "note(1);",
        "if (a) note(1); " + "else if (a) note(2); " * 5000,
        "a = " + "!" * 5000 + "a;",
        "a = " + "a ? 1 : " * 5000 + "2;",
        "a = 1" + " + 1" * 5000 + ";",
        "".join(f"l{number}: " for number in range(5000)) + "note(1);",
        "note(" * 5000,
        "a" + "->a" * 5000 + " = 1;",
    ],
    ids=["brackets", "blocks", "if", "else if", "not", "?:", "+", "labels", "open", "members"],
)
def test_what_is_nested_without_end_is_refused(deep: str) -> None:
    analysis, judged = judge(site(deep, head="int f(struct my_ctx *ctx, int a)"))
    assert analysis.unreadable is not None
    assert "nested" in analysis.unreadable
    assert not judged


@pytest.mark.parametrize("head", [")" * 20_000, "DEFINE_X(" * 2000, "A(b) " * 20_000, "(" * 20_000])
def test_what_stands_before_a_function_does_not_matter_however_much_it_is(head: str) -> None:
    _, [judged] = judge(f"{head}\n;\n" + PLAIN)
    assert judged.choice is Form.GUARD


@pytest.mark.parametrize("piece", [b"'\"#", b"\\'", b"x # ", b"'\"#\n", b"#'\"", b"/* ", b"\\\n"])
def test_text_of_any_kind_is_lexed_in_one_go(piece: bytes) -> None:
    source = piece * 100_000
    assert len(lex(source).code) == len(source)


def test_overrides_that_a_loop_piles_up_are_not_followed_for_ever() -> None:
    text = site("note(1);").replace("\told = override", "\tfor_each_item(i, 3)\n\told = override")
    analysis, [judged] = judge(text)
    assert judged.choice is None
    naive = write_naive_guard(judged.site, Names())
    [variant] = judged.site.function.rewritten(naive.text).variants
    [before] = analysis.steps
    steps = read_steps(variant, analysis.effects, before.saved)
    found = explore(steps, naive.offsets.origin, tolerate=True)
    assert not found.complete
    assert max(len(stack) for stacks in found.before.values() for stack in stacks) < 50


def test_a_scope_does_not_end_where_a_function_seems_to() -> None:
    text = PLAIN.replace("return 0;", "note(2);")
    assert only(text).choice is Form.SCOPED
    judged = only(text.replace("\told = override", "old = override"))
    assert judged.choice is Form.LIGHT
    assert "a brace at the beginning of a line" in judged.verdict(Form.SCOPED).reason


def test_a_literal_that_is_never_closed_takes_its_line_along() -> None:
    assert lex(b"don't /* a\nb\n").code == b"don'xxxxxx\nb\n"
    assert lex(b'f("a);\nb\n').code == b'f("xxx\nb\n'
