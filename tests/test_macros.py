"""Macros are read and expanded as the preprocessor does."""

from __future__ import annotations

import subprocess

import pytest

from credseries.csource.lexical import lex
from credseries.csource.macros import Macro, Macros, TooLong, read_macros

DEFINITIONS = r"""
#define PLAIN 1 + x /* why */ // also
#define CALL(a, b) f(a, (b))
#define	AROUND(x) CALL(x, PLAIN)
#define JOIN(a, b) a ## b
#define JOINED(a, b) JOIN(a, b)
#define TEXT(a) #a
#define REST(name, args...) name(0, ##args)
#define ANY(...) g(__VA_ARGS__)
#define LOOP LOOP + MUTUAL
#define MUTUAL LOOP
#define NOTHING
#define SEVERAL(x) \
	do {		\
		h(x);	\
	} while (0)
#define LATE CALL
#define STRING "a /* b */ \" CALL(1, 2)"
"""


def macros(text: str) -> Macros:
    return Macros(read_macros("t.h", text.encode(), lex(text.encode())))


def preprocessed(text: str) -> str:
    """What gcc makes of the last line."""
    done = subprocess.run(["gcc", "-E", "-P", "-"], input=text, capture_output=True, text=True, check=True)
    return done.stdout


def flat(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    "use",
    [
        "PLAIN",
        "CALL(1, 2)",
        "CALL (a(b, c), (d, e))",
        "AROUND(PLAIN)",
        "CALL",
        "JOIN(PLAIN, x)",
        "JOINED(NOTHING, x)",
        "JOIN(, x) JOIN(x, )",
        "JOINED(sco, JOINED(pe, d))",
        "TEXT(PLAIN)",
        "REST(f) REST(f, 1) REST(f, 1, PLAIN)",
        "ANY() ANY(1, 2)",
        "LOOP",
        "SEVERAL(PLAIN);",
        "LATE(1, 2)",
        "NOTHING(1)",
        "STRING \"PLAIN\" 'P'",
        "AROUND(AROUND(2))",
        "CALL(\n1,\n2)",
    ],
)
def test_an_expansion_is_that_of_a_compiler(use: str) -> None:
    assert flat(macros(DEFINITIONS).expand(use)) == flat(preprocessed(f"{DEFINITIONS}{use}\n"))


def test_a_macro_is_read_with_its_parameters_and_without_its_comments() -> None:
    source = b"#define a(x, rest...) \\\n\tf(x, /* , */ rest)\n  # define b (1)\n"
    assert read_macros("h", source, lex(source)) == [
        Macro("a", ("x", "rest"), True, "f(x, rest)", "h"),
        Macro("b", None, False, "(1)", "h"),
    ]


def test_what_expands_without_end_is_given_up() -> None:
    doubling = "".join(f"#define d{n} d{n - 1} d{n - 1}\n" for n in range(1, 40))
    with pytest.raises(TooLong):
        macros(doubling).expand("d39")


def test_a_kept_name_is_not_expanded_and_a_second_definition_is_remembered() -> None:
    text = b"#define a 1\n#define a 2\n#define a 1\n#define b a\n"
    found = Macros(read_macros("h", text, lex(text)), kept={"b"})
    assert found.expand("a b") == "1 b"
    assert [item.body for item in found.others["a"]] == ["2"]
    assert found.using({"2"}) == set()
    assert found.using({"a"}) == {"b"}
    assert found.used_by("b") == {"a", "b"}
