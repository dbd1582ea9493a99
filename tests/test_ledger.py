# ruff: noqa: E501 -- a function on a line
"""References: what a function takes, drops and leaves behind, on every path."""

from __future__ import annotations

import pytest

from credseries.creds.ledger import Balance, defects, keep_books
from tests.engine import analysed, body, only_variant

NEW = "\tstruct cred *new = prepare_creds();\n\tconst struct cred *old;\n\tint err = 0;\n\n\tif (!new)\n\t\treturn -ENOMEM;\n"


def found(statements: str, parameters: str = "struct my_ctx *ctx, bool flag") -> list[tuple[str, int]]:
    """The kind and the line of every defect."""
    return [(item.kind, item.line) for item in defects(analysed(body(statements, parameters)))]


@pytest.mark.parametrize(
    "statements",
    [
        NEW + "\told = override_creds(new);\n\tput_cred(new);\n\tlook(ctx);\n\trevert_creds(old);\n\treturn err;",
        NEW + "\told = override_creds(new);\n\tlook(ctx);\n\trevert_creds(old);\n\tput_cred(new);\n\treturn err;",
        NEW + "\terr = look(new);\n\tif (err) {\n\t\tabort_creds(new);\n\t\treturn err;\n\t}\n\treturn commit_creds(new);",
        NEW + "\tctx->cred = new;\n\treturn 0;",
        NEW + "\treturn keep(ctx, get_cred(new)) ? 0 : finish(&new);",
        "\tconst struct cred *cred = get_cred(ctx->cred);\n\n\tlook(ctx);\n\tput_cred(cred);\n\treturn 0;",
        "\tstruct cred *new = NULL;\n\n\tif (flag)\n\t\tnew = prepare_creds();\n\tlook(ctx);\n\tput_cred(new);\n\treturn 0;",
        "\tstruct cred *new;\n\n\tif (flag) {\n\t\tnew = prepare_creds();\n\t\tif (!new)\n\t\t\treturn -ENOMEM;\n\t}\n"
        "\tlook(ctx);\n\tif (flag)\n\t\tput_cred(new);\n\treturn 0;",
        "\tstruct cred *new __free(put_cred) = prepare_creds();\n\n\tif (!new)\n\t\treturn -ENOMEM;\n\tlook(ctx);\n\treturn 0;",
        "\tstruct cred *new __free(put_cred) = prepare_creds();\n\n\tif (!new)\n\t\treturn -ENOMEM;\n"
        "\tctx->cred = no_free_ptr(new);\n\treturn 0;",
        NEW + "\tput_cred(override_creds(new));\n\tput_cred(new);\n\treturn 0;",
    ],
)  # fmt: skip
def test_what_is_balanced_is_no_finding(statements: str) -> None:
    assert found(statements) == []


@pytest.mark.parametrize(
    ("statements", "kinds"),
    [
        (NEW + "\told = override_creds(new);\n\tlook(ctx);\n\trevert_creds(old);\n\treturn err;", [("leak", 12)]),
        (NEW + "\terr = look(ctx);\n\tif (err)\n\t\treturn err;\n\tput_cred(new);\n\treturn 0;", [("leak", 11)]),
        (NEW + "\tput_cred(new);\n\tabort_creds(new);\n\treturn 0;", [("double-put", 10)]),
        (NEW + "\told = override_creds(new);\n\tput_cred(new);\n\trevert_creds(old);\n\tput_cred(new);\n\treturn 0;",
         [("double-put", 12)]),
        ("\tstruct cred *new __free(put_cred) = prepare_creds();\n\n\tif (!new)\n\t\treturn -ENOMEM;\n\tput_cred(new);\n"
         "\treturn 0;", [("double-put", 8)]),
        (NEW + "\tfor (;;) {\n\t\tnew = prepare_creds();\n\t\tif (!new)\n\t\t\tbreak;\n\t\tput_cred(new);\n\t}\n\treturn 0;",
         [("leak", 15)]),
        ("\tconst struct cred *old = override_creds(ctx->cred);\n\n\tif (look(ctx))\n\t\treturn -EIO;\n\trevert_creds(old);\n"
         "\treturn 0;", [("missing-revert", 6)]),
    ],
)  # fmt: skip
def test_what_is_not_is_found_where_it_shows(statements: str, kinds: list[tuple[str, int]]) -> None:
    assert found(statements) == kinds


def test_a_finding_has_the_shortest_path_and_names_what_leaks() -> None:
    text = NEW + "\terr = look(ctx);\n\tif (err)\n\t\treturn err;\n\tput_cred(new);\n\treturn 0;"
    [defect] = defects(analysed(body(text, "struct my_ctx *ctx")))
    assert defect.path == (3, 5, 7, 9, 10, 11)
    assert defect.message == "the reference on what prepare_creds() at line 3 returned is never dropped"


def test_a_condition_turns_out_the_same_until_its_variable_is_set() -> None:
    text = (
        "\tstruct cred *new = NULL;\n\n\tif (flag)\n\t\tnew = prepare_creds();\n\tSET\n\tif (!flag)\n\t\treturn 0;\n"
        "\tput_cred(new);\n\treturn 0;"
    )
    assert found(text.replace("SET", "look(ctx);")) == []
    assert [kind for kind, _ in found(text.replace("SET", "flag = look(ctx);"))] == ["leak"]


def test_the_balance_at_every_exit_is_told() -> None:
    item = body(
        "\tget_cred(ctx->cred);\n\tif (flag)\n\t\tput_cred(ctx->cred);\n\treturn 0;", "struct my_ctx *ctx, int flag"
    )
    analysis = analysed(item)
    [steps] = analysis.steps
    books = keep_books(item, only_variant(item), steps, analysis.effects)
    assert books.balances == {Balance((("ctx.cred", 1),), 0), Balance((), 0)}


def test_a_rewrite_keeps_the_balance() -> None:
    from credseries.rewrite.forms import Form
    from credseries.rewrite.plan import Names, Planner

    text = NEW + "\told = override_creds(new);\n\tlook(ctx);\n\trevert_creds(old);\n\tput_cred(new);\n\treturn err;"
    analysis = analysed(body(text, "struct my_ctx *ctx"))
    for form in (Form.SCOPED, Form.LIGHT):
        planner = Planner(Names(), (form,))
        rewritten = planner.rewrite(analysis, planner.judge_all(analysis))
        assert rewritten.judged[0].choice is form
        after = analysed(analysis.function.rewritten(rewritten.text))
        assert defects(after) == []
