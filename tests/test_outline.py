"""Functions are found without parsing their file."""

from __future__ import annotations

import pytest

from credseries.csource.lexical import lex
from credseries.csource.outline import functions


def names(source: str) -> list[str]:
    return [extent.name for extent in functions(lex(source.encode()).code)]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("int f(void)\n{\n}\n", "f"),
        ("static inline struct a *f(int x)\n{\n}\n", "f"),
        ("static int __init f(void)\n{\n}\n", "f"),
        ("__attribute__((cold)) int f(void)\n{\n}\n", "f"),
        ("static __printf(1, 2) void f(const char *s, ...)\n{\n}\n", "f"),
        ("SYSCALL_DEFINE2(f, int, a, int, b)\n{\n}\n", "f"),
        ("COMPAT_SYSCALL_DEFINE1(f, int, a)\n{\n}\n", "f"),
        ("int f(int (*call)(int))\n{\n}\n", "f"),
        ("int f(void) { return 0; }\n", "f"),
        ("DEFINE_CLASS(a, b, c(_T), d(e), int e)\n\n#define A 1\nstatic inline int f(void)\n{\n}\n", "f"),
        ("EXPORT_SYMBOL(a)\nMODULE_X(f(b))\nint f(void)\n{\n}\n", "f"),
        ("DEFINE_FREE(a, struct b *, if (_T) c(_T))\n\nstatic int f(void)\n{\n}\n", "f"),
        ("DEFINE_A(x, (y))\nDEFINE_B(z)\nint f(int (*g)(void))\n{\n}\n", "f"),
        ("DEFINE_CLASS(a, b, c(_T), ({ b t; t.d = e(x); t; }), int x)\nint f(void)\n{\n}\n", "f"),
    ],
)
def test_a_function_is_known_by_its_name(source: str, name: str) -> None:
    assert names(source) == [name]


@pytest.mark.parametrize(
    "source",
    [
        "struct a {\n\tint b;\n};\n",
        "enum { A, B };\n",
        "static const struct a b = {\n\t.c = f(1),\n};\n",
        "static struct a b[] = { C(1), };\n",
        "typedef struct {\n\tint a;\n} b;\n",
        "int f(void);\n",
    ],
)
def test_what_is_no_function_is_none(source: str) -> None:
    assert names(source) == []


def test_an_extent_begins_at_the_head_and_ends_past_the_brace() -> None:
    source = b"int a;\n\nstatic int f(void)\n{\n\tg();\n}\nint b;\n"
    [extent] = functions(source)
    assert source[extent.start : extent.end] == b"static int f(void)\n{\n\tg();\n}"
    assert source[extent.body : extent.body + 1] == b"{"
    assert extent.holds(extent.start)
    assert not extent.holds(extent.end)


def test_braces_that_if_branches_unbalance_do_not_reach_the_next_function() -> None:
    source = "int f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\n\nint g(void)\n{\n}\n"
    assert names(source) == ["f", "g"]


def test_a_function_begins_after_the_macros_above_it() -> None:
    source = b"DEFINE_CLASS(a, b, c(_T), ({ b t; t; }), int x)\n\nstatic int f(void)\n{\n}\n"
    [extent] = functions(lex(source).code)
    assert source[extent.start :].startswith(b"static int f(void)\n{")
