"""Masking makes kernel C readable for the parser, byte by byte in place."""

from __future__ import annotations

import pytest

from credseries.creds.effects import CREDENTIALS
from credseries.creds.sites import analyse
from credseries.csource.flow import Kind
from credseries.csource.mask import closing, mask
from credseries.csource.statements import Part
from tests.engine import body, function, only_variant


def masked(code: str) -> str:
    result = mask(code.encode())
    assert len(result.text) == len(code.encode())
    assert result.text.count(b"\n") == code.count("\n")
    return result.text.decode()


@pytest.mark.parametrize(
    ("code", "gone"),
    [
        ("static int __init f(void)\n{\n}", "__init"),
        ("int f(char __user *p)\n{\n}", "__user"),
        ("void f(void) __must_hold(&lock)\n{\n}", "__must_hold(&lock)"),
        ("void f(void)\n\t__acquires(&a->lock)\n\t__releases(&b)\n{\n}", "__releases(&b)"),
        ("void f(void)\n{\n\tint x __maybe_unused;\n}", "__maybe_unused"),
        ("void f(void)\n{\n\tswitch (a) {\n\tcase 1:\n\t\tfallthrough;\n\tcase 2:\n\t\tg();\n\t}\n}", "fallthrough;"),
    ],
)
def test_annotations_become_spaces(code: str, gone: str) -> None:
    text = masked(code)
    assert text == code.replace("__acquires(&a->lock)", " " * 20).replace(gone, " " * len(gone))
    assert function(code).unreadable is None


def test_a_free_is_blank_and_remembered() -> None:
    code = b"void f(void)\n{\n\tvoid *p __free(kfree) = g();\n}"
    result = mask(code)
    assert result.frees == {code.index(b"__free"): Part("__free", "kfree")}
    assert result.text == code.replace(b"__free(kfree)", b" " * 13)


@pytest.mark.parametrize(
    "loop",
    [
        "list_for_each_entry(p, &head, node) {\n\t\tg(p);\n\t}",
        "list_for_each_entry(p, &head, node)\n\t\tg(p);",
        "for_each_thing() {\n\t\tg(p);\n\t}",
        "if (p)\n\t\tfor_each_child(p, q)\n\t\t\tg(q);",
        "xa_for_each(&xa, i, p) {\n\t\tg(p);\n\t}",
    ],
)
def test_a_for_each_macro_is_a_loop_that_ends(loop: str) -> None:
    flow = only_variant(body(f"\t{loop}\n\treturn h();")).flow
    calls = [node for node in flow.nodes if node.kind is Kind.CONDITION and node.syntax is not None]
    assert calls
    [done] = [node for node in flow.nodes if node.kind is Kind.RETURN]
    assert any(target == done.number for node in flow.nodes for _, target in node.edges)


def test_a_function_named_for_each_is_a_call() -> None:
    code = "void f(void)\n{\n\tbus_for_each_dev(bus, g);\n\terr = idr_for_each(a, g);\n}"
    assert masked(code) == code


def test_a_scoped_macro_is_remembered_with_its_arguments() -> None:
    code = b"void f(void)\n{\n\tscoped_guard(cred, ctx->cred) {\n\t\tg();\n\t}\n}"
    [scope] = mask(code).scopes.values()
    assert scope.name == "scoped_guard"
    assert code[scope.args_start : scope.args_end] == b"cred, ctx->cred"
    assert b"while" in mask(code).text


@pytest.mark.parametrize(
    "expression",
    [
        "container_of(p, struct a, b)",
        "list_entry(p, struct a, b)",
        "min_t(unsigned int, a, b)",
        "va_arg(args, struct a *)",
        "kzalloc_obj(struct a, GFP_KERNEL)",
    ],
)
def test_a_type_as_an_argument_is_one_word(expression: str) -> None:
    item = body(f"\tx = {expression};\n\treturn 0;")
    assert item.unreadable is None
    assert len(only_variant(item).masked.text) == len(item.source)


def test_a_system_call_has_a_plain_head() -> None:
    item = function("SYSCALL_DEFINE2(open, const char __user *, name, int, flags)\n{\n\treturn g(name);\n}", "open")
    assert item.unreadable is None
    assert item.code.startswith(b"SYSCALL_DEFINE2")


def test_a_function_that_does_not_parse_cannot_be_read() -> None:
    item = body("\tx = = 1;\n\treturn 0;")
    assert item.variants == []
    assert item.unreadable is not None
    assert "line 3" in item.unreadable.reason


@pytest.mark.parametrize(
    "statement",
    [
        "ODD_BLOCK(x) {\n\t\tg();\n\t}",
        "ODD_LOOP(x)\n\t\tg();",
        "ODD_LOOP(x)\n\t\ty = g();",
        "ODD_LOOP(x, y)\n\t\tg();",
        "ODD\n\tg();",
        "ODD\n\tg(x, y);",
        "ODD_LOOP(x)\n\t\told = override_creds(c);",
        "ODD_BLOCK(x, y) {\n\t\told = override_creds(c);\n\t}",
    ],
)
def test_statements_behind_an_unknown_macro_make_a_function_unreadable(statement: str) -> None:
    assert analyse(body(f"\t{statement}\n\treturn 0;"), CREDENTIALS).unreadable is not None


@pytest.mark.parametrize(
    "statement",
    [
        "typeof(p) q = *p;",
        "__typeof__(p) q = g();",
        "int (*call)(int) = g;",
        "extern int g(void);",
        "DECLARE_X(a, 3);",
    ],
)
def test_declarations_that_look_alike_are_read(statement: str) -> None:
    assert analyse(body(f"\t{statement}\n\treturn 0;"), CREDENTIALS).unreadable is None


def test_brackets_close_only_in_pairs() -> None:
    assert closing(b"(a[b]{c})", 0) == 8
    assert closing(b"(a]", 0) == -1
    assert closing(b"(a", 0) == -1
