"""Comments, strings and directives are found and blanked without moving a byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.csource.lexical import Lines, Region, lex


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"a /* b */ c", b"a         c"),
        (b"a // b\nc", b"a     \nc"),
        (b"a // b \\\n still\nc", b"a       \n      \nc"),
        (b"a /* b\nc */ d", b"a     \n     d"),
        (b'f("x /* y");', b'f("xxxxxx");'),
        (b"f('\"', x);", b"f('x', x);"),
        (b"f('\\'', x);", b"f('xx', x);"),
        (b'/* " */ f("a");', b'        f("x");'),
        (b"#if A\nb\n#endif\n", b"     \nb\n      \n"),
        (b"  # define A \\\n\tB\nc", b"              \n  \nc"),
        (b"#define A /* one\ntwo */ 3\nc", b"                \n        \nc"),
        (b"a % b # c", b"a % b # c"),
        (b"a /* never closed", b"a                "),
    ],
)
def test_what_is_not_code_is_blank(source: bytes, code: bytes) -> None:
    assert lex(source).code == code


@given(st.lists(st.sampled_from([b"a", b" ", b"\n", b"/*", b"*/", b"//", b'"', b"'", b"\\", b"#", b"{", b";"])))
def test_blanking_keeps_the_length_and_the_lines(parts: list[bytes]) -> None:
    source = b"".join(parts)
    code = lex(source).code
    assert len(code) == len(source)
    if b'"' not in source and b"'" not in source:  # a literal may hold an escaped newline
        assert code.count(b"\n") == source.count(b"\n")


def test_an_offset_knows_what_it_is_in() -> None:
    lexed = lex(b'#if A\nf("s"); /* c */\n')
    assert lexed.region_at(1) is Region.DIRECTIVE
    assert lexed.region_at(6) is None
    assert lexed.region_at(9) is Region.STRING
    assert lexed.region_at(15) is Region.COMMENT
    assert lexed.region_at(21) is None


def test_directives_of_a_range_are_those_that_begin_in_it() -> None:
    lexed = lex(b"#if A\nx;\n#else\ny;\n#endif\n")
    assert [span.start for span in lexed.directives(0, 100)] == [0, 9, 18]
    assert [span.start for span in lexed.directives(9, 18)] == [9]


def test_lines_and_offsets_lead_to_each_other() -> None:
    lines = Lines(b"a\nbc\n\nd")
    assert [lines.number(at) for at in range(7)] == [1, 1, 2, 2, 2, 3, 4]
    assert [lines.start(number) for number in (1, 2, 3, 4, 5)] == [0, 2, 5, 6, 7]
    assert (lines.start_of(3), lines.end_of(3)) == (2, 5)
