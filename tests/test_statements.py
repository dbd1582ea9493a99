"""What a macro before a statement is, by its definition."""

from __future__ import annotations

import pytest

from credseries.csource.flow import Kind
from credseries.csource.function import Function
from credseries.csource.lexical import lex
from credseries.csource.macros import Macros, read_macros
from credseries.csource.statements import KEPT, Part, Shape, StatementMacros
from tests.engine import only_variant


def statements(definitions: str) -> StatementMacros:
    text = definitions.encode()
    return StatementMacros(Macros(read_macros("t.h", text, lex(text)), KEPT))


def reasons(definitions: str, body: str) -> str:
    """Why a function with these statements cannot be followed; empty when it can be."""
    text = f"int f(int c)\n{{\n{body}\n}}"
    function = Function("t.c", "f", text.encode(), 1, statements(definitions))
    if function.unreadable is not None:
        return function.unreadable.reason
    return "; ".join(reason for _, reason in only_variant(function).flow.unsupported)


@pytest.mark.parametrize(
    ("definition", "use", "shape", "parts"),
    [
        ("#define m(x) scoped_guard(cred, x)", "m(a->b)", Shape.ONCE, [Part("scoped_guard", "cred", ("a->b",))]),
        ("#define m() scoped_class(k, v, f(1, 2))", "m()", Shape.ONCE, [Part("scoped_class", "k", ("f(1, 2)",))]),
        ("#define m(c, x...) scoped_guard(c, ##x)", "m(rcu)", Shape.ONCE, [Part("scoped_guard", "rcu", ())]),
        (
            "#define n(x) scoped_guard(cred, x)\n#define m(x) n((x)->c)",
            "m(a)",
            Shape.ONCE,
            [Part("scoped_guard", "cred", ("(a)->c",))],
        ),
        ("#define m guard(cred)", "m(c)", Shape.DECLARATION, [Part("guard", "cred", ("c",))]),
        ("#define m(x) CLASS(k, v_##x)(x);", "m(c)", Shape.DECLARATION, [Part("CLASS", "k", ("c",))]),
        ("#define m(n) const T *n __free(k) = g()", "m(c)", Shape.DECLARATION, [Part("__free", "k", ("g()",))]),
        (
            "#define m(x) class_k_t v __cleanup(class_k_destructor) = class_k_constructor(x)",
            "m(c)",
            Shape.DECLARATION,
            [Part("CLASS", "k", ("c",))],
        ),
        (
            "#define m(x) for (CLASS(k, v)(x), *d = NULL; !d; d = (void *)1)",
            "m(c)",
            Shape.ONCE,
            [Part("scoped_class", "k", ("c",))],
        ),
        (
            "#define n(x, l) for (CLASS(k, v)(x); ; ({ goto l; })) if (0) { l: break; } else\n"
            "#define m(x) n(x, __UNIQUE_ID(l))",
            "m(c)",
            Shape.ONCE,
            [Part("scoped_class", "k", ("c",))],
        ),
        (
            "#define m(t) for (const t *v __attribute__((cleanup(drop))) = get(), *o = (void *)1; o; o = NULL)",
            "m(int)",
            Shape.ONCE,
            [Part("__cleanup", "drop")],
        ),
        ("#define m(p) for (T *p __free(k) = g(); p; p = next(p))", "m(q)", Shape.LOOP, [Part("__free", "k")]),
        ("#define m(x) for (; x; )", "m(c)", Shape.LOOP, []),
        ("#define m(x) for (;;) if (x) {} else", "m(c)", Shape.LOOP, []),
        ("#define m(x) while (x)", "m(c)", Shape.LOOP, []),
        ("#define m(x) if (x)", "m(c)", Shape.BRANCH, []),
        ("#define m(x) if (!(x)) ; else", "m(c)", Shape.CLOSED_BRANCH, []),
        ("#define m(x)", "m(c)", Shape.PLAIN, []),
        ("#define m(x) scoped_guard(k, x) if (x)", "m(c)", Shape.UNKNOWN, []),
        ("#define m(x) for (;;) for (;;)", "m(c)", Shape.UNKNOWN, []),
        ("#define m(x) if (x) { return 1; } else", "m(c)", Shape.UNKNOWN, []),
        ("#define m(x) for (T *a __free(j) = g(), *b __free(k) = g(); a; )", "m(c)", Shape.UNKNOWN, []),
        ("#define m(x) guard(j)(x); guard(k)(x)", "m(c)", Shape.UNKNOWN, []),
        ("#ifdef A\n#define m(x) if (x)\n#else\n#define m(x) for (; x; )\n#endif", "m(c)", Shape.UNKNOWN, []),
    ],
)  # fmt: skip
def test_the_meaning_of_a_macro(definition: str, use: str, shape: Shape, parts: list[Part]) -> None:
    meaning = statements(definition).meaning("m", use)
    assert meaning is not None
    assert (meaning.shape, list(meaning.parts)) == (shape, parts)
    assert (meaning.reason != "") == (shape is Shape.UNKNOWN)


@pytest.mark.parametrize("body", ["f(x)", "do { f(x); } while (0)", "({ if (x) f(x); 1; })", "x; if (x) f(x)"])
def test_an_expression_or_a_statement_of_its_own_opens_nothing(body: str) -> None:
    assert statements(f"#define m(x) {body}").meaning("m", "m(c)") is None


def test_two_definitions_that_mean_the_same_are_one() -> None:
    text = "#ifdef A\n#define m(x) scoped_guard(cred, x)\n#else\n#define m(y) scoped_guard(cred, y)\n#endif"
    meaning = statements(text).meaning("m", "m(c)")
    assert meaning is not None
    assert meaning.parts == (Part("scoped_guard", "cred", ("c",)),)


@pytest.mark.parametrize(
    ("definition", "body", "reason"),
    [
        ("#define scoped_odd(x) odd(x);", "\tscoped_odd(c) {\n\t\tg();\n\t}", "scoped_odd() is a macro that is not"),
        ("#define with_odd(x) for (;;) for (;;)", "\twith_odd(c) {\n\t\tg();\n\t}", "several statements"),
        ("#define in(x) scoped_guard(cred, x)", "\tin(c) {\n\t\tg();\n\t}", "unknown macro"),
        ("#define leave(x) do { if (x) return 1; } while (0)", "\tleave(c);\n\tg();", "leave() is a macro that jumps"),
        ("#define inner goto out\n#define leave(x) if (x) inner", "\tleave(c);\nout:\n\tg();", "is a macro that jumps"),
        ("#define leave(x, l) do { if (x) goto l; } while (0)", "\tleave(c, out);\nout:\n\tg();", "macro that jumps"),
        ("", "\tif (c)\n\t\tguard(one)(c);\n\tg();", "no statement of a block"),
        ("#define my_guard(x) guard(one)(x)", "\tif (c)\n\t\tmy_guard(c);\n\tg();", "no statement of a block"),
        ("", "\tx = ({ T *p __free(k) = g(); *p; });", "a scope of its own"),
        ("", "\tx = ({ guard(one)(c); g(); });", "a scope of its own"),
        ("", "\tfor (CLASS(k, v)(c); ask(); )\n\t\tg();", "declared in a `for`"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(definition: str, body: str, reason: str) -> None:
    assert reason in reasons(definition, body)


@pytest.mark.parametrize(
    "definition",
    [
        "#define stay(x) ({ if (x) goto done; f(x); done: 0; })",
        "#define stay(x) f(x)\n#define not_used(x) return x",
        "#define stay(x) f(returned(x))",
    ],
)
def test_a_macro_that_stays_within_itself_jumps_nowhere(definition: str) -> None:
    assert reasons(definition, "\tstay(c);\n\treturn_ptr(c);") == ""


def test_a_form_of_cleanup_h_is_what_the_tree_makes_of_it() -> None:
    body = "\twhile (ask()) {\n\t\tscoped_guard(one, c) {\n\t\t\tbreak;\n\t\t}\n\t\tg();\n\t}\n\treturn 0;"
    usual = "#define scoped_guard(n, a...) for (CLASS(n, scope)(a), *done = NULL; !done; done = (void *)1)"
    other = "#define scoped_guard(n, a...) if (try_##n(a))"
    assert _cleanups(usual, body) == ["one"]
    assert _cleanups(other, body) == []


def _cleanups(definition: str, body: str) -> list[str]:
    function = Function("t.c", "f", f"int f(int c)\n{{\n{body}\n}}".encode(), 1, statements(definition))
    return sorted({node.tag for node in only_variant(function).flow.nodes if node.kind is Kind.CLEANUP})
