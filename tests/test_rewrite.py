"""The text of a rewrite, to the byte, and the helper code that it needs."""

from __future__ import annotations

import pytest

from credseries.creds.effects import Wrapper
from credseries.csource.function import Function
from credseries.errors import SourceError
from credseries.rewrite.forms import Form
from credseries.rewrite.helpers import (
    accessor,
    add_include,
    declare_accessor,
    fix_guard_const,
    insert_accessor,
    insert_after,
)
from credseries.rewrite.text import breaks, columns
from tests.engine import body, function, judged, rewritten, statements_of


def after(item: Function, form: Form) -> str:
    """The statements of a function with its sites in a form, between newlines."""
    return f"\n{statements_of(rewritten(item, form))}\n"


def test_a_guard_takes_the_declaration_and_the_revert_with_it() -> None:
    item = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);

	return err;
""")
    assert (
        after(item, Form.GUARD)
        == """
	int err;

	guard(cred)(ctx->cred);
	err = change(ctx);

	return err;
"""
    )


def test_one_of_several_declarators_goes_with_its_initialiser() -> None:
    item = body(
        """
	int err = 0, count;
	const struct cred *old = NULL, *other;

	old = override_creds(ctx->cred);
	change(ctx, other);
	revert_creds(old);
""",
        result="void",
    )
    assert (
        after(item, Form.GUARD)
        == """
	int err = 0, count;
	const struct cred *other;

	guard(cred)(ctx->cred);
	change(ctx, other);
"""
    )


def test_the_last_declarator_goes_and_comments_stay() -> None:
    item = body("""
	const struct cred *other = ctx->other, *old;

	/* as the opener */
	old = override_creds(ctx->cred);
	change(ctx, other);
	revert_creds(old); /* done */

	return 0;
""")
    assert (
        after(item, Form.GUARD)
        == """
	const struct cred *other = ctx->other;

	/* as the opener */
	guard(cred)(ctx->cred);
	change(ctx, other);
	/* done */

	return 0;
"""
    )


def test_a_declaration_that_overrides_becomes_the_guard() -> None:
    item = body("""
	const struct cred *old = override_creds(ctx->cred);

	change(ctx);
	revert_creds(old);
	return 0;
""")
    assert (
        after(item, Form.GUARD)
        == """
	guard(cred)(ctx->cred);

	change(ctx);
	return 0;
"""
    )


def test_braces_around_a_single_statement_go() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (change(ctx)) {
		revert_creds(old);
		return -EIO;
	}
	revert_creds(old);
	return 0;
""")
    assert (
        after(item, Form.GUARD)
        == """
	guard(cred)(ctx->cred);
	if (change(ctx))
		return -EIO;
	return 0;
"""
    )


def test_braces_stay_where_a_comment_or_an_else_needs_them() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (change(ctx)) {
		/* why */
		revert_creds(old);
		return -EIO;
	} else if (look(ctx)) {
		revert_creds(old);
		return 1;
	}
	revert_creds(old);
	return 0;
""")
    assert (
        after(item, Form.GUARD)
        == """
	guard(cred)(ctx->cred);
	if (change(ctx)) {
		/* why */
		return -EIO;
	} else if (look(ctx)) {
		return 1;
	}
	return 0;
"""
    )


def test_a_label_that_only_reverts_and_returns_goes() -> None:
    item = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err)
		goto out;

	err = commit(ctx);
out:
	revert_creds(old);
	return err;
""")
    assert (
        after(item, Form.GUARD)
        == """
	int err;

	guard(cred)(ctx->cred);
	err = change(ctx);
	if (err)
		return err;

	err = commit(ctx);
	return err;
"""
    )


def test_gotos_over_a_guard_to_a_return_become_returns() -> None:
    item = body("""
	const struct cred *old;
	int err = look(ctx);

	if (err)
		goto out;

	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err)
		goto out_revert;
	err = commit(ctx);

out_revert:
	revert_creds(old);
out:
	return err;
""")
    assert (
        after(item, Form.GUARD)
        == """
	int err = look(ctx);

	if (err)
		return err;

	guard(cred)(ctx->cred);
	err = change(ctx);
	if (err)
		return err;
	err = commit(ctx);

	return err;
"""
    )


def test_a_goto_to_the_end_of_a_void_function_returns() -> None:
    item = body(
        """
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (look(ctx))
		goto out;
	change(ctx);
out:
	revert_creds(old);
""",
        result="void",
    )
    assert (
        after(item, Form.GUARD)
        == """
	guard(cred)(ctx->cred);
	if (look(ctx))
		return;
	change(ctx);
"""
    )


def test_a_scoped_region_is_indented_with_its_continuation_lines_and_tidied() -> None:
    item = body("""
	const struct cred *old;
	int err;

	/* as the opener */
	old = override_creds(ctx->cred);

	err = change(ctx, ctx->first,
			ctx->second); /* both */

	if (!err) {
		err = commit(ctx);
	}

	revert_creds(old);

	return filter(ctx, err);
""")
    assert (
        after(item, Form.SCOPED)
        == """
	int err;

	/* as the opener */
	scoped_guard(cred, ctx->cred) {
		err = change(ctx, ctx->first,
				ctx->second); /* both */

		if (!err) {
			err = commit(ctx);
		}
	}

	return filter(ctx, err);
"""
    )


def test_a_label_on_the_revert_stays_before_the_next_statement() -> None:
    item = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err)
		goto out;
	err = commit(ctx);
out:
	revert_creds(old);
	filter(ctx);
	return err;
""")
    assert (
        after(item, Form.SCOPED)
        == """
	int err;

	scoped_guard(cred, ctx->cred) {
		err = change(ctx);
		if (err)
			goto out;
		err = commit(ctx);
	}
out:
	filter(ctx);
	return err;
"""
    )


def test_a_case_can_hold_a_scoped_guard() -> None:
    item = body("""
	const struct cred *old;

	switch (ctx->kind) {
	case 1:
		old = override_creds(ctx->cred);
		change(ctx);
		revert_creds(old);
		break;
	default:
		look(ctx);
	}
	return 0;
""")
    assert (
        after(item, Form.SCOPED)
        == """
	switch (ctx->kind) {
	case 1:
		scoped_guard(cred, ctx->cred) {
			change(ctx);
		}
		break;
	default:
		look(ctx);
	}
	return 0;
"""
    )


def test_a_guard_can_stand_in_a_loop_body() -> None:
    item = body("""
	const struct cred *old;
	int i;

	for (i = 0; i < ctx->count; i++) {
		old = override_creds(ctx->cred);
		if (change(ctx)) {
			revert_creds(old);
			continue;
		}
		commit(ctx);
		revert_creds(old);
	}
	return 0;
""")
    assert (
        after(item, Form.GUARD)
        == """
	int i;

	for (i = 0; i < ctx->count; i++) {
		guard(cred)(ctx->cred);
		if (change(ctx))
			continue;
		commit(ctx);
	}
	return 0;
"""
    )


def test_the_light_pair_changes_two_names() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred /* ) */);
	change(ctx);
	revert_creds (old);
	return 0;
""")
    assert (
        after(item, Form.LIGHT)
        == """
	const struct cred *old;

	old = override_creds_light(ctx->cred /* ) */);
	change(ctx);
	revert_creds_light(old);
	return 0;
"""
    )


def test_statements_that_share_a_line_stay_on_it() -> None:
    item = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred); err = change(ctx); revert_creds(old);
	return err;
""")
    assert (
        after(item, Form.GUARD)
        == """
	int err;

	guard(cred)(ctx->cred); err = change(ctx);
	return err;
"""
    )


def test_an_override_over_two_lines_becomes_one() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(
			ctx->cred);
	change(ctx);

	revert_creds(old);
	return 0;
""")
    assert (
        after(item, Form.GUARD)
        == """
	guard(cred)(ctx->cred);
	change(ctx);

	return 0;
"""
    )


# -- what is not written


@pytest.mark.parametrize(
    ("form", "region", "reason"),
    [
        (Form.SCOPED, "#ifdef CONFIG_A\n\tchange(ctx);\n#endif\n\tlook(ctx);", "preprocessor lines"),
        (
            Form.SCOPED,
            "\tint err = change(ctx);\n\tlook(ctx);\n\trevert_creds(old);\n\treturn filter(err);",
            "used after it",
        ),
        (Form.SCOPED, "", "the region is empty"),
        (Form.SCOPED, "\tchange(ctx); look(ctx); revert_creds(old); return filter(ctx);", "shares a line"),
        (Form.SCOPED, "\tint scope = change(ctx);\n\tlook(scope);", "declares anew"),
        (Form.GUARD, "\tif (change(ctx)) {\n\t\trevert_creds(old);\n\t\treturn filter(ctx);\n\t}", "filter (line 8)"),
        (
            Form.GUARD,
            "\tif (change(ctx))\n\t\trevert_creds(old);\n\telse\n\t\trevert_creds(old);\n\treturn 0;",
            "conditional",
        ),
        (
            Form.GUARD,
            "\tif (change(ctx)) {\n\t\trevert_creds(old);\n\t} else {\n\t\trevert_creds(old);\n\t}\n\treturn 0;",
            "would be empty",
        ),
    ],
)
def test_what_cannot_be_written_well_is_refused(form: Form, region: str, reason: str) -> None:
    ends = region.endswith("return filter(ctx);") or "return 0" in region or "filter(err)" in region
    end = "" if ends else "\trevert_creds(old);\n\treturn 0;\n"
    item = body(f"\tconst struct cred *old;\n\n\told = override_creds(ctx->cred);\n{region}\n{end}")
    verdict = judged(item)[0].verdict(form)
    assert not verdict.ok
    assert reason in verdict.reason


def test_a_conditional_override_has_no_block_for_a_guard() -> None:
    item = body("""
	const struct cred *old = NULL;

	if (ctx->on)
		old = override_creds(ctx->cred);
	change(ctx);
	if (old)
		revert_creds(old);
	return 0;
""")
    [site] = judged(item)
    assert "conditional" in site.verdict(Form.GUARD).reason
    assert "conditional" in site.verdict(Form.SCOPED).reason
    assert site.choice is Form.LIGHT


def test_a_goto_into_another_meaning_of_the_returned_name_is_refused() -> None:
    item = body("""
	const struct cred *old;
	int err = 0;

	old = override_creds(ctx->cred);
	{
		int err = look(ctx);

		if (err)
			goto out;
	}
	change(ctx);
out:
	revert_creds(old);
	return err;
""")
    assert "another err" in judged(item)[0].verdict(Form.GUARD).reason


def test_a_saved_variable_of_two_sites_goes_with_the_second() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->reader);
	look(ctx);
	revert_creds(old);

	old = override_creds(ctx->writer);
	change(ctx);
	revert_creds(old);
	return 0;
""")
    assert (
        after(item, Form.SCOPED)
        == """
	scoped_guard(cred, ctx->reader) {
		look(ctx);
	}

	scoped_guard(cred, ctx->writer) {
		change(ctx);
	}
	return 0;
"""
    )


# -- helper code


def test_code_goes_after_a_declaration_in_a_paragraph_of_its_own() -> None:
    header = b"int a(void);\nextern int b(int x,\n\t     int y);\nint c(void);\n"
    assert insert_after(header, "b", b"int d(void);\n\n", "h") == (
        b"int a(void);\nextern int b(int x,\n\t     int y);\n\nint d(void);\n\nint c(void);\n"
    )


def test_code_goes_after_a_definition_and_not_after_a_comment_that_names_it() -> None:
    header = b"/* b(x); */\nstatic inline int b(int x)\n{\n\treturn x;\n}\n"
    assert insert_after(header, "b", b"int d(void);", "h") == header + b"\nint d(void);\n"


def test_a_function_that_is_not_there_is_an_error_with_a_hint() -> None:
    with pytest.raises(SourceError, match="neither declared nor defined"):
        insert_after(b"int a(void);\n", "b", b"int d(void);", "h")


@pytest.mark.parametrize(
    ("before", "after_it"),
    [
        (
            "#include <linux/a.h>\n#include <linux/z.h>\n",
            "#include <linux/a.h>\n#include <linux/m.h>\n#include <linux/z.h>\n",
        ),
        ("#include <linux/a.h>\n", "#include <linux/a.h>\n#include <linux/m.h>\n"),
        (
            "#include <linux/x.h>\n#include <linux/z.h>\n",
            "#include <linux/x.h>\n#include <linux/z.h>\n#include <linux/m.h>\n",
        ),
        ("#include <linux/m.h>\n", "#include <linux/m.h>\n"),
        ("# include <linux/m.h> /* x */\n", "# include <linux/m.h> /* x */\n"),
    ],
)
def test_an_include_goes_among_the_others_once(before: str, after_it: str) -> None:
    assert add_include(before.encode(), "linux/m.h").decode() == after_it


def test_a_file_without_includes_has_no_place_for_one() -> None:
    with pytest.raises(SourceError, match="no place"):
        add_include(b"int a;\n", "linux/m.h")


WRAPPER = Wrapper("my_override", "t.c", "fs->cred", "struct super_block *sb", "mount")
WRAPPING = """
const struct cred *my_override(struct super_block *sb)
{
	struct my_fs *fs = sb->s_fs_info;

	return override_creds(fs->cred);
}
"""


def test_an_accessor_is_the_wrapper_without_the_override() -> None:
    assert accessor(function(WRAPPING, "my_override"), WRAPPER, "my_creds").decode() == (
        WRAPPING.strip("\n").replace("my_override", "my_creds").replace("override_creds(fs->cred)", "fs->cred")
    )


def test_an_accessor_goes_before_the_wrapper_and_its_comment() -> None:
    start = "int a;\n\n/* Overrides. */\n"
    source = (start + WRAPPING.lstrip("\n")).encode()
    result = insert_accessor(source, function(WRAPPING, "my_override"), len(start), WRAPPER, "my_creds").decode()
    assert result.index("my_creds") < result.index("/* Overrides. */") < result.index("my_override")
    assert result.endswith("}\n\n/* Overrides. */\n" + WRAPPING.lstrip("\n"))


def test_what_is_no_wrapper_has_no_accessor() -> None:
    with pytest.raises(SourceError, match="cannot be turned into an accessor"):
        accessor(function("int other(void)\n{\n\treturn 0;\n}", "other"), WRAPPER, "my_creds")


def test_an_accessor_is_declared_before_the_wrapper() -> None:
    header = b"int a(void);\nconst struct cred *my_override(struct super_block *sb);\n"
    assert declare_accessor(header, "my_override", "my_creds") == (
        b"int a(void);\nconst struct cred *my_creds(struct super_block *sb);\n"
        b"const struct cred *my_override(struct super_block *sb);\n"
    )
    assert declare_accessor(b"int a(void);\n/* my_override(x); */\n", "my_override", "my_creds") is None


def test_a_guard_of_a_const_type_needs_one_cast() -> None:
    header = (
        b"#define DEFINE_GUARD(_name, _type, _lock, _unlock) \\\n"
        b"\tstatic inline void * class_##_name##_lock_ptr(class_##_name##_t *_T) \\\n\t{ return *_T; }\n"
    )
    assert fix_guard_const(header, "h") == header.replace(b"return *_T;", b"return (void *)*_T;")
    with pytest.raises(SourceError, match="not written as expected"):
        fix_guard_const(b"#define DEFINE_GUARD(x)\n", "h")


# -- braces, comments and long lines


CHAIN = """
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (change(ctx)) {{
{first}
	}} else if (look(ctx)) {{
{second}
	}} else {{
{third}
	}}
	revert_creds(old);
	return 0;
"""


def test_braces_go_from_all_branches_when_each_is_left_with_one_statement() -> None:
    item = body(
        CHAIN.format(
            first="\t\trevert_creds(old);\n\t\treturn 1;",
            second="\t\trevert_creds(old);\n\n\t\treturn 2; /* two */",
            third="\t\tfilter(ctx);",
        )
    )
    assert (
        after(item, Form.GUARD)
        == """
	guard(cred)(ctx->cred);
	if (change(ctx))
		return 1;
	else if (look(ctx))
		return 2; /* two */
	else
		filter(ctx);
	return 0;
"""
    )


@pytest.mark.parametrize(
    "third",
    ["\t\tfilter(ctx);\n\t\tlook(ctx);", "\t\t/* why */\n\t\tfilter(ctx);", "\t\tif (ctx)\n\t\t\tfilter(ctx);"],
)
def test_braces_stay_on_all_branches_when_one_needs_them(third: str) -> None:
    reverted = "\t\trevert_creds(old);\n\t\treturn 1;"
    text = after(body(CHAIN.format(first=reverted, second=reverted, third=third)), Form.GUARD)
    assert text.count("{\n\t\treturn 1;\n\t}") == 2
    assert f"}} else {{\n{third}\n\t}}" in text


def test_braces_that_no_revert_stood_in_are_not_looked_at() -> None:
    item = body(CHAIN.format(first="\t\tone(ctx);", second="\t\ttwo(ctx);", third="\t\tthree(ctx);"))
    assert "\tif (change(ctx)) {\n\t\tone(ctx);\n\t} else if (look(ctx)) {" in after(item, Form.GUARD)


def test_a_branch_without_braces_lets_the_other_lose_them() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (change(ctx)) {
		revert_creds(old);
		return 1;
	} else
		look(ctx);
	revert_creds(old);
	return 0;
""")
    assert "\tif (change(ctx))\n\t\treturn 1;\n\telse\n\t\tlook(ctx);\n\treturn 0;" in after(item, Form.GUARD)


@pytest.mark.parametrize(
    ("brace", "end"), [("{ /* here */", "}"), ("{", "} /* there */"), ("/* here */ {", "}"), ("{", "}\n\n\telse")]
)
def test_braces_with_a_comment_stay(brace: str, end: str) -> None:
    tail = "" if "else" not in end else "\n\t\tlook(ctx);"
    text = (
        "\tconst struct cred *old;\n\n\told = override_creds(ctx->cred);\n"
        f"\tif (change(ctx)) {brace}\n\t\trevert_creds(old);\n\t\treturn 1;\n\t{end}{tail}\n"
        "\trevert_creds(old);\n\treturn 0;"
    )
    assert f"\tif (change(ctx)) {brace}\n\t\treturn 1;\n\t{end}" in after(body(text), Form.GUARD)


REGION = (
    "\tconst struct cred *old;\n\tint err;\n\n\told = override_creds(ctx->cred);\n{}\n"
    "\trevert_creds(old);\n\n\treturn err;"
)


def test_a_comment_beside_the_argument_stays() -> None:
    text = REGION.format("\terr = change(ctx);").replace("(ctx->cred)", "(/* the */ ctx->cred /* opener's */)")
    kept = "/* the */ ctx->cred /* opener's */"
    assert f"guard(cred)({kept});" in after(body(text), Form.GUARD)
    assert f"scoped_guard(cred, {kept}) {{\n" in after(body(text), Form.SCOPED)
    assert f"override_creds_light({kept});" in after(body(text), Form.LIGHT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("old = override", "old = /* why */ override"),
        ("override_creds(ctx->cred);", "override_creds /* why */ (ctx->cred);"),
        ("(ctx->cred);", "(ctx->cred) /* why */;"),
        ("revert_creds(old)", "revert_creds(old /* why */)"),
        ("(ctx->cred);", "(ctx->cred // why\n\t\t\t);"),
    ],
)
def test_a_comment_that_would_be_lost_is_a_reason_to_refuse(old: str, new: str) -> None:
    [site] = judged(body(REGION.format("\terr = change(ctx);").replace(old, new)))
    for form in (Form.GUARD, Form.SCOPED):
        assert "comment" in site.verdict(form).reason
    assert site.choice is Form.LIGHT
    assert "why" in after(body(REGION.format("\terr = change(ctx);").replace(old, new)), Form.LIGHT)


def widened(template: str) -> str:
    """The names that a line can have in place of `@` so that one more tab makes it too long."""
    names = ["n" * size for size in range(1, 100)]
    return next(name for name in names if 96 < columns(template.replace("@", name).encode()) <= 100)


@pytest.mark.parametrize(
    ("line", "wrapped"),
    [
        ("\terr = change_it(ctx, @, nested(@), x);", "\t\terr = change_it(ctx, @,\n\t\t\t\tnested(@), x);"),
        ("\terr = change_it(ctx, nested(@, @));", "\t\terr = change_it(ctx,\n\t\t\t\tnested(@, @));"),
        ("\tchange_it(nested(@, @, 1));", "\t\tchange_it(nested(@, @,\n\t\t\t\t 1));"),
        ("\tif (is_there(ctx, @) && is_there(@))", "\t\tif (is_there(ctx, @) &&\n\t\t    is_there(@))"),
        ("\tfor (err = first(@); err < last(@); err++)", "\t\tfor (err = first(@); err < last(@);\n\t\t     err++)"),
        ("\terr = change_it(@) + change_it(@, 1);", "\t\terr = change_it(@) +\n\t\t\tchange_it(@, 1);"),
        ("\terr = change_it(ctx, @); /* @ is long */", None),
        ("\t/* @, @ is a very long name */", None),
        ('\tlog_it("@, @ + @");', None),
        ("\t@ = err;", None),
    ],
)
def test_a_line_that_indenting_makes_too_long_is_broken(line: str, wrapped: str | None) -> None:
    name = widened(line)
    inner = line.replace("@", name) + ("\n\t\terr = 1;" if line.startswith(("\tif", "\tfor")) else "")
    text = after(body(REGION.format(f"\tlook(ctx);\n{inner}\n\terr = commit(ctx);")), Form.SCOPED)
    assert (wrapped or "\t" + line).replace("@", name) in text
    if wrapped is not None:
        assert max(columns(part.encode()) for part in text.split("\n")) <= 100


def test_a_line_is_broken_as_often_as_it_takes_and_a_continuation_keeps_its_place() -> None:
    name = "x" * 60
    line = f"\tf({name}, {name}, {name});".encode()
    assert breaks(line, line) == [(64, 1, b"\t  "), (126, 1, b"\t  ")]
    more = f"\t  {name}, {name});".encode()
    assert breaks(more, more) == [(64, 1, b"\t  ")]


def test_a_line_that_was_too_long_before_stays_as_it_is() -> None:
    line = f"\terr = change_it(ctx, {'n' * 50}, nested({'n' * 20}), n);"
    assert columns(line.encode()) > 100
    text = after(body(REGION.format(f"\tlook(ctx);\n{line}")), Form.SCOPED)
    assert "\t" + line in text


def test_of_two_calls_that_begin_at_one_byte_both_are_listed_as_moved() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	return fd_file(ctx)->ops->flush(ctx);
""")
    [site] = judged(item)
    assert {(moved.line, moved.call) for moved in site.verdict(Form.GUARD).moved} == {
        (8, "fd_file"),
        (8, "fd_file(ctx)->ops->flush"),
    }
