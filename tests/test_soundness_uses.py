"""Uses of the saved variable that are hard to see: in macros, in code that never runs, in types."""

from __future__ import annotations

import pytest

from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Planner
from tests.soundcase import judge, only, proven, site


@pytest.mark.parametrize(
    ("define", "use"),
    [
        ("#define SHOW() look(old, 1)", "SHOW();"),
        ("#define SHOW look(old, 1)", "SHOW;"),
        ("#define INNER() look(old, 1)\n#define SHOW() INNER()", "SHOW();"),
        ("#define VALUE(x) o##x", "look(VALUE(ld), 1);"),
        ("#define VALUE(x) x##d", "look(VALUE(ol), 1);"),
        ("#define SHOW() look(ol\\\nd, 1)", "SHOW();"),
        ("#define /* one */ SHOW(x) /* two */ look(old, x)", "SHOW(1);"),
        ("#ifdef CONFIG_A\n#define SHOW() look(old, 1)\n#else\n#define SHOW() note(1)\n#endif", "SHOW();"),
        ("#ifdef CONFIG_A\n#define SHOW() note(1)\n#else\n#define SHOW() look(old, 1)\n#endif", "SHOW();"),
        ("#define CLEAR(x) ((x) = NULL)", "CLEAR(old);"),
        ("#define FILL(x) fill(&(x))", "FILL(old);"),
        ("#define OTHER old", "look(OTHER, 1);"),
    ],
)
def test_a_macro_that_uses_the_saved_variable_makes_the_site_refused(define: str, use: str) -> None:
    judged = only(site(use, before=define + "\n"))
    assert proven(judged) == set()
    assert "is a macro that uses old (line" in judged.reason


def test_a_saved_variable_that_is_a_macro_is_not_followed() -> None:
    judged = only(site("look(held, 1);", before="#define old held\n"))
    assert judged.reason.startswith("old is a macro")


def test_a_macro_that_is_given_the_saved_variable_is_a_reader_of_it() -> None:
    judged = only(site("SHOW(old);", before="#define SHOW(x) look(x, 1)\n"))
    assert proven(judged) == {Form.LIGHT}
    assert "also read" in judged.reason


def test_a_macros_parameter_of_that_name_is_not_the_variable() -> None:
    judged = only(site("SHOW(ctx);", before="#define SHOW(old) check(old, 1)\n"))
    assert judged.choice is Form.GUARD


def test_a_macro_without_arguments_that_calls_does_not_move_under_the_override() -> None:
    judged = only(site("note(1);", before="#define AFTER note(2)\n", last="AFTER; return 0;"))
    assert Form.GUARD not in proven(judged)
    assert "would run AFTER (line" in judged.reason
    assert only(site("note(1);", before="#define AFTER 2\n", last="AFTER; return 0;")).choice is Form.GUARD


@pytest.mark.parametrize(
    "define",
    [
        "#define NEXT(x) if (x) continue",
        "#define NEXT(x) do { if (x) goto again; } while (0)",
        "#define NEXT(x) ({ if (x) break; 1; })",
        "#define AWAY break\n#define NEXT(x) AWAY",
    ],
)
def test_a_macro_that_breaks_off_what_is_around_it_is_not_followed(define: str) -> None:
    text = f"""{define}
int f(struct my_ctx *ctx)
{{
	const struct cred *old;

	while (more(1)) {{
		old = override_creds(ctx->cred);
		NEXT(probe(2));
		revert_creds(old);
		note(3);
	}}
	return 0;
}}
"""
    judged = only(text)
    assert proven(judged) == set()
    assert "NEXT() is a macro that jumps" in judged.reason


def test_a_macro_whose_loop_is_its_own_is_followed() -> None:
    define = "#define TRY(x) do { if (x) break; note(4); } while (0)\n"
    assert only(site("TRY(probe(1));", before=define)).choice is Form.GUARD


@pytest.mark.parametrize("define", ["#define BEGIN {", "#define BEGIN if (1) {", "#define return note(9); return"])
def test_a_macro_that_changes_what_a_function_is_built_of_is_not_followed(define: str) -> None:
    analysis, judged = judge(site("note(1); BEGIN", before=define + "\n"))
    assert analysis.unreadable is not None
    assert "is a macro that changes how the function is built (line" in analysis.unreadable
    assert not judged


def test_a_macro_that_drops_the_credential_is_looked_into() -> None:
    assert only(site("DROP(ctx);", before="#define DROP(c) note((c)->id)\n")).verdict(Form.LIGHT).ok
    judged = only(site("DROP(ctx);", before="#define DROP(c) put_cred((c)->cred)\n"))
    assert proven(judged) == set()
    assert "put_cred() may give up what holds" in judged.reason
    judged = only(site("SET(ctx);", before="#define SET(c) (c)->cred = NULL\n"))
    assert "ctx->cred is assigned to" in judged.reason


def test_a_value_that_a_macro_changes_does_not_tell_paths_apart() -> None:
    text = """#define FORGET(e) ((e) = probe(2))
static const struct cred *begin(struct my_ctx *ctx)
{
	return ctx ? override_creds(ctx->cred) : NULL;
}

int f(struct my_ctx *ctx, struct my_ctx *other)
{
	const struct cred *saved = begin(other), *old;

	old = override_creds(ctx->cred);
	FORGET(saved);
	revert_creds(old);
	if (saved)
		revert_creds(saved);
	return 0;
}
"""
    _, judged = judge(text)
    assert all(item.choice is None for item in judged)


def test_an_override_by_a_macro_of_the_files_own_is_not_that_of_the_kernel() -> None:
    _, judged = judge(site("note(1);", before="#define override_creds(x) replace(x)\n"))
    assert all(item.choice is None for item in judged)
    assert "override_creds() is a macro" in judged[0].reason


@pytest.mark.parametrize("override", ["override_##x", "o##verride_##x"])
def test_an_override_whose_name_a_macro_pastes_is_seen(override: str) -> None:
    _, judged = judge(site("CALL(creds)(ctx->cred);", before=f"#define CALL(x) {override}\n"))
    assert all(item.choice is None for item in judged)


# -- code that never runs


@pytest.mark.parametrize(
    "late",
    [
        "look(old, 1);",
        "typeof(old) copy = NULL;\n\tlook(copy, 1);",
        "__typeof__(old) copy;",
        "note(sizeof(old));",
        "int size __aligned(sizeof(old));",
    ],
)
def test_what_is_used_in_code_that_never_runs_stays(late: str) -> None:
    judged = only(site("note(1);", last=f"return 0;\n\t{late}"))
    assert proven(judged) == {Form.LIGHT}
    assert "old is also read at line" in judged.reason


@pytest.mark.parametrize("late", ["return 0;\n\told = NULL;", "old = NULL;\n\treturn 0;"])
def test_a_variable_that_would_only_be_set_any_more_stays(late: str) -> None:
    judged = only(site("note(1);", last=late))
    assert proven(judged) == {Form.LIGHT}
    assert "old would only be set any more" in judged.reason


@pytest.mark.parametrize("condition", ["#if 0", "#ifdef CONFIG_A", "#if IS_ENABLED(CONFIG_A)"])
def test_what_is_used_in_another_variant_stays(condition: str) -> None:
    judged = only(site("note(1);", last=f"\n{condition}\n\tlook(old, 2);\n#endif\n\treturn 0;"))
    assert proven(judged) <= {Form.LIGHT}


def test_a_member_and_a_tag_of_that_name_are_something_else() -> None:
    judged = only(site("note(1);", last="struct old *same = ctx->old;\n\treturn same->old.old;"))
    assert judged.choice is Form.GUARD


# -- the value that is returned


@pytest.mark.parametrize("end", ["", "return;"])
def test_a_goto_does_not_become_a_return_without_the_value(end: str) -> None:
    text = f"""int f(struct my_ctx *ctx)
{{
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (probe(1))
		goto out;
	note(2);
out:
	revert_creds(old);
	{end}
}}
"""
    judged = only(text)
    assert not judged.verdict(Form.GUARD).ok
    assert "leads to no value that the function returns" in judged.verdict(Form.GUARD).reason
    for head in ("void f(", "static inline void f("):
        assert only(text.replace("int f(", head)).choice is Form.GUARD
    assert only(text.replace("int f(", "void *f(")).choice is not Form.GUARD


# -- names, and what they mean


@pytest.mark.parametrize(
    ("inside", "after"),
    [
        ("struct foo { int a; };", "struct foo x = { act(2) }; return x.a;"),
        ("typedef int my_t;", "my_t x = act(2); return x;"),
        ("enum { LAST = 5 };", "act(2); return LAST;"),
        ("enum { LAST = 5 } e = LAST; note(e);", "act(2); return LAST;"),
        ("int (*call)(int); call = act;", "act(2); return call(2);"),
        ("extern int more;", "act(2); return more;"),
        ("int v = 3; note(v);", "act(2); typeof(v) w = 4; return w;"),
        ("int v = 3; note(v);", "act(2); return USE;"),
        ("int a[3] = { 0 }; note(a[0]);", "act(2); return sizeof(a);"),
    ],
)
def test_what_is_declared_in_a_region_and_used_after_it_stays_in_scope(inside: str, after: str) -> None:
    text = site(inside, "note(1);", before="#define USE pass(v, 2)\n", last=after)
    judged = only(text)
    assert Form.SCOPED not in proven(judged)
    assert "declared in the region at line" in judged.verdict(Form.SCOPED).reason
    other = only(text.replace(inside, inside.replace("v = 3", "q = 3").replace("note(v)", "note(q)")))
    assert (Form.SCOPED in proven(other)) == ("v = 3" in inside)


JUMPING = """%s
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err = 0;

	old = override_creds(ctx->cred);
	if (probe(1)) {
		%s
		goto out;
	}
	%s
	note(2);
out:
	revert_creds(old);
	return %s;
}
"""


@pytest.mark.parametrize(
    ("before", "block", "between", "value"),
    [
        ("", "int err = 3;", "", "err"),
        ("", "CLASS(number, err)(3);", "", "err"),
        ("", "enum { err = 3 };", "", "err"),
        ("", "int other, *err;", "", "*err"),
        ("#define RESULT err", "int err = 3;", "", "RESULT"),
        ("static int ret = 7;", "", "int ret = 3;", "ret"),
    ],
)
def test_a_goto_does_not_become_a_return_where_a_name_means_something_else(
    before: str, block: str, between: str, value: str
) -> None:
    judged = only(JUMPING % (before, block, between, value))
    assert Form.GUARD not in proven(judged)
    assert "may see another" in judged.verdict(Form.GUARD).reason
    assert only(JUMPING % (before, "note(3);", "", "err")).choice is Form.GUARD


@pytest.mark.parametrize(
    ("declaration", "forms"),
    [
        ("const struct cred *(*override_creds)(const struct cred *) = get_cred;", set()),
        ("void (*revert_creds)(const struct cred *) = put_cred;", set()),
        ("int override_creds_light = 3;", set()),
        ("int class_cred_constructor = 3;", {Form.LIGHT}),
        ("int guard = 3;", {Form.GUARD, Form.SCOPED, Form.LIGHT}),
    ],
)
def test_a_variable_with_the_name_of_what_a_form_calls_is_in_its_way(declaration: str, forms: set[Form]) -> None:
    judged = only(site("note(1);").replace("\tconst struct cred *old;", f"\t{declaration}\n\tconst struct cred *old;"))
    assert proven(judged) == forms


def test_a_macro_of_the_files_own_with_the_name_of_a_form_is_in_its_way() -> None:
    judged = only(site("note(1);", before="#define guard(x) note\n"))
    assert proven(judged) == {Form.SCOPED, Form.LIGHT}
    assert "guard has a meaning of its own there" in judged.verdict(Form.GUARD).reason


def test_a_variable_that_only_initialises_the_saved_one_is_not_left_alone() -> None:
    text = site("note(1);").replace("*old;", "*first = NULL, *old = first;")
    judged = only(text)
    assert proven(judged) == {Form.LIGHT}
    assert "old is set to first where it is declared" in judged.reason


@pytest.mark.parametrize("operand", ['"+r" (old)', '"=r" (old)', '"=r" ((old))'])
def test_an_asm_that_sets_the_saved_variable_is_not_followed(operand: str) -> None:
    assert proven(only(site(f'asm volatile("" : {operand});'))) == set()
    assert proven(only(site('asm volatile("" : : "r" (old));'))) == {Form.LIGHT}


# -- what stays behind


@pytest.mark.parametrize("macro", ["if (probe(x)) note(9)", "note(x); note(9)", ""])
def test_braces_around_a_macro_stay(macro: str) -> None:
    text = f"""#define MACRO(x) {macro}
int f(struct my_ctx *ctx)
{{
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (probe(1)) {{
		MACRO(2);
		revert_creds(old);
	}} else {{
		revert_creds(old);
		return 1;
	}}
	return 0;
}}
"""
    analysis, judged = judge(text)
    assert judged[0].choice is Form.GUARD
    rewritten = Planner(Names()).rewrite(analysis, judged).text
    assert b"if (probe(1)) {\n\t\tMACRO(2);\n\t} else {" in rewritten


def test_a_case_or_a_label_at_the_end_of_a_block_keeps_its_statement() -> None:
    judged = only(site("switch (ctx->id) {", "case 1:", "\tnote(1);", "default:").replace("old);\n", "old);\n\t}\n"))
    assert proven(judged) == {Form.LIGHT}
    assert "the case of the revert at line 11 would have no statement" in judged.reason
    judged = only(site("note(1);", "out:", head="void f(struct my_ctx *ctx)", last=""))
    assert Form.GUARD not in proven(judged)
    assert "label out would have no statement" in judged.verdict(Form.GUARD).reason
