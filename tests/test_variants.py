"""`#if` in a function: each way through is one text, of the same length."""

from __future__ import annotations

import pytest

from credseries.csource.lexical import lex
from credseries.csource.variants import TooManyVariants, UnbalancedConditions, variants
from tests.engine import body


def texts(source: str) -> list[list[str]]:
    """The words that are left in each variant."""
    raw = source.encode()
    lexed = lex(raw)
    found = variants(raw, lexed.code, lexed.directives(0, len(raw)))
    assert all(len(text) == len(raw) for text in found)
    return [text.decode().split() for text in found]


def test_an_if_with_an_else_gives_two() -> None:
    assert texts("#ifdef A\na\n#else\nb\n#endif\nc\n") == [["a", "c"], ["b", "c"]]


def test_an_if_alone_may_leave_nothing() -> None:
    assert texts("#if A\na\n#endif\nc\n") == [["a", "c"], ["c"]]


def test_the_same_condition_twice_takes_the_same_branch() -> None:
    assert texts("#ifdef A\na\n#endif\nb\n#ifdef A\nc\n#endif\n") == [["a", "b", "c"], ["b"]]


def test_other_conditions_are_taken_in_every_combination() -> None:
    found = texts("#ifdef A\na\n#endif\n#ifdef B\nb\n#endif\n")
    assert sorted(found) == [[], ["a"], ["a", "b"], ["b"]]


def test_each_elif_is_a_branch() -> None:
    assert texts("#if A\na\n#elif B\nb\n#else\nc\n#endif\n") == [["a"], ["b"], ["c"]]


def test_a_condition_in_a_branch_goes_with_it() -> None:
    found = texts("#ifdef A\na\n#ifdef B\nb\n#endif\n#endif\nc\n")
    assert sorted(found) == [["a", "b", "c"], ["a", "c"], ["c"]]


def test_other_directives_are_no_conditions() -> None:
    assert texts("#define X 1\na\n#undef X\n") == [["a"]]


def test_more_than_four_are_refused() -> None:
    with pytest.raises(TooManyVariants):
        texts("".join(f"#ifdef {name}\n{name}\n#endif\n" for name in "ABC"))


@pytest.mark.parametrize("source", ["#ifdef A\na\n", "#endif\n", "#else\n", "#if A\n#endif\n#endif\n"])
def test_conditions_that_do_not_pair_up_are_refused(source: str) -> None:
    with pytest.raises(UnbalancedConditions):
        texts(source)


def test_a_function_says_why_it_cannot_be_read() -> None:
    many = body("".join(f"#ifdef {name}\n\tg();\n#endif\n" for name in "ABC"))
    assert many.unreadable is not None
    assert "more than 4 variants" in many.unreadable.reason
    odd = body("#ifdef A\n\tg();\n")
    assert odd.unreadable is not None
    assert "do not pair up" in odd.unreadable.reason
