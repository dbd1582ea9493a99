"""The credential flow of functions in the kernel's shapes: what every line runs under, and where overrides end."""

from __future__ import annotations

import pytest

from credseries.creds.effects import MUTEX
from credseries.creds.flow.model import CredentialFlow, Kind
from credseries.creds.flow.read import credential_flow
from credseries.creds.program import Program, SourceFile
from credseries.creds.sites import analyse
from tests.engine import analysed, body, function

OWN = "the caller's credentials"


def flow_of(text: str, name: str = "f") -> CredentialFlow:
    """The flow of a function of a file."""
    program = Program({"fs/t.c": SourceFile("fs/t.c", text.strip("\n").encode())})
    program.run()
    file = program.files["fs/t.c"]
    [extent] = [extent for extent in file.extents if extent.name == name]
    known = program.analyses.get(("fs/t.c", extent.start))
    return credential_flow(known or analyse(file.function(extent), program.effects("fs/t.c")))


def drawn(flow: CredentialFlow) -> list[str]:
    """Each line on which something runs: its letters (`-` own, `?` unknown, `x` no path, else a, b, ..), its text."""
    letters: dict[str, str] = {}
    for credential in flow.credentials:
        if credential.kind not in (Kind.OWN, Kind.UNKNOWN):
            letters[credential.key] = chr(ord("a") + len(letters))
    fixed = {Kind.OWN: "-", Kind.UNKNOWN: "?"}
    found = []
    for line in flow.lines:
        if line.runs:
            under = "".join(letters.get(item.key) or fixed[item.kind] for item in line.under)
            found.append(f"{under or 'x'} {line.text.strip()}")
    return found


def expected(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def check(statements: str, shown: str, parameters: str = "struct my_ctx *ctx", result: str = "int") -> CredentialFlow:
    flow = credential_flow(analysed(body(statements, parameters, result)))
    assert drawn(flow) == expected(shown)
    return flow


def test_a_region_runs_under_its_override_and_the_revert_still_does() -> None:
    flow = check(
        """
	const struct cred *old;

	first();
	old = override_creds(ctx->cred);
	second();
	revert_creds(old);
	return third();
""",
        """
        - const struct cred *old;
        - first();
        - old = override_creds(ctx->cred);
        a second();
        a revert_creds(old);
        - return third();
        """,
    )
    [scope] = flow.scopes
    assert (scope.form, scope.credential.words, scope.line) == ("override", "ctx->cred", 6)
    assert [(end.line, end.how) for end in scope.ends] == [(8, "revert")]
    assert scope.lines == {7, 8}
    assert flow.is_known
    assert [item.words for item in flow.leaves] == [OWN]
    assert flow.left == ()


def test_ways_that_meet_with_different_credentials_show_all_of_them() -> None:
    check(
        """
	const struct cred *old = NULL;

	if (ctx->other)
		old = override_creds(ctx->cred);
	both();
	if (old)
		revert_creds(old);
	return 0;
""",
        """
        - const struct cred *old = NULL;
        - if (ctx->other)
        - old = override_creds(ctx->cred);
        -a both();
        -a if (old)
        a revert_creds(old);
        - return 0;
        """,
    )


def test_a_goto_out_and_an_early_return_end_the_same_override() -> None:
    flow = check(
        """
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = first();
	if (err)
		goto out;
	if (second()) {
		revert_creds(old);
		return early();
	}
	third();
out:
	revert_creds(old);
	return err;
""",
        """
        - const struct cred *old;
        - int err;
        - old = override_creds(ctx->cred);
        a err = first();
        a if (err)
        a goto out;
        a if (second()) {
        a revert_creds(old);
        - return early();
        a third();
        a out:
        a revert_creds(old);
        - return err;
        """,
    )
    [scope] = flow.scopes
    assert [end.line for end in scope.ends] == [11, 16]
    assert 12 not in scope.lines
    assert (scope.first, scope.last) == (6, 16)


def test_a_label_after_the_return_that_a_goto_leads_back_from() -> None:
    check(
        """
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (first())
		goto fail;
out:
	revert_creds(old);
	return 0;
fail:
	undo();
	goto out;
""",
        """
        - const struct cred *old;
        - old = override_creds(ctx->cred);
        a if (first())
        a goto fail;
        a out:
        a revert_creds(old);
        - return 0;
        a fail:
        a undo();
        a goto out;
        """,
    )


def test_nested_overrides_have_columns_of_their_own() -> None:
    flow = check(
        """
	const struct cred *old, *older;

	older = override_creds(ctx->cred);
	first();
	old = override_creds(ctx->other);
	second();
	revert_creds(old);
	third();
	revert_creds(older);
	old = override_creds(ctx->other);
	fourth();
	revert_creds(old);
	return 0;
""",
        """
        - const struct cred *old, *older;
        - older = override_creds(ctx->cred);
        a first();
        a old = override_creds(ctx->other);
        b second();
        b revert_creds(old);
        a third();
        a revert_creds(older);
        - old = override_creds(ctx->other);
        b fourth();
        b revert_creds(old);
        - return 0;
        """,
    )
    assert [(scope.line, scope.column, scope.credential.key) for scope in flow.scopes] == [
        (5, 0, "ctx->cred"),
        (7, 1, "ctx->other"),
        (12, 0, "ctx->other"),
    ]
    assert flow.line(8).inside == (0, 1)
    assert flow.line(7).opens == (1,)
    assert flow.line(9).closes == (1,)


def test_a_loop_runs_under_what_every_turn_leaves() -> None:
    check(
        """
	const struct cred *old;

	while (more(ctx)) {
		old = override_creds(ctx->cred);
		if (first()) {
			revert_creds(old);
			continue;
		}
		if (second()) {
			revert_creds(old);
			break;
		}
		revert_creds(old);
		third();
	}
	return 0;
""",
        """
        - const struct cred *old;
        - while (more(ctx)) {
        - old = override_creds(ctx->cred);
        a if (first()) {
        a revert_creds(old);
        - continue;
        a if (second()) {
        a revert_creds(old);
        - break;
        a revert_creds(old);
        - third();
        - return 0;
        """,
    )


def test_a_guard_covers_its_return_expression_and_ends_with_each_return() -> None:
    flow = check(
        """
	first();
	guard(cred)(ctx->cred);
	if (second())
		return early();
	return last();
""",
        """
        - first();
        - guard(cred)(ctx->cred);
        a if (second())
        a return early();
        a return last();
        """,
    )
    [scope] = flow.scopes
    assert scope.form == "guard"
    assert [(end.line, end.how) for end in scope.ends] == [(6, "return"), (7, "return")]
    assert not scope.outlives


def test_a_guard_in_a_block_ends_with_its_brace() -> None:
    flow = check(
        """
	if (first()) {
		guard(cred)(ctx->cred);
		second();
	}
	return third();
""",
        """
        - if (first()) {
        - guard(cred)(ctx->cred);
        a second();
        - return third();
        """,
    )
    assert [(end.line, end.how) for end in flow.scopes[0].ends] == [(6, "}")]


@pytest.mark.parametrize(
    ("jump", "ends"),
    [
        ("break;", [(7, "}")]),  # of the loop that the form is: it ends where the block does
        ("goto out;", [(5, "goto"), (7, "}")]),
        ("return 1;", [(5, "return"), (7, "}")]),
    ],
)
def test_a_scoped_form_ends_with_its_block_and_with_what_jumps_out_of_it(
    jump: str, ends: list[tuple[int, str]]
) -> None:
    flow = check(
        f"""
	scoped_guard(cred, ctx->cred) {{
		if (first())
			{jump}
		second();
	}}
out:
	return third();
""",
        f"""
        - scoped_guard(cred, ctx->cred) {{
        a if (first())
        a {jump}
        a second();
        - out:
        - return third();
        """,
    )
    [scope] = flow.scopes
    assert scope.form == "scoped_guard"
    assert [(end.line, end.how) for end in scope.ends] == ends


def test_another_cleanup_is_something_that_runs_too() -> None:
    flow = check(
        """
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (first()) {
		guard(mutex)(&ctx->lock);
		second();
	}
	revert_creds(old);
	return 0;
""",
        """
        - const struct cred *old;
        - old = override_creds(ctx->cred);
        a if (first()) {
        a guard(mutex)(&ctx->lock);
        a second();
        a revert_creds(old);
        - return 0;
        """,
    )
    [cleanup] = [call for call in flow.calls if call.is_cleanup]
    assert (cleanup.line, cleanup.name) == (9, "the end of guard(mutex)")
    assert [item.key for item in cleanup.under] == ["ctx->cred"]


def test_each_call_of_a_line_has_its_own_credentials() -> None:
    flow = credential_flow(
        analysed(
            body(
                """
	const struct cred *old;

	first(); old = override_creds(ctx->cred); second(third()); revert_creds(old);
	return 0;
"""
            )
        )
    )
    assert [(call.name, call.under[0].words) for call in flow.calls] == [
        ("first", OWN),
        ("second", "ctx->cred"),
        ("third", "ctx->cred"),
    ]
    assert [item.words for item in flow.line(5).under] == [OWN, "ctx->cred"]
    assert flow.line(5).opens == flow.line(5).closes == (0,)


def test_a_statement_over_several_lines_runs_on_all_of_them() -> None:
    check(
        """
	const struct cred *old = override_creds(ctx->cred);

	first(1,
		2);
	revert_creds(old);
	return 0;
""",
        """
        - const struct cred *old = override_creds(ctx->cred);
        a first(1,
        a 2);
        a revert_creds(old);
        - return 0;
        """,
    )


def test_what_no_path_leads_to_runs_under_nothing() -> None:
    check(
        """
	return 0;
	never();
""",
        """
        - return 0;
        x never();
        """,
    )


WRAPPER = """
const struct cred *begin(struct super_block *sb)
{
	struct my_fs *fs = sb->s_fs_info;

	return override_creds(fs->creator);
}
"""


def test_a_wrapper_leaves_its_override_to_its_caller() -> None:
    flow = flow_of(WRAPPER, "begin")
    assert drawn(flow) == ["- struct my_fs *fs = sb->s_fs_info;", "- return override_creds(fs->creator);"]
    assert [item.words for item in flow.leaves] == ["fs->creator"]
    assert flow.left == (3, 5)
    assert flow.scopes[0].outlives
    assert flow.is_known


def test_a_caller_of_a_wrapper_runs_under_what_the_wrapper_is_given() -> None:
    flow = flow_of(
        WRAPPER
        + """
void f(struct super_block *sb)
{
	const struct cred *old = begin(sb);

	first();
	revert_creds(old);
}
"""
    )
    assert drawn(flow)[1] == "a first();"
    assert flow.scopes[0].credential.words == "begin(sb)"
    assert flow.scopes[0].form == "begin()"


PAIR = """
static void enter(struct my_ctx *ctx, const struct cred **old)
{
	*old = override_creds(ctx->cred);
}

static void leave(const struct cred **old)
{
	first();
	revert_creds(*old);
	second();
}

int f(struct my_ctx *ctx)
{
	const struct cred *old;

	enter(ctx, &old);
	third();
	leave(&old);
	return fourth();
}
"""


def test_a_pair_of_wrappers_begins_and_ends_an_override_of_their_caller() -> None:
    flow = flow_of(PAIR)
    assert drawn(flow) == [
        "- const struct cred *old;",
        "- enter(ctx, &old);",
        "a third();",
        "a leave(&old);",
        "- return fourth();",
    ]
    assert [(end.line, end.how) for end in flow.scopes[0].ends] == [(19, "leave()")]


def test_what_only_reverts_goes_back_to_what_was_kept() -> None:
    flow = flow_of(PAIR, "leave")
    assert drawn(flow) == ["- first();", "- revert_creds(*old);", "a second();"]
    [earlier] = [item for item in flow.credentials if item.kind is Kind.EARLIER]
    assert earlier.words == "what *old kept from before"
    assert flow.leaves == (earlier,)


def test_an_override_that_may_fail_is_not_in_force_where_it_did() -> None:
    flow = flow_of(
        """
static int enter(struct my_ctx *ctx, const struct cred **old)
{
	if (!ctx->ready)
		return -EINVAL;
	*old = override_creds(ctx->cred);
	return 0;
}

int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	err = enter(ctx, &old);
	if (err)
		return failed();
	first();
	revert_creds(old);
	return 0;
}
"""
    )
    assert drawn(flow)[3:] == [
        "-a if (err)",
        "- return failed();",
        "a first();",
        "a revert_creds(old);",
        "- return 0;",
    ]


def test_credentials_that_are_replaced_are_those_that_replaced_them() -> None:
    flow = flow_of(
        """
static void replace(struct my_ctx *ctx)
{
	put_cred(override_creds(ctx->other));
}

int f(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	first();
	replace(ctx);
	second();
	revert_creds(old);
	return third();
}
"""
    )
    assert drawn(flow)[2:] == [
        "a first();",
        "a replace(ctx);",
        "b second();",
        "b revert_creds(old);",
        "- return third();",
    ]


# -- what is not known


def test_what_comes_after_a_step_that_is_not_followed_is_not_known() -> None:
    flow = check(
        """
	first();
	if (second())
		commit_creds(ctx->new);
	third();
	return 0;
""",
        """
        - first();
        - if (second())
        - commit_creds(ctx->new);
        -? third();
        -? return 0;
        """,
    )
    [why] = flow.unfollowed
    assert why.line == 5
    assert why.path == (3, 4, 5)
    assert "replaces the task's own credentials" in why.reason
    assert not flow.is_known


def test_the_way_to_a_revert_that_does_not_fit_is_kept() -> None:
    flow = check(
        """
	const struct cred *old = NULL;

	if (first())
		old = override_creds(ctx->cred);
	revert_creds(old);
	return second();
""",
        """
        - const struct cred *old = NULL;
        - if (first())
        - old = override_creds(ctx->cred);
        -a revert_creds(old);
        -? return second();
        """,
    )
    assert [(item.line, item.path, item.reason) for item in flow.unfollowed] == [
        (7, (3, 5, 7), "old holds NULL on a path to this revert")
    ]


def test_the_way_to_an_end_with_an_override_in_force_is_kept() -> None:
    flow = check(
        """
	const struct cred *old = override_creds(ctx->cred);

	if (first())
		return -EIO;
	revert_creds(old);
	return 0;
""",
        """
        - const struct cred *old = override_creds(ctx->cred);
        a if (first())
        a return -EIO;
        a revert_creds(old);
        - return 0;
        """,
    )
    assert flow.left == (3, 5, 6)
    assert [item.words for item in flow.leaves] == [OWN, "ctx->cred"]


def test_nothing_is_known_where_a_macro_may_jump() -> None:
    flow = credential_flow(
        analysed(
            body(
                """
	const struct cred *old = override_creds(ctx->cred);

	CHECK_GOTO(ctx, out);
out:
	revert_creds(old);
	return 0;
"""
            )
        )
    )
    assert all("?" in line.split()[0] for line in drawn(flow))
    assert flow.unfollowed[0].line == 5


def test_a_macro_that_may_jump_matters_only_where_credentials_change() -> None:
    flow = credential_flow(analysed(body("\tCHECK_GOTO(ctx, out);\nout:\n\treturn 0;")))
    assert flow.is_known
    assert [line.split()[0] for line in drawn(flow)] == ["-", "-", "-"]


def test_a_jump_past_a_guard_leaves_its_scope_unknown() -> None:
    flow = check(
        """
	if (first())
		goto inside;
	guard(cred)(ctx->cred);
	second();
inside:
	third();
	return 0;
""",
        """
        - if (first())
        - goto inside;
        - guard(cred)(ctx->cred);
        a second();
        -a? inside:
        -a? third();
        -a? return 0;
        """,
    )
    assert "skips the guard at line 5" in flow.unfollowed[0].reason


def test_a_function_that_does_not_parse_says_so_and_has_its_lines() -> None:
    flow = credential_flow(analyse(function("int f(void)\n{\n\tif (((\n\toverride_creds(x);\n}"), MUTEX))
    assert flow.unreadable
    assert not flow.is_known
    assert [line.text for line in flow.lines][2] == "\tif ((("
    assert drawn(flow) == []


# -- variants, and text that is odd


def test_ways_through_the_preprocessor_are_put_together() -> None:
    check(
        """
	const struct cred *old = override_creds(ctx->cred);

	first();
#ifdef CONFIG_EARLY
	revert_creds(old);
#endif
	second();
#ifndef CONFIG_EARLY
	revert_creds(old);
#endif
	return 0;
""",
        """
        - const struct cred *old = override_creds(ctx->cred);
        a first();
        a revert_creds(old);
        -a second();
        -a revert_creds(old);
        -a? return 0;
        """,
    )


def test_bytes_that_are_not_text_do_not_matter() -> None:
    item = body("\tfirst();\n\treturn 0;")
    flow = credential_flow(
        analysed(item.rewritten(item.source.replace(b"\treturn", b"\t/* \xff\xfe \x1b[31m */\n\treturn")))
    )
    assert [line.split()[0] for line in drawn(flow)] == ["-", "-"]
    assert "\x1b" in flow.line(4).text  # to print it is the business of who prints it


def test_the_flow_knows_no_credentials() -> None:
    flow = credential_flow(
        analysed(
            body("\tfirst();\n\tmutex_lock(&ctx->lock);\n\tsecond();\n\tmutex_unlock(&ctx->lock);\n\treturn third();"),
            MUTEX,
        )
    )
    assert drawn(flow)[2] == "a second();"
    assert [item.words for item in flow.credentials] == ["no lock of the function", "&ctx->lock"]
